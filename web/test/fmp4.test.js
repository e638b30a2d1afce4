import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader } from '../lib/bytes.js';
import { audioFormat, videoFormat } from '../lib/codec.js';
import { box, initSegment, mediaSegment, timescaleOf } from '../lib/fmp4.js';
import { find, readBoxes, readSegment } from './support/boxes.js';
import { ascii, bytes, unhex } from './support/flv-writer.js';

const AVC = unhex(
  '0164001effe100196764001eacb405017fcb8088000003000800000301e478b17501000468ef0fcbfdf8f800',
);

/** @typedef {import('../lib/codec.js').VideoFormat} VideoFormat */
/** @typedef {import('../lib/codec.js').AudioFormat} AudioFormat */

/** @param {VideoFormat | AudioFormat | null} format */
function init(format) {
  assert.ok(format?.entry);
  return readBoxes(initSegment(format, format.entry));
}

test('a box is its size, its type and its parts', () => {
  assert.deepEqual(box('free', bytes(1), bytes(2, 3)), unhex('0000000b 66726565 010203'));
});

test('the initialization segment of a video', () => {
  const format = videoFormat('avc1', AVC, null);
  const boxes = init(format);
  assert.deepEqual(
    boxes.map(({ type }) => type),
    ['ftyp', 'moov'],
  );
  const entry = find(boxes, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd').body.subarray(8);
  const [avc1] = readBoxes(entry);
  assert.equal(avc1?.type, 'avc1');
  const fields = new ByteReader(avc1.body, 'avc1');
  fields.skip(24);
  assert.deepEqual([fields.u16(), fields.u16()], [640, 360]);
  assert.deepEqual(readBoxes(avc1.body.slice(78)), [{ type: 'avcC', body: AVC, children: [] }]);
  const size = new ByteReader(find(boxes, 'moov', 'trak', 'tkhd').body.slice(76), 'tkhd');
  assert.deepEqual([size.u32(), size.u32()], [640 * 65_536, 360 * 65_536]);
});

test('nothing says how long a live stream is', () => {
  const boxes = init(videoFormat('avc1', AVC, null));
  const duration = (/** @type {import('./support/boxes.js').Box} */ { body }) =>
    new DataView(body.buffer, body.byteOffset + 16).getUint32(0);
  assert.equal(duration(find(boxes, 'moov', 'mvhd')), 0);
  assert.equal(duration(find(boxes, 'moov', 'trak', 'mdia', 'mdhd')), 0);
  assert.ok(find(boxes, 'moov', 'mvex', 'trex'));
  assert.throws(() => find(boxes, 'moov', 'mvex', 'mehd'));
});

test('the initialization segment of AAC carries its configuration in descriptors', () => {
  const format = audioFormat('mp4a', unhex('1210'), null, () => true);
  const boxes = init(format);
  const [mp4a] = readBoxes(
    find(boxes, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd').body.subarray(8),
  );
  assert.ok(mp4a);
  const fields = new ByteReader(mp4a.body, 'mp4a');
  fields.skip(16);
  assert.deepEqual([fields.u16(), fields.u16()], [2, 16], 'channels, bits');
  fields.skip(4);
  assert.equal(fields.u32(), 44_100 * 65_536);
  const [esds] = readBoxes(mp4a.body.slice(28));
  const hex = [...(esds?.body ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  assert.match(hex, /^000000000380808022.*0480808014401500.*058080800212100680808001/);
  assert.equal(format && timescaleOf(format), 44_100);
});

test('sample entries of the other codecs', () => {
  const rows = /** @type {const} */ ([
    [audioFormat('Opus', null, bytes(0xfc), () => true), 'Opus', 'dOps'],
    [videoFormat('vp09', null, unhex('824983420027f016760838241c185c10')), 'vp09', 'vpcC'],
    [videoFormat('av01', unhex('81010c000a0b0000000cc4ff6736be4010'), null), 'av01', 'av1C'],
  ]);
  for (const [format, type, config] of rows) {
    const stsd = find(init(format), 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd');
    const [entry] = readBoxes(stsd.body.subarray(8));
    assert.equal(entry?.type, type);
    const inner = readBoxes(entry.body.slice(format?.kind === 'video' ? 78 : 28));
    assert.deepEqual(
      inner.map((found) => found.type),
      [config],
    );
  }
});

test('rates that do not fit the sample entry stay out of it', () => {
  const format = audioFormat('mp4a', unhex('1010'), null, () => true);
  assert.equal(format?.sampleRate, 96_000);
  const [entry] = readBoxes(
    find(init(format), 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd').body.subarray(8),
  );
  assert.equal(
    new DataView(entry?.body.slice(24, 28).buffer ?? new ArrayBuffer(4)).getUint32(0),
    0,
  );
});

test('a media segment gives back what was put in', () => {
  const samples = [
    { data: ascii('key frame'), duration: 3000, compositionOffset: 6000, key: true },
    { data: ascii('b'), duration: 1500, compositionOffset: -1500, key: false },
    { data: bytes(), duration: 0, compositionOffset: 0, key: false },
  ];
  const start = 2 ** 40 + 5;
  const read = readSegment(mediaSegment(7, start, samples));
  assert.equal(read.start, start, 'times past 32 bits');
  assert.deepEqual(
    read.samples,
    samples.map(({ data, duration, compositionOffset, key }) => ({
      duration,
      key,
      offset: compositionOffset,
      data,
    })),
  );
});
