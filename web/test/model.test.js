import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  commandLine,
  factsOf,
  linkTo,
  publishHelp,
  rateWords,
  readLink,
  readServer,
  readStreams,
  rtmpBase,
  rtmpUrl,
  spanWords,
  streamFromPath,
  streamPath,
} from '../page/model.js';

const ORIGIN = 'http://host:8080';
const entry = {
  app: 'live',
  instance: '_definst_',
  name: 'test',
  path: '/live/_definst_/test.flv',
  video: 'H.264',
  audio: 'AAC',
  width: 1280,
  height: 720,
  players: 1,
  publisher: 'ffmpeg',
  since_ms: 12_345,
  kbps: 2500,
};

test('the list of streams is read, sorted, and never trusted', () => {
  const answer = {
    streams: [
      { ...entry, path: '/b.flv' },
      { ...entry, path: '/a.flv' },
      { ...entry, path: '//evil/x.flv' },
      { ...entry, path: 'http://evil/x.flv' },
      { ...entry, path: 7 },
      null,
      'x',
      { path: '/c.flv', players: 'many' },
    ],
  };
  assert.deepEqual(
    readStreams(answer, ORIGIN, 0).map(({ path }) => path),
    ['/a.flv', '/b.flv', '/c.flv'],
  );
  assert.equal(readStreams(answer, ORIGIN, 0)[2]?.players, 0);
  for (const junk of [null, 5, [], {}, { streams: 5 }])
    assert.deepEqual(readStreams(junk, ORIGIN, 0), []);
});

test('since_ms is a span, or a moment', () => {
  const at = Date.UTC(2026, 0, 1);
  const read = (/** @type {number} */ since) =>
    readStreams({ streams: [{ ...entry, since_ms: since }] }, ORIGIN, at)[0]?.liveMs;
  assert.equal(read(12_345), 12_345);
  assert.equal(read(at - 5000), 5000);
});

test('links ask for a stream of this server, or for nothing', () => {
  assert.deepEqual(readLink('?play=/live/_definst_/test.flv&via=ws', ORIGIN), {
    path: '/live/_definst_/test.flv',
    via: 'ws',
  });
  assert.deepEqual(readLink('?play=%2Flive%2F_definst_%2Fa%2520b.flv', ORIGIN), {
    path: '/live/_definst_/a%20b.flv',
    via: 'auto',
  });
  for (const bad of [
    '',
    '?play=',
    '?play=//evil/x.flv',
    '?play=http://evil/x.flv',
    '?play=/api/streams',
    '?play=/%5Cevil/x.flv/..',
    '?play=javascript:alert(1).flv',
  ]) {
    assert.equal(readLink(bad, ORIGIN), null, bad);
  }
  assert.equal(streamPath('/\\evil/x.flv', ORIGIN), null, 'a backslash is a slash to URLs');
  const choice = { path: '/live/_definst_/a%20b&c.flv', via: /** @type {const} */ ('http') };
  assert.deepEqual(readLink(linkTo(choice).slice(1), ORIGIN), choice, 'there and back');
});

test('addresses for other players', () => {
  const stream = streamFromPath('/live/_definst_/a%20b.flv?token=1');
  assert.deepEqual([stream.app, stream.instance, stream.name], ['live', '_definst_', 'a b']);
  assert.equal(rtmpUrl(stream, 'host', 1935), 'rtmp://host/live/a b');
  assert.equal(
    rtmpUrl(streamFromPath('/chat/room1/x.flv'), 'host', 1936),
    'rtmp://host:1936/chat/room1/x',
  );
  assert.equal(streamFromPath('/live/x.flv').name, 'x');
  assert.equal(streamFromPath('/live/_definst_/%E0%A4.flv').name, '%E0%A4', 'broken escapes stay');
});

test('command lines survive a shell', () => {
  assert.equal(commandLine('vlc', 'rtmp://host:1936/live/x'), 'vlc rtmp://host:1936/live/x');
  assert.equal(commandLine('vlc', "rtmp://h/live/a b'$(rm)"), "vlc 'rtmp://h/live/a b'\\''$(rm)'");
});

test('the help names this server', () => {
  const help = publishHelp(rtmpBase('host', 1936, 'live'));
  assert.equal(help.server, 'rtmp://host:1936/live');
  assert.match(help.pattern, /-f flv rtmp:\/\/host:1936\/live\/test$/);
  assert.deepEqual(readServer({ rtmp_port: 19350, version: '0.1.0' }), {
    rtmpPort: 19_350,
    version: '0.1.0',
  });
  assert.deepEqual(readServer(null), { rtmpPort: 1935, version: '' });
});

test('facts in words', () => {
  const [stream] = readStreams({ streams: [entry] }, ORIGIN, 0);
  assert.ok(stream);
  assert.deepEqual(factsOf(stream), ['H.264 + AAC', '1280 × 720', '2.5 Mbit/s', '1 viewer']);
  assert.deepEqual(factsOf({ ...stream, video: '', width: 0, kbps: 0, players: 0 }), ['AAC']);
  assert.deepEqual([0, 90_000, 3_700_000, 200_000_000].map(spanWords), [
    'just now',
    '1 min',
    '1 h 1 min',
    '2 days',
  ]);
  assert.deepEqual([0, 64.4, 1000].map(rateWords), ['', '64 kbit/s', '1.0 Mbit/s']);
});
