/** FLAC: the stream information block and frame durations. */

import { BitReader, ByteReader, FormatError, concat } from '../bytes.js';

/** @typedef {import('../bytes.js').Bytes} Bytes */

const STREAMINFO_BYTES = 34;

/**
 * @typedef {object} FlacConfig
 * @property {number} sampleRate hertz
 * @property {number} channels
 * @property {Bytes} dfla body of the `dfLa` box
 */

/**
 * Reads the stream information (RFC 9639 §8.2), with or without the marker and the block header.
 * @param {Bytes} config
 * @returns {FlacConfig}
 * @throws {FormatError}
 */
export function parseFlacConfig(config) {
  const reader = new ByteReader(config, 'FLAC configuration');
  if (String.fromCharCode(...config.subarray(0, 4)) === 'fLaC') reader.skip(4);
  if (reader.left >= STREAMINFO_BYTES + 4) reader.skip(4);
  const info = reader.take(STREAMINFO_BYTES);
  const bits = new BitReader(info, reader.reading);
  bits.skip(80);
  const sampleRate = bits.bits(20);
  const channels = bits.bits(3) + 1;
  if (sampleRate === 0) throw new FormatError(reader.reading, 'has no sample rate', reader.offset);
  const head = Uint8Array.from([0, 0, 0, 0, 0x80, 0, 0, STREAMINFO_BYTES]);
  return { sampleRate, channels, dfla: concat([head, info]) };
}

/**
 * Samples in a frame (RFC 9639 §9.1).
 * @param {Uint8Array} frame
 * @returns {number}
 * @throws {FormatError}
 */
export function flacSamples(frame) {
  const bits = new BitReader(frame, 'FLAC frame');
  if (bits.bits(14) !== 0x3ffe) throw new FormatError('FLAC frame', 'has no sync code');
  bits.skip(2);
  const code = bits.bits(4);
  bits.skip(12);
  if (code === 6 || code === 7) {
    // The frame number before it is coded like UTF-8: leading ones count its bytes.
    let ones = 0;
    while (ones < 7 && bits.bit() === 1) ones += 1;
    bits.skip(7 - ones + 8 * Math.max(0, ones - 1));
    return bits.bits(code === 6 ? 8 : 16) + 1;
  }
  if (code === 1) return 192;
  if (code >= 2 && code <= 5) return 576 * 2 ** (code - 2);
  if (code >= 8) return 256 * 2 ** (code - 8);
  throw new FormatError('FLAC frame', 'has a reserved block size', 2);
}
