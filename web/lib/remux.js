/**
 * FLV tags in, source buffer contents out: the part of the player that knows no browser.
 *
 * Reads tags, keeps the timeline, and packs the frames of each push into one segment per track.
 * Damage in a single message costs that message; only the container's own errors are fatal, and
 * those are the demuxer's.
 */

import { readMetadata } from './amf0.js';
import { AudioTrack } from './audio-track.js';
import { FormatError, concat } from './bytes.js';
import { TAG_AUDIO, TAG_SCRIPT, TAG_VIDEO } from './flv.js';
import { VIDEO_TIMESCALE, initSegment, mediaSegment } from './fmp4.js';
import { parseAudio, parseVideo } from './tags.js';
import { Timeline } from './timeline.js';
import { VideoTrack } from './video-track.js';

/** @typedef {import('./amf0.js').StreamMetadata} StreamMetadata */
/** @typedef {import('./audio-track.js').AudioRun} AudioRun */
/** @typedef {import('./bytes.js').Bytes} Bytes */
/** @typedef {import('./codec.js').AudioFormat} AudioFormat */
/** @typedef {import('./codec.js').VideoFormat} VideoFormat */
/** @typedef {import('./flv.js').FlvTag} FlvTag */
/** @typedef {import('./problem.js').Problem} Problem */
/** @typedef {import('./tags.js').MediaPacket} MediaPacket */
/** @typedef {import('./video-track.js').VideoRun} VideoRun */

/** @typedef {'audio' | 'video'} Kind */

/**
 * What follows is in a new format: the source buffer may have to change its type.
 * @typedef {{ type: 'format', kind: Kind, format: VideoFormat | AudioFormat, init: Bytes | null }}
 *   FormatOutput
 */

/**
 * @typedef {object} MediaOutput
 * @property {'media'} type
 * @property {Kind} kind
 * @property {Bytes} data
 * @property {number} startMs where it begins on the steady clock
 * @property {boolean} place bare frames that do not continue the ones before: the source buffer's
 *   clock has to be set to `startMs` first
 */

/** @typedef {FormatOutput | MediaOutput} Output */

/** A frame that waited this long for its successor is shown without it, in milliseconds. */
const HOLD_MS = 250;
/** Audio that arrived this recently is not missing, however far behind its timestamps are. */
const AUDIO_RECENT_MS = 700;

export class Remuxer {
  /** @param {import('./codec.js').CanDecode} canDecode */
  constructor(canDecode) {
    this.video = new VideoTrack(canDecode);
    this.audio = new AudioTrack(canDecode);
    this.timeline = new Timeline();
    /** @type {StreamMetadata} */
    this.metadata = {};
    /** Messages that could not be read. */
    this.damaged = 0;
    /** When the newest frame given out begins, in milliseconds on the steady clock. */
    this.edgeMs = 0;
    /** @type {Record<Kind, VideoFormat | AudioFormat | null>} */
    this.announced = { audio: null, video: null };
    this.sequence = 0;
    this.lastAudioAt = 0;
    this.lastVideoAt = 0;
  }

  /** @returns {Problem[]} what keeps tracks from being played */
  get problems() {
    const found = [this.video.problem, this.audio.problem];
    return found.filter((problem) => problem !== null);
  }

  /** A new connection begins. */
  reconnect() {
    this.timeline.reconnect();
    this.video.cut();
  }

  /**
   * A new media source begins: announces the format of a track again, video at its next key frame.
   * @param {Kind} kind
   */
  announceAgain(kind) {
    this.announced[kind] = null;
    if (kind === 'audio') {
      this.audio.continues = false;
      return;
    }
    this.video.cut();
    this.video.held = null;
  }

  /**
   * @param {readonly FlvTag[]} tags
   * @param {number} now wall clock, milliseconds
   * @returns {Output[]}
   */
  push(tags, now) {
    for (const tag of tags) this.#readTag(tag, now);
    return this.#takeOutputs(now);
  }

