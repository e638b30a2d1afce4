/** The list of live streams on the page. */

import { byId, make, setText } from './dom.js';
import { factsOf, linkTo, placeOf, spanWords } from './model.js';

/** @typedef {import('./model.js').LiveStream} LiveStream */

export class StreamList {
  /** @param {(path: string) => void} onChoose */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.list = byId('streams', HTMLUListElement);
    this.empty = byId('streams-empty', HTMLElement);
    this.count = byId('streams-count', HTMLElement);
    this.playing = '';
    /**
     * Items by path, kept as long as the stream lives so that focus is not lost.
     * @type {Map<string, HTMLLIElement>}
     */
    this.items = new Map();
  }

  /** @param {readonly LiveStream[]} streams */
  show(streams) {
    const live = new Set(streams.map(({ path }) => path));
    for (const [path, item] of this.items) {
      if (live.has(path)) continue;
      item.remove();
      this.items.delete(path);
    }
    streams.forEach((stream, i) => this.#place(stream, i));
    this.empty.hidden = streams.length > 0;
    setText(this.count, streams.length === 0 ? '' : String(streams.length));
    this.mark(this.playing);
  }

  /** @param {LiveStream} stream @param {number} index */
  #place(stream, index) {
    let item = this.items.get(stream.path);
    if (!item) {
      item = make('li', {}, this.#link(stream.path));
      this.items.set(stream.path, item);
    }
    fill(item, stream);
    if (this.list.children[index] !== item)
      this.list.insertBefore(item, this.list.children[index] ?? null);
  }

  /** @param {string} path */
  #link(path) {
    const link = make(
      'a',
      { class: 'stream', href: linkTo({ path, via: 'auto' }) },
      make('span', { class: 'stream-name' }),
      make('span', { class: 'stream-place' }),
      make('span', { class: 'stream-facts' }),
      make('span', { class: 'stream-since' }),
    );
    link.addEventListener('click', (event) => {
      // Clicks that ask for another tab or window are the browser's.
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.onChoose(path);
    });
    return link;
  }

  /** Shows which stream is on the stage. @param {string} path */
  mark(path) {
    this.playing = path;
    for (const [itemPath, item] of this.items) {
      const link = item.firstElementChild;
      if (itemPath === path) link?.setAttribute('aria-current', 'true');
      else link?.removeAttribute('aria-current');
    }
  }
}

/** @param {Element} item @param {LiveStream} stream */
function fill(item, stream) {
  /** @type {[string, string][]} */
  const texts = [
    ['.stream-name', stream.name],
    ['.stream-place', placeOf(stream)],
    ['.stream-facts', factsOf(stream).join(' · ')],
    ['.stream-since', spanWords(stream.liveMs)],
  ];
  for (const [selector, text] of texts) {
    const element = item.querySelector(selector);
    if (element) setText(element, text);
  }
}
