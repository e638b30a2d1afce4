import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioTrack } from '../lib/audio-track.js';
import { parseAudio, parseVideo } from '../lib/tags.js';
import { VideoTrack } from '../lib/video-track.js';
import { aac, avc, bytes, mp3, unhex } from './support/flv-writer.js';

/** @typedef {import('../lib/bytes.js').Bytes} Bytes */
/** @typedef {import('../lib/tags.js').MediaPacket} MediaPacket */

const AVC = unhex(
  '0164001effe100196764001eacb405017fcb8088000003000800000301e478b17501000468ef0fcbfdf8f800',
);
const AVC_SMALL = unhex(
  '0142c00dffe100186742c00dd901519e226c0440000003004000000f03c50a9201000568cb83cb20',
);
const AAC = unhex('1210');
const FRAME_MS = 1024 / 44.1;
const everything = () => true;

/** @param {Bytes} message @returns {MediaPacket} */
function video(message) {
  const [packet] = parseVideo(message);
  assert.ok(packet);
  return packet;
}

/** @param {Bytes} message @returns {MediaPacket} */
function audio(message) {
  const [packet] = parseAudio(message);
  assert.ok(packet);
  return packet;
}

function videoTrack(config = AVC) {
  const track = new VideoTrack(everything);
  track.setConfig(video(avc(0, true, config)));
  return track;
}

/** @param {VideoTrack} track @param {number} ms @param {boolean} key @param {number} [cts] */
function show(track, ms, key, cts = 0) {
  track.addFrame(video(avc(1, key, bytes(1), cts)), () => ms);
}

function audioTrack() {
  const track = new AudioTrack(everything);
  track.setConfig(audio(aac(0, AAC)));
  return track;
}

/** @param {AudioTrack} track @param {number} ms */
const hear = (track, ms) => track.addFrames(audio(aac(1, bytes(9))), () => ms);

test('video waits for a key frame', () => {
  const track = videoTrack();
  show(track, 0, false);
  show(track, 40, false);
  assert.equal(track.skipped, 2);
  show(track, 80, true);
  show(track, 120, false);
  const [run] = track.takeRuns();
  assert.deepEqual([run?.start, run?.samples.length], [80 * 90, 1]);
});

test('a frame lasts until the next one, whatever the rate', () => {
  const track = videoTrack();
  for (const ms of [0, 33, 67, 200, 1200]) show(track, ms, ms === 0, ms === 33 ? 66 : 0);
  const [run] = track.takeRuns();
  assert.deepEqual(
    run?.samples.map(({ duration }) => duration / 90),
    [33, 34, 133, 1000],
  );
  assert.deepEqual(
    run?.samples.map((sample) => sample.compositionOffset / 90),
    [0, 66, 0, 0],
  );
  assert.deepEqual(
    run?.samples.map(({ key }) => key),
    [true, false, false, false],
  );
});

test('decode times never go back', () => {
  const track = videoTrack();
  for (const ms of [100, 140, 120, 180]) show(track, ms, ms === 100);
  const [run] = track.takeRuns();
  assert.deepEqual(
    run?.samples.map(({ duration }) => duration / 90),
    [40, 1, 39],
  );
});

test('a frame without successor is let go with an open end, and the next follows it', () => {
  const track = videoTrack();
  show(track, 0, true);
  assert.deepEqual(track.takeRuns(), []);
  track.finishHeld(null);
  assert.equal(track.takeRuns()[0]?.samples[0]?.duration, 5000 * 90);
  show(track, 1000, false);
  show(track, 2000, false);
  const [run] = track.takeRuns();
  assert.deepEqual([run?.start, run?.samples[0]?.duration], [1000 * 90, 1000 * 90]);
});

test('the same set-up data again changes nothing, other data waits for a key frame', () => {
  const track = videoTrack();
  show(track, 0, true);
  track.setConfig(video(avc(0, true, AVC)));
  show(track, 40, false);
  track.setConfig(video(avc(0, true, AVC_SMALL)));
  show(track, 80, false);
  show(track, 120, true);
  show(track, 160, false);
  const runs = track.takeRuns();
  assert.deepEqual(
    runs.map(({ format, samples }) => [format.width, samples.length]),
    [
      [640, 2],
      [322, 1],
    ],
  );
  assert.equal(runs[0]?.samples[1]?.duration, 80 * 90, 'the frame left out is bridged');
});

test('a codec without decoder is a problem, and its frames ask for no time', () => {
  const track = new VideoTrack(everything);
  track.addFrame(video(bytes(0x12, 1)), () => assert.fail('asked'));
  assert.deepEqual(track.problem, {
    kind: 'video',
    codec: 'h263',
    reason: 'no-decoder',
    detail: '',
  });
  track.setConfig(video(avc(0, true, AVC)));
  assert.equal(track.problem, null, 'another codec, another chance');
});

