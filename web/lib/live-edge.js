/**
 * How to stay close to the live edge: when to seek, how fast to play, how much to keep in hand.
 *
 * Pure decisions over plain numbers in seconds; the player looks at the video element and acts.
 */

/**
 * @typedef {object} LiveOptions
 * @property {number} targetSeconds how much to keep between the playhead and the newest data
 * @property {number} maxTargetSeconds how far stalls may raise that
 * @property {number} catchUpSeconds above the target by this much, play faster
 * @property {number} jumpSeconds above the target by this much, jump
 * @property {number} maxRate how fast to play when catching up
 */

/** @type {Readonly<LiveOptions>} */
export const LIVE_OPTIONS = Object.freeze({
  targetSeconds: 0.4,
  maxTargetSeconds: 3,
  catchUpSeconds: 0.25,
  jumpSeconds: 1.3,
  maxRate: 1.25,
});

/** @typedef {readonly [number, number]} Range start and end of buffered media */

/**
 * @typedef {object} Situation
 * @property {number} now wall clock
 * @property {number} currentTime
 * @property {readonly Range[]} ranges buffered, in order
 * @property {number} edge the newest time received; buffered ranges may promise more
 * @property {boolean} stalled playback stands still although it should not
 * @property {boolean} joining nothing has been played since (re)connecting
 */

/** @typedef {{ seek: number | null, rate: number }} Action */

const STALL_STEP = 0.3;
const CALM_SECONDS = 20;
const CALM_STEP = 0.1;
/** A seek lands this far inside a range, clear of rounding. */
const INSIDE = 0.02;
/** Jumps come no faster than this: a slow machine must not spend its time seeking. */
const JUMP_EVERY = 8;
/** Unless it is this far behind. */
const FAR_SECONDS = 6;

export class LiveEdge {
  /** @param {Partial<LiveOptions>} [options] */
  constructor(options = {}) {
    /** @type {LiveOptions} */
    this.options = { ...LIVE_OPTIONS, ...options };
    this.target = this.options.targetSeconds;
    this.rate = 1;
    this.calmSince = 0;
    this.jumpedAt = -Infinity;
  }

  /** Playback ran dry: keep more in hand. @param {number} now seconds */
  stalled(now) {
    this.target = Math.min(this.options.maxTargetSeconds, this.target + STALL_STEP);
    this.calmSince = now;
  }

  /** Time passes: without stalls, keep less in hand. @param {number} now seconds */
  calm(now) {
    if (now - this.calmSince < CALM_SECONDS) return;
    this.calmSince = now;
    this.target = Math.max(this.options.targetSeconds, this.target - CALM_STEP);
  }

  /**
   * @param {Situation} situation
   * @returns {Action}
   */
  decide(situation) {
    const { currentTime, ranges, edge, joining, stalled } = situation;
    const last = ranges.at(-1);
    if (!last) return this.#act(null, 1);
    const end = Math.min(last[1], Math.max(edge, last[0]));
    const live = Math.max(last[0] + INSIDE, end - this.target);
    if (joining) return this.#act(Math.abs(currentTime - live) > INSIDE ? live : null, 1);
    const here = ranges.find(([from, to]) => currentTime >= from - INSIDE && currentTime < to);
    if (!here) return this.#act(this.#beyondGap(situation, live), 1);
    const excess = end - currentTime - this.target;
    if (this.#mayJump(excess, situation.now)) return this.#act(live, 1);
    if (stalled && here !== last && here[1] - currentTime < 0.1) return this.#act(live, 1);
    return this.#act(null, this.#rateFor(excess));
  }

  /** @param {number} excess seconds above the target @param {number} now */
  #mayJump(excess, now) {
    if (excess <= this.options.jumpSeconds) return false;
    if (now - this.jumpedAt < JUMP_EVERY && excess < FAR_SECONDS) return false;
    this.jumpedAt = now;
    return true;
  }

  /**
   * The playhead is outside everything buffered.
   * @param {Situation} situation
   * @param {number} live
   * @returns {number | null} where to go; null at the very end, where more is about to come
   */
  #beyondGap({ currentTime, ranges }, live) {
    const next = ranges.find(([from]) => from > currentTime);
    if (!next) return null;
    return Math.max(next[0] + INSIDE, live);
  }

  /** @param {number} excess seconds above the target */
  #rateFor(excess) {
    const { catchUpSeconds, maxRate } = this.options;
    // Once catching up, go on until the target is nearly reached, not just below the threshold.
    if (this.rate > 1 ? excess < 0.05 : excess < catchUpSeconds) return 1;
    const steps = Math.ceil(Math.min(1, 0.2 + excess / 2) * 5) / 5;
    return 1 + (maxRate - 1) * steps;
  }

  /** @param {number | null} seek @param {number} rate @returns {Action} */
  #act(seek, rate) {
    this.rate = rate;
    return { seek, rate };
  }
}
