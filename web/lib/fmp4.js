/**
 * Fragmented MP4, written for Media Source Extensions: an initialization segment per format and a
 * media segment per batch of frames (ISO/IEC 14496-12, ISO BMFF Byte Stream Format).
 *
 * Every segment holds one track, numbered 1: each kind has a source buffer of its own. Does not
 * read MP4.
 */

import { concat } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */
/** @typedef {import('./codec.js').VideoFormat} VideoFormat */
/** @typedef {import('./codec.js').AudioFormat} AudioFormat */
/** @typedef {import('./codec.js').SampleEntry} SampleEntry */

/**
 * @typedef {object} Sample
 * @property {Bytes} data
 * @property {number} duration in units of the track's time scale
 * @property {number} compositionOffset in the same units, may be negative
 * @property {boolean} key a decoder can start here
 */

/** Units per second of video tracks: exact for milliseconds and usual frame rates. */
export const VIDEO_TIMESCALE = 90_000;

const TRACK = 1;
const UNITY_MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
// sample_depends_on and sample_is_non_sync_sample (ISO/IEC 14496-12 §8.8.3.1)
const FLAGS_KEY = 0x02000000;
const FLAGS_DELTA = 0x01010000;

/**
 * A box: its size, its four-letter type, its contents.
 * @param {string} type
 * @param {...Uint8Array} parts
 * @returns {Bytes}
 */
export function box(type, ...parts) {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  return concat([u32(size), Uint8Array.from(type, (letter) => letter.charCodeAt(0)), ...parts]);
}

/** @param {...number} values @returns {Bytes} */
function u8(...values) {
  return Uint8Array.from(values);
}

/** @param {...number} values @returns {Bytes} */
function u16(...values) {
  return Uint8Array.from(values.flatMap((value) => [(value >> 8) & 255, value & 255]));
}

/** @param {...number} values may be negative @returns {Bytes} */
function u32(...values) {
  const out = new Uint8Array(values.length * 4);
  const view = new DataView(out.buffer);
  values.forEach((value, i) => view.setUint32(i * 4, value >>> 0));
  return out;
}

/** @param {number} value up to 2^53 @returns {Bytes} */
function u64(value) {
  return u32(Math.floor(value / 2 ** 32), value % 2 ** 32);
}

/**
 * @param {string} type
 * @param {number} version
 * @param {number} flags
 * @param {...Uint8Array} parts
 */
function fullBox(type, version, flags, ...parts) {
  return box(type, u32(version * 0x1000000 + flags), ...parts);
}

/**
 * @param {VideoFormat | AudioFormat} format one that goes into MP4
 * @returns {number} units per second of its media segments
 */
export function timescaleOf(format) {
  return format.kind === 'video' ? VIDEO_TIMESCALE : format.sampleRate;
}

/**
 * The initialization segment of a format.
 * @param {VideoFormat | AudioFormat} format
 * @param {SampleEntry} entry the format's own
 * @returns {Bytes}
 */
export function initSegment(format, entry) {
  const timescale = timescaleOf(format);
  const brands = ['isom', 'iso6', 'mp41'].map((b) => Uint8Array.from(b, (c) => c.charCodeAt(0)));
  // No duration anywhere: that is what tells a browser the stream is live.
  const movie = fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, 1000, 0, 0x10000),
    u16(0x100, 0),
    u32(0, 0),
    u32(...UNITY_MATRIX),
    u32(0, 0, 0, 0, 0, 0, TRACK + 1),
  );
  const extends_ = box('mvex', fullBox('trex', 0, 0, u32(TRACK, 1, 0, 0, 0)));
  return concat([
    box('ftyp', brands[0] ?? u8(), u32(0x200), ...brands),
    box('moov', movie, track(format, entry, timescale), extends_),
  ]);
}

/**
 * @param {VideoFormat | AudioFormat} format
 * @param {SampleEntry} entry
 * @param {number} timescale
 */
function track(format, entry, timescale) {
  const video = format.kind === 'video';
  const volume = video ? 0 : 0x100;
  const size = format.kind === 'video' ? [format.width, format.height] : [0, 0];
  const header = fullBox(
    'tkhd',
    0,
    3,
    u32(0, 0, TRACK, 0, 0, 0, 0),
    u16(0, 0, volume, 0),
    u32(...UNITY_MATRIX, ...size.map((pixels) => pixels * 0x10000)),
  );
  const mediaHeader = fullBox('mdhd', 0, 0, u32(0, 0, timescale, 0), u16(0x55c4, 0)); // "und"
  const handler = fullBox(
    'hdlr',
    0,
    0,
    u32(0),
    Uint8Array.from(video ? 'vide' : 'soun', (c) => c.charCodeAt(0)),
    u32(0, 0, 0),
    u8(0),
  );
  const kindHeader = video ? fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)) : fullBox('smhd', 0, 0, u32(0));
  const where = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const description =
    format.kind === 'video' ? videoEntry(format, entry) : audioEntry(format, entry);
  const tables = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), description),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );
  const info = box('minf', kindHeader, where, tables);
  return box('trak', header, box('mdia', mediaHeader, handler, info));
}

/** @param {VideoFormat} format @param {SampleEntry} entry */
function videoEntry(format, entry) {
  return box(
    entry.type,
    u16(0, 0, 0, 1, 0, 0),
    u32(0, 0, 0),
    u16(format.width, format.height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    new Uint8Array(32),
    u16(24, 0xffff),
    box(entry.configType, entry.config),
  );
}

/** @param {AudioFormat} format @param {SampleEntry} entry */
function audioEntry(format, entry) {
  // The field holds 16 bits; higher rates stand in the codec's own configuration.
  const rate = format.sampleRate < 0x10000 ? format.sampleRate : 0;
  return box(
    entry.type,
    u16(0, 0, 0, 1),
    u32(0, 0),
    u16(format.channels, 16, 0, 0),
    u32(rate * 0x10000),
    box(entry.configType, entry.config),
  );
}

/**
 * A media segment: the samples follow one another without gaps.
 * @param {number} sequence counts segments of the track
 * @param {number} decodeTime when the first sample is decoded, in units of the time scale
 * @param {readonly Sample[]} samples
 * @returns {Bytes}
 */
export function mediaSegment(sequence, decodeTime, samples) {
  const rows = samples.map((sample) =>
    u32(
      sample.duration,
      sample.data.length,
      sample.key ? FLAGS_KEY : FLAGS_DELTA,
      sample.compositionOffset,
    ),
  );
  const header = fullBox('mfhd', 0, 0, u32(sequence));
  // default-base-is-moof: data offsets count from the start of the moof box
  const fragment = fullBox('tfhd', 0, 0x20000, u32(TRACK));
  const start = fullBox('tfdt', 1, 0, u64(decodeTime));
  // data offset; per sample: duration, size, flags, composition offset
  const run = (/** @type {number} */ offset) =>
    fullBox('trun', 1, 0xf01, u32(samples.length, offset), ...rows);
  const size = box('moof', header, box('traf', fragment, start, run(0))).length;
  const moof = box('moof', header, box('traf', fragment, start, run(size + 8)));
  return concat([moof, box('mdat', ...samples.map((sample) => sample.data))]);
}
