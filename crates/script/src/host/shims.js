// What JavaScript 1.5 had and the engine has not. All of it stays out of for-in.
(function (host) {
    "use strict";
    const { apply, getPrototypeOf, setPrototypeOf, defineProperty, getOwnPropertyDescriptor } = Reflect;
    const { Function, Object, Proxy, WeakMap, String } = globalThis;

    // What the engine has for the web, and no server script knew.
    delete globalThis.performance;
    delete globalThis.navigator;

    // Nor this; the engine's own reads a text that was put together from parts past its end.
    delete RegExp.escape;

    // Function.arity, as length.
    host.reader(Function.prototype, "arity", function () {
        return this.length;
    });

    // RegExp.$1 and the like: what the last expression that matched has found.
    const exec = RegExp.prototype.exec;
    let last = null;
    host.hide(RegExp.prototype, "exec", function (text) {
        const found = apply(exec, this, [text]);
        if (found !== null) last = found;
        return found;
    });
    const before = () => last.input.substring(0, last.index);
    const after = () => last.input.substring(last.index + last[0].length);
    const group = (number) => () => (last === null || last[number] === undefined ? "" : last[number]);
    const known = (read) => () => (last === null ? "" : read());
    for (let number = 1; number <= 9; number++) host.reader(RegExp, "$" + number, group(number));
    host.reader(RegExp, "lastMatch", group(0));
    host.reader(RegExp, "$&", group(0));
    const input = known(() => last.input);
    const lastParen = known(() => (last.length > 1 ? String(last[last.length - 1] ?? "") : ""));
    const PAIRS = [["input", "$_", input], ["lastParen", "$+", lastParen],
        ["leftContext", "$`", known(before)], ["rightContext", "$'", known(after)]];
    for (const [name, sign, read] of PAIRS) {
        host.reader(RegExp, name, read);
        host.reader(RegExp, sign, read);
    }

    // watch(name, handler): handler(name, old, new) answers what the property becomes.
    const watched = new WeakMap();
    host.hide(Object.prototype, "watch", function watch(name, handler) {
        const object = this;
        object.unwatch(name);
        const property = getOwnPropertyDescriptor(object, name);
        if (property !== undefined && (property.get || property.set || !property.configurable)) return;
        let value = property === undefined ? undefined : property.value;
        if (!watched.has(object)) watched.set(object, Object.create(null));
        watched.get(object)[name] = () => value;
        defineProperty(object, name, {
            get: () => value,
            set(next) {
                value = apply(handler, object, [name, value, next]);
            },
            enumerable: property === undefined || property.enumerable,
            configurable: true,
        });
    });
    host.hide(Object.prototype, "unwatch", function unwatch(name) {
        const names = watched.get(this);
        if (names === undefined || !(name in names)) return;
        const { enumerable } = getOwnPropertyDescriptor(this, name) || { enumerable: true };
        defineProperty(this, name, { value: names[name](), writable: true, enumerable, configurable: true });
        delete names[name];
    });

    // Function(…): a text in which there is something to rewrite is evaluated as a whole.
    const { construct } = Reflect;
    const evaluate = eval;
    const Maker = new Proxy(Function, {
        apply: (target, self, args) => make(target, args, target),
        construct: (target, args, sub) => make(target, args, sub === Maker ? target : sub),
    });
    function make(target, args, sub) {
        const parts = [];
        let params = "";
        let body = "";
        for (let i = 0; i < args.length; i++) {
            parts[i] = String(args[i]);
            if (i > 0) params += (i > 1 ? "," : "") + body;
            body = parts[i];
        }
        const whole = "(function anonymous(" + params + "\n) {\n" + body + "\n})";
        const text = sub === target ? host.rewriteFunction(whole) : whole;
        return text === whole ? construct(target, parts, sub) : evaluate(text);
    }
    host.hide(Function.prototype, "constructor", Maker);
    host.define("Function", Maker);

    // toSource(), uneval(value): text that makes the value again when it is evaluated.
    function source(value, outer) {
        if (typeof value === "string") return JSON.stringify(value);
        if (value === null || (typeof value !== "object" && typeof value !== "function")) {
            return value === undefined ? "(void 0)" : Object.is(value, -0) ? "-0" : String(value);
        }
        if (typeof value === "function") return String(value);
        if (outer.includes(value)) return "{}";
        const inner = outer.concat([value]);
        if (value instanceof Date) return "(new Date(" + value.getTime() + "))";
        if (value instanceof RegExp) return String(value);
        if (value instanceof Error) return "(new " + value.name + "(" + source(value.message, inner) + "))";
        if (Array.isArray(value)) return "[" + value.map((item) => source(item, inner)).join(", ") + "]";
        const wrapped = value.valueOf();
        if (wrapped !== value) return "(new " + value.constructor.name + "(" + source(wrapped, inner) + "))";
        const name = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));
        const pairs = Object.keys(value).map((key) => name(key) + ":" + source(value[key], inner));
        return "{" + pairs.join(", ") + "}";
    }
    host.define("uneval", function uneval(value) {
        const text = source(value, []);
        return text[0] === "{" ? "(" + text + ")" : text;
    });
    host.hide(Object.prototype, "toSource", function toSource() {
        return uneval(this);
    });
    const { uneval } = globalThis;

    // __resolve: an object to which it is assigned asks it for what neither the object nor its
    // prototypes have. The question comes last, at the end of the chain of prototypes.
    const builtIn = new Set([Function, Array, String, Number, Boolean, Date, RegExp, Error]
        .map((constructor) => constructor.prototype));
    const end = new Proxy(Object.create(Object.prototype), {
        get(target, name, receiver) {
            if (name in target || typeof name === "symbol") return Reflect.get(target, name, receiver);
            const resolve = receiver.__resolve;
            return typeof resolve === "function" ? apply(resolve, receiver, [name]) : undefined;
        },
    });
    defineProperty(Object.prototype, "__resolve", {
        get: () => undefined,
        set(hook) {
            if (this === null || typeof this !== "object" && typeof this !== "function") return;
            defineProperty(this, "__resolve", { value: hook, writable: true, enumerable: true, configurable: true });
            let object = this;
            for (;;) {
                const next = getPrototypeOf(object);
                if (next === end || next === null) return;
                if (next === Object.prototype) break;
                object = next;
            }
            if (!builtIn.has(object)) setPrototypeOf(object, end);
        },
        enumerable: false,
        configurable: true,
    });
})
