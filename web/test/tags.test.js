import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError, concat } from '../lib/bytes.js';
import { parseAudio, parseVideo } from '../lib/tags.js';
import {
  aac,
  ascii,
  avc,
  bytes,
  enhancedAudio,
  enhancedVideo,
  mp3,
  number,
} from './support/flv-writer.js';

const DATA = bytes(1, 2, 3);

/** @param {ReturnType<typeof parseVideo>} packets */
const brief = (packets) =>
  packets.map(({ codec, role, key, compositionMs, track, data }) => [
    codec,
    role,
    key,
    compositionMs,
    track,
    [...data],
  ]);

test('classic H.264: set-up, key frame, frame with composition time, end', () => {
  assert.deepEqual(brief(parseVideo(avc(0, true, DATA))), [
    ['avc1', 'config', true, 0, 0, [1, 2, 3]],
  ]);
  assert.deepEqual(brief(parseVideo(avc(1, true, DATA, 40))), [
    ['avc1', 'frame', true, 40, 0, [1, 2, 3]],
  ]);
  assert.deepEqual(brief(parseVideo(avc(1, false, DATA, -40))), [
    ['avc1', 'frame', false, -40, 0, [1, 2, 3]],
  ]);
  assert.deepEqual(brief(parseVideo(avc(2, true, bytes()))), [['avc1', 'end', true, 0, 0, []]]);
});

test('Flash codecs are named, with all their bytes', () => {
  const names = [0x22, 0x23, 0x24, 0x25, 0x26, 0x28].map((first) => parseVideo(bytes(first, 9))[0]);
  assert.deepEqual(
    names.map((packet) => packet?.codec),
    ['h263', 'screen', 'vp6', 'vp6-alpha', 'screen2', 'flv-video-8'],
  );
  assert.ok(names.every((packet) => packet?.role === 'frame' && packet.data.length === 1));
  const sounds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 14].map(
    (format) => parseAudio(bytes(format << 4, 9))[0]?.codec,
  );
  assert.deepEqual(sounds, [
    'pcm-native',
    'adpcm',
    '.mp3',
    'pcm-le',
    'nellymoser',
    'nellymoser',
    'nellymoser',
    'g711-alaw',
    'g711-mulaw',
    'speex',
    'flv-audio-12',
    '.mp3',
  ]);
});

test('AAC set-up and frames, MP3 frames, and what the classic header claims', () => {
  assert.deepEqual(
    parseAudio(aac(0, DATA)).map(({ role }) => role),
    ['config'],
  );
  assert.deepEqual(
    parseAudio(aac(1, DATA)).map(({ role }) => role),
    ['frame'],
  );
  const [sound] = parseAudio(mp3(DATA));
  assert.deepEqual([sound?.codec, sound?.legacy], ['.mp3', { sampleRate: 44_100, stereo: true }]);
  assert.deepEqual(parseAudio(bytes(0xb2, 1))[0]?.legacy, { sampleRate: 16_000, stereo: false });
});

test('empty messages and commands hold nothing to decode', () => {
  assert.deepEqual(parseAudio(bytes()), []);
  assert.deepEqual(parseVideo(bytes()), []);
  assert.deepEqual(parseAudio(bytes(0xaf, 1)), [], 'AAC without data');
  assert.equal(parseVideo(bytes(0x57, 0))[0]?.role, 'other');
  assert.deepEqual(parseVideo(bytes(0x80 | 0x50 | 1, 0)), []);
});

test('enhanced video: composition time only where the codec has one', () => {
  const timed = concat([number(0xfffff6, 3), DATA]);
  assert.deepEqual(brief(parseVideo(enhancedVideo('hvc1', 1, false, timed))), [
    ['hvc1', 'frame', false, -10, 0, [1, 2, 3]],
  ]);
  assert.deepEqual(brief(parseVideo(enhancedVideo('hvc1', 3, true, DATA))), [
    ['hvc1', 'frame', true, 0, 0, [1, 2, 3]],
  ]);
  assert.deepEqual(brief(parseVideo(enhancedVideo('av01', 1, true, DATA))), [
    ['av01', 'frame', true, 0, 0, [1, 2, 3]],
  ]);
  assert.deepEqual(brief(parseVideo(enhancedVideo('vp09', 0, true, DATA))), [
    ['vp09', 'config', true, 0, 0, [1, 2, 3]],
  ]);
  assert.equal(
    parseVideo(enhancedVideo('avc1', 4, true, DATA))[0]?.role,
    'other',
    'colour metadata',
  );
  assert.equal(parseVideo(enhancedVideo('avc1', 2, true, bytes()))[0]?.role, 'end');
});

