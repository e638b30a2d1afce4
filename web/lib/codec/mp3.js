/** MP3: frame headers, the split of a message into frames, and a frame of silence. */

import { FormatError } from '../bytes.js';

/** @typedef {import('../bytes.js').Bytes} Bytes */

/** Kilobits per second by index (ISO/IEC 11172-3 §2.4.2.3 and 13818-3 §2.4.2.3), layer III. */
const BIT_RATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BIT_RATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const SAMPLE_RATES_1 = [44_100, 48_000, 32_000];

const HEADER_BYTES = 4;
const VERSION_1 = 3;
const VERSION_2 = 2;
const VERSION_RESERVED = 1;
const LAYER_3 = 1;
const MONO = 3;

/**
 * @typedef {object} Mp3Header
 * @property {number} sampleRate hertz
 * @property {number} channels
 * @property {number} samples in the frame
 * @property {number} bytes length of the frame, header included
 */

/**
 * Reads a frame header.
 * @param {Uint8Array} data
 * @param {number} [at] where the header starts
 * @returns {Mp3Header | null} null when there is no layer III header there
 */
export function parseMp3Header(data, at = 0) {
  const [a = 0, b = 0, c = 0, d = 0] = data.subarray(at, at + HEADER_BYTES);
  if (at + HEADER_BYTES > data.length || a !== 0xff || (b & 0xe0) !== 0xe0) return null;
  const version = (b >> 3) & 3;
  if (version === VERSION_RESERVED || ((b >> 1) & 3) !== LAYER_3) return null;
  const rates = version === VERSION_1 ? BIT_RATES_1 : BIT_RATES_2;
  const bitRate = rates[c >> 4];
  const fullRate = SAMPLE_RATES_1[(c >> 2) & 3];
  if (!bitRate || !fullRate) return null;
  const sampleRate = fullRate / (version === VERSION_1 ? 1 : version === VERSION_2 ? 2 : 4);
  const samples = version === VERSION_1 ? 1152 : 576;
  const padding = (c >> 1) & 1;
  const bytes = Math.floor((samples * 125 * bitRate) / sampleRate) + padding;
  return { sampleRate, channels: d >> 6 === MONO ? 1 : 2, samples, bytes };
}

/**
 * The frames of one message: most publishers send one, some several; bytes before the first header
 * are skipped and a cut-off last frame is left out.
 * @param {Bytes} data
 * @returns {{ data: Bytes, header: Mp3Header }[]}
 * @throws {FormatError} when it holds no frame
 */
export function splitMp3(data) {
  const frames = [];
  let at = 0;
  while (at + HEADER_BYTES <= data.length) {
    const header = parseMp3Header(data, at);
    if (!header) {
      at += 1;
      continue;
    }
    if (at + header.bytes > data.length) break;
    frames.push({ data: data.subarray(at, at + header.bytes), header });
    at += header.bytes;
  }
  if (frames.length === 0) throw new FormatError('MP3 message', 'holds no whole frame', at);
  return frames;
}

/**
 * A frame that decodes to silence: the header of a real frame over empty side information.
 * @param {Uint8Array} frame a frame of the same stream
 * @returns {Bytes | null}
 */
export function silentMp3Frame(frame) {
  const head = Uint8Array.from(frame.subarray(0, HEADER_BYTES));
  head[1] = (head[1] ?? 0) | 1; // no checksum
  head[2] = (head[2] ?? 0) & ~2; // no padding
  const header = parseMp3Header(head);
  if (!header) return null;
  const out = new Uint8Array(header.bytes);
  out.set(head);
  return out;
}
