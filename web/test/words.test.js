import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecName, explain } from '../lib/words.js';

const URL = 'rtmp://host/live/test';

test('the sentence for a Flash codec names it, says why, and says where to go', () => {
  assert.equal(
    explain({ kind: 'video', codec: 'h263', reason: 'no-decoder', detail: '' }, URL),
    "This stream's video is Sorenson H.263 (Flash 6). Browsers have no decoder for it; " +
      'open it in Flash Player, Ruffle, ffplay or VLC: rtmp://host/live/test',
  );
});

test('only players that can play it are named', () => {
  const speex = explain({ kind: 'audio', codec: 'speex', reason: 'no-decoder', detail: '' }, '');
  assert.equal(
    speex,
    "This stream's audio is Speex (Flash 10). Browsers have no decoder for it; " +
      'open it in Flash Player, ffplay or VLC.',
  );
});

test('every reason has a sentence', () => {
  for (const reason of /** @type {const} */ ([
    'no-decoder',
    'browser',
    'damaged',
    'no-config',
    'no-key',
    'encrypted',
  ])) {
    const text = explain({ kind: 'video', codec: 'hvc1', reason, detail: '' }, URL);
    assert.match(text, /^This stream's video is .*\.|: rtmp/);
  }
});

test('unknown codecs are quoted, also those named like parts of every object', () => {
  assert.equal(codecName('xyz9'), 'the unknown codec “xyz9”');
  assert.equal(codecName('constructor'), 'the unknown codec “constructor”');
});
