// Requests of SOAP 1.1: arguments of a script, as the operation's types want them.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Array, Boolean, Date, Object, String } = globalThis;
    const { isArray } = Array;
    const { keys } = Object;
    const substring = String.prototype.substring;
    const { toISOString } = Date.prototype;
    const { soap } = host;
    const { ENCODING, XSD, fail } = soap;
    const ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";
    const INSTANCE = "http://www.w3.org/2001/XMLSchema-instance";
    const DECLARATION = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

    const isObject = (value) => value !== null && typeof value === "object";

    function dateText(value, day) {
        let text;
        try {
            text = apply(toISOString, value, []);
        } catch {
            fail("Client.BadArgument", "An argument is no moment in time.");
        }
        return day ? apply(substring, text, [0, 10]) : text;
    }

    function simpleText(type, value) {
        if (value instanceof Date) return dateText(value, type.day);
        if (isObject(value) && isArray(value)) fail("Client.BadArgument", "An argument is an array and is to be one value.");
        if (type.as === "boolean" && typeof value !== "string") return String(Boolean(value));
        return value === 1 / 0 ? "INF" : value === -1 / 0 ? "-INF" : String(value);
    }

    // The type of a value whose type nobody says; undefined for one with others inside.
    function typeByValue(value) {
        const is = (as, name) => ({ as, day: false, name: { uri: XSD, name } });
        if (typeof value === "number") return is("number", "double");
        if (typeof value === "boolean") return is("boolean", "boolean");
        if (value instanceof Date) return is("date", "dateTime");
        return isObject(value) ? undefined : is("string", "string");
    }

    class Writer {
        constructor(schemas, encoded) {
            this.schemas = schemas;
            this.encoded = encoded;
            this.nodes = 0;
        }

        // `scope` is the namespace of names without a prefix.
        element(parent, name, uri, scope) {
            this.count();
            const node = host.addNode(parent, host.ELEMENT, name);
            if (uri !== scope) this.mark(node, "xmlns", uri);
            return node;
        }

        mark(node, name, value) {
            this.count();
            node.attributes[name] = value;
        }

        text(node, text) {
            if (text === "") return;
            this.count();
            host.addNode(node, host.TEXT, text);
        }

        // One more element, attribute or text. A request is no larger than what may be parsed.
        count() {
            this.nodes++;
            const { xmlNodes } = host.limits;
            if (this.nodes > xmlNodes) {
                fail("Client.BadArgument", "A request of more than " + xmlNodes + " nodes (limit xml_nodes).");
            }
        }

        write(parent, particle, value, scope, depth) {
            if (!particle.repeats) return this.one(parent, particle, value, scope, depth);
            if (!isArray(value)) {
                if (value !== undefined) this.one(parent, particle, value, scope, depth);
                return undefined;
            }
            for (let i = 0; i < value.length; i++) this.item(parent, particle, value[i], scope, depth);
            return undefined;
        }

        // An item keeps its place.
        item(parent, particle, value, scope, depth) {
            this.one(parent, particle, value === undefined ? null : value, scope, depth);
        }

        one(parent, particle, value, scope, depth) {
            if (value === undefined && particle.optional) return;
            const uri = this.encoded ? "" : particle.uri;
            const node = this.element(parent, particle.name, uri, scope);
            if (value === undefined || value === null) this.mark(node, "xsi:nil", "true");
            else this.fill(node, this.schemas.typeOf(particle), value, uri, depth);
        }

        fill(node, type, value, scope, depth) {
            const { argumentDepth } = host.limits;
            if (depth > argumentDepth) {
                fail("Client.BadArgument", "More than " + argumentDepth + " levels (limit argument_depth).");
            }
            if (type === null) return this.fillAny(node, value, scope, depth);
            if (type.kind === "array") return this.fillArray(node, type, value, scope, depth);
            if (this.encoded && type.name !== null) this.mark(node, "xsi:type", this.label(node, type.name));
            if (type.kind === "simple") return this.text(node, simpleText(type, value));
            if (!isObject(value)) fail("Client.BadArgument", node.nodeName + " is to be an object.");
            const { particles } = type;
            for (let i = 0; i < particles.length; i++) {
                this.write(node, particles[i], value[particles[i].name], scope, depth + 1);
            }
            return undefined;
        }

        fillAny(node, value, scope, depth) {
            const type = typeByValue(value);
            if (type !== undefined) {
                this.mark(node, "xsi:type", this.label(node, type.name));
                return this.text(node, simpleText(type, value));
            }
            if (isArray(value)) {
                const item = { name: "item", uri: scope, type: null };
                return this.fillArray(node, { encoded: this.encoded, item }, value, scope, depth);
            }
            const names = keys(value);
            for (let i = 0; i < names.length; i++) {
                const member = value[names[i]];
                if (typeof member === "function" || host.match(soap.NAME, names[i]) === null) continue;
                const particle = { name: names[i], uri: scope, type: null, optional: true, repeats: false };
                this.write(node, particle, member, scope, depth + 1);
            }
            return undefined;
        }

        fillArray(node, type, value, scope, depth) {
            if (!isArray(value)) fail("Client.BadArgument", node.nodeName + " is to be an array.");
            const { item } = type;
            if (this.encoded) {
                const inner = this.schemas.typeOf(item);
                const name = inner === null || inner.name === null ? { uri: XSD, name: "anyType" } : inner.name;
                this.mark(node, "xsi:type", "SOAP-ENC:Array");
                this.mark(node, "SOAP-ENC:arrayType", this.label(node, name) + "[" + value.length + "]");
            }
            for (let i = 0; i < value.length; i++) this.item(node, item, value[i], scope, depth + 1);
        }

        // A type's name, with the prefix that it has at this node.
        label(node, name) {
            if (soap.isSchema(name.uri)) return "xsd:" + name.name;
            if (name.uri === ENCODING) return "SOAP-ENC:" + name.name;
            this.mark(node, "xmlns:t", name.uri);
            return "t:" + name.name;
        }
    }

    // The document that asks for an operation with these arguments; those too many mean nothing.
    soap.writeRequest = function (wsdl, operation, args) {
        const document = host.readXml("");
        document.xmlDecl = DECLARATION;
        const envelope = host.addNode(document, host.ELEMENT, "SOAP-ENV:Envelope");
        envelope.attributes["xmlns:SOAP-ENV"] = ENVELOPE;
        envelope.attributes["xmlns:SOAP-ENC"] = ENCODING;
        envelope.attributes["xmlns:xsd"] = XSD;
        envelope.attributes["xmlns:xsi"] = INSTANCE;
        const body = host.addNode(envelope, host.ELEMENT, "SOAP-ENV:Body");
        const writer = new Writer(wsdl.schemas, operation.encoded);
        let particles = operation.input;
        let holder = body;
        let scope = "";
        if (operation.rpc) {
            holder = writer.element(body, "m:" + operation.name, "", "");
            holder.attributes["xmlns:m"] = operation.uri;
            if (operation.encoded) holder.attributes["SOAP-ENV:encodingStyle"] = ENCODING;
        } else if (operation.wrapped) {
            const [wrapper] = particles;
            holder = writer.element(body, wrapper.name, wrapper.uri, "");
            scope = wrapper.uri;
            particles = wsdl.particles(wrapper);
        }
        for (let i = 0; i < particles.length; i++) {
            writer.write(holder, particles[i], args[i], scope, 1);
        }
        return document;
    };
    soap.ENVELOPE = ENVELOPE;
})
