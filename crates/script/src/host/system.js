// Global functions: trace, load, timers.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, String, Number, TypeError } = globalThis;

    host.define("trace", function trace(expression) {
        let line = "";
        for (let i = 0; i < arguments.length; i++) line += (i ? " " : "") + String(arguments[i]);
        host.emitTrace(line);
    });

    host.define("load", function load(filename) {
        host.loadFile(String(filename));
    });

    // What the running timers do. `script` says that the script may stop it.
    const timers = new Map();

    // A function and its arguments, or an object, the name of its method and the arguments.
    function start(args, repeats) {
        const method = typeof args[0] !== "function";
        if (method && (args[0] === null || typeof args[0] !== "object")) {
            throw new TypeError("a timer needs a function, or an object and the name of its method");
        }
        const rest = [];
        for (let i = method ? 3 : 2; i < args.length; i++) rest[rest.length] = args[i];
        const run = method
            ? () => apply(args[0][args[1]], args[0], rest)
            : () => apply(args[0], globalThis, rest);
        const delay = Number(args[method ? 2 : 1]);
        const id = host.startTimer(delay >= 1 ? delay : 1, repeats, true);
        timers.set(id, { run, script: true });
        return id;
    }

    function stop(id) {
        const timer = timers.get(Number(id));
        if (timer === undefined || !timer.script) return;
        timers.delete(Number(id));
        host.stopTimer(Number(id));
    }

    host.define("setInterval", function setInterval(callback, milliseconds) {
        return start(arguments, true);
    });
    host.define("setTimeout", function setTimeout(callback, milliseconds) {
        return start(arguments, false);
    });
    host.define("clearInterval", function clearInterval(id) {
        stop(id);
    });
    host.define("clearTimeout", function clearTimeout(id) {
        stop(id);
    });

    // Runs something after the handler that runs now.
    host.later = function (run) {
        timers.set(host.startTimer(0, false, false), { run, script: false });
    };

    host.entries.timer = function (id, again) {
        const timer = timers.get(id);
        if (timer === undefined) return;
        if (!again) timers.delete(id);
        timer.run();
    };
})
