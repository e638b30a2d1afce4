import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlvDemuxer } from '../lib/flv.js';
import { Remuxer } from '../lib/remux.js';
import { concat } from '../lib/bytes.js';
import { START_MS } from '../lib/timeline.js';
import { readBoxes, readSegment } from './support/boxes.js';
import {
  aac,
  amfEcmaArray,
  amfNumber,
  amfString,
  avc,
  bytes,
  enhancedVideo,
  flvHeader,
  flvTag,
  mp3,
  number,
  unhex,
} from './support/flv-writer.js';

/** @typedef {import('../lib/bytes.js').Bytes} Bytes */
/** @typedef {import('../lib/remux.js').Output} Output */

const AVC = unhex(
  '0164001effe100196764001eacb405017fcb8088000003000800000301e478b17501000468ef0fcbfdf8f800',
);
const VP9_KEY = unhex('824983420027f016760838241c185c10');
const everything = () => true;
const MP3 = new Uint8Array(418);
MP3.set(unhex('fffb9264'));

/** @param {Remuxer} remuxer @param {Bytes[]} tags @param {number} [now] @returns {Output[]} */
function push(remuxer, tags, now = 0) {
  return remuxer.push(new FlvDemuxer().push(concat([flvHeader(), ...tags])), now);
}

/** @param {Output[]} outputs */
const brief = (outputs) => outputs.map((output) => `${output.kind} ${output.type}`);

/** @param {Output[]} outputs @param {'audio' | 'video'} kind */
function media(outputs, kind) {
  return outputs.flatMap((output) =>
    output.type === 'media' && output.kind === kind ? [readSegment(output.data)] : [],
  );
}

/** @param {number} from milliseconds @param {number} to @param {number} base @returns {Bytes[]} */
function stream(from, to, base = 0) {
  const tags = [];
  for (let ms = from; ms < to; ms += 40) {
    tags.push(flvTag(9, base + ms, avc(1, ms % 1000 === 0, bytes(ms & 255))));
    tags.push(flvTag(8, base + ms, aac(1, bytes(7))));
  }
  return tags;
}
const sets = [flvTag(9, 0, avc(0, true, AVC)), flvTag(8, 0, aac(0, unhex('1208')))];

test('formats are announced before their media, once', () => {
  const remuxer = new Remuxer(everything);
  const first = push(remuxer, [...sets, ...stream(0, 200)]);
  assert.deepEqual(brief(first), ['video format', 'video media', 'audio format', 'audio media']);
  const init = first[0];
  assert.ok(init?.type === 'format' && init.init);
  assert.deepEqual(
    readBoxes(init.init).map(({ type }) => type),
    ['ftyp', 'moov'],
  );
  const more = push(remuxer, [...sets, ...stream(200, 400)]);
  assert.deepEqual(brief(more), ['video media', 'audio media']);
  const [a] = media(first, 'video');
  const [b] = media(more, 'video');
  assert.equal(a?.start, START_MS * 90);
  const end = (a?.start ?? 0) + (a?.samples ?? []).reduce((sum, { duration }) => sum + duration, 0);
  assert.equal(b?.start, end, 'segments follow one another');
});

test('set-up data with any timestamp does not move the clock', () => {
  const remuxer = new Remuxer(everything);
  const outputs = push(remuxer, [
    ...sets,
    ...stream(0, 80, 900_000),
    ...sets,
    ...stream(80, 160, 900_000),
  ]);
  assert.equal(media(outputs, 'video')[0]?.start, START_MS * 90);
  assert.equal(remuxer.timeline.jumps, 0);
});

test('a codec change in the middle is a new format', () => {
  const remuxer = new Remuxer(everything);
  push(remuxer, [...sets, ...stream(0, 80)]);
  const outputs = push(remuxer, [
    flvTag(9, 80, enhancedVideo('vp09', 1, true, VP9_KEY)),
    flvTag(9, 120, enhancedVideo('vp09', 1, false, bytes(0x86))),
    flvTag(8, 80, mp3(MP3)),
    flvTag(8, 106, mp3(MP3)),
  ]);
  assert.deepEqual(brief(outputs), [
    'video media',
    'video format',
    'video media',
    'audio format',
    'audio media',
  ]);
  const audio = outputs.at(-1);
  assert.ok(audio?.type === 'media' && audio.place);
  assert.deepEqual(audio.data.length, 2 * MP3.length, 'bare frames');
});

test('only the default track is played', () => {
  const remuxer = new Remuxer(everything);
  const second = concat([
    bytes(0x96, 0x00),
    Uint8Array.from('avc1', (c) => c.charCodeAt(0)),
    bytes(1),
    AVC,
  ]);
  push(remuxer, [flvTag(9, 0, second)]);
  assert.equal(remuxer.video.seen, false);
});

