import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FormatError, concat } from '../lib/bytes.js';
import { FLV_LIMITS, FlvDemuxer } from '../lib/flv.js';
import { bytes, flvHeader, flvTag, number, unhex } from './support/flv-writer.js';
import { vectorsFolder } from './support/vectors.js';

/** @typedef {import('../lib/bytes.js').Bytes} Bytes */

/** @param {Bytes} file @param {number} step bytes in a piece */
function demux(file, step) {
  const demuxer = new FlvDemuxer();
  const tags = [];
  for (let at = 0; at < file.length; at += step)
    tags.push(...demuxer.push(file.slice(at, at + step)));
  return { header: demuxer.header, tags };
}

const body = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
const file = concat([
  flvHeader(),
  flvTag(18, 0, bytes(2, 0, 0)),
  flvTag(9, 0x12345678, body),
  flvTag(8, 20, bytes()),
  flvTag(0x28, 40, bytes(1)),
]);

test('any split gives the same tags', () => {
  const whole = demux(file, file.length);
  assert.deepEqual(whole.header, { audio: true, video: true });
  assert.deepEqual(
    whole.tags.map(({ type, timestamp, encrypted }) => [type, timestamp, encrypted]),
    [
      [18, 0, false],
      [9, 0x12345678, false],
      [8, 20, false],
      [8, 40, true],
    ],
  );
  assert.deepEqual(whole.tags[1]?.body, body);
  for (let step = 1; step < 40; step += 1)
    assert.deepEqual(demux(file, step), whole, `step ${step}`);
});

test('a longer file header is skipped', () => {
  const long = concat([bytes(0x46, 0x4c, 0x56, 1, 1), number(12, 4), bytes(7, 7, 7), number(0, 4)]);
  const { tags } = demux(concat([long, flvTag(9, 1, bytes(1))]), 5);
  assert.equal(tags.length, 1);
});

test('what is no FLV is refused, and the demuxer then is of no use', () => {
  const demuxer = new FlvDemuxer();
  const page = Uint8Array.from('<!doctype html>', (c) => c.charCodeAt(0));
  assert.throws(() => demuxer.push(page), /does not start with "FLV"/);
  assert.throws(() => demuxer.push(file), /used after an error/);
});

test('tags past the limit are refused before they are collected', () => {
  const limits = { ...FLV_LIMITS, tagBytes: 299 };
  const demuxer = new FlvDemuxer(limits);
  assert.throws(() => demuxer.push(file), /tag of 300 bytes/);
  const header = concat([bytes(0x46, 0x4c, 0x56, 1, 1), number(2 ** 31, 4)]);
  assert.throws(() => new FlvDemuxer().push(header), /header of 2147483648 bytes/);
});

/** @type {{ vectors: { id: string, hex: string, ok: boolean, why?: string, value?: any }[] }} */
const shared = JSON.parse(readFileSync(new URL('flv.json', vectorsFolder()), 'utf8'));
assert.ok(shared.vectors.length >= 15);
for (const { id, hex, ok, value } of shared.vectors) {
  test(`shared vector ${id}`, () => {
    if (!ok) {
      assert.throws(() => demux(unhex(hex), hex.length), FormatError);
      return;
    }
    for (const step of [1, 13, hex.length]) {
      const { header, tags } = demux(unhex(hex), step);
      assert.deepEqual(header, { audio: value.audio, video: value.video });
      assert.equal(tags.length, value.tags.length);
      tags.forEach((tag, i) => {
        const expected = value.tags[i];
        assert.deepEqual(
          [tag.type, tag.encrypted, tag.body.length, tag.timestamp],
          [expected.type, expected.filter, expected.size, expected.ts >>> 0],
        );
      });
    }
  });
}
