/**
 * The audio half of the remuxer: packets in, formats and runs of audio frames out.
 *
 * Owns the audio clock. Frames follow one another by the samples they hold, not by their
 * timestamps, which are too coarse for that; when the two drift apart, silence is put in or a
 * frame is left out. The result has no gaps, which is what a browser needs to go on playing.
 */

import { sameBytes } from './bytes.js';
import { audioFormat, isDescribed } from './codec.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */
/** @typedef {import('./codec.js').AudioFormat} AudioFormat */
/** @typedef {import('./codec.js').AudioFrame} AudioFrame */
/** @typedef {import('./problem.js').Problem} Problem */
/** @typedef {import('./problem.js').ProblemReason} ProblemReason */
/** @typedef {import('./tags.js').MediaPacket} MediaPacket */

/**
 * @typedef {object} AudioRun frames of one format that follow one another
 * @property {AudioFormat} format
 * @property {number} start in samples
 * @property {AudioFrame[]} frames
 * @property {boolean} placed the run does not continue the one before it
 */

/** How far timestamps may stray from the samples before something is done, in milliseconds. */
const DRIFT_MS = 120;
/** Frames to wait for set-up data before saying that it is missing. */
const PATIENCE_FRAMES = 100;
/** Longest silence put in at once. */
const FILL_MS = 6000;
/** The other track may be this far ahead before the audio counts as missing. */
const FIRST_LAG_MS = 1000;
const MOST_LAG_MS = 6000;
/** Silence stays this far behind the other track, so that real audio still fits. */
const FILL_MARGIN_MS = 300;

export class AudioTrack {
  /** @param {import('./codec.js').CanDecode} canDecode */
  constructor(canDecode) {
    this.canDecode = canDecode;
    this.codec = '';
    /** @type {Bytes | null} */
    this.config = null;
    /** @type {AudioFormat | null} */
    this.format = null;
    /** @type {Problem | null} */
    this.problem = null;
    this.configChanged = false;
    this.undescribed = 0;
    /** @type {number | null} where the next frame begins, in samples */
    this.next = null;
    /** @type {AudioRun[]} */
    this.runs = [];
    this.continues = false;
    this.lag = FIRST_LAG_MS;
    /** Frames left out and put in to stay with the timestamps. */
    this.dropped = 0;
    this.filled = 0;
  }

  /** Whether anything of this track has been seen. */
  get seen() {
    return this.codec !== '';
  }

  /** Where the next frame begins, in milliseconds; null before the first. */
  get nextMs() {
    return this.next === null || !this.format ? null : (this.next * 1000) / this.format.sampleRate;
  }

  /** @param {MediaPacket} packet set-up data */
  setConfig(packet) {
    this.#setCodec(packet.codec);
    if (this.config && sameBytes(this.config, packet.data)) return;
    this.config = packet.data;
    this.configChanged = true;
    this.undescribed = 0;
  }

  /**
   * @param {MediaPacket} packet frames
   * @param {() => number} time when they begin, in milliseconds; asked only if they are used
   */
  addFrames(packet, time) {
    this.#setCodec(packet.codec);
    if (!isDescribed(packet.codec) || packet.data.length === 0) return;
    if (this.format?.changed?.(packet.data)) this.configChanged = true;
    if (this.configChanged) this.#describe(packet.data);
    if (!this.format || this.problem) return;
    const frames = this.format.split(packet.data);
    this.#place(this.format, frames, time());
  }

  /** @param {string} codec */
  #setCodec(codec) {
    if (codec === this.codec) return;
    this.codec = codec;
    this.config = null;
    this.format = null;
    this.configChanged = true;
    this.undescribed = 0;
    this.problem = isDescribed(codec) ? null : this.#problem('no-decoder', '');
  }

  /** @param {ProblemReason} reason @param {string} detail @returns {Problem} */
  #problem(reason, detail) {
    return { kind: 'audio', codec: this.codec, reason, detail };
  }

  /** @param {Bytes} frame */
  #describe(frame) {
    try {
      const format = audioFormat(this.codec, this.config, frame, this.canDecode);
      if (!format) {
        this.undescribed += 1;
        if (this.undescribed > PATIENCE_FRAMES) this.problem = this.#problem('no-config', '');
        return;
      }
      this.configChanged = false;
      this.problem = this.canDecode(format.mime) ? null : this.#problem('browser', format.mime);
      const { nextMs } = this;
      this.format = format;
      this.next = nextMs === null ? null : Math.ceil((nextMs * format.sampleRate) / 1000);
      this.continues = false;
    } catch (error) {
      this.configChanged = false;
      this.format = null;
      this.problem = this.#problem('damaged', String(error));
    }
  }

  /**
   * @param {AudioFormat} format
   * @param {AudioFrame[]} frames
   * @param {number} timeMs
   */
  #place(format, frames, timeMs) {
    const next = this.nextMs ?? timeMs;
    const drift = timeMs - next;
    if (drift < -DRIFT_MS) {
      this.dropped += frames.length;
      // If it was filled up too early, be more patient from now on.
      this.lag = Math.min(MOST_LAG_MS, Math.max(this.lag, FIRST_LAG_MS - 2 * drift));
      return;
    }
    if (drift > DRIFT_MS && !this.#fill(format, timeMs)) {
      this.next = null;
      this.continues = false;
    }
    this.next ??= Math.round((timeMs * format.sampleRate) / 1000);
    for (const frame of frames) this.#append(format, frame);
  }

  /** @param {AudioFormat} format @param {AudioFrame} frame */
  #append(format, frame) {
    const start = this.next ?? 0;
    let run = this.runs.at(-1);
    if (!run || !this.continues || run.format !== format) {
      run = { format, start, frames: [], placed: !this.continues };
      this.runs.push(run);
      this.continues = true;
    }
    run.frames.push(frame);
    this.next = start + frame.samples;
  }

  /**
   * Puts in silence up to a time, to the last whole frame before it.
   * @param {AudioFormat} format
   * @param {number} untilMs
   * @returns {boolean} false when there is no silence to put in, or the gap is too long
   */
  #fill(format, untilMs) {
    const { silence } = format;
    const start = this.nextMs;
    if (!silence || start === null || untilMs - start > FILL_MS) return false;
    const frameMs = (silence.samples * 1000) / format.sampleRate;
    const count = Math.floor((untilMs - start) / frameMs);
    for (let i = 0; i < count; i += 1) this.#append(format, silence);
    this.filled += count;
    return true;
  }

  /**
   * The other track has come to `otherMs`: puts in silence if the audio has fallen behind.
   * @param {number} otherMs
   */
  keepUp(otherMs) {
    const start = this.nextMs;
    if (start === null || !this.format || this.problem) return;
    if (otherMs - start > this.lag) this.#fill(this.format, otherMs - FILL_MARGIN_MS);
  }

  /** @returns {AudioRun[]} the frames finished since the last call */
  takeRuns() {
    const { runs } = this;
    this.runs = [];
    return runs;
  }
}
