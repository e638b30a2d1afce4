/**
 * A stream's connection that comes back: source, demuxer and the policy of asking again.
 *
 * Gives out tags; knows nothing of what is in them or how they are shown.
 */

import { FormatError } from './bytes.js';
import { FlvDemuxer } from './flv.js';
import { openSource } from './source.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */
/** @typedef {import('./flv.js').FlvTag} FlvTag */
/** @typedef {import('./source.js').Source} Source */
/** @typedef {import('./source.js').SourceEnd} SourceEnd */
/** @typedef {import('./source.js').Via} Via */

/** @typedef {Via | 'auto'} ViaChoice `auto`: WebSocket first, HTTP when that does not work */

/**
 * @typedef {object} ConnectionHandlers
 * @property {() => void} onConnecting the stream is asked for; tags will not continue the last ones
 * @property {(tags: FlvTag[], now: number) => void} onTags
 * @property {(end: SourceEnd) => void} onLost it ended; will be asked for again, unless refused
 */

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 10_000;
/** A connection that brought data for this long was a good one: retries start over. */
const GOOD_MS = 5000;
/** Nothing received for this long: the connection is taken for dead. */
const SILENT_MS = 15_000;

export class Connection {
  /**
   * @param {string} address path or URL of the stream
   * @param {ViaChoice} choice
   * @param {ConnectionHandlers} handlers
   */
  constructor(address, choice, handlers) {
    this.address = address;
    this.choice = choice;
    this.handlers = handlers;
    /** The transport in use. @type {Via} */
    this.via = choice === 'http' ? 'http' : 'ws';
    /** @type {Source | null} */
    this.source = null;
    /** @type {FlvDemuxer | null} */
    this.demuxer = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retryTimer = undefined;
    this.attempts = 0;
    /** When the first data of this connection came, 0 before. */
    this.firstDataAt = 0;
    this.receivedAt = 0;
    this.reconnects = 0;
    this.bytes = 0;
    /** Received lately, kilobits per second. */
    this.kbps = 0;
    this.rateBytes = 0;
    this.rateAt = 0;
  }

  /** Whether data is coming in. */
  get receiving() {
    return this.source !== null && this.firstDataAt > 0;
  }

  /** Asks for the stream now. */
  open() {
    this.close();
    this.demuxer = new FlvDemuxer();
    this.receivedAt = performance.now();
    this.firstDataAt = 0;
    this.handlers.onConnecting();
    this.source = openSource(this.address, this.via, {
      onData: (bytes) => this.#receive(bytes),
      onEnd: (end) => this.#ended(end),
    });
  }

  /** Lets go of the stream, and does not ask again. */
  close() {
    clearTimeout(this.retryTimer);
    this.source?.close();
    this.source = null;
    this.demuxer = null;
  }

  /** Asks at once, if the connection is down. */
  retryNow() {
    if (this.source) return;
    this.attempts = 0;
    this.open();
  }

  /** To be called now and then. @param {number} now wall clock, milliseconds */
  tick(now) {
    this.#measureRate(now);
    if (this.source && now - this.receivedAt > SILENT_MS) {
      this.#lost('The server has sent nothing for a while.');
    }
  }

  /** @param {string} words */
  #lost(words) {
    this.source?.close();
    this.#ended({ reason: 'lost', words });
  }

  /** @param {Bytes} bytes */
  #receive(bytes) {
    const now = performance.now();
    this.receivedAt = now;
    if (this.firstDataAt === 0) this.firstDataAt = now;
    this.bytes += bytes.length;
    /** @type {FlvTag[]} */
    let tags = [];
    try {
      tags = this.demuxer?.push(bytes) ?? [];
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#lost(`The stream is damaged: ${error.message}.`);
      return;
    }
    this.handlers.onTags(tags, now);
  }

  /** @param {SourceEnd} end */
  #ended(end) {
    const wasGood = this.firstDataAt > 0 && performance.now() - this.firstDataAt > GOOD_MS;
    const cameToNothing = this.firstDataAt === 0;
    this.source = null;
    this.demuxer = null;
    if (end.reason !== 'refused') {
      if (wasGood) this.attempts = 0;
      this.reconnects += 1;
      this.retryTimer = setTimeout(() => this.open(), this.#nextDelay(cameToNothing));
    }
    this.handlers.onLost(end);
  }

  /** @param {boolean} cameToNothing @returns {number} milliseconds */
  #nextDelay(cameToNothing) {
    if (this.choice === 'auto' && cameToNothing) {
      this.via = this.via === 'ws' ? 'http' : 'ws';
      // HTTP is tried at once: it may work, or know better what is wrong.
      if (this.via === 'http') return 0;
    }
    const delay = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** this.attempts);
    this.attempts += 1;
    return delay * (0.75 + Math.random() / 2); // spread: all viewers lose a stream at once
  }

  /** @param {number} now */
  #measureRate(now) {
    if (now - this.rateAt < 1000) return;
    const kbps = ((this.bytes - this.rateBytes) * 8) / (now - this.rateAt);
    this.kbps = this.rateAt === 0 ? 0 : this.kbps * 0.6 + kbps * 0.4;
    this.rateBytes = this.bytes;
    this.rateAt = now;
  }
}
