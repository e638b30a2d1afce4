// What secure.asc can do, and scripts after it cannot.
(function (host) {
    "use strict";
    const { apply, getOwnPropertyDescriptor, defineProperty } = Reflect;
    const { Object, Proxy, WeakMap } = globalThis;

    // Passes the calls of methods on to an object that scripts do not get to see.
    function protectObject(object) {
        if (object === null || (typeof object !== "object" && typeof object !== "function")) return object;
        const passes = new WeakMap();
        const refuse = () => false;
        return new Proxy(Object.create(null), {
            get(_, name) {
                const method = object[name];
                if (typeof method !== "function") return undefined;
                let pass = passes.get(method);
                if (pass === undefined) {
                    pass = function () {
                        return apply(method, object, arguments);
                    };
                    passes.set(method, pass);
                }
                return pass;
            },
            set: refuse,
            deleteProperty: refuse,
            defineProperty: refuse,
            has: refuse,
            ownKeys: () => [],
            getOwnPropertyDescriptor: () => undefined,
            setPrototypeOf: refuse,
            preventExtensions: refuse,
        });
    }

    function getGlobal() {
        return globalThis;
    }

    // setAttributes(object, name, enumerable, readonly, permanent)
    host.define("setAttributes", function setAttributes(object, propName, enumerable, readonly, permanent) {
        const property = getOwnPropertyDescriptor(object, propName);
        if (property === undefined) return;
        const attributes = { enumerable: !!enumerable, configurable: !permanent };
        if ("value" in property) attributes.writable = !readonly;
        defineProperty(object, propName, attributes);
    });

    host.entries.secure = function (on) {
        if (on) {
            host.define("getGlobal", getGlobal);
            host.define("protectObject", protectObject);
        } else {
            delete globalThis.getGlobal;
            delete globalThis.protectObject;
        }
    };
})
