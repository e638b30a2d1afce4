/**
 * How far behind the live edge a viewer is, without a common clock.
 *
 * Each piece of media arrives some time after its timestamp; the least such delay seen lately is
 * taken for "live", and what the playhead is behind that is the latency. What the network and the
 * server add before the fastest piece cannot be seen from here.
 */

const WINDOW_MS = 10_000;

export class LatencyMeter {
  constructor() {
    this.current = Infinity;
    this.previous = Infinity;
    this.turnedAt = 0;
  }

  /** Forgets everything: the timestamps no longer belong to the ones before. */
  reset() {
    this.current = Infinity;
    this.previous = Infinity;
    this.turnedAt = 0;
  }

  /**
   * @param {number} mediaMs newest media time that has arrived
   * @param {number} now wall clock, milliseconds
   */
  arrived(mediaMs, now) {
    if (now - this.turnedAt > WINDOW_MS) {
      this.previous = this.current;
      this.current = Infinity;
      this.turnedAt = now;
    }
    this.current = Math.min(this.current, now - mediaMs);
  }

  /**
   * @param {number} playedMs media time of the playhead
   * @param {number} now wall clock, milliseconds
   * @returns {number | null} seconds, null when nothing has arrived
   */
  latency(playedMs, now) {
    const least = Math.min(this.current, this.previous);
    return Number.isFinite(least) ? Math.max(0, now - least - playedMs) / 1000 : null;
  }
}