test('a restart of the publisher goes on without a gap', () => {
  const remuxer = new Remuxer(everything);
  const before = push(remuxer, [...sets, ...stream(0, 400, 700_000)]);
  const after = push(remuxer, [...sets, ...stream(0, 400)]);
  const [a] = media(before, 'video');
  const [b] = media(after, 'video');
  const sum = (a?.samples ?? []).reduce((total, { duration }) => total + duration, a?.start ?? 0);
  assert.equal(b?.start, sum);
  assert.ok((b?.samples ?? []).every(({ duration }) => duration > 0 && duration < 100 * 90));
  assert.deepEqual(brief(after), ['video media', 'audio media'], 'the same formats go on');
});

test('damage in a message costs that message', () => {
  const remuxer = new Remuxer(everything);
  const outputs = push(remuxer, [
    ...sets,
    flvTag(9, 0, bytes(0x17)),
    flvTag(8, 0, bytes(0x95, 0x31, 1)),
    flvTag(18, 0, bytes(9, 9)),
    ...stream(0, 80),
  ]);
  assert.equal(remuxer.damaged, 3);
  assert.equal(outputs.length, 4);
});

test('an undecodable track is named, the other is played', () => {
  const remuxer = new Remuxer(everything);
  const outputs = push(remuxer, [
    flvTag(9, 0, bytes(0x12, 1, 2)),
    flvTag(8, 0, mp3(MP3)),
    flvTag(8, 26, mp3(MP3)),
  ]);
  assert.deepEqual(
    remuxer.problems.map(({ kind, codec, reason }) => [kind, codec, reason]),
    [['video', 'h263', 'no-decoder']],
  );
  assert.deepEqual(brief(outputs), ['audio format', 'audio media']);
});

test('encrypted media is named', () => {
  const remuxer = new Remuxer(everything);
  push(remuxer, [flvTag(0x29, 0, avc(1, true, bytes(1)))]);
  assert.deepEqual(
    remuxer.problems.map(({ kind, reason }) => [kind, reason]),
    [['video', 'encrypted']],
  );
});

test('metadata is kept until there is newer', () => {
  const remuxer = new Remuxer(everything);
  const info = concat([amfString('onMetaData'), amfEcmaArray({ width: amfNumber(320) })]);
  push(remuxer, [flvTag(18, 0, info), flvTag(18, 5, amfString('onCuePoint'))]);
  assert.deepEqual(remuxer.metadata, { width: 320 });
});

test('a slow picture is shown without waiting for the next one', () => {
  const remuxer = new Remuxer(everything);
  push(remuxer, [...sets, flvTag(9, 0, avc(1, true, bytes(1)))], 1000);
  assert.deepEqual(remuxer.tick(1100), []);
  assert.deepEqual(brief(remuxer.tick(1300)), ['video format', 'video media']);
});

test('when the sound stops, silence goes on with the picture', () => {
  const remuxer = new Remuxer(everything);
  push(remuxer, [...sets, ...stream(0, 200)], 0);
  const frames = [];
  for (let ms = 200; ms < 3000; ms += 40) frames.push(flvTag(9, ms, avc(1, false, bytes(1))));
  assert.deepEqual(media(push(remuxer, frames, 100), 'audio'), [], 'it was heard a moment ago');
  const [silence] = media(remuxer.tick(2800), 'audio');
  assert.ok((silence?.samples.length ?? 0) > 80);
});

test('formats can be announced again for another media source', () => {
  const remuxer = new Remuxer(everything);
  push(remuxer, [...sets, ...stream(0, 200)]);
  remuxer.announceAgain('audio');
  remuxer.announceAgain('video');
  assert.deepEqual(brief(push(remuxer, stream(200, 400))), ['audio format', 'audio media']);
  const outputs = push(remuxer, stream(1000, 1200));
  assert.deepEqual(brief(outputs), ['video format', 'video media', 'audio media']);
  assert.equal(media(outputs, 'video')[0]?.samples[0]?.key, true);
});

test('time offsets below a millisecond are kept', () => {
  const remuxer = new Remuxer(everything);
  const at = (/** @type {number} */ ms, /** @type {number} */ nano, /** @type {boolean} */ key) =>
    flvTag(
      9,
      ms,
      concat([
        bytes(key ? 0x97 : 0xa7, 2),
        number(nano, 3),
        bytes(3),
        Uint8Array.from('avc1', (c) => c.charCodeAt(0)),
        bytes(1),
      ]),
    );
  const outputs = push(remuxer, [
    sets[0] ?? bytes(),
    at(0, 0, true),
    at(33, 333_333, false),
    at(66, 666_667, false),
  ]);
  assert.deepEqual(
    media(outputs, 'video')[0]?.samples.map(({ duration }) => duration),
    [3000, 3000],
  );
});
