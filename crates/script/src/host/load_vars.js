// The class LoadVars: variables that are sent and loaded over HTTP, as a form's.
(function (host) {
    "use strict";
    const { apply, defineProperty } = Reflect;
    const { Array, Object, String, Symbol } = globalThis;
    const { encodeURIComponent, decodeURIComponent, unescape } = globalThis;
    const split = String.prototype.split;
    const join = Array.prototype.join;
    const indexOf = String.prototype.indexOf;
    const substring = String.prototype.substring;
    const toUpperCase = String.prototype.toUpperCase;
    const toWellFormed = String.prototype.toWellFormed;
    const { keys } = Object;

    // What the engine's function leaves as it is and Flash does not.
    const MORE = [["-", "%2D"], ["_", "%5F"], [".", "%2E"], ["!", "%21"], ["~", "%7E"], ["*", "%2A"],
        ["'", "%27"], ["(", "%28"], [")", "%29"]];

    function replaced(text, from, to) {
        return apply(indexOf, text, [from]) < 0 ? text : apply(join, apply(split, text, [from]), [to]);
    }

    // Everything but letters and digits becomes the bytes of its UTF-8.
    function encoded(value) {
        let text = encodeURIComponent(apply(toWellFormed, String(value), []));
        for (let i = 0; i < MORE.length; i++) text = replaced(text, MORE[i][0], MORE[i][1]);
        return text;
    }

    // Bytes that are no UTF-8 are taken for Latin-1.
    function decoded(text) {
        const spaced = replaced(text, "+", " ");
        try {
            return decodeURIComponent(spaced);
        } catch {
            return unescape(spaced);
        }
    }

    class LoadVars {
        constructor() {
            host.hide(this, "loaded", undefined);
            host.hide(this, "contentType", "application/x-www-form-urlencoded");
        }

        addRequestHeader() {
            host.addHeaders(this, arguments);
        }

        load(url) {
            return host.request(this, "GET", url, "", this);
        }

        // Nobody is told of the answer. There is no window to show it in: `target` means nothing.
        send(url, target, method) {
            return send(this, url, null, method);
        }

        // The answer goes to another object.
        sendAndLoad(url, target, method) {
            return host.isResponder(target) && send(this, url, target, method);
        }

        // Every pair becomes a property, in the order of the text; the last of a name stays.
        decode(text) {
            const whole = String(text);
            let left = host.limits.loadedVariables;
            for (let at = 0; at < whole.length;) {
                const found = apply(indexOf, whole, ["&", at]);
                const end = found < 0 ? whole.length : found;
                const pair = apply(substring, whole, [at, end]);
                at = end + 1;
                const equals = apply(indexOf, pair, ["="]);
                if (equals <= 0) continue;
                if (left-- === 0) return tooMany();
                set(this, decoded(apply(substring, pair, [0, equals])),
                    decoded(apply(substring, pair, [equals + 1])));
            }
        }

        getBytesLoaded() {
            return host.bytesReceived(this);
        }

        getBytesTotal() {
            return host.bytesReceived(this);
        }

        onData(source) {
            if (source !== undefined) {
                this.decode(source);
                this.loaded = true;
            }
            if (typeof this.onLoad === "function") this.onLoad(source !== undefined);
        }

        // The variables as a form sends them. Functions are handlers and not variables.
        toString() {
            const names = keys(this);
            const pairs = [];
            for (let i = 0; i < names.length; i++) {
                const value = this[names[i]];
                if (typeof value === "function" || isOwn(names[i])) continue;
                pairs[pairs.length] = encoded(names[i]) + "=" + encoded(value);
            }
            return apply(join, pairs, ["&"]);
        }
    }

    function tooMany() {
        host.warn("more than " + host.limits.loadedVariables
            + " variables (limit loaded_variables)");
    }

    // Properties that are no variables, even where a subclass shows them.
    const isOwn = (name) => name === "loaded" || name === "contentType";

    function send(sender, url, target, method) {
        const variables = sender.toString();
        if (method === undefined || apply(toUpperCase, String(method), []) !== "GET") {
            return host.request(sender, "POST", url, variables, target);
        }
        const address = String(url);
        const mark = apply(indexOf, address, ["?"]) < 0 ? "?" : "&";
        return host.request(sender, "GET", address + mark + variables, "", target);
    }

    // What comes from outside changes neither the object's class, nor its hooks and methods.
    function set(object, name, value) {
        if (name === "__proto__" || name === "__resolve" || isOwn(name)
            || typeof object[name] === "function") return;
        defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
    }

    host.hide(LoadVars.prototype, Symbol.toStringTag, "LoadVars");
    host.define("LoadVars", LoadVars);
})
