/** AAC: the AudioSpecificConfig, its MP4 descriptor, and a frame of silence. */

import { BitReader, BitWriter, FormatError, concat } from '../bytes.js';

/** @typedef {import('../bytes.js').Bytes} Bytes */

/** ISO/IEC 14496-3 §1.6.3.4. */
const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000,
  7350,
];
/** ISO/IEC 14496-3 §1.6.3.5; index 0 means that the stream itself tells. */
const CHANNELS = [2, 1, 2, 3, 4, 5, 6, 8];
const SBR = 5;
const PARAMETRIC_STEREO = 29;

/** MP4 object type indications (ISO/IEC 14496-1 §7.2.6.6.2). */
export const OBJECT_AAC = 0x40;
export const OBJECT_MP3 = 0x6b;

/**
 * @typedef {object} AacConfig
 * @property {string} codecs such as `mp4a.40.2`
 * @property {number} objectType of the core stream: 2 is AAC-LC
 * @property {number} sampleRate hertz of the core stream, which frames are counted in
 * @property {number} channels
 * @property {number} frameSamples samples in a frame, at `sampleRate`
 */

/**
 * Reads an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1).
 * @param {Bytes} config
 * @returns {AacConfig}
 * @throws {FormatError}
 */
export function parseAacConfig(config) {
  const bits = new BitReader(config, 'AAC configuration');
  const outer = readObjectType(bits);
  const sampleRate = readSampleRate(bits);
  const channelIndex = bits.bits(4);
  let objectType = outer;
  if (outer === SBR || outer === PARAMETRIC_STEREO) {
    readSampleRate(bits); // what comes out of the decoder; frames count in the core rate
    objectType = readObjectType(bits);
  }
  const channels = CHANNELS[channelIndex];
  if (channels === undefined) {
    throw new FormatError(bits.reading, `channel layout ${channelIndex} is unknown`, 1);
  }
  const short = bits.position < config.length * 8 && bits.bit() === 1;
  const frameSamples = short ? 960 : 1024;
  return { codecs: `mp4a.40.${outer}`, objectType, sampleRate, channels, frameSamples };
}

/** @param {BitReader} bits */
function readObjectType(bits) {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

/** @param {BitReader} bits */
function readSampleRate(bits) {
  const index = bits.bits(4);
  const rate = index === 15 ? bits.bits(24) : SAMPLE_RATES[index];
  if (!rate) throw new FormatError(bits.reading, `sample rate ${index} is unknown`, 0);
  return rate;
}

/**
 * The body of an `esds` box (ISO/IEC 14496-14 §5.6).
 * @param {number} objectIndication `OBJECT_AAC` or `OBJECT_MP3`
 * @param {Bytes} config what the decoder is set up with; empty for MP3
 * @returns {Bytes}
 */
export function esdsBody(objectIndication, config) {
  const specific = config.length > 0 ? descriptor(0x05, config) : new Uint8Array();
  const decoder = descriptor(
    0x04,
    // 0x15: an audio stream; then buffer size and bit rates, which nobody needs to know
    concat([Uint8Array.from([objectIndication, 0x15, ...new Array(11).fill(0)]), specific]),
  );
  const sync = descriptor(0x06, Uint8Array.from([2]));
  return concat([
    Uint8Array.from([0, 0, 0, 0]),
    descriptor(0x03, concat([Uint8Array.from([0, 0, 0]), decoder, sync])),
  ]);
}

/**
 * @param {number} tag
 * @param {Bytes} body shorter than 2 MiB
 */
function descriptor(tag, body) {
  const { length } = body;
  const size = [
    0x80 | (length >> 21),
    0x80 | ((length >> 14) & 0x7f),
    0x80 | ((length >> 7) & 0x7f),
  ];
  return concat([Uint8Array.from([tag, ...size, length & 0x7f]), body]);
}

/**
 * A frame that decodes to silence (ISO/IEC 14496-3 §4.4.2.1: elements with no coded band).
 * @param {AacConfig} config
 * @returns {Bytes | null} null for layouts other than mono and stereo
 */
export function silentAacFrame(config) {
  const bits = new BitWriter();
  if (config.channels === 1) {
    bits.bits(0, 3).bits(0, 4); // single channel element, tag 0
    bits.bits(0, 8).bits(0, 11).bits(0, 3); // gain, ics_info, no pulse, TNS or gain control
  } else if (config.channels === 2) {
    bits.bits(1, 3).bits(0, 4).bits(1, 1).bits(0, 11).bits(0, 2); // channel pair, shared ics_info
    bits.bits(0, 8).bits(0, 3).bits(0, 8).bits(0, 3);
  } else {
    return null;
  }
  return bits.bits(7, 3).bytes();
}
