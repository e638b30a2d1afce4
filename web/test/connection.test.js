import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Connection } from '../lib/connection.js';
import { refusal, streamUrl } from '../lib/source.js';
import { FakeTimers } from './support/fake-timers.js';
import { bytes, flvHeader, flvTag } from './support/flv-writer.js';

/** @type {FakeSocket[]} */
let sockets = [];
/** @type {string[]} */
let fetched = [];
let fetchStatus = 404;
let timers = new FakeTimers();

class FakeSocket {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
    this.closed = false;
    /** @type {(() => void) | null} */
    this.onopen = null;
    /** @type {((event: { data: ArrayBuffer | string }) => void) | null} */
    this.onmessage = null;
    /** @type {((event: { code: number, reason: string }) => void) | null} */
    this.onclose = null;
    sockets.push(this);
  }

  close() {
    this.closed = true;
  }
}

const { WebSocket, fetch, setTimeout, clearTimeout } = globalThis;
const saved = { WebSocket, fetch, setTimeout, clearTimeout };

beforeEach(() => {
  sockets = [];
  fetched = [];
  fetchStatus = 404;
  timers = new FakeTimers();
  mock.method(Math, 'random', () => 0.5);
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    setTimeout: timers.setTimeout,
    clearTimeout: timers.clearTimeout,
    location: { href: 'http://host:8080/' },
    fetch: async (/** @type {string} */ url) => {
      fetched.push(url);
      return new Response(null, { status: fetchStatus });
    },
  });
});

afterEach(() => {
  mock.restoreAll();
  Object.assign(globalThis, saved);
});

/** @param {import('../lib/connection.js').ViaChoice} via */
function open(via) {
  /** @type {string[]} */
  const events = [];
  const connection = new Connection('/live/_definst_/test.flv', via, {
    onConnecting: () => events.push(`connecting ${connection.via}`),
    onTags: (tags) => events.push(`${tags.length} tags`),
    onLost: ({ reason }) => events.push(reason),
  });
  connection.open();
  return { connection, events };
}

/** Lets promises of the fake fetch settle. */
const settle = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

test('addresses for both transports', () => {
  assert.equal(streamUrl('/live/a.flv', 'ws', 'http://h:1/x?y'), 'ws://h:1/live/a.flv');
  assert.equal(streamUrl('/live/a.flv', 'ws', 'https://h/'), 'wss://h/live/a.flv');
  assert.equal(streamUrl('wss://other/a.flv', 'http', 'http://h/'), 'https://other/a.flv');
});

test('what HTTP answers mean', () => {
  const reasons = [404, 410, 401, 403, 400, 429, 500, 503].map((status) => refusal(status).reason);
  assert.deepEqual(reasons, [
    'absent',
    'absent',
    'refused',
    'refused',
    'refused',
    'lost',
    'lost',
    'lost',
  ]);
});

test('data becomes tags, text messages are ignored', () => {
  const { connection, events } = open('ws');
  const [socket] = sockets;
  assert.equal(socket?.url, 'ws://host:8080/live/_definst_/test.flv');
  socket.onopen?.();
  socket.onmessage?.({ data: flvHeader().buffer });
  socket.onmessage?.({ data: 'hello' });
  socket.onmessage?.({ data: flvTag(9, 0, bytes(1)).buffer });
  assert.deepEqual(events, ['connecting ws', '0 tags', '1 tags']);
  assert.ok(connection.receiving);
  assert.deepEqual(connection.demuxer?.header, { audio: true, video: true });
});

test('automatic: HTTP at once when WebSocket comes to nothing, then slower', async () => {
  const { connection, events } = open('auto');
  sockets[0]?.onclose?.({ code: 1006, reason: '' });
  timers.tick(0);
  await settle();
  assert.deepEqual(events, ['connecting ws', 'absent', 'connecting http', 'absent']);
  assert.deepEqual(fetched, ['http://host:8080/live/_definst_/test.flv']);
  timers.tick(499);
  assert.equal(sockets.length, 1);
  timers.tick(1);
  assert.equal(sockets.length, 2, 'after half a second');
  sockets[1]?.onclose?.({ code: 1006, reason: '' });
  timers.tick(0);
  await settle();
  timers.tick(999);
  assert.equal(sockets.length, 2);
  timers.tick(1);
  assert.equal(sockets.length, 3, 'after a second');
  connection.close();
});

test('a transport that was asked for is kept', () => {
  const { events } = open('ws');
  sockets[0]?.onclose?.({ code: 1006, reason: '' });
  timers.tick(500);
  assert.deepEqual(events, ['connecting ws', 'absent', 'connecting ws']);
});

test('a refusal is final', async () => {
  fetchStatus = 403;
  const { events } = open('http');
  await settle();
  timers.tick(60_000);
  assert.deepEqual(events, ['connecting http', 'refused']);
  assert.equal(fetched.length, 1);
});

test('damage ends the connection, and it is asked for again', () => {
  const { connection, events } = open('ws');
  sockets[0]?.onopen?.();
  sockets[0]?.onmessage?.({ data: bytes(1, 2, 3, 4, 5, 6, 7, 8, 9).buffer });
  assert.deepEqual(events, ['connecting ws', 'lost']);
  assert.ok(sockets[0]?.closed);
  timers.tick(500);
  assert.equal(sockets.length, 2);
  connection.close();
  timers.tick(60_000);
  assert.equal(sockets.length, 2, 'closed for good');
});

test('silence ends the connection', () => {
  const { connection, events } = open('ws');
  connection.tick(connection.receivedAt + 14_000);
  assert.deepEqual(events, ['connecting ws']);
  connection.tick(connection.receivedAt + 16_000);
  assert.deepEqual(events, ['connecting ws', 'lost']);
});

test('how a WebSocket ended', () => {
  const rows = /** @type {const} */ ([
    [1000, 'ended'],
    [1001, 'ended'],
    [1006, 'lost'],
    [1008, 'refused'],
    [1011, 'lost'],
  ]);
  for (const [code, reason] of rows) {
    sockets = [];
    const { connection, events } = open('ws');
    sockets[0]?.onopen?.();
    sockets[0]?.onclose?.({ code, reason: '' });
    assert.equal(events.at(-1), reason, String(code));
    connection.close();
  }
});
