/** H.265: the decoder configuration record and the picture size in its parameter set. */

import { BitReader, ByteReader, FormatError } from '../bytes.js';
import { unescapeNal } from './avc.js';

/** @typedef {import('../bytes.js').Bytes} Bytes */

const NAL_SPS = 33;

/**
 * Reads an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1) and names it as Annex E of
 * that standard does, such as `hvc1.1.6.L93.B0`.
 * @param {Bytes} record
 * @returns {{ codecs: string, width: number, height: number }}
 * @throws {FormatError}
 */
export function parseHevcConfig(record) {
  const reader = new ByteReader(record, 'H.265 configuration');
  if (reader.u8() !== 1) throw new FormatError(reader.reading, 'version is not 1', 0);
  const profile = reader.u8();
  const compatibility = reader.u32();
  const constraints = [...reader.take(6)];
  const level = reader.u8();
  reader.skip(9); // segmentation, parallelism, chroma, bit depths, frame rate, NAL length size
  const space = ['', 'A', 'B', 'C'][profile >> 6] ?? '';
  const tier = profile & 0x20 ? 'H' : 'L';
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const parts = [
    'hvc1',
    `${space}${profile & 0x1f}`,
    reverseBits(compatibility).toString(16).toUpperCase(),
    `${tier}${level}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ];
  return { codecs: parts.join('.'), ...hevcPictureSize(findSps(reader)) };
}

/** @param {number} value 32 bits @returns {number} */
function reverseBits(value) {
  let out = 0;
  for (let i = 0; i < 32; i += 1) out = out * 2 + ((value >>> i) & 1);
  return out;
}

/** @param {ByteReader} reader at numOfArrays @returns {Bytes} */
function findSps(reader) {
  const arrays = reader.u8();
  for (let i = 0; i < arrays; i += 1) {
    const type = reader.u8() & 0x3f;
    const count = reader.u16();
    for (let j = 0; j < count; j += 1) {
      const nal = reader.take(reader.u16());
      if (type === NAL_SPS) return nal;
    }
  }
  throw new FormatError(reader.reading, 'has no sequence parameter set', reader.offset);
}

/**
 * The picture size of a sequence parameter set (H.265 §7.3.2.2.1).
 * @param {Uint8Array} sps the NAL unit with its header
 * @returns {{ width: number, height: number }}
 */
function hevcPictureSize(sps) {
  const bits = new BitReader(unescapeNal(sps), 'H.265 sequence parameter set');
  bits.skip(16 + 4);
  const subLayers = bits.bits(3);
  bits.skip(1 + 88 + 8); // nesting flag, general profile and constraints, general level
  skipSubLayers(bits, subLayers);
  bits.ue(); // sps_seq_parameter_set_id
  const chroma = bits.ue();
  if (chroma === 3) bits.bit();
  const width = bits.ue();
  const height = bits.ue();
  const cropping = bits.bit() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = cropping;
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = chroma === 1 ? 2 : 1;
  return { width: width - unitX * (left + right), height: height - unitY * (top + bottom) };
}

/** @param {BitReader} bits @param {number} count sps_max_sub_layers_minus1 */
function skipSubLayers(bits, count) {
  /** @type {[number, number][]} */
  const present = [];
  for (let i = 0; i < count; i += 1) present.push([bits.bit(), bits.bit()]);
  if (count > 0) bits.skip(2 * (8 - count));
  for (const [profile, level] of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
}
