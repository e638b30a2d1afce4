// Answers of SOAP 1.1: the value of a result, by what the answer says its types are, by the
// schemas, or by what it looks like. Every element is read once, so that elements that refer to
// each other become one object each, and no more than there are elements.
(function (host) {
    "use strict";
    const { apply, defineProperty } = Reflect;
    const { Date, Map, Number, Object, String } = globalThis;
    const { hasOwn, keys } = Object;
    const { UTC } = Date;
    const indexOf = String.prototype.indexOf;
    const substring = String.prototype.substring;
    const trim = String.prototype.trim;
    const { soap } = host;
    const { ENCODING, childOf, elements, fail, localPart, resolve } = soap;

    const INSTANCES = { __proto__: null, "http://www.w3.org/2001/XMLSchema-instance": true,
        "http://www.w3.org/2000/10/XMLSchema-instance": true,
        "http://www.w3.org/1999/XMLSchema-instance": true };
    const MOMENT = /^(\d{4,6})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:(\.\d{1,3})\d*)?)?(Z|([+-])(\d\d):(\d\d))?$/;

    // An attribute that is of a namespace.
    function attributeOf(node, isOf, name) {
        const { attributes } = node;
        const names = keys(attributes);
        for (let i = 0; i < names.length; i++) {
            if (localPart(names[i]) !== name || names[i] === name) continue;
            if (isOf(resolve(node, names[i]).uri)) return attributes[names[i]];
        }
        return undefined;
    }

    const isInstance = (uri) => INSTANCES[uri] === true;
    const isEncoding = (uri) => uri === ENCODING;
    const isTrue = (text) => text === "true" || text === "1";

    function textOf(node) {
        let text = "";
        for (let child = node.firstChild; child !== null; child = child.nextSibling) {
            if (child.nodeType === host.TEXT) text += child.nodeValue;
        }
        return text;
    }

    // A moment without a zone is one of UTC. What is no moment is an invalid date.
    function dateOf(text) {
        const found = host.match(MOMENT, text);
        if (found === null) return new Date(NaN);
        const part = (i) => Number(found[i] || 0);
        const date = new Date(UTC(part(1), part(2) - 1, part(3), part(4), part(5), part(6)));
        if (part(1) < 100) date.setUTCFullYear(part(1));
        const zone = (part(10) * 60 + part(11)) * 60000 * (found[9] === "-" ? 1 : -1);
        return new Date(date.getTime() + part(7) * 1000 + zone);
    }

    function numberOf(text) {
        if (text === "INF") return 1 / 0;
        if (text === "-INF") return -1 / 0;
        return text === "" ? NaN : Number(text);
    }

    function simpleValue(as, text) {
        if (as === "string") return text;
        const inner = apply(trim, text, []);
        if (as === "number") return numberOf(inner);
        return as === "boolean" ? isTrue(inner) : dateOf(inner);
    }

    // What comes from outside has no prototype and no hook of its own.
    function put(object, name, value) {
        if (name === "__proto__" || name === "__resolve") return;
        defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
    }

    class Reader {
        constructor(schemas, envelope) {
            this.schemas = schemas;
            this.envelope = envelope;
            // What has been read, by its node.
            this.read = new Map();
            // Elements that others refer to; found when the first does.
            this.ids = undefined;
        }

        referred(reference) {
            if (this.ids === undefined) {
                this.ids = new Map();
                this.collect(this.envelope);
            }
            const found = this.ids.get(apply(substring, reference, [1]));
            return found === undefined ? fail("Client.BadResponse", "Nothing has the id of " + reference + ".") : found;
        }

        collect(node) {
            const { id } = node.attributes;
            if (id !== undefined && !this.ids.has(id)) this.ids.set(id, node);
            const children = elements(node);
            for (let i = 0; i < children.length; i++) this.collect(children[i]);
        }

        // The type that an element gives itself, or else the one that the schemas give it.
        typeOf(node, type) {
            const items = attributeOf(node, isEncoding, "arrayType");
            if (items !== undefined) return { kind: "array", encoded: true, item: soap.arrayItem(node, items) };
            const own = attributeOf(node, isInstance, "type");
            if (own === undefined) return type;
            return this.schemas.type(resolve(node, own)) || type;
        }

        value(node, type, depth) {
            const { argumentDepth } = host.limits;
            if (depth > argumentDepth) {
                fail("Client.BadResponse", "More than " + argumentDepth + " levels (limit argument_depth).");
            }
            const { href } = node.attributes;
            if (href !== undefined && apply(indexOf, href, ["#"]) === 0) {
                return this.value(this.referred(href), type, depth + 1);
            }
            if (this.read.has(node)) return this.read.get(node);
            const nil = attributeOf(node, isInstance, "nil") || attributeOf(node, isInstance, "null");
            const value = isTrue(nil) ? null : this.newValue(node, this.typeOf(node, type), depth);
            this.read.set(node, value);
            return value;
        }

        newValue(node, type, depth) {
            if (type !== null && type.kind === "simple") return simpleValue(type.as, textOf(node));
            const children = elements(node);
            if (type !== null && type.kind === "array") return this.array(node, type, children, depth);
            if (type === null && children.length === 0) return textOf(node);
            return this.struct(node, type, children, depth);
        }

        array(node, type, children, depth) {
            const items = [];
            this.read.set(node, items);
            const item = this.schemas.typeOf(type.item);
            for (let i = 0; i < children.length; i++) {
                items[items.length] = this.value(children[i], item, depth + 1);
            }
            return items;
        }

        struct(node, type, children, depth) {
            const object = {};
            this.read.set(node, object);
            // Members that there are several of.
            const lists = { __proto__: null };
            for (let i = 0; i < children.length; i++) {
                const name = children[i].localName;
                const particle = type === null ? undefined : type.byName[name];
                const member = particle === undefined ? null : this.schemas.typeOf(particle);
                const value = this.value(children[i], member, depth + 1);
                if (lists[name] !== undefined) {
                    lists[name][lists[name].length] = value;
                } else if (particle !== undefined && particle.repeats || hasOwn(object, name)) {
                    lists[name] = hasOwn(object, name) ? [object[name], value] : [value];
                    put(object, name, lists[name]);
                } else {
                    put(object, name, value);
                }
            }
            return object;
        }
    }

    // What there is inside: the first of what an operation gives is its result.
    function resultIn(reader, holder, particles) {
        const [particle] = particles;
        const children = elements(holder);
        if (children.length === 0) return particle !== undefined && particle.repeats ? [] : undefined;
        const type = particle === undefined ? null : reader.schemas.typeOf(particle);
        if (particle === undefined || !particle.repeats) return reader.value(children[0], type, 1);
        const items = [];
        for (let i = 0; i < children.length; i++) {
            if (children[i].localName === particle.name) items[items.length] = reader.value(children[i], type, 1);
        }
        return items;
    }

    function resultOf(wsdl, operation, envelope, body) {
        const reader = new Reader(wsdl.schemas, envelope);
        const [first] = elements(body);
        const output = operation.output || [];
        if (first === undefined) return undefined;
        if (operation.rpc) return resultIn(reader, first, output);
        if (operation.wrapped && output.length === 1 && wsdl.isStruct(output[0])) {
            return resultIn(reader, first, wsdl.particles(output[0]));
        }
        return reader.value(first, output.length === 0 ? null : wsdl.schemas.typeOf(output[0]), 1);
    }

    function faultOf(fault) {
        const text = (name) => {
            const node = childOf(fault, undefined, name);
            return node === null ? undefined : apply(trim, textOf(node), []);
        };
        const detail = childOf(fault, undefined, "detail");
        return new soap.SOAPFault(text("faultcode"), text("faultstring"),
            detail === null ? undefined : detail, text("faultactor"));
    }

    function checkHeader(envelope) {
        const header = childOf(envelope, soap.ENVELOPE, "Header");
        const blocks = header === null ? [] : elements(header);
        for (let i = 0; i < blocks.length; i++) {
            if (isTrue(attributeOf(blocks[i], (uri) => uri === soap.ENVELOPE, "mustUnderstand"))) {
                fail("MustUnderstand", "The answer has a header that is not understood: " + blocks[i].nodeName + ".");
            }
        }
    }

    // The result in an answer. A fault in it is thrown, and so is one for what is no answer.
    soap.readResponse = function (wsdl, operation, status, document) {
        const [envelope] = elements(document);
        const isEnvelope = document.status === 0 && envelope !== undefined && envelope.localName === "Envelope";
        if (!isEnvelope && status < 400 && operation.output === null) return undefined;
        if (!isEnvelope && status >= 400) fail("Server.Connection", "The service answers with the status " + status + ".");
        if (!isEnvelope) fail("Client.BadResponse", "The answer is no envelope (status " + document.status + ").");
        if (envelope.namespaceURI !== soap.ENVELOPE) fail("VersionMismatch", "The answer is not of SOAP 1.1.");
        const body = childOf(envelope, soap.ENVELOPE, "Body");
        if (body === null) fail("Client.BadResponse", "The answer has no body.");
        const fault = childOf(body, soap.ENVELOPE, "Fault");
        if (fault !== null) throw faultOf(fault);
        if (status >= 400) fail("Server.Connection", "The service answers with the status " + status + ".");
        checkHeader(envelope);
        return resultOf(wsdl, operation, envelope, body);
    };
})
