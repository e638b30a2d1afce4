import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError } from '../lib/bytes.js';
import { audioFormat, decodableCodecs, isDescribed, videoFormat } from '../lib/codec.js';
import { av1Sample } from '../lib/codec/av1.js';
import { parseAacConfig, silentAacFrame } from '../lib/codec/aac.js';
import { flacSamples } from '../lib/codec/flac.js';
import { opusSamples } from '../lib/codec/opus.js';
import { bytes, unhex } from './support/flv-writer.js';

/** @typedef {import('../lib/bytes.js').Bytes} Bytes */

const everything = () => true;
const nothing = () => false;

// Set-up data as x264, x265, libaom and libvpx write it for pictures of the sizes named.
const AVC_640x360 =
  '0164001effe100196764001eacb405017fcb8088000003000800000301e478b17501000468ef0fcbfdf8f800';
const AVC_1920x1080_FIELDS =
  '014d4028ffe10019674d4028f403c0227ef0110000030001000003003c1f162ea001000468de0fc8';
const AVC_722x406_444 =
  '01f4001effe1001b67f4001e919b281706bc7c5e0220000003002000000781e2c5b2c0' +
  '01000668ebe3c44844fff8f800';
const AVC_322x182 =
  '0142c00dffe100186742c00dd901519e226c0440000003004000000f03c50a9201000568cb83cb20';
const HEVC_642x362 =
  '0101600000009000000000003ff000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003' +
  '000003003f959809a10001002c42010101600000030090000003000003003fa005120171' +
  'c9265959a4932bc05a020000030002000003003c10a2000100074401c172b46240';
const AV1_640x360 = '81010c000a0b0000000cc4ff6736be4010';
const AV1_KEY_FRAME = '12000a0b0000000cc4ff6736be401032029a01';
const VP9_640x360_KEY = '824983420027f016760838241c185c10';
const OPUS_MONO = '4f707573486561640101380180bb0000000000';
const FLAC = '664c614300000022120012000003950004f90ac440f00006baa8bf147ffaf54e46b0448623849e626be8';

/** @param {string} codec @param {string | null} config @param {string | null} [key] */
function described(codec, config, key = null) {
  const format = videoFormat(
    codec,
    config === null ? null : unhex(config),
    key === null ? null : unhex(key),
  );
  return format && [format.mime, format.width, format.height, format.entry.configType];
}

test('H.264: profile, level, and the size with cropping, fields and 4:4:4', () => {
  assert.deepEqual(described('avc1', AVC_640x360), [
    'video/mp4; codecs="avc1.64001E"',
    640,
    360,
    'avcC',
  ]);
  assert.deepEqual(described('avc1', AVC_1920x1080_FIELDS), [
    'video/mp4; codecs="avc1.4D4028"',
    1920,
    1080,
    'avcC',
  ]);
  assert.deepEqual(described('avc1', AVC_722x406_444), [
    'video/mp4; codecs="avc1.F4001E"',
    722,
    406,
    'avcC',
  ]);
  assert.deepEqual(described('avc1', AVC_322x182), [
    'video/mp4; codecs="avc1.42C00D"',
    322,
    182,
    'avcC',
  ]);
});

test('H.265', () => {
  assert.deepEqual(described('hvc1', HEVC_642x362), [
    'video/mp4; codecs="hvc1.1.6.L63.90"',
    642,
    362,
    'hvcC',
  ]);
});

test('VP9: from its record with and without box header, and from a key frame alone', () => {
  const expected = ['video/mp4; codecs="vp09.00.10.08"', 640, 360, 'vpcC'];
  assert.deepEqual(described('vp09', '000a820202020000', VP9_640x360_KEY), expected);
  assert.deepEqual(described('vp09', '01000000000a820202020000', VP9_640x360_KEY), expected);
  assert.deepEqual(described('vp09', null, VP9_640x360_KEY), expected);
  assert.equal(described('vp09', '000a820202020000', '86'), null, 'no key frame yet');
  const boxed = videoFormat('vp09', unhex('01000000021fa20202020000'), unhex(VP9_640x360_KEY));
  assert.deepEqual([...(boxed?.entry.config ?? [])], [...unhex('01000000021fa20202020000')]);
  assert.equal(boxed?.mime, 'video/mp4; codecs="vp09.02.31.10"');
});

test('AV1: from its record, from a key frame alone, and frames without temporal delimiters', () => {
  const expected = ['video/mp4; codecs="av01.0.01M.08"', 640, 360, 'av1C'];
  assert.deepEqual(described('av01', AV1_640x360), expected);
  assert.deepEqual(described('av01', null, AV1_KEY_FRAME), expected);
  assert.deepEqual(
    described('av01', '81010c00', AV1_KEY_FRAME),
    expected,
    'a record without header',
  );
  assert.equal(described('av01', null), null);
  const made = videoFormat('av01', null, unhex(AV1_KEY_FRAME));
  assert.deepEqual(made?.entry.config, unhex(AV1_640x360), 'the same record as the encoder made');
  assert.deepEqual(av1Sample(unhex(AV1_KEY_FRAME)), unhex(AV1_KEY_FRAME.slice(4)));
});

