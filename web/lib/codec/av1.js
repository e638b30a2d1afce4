/** AV1: the configuration record, open bitstream units, and the sequence header. */

import { BitReader, FormatError, concat } from '../bytes.js';

/** @typedef {import('../bytes.js').Bytes} Bytes */

const OBU_SEQUENCE_HEADER = 1;
const OBU_TEMPORAL_DELIMITER = 2;
const RECORD_BYTES = 4;

/**
 * @typedef {object} Av1Sequence
 * @property {number} profile
 * @property {number} level seq_level_idx_0
 * @property {number} tier
 * @property {number} bitDepth
 * @property {boolean} mono
 * @property {number} subsamplingX
 * @property {number} subsamplingY
 * @property {number} chromaPosition
 * @property {number} width
 * @property {number} height
 */

/**
 * @typedef {object} Av1Config
 * @property {string} codecs such as `av01.0.04M.08`
 * @property {Bytes} record body of the `av1C` box
 * @property {number} width
 * @property {number} height
 */

/**
 * Reads an AV1CodecConfigurationRecord (AV1 in ISOBMFF §2.3.3).
 * @param {Bytes} record
 * @returns {Av1Config | null} null when it has no sequence header, so the first key frame must tell
 * @throws {FormatError}
 */
export function parseAv1Config(record) {
  if (record.length < RECORD_BYTES || record[0] !== 0x81) {
    throw new FormatError('AV1 configuration', 'is no version 1 record');
  }
  const sequence = findSequence(record.subarray(RECORD_BYTES));
  if (!sequence) return null;
  const { width, height } = sequence;
  return { codecs: av1Codecs(sequence), record, width, height };
}

/**
 * A configuration made from the sequence header of a key frame.
 * @param {Bytes} frame
 * @returns {Av1Config | null} null when the frame has none
 * @throws {FormatError}
 */
export function av1ConfigOf(frame) {
  for (const unit of units(frame)) {
    if (unit.type !== OBU_SEQUENCE_HEADER) continue;
    const sequence = parseSequenceHeader(unit.payload);
    const { width, height } = sequence;
    const record = concat([recordHead(sequence), unit.whole]);
    return { codecs: av1Codecs(sequence), record, width, height };
  }
  return null;
}

/**
 * A frame as MP4 wants it: without temporal delimiters.
 * @param {Bytes} frame
 * @returns {Bytes}
 * @throws {FormatError}
 */
export function av1Sample(frame) {
  const kept = units(frame).filter((unit) => unit.type !== OBU_TEMPORAL_DELIMITER);
  return concat(kept.map((unit) => unit.whole));
}

/** @param {Av1Sequence} sequence */
function av1Codecs(sequence) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  const level = `${two(sequence.level)}${sequence.tier ? 'H' : 'M'}`;
  return `av01.${sequence.profile}.${level}.${two(sequence.bitDepth)}`;
}

/** @param {Av1Sequence} sequence @returns {Bytes} */
function recordHead(sequence) {
  const flags =
    (sequence.tier << 7) |
    (sequence.bitDepth > 8 ? 0x40 : 0) |
    (sequence.bitDepth === 12 ? 0x20 : 0) |
    (sequence.mono ? 0x10 : 0) |
    (sequence.subsamplingX << 3) |
    (sequence.subsamplingY << 2) |
    sequence.chromaPosition;
  return Uint8Array.from([0x81, (sequence.profile << 5) | sequence.level, flags, 0]);
}

/** @param {Bytes} data @returns {Av1Sequence | null} */
function findSequence(data) {
  const unit = units(data).find(({ type }) => type === OBU_SEQUENCE_HEADER);
  return unit ? parseSequenceHeader(unit.payload) : null;
}

/**
 * The open bitstream units of some data (AV1 §5.3).
 * @param {Bytes} data
 * @returns {{ type: number, payload: Bytes, whole: Bytes }[]}
 * @throws {FormatError}
 */
function units(data) {
  const found = [];
  let at = 0;
  while (at < data.length) {
    const header = data[at] ?? 0;
    let body = at + (header & 4 ? 2 : 1);
    let size = data.length - body;
    if (header & 2) ({ value: size, next: body } = leb128(data, body));
    const end = body + size;
    if (end > data.length || end <= at) throw new FormatError('AV1 unit', 'is cut off', at);
    found.push({
      type: (header >> 3) & 15,
      payload: data.subarray(body, end),
      whole: data.subarray(at, end),
    });
    at = end;
  }
  return found;
}

