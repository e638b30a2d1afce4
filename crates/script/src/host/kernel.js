// What every part of the host needs. Runs first.
//
// `host` carries the native functions, `host.entries` what the instance calls, and the helpers
// below. Scripts never see it. A script may replace any built-in function, so the host keeps
// those it needs, and walks arrays by index.
(function (host) {
    "use strict";
    const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
    const { WeakSet, WeakMap, String, Error, TypeError } = globalThis;
    const sourceOf = Function.prototype.toString;
    const endsWith = String.prototype.endsWith;
    const startsWith = String.prototype.startsWith;

    // What the engine would run or read whenever an error is made, even one of the host's own that
    // is not to be cut off. No script of the time knows them.
    delete Error.prepareStackTrace;
    delete Error.stackTraceLimit;
    delete Error.captureStackTrace;

    // What the instance calls, by the kind of the input.
    host.entries = Object.create(null);
    host.apply = apply;
    // A key without which the host's classes are not instantiated.
    host.secret = Symbol("host");

    // Functions of the host that a remote caller must not reach through a script's objects.
    const own = new WeakSet();

    function claim(value) {
        if (typeof value !== "function" || own.has(value)) return;
        own.add(value);
        claimMembers(value);
        if (value.prototype) claimMembers(value.prototype);
    }

    function claimMembers(object) {
        const keys = ownKeys(object);
        for (let i = 0; i < keys.length; i++) {
            claim(getOwnPropertyDescriptor(object, keys[i]).value);
        }
    }

    // Adds something to an object without showing it in for-in.
    host.hide = function (object, name, value) {
        claim(value);
        defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });
    };

    // A property that scripts can read and not change; assigning to it does nothing.
    host.reader = function (object, name, get) {
        defineProperty(object, name, { get, set() {}, configurable: true, enumerable: false });
    };

    // A global name.
    host.define = function (name, value) {
        host.hide(globalThis, name, value);
    };

    // What the global names stand for before a script changes them, for files that run later.
    host.globals = { __proto__: null };
    const names = ownKeys(globalThis);
    for (let i = 0; i < names.length; i++) host.globals[names[i]] = globalThis[names[i]];

    // A global name whose file of the host runs when a script first uses it. What a script puts in
    // its place is the script's.
    host.defineLater = function (name, file) {
        defineProperty(globalThis, name, {
            get() {
                host.atomic(() => host.runFile(file));
                return globalThis[name];
            },
            set(value) {
                defineProperty(globalThis, name,
                    { value, writable: true, configurable: true, enumerable: true });
            },
            configurable: true,
            enumerable: false,
        });
    };

    const natives = new WeakMap();

    // Whether a function is the engine's or the host's, and not the script's.
    host.isHosts = function (value) {
        if (own.has(value)) return true;
        let native = natives.get(value);
        if (native === undefined) {
            const source = apply(sourceOf, value, []);
            native = apply(endsWith, source, ["[native code]\n}"])
                && !apply(startsWith, source, ["function bound "]);
            natives.set(value, native);
        }
        return native;
    };

    // Runs `change` without being cut off by the time limit. No script code may run inside.
    host.atomic = function (change) {
        host.hold();
        try {
            change();
        } finally {
            host.release();
        }
    };

    // A class of which scripts cannot make instances.
    host.guardConstructor = function (key, name) {
        if (key !== host.secret) throw new TypeError(name + " objects are made by the server");
    };

    // What a pattern finds. The engine's own search, which leaves RegExp.$1 to the script.
    const exec = RegExp.prototype.exec;
    host.match = function (pattern, text) {
        return apply(exec, pattern, [text]);
    };

    // Tells the script's owner of something, with the line of the script that runs.
    host.warn = function (text) {
        host.emitWarning(text, new Error());
    };

    // What a client, or another server, is told when its call fails.
    host.callFailed = function (description) {
        return { level: "error", code: "NetConnection.Call.Failed", description };
    };
})
