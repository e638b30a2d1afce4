/**
 * From a codec's own set-up data to what a browser wants to know: a MIME type, an MP4 sample entry,
 * a size or a sample rate.
 *
 * One `VideoFormat` or `AudioFormat` describes one configuration of one track; a new configuration
 * makes a new format. What the bytes of each codec mean is in `codec/`; what people call the
 * codecs is in `words.js`.
 */

import { parseAvcConfig } from './codec/avc.js';
import { OBJECT_AAC, OBJECT_MP3, esdsBody, parseAacConfig, silentAacFrame } from './codec/aac.js';
import { av1ConfigOf, av1Sample, parseAv1Config } from './codec/av1.js';
import { flacSamples, parseFlacConfig } from './codec/flac.js';
import { parseHevcConfig } from './codec/hevc.js';
import { parseMp3Header, silentMp3Frame, splitMp3 } from './codec/mp3.js';
import { OPUS_RATE, opusSamples, parseOpusHead, silentOpusPacket } from './codec/opus.js';
import { parseVp9Config, parseVp9KeyFrame, vp9ConfigOf, vpccBody } from './codec/vp9.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

/**
 * The part of an MP4 sample entry that differs between codecs.
 * @typedef {object} SampleEntry
 * @property {string} type box type of the entry
 * @property {string} configType box type of the configuration in it
 * @property {Bytes} config body of that box
 */

/**
 * @typedef {object} VideoFormat
 * @property {'video'} kind
 * @property {string} codec
 * @property {string} mime
 * @property {SampleEntry} entry
 * @property {number} width pixels
 * @property {number} height
 * @property {(data: Bytes) => Bytes} sample a frame as MP4 holds it
 */

/**
 * @typedef {object} AudioFrame
 * @property {Bytes} data
 * @property {number} samples how long it lasts, in samples
 */

/**
 * @typedef {object} AudioFormat
 * @property {'audio'} kind
 * @property {string} codec
 * @property {string} mime
 * @property {SampleEntry | null} entry null: the frames go into the source buffer as they are
 * @property {number} sampleRate hertz; durations count in it
 * @property {number} channels
 * @property {(data: Bytes) => AudioFrame[]} split a message into frames
 * @property {AudioFrame | null} silence a frame to fill gaps with
 * @property {(data: Bytes) => boolean} [changed] whether a message no longer fits this format; for
 *   codecs that have no set-up data to announce that
 */

/** @typedef {(mime: string) => boolean} CanDecode */

/** Codecs this module can describe; a browser may still be unable to decode them. */
const DESCRIBED = new Set(['avc1', 'hvc1', 'vp09', 'av01', 'mp4a', '.mp3', 'Opus', 'fLaC']);

/**
 * Whether browsers have a decoder for the codec at all.
 * @param {string} codec
 */
export function isDescribed(codec) {
  return DESCRIBED.has(codec);
}

/**
 * Whether frames of the codec mean nothing without set-up data; those of others describe it.
 * @param {string} codec of video
 */
export function needsConfig(codec) {
  return codec === 'avc1' || codec === 'hvc1';
}

/** The most widespread form of each codec, to ask a browser about it before any data has come. */
const TYPICAL = Object.freeze({
  avc1: 'video/mp4; codecs="avc1.42E01E"',
  hvc1: 'video/mp4; codecs="hvc1.1.6.L93.B0"',
  vp09: 'video/mp4; codecs="vp09.00.10.08"',
  av01: 'video/mp4; codecs="av01.0.04M.08"',
  mp4a: 'audio/mp4; codecs="mp4a.40.2"',
  '.mp3': 'audio/mpeg',
  Opus: 'audio/mp4; codecs="opus"',
  fLaC: 'audio/mp4; codecs="flac"',
});

/**
 * The codecs a browser can play.
 * @param {CanDecode} canDecode
 * @returns {string[]}
 */
export function decodableCodecs(canDecode) {
  return Object.entries(TYPICAL).flatMap(([codec, mime]) => (canDecode(mime) ? [codec] : []));
}

/**
 * Describes a video track.
 * @param {string} codec
 * @param {Bytes | null} config the last set-up data, null when there was none
 * @param {Bytes | null} keyFrame a key frame, when one has come; VP9 tells its size only there
 * @returns {VideoFormat | null} null while more is needed
 * @throws {import('./bytes.js').FormatError} when the data is damaged
 */
export function videoFormat(codec, config, keyFrame) {
  switch (codec) {
    case 'avc1':
      return config && mp4Video('avc1', 'avcC', config, parseAvcConfig(config));
    case 'hvc1':
      return config && mp4Video('hvc1', 'hvcC', config, parseHevcConfig(config));
    case 'vp09':
      return vp9Format(config, keyFrame);
    case 'av01':
      return av1Format(config, keyFrame);
    default:
      return null;
  }
}

/**
 * @param {string} type
 * @param {string} configType
 * @param {Bytes} config
 * @param {{ codecs: string, width: number, height: number }} described
 * @param {(data: Bytes) => Bytes} [sample]
 * @returns {VideoFormat}
 */
