// What rewritten scripts call. Evaluated once in every new engine, before the first script.
(function () {
    var define = Object.defineProperty;
    var describe = Object.getOwnPropertyDescriptor;
    var hasOwn = Object.hasOwn;
    var defineGetter = Object.prototype.__defineGetter__;
    var defineSetter = Object.prototype.__defineSetter__;

    // `for each`: the values of what `for…in` visits, each read when its turn comes.
    function* values(object) {
        for (var key in object) yield object[key];
    }

    // Constants can be read from the start of the script that declares them.
    function declare() {
        for (var i = 0; i < arguments.length; i++) {
            if (!hasOwn(globalThis, arguments[i])) setConstant(null, arguments[i], undefined);
        }
    }

    // A `var` of the same name leaves a property that stays but can be closed, once.
    function setConstant(target, name, value) {
        var old = describe(globalThis, name);
        if (!old || old.configurable) {
            define(globalThis, name, { value: value, writable: false, enumerable: true, configurable: true });
        } else if (old.writable) {
            define(globalThis, name, { value: value, writable: false });
        }
        return true;
    }

    // An object whose property `is`, when it is set, becomes the getter or setter of another.
    function accessor(define) {
        return function (object, name) {
            return { set is(callback) { define.call(object, name, callback); } };
        };
    }

    // What the server gives: see the end.
    var rewrite, note;
    var realEval = eval;
    var RealError = Error;

    // What `eval` shall run. If that is not the engine's own it is none of ours.
    function ready(callee, text) {
        return callee === realEval && typeof text === "string" && rewrite ? rewrite(text) : text;
    }

    // Something is about to be thrown here.
    function here() {
        if (note) note(new RealError());
    }

    define(globalThis, "__greenroom", { value: Object.freeze({
        ready: ready,
        here: here,
        // In front of a value that was caught and goes on its way.
        again: undefined,
        values: values,
        declare: declare,
        constants: new Proxy({}, { set: setConstant }),
        getter: accessor(defineGetter),
        setter: accessor(defineSetter)
    }) });
    return function (rewriteText, noteThrow) {
        rewrite = rewriteText;
        note = noteThrow;
    };
})()
