/**
 * The stage: the video, its controls, and what is said about the stream on it.
 *
 * Shows a `Player`; decides nothing about playing.
 */

import { explain } from '../lib/words.js';
import { byId, copyable, make, setText } from './dom.js';
import { commandLine, factsOf, placeOf, rateWords } from './model.js';

/** @typedef {import('../lib/player.js').Player} Player */
/** @typedef {import('../lib/player.js').PlayerState} PlayerState */
/** @typedef {import('../lib/player.js').PlayerStats} PlayerStats */
/** @typedef {import('./model.js').LiveStream} LiveStream */
/** @typedef {import('./model.js').ViaChoice} ViaChoice */

const REFRESH_MS = 500;
/** Further behind than this, the viewer is offered to jump. */
const BEHIND_SECONDS = 3;

/** @type {Readonly<Record<PlayerState, string>>} */
const STATE_WORDS = Object.freeze({
  idle: '',
  connecting: 'Connecting…',
  buffering: 'Waiting for the picture…',
  playing: 'Playing live',
  paused: 'Paused',
  blocked: 'Ready',
  retrying: 'Waiting for the stream…',
  undecodable: 'Cannot be played in a browser',
  failed: 'Stopped',
});

const SPINS = new Set(['connecting', 'buffering', 'retrying']);
/** States in which there is nothing to pause. */
const USELESS = new Set(['retrying', 'undecodable', 'failed']);

/**
 * @typedef {object} StageHandlers
 * @property {(via: ViaChoice) => void} onVia the viewer wants another transport
 * @property {() => void} onClose
 */

