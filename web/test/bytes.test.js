import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitReader, BitWriter, ByteQueue, ByteReader, FormatError, concat } from '../lib/bytes.js';
import { bytes } from './support/flv-writer.js';

test('a reader takes big-endian numbers and refuses to read past the end', () => {
  const reader = new ByteReader(bytes(1, 2, 3, 4, 5, 6, 0xff, 0xff, 0xfe, 9), 'test');
  assert.equal(reader.u8(), 1);
  assert.equal(reader.u16(), 0x0203);
  assert.equal(reader.u24(), 0x040506);
  assert.equal(reader.i24(), -2);
  assert.throws(() => reader.u16(), new FormatError('test', 'needs 2 bytes, 1 left', 9));
  assert.equal(reader.u8(), 9);
});

test('a reader of a slice reads the slice, not what is around it', () => {
  const whole = bytes(9, 9, 0, 0, 0, 7, 9);
  assert.equal(new ByteReader(whole.subarray(2, 6), 'test').u32(), 7);
});

test('Exp-Golomb codes of H.264 table 9-2', () => {
  // 1, 010, 011, 00100, 00101, padded
  const bits = new BitReader(bytes(0b10100110, 0b01000010, 0b10000000), 'test');
  assert.deepEqual([bits.ue(), bits.ue(), bits.ue(), bits.ue(), bits.ue()], [0, 1, 2, 3, 4]);
  const signed = new BitReader(bytes(0b10100110, 0b01000010, 0b10000000), 'test');
  assert.deepEqual(
    [signed.se(), signed.se(), signed.se(), signed.se(), signed.se()],
    [-0, 1, -1, 2, -2],
  );
});

test('a bit reader ends in an error, also in the middle of a code', () => {
  assert.throws(() => new BitReader(bytes(0), 'test').ue(), FormatError);
  assert.throws(() => new BitReader(bytes(0, 0, 0, 0, 0), 'test').ue(), /too long/);
});

test('what a bit writer writes a bit reader reads', () => {
  const out = new BitWriter().bits(5, 3).bits(0, 4).bits(0x1ff, 9).bits(1, 1).bytes();
  const bits = new BitReader(out, 'test');
  assert.deepEqual([bits.bits(3), bits.bits(4), bits.bits(9), bits.bits(1)], [5, 0, 0x1ff, 1]);
});

test('a queue gives the same bytes in any lengths', () => {
  const all = Uint8Array.from({ length: 500 }, (_, i) => i & 255);
  for (const step of [1, 7, 64, 500]) {
    const queue = new ByteQueue();
    for (let at = 0; at < all.length; at += step) queue.push(all.subarray(at, at + step));
    const parts = [3, 0, 100, 1, 396].map((count) => queue.take(count));
    assert.deepEqual(concat(parts), all, `pieces of ${step}`);
    assert.equal(queue.length, 0);
    assert.throws(() => queue.take(1), FormatError);
  }
});
