// The class Stream: a stream of the instance, by its name.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, Set, WeakRef, Proxy, Symbol, String, Number } = globalThis;
    const deref = WeakRef.prototype.deref;

    // Streams that are there for certain: those that are published, ...
    const published = new Map();
    // ... and the last ones that were asked for, in this order.
    const recent = new Map();
    // The others, as long as the script keeps them.
    const others = new Map();
    // How many others there may be before those that are gone are looked for.
    let sweepAt = host.limits.streams;

    function find(name) {
        const stream = published.get(name) ?? recent.get(name);
        if (stream !== undefined) return stream;
        const other = others.get(name);
        return other === undefined ? undefined : apply(deref, other, []);
    }

    // Keeps a stream that was asked for, and the oldest no more.
    function keep(name, stream) {
        recent.delete(name);
        others.delete(name);
        recent.set(name, stream);
        if (recent.size <= host.limits.streams) return;
        const oldest = recent.keys().next().value;
        others.set(oldest, new WeakRef(recent.get(oldest)));
        recent.delete(oldest);
        if (others.size > sweepAt) sweep();
    }

    function sweep() {
        others.forEach(function (other, name) {
            if (apply(deref, other, []) === undefined) others.delete(name);
        });
        sweepAt = host.limits.streams + 2 * others.size;
    }

    function number(value, otherwise) {
        const number = value === undefined || value === null ? otherwise : Number(value);
        return number === number ? number : otherwise;
    }

    // 0 appends, 1 begins anew, 2 and 3 are the same with all of it at once.
    function resetCode(reset) {
        if (reset === undefined || reset === null || reset === true) return 1;
        return reset === false ? 0 : number(reset, 1);
    }

    class Stream {
        #name;
        #query = "";

        constructor(secret, name) {
            host.guardConstructor(secret, "Stream");
            this.#name = name;
        }

        // `null` where the name is none.
        static get(name) {
            const known = host.streamName(String(name));
            return known === undefined ? null : made(known);
        }

        get name() {
            return #name in this ? this.#name : undefined;
        }

        // What the publisher wrote behind the name.
        get publishQueryString() {
            return #query in this ? this.#query : undefined;
        }

        // Calls a handler of all who play the stream.
        send(handlerName) {
            if (arguments.length === 0) return false;
            host.emitStreamSend(this.#name, String(handlerName), host.rest(arguments, 1));
            return true;
        }

        // Publishes something else under the stream's name; `false` stops that.
        play(streamName, start, length, reset, remoteConnection) {
            const name = this.#name;
            if (streamName === false) {
                host.emitStreamStop(name);
                return true;
            }
            const source = String(streamName);
            if (arguments.length === 0 || host.streamName(source) === undefined) return false;
            if (remoteConnection !== undefined && remoteConnection !== null) return false;
            host.emitStreamPlay(name, source, number(start, -2), number(length, -1), resetCode(reset));
            return true;
        }

        static {
            host.setQuery = (stream, query) => {
                stream.#query = query;
            };
        }
    }

    function made(name) {
        const stream = find(name) ?? new Stream(host.secret, name);
        host.atomic(() => keep(name, stream));
        return stream;
    }

    host.hide(Stream.prototype, Symbol.toStringTag, "Stream");
    host.define("Stream", Stream);

    function tellApplication(handler, key, stream) {
        const { application } = host;
        const client = host.findClient(key);
        const run = application[handler];
        if (typeof run === "function" && client !== undefined) apply(run, application, [client, stream]);
    }

    host.entries.published = function (key, name, query) {
        const stream = made(name);
        host.setQuery(stream, query);
        published.set(name, stream);
        tellApplication("onPublish", key, stream);
    };

    host.entries.unpublished = function (key, name) {
        const stream = made(name);
        published.delete(name);
        tellApplication("onUnpublish", key, stream);
    };

    // What a stream itself is told of its publisher, after the application.
    host.entries.streamStatus = function (name, clientid, start) {
        const code = start ? "NetStream.Publish.Start" : "NetStream.Unpublish.Success";
        const description = name + (start ? " is now published." : " is now unpublished.");
        const stream = made(name);
        if (!start) host.setQuery(stream, "");
        host.tell(stream, { level: "status", code, description, details: name, clientid });
    };

    // What becomes of what is played under a stream's name.
    host.entries.streamInfo = function (name, info) {
        host.tell(made(name), info);
    };

    // Deletes recordings. Stream objects that the script has are told, after the handler.
    host.clearStreams = function (path) {
        const cleared = host.clearRecordings(path);
        if (cleared[1]) {
            host.warn("clearStreams(\"" + path + "\"): more than " + host.limits.listEntries
                + " recordings at once (limit list_entries)");
        }
        for (let i = 2; i < cleared.length; i += 2) {
            const name = host.streamName(cleared[i]);
            const stream = name === undefined ? undefined : find(name);
            if (stream !== undefined) host.later(() => tellCleared(stream, name, cleared[i + 1]));
        }
        return cleared[0];
    };

    function tellCleared(stream, name, done) {
        const level = done ? "status" : "error";
        const code = done ? "NetStream.Clear.Success" : "NetStream.Clear.Failed";
        const description = done ? "Cleared " + name + "." : "Failed to clear " + name + ".";
        host.tell(stream, { level, code, description, details: name });
    }

    // Shows the streams by name. The script can look, and not touch.
    host.streams = new Proxy({}, {
        get: (target, name) => find(name) ?? target[name],
        has: (target, name) => find(name) !== undefined || name in target,
        ownKeys() {
            const there = new Set();
            const add = (stream, name) => find(name) !== undefined && there.add(name);
            published.forEach(add);
            recent.forEach(add);
            others.forEach(add);
            const names = [];
            there.forEach((name) => { names[names.length] = name; });
            return names;
        },
        getOwnPropertyDescriptor(target, name) {
            const value = find(name);
            return value && { value, writable: false, enumerable: true, configurable: true };
        },
        set: () => true,
        deleteProperty: () => true,
        defineProperty: () => false,
        setPrototypeOf: () => false,
        preventExtensions: () => false,
    });
})
