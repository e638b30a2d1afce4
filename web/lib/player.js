/**
 * A live stream on a `<video>` element: connects, plays at the live edge, says what is going on.
 *
 * Puts the parts together: `connection.js` brings tags, `remux.js` makes segments of them,
 * `pipeline.js` feeds the browser, `playhead.js` stays at the live edge. Owns what the viewer
 * wants and sees, and the remedies when the browser cannot go on. Tells of changes by the event
 * `change`; what has changed is read from its properties.
 */

import { Connection } from './connection.js';
import { Pipeline, canDecode, mediaSourceClass } from './pipeline.js';
import { Playhead } from './playhead.js';
import { Remuxer } from './remux.js';
import { START_MS } from './timeline.js';
import { codecName } from './words.js';

/** @typedef {import('./connection.js').ViaChoice} ViaChoice */
/** @typedef {import('./flv.js').FlvTag} FlvTag */
/** @typedef {import('./live-edge.js').LiveOptions} LiveOptions */
/** @typedef {import('./pipeline.js').TrackHint} TrackHint */
/** @typedef {import('./problem.js').Problem} Problem */
/** @typedef {import('./remux.js').Kind} Kind */
/** @typedef {import('./remux.js').Output} Output */
/** @typedef {import('./source.js').SourceEnd} SourceEnd */
/** @typedef {import('./source.js').Via} Via */

/**
 * - `idle`: nothing to play
 * - `connecting`: asked for the stream, no data yet
 * - `buffering`: data is coming, but cannot be shown yet
 * - `playing`
 * - `paused`: by the viewer
 * - `blocked`: the browser wants a click before it plays
 * - `retrying`: the stream is not there or broke off; will ask again
 * - `undecodable`: data is coming, but the browser can decode none of it
 * - `failed`: will not try again by itself
 * @typedef {'idle' | 'connecting' | 'buffering' | 'playing' | 'paused' | 'blocked' | 'retrying'
 *   | 'undecodable' | 'failed'} PlayerState
 */

/**
 * @typedef {object} PlayerStats
 * @property {PlayerState} state
 * @property {Via | ''} via the transport in use
 * @property {number | null} latency seconds behind the live edge
 * @property {number} buffered seconds of media ahead of the playhead
 * @property {number} target seconds the player tries to keep ahead of the playhead
 * @property {number} rate playback rate
 * @property {string} videoCodec name, empty without video
 * @property {string} audioCodec name, empty without audio
 * @property {string} mime what the source buffers were opened for
 * @property {number} width pixels
 * @property {number} height
 * @property {number} framesShown frames given out for display
 * @property {number} framesDropped frames too late to be displayed
 * @property {number} bytes received since `play`
 * @property {number} kbps received lately, kilobits per second
 * @property {number} reconnects
 * @property {number} stalls
 * @property {number} jumps breaks in the publisher's timestamps
 * @property {number} damaged messages that could not be read
 */

const TICK_MS = 200;
/** Not moving although there is data: first to the live edge, then all over again. */
const NUDGE_MS = 3000;
const REBUILD_MS = 8000;
/** The picture has stood still for this long while sound goes on: plays the sound alone. */
const VIDEO_GONE_MS = 4000;
/** Paused for longer than this, the stream is let go and asked for again afterwards. */
const PAUSE_KEEP_MS = 15_000;
/** So many fresh starts in so long, and the player gives up. */
const REBUILDS = 4;
const REBUILDS_WITHIN_MS = 30_000;

/** @type {ReadonlySet<Kind>} */
const NONE = new Set();
/** @type {ReadonlySet<Kind>} */
const BOTH = new Set(['video', 'audio']);

