/**
 * AMF0 values, read only: enough for `onMetaData` and the other script tags of a live stream.
 *
 * Objects and arrays become `Map` and `Array`, so that a key such as `__proto__` is only a key.
 * Does not write AMF0, and leaves AMF3 (marker 0x11) to others.
 */

import { ByteReader, FormatError } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

/**
 * @typedef {null | undefined | boolean | number | string | Date | AmfValue[] | AmfMap} AmfValue
 * @typedef {Map<string, AmfValue>} AmfMap
 */

/**
 * What a value may cost.
 * @typedef {object} AmfLimits
 * @property {number} depth how deep objects and arrays may nest
 * @property {number} values how many values one decode may produce
 */

/** @type {Readonly<AmfLimits>} */
export const AMF_LIMITS = Object.freeze({ depth: 32, values: 20_000 });

const utf8 = new TextDecoder('utf-8');

const NUMBER = 0x00;
const BOOLEAN = 0x01;
const STRING = 0x02;
const OBJECT = 0x03;
const NULL = 0x05;
const UNDEFINED = 0x06;
const REFERENCE = 0x07;
const ECMA_ARRAY = 0x08;
const OBJECT_END = 0x09;
const STRICT_ARRAY = 0x0a;
const DATE = 0x0b;
const LONG_STRING = 0x0c;
const UNSUPPORTED = 0x0d;
const XML = 0x0f;
const TYPED_OBJECT = 0x10;

/**
 * All AMF0 values in `bytes` (AMF0 specification §2).
 * @param {Bytes} bytes
 * @param {AmfLimits} [limits]
 * @returns {AmfValue[]}
 * @throws {FormatError} for unknown markers, truncated values and values past the limits
 */
export function decodeAmf0(bytes, limits = AMF_LIMITS) {
  const decoder = new Decoder(bytes, limits);
  const values = [];
  while (decoder.reader.left > 0) values.push(decoder.value(0));
  return values;
}

class Decoder {
  /**
   * @param {Bytes} bytes
   * @param {AmfLimits} limits
   */
  constructor(bytes, limits) {
    this.reader = new ByteReader(bytes, 'AMF0');
    this.limits = limits;
    this.count = 0;
    /** @type {(AmfMap | AmfValue[])[]} */
    this.references = [];
  }

  /** @param {string} problem @returns {never} */
  fail(problem) {
    throw new FormatError('AMF0', problem, this.reader.offset);
  }

  /**
   * @param {number} depth how many objects and arrays are open
   * @returns {AmfValue}
   */
  value(depth) {
    this.count += 1;
    if (this.count > this.limits.values) this.fail(`more than ${this.limits.values} values`);
    if (depth > this.limits.depth) this.fail(`nested deeper than ${this.limits.depth}`);
    const marker = this.reader.u8();
    switch (marker) {
      case NUMBER:
        return this.reader.f64();
      case BOOLEAN:
        return this.reader.u8() !== 0;
      case STRING:
        return this.text(this.reader.u16());
      case LONG_STRING:
      case XML:
        return this.text(this.reader.u32());
      case NULL:
        return null;
      case UNDEFINED:
      case UNSUPPORTED:
        return undefined;
      case DATE:
        return this.date();
      default:
        return this.compound(marker, depth);
    }
  }

  /**
   * @param {number} marker
   * @param {number} depth
   * @returns {AmfValue}
   */
  compound(marker, depth) {
    switch (marker) {
      case OBJECT:
        return this.properties(depth);
      case TYPED_OBJECT:
        this.text(this.reader.u16());
        return this.properties(depth);
      case ECMA_ARRAY:
        this.reader.u32(); // a hint of the count; many encoders write 0
        return this.properties(depth);
      case STRICT_ARRAY:
        return this.array(depth);
      case REFERENCE:
        return this.references[this.reader.u16()] ?? this.fail('reference to nothing');
      default:
        return this.fail(`unknown marker ${marker}`);
    }
  }

  /** @param {number} length in bytes @returns {string} */
  text(length) {
    return utf8.decode(this.reader.take(length));
  }

  date() {
    const milliseconds = this.reader.f64();
    this.reader.u16(); // time zone: reserved, to be ignored
    return new Date(milliseconds);
  }

  /**
   * Named properties up to the end marker; a value cut off right at the end of the data counts as
   * ended, because some encoders leave the marker out of the last ECMA array.
   * @param {number} depth
   * @returns {AmfMap}
   */
  properties(depth) {
    /** @type {AmfMap} */
    const map = new Map();
    this.references.push(map);
    while (this.reader.left > 0) {
      const key = this.text(this.reader.u16());
      if (key === '' && this.reader.left > 0 && this.peek() === OBJECT_END) {
        this.reader.u8();
        return map;
      }
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  peek() {
    return this.reader.bytes[this.reader.offset];
  }

  /** @param {number} depth @returns {AmfValue[]} */
  array(depth) {
    const count = this.reader.u32();
    // Every item takes at least one byte, so a count beyond the data is a lie.
    if (count > this.reader.left) this.fail(`array of ${count} in ${this.reader.left} bytes`);
    /** @type {AmfValue[]} */
    const items = [];
    this.references.push(items);
    for (let i = 0; i < count; i += 1) items.push(this.value(depth + 1));
    return items;
  }
}

/**
 * What the page shows of `onMetaData`.
 * @typedef {object} StreamMetadata
 * @property {number} [width] pixels
 * @property {number} [height] pixels
 * @property {number} [framerate] frames per second
 * @property {number} [videodatarate] kilobits per second
 * @property {number} [audiodatarate] kilobits per second
 * @property {string} [encoder]
 */

/**
 * The metadata in a script tag, or null when the tag is about something else.
 *
 * Accepts both forms that reach players: `"onMetaData", {…}` and, from servers that pass on what
 * the publisher sent, `"@setDataFrame", "onMetaData", {…}`.
 * @param {Bytes} body
 * @param {AmfLimits} [limits]
 * @returns {StreamMetadata | null}
 * @throws {FormatError}
 */
export function readMetadata(body, limits = AMF_LIMITS) {
  const values = decodeAmf0(body, limits);
  if (values[0] === '@setDataFrame') values.shift();
  const [name, info] = values;
  if (name !== 'onMetaData' || !(info instanceof Map)) return null;
  /** @type {StreamMetadata} */
  const metadata = {};
  for (const key of /** @type {const} */ ([
    'width',
    'height',
    'framerate',
    'videodatarate',
    'audiodatarate',
  ])) {
    const value = info.get(key);
    if (typeof value === 'number' && Number.isFinite(value)) metadata[key] = value;
  }
  const encoder = info.get('encoder');
  if (typeof encoder === 'string') metadata.encoder = encoder;
  return metadata;
}
