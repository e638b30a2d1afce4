/**
 * One SourceBuffer, which takes one order at a time, behind a queue that takes any number.
 *
 * Knows nothing of formats: it is told bytes, types, places and ranges to forget.
 */

import { concat } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

/**
 * @typedef {{ do: 'append', bytes: Bytes }
 *   | { do: 'type', mime: string }
 *   | { do: 'place', seconds: number }
 *   | { do: 'remove', from: number, to: number }} Order
 */

/**
 * @typedef {object} QueueHandlers
 * @property {() => void} onFull the browser's quota is used up: something must be removed
 * @property {(words: string) => void} onBroken the buffer refuses what it is given
 * @property {() => void} onChange its contents have changed
 */

/** Most bytes to append at once; more would keep the page from doing other things. */
const BATCH_BYTES = 1024 * 1024;

export class SourceQueue {
  /**
   * @param {SourceBuffer} buffer
   * @param {string} mime
   * @param {QueueHandlers} handlers
   */
  constructor(buffer, mime, handlers) {
    this.buffer = buffer;
    this.mime = mime;
    this.handlers = handlers;
    /** @type {Order[]} */
    this.orders = [];
    this.closed = false;
    this.full = false;
    buffer.addEventListener('updateend', () => {
      if (this.closed) return;
      handlers.onChange();
      this.#run();
    });
    buffer.addEventListener('error', () => {
      if (!this.closed) handlers.onBroken(`The browser could not read the ${this.mime} data.`);
    });
  }

  /** @param {Bytes} bytes whole segments */
  append(bytes) {
    this.#add({ do: 'append', bytes });
  }

  /** What is appended from now on is of this type. @param {string} mime */
  setType(mime) {
    if (mime === this.mime) return;
    this.mime = mime;
    this.#add({ do: 'type', mime });
  }

  /** Where the next bare frames belong. @param {number} seconds */
  place(seconds) {
    this.#add({ do: 'place', seconds });
  }

  /**
   * Forgets what is buffered between two times, before anything else in the queue.
   * @param {number} from seconds
   * @param {number} to seconds
   */
  remove(from, to) {
    if (to <= from) return;
    this.orders.unshift({ do: 'remove', from, to });
    this.full = false;
    this.#run();
  }

  /** @returns {[number, number][]} what is buffered, in seconds */
  ranges() {
    if (this.closed) return [];
    try {
      const { buffered } = this.buffer;
      return Array.from({ length: buffered.length }, (_, i) => [
        buffered.start(i),
        buffered.end(i),
      ]);
    } catch {
      return []; // the media source has let go of the buffer
    }
  }

  close() {
    this.closed = true;
    this.orders = [];
  }

  /** @param {Order} order */
  #add(order) {
    this.orders.push(order);
    this.#run();
  }

  #run() {
    while (!this.closed && !this.full && !this.buffer.updating) {
      const order = this.orders.shift();
      if (!order) return;
      try {
        this.#carryOut(order);
      } catch (error) {
        this.#failed(order, error);
      }
    }
  }

  /** @param {Order} order */
  #carryOut(order) {
    switch (order.do) {
      case 'append':
        order.bytes = this.#batch(order.bytes);
        this.buffer.appendBuffer(order.bytes);
        break;
      case 'type':
        this.buffer.changeType(order.mime);
        break;
      case 'place':
        this.buffer.abort(); // ends a frame that never became whole; else the offset is locked
        this.buffer.timestampOffset = order.seconds;
        break;
      case 'remove':
        this.buffer.remove(order.from, order.to);
        break;
    }
  }

  /** Joins the appends that follow, so that a burst of frames is one order. @param {Bytes} first */
  #batch(first) {
    const parts = [first];
    let { length } = first;
    for (let next = this.orders[0]; next?.do === 'append' && length < BATCH_BYTES;) {
      parts.push(next.bytes);
      length += next.bytes.length;
      this.orders.shift();
      next = this.orders[0];
    }
    return parts.length === 1 ? first : concat(parts);
  }

  /** @param {Order} order @param {unknown} error */
  #failed(order, error) {
    if (error instanceof DOMException && error.name === 'QuotaExceededError') {
      this.orders.unshift(order);
      this.full = true;
      this.handlers.onFull();
      return;
    }
    const text = error instanceof Error ? error.message : String(error);
    this.handlers.onBroken(`The browser refused the ${this.mime} data: ${text}`);
  }
}
