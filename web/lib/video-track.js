/**
 * The video half of the remuxer: packets in, formats and runs of MP4 samples out.
 *
 * Owns the wait for a key frame and the length of each frame. A frame is held until the next one
 * tells how long it lasts, because a browser takes a frame that comes later than promised for a
 * break and throws everything away up to the next key frame.
 */

import { sameBytes } from './bytes.js';
import { isDescribed, needsConfig, videoFormat } from './codec.js';
import { VIDEO_TIMESCALE } from './fmp4.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */
/** @typedef {import('./codec.js').VideoFormat} VideoFormat */
/** @typedef {import('./fmp4.js').Sample} Sample */
/** @typedef {import('./problem.js').Problem} Problem */
/** @typedef {import('./problem.js').ProblemReason} ProblemReason */
/** @typedef {import('./tags.js').MediaPacket} MediaPacket */

/**
 * @typedef {object} VideoRun samples of one format that follow one another
 * @property {VideoFormat} format
 * @property {number} start in units of the time scale
 * @property {Sample[]} samples
 */

const TICKS_PER_MS = VIDEO_TIMESCALE / 1000;
/**
 * Frames that may come before it is said that what they wait for is missing. The server begins
 * with set-up data, so that is soon; key frames may be ten seconds apart.
 * @type {Readonly<Partial<Record<ProblemReason, number>>>}
 */
const PATIENCE_FRAMES = Object.freeze({ 'no-config': 50, 'no-key': 300 });
/** How long a frame is said to last when nothing follows it; the next one corrects it. */
const OPEN_END_MS = 5000;

export class VideoTrack {
  /** @param {import('./codec.js').CanDecode} canDecode */
  constructor(canDecode) {
    this.canDecode = canDecode;
    this.codec = '';
    /** @type {Bytes | null} */
    this.config = null;
    /** @type {VideoFormat | null} */
    this.format = null;
    /** @type {Problem | null} */
    this.problem = null;
    this.needsKey = true;
    this.configChanged = false;
    /** Frames in a row that could not be used yet. */
    this.waited = 0;
    /** @type {{ dts: number, format: VideoFormat, sample: Sample } | null} */
    this.held = null;
    this.lastDts = -TICKS_PER_MS;
    /** @type {VideoRun[]} */
    this.runs = [];
    /** Frames left out because no key frame had come. */
    this.skipped = 0;
  }

  /** Whether anything of this track has been seen. */
  get seen() {
    return this.codec !== '';
  }

  /** When the newest frame is decoded, in milliseconds; 0 before the first. */
  get lastMs() {
    return Math.max(0, this.lastDts / TICKS_PER_MS);
  }

  /** What comes next does not follow what was before: waits for a key frame. */
  cut() {
    this.needsKey = true;
    this.waited = 0;
  }

  /** @param {MediaPacket} packet set-up data */
  setConfig(packet) {
    this.#setCodec(packet.codec);
    if (this.config && sameBytes(this.config, packet.data)) return;
    this.config = packet.data;
    this.configChanged = true;
    this.needsKey = true;
    this.#waitAgain();
  }

  /**
   * @param {MediaPacket} packet a frame
   * @param {() => number} time when it is decoded, in milliseconds; asked only if it is used
   */
  addFrame(packet, time) {
    this.#setCodec(packet.codec);
    if (!isDescribed(packet.codec) || packet.data.length === 0) return;
    if (this.needsKey && !packet.key) {
      this.skipped += 1;
      this.#waitFor(this.config || !needsConfig(packet.codec) ? 'no-key' : 'no-config');
      return;
    }
    if (this.problem?.reason === 'no-key') this.#waitAgain();
    if (this.configChanged) this.#describe(packet.data);
    if (!this.format || this.problem) return;
    this.needsKey = false;
    this.waited = 0;
    this.#append(packet, this.format, time());
  }

  /** @param {string} codec */
  #setCodec(codec) {
    if (codec === this.codec) return;
    this.codec = codec;
    this.config = null;
    this.format = null;
    this.configChanged = true;
    this.needsKey = true;
    this.waited = 0;
    this.problem = isDescribed(codec) ? null : this.#problem('no-decoder', '');
  }

  /** @param {ProblemReason} reason @param {string} detail @returns {Problem} */
  #problem(reason, detail) {
    return { kind: 'video', codec: this.codec, reason, detail };
  }

  /** Another frame is of no use for now. @param {'no-config' | 'no-key'} reason */
  #waitFor(reason) {
    this.waited += 1;
    if (this.waited <= (PATIENCE_FRAMES[reason] ?? 0)) return;
    if (this.problem && !(this.problem.reason in PATIENCE_FRAMES)) return;
    if (this.problem?.reason !== reason) this.problem = this.#problem(reason, '');
  }

  /** What was waited for has come. */
  #waitAgain() {
    this.waited = 0;
    if (this.problem && this.problem.reason in PATIENCE_FRAMES) this.problem = null;
  }

  /** @param {Bytes} keyFrame */
  #describe(keyFrame) {
    try {
      const format = videoFormat(this.codec, this.config, keyFrame);
      if (!format) {
        this.#waitFor('no-config');
        return;
      }
      this.configChanged = false;
      this.format = format;
      this.problem = this.canDecode(format.mime) ? null : this.#problem('browser', format.mime);
    } catch (error) {
      this.configChanged = false;
      this.format = null;
      this.problem = this.#problem('damaged', String(error));
    }
  }

  /**
   * @param {MediaPacket} packet
   * @param {VideoFormat} format
   * @param {number} timeMs
   */
  #append(packet, format, timeMs) {
    const wanted = Math.round(timeMs * TICKS_PER_MS);
    const dts = Math.max(wanted, this.lastDts + TICKS_PER_MS);
    const shown = Math.round((timeMs + packet.compositionMs) * TICKS_PER_MS);
    this.finishHeld(dts);
    this.lastDts = dts;
    const sample = {
      data: format.sample(packet.data),
      duration: 0,
      compositionOffset: shown - dts,
      key: packet.key,
    };
    this.held = { dts, format, sample };
  }

  /**
   * Lets the held frame go.
   * @param {number | null} nextDts when the next one is decoded, null when that is not known
   */
  finishHeld(nextDts) {
    const { held } = this;
    if (!held) return;
    this.held = null;
    const end = nextDts ?? held.dts + OPEN_END_MS * TICKS_PER_MS;
    let run = this.runs.at(-1);
    if (!run || run.format !== held.format) {
      run = { format: held.format, start: held.dts, samples: [] };
      this.runs.push(run);
    }
    run.samples.push({ ...held.sample, duration: end - held.dts });
  }

  /** @returns {VideoRun[]} the samples finished since the last call */
  takeRuns() {
    const { runs } = this;
    this.runs = [];
    return runs;
  }
}
