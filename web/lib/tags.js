/**
 * Audio and video messages: what codec they carry, and whether they hold set-up data or a frame.
 *
 * Owns the message headers of FLV 10.1 §E.4.2/§E.4.3 and of Enhanced RTMP v2 (FourCC codecs,
 * ModEx, multitrack). The same bytes are the payload of RTMP audio and video messages. What the
 * codec's own bytes mean is `codec.js`'s business.
 */

import { ByteReader, FormatError } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

/**
 * Names of codecs inside this library: the FourCC where Enhanced RTMP has one, a word of our own
 * for the codecs of Flash (see `words.js` for what people call them).
 * @typedef {string} CodecName
 */

/**
 * @typedef {object} MediaPacket
 * @property {'audio' | 'video'} kind
 * @property {CodecName} codec
 * @property {'config' | 'frame' | 'end' | 'other'} role `config`: set-up data for the decoder;
 *   `end`: the sequence is over; `other`: nothing to decode (commands, colour metadata, …)
 * @property {number} track 0 unless the publisher sends several tracks
 * @property {boolean} key video: a decoder can start here
 * @property {number} compositionMs video: when to show the frame, relative to the timestamp
 * @property {number} offsetMs part of a millisecond to add to the timestamp (ModEx)
 * @property {Bytes} data
 * @property {LegacyAudio} [legacy] audio with a Flash header byte: what that byte claims
 */

/**
 * @typedef {object} LegacyAudio
 * @property {number} sampleRate hertz
 * @property {boolean} stereo
 */

/** FLV 10.1 §E.4.2.1 SoundFormat. @type {Readonly<Record<number, CodecName>>} */
const AUDIO_FORMATS = Object.freeze({
  0: 'pcm-native',
  1: 'adpcm',
  2: '.mp3',
  3: 'pcm-le',
  4: 'nellymoser',
  5: 'nellymoser',
  6: 'nellymoser',
  7: 'g711-alaw',
  8: 'g711-mulaw',
  10: 'mp4a',
  11: 'speex',
  14: '.mp3',
  15: 'device-audio',
});

/**
 * FLV 10.1 §E.4.3.1 CodecID; 12 and 13 are private extensions of several CDNs, laid out like AVC.
 * @type {Readonly<Record<number, CodecName>>}
 */
const VIDEO_CODECS = Object.freeze({
  2: 'h263',
  3: 'screen',
  4: 'vp6',
  5: 'vp6-alpha',
  6: 'screen2',
  7: 'avc1',
  12: 'hvc1',
  13: 'av01',
});

const WITH_PACKET_TYPE = new Set(['avc1', 'hvc1', 'av01']);
/** Codecs whose CodedFrames carry a composition time (Enhanced RTMP v2, ExVideoTagBody). */
const WITH_COMPOSITION_TIME = new Set(['avc1', 'hvc1', 'vvc1']);

const SOUND_FORMAT_EX = 9;
const FRAME_KEY = 1;
const FRAME_GENERATED_KEY = 4;
const FRAME_COMMAND = 5;

// Packet types of Enhanced RTMP v2; audio and video agree on those below unless the name says so.
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const SEQUENCE_END = 2;
const VIDEO_CODED_FRAMES_X = 3;
const VIDEO_METADATA = 4;
const AUDIO_MULTITRACK = 5;
const VIDEO_MULTITRACK = 6;
const MOD_EX = 7;

const MULTITRACK_ONE = 0;
const MULTITRACK_MANY_CODECS = 2;

/**
 * The packets of an audio message; none for the empty message, which marks silence.
 * @param {Bytes} body
 * @returns {MediaPacket[]}
 * @throws {FormatError}
 */
export function parseAudio(body) {
  if (body.length === 0) return [];
  const reader = new ByteReader(body, 'audio message');
  const first = reader.u8();
  const format = first >> 4;
  if (format === SOUND_FORMAT_EX) return parseEnhanced(reader, 'audio', first & 0x0f, true);
  const codec = AUDIO_FORMATS[format] ?? `flv-audio-${format}`;
  /** @type {MediaPacket['role']} */
  let role = 'frame';
  if (codec === 'mp4a') role = reader.left > 0 && reader.u8() === 0 ? 'config' : 'frame';
  const data = reader.rest();
  if (data.length === 0) return [];
  return [{ ...blank('audio', codec), role, data, legacy: legacyAudio(format, first) }];
}

/**
 * @param {number} format
 * @param {number} first the header byte
 * @returns {LegacyAudio}
 */
function legacyAudio(format, first) {
  const fixed = { 4: 16_000, 5: 8000, 7: 8000, 8: 8000, 11: 16_000, 14: 8000 }[format];
  const sampleRate = fixed ?? [5512, 11_025, 22_050, 44_100][(first >> 2) & 3] ?? 44_100;
  return { sampleRate, stereo: fixed === undefined && (first & 1) === 1 };
}

