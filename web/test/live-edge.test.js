import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatencyMeter } from '../lib/latency.js';
import { LIVE_OPTIONS, LiveEdge } from '../lib/live-edge.js';

/** @param {Partial<import('../lib/live-edge.js').Situation>} part */
const situation = (part) => ({
  now: 100,
  currentTime: 10,
  ranges: /** @type {[number, number][]} */ ([[10, 12]]),
  edge: 12,
  stalled: false,
  joining: false,
  ...part,
});

const { targetSeconds, maxRate, maxTargetSeconds } = LIVE_OPTIONS;
const near = (/** @type {number | null} */ value, /** @type {number} */ expected) =>
  assert.ok(value !== null && Math.abs(value - expected) < 0.03, `${value} is not ${expected}`);

test('joining goes to the target distance from the newest data', () => {
  near(
    new LiveEdge().decide(situation({ joining: true, currentTime: 0 })).seek,
    12 - targetSeconds,
  );
  const little = situation({ joining: true, currentTime: 0, ranges: [[10, 10.1]], edge: 10.1 });
  near(new LiveEdge().decide(little).seek, 10.02);
});

test('what a buffer promises beyond the newest data does not count', () => {
  const open = situation({ joining: true, currentTime: 0, ranges: [[10, 17]], edge: 12 });
  near(new LiveEdge().decide(open).seek, 12 - targetSeconds);
});

test('at the target nothing is done; a little above, it plays faster until it is there', () => {
  const edge = new LiveEdge();
  assert.deepEqual(edge.decide(situation({ currentTime: 12 - targetSeconds })), {
    seek: null,
    rate: 1,
  });
  const fast = edge.decide(situation({ currentTime: 12 - targetSeconds - 0.6 }));
  assert.ok(fast.seek === null && fast.rate > 1 && fast.rate <= maxRate);
  assert.ok(edge.decide(situation({ currentTime: 12 - targetSeconds - 0.1 })).rate > 1, 'goes on');
  assert.equal(edge.decide(situation({ currentTime: 12 - targetSeconds - 0.01 })).rate, 1);
  assert.equal(edge.decide(situation({ currentTime: 12 - targetSeconds - 0.1 })).rate, 1, 'rests');
});

test('far above, it jumps; not again and again, unless it is very far', () => {
  const edge = new LiveEdge();
  near(edge.decide(situation({ ranges: [[5, 12]], currentTime: 8 })).seek, 12 - targetSeconds);
  const again = situation({ now: 102, ranges: [[5, 14]], currentTime: 10, edge: 14 });
  assert.deepEqual(edge.decide(again), { seek: null, rate: maxRate });
  near(edge.decide({ ...again, currentTime: 5 }).seek, 14 - targetSeconds);
  near(edge.decide({ ...again, now: 120 }).seek, 14 - targetSeconds);
});

test('a hole in the data is jumped over, the end of the data is waited at', () => {
  const edge = new LiveEdge();
  /** @type {[number, number][]} */
  const ranges = [
    [5, 9],
    [10, 11],
  ];
  near(edge.decide(situation({ ranges, currentTime: 9.5, edge: 11 })).seek, 11 - targetSeconds);
  near(
    edge.decide(situation({ ranges, currentTime: 8.95, edge: 11, stalled: true })).seek,
    11 - targetSeconds,
  );
  assert.equal(edge.decide(situation({ ranges, currentTime: 11, edge: 11 })).seek, null);
  assert.deepEqual(edge.decide(situation({ ranges: [] })), { seek: null, rate: 1 });
});

test('stalls raise the target up to a limit, calm lowers it again', () => {
  const edge = new LiveEdge();
  for (let i = 0; i < 50; i += 1) edge.stalled(i);
  assert.equal(edge.target, maxTargetSeconds);
  for (let now = 50; now < 5000; now += 1) edge.calm(now);
  assert.equal(edge.target, targetSeconds);
});

test('latency is what the playhead is behind the best arrival', () => {
  const meter = new LatencyMeter();
  assert.equal(meter.latency(0, 0), null);
  meter.arrived(10_000, 50_000); // 40 s between media and wall clock
  meter.arrived(10_500, 50_900); // this came 0.4 s late
  assert.equal(meter.latency(10_000, 51_000), 1);
  assert.equal(meter.latency(12_000, 51_000), 0, 'never negative');
  meter.arrived(41_000, 81_500);
  meter.arrived(61_000, 101_500);
  assert.equal(meter.latency(60_500, 101_500), 0.5, 'old arrivals are forgotten');
  meter.reset();
  assert.equal(meter.latency(0, 0), null);
});