export class Player extends EventTarget {
  /**
   * @param {HTMLVideoElement} element
   * @param {Partial<LiveOptions>} [live] how close to the live edge to play
   */
  constructor(element, live = {}) {
    super();
    this.element = element;
    this.live = live;
    /** @type {PlayerState} */
    this.state = 'idle';
    /** What is going on, in words; empty when the state says it all. */
    this.words = '';
    /** @type {Problem[]} tracks that are not played */
    this.problems = [];
    /** The browser allowed playing only without sound. */
    this.mutedByBrowser = false;
    /** The viewer has paused. */
    this.wantsPause = false;
    this.pausedAt = 0;
    /** @type {Connection | null} */
    this.connection = null;
    this.remuxer = new Remuxer(canDecode);
    this.playhead = new Playhead(element, live);
    /** @type {Pipeline | null} */
    this.pipeline = null;
    /** The tracks to play without, although they have been seen. */
    this.without = NONE;
    this.nudged = false;
    /** When the last fresh starts were made. @type {number[]} */
    this.rebuilds = [];
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    this.#listen();
  }

  /**
   * Starts to play a stream, in place of what was played before.
   * @param {string} address path or URL of the stream, such as `/live/_definst_/test.flv`
   * @param {ViaChoice} [via]
   */
  play(address, via = 'auto') {
    this.stop();
    if (!mediaSourceClass()) {
      this.#become('failed', 'This browser cannot play live streams (no Media Source Extensions).');
      return;
    }
    this.rebuilds = [];
    this.playhead = new Playhead(this.element, this.live);
    this.connection = new Connection(address, via, {
      onConnecting: () => this.#connecting(),
      onTags: (tags, now) => this.#receive(tags, now),
      onLost: (end) => this.#lost(end),
    });
    this.#renew(NONE);
    this.timer = setInterval(() => this.#tick(), TICK_MS);
    this.connection.open();
  }

  /** Stops playing and lets go of the stream. */
  stop() {
    clearInterval(this.timer);
    this.connection?.close();
    this.connection = null;
    this.pipeline?.close();
    this.pipeline = null;
    this.wantsPause = false;
    this.problems = [];
    this.mutedByBrowser = false;
    if (this.element.hasAttribute('src')) {
      this.element.removeAttribute('src');
      this.element.load();
    }
    this.#become('idle', '');
  }

  /** Pauses; the picture stays. */
  pause() {
    if (!this.connection || this.state === 'failed') return;
    this.wantsPause = true;
    this.pausedAt = performance.now();
    this.element.pause();
    this.#become('paused', '');
  }

  /** Plays on after `pause` or `blocked`, at the live edge. */
  resume() {
    if (!this.connection) return;
    this.wantsPause = false;
    this.#become('buffering', '');
    this.connection.retryNow();
    this.goLive();
    this.#startElement();
  }

  /** Jumps to the newest data. */
  goLive() {
    this.playhead.join(performance.now());
  }

  /** Asks for the stream at once instead of waiting for the next retry. */
  retryNow() {
    if (!this.connection || this.wantsPause) return;
    if (this.state === 'failed') this.play(this.connection.address, this.connection.choice);
    else this.connection.retryNow();
  }

  /** @returns {PlayerStats} */
  stats() {
    const { element, playhead, connection, remuxer } = this;
    const formats = [...(this.pipeline?.formats.values() ?? [])];
    const quality = element.getVideoPlaybackQuality();
    return {
      state: this.state,
      via: connection?.via ?? '',
      latency: playhead.latency(performance.now()),
      buffered: playhead.ahead(),
      target: playhead.edge.target,
      rate: element.playbackRate,
      videoCodec: nameOf(remuxer.video.codec),
      audioCodec: nameOf(remuxer.audio.codec),
      mime: formats.map((format) => format.mime).join(' + '),
      width: element.videoWidth,
      height: element.videoHeight,
      framesShown: quality.totalVideoFrames - quality.droppedVideoFrames,
      framesDropped: quality.droppedVideoFrames,
      bytes: connection?.bytes ?? 0,
      kbps: Math.round(connection?.kbps ?? 0),
      reconnects: connection?.reconnects ?? 0,
      stalls: playhead.stalls,
      jumps: remuxer.timeline.jumps,
      damaged: remuxer.damaged,
    };
  }

  /** The publisher's own description of the stream. */
  get metadata() {
    return this.remuxer.metadata;
  }

  #listen() {
    const { element } = this;
    element.addEventListener('playing', () => this.#tick());
    element.addEventListener('pause', () => this.#elementPaused());
    element.addEventListener('play', () => {
      if (this.wantsPause) this.resume();
    });
    element.addEventListener('error', () => {
      const { error } = element;
      if (error && this.connection) {
        this.#rebuild(`The browser could not decode the stream: ${error.message}`, NONE);
      }
    });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.connection) this.#startElement();
    });
  }

  /** Someone else paused the element: its own controls, a media key, the browser. */
  #elementPaused() {
    if (this.wantsPause || document.hidden || this.element.error) return;
    if (this.state === 'playing') this.pause();
  }

  /** Starts over with nothing received. @param {ReadonlySet<Kind>} expected tracks to wait for */
  #renew(expected) {
    this.remuxer = new Remuxer(canDecode);
    this.playhead.forgetLatency();
    this.#newPipeline(expected, NONE);
  }

  /**
   * @param {ReadonlySet<Kind>} expected tracks to wait for
   * @param {ReadonlySet<Kind>} without tracks not to wait for
   */
  #newPipeline(expected, without) {
    this.pipeline?.close();
    this.pipeline = new Pipeline(
      this.element,
      {
        onBroken: (words) => this.#rebuild(words, expected),
        onLateTrack: (kind, outputs) => this.#lateTrack(kind, outputs),
        onChange: () => this.#steer(performance.now()),
      },
      expected,
    );
    this.without = without;
    this.nudged = false;
    this.playhead.join(performance.now());
  }

  #connecting() {
    this.remuxer.reconnect();
    this.playhead.forgetLatency();
    if (this.pipeline?.decided) this.playhead.join(performance.now(), this.remuxer.edgeMs / 1000);
    // While retrying, the reason stays until data comes.
    if (this.state !== 'retrying') this.#become('connecting', '');
  }

  /** @param {readonly FlvTag[]} tags @param {number} now */
  #receive(tags, now) {
    if (this.state === 'connecting') this.#become('buffering', '');
    this.#feed(this.remuxer.push(tags, now), now);
  }

  /** @param {SourceEnd} end */
  #lost(end) {
    if (end.reason === 'refused') this.#fail(end.words);
    else if (this.wantsPause)
      this.connection?.close(); // asked for again when the viewer resumes
    else this.#become('retrying', end.words);
  }

  /** @param {readonly Output[]} outputs @param {number} now */
  #feed(outputs, now) {
    if (outputs.length > 0) this.playhead.arrived(this.remuxer.edgeMs, now);
    this.pipeline?.feed(outputs, now);
    this.#noteProblems();
    const { pipeline } = this; // feeding may have led to a new one
    if (!pipeline || pipeline.decided) return;
    const mediaMs = this.remuxer.timeline.newest - START_MS;
    pipeline.decide({ video: this.#hint('video'), audio: this.#hint('audio') }, mediaMs, now);
    if (pipeline.decided) this.#startElement();
  }

  /** @param {Kind} kind @returns {TrackHint} */
  #hint(kind) {
    if (this.without.has(kind)) return 'absent';
    const track = this.remuxer[kind];
    if (track.problem) return 'hopeless';
    if (track.seen) return 'seen';
    const header = this.connection?.demuxer?.header;
    return header && !header[kind] ? 'absent' : 'unknown';
  }

  #noteProblems() {
    const { problems } = this.remuxer;
    const same =
      problems.length === this.problems.length &&
      problems.every((problem, i) => problem === this.problems[i]);
    if (same) return;
    this.problems = problems;
    this.dispatchEvent(new Event('change'));
  }

  #startElement() {
    if (this.wantsPause) return;
    this.element.play().catch((/** @type {unknown} */ error) => this.#playRefused(error));
  }

  /** @param {unknown} error */
  #playRefused(error) {
    if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
    if (this.element.muted) {
      this.#become('blocked', 'The browser wants a click before it plays.');
      return;
    }
    this.element.muted = true;
    this.mutedByBrowser = true;
    this.dispatchEvent(new Event('change'));
    this.#startElement();
  }

  /** @param {string} words */
  #fail(words) {
    clearInterval(this.timer);
    this.connection?.close();
    this.#become('failed', words);
    this.element.pause();
  }

  /**
   * Starts over with a new media source and a new connection, which brings a key frame soonest.
   * @param {string} words why
   * @param {ReadonlySet<Kind>} expected
   */
  #rebuild(words, expected) {
    const now = performance.now();
    this.rebuilds = [...this.rebuilds.filter((at) => now - at < REBUILDS_WITHIN_MS), now];
    if (this.rebuilds.length > REBUILDS) {
      this.#fail(words);
      return;
    }
    this.#renew(expected);
    this.connection?.open();
  }

  /** @param {Kind} kind @param {readonly Output[]} outputs */
  #lateTrack(kind, outputs) {
    if (kind === 'audio') {
      this.#rebuild('The tracks of the stream keep changing.', BOTH);
      return;
    }
    // Its key frame is in hand, and audio can start anywhere: no need to connect again.
    this.#newPipeline(BOTH, NONE);
    this.remuxer.announceAgain('audio');
    this.pipeline?.feed(outputs, performance.now());
  }

  #tick() {
    const now = performance.now();
    const { connection, playhead } = this;
    if (!connection || this.state === 'failed') return;
    connection.tick(now);
    this.#feed(this.remuxer.tick(now), now);
    this.pipeline?.trim();
    if (this.wantsPause) {
      if (now - this.pausedAt > PAUSE_KEEP_MS) connection.close();
      return;
    }
    this.#steer(now);
    playhead.watch(now);
    this.#helpStall(now);
    this.#showState(now);
  }

  /** @param {number} now */
  #steer(now) {
    if (this.pipeline?.decided && !this.wantsPause) this.playhead.steer(now);
  }

  /** Nothing moves: the longer, the stronger the medicine. @param {number} now */
  #helpStall(now) {
    const { pipeline, playhead, element } = this;
    const still = playhead.stillFor(now);
    if (still < NUDGE_MS) this.nudged = false;
    if (still < NUDGE_MS || !pipeline) return;
    const soundGoesOn = pipeline.endOf('audio') > element.currentTime + 1;
    const pictureGone = now - this.remuxer.lastVideoAt > VIDEO_GONE_MS;
    if (pipeline.formats.has('video') && soundGoesOn && pictureGone) this.#dropVideo();
    else if (playhead.ahead() < playhead.edge.target)
      return; // no data: nothing to help
    else if (still > REBUILD_MS) this.#rebuild('Playback stopped and did not go on.', NONE);
    else if (!this.nudged) this.#nudge(now);
  }

  /** @param {number} now */
  #nudge(now) {
    this.nudged = true;
    this.playhead.nudge(now);
    this.#startElement();
  }

  /** The picture has stopped, the sound has not. */
  #dropVideo() {
    this.remuxer.announceAgain('audio');
    this.remuxer.announceAgain('video');
    this.#newPipeline(NONE, new Set(['video']));
  }

  /** @param {number} now */
  #showState(now) {
    const { connection, playhead } = this;
    // What is in the buffer plays on while a connection is being restored.
    if (!connection?.receiving) return;
    if (playhead.isMoving(now)) this.#become('playing', '');
    else if (this.state === 'blocked' && this.element.paused) return;
    else if (this.#hopeless()) this.#become('undecodable', '');
    else if (this.state !== 'playing' || playhead.stillFor(now) > 0) this.#become('buffering', '');
  }

  /** Whether nothing of what comes can be played. */
  #hopeless() {
    return this.problems.length > 0 && this.pipeline?.formats.size === 0;
  }

  /** @param {PlayerState} state @param {string} words */
  #become(state, words) {
    if (state === this.state && words === this.words) return;
    this.state = state;
    this.words = words;
    this.dispatchEvent(new Event('change'));
  }
}

/** @param {string} codec may be empty */
function nameOf(codec) {
  return codec ? codecName(codec) : '';
}