test('damaged set-up data is a FormatError', () => {
  for (const [codec, config] of [
    ['avc1', AVC_640x360],
    ['hvc1', HEVC_642x362],
    ['av01', AV1_640x360],
  ]) {
    for (let cut = 2; cut < (config?.length ?? 0); cut += 2) {
      try {
        described(codec ?? '', (config ?? '').slice(0, cut));
      } catch (error) {
        assert.ok(error instanceof FormatError, `${codec} cut at ${cut}: ${error}`);
      }
    }
  }
  assert.throws(() => described('avc1', '00640000'), FormatError);
  assert.throws(() => described('avc1', '0164001effe0'), /no sequence parameter set/);
});

/**
 * @param {string} codec
 * @param {string | null} config
 * @param {Bytes | null} [frame]
 * @param {(mime: string) => boolean} [can]
 */
function sound(codec, config, frame = null, can = everything) {
  const format = audioFormat(codec, config === null ? null : unhex(config), frame, can);
  return (
    format && [format.mime, format.sampleRate, format.channels, format.entry?.configType ?? null]
  );
}

test('AAC: LC, HE-AAC counted in its core rate, short frames', () => {
  assert.deepEqual(sound('mp4a', '1210'), ['audio/mp4; codecs="mp4a.40.2"', 44_100, 2, 'esds']);
  assert.deepEqual(sound('mp4a', '138856e500'), [
    'audio/mp4; codecs="mp4a.40.2"',
    22_050,
    1,
    'esds',
  ]);
  assert.deepEqual(sound('mp4a', '2b920800'), ['audio/mp4; codecs="mp4a.40.5"', 22_050, 2, 'esds']);
  assert.equal(parseAacConfig(unhex('1214')).frameSamples, 960);
  assert.equal(parseAacConfig(unhex('1210')).frameSamples, 1024);
  assert.throws(() => sound('mp4a', '12'), FormatError);
  assert.throws(() => sound('mp4a', '1680'), /sample rate 13/);
  assert.throws(() => sound('mp4a', '1278'), /layout 15/);
});

test('AAC silence: elements without any coded band', () => {
  const mono = silentAacFrame(parseAacConfig(unhex('1208')));
  assert.deepEqual(mono, unhex('00000007'), 'all zero up to the end element');
  const stereo = silentAacFrame(parseAacConfig(unhex('1210')));
  assert.equal(stereo?.[0], 0b00100001, 'channel pair, shared window');
  assert.equal(silentAacFrame(parseAacConfig(unhex('1230'))), null, '5.1');
});

test('Opus: header turned round for MP4, default without one, durations', () => {
  assert.deepEqual(sound('Opus', OPUS_MONO), ['audio/mp4; codecs="opus"', 48_000, 1, 'dOps']);
  const format = audioFormat('Opus', unhex(OPUS_MONO), null, everything);
  assert.deepEqual(format?.entry?.config, unhex('000101380000bb80000000'));
  assert.equal(sound('Opus', null), null);
  assert.deepEqual(sound('Opus', null, bytes(0xfc, 1))?.slice(1, 3), [48_000, 2]);
  // RFC 6716 table 2: SILK 60 ms, hybrid 20 ms, CELT 2.5 ms twice, CELT 20 ms three times
  assert.deepEqual(
    [[0x18], [0x68], [0x81], [0xfb, 3]].map((p) => opusSamples(bytes(...p))),
    [2880, 960, 240, 2880],
  );
  assert.throws(() => opusSamples(bytes()), FormatError);
  assert.throws(() => opusSamples(bytes(0xfb, 0)), /lasts 0 samples/);
  assert.throws(() => opusSamples(bytes(0xfb, 63)), FormatError);
});

test('FLAC: with marker, without marker, bare; block sizes', () => {
  const expected = ['audio/mp4; codecs="flac"', 44_100, 1, 'dfLa'];
  assert.deepEqual(sound('fLaC', FLAC), expected);
  assert.deepEqual(sound('fLaC', FLAC.slice(8)), expected);
  assert.deepEqual(sound('fLaC', FLAC.slice(16)), expected);
  assert.equal(flacSamples(unhex('fff85908003c4e00')), 4608);
  assert.equal(
    flacSamples(unhex('fff87908000fff4e')),
    0x0fff + 1,
    '16 bits at the end of the header',
  );
  assert.equal(flacSamples(unhex('fff86908c3a90f4e')), 16, 'behind a two-byte frame number');
  assert.equal(flacSamples(unhex('fff8c90800')), 4096);
  assert.throws(() => flacSamples(unhex('fff8090800')), /reserved/);
});

test('what a browser can decode is asked of the browser', () => {
  assert.deepEqual(decodableCodecs(nothing), []);
  const can = (/** @type {string} */ mime) => mime.includes('avc1') || mime === 'audio/mpeg';
  assert.deepEqual(decodableCodecs(can), ['avc1', '.mp3']);
  assert.ok(isDescribed('avc1') && !isDescribed('h263'));
});
