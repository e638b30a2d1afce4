import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError, concat } from '../lib/bytes.js';
import { audioFormat } from '../lib/codec.js';
import { parseMp3Header, silentMp3Frame, splitMp3 } from '../lib/codec/mp3.js';
import { bytes, unhex } from './support/flv-writer.js';

/** @param {string} header @returns {import('../lib/bytes.js').Bytes} a frame of that header */
function frame(header) {
  const head = unhex(header);
  const out = new Uint8Array(parseMp3Header(head)?.bytes ?? 0).fill(0x55);
  out.set(head);
  return out;
}

test('headers: rates, channels, lengths', () => {
  const rows = /** @type {const} */ ([
    ['fffb50c4', { sampleRate: 44_100, channels: 1, samples: 1152, bytes: 208 }],
    ['fffb9264', { sampleRate: 44_100, channels: 2, samples: 1152, bytes: 418 }],
    ['fffb9464', { sampleRate: 48_000, channels: 2, samples: 1152, bytes: 384 }],
    ['fff340c4', { sampleRate: 22_050, channels: 1, samples: 576, bytes: 104 }],
    ['ffe348c4', { sampleRate: 8000, channels: 1, samples: 576, bytes: 288 }],
  ]);
  for (const [hex, expected] of rows) assert.deepEqual(parseMp3Header(unhex(hex)), expected, hex);
});

test('what is no layer III header is none', () => {
  for (const hex of [
    'fffb',
    'fffbf0c4',
    'fffb5cc4',
    'ffeb50c4',
    'fffd50c4',
    '00fb50c4',
    'fffb00c4',
  ]) {
    assert.equal(parseMp3Header(unhex(hex)), null, hex);
  }
});

test('a message is split into its frames, past garbage, without the cut-off end', () => {
  const one = frame('fffb50c4');
  assert.equal(splitMp3(one).length, 1);
  const three = concat([bytes(0, 0xff, 1), one, one, one.subarray(0, 50)]);
  assert.deepEqual(
    splitMp3(three).map(({ data }) => data),
    [one, one],
  );
  assert.throws(() => splitMp3(bytes(1, 2, 3, 4, 5)), FormatError);
});

test('silence has the header of the stream and nothing else', () => {
  const silent = silentMp3Frame(frame('fffa9264'));
  assert.ok(silent);
  assert.deepEqual([...silent.subarray(0, 4)], [...unhex('fffb9064')]);
  assert.equal(silent.length, 417);
  assert.ok(silent.subarray(4).every((byte) => byte === 0));
});

test('the browser decides between bare frames and MP4', () => {
  const message = frame('fffb9264');
  const bare = audioFormat('.mp3', null, message, (mime) => mime === 'audio/mpeg');
  assert.deepEqual([bare?.mime, bare?.entry], ['audio/mpeg', null]);
  const inMp4 = audioFormat('.mp3', null, message, (mime) => mime.includes('mp4a.6B'));
  assert.deepEqual([inMp4?.mime, inMp4?.entry?.type], ['audio/mp4; codecs="mp4a.6B"', 'mp4a']);
  assert.equal(bare?.changed?.(message), false);
  assert.equal(bare?.changed?.(frame('fffb50c4')), true, 'mono now');
  assert.equal(bare?.changed?.(bytes(1, 2)), false, 'garbage is no change');
});
