/** Reads MP4 boxes back, for tests of what was written. */

import { ByteReader } from '../../lib/bytes.js';

/** @typedef {import('../../lib/bytes.js').Bytes} Bytes */
/** @typedef {{ type: string, body: Bytes, children: Box[] }} Box */

const CONTAINERS = new Set([
  'moov',
  'trak',
  'mdia',
  'minf',
  'stbl',
  'dinf',
  'mvex',
  'moof',
  'traf',
]);

/** @param {Bytes} bytes whole boxes and nothing else @returns {Box[]} */
export function readBoxes(bytes) {
  const reader = new ByteReader(bytes, 'boxes');
  const boxes = [];
  while (reader.left > 0) {
    const size = reader.u32();
    const type = reader.fourcc();
    const body = reader.take(size - 8);
    boxes.push({ type, body, children: CONTAINERS.has(type) ? readBoxes(body) : [] });
  }
  return boxes;
}

/**
 * @param {readonly Box[]} boxes
 * @param {...string} path types from the outside in
 * @returns {Box}
 */
export function find(boxes, ...path) {
  const [type, ...rest] = path;
  const found = boxes.find((box) => box.type === type);
  if (!found) throw new Error(`no ${type} among ${boxes.map((box) => box.type)}`);
  return rest.length === 0 ? found : find(found.children, ...rest);
}

/**
 * @typedef {object} RunSample
 * @property {number} duration
 * @property {boolean} key
 * @property {number} offset composition offset
 * @property {Bytes} data
 */

/**
 * The samples of a media segment, found the way a browser finds them.
 * @param {Bytes} segment
 * @returns {{ start: number, samples: RunSample[] }}
 */
export function readSegment(segment) {
  const boxes = readBoxes(segment);
  const start = new ByteReader(find(boxes, 'moof', 'traf', 'tfdt').body, 'tfdt');
  start.skip(4);
  const decodeTime = start.u32() * 2 ** 32 + start.u32();
  const run = new ByteReader(find(boxes, 'moof', 'traf', 'trun').body, 'trun');
  run.skip(4);
  const count = run.u32();
  let at = run.u32();
  const samples = [];
  for (let i = 0; i < count; i += 1) {
    const duration = run.u32();
    const size = run.u32();
    const key = (run.u32() & 0x10000) === 0;
    samples.push({ duration, key, offset: run.u32() | 0, data: segment.slice(at, at + size) });
    at += size;
  }
  if (at !== segment.length) throw new Error(`samples end at ${at} of ${segment.length}`);
  return { start: decodeTime, samples };
}
