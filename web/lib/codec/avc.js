/** H.264: the decoder configuration record and the picture size in its parameter set. */

import { BitReader, ByteReader, FormatError } from '../bytes.js';

/** @typedef {import('../bytes.js').Bytes} Bytes */

/** Profiles whose parameter set carries chroma and bit depth fields (H.264 §7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/**
 * @typedef {object} AvcConfig
 * @property {string} codecs the RFC 6381 string, such as `avc1.64001F`
 * @property {number} width pixels, cropping applied
 * @property {number} height
 */

/**
 * Reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1).
 * @param {Bytes} record
 * @returns {AvcConfig}
 * @throws {FormatError}
 */
export function parseAvcConfig(record) {
  const reader = new ByteReader(record, 'H.264 configuration');
  if (reader.u8() !== 1) throw new FormatError(reader.reading, 'version is not 1', 0);
  const profile = reader.take(3);
  reader.u8(); // NAL unit length size: MP4 uses the same record, so nothing to convert
  const sets = reader.u8() & 0x1f;
  if (sets === 0) throw new FormatError(reader.reading, 'has no sequence parameter set', 5);
  const sps = reader.take(reader.u16());
  const hex = [...profile].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase());
  return { codecs: `avc1.${hex.join('')}`, ...avcPictureSize(sps) };
}

/**
 * Bytes of a NAL unit without the emulation prevention bytes (H.264 §7.4.1, H.265 §7.4.2).
 * @param {Uint8Array} nal
 * @returns {Bytes}
 */
export function unescapeNal(nal) {
  const out = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length] = byte;
    length += 1;
  }
  return out.subarray(0, length);
}

/**
 * The picture size of a sequence parameter set (H.264 §7.3.2.1.1 and §7.4.2.1.1).
 * @param {Uint8Array} sps the NAL unit with its header byte
 * @returns {{ width: number, height: number }}
 * @throws {FormatError}
 */
export function avcPictureSize(sps) {
  const bits = new BitReader(unescapeNal(sps), 'H.264 sequence parameter set');
  bits.skip(8);
  const profile = bits.bits(8);
  bits.skip(16);
  bits.ue(); // seq_parameter_set_id
  const chroma = HIGH_PROFILES.has(profile) ? readHighFields(bits) : 1;
  bits.ue(); // log2_max_frame_num_minus4
  skipPictureOrder(bits);
  bits.ue(); // max_num_ref_frames
  bits.bit(); // gaps_in_frame_num_value_allowed_flag
  const widthInBlocks = bits.ue() + 1;
  const heightInUnits = bits.ue() + 1;
  const frameOnly = bits.bit();
  if (!frameOnly) bits.bit();
  bits.bit(); // direct_8x8_inference_flag
  const cropping = bits.bit() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = cropping;
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - frameOnly);
  return {
    width: widthInBlocks * 16 - unitX * (left + right),
    height: heightInUnits * 16 * (2 - frameOnly) - unitY * (top + bottom),
  };
}

/**
 * @param {BitReader} bits
 * @returns {number} chroma_format_idc; 0 when the planes are coded apart
 */
function readHighFields(bits) {
  const chroma = bits.ue();
  const separate = chroma === 3 ? bits.bit() : 0;
  bits.ue();
  bits.ue();
  bits.bit();
  if (bits.bit()) {
    for (let i = 0; i < (chroma === 3 ? 12 : 8); i += 1) {
      if (bits.bit()) skipScalingList(bits, i < 6 ? 16 : 64);
    }
  }
  return separate ? 0 : chroma;
}

/** @param {BitReader} bits @param {number} size */
function skipScalingList(bits, size) {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i += 1) {
    if (next !== 0) next = (last + bits.se() + 256) % 256;
    last = next === 0 ? last : next;
  }
}

/** @param {BitReader} bits */
function skipPictureOrder(bits) {
  const type = bits.ue();
  if (type === 0) bits.ue();
  if (type !== 1) return;
  bits.bit();
  bits.se();
  bits.se();
  const cycle = bits.ue();
  for (let i = 0; i < cycle; i += 1) bits.se(); // ends by running out of bits if `cycle` lies
}
