/** Makes FLV bytes for tests: tags, classic and enhanced media messages, a little AMF0. */

import { concat } from '../../lib/bytes.js';

/** @typedef {import('../../lib/bytes.js').Bytes} Bytes */

/** @param {...number} values @returns {Bytes} */
export const bytes = (...values) => Uint8Array.from(values);

/** @param {string} hex spaces allowed @returns {Bytes} */
export function unhex(hex) {
  const clean = hex.replaceAll(' ', '');
  return Uint8Array.from({ length: clean.length / 2 }, (_, i) =>
    Number.parseInt(clean.slice(2 * i, 2 * i + 2), 16),
  );
}

/** @param {string} text @returns {Bytes} */
export const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** @param {number} value @param {number} size in bytes @returns {Bytes} big-endian */
export function number(value, size) {
  return Uint8Array.from(
    { length: size },
    (_, i) => Math.floor(value / 256 ** (size - 1 - i)) & 255,
  );
}

/** @param {{ audio?: boolean, video?: boolean }} [has] @returns {Bytes} with the first pointer */
export function flvHeader({ audio = true, video = true } = {}) {
  const flags = (audio ? 4 : 0) | (video ? 1 : 0);
  return concat([ascii('FLV'), bytes(1, flags), number(9, 4), number(0, 4)]);
}

/** @param {number} type @param {number} timestamp @param {Bytes} body @returns {Bytes} */
export function flvTag(type, timestamp, body) {
  return concat([
    bytes(type),
    number(body.length, 3),
    number(timestamp % 2 ** 24, 3),
    bytes(Math.floor(timestamp / 2 ** 24) & 255),
    number(0, 3),
    body,
    number(body.length + 11, 4),
  ]);
}

/**
 * An enhanced video message.
 * @param {string} fourcc
 * @param {number} packetType
 * @param {boolean} key
 * @param {Bytes} body
 */
export function enhancedVideo(fourcc, packetType, key, body) {
  return concat([bytes(0x80 | ((key ? 1 : 2) << 4) | packetType), ascii(fourcc), body]);
}

/** @param {string} fourcc @param {number} packetType @param {Bytes} body */
export function enhancedAudio(fourcc, packetType, body) {
  return concat([bytes(0x90 | packetType), ascii(fourcc), body]);
}

/**
 * @param {number} packetType 0 set-up, 1 frame
 * @param {boolean} key
 * @param {Bytes} body
 * @param {number} [cts] composition time, milliseconds
 */
export function avc(packetType, key, body, cts = 0) {
  return concat([bytes(key ? 0x17 : 0x27, packetType), number(cts & 0xffffff, 3), body]);
}

/** @param {number} packetType 0 set-up, 1 frame @param {Bytes} body */
export const aac = (packetType, body) => concat([bytes(0xaf, packetType), body]);

/** @param {Bytes} frame */
export const mp3 = (frame) => concat([bytes(0x2f), frame]);

/** @param {string} text */
export const amfString = (text) => concat([bytes(2), number(text.length, 2), ascii(text)]);

/** @param {number} value */
export function amfNumber(value) {
  const out = new Uint8Array(9);
  new DataView(out.buffer).setFloat64(1, value);
  return out;
}

/** @param {Record<string, Bytes>} properties encoded values */
export function amfEcmaArray(properties) {
  const entries = Object.entries(properties);
  const parts = entries.flatMap(([key, value]) => [number(key.length, 2), ascii(key), value]);
  return concat([bytes(8), number(entries.length, 4), ...parts, bytes(0, 0, 9)]);
}
