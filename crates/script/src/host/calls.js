// Remote calls in both directions: whose method a name is, and who waits for an answer.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, Set, String } = globalThis;
    const split = String.prototype.split;
    const startsWith = String.prototype.startsWith;

    // What a name never stands for: these lead from any object to the engine itself.
    function isRefused(name) {
        return name === "constructor" || name === "prototype" || name === ""
            || apply(startsWith, name, ["__"]);
    }

    // A part of a path: what the object has under this name, if it is the script's.
    function step(holder, name) {
        if (isRefused(name) || !(name in holder)) return undefined;
        const value = holder[name];
        return typeof value === "function" && host.isHosts(value) ? undefined : value;
    }

    host.step = step;

    // The answer of `dispatch` when there is no such method.
    host.missing = Symbol("missing");

    // Calls the method that a path names: "m" of the object itself, "a/b/m" of an object inside.
    host.dispatch = function (target, path, args) {
        const parts = apply(split, path, ["/"]);
        let holder = target;
        for (let i = 0; i < parts.length - 1; i++) {
            holder = step(holder, parts[i]);
            if (typeof holder !== "object" || holder === null) return host.missing;
        }
        const method = step(holder, parts[parts.length - 1]);
        return typeof method === "function" ? apply(method, holder, args) : host.missing;
    };

    // Calls whose answer has not come, by id.
    const pending = new Map();

    // Whether one more call may wait for its answer.
    host.mayWait = function () {
        if (pending.size < host.limits.pendingCalls) return true;
        host.warn("more than " + host.limits.pendingCalls
            + " calls wait for their answer (limit pending_calls)");
        return false;
    };

    // `waiting` is the set of the calls of one client or connection.
    host.wait = function (call, responder, waiting) {
        pending.set(call, { responder, waiting });
        waiting.add(call);
    };

    // The other side has gone: its answers will not come.
    host.forgetCalls = function (waiting) {
        waiting.forEach((call) => pending.delete(call));
        waiting.clear();
    };

    host.entries.answer = function (call, ok, value) {
        const entry = pending.get(call);
        if (entry === undefined) return;
        pending.delete(call);
        entry.waiting.delete(call);
        const { responder } = entry;
        const handler = ok ? responder.onResult : responder.onStatus;
        if (typeof handler === "function") apply(handler, responder, [value]);
    };

    // The answer was too much for the script.
    host.entries.answerRefused = function (call) {
        host.entries.answer(call, false, host.callFailed("The answer is too large."));
    };

    // Methods that every call has: what to call, whom to tell, and the arguments.
    host.rest = function (args, from) {
        const rest = [];
        for (let i = from; i < args.length; i++) rest[rest.length] = args[i];
        return rest;
    };
    host.isResponder = function (value) {
        return value !== null && (typeof value === "object" || typeof value === "function");
    };
    host.newWaiting = () => new Set();
})
