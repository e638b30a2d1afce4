/**
 * The playhead of a live stream: brings it to the live edge, keeps it there, sees when it stops.
 *
 * The only place that seeks and changes the playback rate. When and where to is `live-edge.js`'s
 * decision.
 */

import { LatencyMeter } from './latency.js';
import { LiveEdge } from './live-edge.js';

/** @typedef {import('./live-edge.js').LiveOptions} LiveOptions */
/** @typedef {import('./live-edge.js').Range} Range */

/** Not moving for this long is a stall. */
const STALL_MS = 600;
/** When there is little data, playing starts after this long with what there is. */
const JOIN_PATIENCE_MS = 1500;

export class Playhead {
  /**
   * @param {HTMLVideoElement} element
   * @param {Partial<LiveOptions>} [options]
   */
  constructor(element, options = {}) {
    this.element = element;
    this.edge = new LiveEdge(options);
    this.meter = new LatencyMeter();
    /** Newest media received, seconds. */
    this.newest = 0;
    /** Whether the playhead has been brought to the live edge. */
    this.joined = false;
    this.joinFrom = 0;
    this.joinAt = 0;
    this.lastTime = -1;
    this.progressAt = 0;
    /** A seek is being carried out: the time it takes is no stall. */
    this.starting = false;
    this.stalls = 0;
  }

  /**
   * Goes to the live edge as soon as there is enough.
   * @param {number} now wall clock, milliseconds
   * @param {number} [from] only media newer than this counts, seconds
   */
  join(now, from = 0) {
    this.joined = false;
    this.joinFrom = from;
    this.joinAt = now;
    this.progressAt = now;
  }

  /**
   * Media has arrived.
   * @param {number} edgeMs newest media time
   * @param {number} now wall clock, milliseconds
   */
  arrived(edgeMs, now) {
    this.newest = edgeMs / 1000;
    this.meter.arrived(edgeMs, now);
  }

  /** The timestamps start anew. */
  forgetLatency() {
    this.meter.reset();
  }

  /** @param {number} now @returns {number | null} seconds behind the live edge */
  latency(now) {
    return this.joined ? this.meter.latency(this.element.currentTime * 1000, now) : null;
  }

  /** @returns {Range[]} what can be played, in seconds */
  ranges() {
    const { buffered } = this.element;
    return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
  }

  /** @returns {number} seconds of media ahead of the playhead */
  ahead() {
    const end = this.ranges().at(-1)?.[1] ?? 0;
    return Math.max(0, Math.min(end, this.newest) - this.element.currentTime);
  }

  /** @param {number} now @returns {number} for how long the playhead has not moved, milliseconds */
  stillFor(now) {
    return this.joined && !this.element.paused ? now - this.progressAt : 0;
  }

  /** @param {number} now @returns {boolean} whether it moves as it should */
  isMoving(now) {
    const { element } = this;
    return (
      this.joined &&
      !element.paused &&
      element.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA &&
      now - this.progressAt <= STALL_MS
    );
  }

  /** Seeks and changes the rate as needed. @param {number} now wall clock, milliseconds */
  steer(now) {
    const { element } = this;
    if (element.seeking) return;
    const ranges = this.ranges();
    const joining = !this.joined;
    if (joining && !this.#enoughToJoin(ranges, now)) return;
    const action = this.edge.decide({
      now: now / 1000,
      currentTime: element.currentTime,
      ranges,
      edge: this.newest,
      stalled: this.stillFor(now) > STALL_MS,
      joining,
    });
    if (joining) this.progressAt = now;
    this.joined = true;
    if (action.seek !== null) this.#seek(action.seek, now);
    if (element.playbackRate !== action.rate) element.playbackRate = action.rate;
  }

  /** @param {number} seconds @param {number} now */
  #seek(seconds, now) {
    this.element.currentTime = seconds;
    this.lastTime = this.element.currentTime;
    this.progressAt = now;
    this.starting = true;
  }

  /** @param {readonly Range[]} ranges @param {number} now */
  #enoughToJoin(ranges, now) {
    const last = ranges.at(-1);
    if (!last || last[1] <= this.joinFrom) {
      this.joinAt = now;
      return false;
    }
    const start = Math.max(last[0], this.joinFrom);
    const enough = Math.min(last[1], this.newest) - start >= this.edge.target;
    return enough || now - this.joinAt > JOIN_PATIENCE_MS;
  }

  /** Nothing moves although it could: goes to the live edge at once. @param {number} now */
  nudge(now) {
    const { progressAt } = this;
    this.#seek(Math.max(this.element.currentTime, this.newest - this.edge.target), now);
    this.progressAt = progressAt; // still the same standstill
  }

  /** Notes progress and stalls. @param {number} now wall clock, milliseconds */
  watch(now) {
    const { currentTime, paused } = this.element;
    if (!this.joined || paused) {
      this.progressAt = now;
      return;
    }
    if (currentTime === this.lastTime) return;
    if (now - this.progressAt > STALL_MS && !this.starting) {
      this.stalls += 1;
      this.edge.stalled(now / 1000);
    }
    this.lastTime = currentTime;
    this.progressAt = now;
    this.starting = false;
    this.edge.calm(now / 1000);
  }
}