/**
 * @param {Uint8Array} data
 * @param {number} at
 * @returns {{ value: number, next: number }}
 */
function leb128(data, at) {
  let value = 0;
  for (let i = 0; i < 8; i += 1) {
    const byte = data[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new FormatError('AV1 unit', 'length is cut off', at);
}

/**
 * AV1 §5.5.
 * @param {Uint8Array} payload
 * @returns {Av1Sequence}
 */
function parseSequenceHeader(payload) {
  const bits = new BitReader(payload, 'AV1 sequence header');
  const profile = bits.bits(3);
  bits.bit(); // still_picture
  const reduced = bits.bit() === 1;
  const point = reduced ? { level: bits.bits(5), tier: 0 } : readOperatingPoints(bits);
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  const width = bits.bits(widthBits) + 1;
  const height = bits.bits(heightBits) + 1;
  skipTools(bits, reduced);
  return { profile, ...point, width, height, ...readColour(bits, profile) };
}

/**
 * @param {BitReader} bits
 * @returns {{ level: number, tier: number }} of the first operating point
 */
function readOperatingPoints(bits) {
  let delayBits = 0;
  if (bits.bit()) {
    bits.skip(64);
    if (bits.bit()) skipUvlc(bits);
    if (bits.bit()) {
      delayBits = bits.bits(5) + 1;
      bits.skip(32 + 5 + 5);
    }
  }
  const displayDelays = bits.bit();
  const count = bits.bits(5) + 1;
  let first = { level: 0, tier: 0 };
  for (let i = 0; i < count; i += 1) {
    bits.skip(12);
    const level = bits.bits(5);
    const tier = level > 7 ? bits.bit() : 0;
    if (i === 0) first = { level, tier };
    if (delayBits > 0 && bits.bit()) bits.skip(2 * delayBits + 1);
    if (displayDelays && bits.bit()) bits.skip(4);
  }
  return first;
}

/** @param {BitReader} bits */
function skipUvlc(bits) {
  let zeros = 0;
  while (bits.bit() === 0) zeros += 1; // ends by running out of bits
  if (zeros < 32) bits.skip(zeros);
}

/** @param {BitReader} bits @param {boolean} reduced */
function skipTools(bits, reduced) {
  if (!reduced && bits.bit()) bits.skip(7); // frame ids
  bits.skip(3); // 128x128 superblocks, filter intra, intra edge filter
  if (!reduced) {
    bits.skip(4);
    const orderHints = bits.bit();
    if (orderHints) bits.skip(2);
    const screenTools = bits.bit() ? 2 : bits.bit();
    if (screenTools > 0 && !bits.bit()) bits.bit();
    if (orderHints) bits.skip(3);
  }
  bits.skip(3); // superres, cdef, restoration
}

/**
 * AV1 §5.5.2.
 * @param {BitReader} bits
 * @param {number} profile
 */
function readColour(bits, profile) {
  const high = bits.bit();
  const twelve = profile === 2 && high ? bits.bit() : 0;
  const bitDepth = twelve ? 12 : high ? 10 : 8;
  const mono = profile !== 1 && bits.bit() === 1;
  const description = bits.bit() ? bits.bits(24) : 0x020202;
  const base = { bitDepth, mono, chromaPosition: 0 };
  if (mono) return { ...base, subsamplingX: 1, subsamplingY: 1 };
  const rgb = description === 0x010d00; // BT.709 primaries, sRGB transfer, identity matrix
  if (rgb || profile === 1) return { ...base, subsamplingX: 0, subsamplingY: 0 };
  bits.bit(); // colour range
  if (profile === 2 && bitDepth === 12) {
    const subsamplingX = bits.bit();
    return { ...base, subsamplingX, subsamplingY: subsamplingX ? bits.bit() : 0 };
  }
  if (profile === 2) return { ...base, subsamplingX: 1, subsamplingY: 0 };
  return { ...base, subsamplingX: 1, subsamplingY: 1, chromaPosition: bits.bits(2) };
}
