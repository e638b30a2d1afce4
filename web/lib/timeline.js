/**
 * One steady clock out of the timestamps publishers send.
 *
 * FLV timestamps wrap after 49.7 days, start anywhere, and jump when a publisher restarts. The
 * timeline turns them into milliseconds that begin at `START_MS`, stay together for audio and
 * video, and never jump: a jump of the input becomes a new offset. Small steps back stay as they
 * are; the tracks keep their own order.
 */

/** Where the clock begins; not zero, so that what belongs before the first packet has a place. */
export const START_MS = 10_000;

/**
 * What counts as a jump, in milliseconds.
 * @typedef {object} TimelineLimits
 * @property {number} backMs a step back within a track longer than this is a restart
 * @property {number} aheadMs a step ahead of everything seen longer than this is a pause to cut out
 * @property {number} apartMs how far the first packet of one track may lie behind the other track;
 *   less than `START_MS`
 * @property {number} seamMs the distance put between the two sides of a jump
 */

/** @type {Readonly<TimelineLimits>} */
export const TIMELINE_LIMITS = Object.freeze({
  backMs: 500,
  aheadMs: 5000,
  apartMs: 9000,
  seamMs: 30,
});

/**
 * @typedef {object} TrackClock
 * @property {number} raw last timestamp, unwrapped
 * @property {number} offset what to add to it
 * @property {number} out last result
 */

export class Timeline {
  /** @param {TimelineLimits} [limits] */
  constructor(limits = TIMELINE_LIMITS) {
    this.limits = limits;
    /** @type {Map<string, TrackClock>} */
    this.tracks = new Map();
    /** @type {number | null} the offset the latest jump led to */
    this.offset = null;
    /** Latest time given out for any track. */
    this.newest = START_MS;
    /** How often the input has jumped. */
    this.jumps = 0;
    this.started = false;
  }

  /** A new connection begins: its timestamps have nothing to do with the old ones. */
  reconnect() {
    if (this.tracks.size > 0) this.jumps += 1;
    this.tracks.clear();
    this.offset = null;
  }

  /**
   * @param {string} kind which track
   * @param {number} timestamp as it came, unsigned 32 bits, milliseconds
   * @returns {number} milliseconds on the steady clock
   */
  map(kind, timestamp) {
    const known = this.tracks.get(kind);
    // The 32-bit difference is right across the wrap.
    const raw = known ? known.raw + ((timestamp - known.raw) | 0) : this.#unwrap(timestamp);
    const offset = this.#offsetFor(raw, known);
    const out = raw + offset;
    this.tracks.set(kind, { raw, offset, out });
    this.newest = Math.max(this.newest, out);
    this.started = true;
    return out;
  }

  /**
   * The first timestamp of a track, in the same turn of the counter as the other track's.
   * @param {number} timestamp
   */
  #unwrap(timestamp) {
    const other = this.tracks.values().next().value;
    return other ? other.raw + ((timestamp - other.raw) | 0) : timestamp;
  }

  /**
   * @param {number} raw
   * @param {TrackClock | undefined} known
   */
  #offsetFor(raw, known) {
    if (known && this.#fits(raw + known.offset, known)) return known.offset;
    if (this.offset !== null && this.#fits(raw + this.offset, known)) return this.offset;
    if (known) this.jumps += 1;
    this.offset = this.newest + (this.started ? this.limits.seamMs : 0) - raw;
    return this.offset;
  }

  /**
   * @param {number} out
   * @param {TrackClock | undefined} known
   */
  #fits(out, known) {
    const earliest = known ? known.out - this.limits.backMs : this.newest - this.limits.apartMs;
    return out >= earliest && out <= this.newest + this.limits.aheadMs;
  }
}
