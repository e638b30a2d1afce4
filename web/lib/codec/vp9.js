/** VP9: the configuration record, and the picture size that only key frames carry. */

import { BitReader, ByteReader, FormatError, concat } from '../bytes.js';

/** @typedef {import('../bytes.js').Bytes} Bytes */

/** Levels with a name (VP Codec ISO Media File Format Binding, "level"). */
const LEVELS = new Set([10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 52, 60, 61, 62]);
const PROFILES_WITH_FORMAT = new Set([1, 3]);
const RGB = 7;

/**
 * @typedef {object} Vp9Frame
 * @property {number} profile
 * @property {number} bitDepth
 * @property {number} chroma chroma subsampling as the record counts it: 1 is 4:2:0
 * @property {number} fullRange 0 or 1
 * @property {number} width
 * @property {number} height
 */

/**
 * Reads a VPCodecConfigurationRecord; some publishers send it with the four bytes of the MP4 box
 * header (version 1 and flags) before it.
 * @param {Bytes} data
 * @returns {{ codecs: string, record: Bytes }} `record` without those four bytes
 * @throws {FormatError}
 */
export function parseVp9Config(data) {
  const boxed = data.length >= 12 && data[0] === 1 && data[1] === 0 && data[2] === 0 && !data[3];
  const record = boxed ? data.subarray(4) : data;
  const reader = new ByteReader(record, 'VP9 configuration');
  const profile = reader.u8();
  const level = reader.u8();
  const depth = reader.u8() >> 4;
  reader.skip(5); // colours and the length of unused initialisation data
  if (profile > 3) throw new FormatError(reader.reading, `profile ${profile} is unknown`, 0);
  return { codecs: vp9Codecs(profile, level, depth), record };
}

/**
 * A configuration made from a key frame, for publishers that send none.
 * @param {Vp9Frame} frame
 * @returns {{ codecs: string, record: Bytes }}
 */
export function vp9ConfigOf(frame) {
  const format = (frame.bitDepth << 4) | (frame.chroma << 1) | frame.fullRange;
  // 2 is "unspecified" for colour primaries, transfer and matrix.
  const record = Uint8Array.from([frame.profile, 10, format, 2, 2, 2, 0, 0]);
  return { codecs: vp9Codecs(frame.profile, 10, frame.bitDepth), record };
}

/**
 * @param {number} profile
 * @param {number} level 0 when the publisher did not say
 * @param {number} depth
 */
function vp9Codecs(profile, level, depth) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  const known = LEVELS.has(level) ? level : 10;
  return `vp09.${two(profile)}.${two(known)}.${two([8, 10, 12].includes(depth) ? depth : 8)}`;
}

/**
 * The body of a `vpcC` box.
 * @param {Bytes} record
 * @returns {Bytes}
 */
export function vpccBody(record) {
  return concat([Uint8Array.from([1, 0, 0, 0]), record]);
}

/**
 * The uncompressed header of a key frame (VP9 bitstream §6.2).
 * @param {Uint8Array} data
 * @returns {Vp9Frame | null} null for any other frame
 * @throws {FormatError} when it ends too early
 */
export function parseVp9KeyFrame(data) {
  const bits = new BitReader(data, 'VP9 frame');
  if (bits.bits(2) !== 2) return null;
  const low = bits.bit();
  const profile = low + 2 * bits.bit();
  if (profile === 3) bits.bit();
  const showExisting = bits.bit();
  const interFrame = bits.bit();
  if (showExisting || interFrame) return null;
  bits.skip(2); // show_frame, error_resilient_mode
  if (bits.bits(24) !== 0x498342) return null;
  const bitDepth = profile >= 2 ? 10 + 2 * bits.bit() : 8;
  const colour = readColour(bits, profile);
  return { profile, bitDepth, ...colour, width: bits.bits(16) + 1, height: bits.bits(16) + 1 };
}

/**
 * @param {BitReader} bits
 * @param {number} profile
 */
function readColour(bits, profile) {
  const space = bits.bits(3);
  if (space === RGB) {
    if (PROFILES_WITH_FORMAT.has(profile)) bits.bit();
    return { chroma: 3, fullRange: 1 };
  }
  const fullRange = bits.bit();
  if (!PROFILES_WITH_FORMAT.has(profile)) return { chroma: 1, fullRange };
  const subsampledX = bits.bit();
  bits.bit();
  bits.bit();
  return { chroma: subsampledX ? 2 : 3, fullRange };
}