export class Stage {
  /**
   * @param {Player} player
   * @param {StageHandlers} handlers
   */
  constructor(player, handlers) {
    this.player = player;
    this.handlers = handlers;
    this.video = player.element;
    this.root = byId('stage', HTMLElement);
    this.screen = byId('screen', HTMLElement);
    this.title = byId('stream-title', HTMLElement);
    this.place = byId('stream-where', HTMLElement);
    this.facts = byId('stream-line', HTMLElement);
    this.status = byId('status', HTMLElement);
    this.overlayWords = byId('overlay-words', HTMLElement);
    this.overlayButton = byId('overlay-button', HTMLButtonElement);
    this.notices = byId('notices', HTMLElement);
    this.elsewhere = byId('elsewhere-lines', HTMLElement);
    this.playButton = byId('play', HTMLButtonElement);
    this.muteButton = byId('mute', HTMLButtonElement);
    this.unmuteButton = byId('unmute', HTMLButtonElement);
    this.volume = byId('volume', HTMLInputElement);
    this.live = byId('go-live', HTMLButtonElement);
    this.via = byId('via', HTMLSelectElement);
    this.details = byId('details', HTMLDetailsElement);
    this.numbers = byId('numbers', HTMLElement);
    /** @type {LiveStream | null} */
    this.stream = null;
    this.rtmp = '';
    this.publisher = '';
    this.#wire();
    setInterval(() => this.#refresh(), REFRESH_MS);
  }

  #wire() {
    const { player, video } = this;
    player.addEventListener('change', () => this.#refresh());
    video.addEventListener('volumechange', () => this.#showSound());
    this.playButton.addEventListener('click', () => this.#togglePlay());
    this.overlayButton.addEventListener('click', () => this.#overlayAction());
    this.muteButton.addEventListener('click', () => this.#setMuted(!video.muted));
    this.unmuteButton.addEventListener('click', () => this.#setMuted(false));
    this.volume.addEventListener('input', () => {
      video.volume = Number(this.volume.value) / 100;
      video.muted = video.volume === 0;
    });
    this.live.addEventListener('click', () => player.goLive());
    this.via.addEventListener('change', () => this.handlers.onVia(viaOf(this.via.value)));
    byId('fullscreen', HTMLButtonElement).addEventListener('click', () => this.#toggleFullscreen());
    byId('close', HTMLButtonElement).addEventListener('click', () => this.handlers.onClose());
    this.screen.addEventListener('keydown', (event) => this.#key(event));
    this.#showSound();
  }

  /**
   * Puts a stream on the stage.
   * @param {LiveStream} stream
   * @param {ViaChoice} via
   * @param {{ rtmp: string, http: string, ws: string }} urls its addresses for other players
   */
  open(stream, via, urls) {
    this.stream = stream;
    this.rtmp = urls.rtmp;
    this.root.hidden = false;
    this.via.value = via;
    setText(this.title, stream.name);
    setText(this.place, placeOf(stream));
    this.#showElsewhere(urls);
    this.update(stream);
    this.player.play(stream.path, via);
    this.#refresh();
  }

  /** What the server tells of the stream has changed. @param {LiveStream} stream */
  update(stream) {
    this.publisher = stream.publisher;
    setText(this.facts, factsOf(stream).join(' · '));
  }

  close() {
    this.player.stop();
    this.stream = null;
    this.root.hidden = true;
  }

  /** @param {{ rtmp: string, http: string, ws: string }} urls */
  #showElsewhere({ rtmp, http, ws }) {
    /** @type {[string, string][]} */
    const lines = [
      ['ffplay', commandLine('ffplay -fflags nobuffer', rtmp)],
      ['VLC', commandLine('vlc', rtmp)],
      ['RTMP', rtmp],
      ['HTTP-FLV', http],
      ['WebSocket-FLV', ws],
    ];
    this.elsewhere.replaceChildren(
      ...lines.flatMap(([label, text]) => [
        make('dt', { text: label }),
        make('dd', {}, copyable(`the ${label} line`, text)),
      ]),
    );
  }

  #togglePlay() {
    if (this.player.wantsPause || this.player.state === 'blocked') this.player.resume();
    else this.player.pause();
  }

  #overlayAction() {
    const { state } = this.player;
    if (state === 'paused' || state === 'blocked') this.player.resume();
    else this.player.retryNow();
  }

  /** @param {boolean} muted */
  #setMuted(muted) {
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 0.5;
  }

  #toggleFullscreen() {
    const done = document.fullscreenElement
      ? document.exitFullscreen()
      : this.screen.requestFullscreen();
    done.catch(() => {}); // refused by the browser: stays as it is
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onControl =
      event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    const onButton = event.target instanceof HTMLButtonElement;
    if (event.key === 'm' && !onControl) this.#setMuted(!this.video.muted);
    else if (event.key === 'f' && !onControl) this.#toggleFullscreen();
    else if ((event.key === 'k' || (event.key === ' ' && !onButton)) && !onControl)
      this.#togglePlay();
    else return;
    event.preventDefault();
  }

  #showSound() {
    const { video } = this;
    const silent = video.muted || video.volume === 0;
    this.muteButton.setAttribute('aria-pressed', String(silent));
    this.muteButton.setAttribute('aria-label', silent ? 'Unmute' : 'Mute');
    this.volume.value = String(silent ? 0 : Math.round(video.volume * 100));
    this.#showUnmute();
  }

  #showUnmute() {
    const { player, video } = this;
    const heard = player.pipeline?.formats.has('audio') ?? false;
    this.unmuteButton.hidden = !(video.muted && heard && player.state === 'playing');
  }

  #refresh() {
    if (!this.stream) return;
    const { player } = this;
    const stats = player.stats();
    this.screen.dataset['state'] = player.state;
    const picture = player.pipeline?.formats.has('video') ?? false;
    this.screen.dataset['picture'] = String(picture || player.state !== 'playing');
    this.screen.dataset['spins'] = String(SPINS.has(player.state));
    const words = this.#overlayText(player.state, player.words);
    setText(this.status, words || STATE_WORDS[player.state]);
    this.#showOverlay(player.state, words);
    this.#showNotices();
    this.#showUnmute();
    this.#showLive(stats);
    this.playButton.disabled = USELESS.has(player.state);
    const stopped = player.wantsPause || player.state === 'blocked';
    this.playButton.setAttribute('aria-label', stopped ? 'Play' : 'Pause');
    this.playButton.setAttribute('aria-pressed', String(!stopped));
    if (this.details.open) this.#showNumbers(stats);
  }

