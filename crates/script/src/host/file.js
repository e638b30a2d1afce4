// The class File: files and folders of the application, and of its virtual folders.
//
// What cannot be done answers false (or null, undefined, -1) and is reported; what is over a
// limit throws a RangeError. Of a closed file the properties that speak of it being open are
// undefined.
(function (host) {
    "use strict";
    if (host.filePath === undefined) return;
    const { apply } = Reflect;
    const { Array, Date, FinalizationRegistry, Number, String, Symbol } = globalThis;
    const split = String.prototype.split;
    const trim = String.prototype.trim;
    const join = Array.prototype.join;
    const { isArray } = Array;
    const LINE_END = "\n";

    // A file that the script lost without closing it is closed with the object. A keeper is
    // registered for every opening, for a registration stays as long as what is registered.
    const lost = new FinalizationRegistry((id) => host.fileClose(id));

    const TYPES = { __proto__: null, text: true, utf8: true, binary: true };
    const ATTRIBUTES = {
        __proto__: null,
        read: ["read"],
        write: ["write"],
        readWrite: ["read", "write"],
        append: ["append"],
        create: ["write", "create"],
    };

    // "read,append" and the like. What is not known is left out; null if nothing is left.
    function parseMode(text) {
        const flags = { __proto__: null, read: false, write: false, append: false, create: false };
        let known = false;
        const words = apply(split, text, [","]);
        for (let i = 0; i < words.length; i++) {
            const implied = ATTRIBUTES[apply(trim, words[i], [])];
            if (implied === undefined) continue;
            known = true;
            for (let k = 0; k < implied.length; k++) flags[implied[k]] = true;
        }
        return known ? flags : null;
    }

    function modeText(flags) {
        const words = [];
        for (const word in flags) if (flags[word]) words[words.length] = word;
        return apply(join, words, [","]);
    }

    function texts(args, end) {
        let text = "";
        for (let i = 0; i < args.length; i++) text += String(args[i]);
        return text + end;
    }

    class File {
        #name;
        // Below the application's folder; undefined if the name is refused.
        #path;
        // The open file; 0 is none.
        #id = 0;
        // Goes with the object, or when the file is closed.
        #keeper;
        #type;
        #flags;

        constructor(name) {
            this.#path = host.filePath(String(name));
            this.#name = this.#path === undefined ? "" : String(name);
        }

        get name() {
            return this.#name;
        }

        get exists() {
            return this.#kind() !== undefined;
        }

        get isFile() {
            return this.#kind() === "file";
        }

        get isDirectory() {
            return this.#kind() === "folder";
        }

        // Bytes of a file, entries of a folder.
        get length() {
            const stat = this.#stat();
            return stat === undefined ? 0 : stat[1];
        }

        get creationTime() {
            const stat = this.#stat();
            return stat === undefined ? undefined : new Date(stat[2]);
        }

        get lastModified() {
            const stat = this.#stat();
            return stat === undefined ? undefined : new Date(stat[3]);
        }

        get isOpen() {
            return this.#id !== 0;
        }

        get canRead() {
            return this.#id === 0 ? undefined : this.#flags.read;
        }

        get canWrite() {
            return this.#id === 0 ? undefined : this.#flags.write || this.#flags.append;
        }

        get canAppend() {
            return this.#id === 0 ? undefined : this.#flags.append;
        }

        get canReplace() {
            return this.#id === 0 ? undefined : this.#flags.create;
        }

        get mode() {
            return this.#id === 0 ? undefined : modeText(this.#flags);
        }

        get type() {
            return this.#id === 0 ? undefined : this.#type;
        }

        get position() {
            return this.#id === 0 ? undefined : host.filePosition(this.#id);
        }

        set position(value) {
            const position = Number(value);
            if (this.#id !== 0 && position >= 0) host.fileGoTo(this.#id, position);
        }

        open(type, mode) {
            if (this.#id !== 0 || this.#path === undefined) return false;
            const wanted = type === undefined || type === null ? "text" : String(type);
            const flags = parseMode(String(mode));
            if (!TYPES[wanted] || flags === null) return false;
            const id = host.fileOpen(this.#path, wanted === "utf8",
                flags.read | flags.write << 1 | flags.append << 2 | flags.create << 3);
            if (id === undefined) return false;
            this.#id = id;
            this.#type = wanted;
            this.#flags = flags;
            this.#keeper = {};
            lost.register(this.#keeper, id);
            return true;
        }

        close() {
            if (this.#id === 0) return false;
            host.fileClose(this.#id);
            this.#id = 0;
            this.#keeper = undefined;
            return true;
        }

        // At most `count` characters, or bytes of a binary file.
        read(count) {
            if (!this.#mayRead()) return false;
            const text = host.fileRead(this.#id, Number(count));
            return text === undefined ? false : text;
        }

        // All lines that are left.
        readAll() {
            if (!this.#mayRead()) return false;
            const lines = host.fileReadLines(this.#id);
            return lines === undefined ? false : lines;
        }

        // The next line without its end; null after the last.
        readln() {
            if (!this.#mayRead()) return false;
            const line = host.fileReadLine(this.#id);
            return line === undefined ? null : line;
        }

        readByte() {
            if (!this.#mayRead() || this.#type !== "binary") return -1;
            const byte = host.fileReadByte(this.#id);
            return byte === undefined ? -1 : byte;
        }

        write() {
            return this.#write(arguments, "");
        }

        writeln() {
            return this.#write(arguments, LINE_END);
        }

        // Every element of an array as a line.
        writeAll(lines) {
            if (!isArray(lines)) return false;
            let text = "";
            for (let i = 0; i < lines.length; i++) text += String(lines[i]) + LINE_END;
            return this.#write([text], "");
        }

        writeByte(byte) {
            if (!this.#mayWrite() || this.#type !== "binary") return false;
            return host.fileWriteByte(this.#id, Number(byte) & 255) === true;
        }

        eof() {
            return this.#id === 0 || host.fileAtEnd(this.#id) !== false;
        }

        // Skips bytes, backwards too; the new position, or -1.
        seek(bytes) {
            if (this.#id === 0) return -1;
            const target = host.filePosition(this.#id) + Number(bytes);
            if (!(target >= 0)) return -1;
            const position = host.fileGoTo(this.#id, target);
            return position === undefined ? -1 : position;
        }

        flush() {
            return this.#mayWrite() && host.fileFlush(this.#id) === true;
        }

        copyTo(name) {
            const to = this.#other(name);
            return to !== undefined && host.fileCopy(this.#path, to) === true;
        }

        renameTo(name) {
            const to = this.#other(name);
            if (to === undefined || host.fileRename(this.#path, to) !== true) return false;
            this.#path = to;
            this.#name = String(name);
            return true;
        }

        remove(recursive) {
            if (this.#id !== 0 || this.#path === undefined) return false;
            const remove = recursive === true ? host.fileRemoveAll : host.fileRemove;
            return apply(remove, host, [this.#path]) === true;
        }

        // Makes a folder inside this one.
        mkdir(name) {
            const path = this.#inside(String(name));
            return path !== undefined && host.fileMakeFolder(path) === true;
        }

        // The files of a folder, or those whose name the function takes.
        list(filter) {
            const names = this.#path === undefined ? undefined : host.fileList(this.#path);
            if (names === undefined) return null;
            const files = [];
            const prefix = this.#path === "" ? "/" : "/" + this.#path + "/";
            for (let i = 0; i < names.length; i++) {
                if (typeof filter === "function" && !filter(names[i])) continue;
                files[files.length] = new File(prefix + names[i]);
            }
            return files;
        }

        toString() {
            return this.#name;
        }

        #kind() {
            return this.#path === undefined ? undefined : host.fileKind(this.#path);
        }

        #stat() {
            return this.#path === undefined ? undefined : host.fileStat(this.#path);
        }

        #mayRead() {
            return this.#id !== 0 && this.#flags.read;
        }

        #mayWrite() {
            return this.#id !== 0 && (this.#flags.write || this.#flags.append);
        }

        #write(args, end) {
            return this.#mayWrite() && host.fileWrite(this.#id, texts(args, end)) === true;
        }

        // Where a closed file goes.
        #other(name) {
            if (this.#id !== 0 || this.#path === undefined) return undefined;
            return host.filePath(String(name));
        }

        #inside(name) {
            if (this.#path === undefined) return undefined;
            const path = host.filePath(name);
            if (path === undefined || path === "") return undefined;
            return this.#path === "" ? path : this.#path + "/" + path;
        }
    }

    host.hide(File.prototype, Symbol.toStringTag, "File");
    host.define("File", File);
})
