// The class SharedObject: properties that clients and scripts share.
(function (host) {
    "use strict";
    const { apply, defineProperty, ownKeys, getOwnPropertyDescriptor } = host.globals.Reflect;
    const { FinalizationRegistry, Map, Set, WeakRef, Number, String, Symbol, queueMicrotask } = host.globals;
    const { floor } = host.globals.Math;
    const deref = WeakRef.prototype.deref;
    const register = FinalizationRegistry.prototype.register;

    // In place of an id: the connection to the owner is not open.
    const NOT_CONNECTED = 0;
    const VERSIONS = 0xFFFFFFFF;

    // Each object has a seat: its id at the instance, 0 if it has none, the key of its name, and a
    // reference that does not keep it.
    const byId = new Map();
    const byName = new Map();

    // An object that the script holds no longer is closed. One with handlers, or anything else that
    // the script has given it, stays until the script closes it: else nobody would hold those of
    // which the script has said all there is to say.
    const kept = new Set();
    // Those that the running handler has got, which may give them something yet.
    let recent = [];

    function keepWhatHasHandlers() {
        const list = recent;
        recent = [];
        for (let i = 0; i < list.length; i++) {
            const { seat, object } = list[i];
            seat.isRecent = false;
            if (byName.get(seat.key) === seat && ownKeys(object).length > 0) kept.add(object);
        }
    }

    function hold(seat, object) {
        if (seat.isRecent) return;
        seat.isRecent = true;
        if (recent.length === 0) queueMicrotask(keepWhatHasHandlers);
        recent[recent.length] = { seat, object };
    }

    function leave(seat) {
        const { id, key } = seat;
        seat.id = 0;
        if (id !== 0) host.closeObject(id);
        if (byId.get(id) === seat) byId.delete(id);
        if (byName.get(key) === seat) byName.delete(key);
    }

    const registry = new FinalizationRegistry(leave);

    class SharedObject {
        #name;
        #seat;

        constructor(secret, name, key) {
            host.guardConstructor(secret, "SharedObject");
            this.#name = name;
            this.#seat = { id: 0, key, ref: new WeakRef(this), isRecent: false };
            byName.set(key, this.#seat);
            apply(register, registry, [this, this.#seat]);
        }

        static get(name, persistence, netConnection) {
            if (arguments.length === 0) return null;
            const text = String(name), persistent = !!persistence;
            const key = (persistent ? "p" : "t") + text;
            const local = netConnection === undefined || netConnection === null;
            let object = find(byName.get(key));
            if (object === undefined || object.#seat.id === 0 || !local) {
                const link = local ? 0 : host.linkOf(netConnection);
                if (link === undefined) {
                    host.warn("the owner of a shared object is reached by a NetConnection");
                    return null;
                }
                const id = link === 0 && !local ? NOT_CONNECTED : host.openObject(text, persistent, link);
                if (typeof id === "string") {
                    host.warn("SharedObject.get(\"" + text + "\"): " + id);
                    return null;
                }
                // The instance may know an object by several spellings of its name.
                object ??= find(byId.get(id)) ?? new SharedObject(host.secret, text, key);
                if (id === NOT_CONNECTED) host.later(() => host.tell(object, notConnected()));
                else object.#sit(id);
            }
            hold(object.#seat, object);
            return object;
        }

        #sit(id) {
            const seat = this.#seat;
            if (seat.id !== 0 && seat.id !== id) byId.delete(seat.id);
            seat.id = id;
            byId.set(id, seat);
        }

        static commit(name) {
            return host.commitObjects(name === undefined || name === null ? undefined : String(name));
        }

        getProperty(name) {
            return host.readObject(this.#seat.id, String(name));
        }

        setProperty(name, value) {
            const property = String(name);
            const refusal = host.writeObject(this.#seat.id, property, value);
            if (refusal !== undefined) host.warn("setProperty(\"" + property + "\"): " + refusal);
        }

        getPropertyNames() {
            return host.namesOfObject(this.#seat.id);
        }

        lock() {
            return host.lockObject(this.#seat.id);
        }

        unlock() {
            return host.unlockObject(this.#seat.id);
        }

        mark(handlerName) {
            if (arguments.length === 0) return false;
            return host.markObject(this.#seat.id, String(handlerName), host.rest(arguments, 1));
        }

        send(methodName) {
            if (arguments.length === 0) return false;
            return host.sendToObject(this.#seat.id, String(methodName), host.rest(arguments, 1));
        }

        clear() {
            return host.clearObject(this.#seat.id);
        }

        purge(version) {
            const number = Number(version);
            if (number >= 1) host.purgeObject(this.#seat.id, atMost(number));
        }

        size() {
            return host.sizeOfObject(this.#seat.id);
        }

        flush() {
            return host.flushObject(this.#seat.id);
        }

        close() {
            kept.delete(this);
            leave(this.#seat);
        }

        static {
            const here = (value) => typeof value === "object" && value !== null && #seat in value;

            host.reader(this.prototype, "name", function () {
                return here(this) ? this.#name : undefined;
            });
            host.reader(this.prototype, "version", function () {
                return here(this) ? host.versionOfObject(this.#seat.id) : undefined;
            });
            host.reader(this.prototype, "isDirty", function () {
                return here(this) ? host.isObjectDirty(this.#seat.id) : undefined;
            });
            // For ever is -1.
            setting(this.prototype, "resyncDepth", function () {
                return here(this) ? host.depthOfObject(this.#seat.id) : undefined;
            }, function (versions) {
                const number = Number(versions);
                const depth = number >= 0 && number <= VERSIONS ? floor(number) : -1;
                if (here(this)) host.setDepthOfObject(this.#seat.id, depth);
            });
            setting(this.prototype, "autoCommit", function () {
                return here(this) ? host.isObjectCommitted(this.#seat.id) : undefined;
            }, function (on) {
                if (here(this)) host.setObjectCommitted(this.#seat.id, !!on);
            });
        }
    }

    function setting(object, name, get, set) {
        defineProperty(object, name, { get, set, configurable: true, enumerable: false });
    }

    const atMost = (number) => (number < VERSIONS ? floor(number) : VERSIONS);

    // The object of a seat, if there still is one.
    function find(seat) {
        if (seat === undefined) return undefined;
        const object = apply(deref, seat.ref, []);
        // The news that it has gone may still be on their way.
        if (object === undefined) leave(seat);
        return object;
    }

    const notConnected = () => ({
        level: "error",
        code: "SharedObject.ObjectCreationFailed",
        description: "The instance that owns the shared object cannot be reached.",
    });

    // What others must not call, even where a script has something of its own under the name.
    const RESERVED = new Set(["onStatus", "onSync"]);
    const members = ownKeys(SharedObject.prototype);
    for (let i = 0; i < members.length; i++) RESERVED.add(members[i]);

    // Only the object's own: a handler on the prototype was never called.
    host.entries.sync = function (id, list) {
        const object = find(byId.get(id));
        if (object === undefined) return;
        const own = getOwnPropertyDescriptor(object, "onSync");
        const handler = own === undefined ? undefined : object.onSync;
        if (typeof handler === "function") apply(handler, object, [list]);
    };

    host.entries.objectMessage = function (id, name, args) {
        const object = find(byId.get(id));
        if (object === undefined || RESERVED.has(name)) return;
        const handler = host.step(object, name);
        if (typeof handler === "function") apply(handler, object, args);
    };

    host.entries.objectStatus = function (id, info) {
        const object = find(byId.get(id));
        if (object !== undefined) host.tell(object, info);
    };

    host.hide(SharedObject.prototype, Symbol.toStringTag, "SharedObject");
    host.define("SharedObject", SharedObject);
})
