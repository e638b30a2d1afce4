// Helpers for values that travel, and the classes that scripts register.
(function (host) {
    "use strict";
    const { apply, construct } = Reflect;
    const { Date, Map, Object, Number, String, Boolean } = globalThis;
    const tagOf = Object.prototype.toString;
    const getTime = Date.prototype.getTime;
    const slice = Object.getPrototypeOf(Uint8Array.prototype).slice;
    const subarray = Object.getPrototypeOf(Uint8Array.prototype).subarray;
    const { isArray } = Array;
    const sliceArray = Array.prototype.slice;
    const fromCharCode = String.fromCharCode;
    const forEachInMap = Map.prototype.forEach;
    const setInMap = Map.prototype.set;
    const byName = new Map();
    const byConstructor = new Map();

    host.registerClass = function (name, constructor) {
        const old = byName.get(name);
        if (old !== undefined && byConstructor.get(old) === name) byConstructor.delete(old);
        byName.delete(name);
        if (typeof constructor !== "function") return;
        byName.set(name, constructor);
        byConstructor.set(constructor, name);
    };

    host.values = {
        makeDate(millis) {
            return new Date(millis);
        },
        makeMap() {
            return new Map();
        },
        putInMap(map, key, value) {
            apply(setInMap, map, [key, value]);
        },
        // Keys and values in turn.
        listMap(map) {
            const flat = [];
            apply(forEachInMap, map, [function (value, key) {
                flat[flat.length] = key;
                flat[flat.length] = value;
            }]);
            return flat;
        },
        copyNumbers(array) {
            return apply(slice, array, []);
        },
        // Bytes as a string with one character for each.
        latin1(bytes) {
            let text = "";
            for (let at = 0; at < bytes.length; at += 4096) {
                text += apply(fromCharCode, null, apply(subarray, bytes, [at, at + 4096]));
            }
            return text;
        },
        // An object of a registered class, or undefined.
        construct(name) {
            const constructor = byName.get(name);
            return constructor === undefined ? undefined : construct(constructor, []);
        },
        // What kind of object this is: a number is the moment of a date, a string the name of
        // its class, `true` says that it is a map, an array holds the value that it wraps, and bytes
        // are those of a ByteArray.
        describe(object) {
            switch (apply(tagOf, object, [])) {
                case "[object Date]": return apply(getTime, object, []);
                case "[object Number]": return [apply(Number.prototype.valueOf, object, [])];
                case "[object String]": return [apply(String.prototype.valueOf, object, [])];
                case "[object Boolean]": return [apply(Boolean.prototype.valueOf, object, [])];
                case "[object Map]": return true;
                case "[object Array]":
                    // A proxy of an array. The engine knows the others.
                    if (isArray(object)) return [apply(sliceArray, object, [])];
            }
            const bytes = host.bytesOf(object);
            if (bytes !== undefined) return bytes;
            return byConstructor.size === 0 ? undefined : byConstructor.get(object.constructor);
        },
    };
})
