// The class Log: messages of a script's own parts, by their level.
(function (host) {
    "use strict";
    const { Date, String, Symbol, TypeError } = globalThis;

    // From few messages to many.
    const RANKS = { __proto__: null, BRIEF: 0, VERBOSE: 1, DEBUG: 2 };

    function checked(level) {
        if (level === undefined || level === null) return "BRIEF";
        if (RANKS[level] === undefined) throw new TypeError("a log's level is BRIEF, VERBOSE or DEBUG");
        return level;
    }

    const two = (number) => (number < 10 ? "0" : "") + number;

    function stamp() {
        const now = new Date();
        return now.getMonth() + 1 + "/" + now.getDate() + " " + now.getHours() + ":"
            + two(now.getMinutes()) + ":" + two(now.getSeconds());
    }

    class Log {
        #level;

        constructor(level, name) {
            this.#level = checked(level);
            this.name = name === undefined || name === null ? "" : name;
        }

        get level() {
            return this.#level;
        }

        set level(level) {
            this.#level = checked(level);
        }

        // A message of a level; BRIEF if none is given.
        logInfo(message, level) {
            const rank = checked(level);
            if (RANKS[rank] > RANKS[this.#level]) return;
            const kind = rank === "DEBUG" ? "DEBUG" : "INFO";
            this.onLog(stamp() + " [" + kind + "] " + this.name + ": " + message);
        }

        logDebug(message) {
            this.logInfo(message, "DEBUG");
        }

        // A script replaces it to do something else with its messages.
        onLog(message) {
            host.emitTrace(String(message));
        }
    }

    for (const level in RANKS) host.hide(Log, level, level);
    host.hide(Log.prototype, Symbol.toStringTag, "Log");
    host.define("Log", Log);
})
