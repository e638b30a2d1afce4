/**
 * The FLV container, incrementally: bytes in any split go in, whole tags come out.
 *
 * Owns the file header, tag headers and back pointers (FLV 10.1 Annex E). What is inside an audio
 * or video tag is read by `tags.js`, what is inside a script tag by `amf0.js`.
 */

import { ByteQueue, ByteReader, FormatError } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

/** Tag types of FLV 10.1 §E.4.1. */
export const TAG_AUDIO = 8;
export const TAG_VIDEO = 9;
export const TAG_SCRIPT = 18;

/**
 * @typedef {object} FlvTag
 * @property {number} type
 * @property {boolean} encrypted the filter bit: the body is encrypted (Annex F)
 * @property {number} timestamp milliseconds, unsigned 32 bits, wraps after 49.7 days
 * @property {Bytes} body
 */

/**
 * @typedef {object} FlvHeader
 * @property {boolean} audio the stream says it has audio; live streams often say so unasked
 * @property {boolean} video likewise
 */

/**
 * What an FLV may cost.
 * @typedef {object} FlvLimits
 * @property {number} headerBytes longest file header, its unknown extension included
 * @property {number} tagBytes longest tag body
 */

/** @type {Readonly<FlvLimits>} */
export const FLV_LIMITS = Object.freeze({ headerBytes: 1024, tagBytes: 8 * 1024 * 1024 });

const FILE_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;

/** @typedef {{ tag: FlvTag, bytes: number }} OpenTag */

/** Splits one FLV stream into tags; a new stream needs a new demuxer. */
export class FlvDemuxer {
  /** @param {FlvLimits} [limits] */
  constructor(limits = FLV_LIMITS) {
    this.limits = limits;
    /** @type {FlvHeader | null} null until the file header has arrived */
    this.header = null;
    /** Bytes consumed since the start of the stream. */
    this.offset = 0;
    this.queue = new ByteQueue();
    this.headerExtension = -1;
    this.expectedBackPointer = 0;
    this.backPointerDue = true;
    /** @type {OpenTag | null} */
    this.open = null;
    this.failed = false;
  }

  /**
   * Takes the next bytes and returns the tags they complete, in order.
   * @param {Bytes} bytes kept without copying: the caller must not change them afterwards
   * @returns {FlvTag[]}
   * @throws {FormatError} when the bytes are no FLV; the demuxer is of no more use then
   */
  push(bytes) {
    if (this.failed) throw new FormatError('FLV', 'used after an error', this.offset);
    this.queue.push(bytes);
    /** @type {FlvTag[]} */
    const tags = [];
    try {
      while (this.#step(tags));
    } catch (error) {
      this.failed = true;
      throw error;
    }
    return tags;
  }

  /**
   * Reads one piece if it is there.
   * @param {FlvTag[]} tags
   * @returns {boolean} false when more bytes are needed
   */
  #step(tags) {
    if (!this.header) return this.#readFileHeader();
    if (this.headerExtension > 0) return this.#skipHeaderExtension();
    if (this.backPointerDue) return this.#readBackPointer();
    if (!this.open) return this.#readTagHeader();
    return this.#readBody(this.open, tags);
  }

  /**
   * @param {number} count
   * @returns {ByteReader | null} null when they have not all arrived
   */
  #reader(count) {
    if (this.queue.length < count) return null;
    this.offset += count;
    return new ByteReader(this.queue.take(count), 'FLV');
  }

  /** @param {string} problem @returns {never} */
  #fail(problem) {
    throw new FormatError('FLV', problem, this.offset);
  }

  #readFileHeader() {
    const reader = this.#reader(FILE_HEADER_BYTES);
    if (!reader) return false;
    if (String.fromCharCode(...reader.take(3)) !== 'FLV') this.#fail('does not start with "FLV"');
    const version = reader.u8();
    if (version !== 1) this.#fail(`version ${version} is unknown`);
    const flags = reader.u8();
    const headerBytes = reader.u32();
    if (headerBytes < FILE_HEADER_BYTES || headerBytes > this.limits.headerBytes) {
      this.#fail(`header of ${headerBytes} bytes`);
    }
    this.headerExtension = headerBytes - FILE_HEADER_BYTES;
    this.header = { audio: (flags & 4) !== 0, video: (flags & 1) !== 0 };
    return true;
  }

  #skipHeaderExtension() {
    if (!this.#reader(this.headerExtension)) return false;
    this.headerExtension = 0;
    return true;
  }

  #readBackPointer() {
    const reader = this.#reader(BACK_POINTER_BYTES);
    if (!reader) return false;
    const size = reader.u32();
    if (size !== this.expectedBackPointer) {
      this.#fail(`PreviousTagSize is ${size}, should be ${this.expectedBackPointer}`);
    }
    this.backPointerDue = false;
    return true;
  }

  #readTagHeader() {
    const reader = this.#reader(TAG_HEADER_BYTES);
    if (!reader) return false;
    const first = reader.u8();
    const bytes = reader.u24();
    if (bytes > this.limits.tagBytes) this.#fail(`tag of ${bytes} bytes`);
    const low = reader.u24();
    const timestamp = reader.u8() * 0x1000000 + low;
    this.open = {
      bytes,
      tag: {
        type: first & 0x1f,
        encrypted: (first & 0x20) !== 0,
        timestamp,
        body: new Uint8Array(),
      },
    };
    return true;
  }

  /**
   * @param {OpenTag} open
   * @param {FlvTag[]} tags
   */
  #readBody(open, tags) {
    const reader = this.#reader(open.bytes);
    if (!reader) return false;
    tags.push({ ...open.tag, body: reader.rest() });
    this.expectedBackPointer = TAG_HEADER_BYTES + open.bytes;
    this.backPointerDue = true;
    this.open = null;
    return true;
  }
}