test('what this browser cannot decode, what is damaged, what never comes', () => {
  const refused = new VideoTrack(() => false);
  refused.setConfig(video(avc(0, true, AVC)));
  show(refused, 0, true);
  assert.deepEqual(
    [refused.problem?.reason, refused.problem?.detail],
    ['browser', 'video/mp4; codecs="avc1.64001E"'],
  );
  const damaged = videoTrack(bytes(1, 2, 3));
  show(damaged, 0, true);
  assert.equal(damaged.problem?.reason, 'damaged');
  const bare = new VideoTrack(everything);
  for (let i = 0; i < 60; i += 1) show(bare, i * 40, true);
  assert.equal(bare.problem?.reason, 'no-config');
});

test('missing set-up data is noticed by frames of any kind, and forgiven', () => {
  const track = new VideoTrack(everything);
  for (let i = 0; i <= 50; i += 1) {
    assert.equal(track.problem, null, `frame ${i}`);
    show(track, i * 40, i === 30);
  }
  assert.equal(track.problem?.reason, 'no-config');
  const { problem } = track;
  show(track, 2040, false);
  assert.equal(track.problem, problem, 'said once');
  track.setConfig(video(avc(0, true, AVC)));
  assert.equal(track.problem, null);
  show(track, 2080, true);
  show(track, 2120, false);
  assert.equal(track.takeRuns().length, 1);
});

test('a key frame that never comes is missed after ten seconds, and welcome then', () => {
  const track = videoTrack();
  for (let i = 0; i <= 300; i += 1) {
    assert.equal(track.problem, null, `frame ${i}`);
    show(track, i * 33, false);
  }
  assert.equal(track.problem?.reason, 'no-key');
  show(track, 10_000, true);
  assert.equal(track.problem, null);
  // The same in the middle: the format is known, and the picture was cut.
  track.cut();
  for (let i = 0; i <= 300; i += 1) show(track, 10_033 + i * 33, false);
  assert.equal(track.problem?.reason, 'no-key');
  show(track, 30_000, true);
  show(track, 30_033, false);
  assert.equal(track.problem, null);
  assert.ok(track.takeRuns().length > 0);
});

test('audio follows its samples, not the rounding of its timestamps', () => {
  const track = audioTrack();
  for (let i = 0; i < 100; i += 1) hear(track, 10_000 + Math.floor(i * FRAME_MS));
  const runs = track.takeRuns();
  assert.equal(runs.length, 1);
  assert.deepEqual([runs[0]?.start, runs[0]?.frames.length], [441_000, 100]);
  assert.equal(track.next, 441_000 + 100 * 1024);
  assert.deepEqual([track.filled, track.dropped], [0, 0]);
});

test('a gap is filled with silence, to the frame', () => {
  const track = audioTrack();
  hear(track, 0);
  hear(track, 1000);
  assert.equal(track.filled, Math.floor((1000 - FRAME_MS) / FRAME_MS));
  assert.ok(Math.abs((track.nextMs ?? 0) - 1000 - FRAME_MS) < FRAME_MS);
  assert.equal(track.takeRuns().length, 1, 'without a break');
});

test('frames for a time already filled are left out, and it is more patient from then on', () => {
  const track = audioTrack();
  hear(track, 0);
  track.keepUp(1500);
  const filled = track.nextMs ?? 0;
  assert.ok(filled > 1150 && filled <= 1200, `${filled}`);
  for (let ms = 24; ms < 1000; ms += 23) hear(track, ms);
  assert.equal(track.takeRuns()[0]?.frames.length, 1 + track.filled);
  assert.ok(track.dropped > 30);
  const before = track.filled;
  hear(track, filled);
  track.keepUp(filled + 1500);
  assert.equal(track.filled, before, 'not filled again after the same lag');
});

test('silence keeps up with a picture that goes on', () => {
  const track = audioTrack();
  track.keepUp(60_000);
  assert.deepEqual(track.takeRuns(), [], 'nothing before the first frame');
  hear(track, 0);
  for (let ms = 0; ms <= 30_000; ms += 40) track.keepUp(ms);
  assert.ok((track.nextMs ?? 0) > 28_000);
});

test('bare MP3 frames are placed once, and again after a change of rate', () => {
  const track = new AudioTrack((mime) => mime === 'audio/mpeg');
  const frame = new Uint8Array(418);
  frame.set(unhex('fffb9264'));
  const slower = new Uint8Array(208);
  slower.set(unhex('fffb50c4'));
  track.addFrames(audio(mp3(frame)), () => 500);
  track.addFrames(audio(mp3(frame)), () => 526);
  track.addFrames(audio(mp3(slower)), () => 552);
  const runs = track.takeRuns();
  assert.deepEqual(
    runs.map(({ placed, frames, format }) => [placed, frames.length, format.channels]),
    [
      [true, 2, 2],
      [true, 1, 1],
    ],
  );
  track.addFrames(audio(mp3(slower)), () => 578);
  assert.deepEqual(
    track.takeRuns().map(({ placed }) => placed),
    [false],
  );
});