/**
 * The packets of a video message; none for the empty message.
 * @param {Bytes} body
 * @returns {MediaPacket[]}
 * @throws {FormatError}
 */
export function parseVideo(body) {
  if (body.length === 0) return [];
  const reader = new ByteReader(body, 'video message');
  const first = reader.u8();
  const frameType = (first >> 4) & 7;
  const key = frameType === FRAME_KEY || frameType === FRAME_GENERATED_KEY;
  if (first & 0x80) {
    return parseEnhanced(reader, 'video', first & 0x0f, key, frameType === FRAME_COMMAND);
  }
  const codec = VIDEO_CODECS[first & 0x0f] ?? `flv-video-${first & 0x0f}`;
  const packet = { ...blank('video', codec), key };
  if (frameType === FRAME_COMMAND) return [{ ...packet, data: reader.rest() }];
  if (!WITH_PACKET_TYPE.has(codec)) return [{ ...packet, role: 'frame', data: reader.rest() }];
  const type = reader.u8();
  const compositionMs = reader.i24();
  return [{ ...packet, role: roleOf(type), compositionMs, data: reader.rest() }];
}

/**
 * @param {'audio' | 'video'} kind
 * @param {CodecName} codec
 * @returns {MediaPacket}
 */
function blank(kind, codec) {
  return {
    kind,
    codec,
    role: 'other',
    track: 0,
    key: kind === 'audio',
    compositionMs: 0,
    offsetMs: 0,
    data: new Uint8Array(),
  };
}

/** @param {number} packetType @returns {MediaPacket['role']} */
function roleOf(packetType) {
  if (packetType === SEQUENCE_START) return 'config';
  if (packetType === SEQUENCE_END) return 'end';
  return packetType === CODED_FRAMES ? 'frame' : 'other';
}

/**
 * @param {ByteReader} reader behind the first byte
 * @param {'audio' | 'video'} kind
 * @param {number} firstType the packet type in the first byte
 * @param {boolean} key
 * @param {boolean} [command] the frame type says "command": one byte follows, nothing to decode
 * @returns {MediaPacket[]}
 */
function parseEnhanced(reader, kind, firstType, key, command = false) {
  const { type, offsetMs } = skipModifiers(reader, firstType);
  if (command && type !== VIDEO_METADATA) return [];
  const base = { ...blank(kind, ''), key, offsetMs };
  if (type === (kind === 'audio' ? AUDIO_MULTITRACK : VIDEO_MULTITRACK)) {
    return parseTracks(reader, base);
  }
  return [finish(reader, { ...base, codec: reader.fourcc() }, type)];
}

/**
 * ModEx prefixes: unknown ones are skipped, the nanosecond offset is kept.
 * @param {ByteReader} reader
 * @param {number} firstType
 * @returns {{ type: number, offsetMs: number }}
 */
function skipModifiers(reader, firstType) {
  let type = firstType;
  let offsetMs = 0;
  while (type === MOD_EX) {
    let size = reader.u8() + 1;
    if (size === 256) size = reader.u16() + 1;
    const data = reader.take(size);
    const next = reader.u8();
    if (next >> 4 === 0 && size >= 3) offsetMs = new ByteReader(data, 'ModEx').u24() / 1e6;
    type = next & 0x0f;
  }
  return { type, offsetMs };
}

/**
 * @param {ByteReader} reader
 * @param {MediaPacket} base
 * @returns {MediaPacket[]}
 */
function parseTracks(reader, base) {
  const modes = reader.u8();
  const mode = modes >> 4;
  const type = modes & 0x0f;
  if (mode > MULTITRACK_MANY_CODECS) {
    throw new FormatError(reader.reading, `multitrack mode ${mode} is unknown`, reader.offset);
  }
  const shared = mode === MULTITRACK_MANY_CODECS ? '' : reader.fourcc();
  /** @type {MediaPacket[]} */
  const packets = [];
  while (reader.left > 0) {
    const codec = mode === MULTITRACK_MANY_CODECS ? reader.fourcc() : shared;
    const track = reader.u8();
    const size = mode === MULTITRACK_ONE ? reader.left : reader.u24();
    const part = new ByteReader(reader.take(size), reader.reading);
    packets.push(finish(part, { ...base, codec, track }, type));
  }
  return packets;
}

/**
 * @param {ByteReader} reader at the packet's own data
 * @param {MediaPacket} packet
 * @param {number} type
 * @returns {MediaPacket}
 */
function finish(reader, packet, type) {
  if (packet.kind === 'audio') return { ...packet, role: roleOf(type), data: reader.rest() };
  if (type === VIDEO_CODED_FRAMES_X) return { ...packet, role: 'frame', data: reader.rest() };
  const timed = type === CODED_FRAMES && WITH_COMPOSITION_TIME.has(packet.codec);
  const compositionMs = timed ? reader.i24() : 0;
  return { ...packet, role: roleOf(type), compositionMs, data: reader.rest() };
}
