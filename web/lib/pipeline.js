/**
 * One MediaSource and what is fed to it.
 *
 * Owns the decision which tracks there are: a media source must be told before it plays, while a
 * live stream only shows by and by what it has. Collects until that is clear, then opens.
 */

import { SourceQueue } from './source-queue.js';

/** @typedef {import('./remux.js').Kind} Kind */
/** @typedef {import('./remux.js').MediaOutput} MediaOutput */
/** @typedef {import('./remux.js').Output} Output */
/** @typedef {import('./codec.js').AudioFormat} AudioFormat */
/** @typedef {import('./codec.js').VideoFormat} VideoFormat */

/**
 * What is known of a track: `absent` and `hopeless` tracks are not waited for.
 * @typedef {'unknown' | 'seen' | 'absent' | 'hopeless'} TrackHint
 */

/**
 * @typedef {object} PipelineHandlers
 * @property {(words: string) => void} onBroken the browser cannot go on with this media source
 * @property {(kind: Kind, outputs: readonly Output[]) => void} onLateTrack a track has come that
 *   this media source was not opened for; `outputs` begin with its format
 * @property {() => void} onChange more is buffered, or less
 */

/** @type {readonly Kind[]} */
const KINDS = ['video', 'audio'];
/** How long to wait for a track nothing has been seen of, and for one that has been seen. */
const UNKNOWN_MS = 800;
const UNKNOWN_MEDIA_MS = 1000;
const SEEN_MS = 10_000;
/** Seconds kept behind the playhead, and how much more there may be before it is removed. */
const KEEP_SECONDS = 10;
const SLACK_SECONDS = 10;

/** @returns {typeof MediaSource | null} the browser's way to be given media, if it has one */
export function mediaSourceClass() {
  /** @type {{ MediaSource?: typeof MediaSource, ManagedMediaSource?: typeof MediaSource }} */
  const scope = globalThis;
  return scope.MediaSource ?? scope.ManagedMediaSource ?? null;
}

/** @param {string} mime @returns {boolean} */
export function canDecode(mime) {
  return mediaSourceClass()?.isTypeSupported(mime) ?? false;
}

export class Pipeline {
  /**
   * @param {HTMLVideoElement} element
   * @param {PipelineHandlers} handlers
   * @param {ReadonlySet<Kind>} expected tracks known to come: waited for longer
   */
  constructor(element, handlers, expected) {
    this.element = element;
    this.handlers = handlers;
    this.expected = expected;
    /** @type {Output[]} collected until the media source is open */
    this.pending = [];
    /** @type {Map<Kind, VideoFormat | AudioFormat>} */
    this.formats = new Map();
    /** @type {Map<Kind, SourceQueue>} */
    this.queues = new Map();
    /** @type {MediaSource | null} */
    this.source = null;
    this.url = '';
    this.firstAt = -1;
    this.closed = false;
  }

  /** Whether the tracks have been settled. */
  get decided() {
    return this.source !== null;
  }

  /**
   * @param {readonly Output[]} outputs
   * @param {number} now wall clock, milliseconds
   */
  feed(outputs, now) {
    if (this.closed || outputs.length === 0) return;
    if (this.firstAt < 0) this.firstAt = now;
    for (const [i, output] of outputs.entries()) {
      if (output.type === 'format') {
        if (this.source && !this.formats.has(output.kind)) {
          this.handlers.onLateTrack(output.kind, outputs.slice(i));
          return;
        }
        this.formats.set(output.kind, output.format);
      }
      if (this.queues.size > 0) this.#give(output);
      else this.pending.push(output);
    }
  }

  /**
   * Opens the media source if the tracks are settled.
   * @param {Readonly<Record<Kind, TrackHint>>} hints
   * @param {number} mediaMs how much media has come, in milliseconds
   * @param {number} now wall clock, milliseconds
   */
  decide(hints, mediaMs, now) {
    if (this.source || this.closed || this.formats.size === 0) return;
    if (KINDS.every((kind) => this.#settled(kind, hints[kind], mediaMs, now - this.firstAt))) {
      this.#open();
    }
  }

  /**
   * @param {Kind} kind
   * @param {TrackHint} hint
   * @param {number} mediaMs
   * @param {number} waited
   */
  #settled(kind, hint, mediaMs, waited) {
    if (this.formats.has(kind) || hint === 'hopeless') return true;
    if (hint === 'seen' || this.expected.has(kind)) return waited > SEEN_MS;
    return hint === 'absent' || waited > UNKNOWN_MS || mediaMs > UNKNOWN_MEDIA_MS;
  }

  #open() {
    const Source = mediaSourceClass();
    if (!Source) {
      this.handlers.onBroken('This browser has no Media Source Extensions.');
      return;
    }
    const source = new Source();
    this.source = source;
    source.addEventListener(
      'sourceopen',
      () => {
        URL.revokeObjectURL(this.url);
        if (!this.closed) this.#fill(source);
      },
      { once: true },
    );
    this.url = URL.createObjectURL(source);
    this.element.disableRemotePlayback = true;
    this.element.src = this.url;
  }

  /** @param {MediaSource} source */
  #fill(source) {
    try {
      source.duration = Infinity;
      for (const [kind, { mime }] of this.formats) this.queues.set(kind, this.#queue(source, mime));
    } catch (error) {
      this.handlers.onBroken(`The browser refused to set up the player: ${String(error)}`);
      return;
    }
    const { pending } = this;
    this.pending = [];
    for (const output of pending) this.#give(output);
  }

  /** @param {MediaSource} source @param {string} mime */
  #queue(source, mime) {
    return new SourceQueue(source.addSourceBuffer(mime), mime, {
      onFull: () => this.#makeRoom(),
      onBroken: (words) => this.handlers.onBroken(words),
      onChange: () => this.handlers.onChange(),
    });
  }

  /** @param {Output} output */
  #give(output) {
    const queue = this.queues.get(output.kind);
    if (!queue) return;
    if (output.type === 'format') {
      queue.setType(output.format.mime);
      if (output.init) queue.append(output.init);
      return;
    }
    if (output.place) queue.place(output.startMs / 1000);
    queue.append(output.data);
  }

  /** The browser's quota is used up: keeps one second behind the playhead. */
  #makeRoom() {
    const before = this.element.currentTime - 1;
    const queues = [...this.queues.values()];
    if (!queues.some((queue) => (queue.ranges()[0]?.[0] ?? before) < before)) {
      this.handlers.onBroken('The browser has no room left for this stream.');
      return;
    }
    for (const queue of queues) queue.remove(0, before);
  }

  /** Forgets what was played a while ago. */
  trim() {
    const keepFrom = this.element.currentTime - KEEP_SECONDS;
    for (const queue of this.queues.values()) {
      const start = queue.ranges()[0]?.[0];
      if (start !== undefined && start < keepFrom - SLACK_SECONDS) queue.remove(0, keepFrom);
    }
  }

  /** @param {Kind} kind @returns {number} the end of what a track has, in seconds */
  endOf(kind) {
    return this.queues.get(kind)?.ranges().at(-1)?.[1] ?? 0;
  }

  /** Feeds no more; the element keeps showing what it has until it is given something else. */
  close() {
    if (this.closed) return;
    this.closed = true;
    for (const queue of this.queues.values()) queue.close();
    this.queues.clear();
    this.pending = [];
    if (this.url) URL.revokeObjectURL(this.url);
  }
}
