// The class ByteArray: bytes with a position at which they are read and written.
(function (host) {
    "use strict";
    const { apply, get, set, getPrototypeOf, setPrototypeOf } = Reflect;
    const { DataView, Error, Number, Object, Proxy, RangeError, String, Symbol, TypeError, Uint8Array } = globalThis;
    const { floor, max, min } = Math;
    const view = DataView.prototype;
    const bytesBelow = getPrototypeOf(Uint8Array.prototype);
    const copyInto = bytesBelow.set;
    const { fill, slice, subarray } = bytesBelow;
    const toLowerCase = String.prototype.toLowerCase;
    const { latin1 } = host.values;
    const SMALLEST = 64;
    const UTF_MAX = 0xffff;

    function endOfFile() {
        const error = new Error("End of file was encountered.");
        host.hide(error, "name", "EOFError");
        host.hide(error, "errorID", 2030);
        return error;
    }

    function damaged() {
        const error = new Error("There was an error decompressing the data.");
        host.hide(error, "name", "IOError");
        host.hide(error, "errorID", 2058);
        return error;
    }

    // Whether what is packed has no head and sum of zlib.
    function isRaw(algorithm) {
        switch (algorithm === undefined ? "zlib" : String(algorithm)) {
            case "zlib": return false;
            case "deflate": return true;
        }
        throw new TypeError("the algorithm is zlib or deflate");
    }

    // A length or position.
    function natural(value) {
        const number = floor(Number(value));
        return number > 0 ? number : 0;
    }

    // The index that a property's name is, or -1.
    function indexOf(name) {
        if (typeof name !== "string") return -1;
        const index = Number(name);
        return index >= 0 && index < 0xffffffff && String(index) === name && floor(index) === index
            ? index : -1;
    }

    class ByteArray {
        // What is beyond the length is room, and zero.
        #bytes = new Uint8Array(SMALLEST);
        #view = new DataView(this.#bytes.buffer);
        #length = 0;
        #position = 0;
        #little = false;

        constructor() {
            host.hide(this, "objectEncoding", 3);
        }

        get length() {
            return this.#length;
        }

        set length(value) {
            const length = natural(value);
            this.#reserve(length);
            if (length < this.#length) apply(fill, this.#bytes, [0, length, this.#length]);
            this.#length = length;
            this.#position = min(this.#position, length);
        }

        get position() {
            return this.#position;
        }

        set position(value) {
            this.#position = natural(value);
        }

        get bytesAvailable() {
            return max(this.#length - this.#position, 0);
        }

        get endian() {
            return this.#little ? "littleEndian" : "bigEndian";
        }

        set endian(value) {
            if (value !== "littleEndian" && value !== "bigEndian") {
                throw new TypeError("endian is littleEndian or bigEndian");
            }
            this.#little = value === "littleEndian";
        }

        clear() {
            this.#bytes = new Uint8Array(SMALLEST);
            this.#view = new DataView(this.#bytes.buffer);
            this.#length = this.#position = 0;
        }

        readBoolean() {
            return this.#read(1, view.getUint8) !== 0;
        }

        readByte() {
            return this.#read(1, view.getInt8);
        }

        readUnsignedByte() {
            return this.#read(1, view.getUint8);
        }

        readShort() {
            return this.#read(2, view.getInt16);
        }

        readUnsignedShort() {
            return this.#read(2, view.getUint16);
        }

        readInt() {
            return this.#read(4, view.getInt32);
        }

        readUnsignedInt() {
            return this.#read(4, view.getUint32);
        }

        readFloat() {
            return this.#read(4, view.getFloat32);
        }

        readDouble() {
            return this.#read(8, view.getFloat64);
        }

        // Copies into another array, from `offset` on; without a length all that is left.
        readBytes(bytes, offset, length) {
            const count = natural(length) || this.bytesAvailable;
            const at = this.#skip(count);
            bytes.#put(natural(offset), apply(slice, this.#bytes, [at, at + count]));
        }

        readUTF() {
            return this.readUTFBytes(this.readUnsignedShort());
        }

        readUTFBytes(length) {
            return host.fromUtf8(this.#text(length));
        }

        readMultiByte(length, charSet) {
            return isUtf8(charSet) ? this.readUTFBytes(length) : this.#text(length);
        }

        readObject() {
            const rest = latin1(apply(subarray, this.#bytes, [this.#position, this.#length]));
            const found = host.fromAmf(rest, this.objectEncoding === 0 ? 0 : 3);
            if (found === undefined) throw endOfFile();
            this.#position += found[1];
            return found[0];
        }

        writeBoolean(value) {
            this.#write(1, view.setUint8, value ? 1 : 0);
        }

        writeByte(value) {
            this.#write(1, view.setInt8, value);
        }

        writeShort(value) {
            this.#write(2, view.setInt16, value);
        }

        writeInt(value) {
            this.#write(4, view.setInt32, value);
        }

        writeUnsignedInt(value) {
            this.#write(4, view.setUint32, value);
        }

        writeFloat(value) {
            this.#write(4, view.setFloat32, value);
        }

        writeDouble(value) {
            this.#write(8, view.setFloat64, value);
        }

        // Copies from another array; without a length all from `offset` on.
        writeBytes(bytes, offset, length) {
            const start = min(natural(offset), bytes.#length);
            const count = natural(length) || bytes.#length - start;
            if (start + count > bytes.#length) throw new RangeError("the bytes end before that");
            this.#append(apply(slice, bytes.#bytes, [start, start + count]));
        }

        writeUTF(value) {
            const bytes = host.utf8(String(value));
            if (bytes.length > UTF_MAX) throw new RangeError("more than 65535 bytes for writeUTF");
            this.writeShort(bytes.length);
            this.#append(bytes);
        }

        writeUTFBytes(value) {
            this.#append(host.utf8(String(value)));
        }

        writeMultiByte(value, charSet) {
            if (isUtf8(charSet)) return this.writeUTFBytes(value);
            const text = String(value);
            const bytes = new Uint8Array(text.length);
            for (let i = 0; i < text.length; i++) {
                const code = apply(charCodeAt, text, [i]);
                bytes[i] = code < 256 ? code : QUESTION_MARK;
            }
            this.#append(bytes);
        }

        writeObject(value) {
            this.#append(host.amf(value, this.objectEncoding === 0 ? 0 : 3));
        }

        // Packs everything; what is written next goes behind it. Nothing stays nothing.
        compress(algorithm) {
            const raw = isRaw(algorithm);
            if (this.#length > 0) this.#replace(host.deflate(this.#all(), raw));
            this.#position = this.#length;
        }

        // Unpacks everything; it is read from its beginning.
        uncompress(algorithm) {
            const raw = isRaw(algorithm);
            if (this.#length > 0) {
                const bytes = host.inflate(this.#all(), raw);
                if (bytes === undefined) throw damaged();
                this.#replace(bytes);
            }
            this.#position = 0;
        }

        toString() {
            return host.fromUtf8(this.#all());
        }

        #all() {
            return latin1(apply(subarray, this.#bytes, [0, this.#length]));
        }

        #replace(bytes) {
            this.#reserve(bytes.length);
            this.length = 0;
            this.#put(0, bytes);
        }

        // Makes room.
        #reserve(length) {
            const most = host.limits.byteArrayBytes;
            if (length > most) {
                throw new RangeError("a ByteArray of more than " + most + " bytes (limit byte_array_bytes)");
            }
            if (length <= this.#bytes.length) return;
            const bytes = new Uint8Array(min(max(length, 2 * this.#bytes.length), most));
            apply(copyInto, bytes, [this.#bytes]);
            this.#bytes = bytes;
            this.#view = new DataView(bytes.buffer);
        }

        // Goes over bytes that are read; where they are.
        #skip(count) {
            if (count > this.bytesAvailable) throw endOfFile();
            const at = this.#position;
            this.#position += count;
            return at;
        }

        #read(size, read) {
            return apply(read, this.#view, [this.#skip(size), this.#little]);
        }

        #text(length) {
            const count = natural(length);
            const at = this.#skip(count);
            return latin1(apply(subarray, this.#bytes, [at, at + count]));
        }

        #write(size, write, value) {
            // Converts first: the value may be an object with code of its own.
            const number = Number(value);
            const at = this.#position;
            this.#grow(at + size);
            apply(write, this.#view, [at, number, this.#little]);
            this.#position = at + size;
        }

        #append(bytes) {
            this.#put(this.#position, bytes);
            this.#position += bytes.length;
        }

        #put(at, bytes) {
            this.#grow(at + bytes.length);
            apply(copyInto, this.#bytes, [bytes, at]);
        }

        #grow(length) {
            this.#reserve(length);
            this.#length = max(this.#length, length);
        }

        static {
            // The bytes of a ByteArray; undefined for anything else.
            host.bytesOf = function (object) {
                return #bytes in object ? apply(subarray, object.#bytes, [0, object.#length]) : undefined;
            };

            host.values.makeBytes = function (bytes) {
                const made = new ByteArray();
                made.#put(0, bytes);
                return made;
            };

            // bytes[index] comes here, for no array has properties of such names.
            const end = new Proxy(Object.create(Object.prototype), {
                get(target, name, bytes) {
                    const index = indexOf(name);
                    if (index < 0 || !(#bytes in bytes)) return get(target, name, bytes);
                    return index < bytes.#length ? bytes.#bytes[index] : undefined;
                },
                set(target, name, value, bytes) {
                    const index = indexOf(name);
                    if (index < 0 || !(#bytes in bytes)) return set(target, name, value, bytes);
                    const byte = Number(value);
                    bytes.#grow(index + 1);
                    bytes.#bytes[index] = byte;
                    return true;
                },
            });
            setPrototypeOf(this.prototype, end);
        }
    }

    const charCodeAt = String.prototype.charCodeAt;
    const QUESTION_MARK = 63;

    // The character sets that there are: UTF-8, and Latin-1 under its names.
    function isUtf8(charSet) {
        switch (apply(toLowerCase, String(charSet), [])) {
            case "utf-8": case "utf8": return true;
            case "iso-8859-1": case "latin1": case "us-ascii": return false;
        }
        throw new TypeError("the character set " + charSet + " is not supported");
    }

    host.hide(ByteArray.prototype, Symbol.toStringTag, "ByteArray");
    host.define("ByteArray", ByteArray);
})
