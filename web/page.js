/**
 * The page a Greenroom server shows: what is live, a player for it, and how to publish.
 *
 * `window.greenroom.player` is there for tests and for curious people in the console.
 */

import { Player } from './lib/player.js';
import { streamUrl } from './lib/source.js';
import { byId, copyable, make, setText } from './page/dom.js';
import { followStreams, getJson } from './page/feed.js';
import { StreamList } from './page/list.js';
import {
  linkTo,
  publishHelp,
  readLink,
  readServer,
  readStreams,
  rtmpBase,
  rtmpUrl,
  streamFromPath,
} from './page/model.js';
import { Stage } from './page/stage.js';

/** @typedef {import('./page/model.js').Choice} Choice */
/** @typedef {import('./page/model.js').LiveStream} LiveStream */

const player = new Player(byId('video', HTMLVideoElement));
const list = new StreamList((path) => choose({ path, via: readVia() }));
const stage = new Stage(player, {
  onVia: (via) => {
    if (current) choose({ path: current.path, via });
  },
  onClose: () => choose(null),
});

let server = readServer(null);
/** @type {LiveStream[]} */
let streams = [];
/** @type {Choice | null} */
let current = null;

function readVia() {
  return current?.via ?? 'auto';
}

/** @param {Choice | null} choice the viewer's, to be remembered in the address */
function choose(choice) {
  history.pushState(null, '', choice ? linkTo(choice) : '/');
  show(choice);
}

/** @param {Choice | null} choice */
function show(choice) {
  current = choice;
  list.mark(choice?.path ?? '');
  byId('welcome', HTMLElement).hidden = choice !== null;
  if (!choice) {
    stage.close();
    document.title = 'Greenroom';
    return;
  }
  const stream = streams.find(({ path }) => path === choice.path) ?? streamFromPath(choice.path);
  document.title = `${stream.name} – Greenroom`;
  stage.open(stream, choice.via, {
    rtmp: rtmpUrl(stream, location.hostname, server.rtmpPort),
    http: streamUrl(choice.path, 'http', location.href),
    ws: streamUrl(choice.path, 'ws', location.href),
  });
}

/** @param {unknown} answer */
function takeStreams(answer) {
  const before = new Set(streams.map(({ path }) => path));
  streams = readStreams(answer, location.origin, Date.now());
  list.show(streams);
  setText(byId('welcome-title', HTMLElement), welcome(streams.length));
  const mine = streams.find(({ path }) => path === current?.path);
  if (!mine) return;
  stage.update(mine);
  if (!before.has(mine.path)) player.retryNow(); // it has just come (back): no need to wait
}

/** @param {number} count of live streams */
function welcome(count) {
  if (count === 0) return 'Nothing is on air yet';
  return count === 1 ? 'One stream is on air' : `${count} streams are on air`;
}

/** @param {boolean} connected */
function showConnected(connected) {
  const pill = byId('server-state', HTMLElement);
  pill.dataset['connected'] = String(connected);
  setText(pill, connected ? 'Connected' : 'Server unreachable, trying again…');
}

function showHelp() {
  const help = publishHelp(rtmpBase(location.hostname, server.rtmpPort, 'live'));
  /** @type {[string, string, string][]} */
  const slots = [
    ['help-server', 'the server address', help.server],
    ['help-key', 'the stream key', help.key],
    ['help-pattern', 'the test picture line', help.pattern],
    ['help-file', 'the file line', help.file],
  ];
  for (const [id, label, text] of slots) {
    byId(id, HTMLElement).replaceChildren(copyable(label, text));
  }
  const version = server.version ? `Greenroom ${server.version}` : 'Greenroom';
  byId('version', HTMLElement).replaceChildren(make('span', { text: version }));
}

async function start() {
  Object.assign(window, { greenroom: { player } });
  server = readServer(await getJson('/api/server'));
  showHelp();
  show(readLink(location.search, location.origin));
  addEventListener('popstate', () => show(readLink(location.search, location.origin)));
  followStreams({ onStreams: takeStreams, onConnected: showConnected });
}

await start();
