/** A `setTimeout` whose time passes only when it is told. Node's own needs version 20. */

export class FakeTimers {
  constructor() {
    this.now = 0;
    this.lastId = 0;
    /** @type {Map<number, { at: number, run: () => void }>} */
    this.waiting = new Map();
    /** To be put in the place of the global one. */
    this.setTimeout = (/** @type {() => void} */ run, delay = 0) => {
      this.lastId += 1;
      this.waiting.set(this.lastId, { at: this.now + delay, run });
      return this.lastId;
    };
    /** To be put in the place of the global one. */
    this.clearTimeout = (/** @type {number | undefined} */ id) => {
      this.waiting.delete(id ?? 0);
    };
  }

  /** Lets time pass and runs what is due, in order. @param {number} milliseconds */
  tick(milliseconds) {
    const end = this.now + milliseconds;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      const [id, { at, run }] = next;
      this.waiting.delete(id);
      this.now = at;
      run();
    }
    this.now = end;
  }

  /** @param {number} end */
  #next(end) {
    const due = [...this.waiting].filter(([, timer]) => timer.at <= end);
    return due.sort(([, a], [, b]) => a.at - b.at)[0];
  }
}
