import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AMF_LIMITS, decodeAmf0, readMetadata } from '../lib/amf0.js';
import { FormatError, concat } from '../lib/bytes.js';
import { amfEcmaArray, amfNumber, amfString, bytes, number } from './support/flv-writer.js';
import { bytesOf, vectorsFolder } from './support/vectors.js';

const AMF3_SWITCH = 0x11;

test('metadata of a publisher, and as a server passes it on', () => {
  const info = amfEcmaArray({
    width: amfNumber(640),
    height: amfNumber(360),
    encoder: amfString('Lavf59'),
    stereo: bytes(1, 1),
    framerate: amfNumber(Number.NaN),
  });
  const expected = { width: 640, height: 360, encoder: 'Lavf59' };
  assert.deepEqual(readMetadata(concat([amfString('onMetaData'), info])), expected);
  const passed = concat([amfString('@setDataFrame'), amfString('onMetaData'), info]);
  assert.deepEqual(readMetadata(passed), expected);
});

test('other script tags are no metadata', () => {
  assert.equal(readMetadata(concat([amfString('onCuePoint'), bytes(5)])), null);
  assert.equal(readMetadata(concat([amfString('onMetaData'), amfNumber(1)])), null);
});

test('keys that mean something in JavaScript are only keys', () => {
  const [value] = decodeAmf0(
    amfEcmaArray({ ['__proto__']: amfNumber(1), constructor: amfNumber(2) }),
  );
  assert.ok(value instanceof Map);
  assert.equal(value.get('__proto__'), 1);
  assert.equal({}.constructor, Object);
});

test('nesting ends at the limit, without using up the stack', () => {
  const nested = new Uint8Array(70_000 * 5);
  for (let i = 0; i < nested.length; i += 5) nested.set([0x0a, 0, 0, 0, 1], i);
  assert.throws(() => decodeAmf0(nested), /nested deeper than 32/);
  const allowed = concat([...new Array(AMF_LIMITS.depth).fill(bytes(0x0a, 0, 0, 0, 1)), bytes(5)]);
  assert.equal(decodeAmf0(allowed).length, 1);
});

test('counts larger than the data are refused before anything is made', () => {
  assert.throws(() => decodeAmf0(bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 5)), /array of 4294967295/);
  assert.throws(
    () => decodeAmf0(concat([bytes(0x0c), number(2 ** 31, 4), bytes(65)])),
    FormatError,
  );
});

test('the number of values is limited', () => {
  const many = new Uint8Array(50).fill(5);
  assert.equal(decodeAmf0(many, { depth: 4, values: 50 }).length, 50);
  assert.throws(() => decodeAmf0(many, { depth: 4, values: 49 }), /more than 49 values/);
});

/** @type {{ vectors: { id: string, hex?: string, ok?: boolean }[] }} */
const good = JSON.parse(readFileSync(new URL('amf0.json', vectorsFolder()), 'utf8'));
test('the shared AMF0 vectors decode', () => {
  assert.ok(good.vectors.length > 50);
  let decoded = 0;
  for (const vector of good.vectors) {
    const { id, ok } = vector;
    if (ok === false) continue;
    try {
      assert.ok(decodeAmf0(bytesOf(vector)).length > 0, id);
      decoded += 1;
    } catch (error) {
      // AMF3 inside AMF0 is not ours to read.
      assert.match(String(error), new RegExp(`unknown marker ${AMF3_SWITCH}`), id);
    }
  }
  assert.ok(decoded > 50, `${decoded} decoded`);
});

/** @type {{ vectors: { id: string, hex?: string }[] }} */
const bad = JSON.parse(readFileSync(new URL('amf0-malformed.json', vectorsFolder()), 'utf8'));
test('the malformed AMF0 vectors end in a value or in a FormatError, never otherwise', () => {
  assert.ok(bad.vectors.length > 10);
  let refused = 0;
  for (const vector of bad.vectors) {
    const { id } = vector;
    try {
      decodeAmf0(bytesOf(vector));
    } catch (error) {
      assert.ok(error instanceof FormatError, `${id}: ${error}`);
      refused += 1;
    }
  }
  assert.ok(refused > bad.vectors.length / 2, `${refused} refused`);
});
