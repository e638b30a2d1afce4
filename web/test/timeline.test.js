import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START_MS, TIMELINE_LIMITS, Timeline } from '../lib/timeline.js';

const { seamMs } = TIMELINE_LIMITS;

/** @param {Timeline} timeline @param {string} kind @param {...number} timestamps */
const map = (timeline, kind, ...timestamps) =>
  timestamps.map((ts) => timeline.map(kind, ts) - START_MS);

test('a stream may begin anywhere; audio and video stay together', () => {
  const timeline = new Timeline();
  assert.deepEqual(map(timeline, 'video', 700_000, 700_040), [0, 40]);
  assert.deepEqual(map(timeline, 'audio', 699_980, 700_003, 700_026), [-20, 3, 26]);
  assert.equal(timeline.jumps, 0);
});

test('the counter wraps without a jump, for both tracks', () => {
  const timeline = new Timeline();
  const turn = 2 ** 32;
  assert.deepEqual(map(timeline, 'video', turn - 40, 0, 40), [0, 40, 80]);
  assert.deepEqual(map(timeline, 'audio', turn - 60, turn - 37, 3), [-20, 3, 43]);
  assert.equal(timeline.jumps, 0);
});

test('a track that first comes after the wrap is in the same turn', () => {
  const timeline = new Timeline();
  assert.deepEqual(map(timeline, 'video', 2 ** 32 - 10), [0]);
  assert.deepEqual(map(timeline, 'audio', 5), [15]);
});

test('the sign bit of FLV timestamps is only a bit', () => {
  const timeline = new Timeline();
  assert.deepEqual(map(timeline, 'video', 2 ** 31 - 20, 2 ** 31 + 20), [0, 40]);
});

test('a publisher that restarts at zero goes on where it was', () => {
  const timeline = new Timeline();
  map(timeline, 'video', 600_000, 600_040);
  map(timeline, 'audio', 600_000, 600_023);
  assert.deepEqual(map(timeline, 'audio', 0, 23), [40 + seamMs, 63 + seamMs]);
  assert.deepEqual(
    map(timeline, 'video', 0, 40),
    [40 + seamMs, 80 + seamMs],
    'the same new offset',
  );
  assert.equal(timeline.jumps, 1);
});

test('a restart soon after the start is seen, too', () => {
  const timeline = new Timeline();
  map(timeline, 'video', 0, 1000, 2000);
  assert.deepEqual(map(timeline, 'video', 0, 40), [2000 + seamMs, 2040 + seamMs]);
});

test('a long pause is cut out, a short one kept', () => {
  const timeline = new Timeline();
  assert.deepEqual(map(timeline, 'video', 0, 3000), [0, 3000]);
  assert.deepEqual(map(timeline, 'video', 33_000), [3000 + seamMs]);
});

test('a track that was away comes back in time with the one that went on', () => {
  const timeline = new Timeline();
  map(timeline, 'video', 0, 40);
  for (let ts = 0; ts <= 60_000; ts += 1000) map(timeline, 'audio', ts);
  assert.deepEqual(map(timeline, 'video', 60_040), [60_040]);
  assert.equal(timeline.jumps, 0);
});

test('tracks with clocks of their own each keep theirs', () => {
  const timeline = new Timeline();
  map(timeline, 'video', 0);
  assert.deepEqual(map(timeline, 'audio', 5_000_000, 5_000_023), [seamMs, seamMs + 23]);
  assert.deepEqual(map(timeline, 'video', 40, 80), [40, 80]);
  assert.deepEqual(map(timeline, 'audio', 5_000_046), [seamMs + 46]);
  assert.equal(timeline.jumps, 0);
});

test('small steps back stay as they are', () => {
  const timeline = new Timeline();
  assert.deepEqual(map(timeline, 'video', 1000, 1080, 1040), [0, 80, 40]);
});

test('a new connection goes on behind the old one', () => {
  const timeline = new Timeline();
  map(timeline, 'video', 5000, 6000);
  timeline.reconnect();
  assert.deepEqual(map(timeline, 'video', 5500), [1000 + seamMs]);
  assert.deepEqual(map(timeline, 'audio', 5490), [990 + seamMs]);
});

test('nothing lands before zero', () => {
  const timeline = new Timeline();
  timeline.map('audio', 100_000);
  assert.ok(timeline.map('video', 100_000 - TIMELINE_LIMITS.apartMs) >= 0);
  assert.ok(timeline.map('video', 0) >= 0);
});
