/**
 * Bytes: cursors that refuse to read past the end, and a queue that joins arriving pieces.
 *
 * Owns no format; every parser of this library reads through it, so that a short or hostile input
 * ends in a `FormatError` and never in `undefined` arithmetic.
 */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** Input that is not what its format says; `reading` names the part, `offset` the byte in it. */
export class FormatError extends Error {
  /**
   * @param {string} reading what was being read
   * @param {string} problem what is wrong with it
   * @param {number} [offset] byte offset from the start of that input
   */
  constructor(reading, problem, offset = 0) {
    super(`${reading}: ${problem} (byte ${offset})`);
    this.name = 'FormatError';
    this.reading = reading;
    this.offset = offset;
  }
}

/** Reads big-endian numbers and slices from the front of some bytes. */
export class ByteReader {
  /**
   * @param {Bytes} bytes
   * @param {string} reading what the bytes are, for error messages
   */
  constructor(bytes, reading) {
    this.bytes = bytes;
    this.reading = reading;
    this.offset = 0;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not read yet. */
  get left() {
    return this.bytes.length - this.offset;
  }

  /**
   * Moves past `count` bytes and returns where they start.
   * @param {number} count
   * @returns {number}
   * @throws {FormatError} when fewer are left
   */
  skip(count) {
    if (count > this.left) {
      throw new FormatError(this.reading, `needs ${count} bytes, ${this.left} left`, this.offset);
    }
    const start = this.offset;
    this.offset += count;
    return start;
  }

  u8() {
    return this.view.getUint8(this.skip(1));
  }

  u16() {
    return this.view.getUint16(this.skip(2));
  }

  u24() {
    const at = this.skip(3);
    return (this.view.getUint8(at) << 16) | this.view.getUint16(at + 1);
  }

  /** Signed 24 bits. */
  i24() {
    return (this.u24() << 8) >> 8;
  }

  u32() {
    return this.view.getUint32(this.skip(4));
  }

  f64() {
    return this.view.getFloat64(this.skip(8));
  }

  /**
   * The next `count` bytes, without copying.
   * @param {number} count
   * @returns {Bytes}
   */
  take(count) {
    const start = this.skip(count);
    return this.bytes.subarray(start, start + count);
  }

  /** @returns {Bytes} everything that is left */
  rest() {
    return this.take(this.left);
  }

  /** Four bytes as text: a FourCC. */
  fourcc() {
    return String.fromCharCode(...this.take(4));
  }
}

/** Reads single bits, most significant first, and the Exp-Golomb codes of H.264 and H.265. */
export class BitReader {
  /**
   * @param {Uint8Array} bytes
   * @param {string} reading what the bytes are, for error messages
   */
  constructor(bytes, reading) {
    this.bytes = bytes;
    this.reading = reading;
    this.position = 0;
  }

  /** @returns {number} 0 or 1 */
  bit() {
    const byte = this.bytes[this.position >> 3];
    if (byte === undefined) {
      throw new FormatError(this.reading, 'ran out of bits', this.position >> 3);
    }
    const bit = (byte >> (7 - (this.position & 7))) & 1;
    this.position += 1;
    return bit;
  }

  /**
   * @param {number} count at most 32
   * @returns {number} unsigned
   */
  bits(count) {
    let value = 0;
    for (let i = 0; i < count; i += 1) value = value * 2 + this.bit();
    return value;
  }

  /** @param {number} count bits to ignore */
  skip(count) {
    this.position += count;
  }

  /** Unsigned Exp-Golomb (H.264 §9.1). @returns {number} */
  ue() {
    let zeros = 0;
    while (this.bit() === 0) {
      zeros += 1;
      if (zeros > 31)
        throw new FormatError(this.reading, 'Exp-Golomb code too long', this.position >> 3);
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Signed Exp-Golomb (H.264 §9.1.1). @returns {number} */
  se() {
    const code = this.ue();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}

/** Writes single bits, most significant first. */
export class BitWriter {
  constructor() {
    /** @type {number[]} */
    this.out = [];
    this.used = 8;
  }

  /**
   * @param {number} value
   * @param {number} count low bits of `value` to write, at most 32
   * @returns {this}
   */
  bits(value, count) {
    for (let i = count - 1; i >= 0; i -= 1) {
      if (this.used === 8) {
        this.out.push(0);
        this.used = 0;
      }
      const bit = Math.floor(value / 2 ** i) & 1;
      const last = this.out.length - 1;
      this.out[last] = (this.out[last] ?? 0) | (bit << (7 - this.used));
      this.used += 1;
    }
    return this;
  }

  /** @returns {Bytes} what was written, filled up with zero bits */
  bytes() {
    return Uint8Array.from(this.out);
  }
}

/**
 * Pieces joined into one array.
 * @param {readonly Uint8Array[]} parts
 * @returns {Bytes}
 */
export function concat(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 * @returns {boolean}
 */
export function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Pieces as they arrive; taken out in whatever lengths the format needs. */
export class ByteQueue {
  constructor() {
    /** @type {Bytes[]} */
    this.pieces = [];
    this.first = 0;
    this.length = 0;
  }

  /** @param {Bytes} piece kept without copying: the caller must not change it afterwards */
  push(piece) {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.length += piece.length;
  }

  /**
   * Takes `count` bytes off the front; copies only when they lie in several pieces.
   * @param {number} count at most `length`
   * @returns {Bytes}
   */
  take(count) {
    if (count > this.length) throw new FormatError('queue', `needs ${count}, has ${this.length}`);
    const head = this.pieces[this.first];
    if (head && head.length >= count) {
      this.#dropFromHead(head, count);
      return head.subarray(0, count);
    }
    const out = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      const piece = this.pieces[this.first];
      if (!piece) break; // cannot happen: `length` counts the pieces
      const part = piece.subarray(0, count - filled);
      out.set(part, filled);
      filled += part.length;
      this.#dropFromHead(piece, part.length);
    }
    return out;
  }

  /**
   * @param {Bytes} head
   * @param {number} count
   */
  #dropFromHead(head, count) {
    this.length -= count;
    if (count < head.length) {
      this.pieces[this.first] = head.subarray(count);
      return;
    }
    this.first += 1;
    if (this.first > 64 && this.first * 2 > this.pieces.length) {
      this.pieces = this.pieces.slice(this.first);
      this.first = 0;
    }
  }
}