test('enhanced audio', () => {
  const [set] = parseAudio(enhancedAudio('Opus', 0, DATA));
  assert.deepEqual([set?.codec, set?.role, [...(set?.data ?? [])]], ['Opus', 'config', [1, 2, 3]]);
  assert.equal(parseAudio(enhancedAudio('fLaC', 1, DATA))[0]?.role, 'frame');
  assert.equal(parseAudio(enhancedAudio('mp4a', 4, DATA))[0]?.role, 'other', 'channel layout');
});

test('ModEx: the time offset is kept, unknown modifiers are skipped', () => {
  // key frame, ModEx; 3 bytes of nanoseconds; type 0, next is CodedFramesX
  const nano = concat([bytes(0x97, 2), number(500_000, 3), bytes(0x03), ascii('avc1'), DATA]);
  const [packet] = parseVideo(nano);
  assert.deepEqual([packet?.role, packet?.offsetMs, packet?.data.length], ['frame', 0.5, 3]);
  // an unknown modifier of 300 bytes, then the nanoseconds
  const long = concat([
    bytes(0x97, 0xff),
    number(299, 2),
    new Uint8Array(300),
    bytes(0x17, 2),
    number(250_000, 3),
    bytes(0x03),
    ascii('avc1'),
    DATA,
  ]);
  assert.deepEqual(
    parseVideo(long).map(({ offsetMs, role }) => [offsetMs, role]),
    [[0.25, 'frame']],
  );
  assert.throws(() => parseVideo(bytes(0x97, 0xff, 0xff, 0xff, 0)), FormatError);
});

test('multitrack: one track, many tracks, many codecs', () => {
  const one = concat([bytes(0x96, 0x01), ascii('av01'), bytes(3), DATA]);
  assert.deepEqual(brief(parseVideo(one)), [['av01', 'frame', true, 0, 3, [1, 2, 3]]]);
  const many = concat([
    bytes(0x96, 0x11),
    ascii('avc1'),
    bytes(0),
    number(5, 3),
    number(7, 3),
    bytes(1, 2),
    bytes(1),
    number(4, 3),
    number(8, 3),
    bytes(9),
  ]);
  assert.deepEqual(brief(parseVideo(many)), [
    ['avc1', 'frame', true, 7, 0, [1, 2]],
    ['avc1', 'frame', true, 8, 1, [9]],
  ]);
  const codecs = concat([
    bytes(0x95, 0x21),
    ascii('Opus'),
    bytes(0),
    number(1, 3),
    bytes(5),
    ascii('mp4a'),
    bytes(1),
    number(2, 3),
    bytes(6, 7),
  ]);
  assert.deepEqual(brief(parseAudio(codecs)), [
    ['Opus', 'frame', true, 0, 0, [5]],
    ['mp4a', 'frame', true, 0, 1, [6, 7]],
  ]);
});

test('multitrack that lies about its sizes is refused', () => {
  const lie = concat([bytes(0x96, 0x11), ascii('avc1'), bytes(0), number(5000, 3), DATA]);
  assert.throws(() => parseVideo(lie), FormatError);
  assert.throws(() => parseVideo(concat([bytes(0x96, 0x31), ascii('avc1'), bytes(0)])), /mode 3/);
});

test('every cut of a message is read or refused, nothing else', () => {
  const messages = [
    avc(1, true, DATA),
    enhancedVideo('hvc1', 1, true, concat([number(1, 3), DATA])),
    concat([
      bytes(0x97, 2),
      number(1, 3),
      bytes(0x16, 0x21),
      ascii('av01'),
      bytes(0),
      number(3, 3),
      DATA,
    ]),
  ];
  let refused = 0;
  for (const message of messages) {
    for (let length = 0; length < message.length; length += 1) {
      try {
        parseVideo(message.slice(0, length));
      } catch (error) {
        assert.ok(error instanceof FormatError);
        refused += 1;
      }
    }
  }
  assert.ok(refused > 10);
});