  /** @param {PlayerState} state @param {string} words */
  #showOverlay(state, words) {
    setText(this.overlayWords, words);
    const label = { paused: 'Play', blocked: 'Play', failed: 'Try again', retrying: 'Try now' };
    const text = Object.entries(label).find(([name]) => name === state)?.[1] ?? '';
    this.overlayButton.hidden = text === '';
    setText(this.overlayButton, text);
  }

  /** @param {PlayerState} state @param {string} words */
  #overlayText(state, words) {
    if (state === 'playing') {
      if (this.player.pipeline?.formats.has('video')) return '';
      const unseen = this.player.problems.some(({ kind }) => kind === 'video');
      return unseen ? 'Only the sound can be played here.' : 'This stream is sound only.';
    }
    if (state === 'undecodable') {
      return this.player.problems.map((problem) => explain(problem, this.rtmp)).join('\n');
    }
    if (state === 'retrying') return `${words} It will be played as soon as it is there.`;
    return words || STATE_WORDS[state];
  }

  #showNotices() {
    // When nothing can be played the overlay says it all.
    const problems = this.player.state === 'undecodable' ? [] : this.player.problems;
    const texts = problems.map((problem) => explain(problem, this.rtmp));
    if (this.player.mutedByBrowser && this.video.muted) {
      texts.push('The browser allows this page to play only without sound until you unmute it.');
    }
    const shown = [...this.notices.children].map((child) => child.textContent);
    if (texts.length === shown.length && texts.every((text, i) => text === shown[i])) return;
    this.notices.replaceChildren(...texts.map((text) => make('p', { text })));
  }

  /** @param {PlayerStats} stats */
  #showLive({ state, latency }) {
    const live = state === 'playing' && latency !== null;
    this.live.disabled = !live;
    this.live.dataset['behind'] = String(live && latency > BEHIND_SECONDS);
    setText(this.live, live ? `Live · ${latency.toFixed(1)} s` : 'Live');
    this.live.title = live
      ? `${latency.toFixed(1)} seconds behind the live edge; click to jump`
      : '';
  }

  /** @param {PlayerStats} stats */
  #showNumbers(stats) {
    /** @type {[string, string][]} */
    const rows = [
      [
        'Video',
        [stats.videoCodec, stats.width ? `${stats.width} × ${stats.height}` : '']
          .filter(Boolean)
          .join(', '),
      ],
      ['Audio', stats.audioCodec],
      ['Format', stats.mime],
      [
        'Publisher',
        [this.publisher, this.player.metadata.encoder ?? ''].filter(Boolean).join(', '),
      ],
      ['Transport', { ws: 'WebSocket', http: 'HTTP', '': '' }[stats.via]],
      [
        'Received',
        `${rateWords(stats.kbps) || '0 kbit/s'}, ${(stats.bytes / 1e6).toFixed(1)} MB in all`,
      ],
      ['Behind live', stats.latency === null ? '' : `${stats.latency.toFixed(2)} s`],
      ['Buffer', `${stats.buffered.toFixed(2)} s, aims at ${stats.target.toFixed(1)} s`],
      ['Speed', `× ${stats.rate.toFixed(2)}`],
      ['Frames', `${stats.framesShown} shown, ${stats.framesDropped} dropped`],
      ['Trouble', `${stats.stalls} stalls, ${stats.reconnects} reconnects, ${stats.jumps} jumps`],
    ];
    this.numbers.replaceChildren(
      ...rows
        .filter(([, value]) => value)
        .flatMap(([name, value]) => [make('dt', { text: name }), make('dd', { text: value })]),
    );
  }
}

/** @param {string} value @returns {ViaChoice} */
function viaOf(value) {
  return value === 'ws' || value === 'http' ? value : 'auto';
}
