/** Opus: the identification header, packet durations, and a packet of silence. */

import { ByteReader, FormatError, concat } from '../bytes.js';

/** @typedef {import('../bytes.js').Bytes} Bytes */

/** Opus always counts in 48 kHz (RFC 7845 §4). */
export const OPUS_RATE = 48_000;

/** Samples in a frame by the configuration number of RFC 6716 table 2. */
const SILK = [480, 960, 1920, 2880];
const HYBRID = [480, 960];
const CELT = [120, 240, 480, 960];
const MAX_PACKET = 5760;

/**
 * @typedef {object} OpusConfig
 * @property {number} channels
 * @property {Bytes} dops body of the `dOps` box
 */

/** For publishers that send no header: two channels, nothing to skip. */
const DEFAULT_HEAD = Uint8Array.from([
  ...new TextEncoder().encode('OpusHead'),
  1,
  2,
  0,
  0,
  0x80,
  0xbb,
  0,
  0,
  0,
  0,
  0,
]);

/**
 * Reads an identification header (RFC 7845 §5.1), which MP4 holds with its numbers turned round
 * (Opus in ISOBMFF §4.3.2).
 * @param {Bytes | null} head null when the publisher sent none
 * @returns {OpusConfig}
 * @throws {FormatError}
 */
export function parseOpusHead(head) {
  const reader = new ByteReader(head ?? DEFAULT_HEAD, 'Opus header');
  if (`${reader.fourcc()}${reader.fourcc()}` !== 'OpusHead') {
    throw new FormatError(reader.reading, 'does not start with "OpusHead"', 0);
  }
  reader.u8(); // version: 1, and later minor versions read the same
  const channels = reader.u8();
  const skip = reader.take(2);
  const rate = reader.take(4);
  const gain = reader.take(2);
  const family = reader.u8();
  if (channels === 0) throw new FormatError(reader.reading, 'has no channels', 9);
  const table = family === 0 ? new Uint8Array() : reader.take(2 + channels);
  const dops = concat([
    Uint8Array.from([0, channels, ...turned(skip), ...turned(rate), ...turned(gain), family]),
    table,
  ]);
  return { channels, dops };
}

/** @param {Uint8Array} bytes */
function turned(bytes) {
  return [...bytes].reverse();
}

/**
 * Samples a packet decodes to (RFC 6716 §3.1).
 * @param {Uint8Array} packet
 * @returns {number} at 48 kHz
 * @throws {FormatError}
 */
export function opusSamples(packet) {
  const toc = packet[0];
  if (toc === undefined) throw new FormatError('Opus packet', 'is empty');
  const frames = frameCount(toc & 3, packet);
  const samples = frames * frameSamples(toc >> 3);
  if (samples === 0 || samples > MAX_PACKET) {
    throw new FormatError('Opus packet', `lasts ${samples} samples`);
  }
  return samples;
}

/** @param {number} config */
function frameSamples(config) {
  if (config < 12) return SILK[config & 3] ?? 0;
  if (config < 16) return HYBRID[config & 1] ?? 0;
  return CELT[config & 3] ?? 0;
}

/** @param {number} code @param {Uint8Array} packet */
function frameCount(code, packet) {
  if (code === 0) return 1;
  return code === 3 ? (packet[1] ?? 0) & 0x3f : 2;
}

/**
 * 20 ms that decode to silence.
 * @param {OpusConfig} config
 * @returns {Bytes | null} null for more than two channels
 */
export function silentOpusPacket(config) {
  if (config.channels > 2) return null;
  // Full-band CELT, 20 ms, one frame; the range coder's first symbol says "silence".
  return Uint8Array.from([0xf8 | (config.channels === 2 ? 4 : 0), 0xff, 0xfe]);
}