  /**
   * To be called now and then, so that a slow stream's last frame is shown.
   * @param {number} now wall clock, milliseconds
   * @returns {Output[]}
   */
  tick(now) {
    if (now - this.lastVideoAt > HOLD_MS) this.video.finishHeld(null);
    return this.#takeOutputs(now);
  }

  /** @param {FlvTag} tag @param {number} now */
  #readTag(tag, now) {
    try {
      if (tag.encrypted) {
        this.#noteEncrypted(tag.type);
      } else if (tag.type === TAG_VIDEO) {
        this.#readPackets(parseVideo(tag.body), tag.timestamp, now);
      } else if (tag.type === TAG_AUDIO) {
        this.#readPackets(parseAudio(tag.body), tag.timestamp, now);
      } else if (tag.type === TAG_SCRIPT) {
        this.metadata = readMetadata(tag.body) ?? this.metadata;
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.damaged += 1;
    }
  }

  /** @param {number} type of an encrypted tag: its codec is encrypted, too */
  #noteEncrypted(type) {
    if (type !== TAG_VIDEO && type !== TAG_AUDIO) return;
    const kind = type === TAG_VIDEO ? 'video' : 'audio';
    this[kind].problem ??= { kind, codec: '', reason: 'encrypted', detail: '' };
  }

  /**
   * @param {readonly MediaPacket[]} packets
   * @param {number} timestamp
   * @param {number} now
   */
  #readPackets(packets, timestamp, now) {
    for (const packet of packets) {
      if (packet.track !== 0) continue; // the default track; others are for players with a choice
      const track = packet.kind === 'video' ? this.video : this.audio;
      if (packet.role === 'config') track.setConfig(packet);
      if (packet.role !== 'frame') continue;
      const time = () => this.timeline.map(packet.kind, timestamp) + packet.offsetMs;
      if (packet.kind === 'video') {
        this.lastVideoAt = now;
        this.video.addFrame(packet, time);
      } else {
        this.lastAudioAt = now;
        this.audio.addFrames(packet, time);
      }
    }
  }

  /** @param {number} now @returns {Output[]} */
  #takeOutputs(now) {
    if (now - this.lastAudioAt > AUDIO_RECENT_MS) this.audio.keepUp(this.video.lastMs);
    const video = this.video.takeRuns().flatMap((run) => this.#videoOutputs(run));
    return [...video, ...this.audio.takeRuns().flatMap((run) => this.#audioOutputs(run))];
  }

  /** @param {VideoRun} run @returns {Output[]} */
  #videoOutputs(run) {
    const startMs = (run.start * 1000) / VIDEO_TIMESCALE;
    this.sequence += 1;
    const data = mediaSegment(this.sequence, run.start, run.samples);
    this.edgeMs = Math.max(this.edgeMs, this.video.lastMs);
    return [
      ...this.#announce(run.format),
      { type: 'media', kind: 'video', data, startMs, place: false },
    ];
  }

  /** @param {AudioRun} run @returns {Output[]} */
  #audioOutputs(run) {
    const { format, frames } = run;
    const startMs = (run.start * 1000) / format.sampleRate;
    this.edgeMs = Math.max(this.edgeMs, this.audio.nextMs ?? 0);
    const announced = this.#announce(format);
    if (!format.entry) {
      const data = concat(frames.map((frame) => frame.data));
      return [...announced, { type: 'media', kind: 'audio', data, startMs, place: run.placed }];
    }
    const samples = frames.map((frame) => ({
      data: frame.data,
      duration: frame.samples,
      compositionOffset: 0,
      key: true,
    }));
    this.sequence += 1;
    const data = mediaSegment(this.sequence, run.start, samples);
    return [...announced, { type: 'media', kind: 'audio', data, startMs, place: false }];
  }

  /** @param {VideoFormat | AudioFormat} format @returns {Output[]} */
  #announce(format) {
    if (this.announced[format.kind] === format) return [];
    this.announced[format.kind] = format;
    const init = format.entry && initSegment(format, format.entry);
    return [{ type: 'format', kind: format.kind, format, init }];
  }
}