function mp4Video(type, configType, config, described, sample = (data) => data) {
  const { codecs, width, height } = described;
  const mime = `video/mp4; codecs="${codecs}"`;
  const entry = { type, configType, config };
  return { kind: 'video', codec: type, mime, entry, width, height, sample };
}

/** @param {Bytes | null} config @param {Bytes | null} keyFrame */
function vp9Format(config, keyFrame) {
  const frame = keyFrame && parseVp9KeyFrame(keyFrame);
  if (!frame) return null;
  const { codecs, record } = config ? parseVp9Config(config) : vp9ConfigOf(frame);
  return mp4Video('vp09', 'vpcC', vpccBody(record), { ...frame, codecs });
}

/** @param {Bytes | null} config @param {Bytes | null} keyFrame */
function av1Format(config, keyFrame) {
  // A record of another kind (the MPEG-2 TS descriptor) is as good as none: key frames tell all.
  const usable = config && config[0] === 0x81 ? parseAv1Config(config) : null;
  const described = usable ?? (keyFrame && av1ConfigOf(keyFrame));
  return described && mp4Video('av01', 'av1C', described.record, described, av1Sample);
}

/**
 * Describes an audio track.
 * @param {string} codec
 * @param {Bytes | null} config the last set-up data, null when there was none
 * @param {Bytes | null} frame a frame, when one has come; MP3 has nothing else
 * @param {CanDecode} canDecode
 * @returns {AudioFormat | null} null while more is needed
 * @throws {import('./bytes.js').FormatError} when the data is damaged
 */
export function audioFormat(codec, config, frame, canDecode) {
  switch (codec) {
    case 'mp4a':
      return config && aacFormat(config);
    case '.mp3':
      return frame && mp3Format(frame, canDecode);
    case 'Opus':
      return config || frame ? opusFormat(config) : null;
    case 'fLaC':
      return config && flacFormat(config);
    default:
      return null;
  }
}

/** @param {Bytes} config @returns {AudioFormat} */
function aacFormat(config) {
  const aac = parseAacConfig(config);
  const silent = silentAacFrame(aac);
  const samples = aac.frameSamples;
  return {
    kind: 'audio',
    codec: 'mp4a',
    mime: `audio/mp4; codecs="${aac.codecs}"`,
    entry: { type: 'mp4a', configType: 'esds', config: esdsBody(OBJECT_AAC, config) },
    sampleRate: aac.sampleRate,
    channels: aac.channels,
    split: (data) => [{ data, samples }],
    silence: silent && { data: silent, samples },
  };
}

/**
 * Chromium takes MP3 only as bare frames, Firefox also in MP4.
 * @param {Bytes} message
 * @param {CanDecode} canDecode
 * @returns {AudioFormat}
 */
function mp3Format(message, canDecode) {
  const [first] = splitMp3(message);
  const header = first?.header ?? parseMp3Header(message);
  const silent = first ? silentMp3Frame(first.data) : null;
  const sampleRate = header?.sampleRate ?? 44_100;
  const channels = header?.channels ?? 2;
  const inMp4 = 'audio/mp4; codecs="mp4a.6B"';
  const bare = canDecode('audio/mpeg') || !canDecode(inMp4);
  const config = esdsBody(OBJECT_MP3, new Uint8Array());
  return {
    kind: 'audio',
    codec: '.mp3',
    mime: bare ? 'audio/mpeg' : inMp4,
    entry: bare ? null : { type: 'mp4a', configType: 'esds', config },
    sampleRate,
    channels,
    split: (data) => splitMp3(data).map((f) => ({ data: f.data, samples: f.header.samples })),
    silence: silent && header ? { data: silent, samples: header.samples } : null,
    changed: (data) => {
      const now = parseMp3Header(data);
      return now !== null && (now.sampleRate !== sampleRate || now.channels !== channels);
    },
  };
}

/** @param {Bytes | null} config @returns {AudioFormat} */
function opusFormat(config) {
  const opus = parseOpusHead(config);
  const silent = silentOpusPacket(opus);
  return {
    kind: 'audio',
    codec: 'Opus',
    mime: 'audio/mp4; codecs="opus"',
    entry: { type: 'Opus', configType: 'dOps', config: opus.dops },
    sampleRate: OPUS_RATE,
    channels: opus.channels,
    split: (data) => [{ data, samples: opusSamples(data) }],
    silence: silent && { data: silent, samples: opusSamples(silent) },
  };
}

/** @param {Bytes} config @returns {AudioFormat} */
function flacFormat(config) {
  const flac = parseFlacConfig(config);
  return {
    kind: 'audio',
    codec: 'fLaC',
    mime: 'audio/mp4; codecs="flac"',
    entry: { type: 'fLaC', configType: 'dfLa', config: flac.dfla },
    sampleRate: flac.sampleRate,
    channels: flac.channels,
    split: (data) => [{ data, samples: flacSamples(data) }],
    silence: null,
  };
}
