// The types that the schemas in a WSDL describe. Each is read when a value needs it, so that types
// may contain themselves. Schemas elsewhere are not fetched: what they describe is of any type,
// which is `null` here.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, Number, Object, String } = globalThis;
    const { keys } = Object;
    const indexOf = String.prototype.indexOf;
    const lastIndexOf = String.prototype.lastIndexOf;
    const substring = String.prototype.substring;
    const { soap } = host;

    const XSD = "http://www.w3.org/2001/XMLSchema";
    const OLD_XSD = ["http://www.w3.org/2000/10/XMLSchema", "http://www.w3.org/1999/XMLSchema"];
    const ENCODING = "http://schemas.xmlsoap.org/soap/encoding/";
    const WSDL = "http://schemas.xmlsoap.org/wsdl/";
    // Types that derive from each other, one after the other.
    const MOST_BASES = 32;
    // What becomes the name of an element in a request.
    const NAME = /^[A-Za-z_\u00c0-\ufffd][\w.\u00b7-\ufffd-]{0,255}$/;

    const isSchema = (uri) => uri === XSD || uri === OLD_XSD[0] || uri === OLD_XSD[1];

    // The values of the built-in types; those that are not here are texts.
    const VALUES = { __proto__: null, boolean: "boolean", date: "date", dateTime: "date",
        timeInstant: "date", anyType: null, anySimpleType: null, "ur-type": null, Struct: null };
    const numbers = ["byte", "decimal", "double", "float", "int", "integer", "long",
        "negativeInteger", "nonNegativeInteger", "nonPositiveInteger", "positiveInteger", "short",
        "unsignedByte", "unsignedInt", "unsignedLong", "unsignedShort"];
    for (let i = 0; i < numbers.length; i++) VALUES[numbers[i]] = "number";

    function elements(node) {
        const found = [];
        for (let child = node.firstChild; child !== null; child = child.nextSibling) {
            if (child.nodeType === host.ELEMENT) found[found.length] = child;
        }
        return found;
    }

    // The first child element of this name; null if there is none.
    function childOf(node, uri, name) {
        for (let child = node.firstChild; child !== null; child = child.nextSibling) {
            if (child.nodeType === host.ELEMENT && child.localName === name
                && (uri === undefined || child.namespaceURI === uri)) return child;
        }
        return null;
    }

    function localPart(name) {
        return apply(substring, name, [apply(indexOf, name, [":"]) + 1]);
    }

    // What a qualified name in an attribute's value stands for.
    function resolve(node, text) {
        const colon = apply(indexOf, text, [":"]);
        const prefix = colon < 0 ? "" : apply(substring, text, [0, colon]);
        return { uri: node.getNamespaceForPrefix(prefix) || "", name: localPart(text) };
    }

    function checkedName(name) {
        if (name === undefined || host.match(NAME, name) === null) {
            soap.fail("WSDL.BadElement", "An element has no name, or none that can be written.");
        }
        return name;
    }

    const keyOf = (uri, name) => uri + " " + name;

    // What an array is of: "xsd:int[3]". Arrays of arrays say of what where they are.
    function arrayItem(node, text) {
        const bracket = apply(indexOf, text, ["["]);
        const flat = bracket >= 0 && bracket === apply(lastIndexOf, text, ["["]);
        return { name: "item", uri: "", type: flat ? undefined : null,
            typeName: flat ? resolve(node, apply(substring, text, [0, bracket])) : undefined };
    }

    function repeatsIn(node) {
        const { maxOccurs } = node.attributes;
        return maxOccurs === "unbounded" || Number(maxOccurs) > 1;
    }

    class Schemas {
        constructor(definitions) {
            this.types = new Map();
            this.globals = new Map();
            // Types that have been read, by their node.
            this.read = new Map();
            const types = childOf(definitions, WSDL, "types");
            const schemas = types === null ? [] : elements(types);
            for (let i = 0; i < schemas.length; i++) {
                if (isSchema(schemas[i].namespaceURI)) this.add(schemas[i]);
            }
        }

        add(node) {
            const schema = { uri: node.attributes.targetNamespace || "",
                qualified: node.attributes.elementFormDefault === "qualified" };
            const children = elements(node);
            for (let i = 0; i < children.length; i++) {
                const { localName } = children[i];
                const map = localName === "element" ? this.globals : this.types;
                const key = keyOf(schema.uri, children[i].attributes.name);
                if (!map.has(key)) map.set(key, { node: children[i], schema });
            }
        }

        // A global element, as what may be written.
        element(name) {
            const found = this.globals.get(keyOf(name.uri, name.name));
            const known = found === undefined ? { type: null } : found;
            return { name: checkedName(name.name), uri: name.uri, node: known.node,
                schema: known.schema, type: known.type };
        }

        // The type of what may be written: an element, a part of a message, an array's item.
        typeOf(particle) {
            if (particle.type === undefined) {
                particle.type = particle.typeName === undefined
                    ? this.elementType(particle.node, particle.schema)
                    : this.type(particle.typeName);
            }
            return particle.type;
        }

        elementType(node, schema) {
            if (node.attributes.type !== undefined) return this.type(resolve(node, node.attributes.type));
            const inner = childOf(node, undefined, "complexType") || childOf(node, undefined, "simpleType");
            return inner === null ? null : this.describe(inner, schema, null, 0);
        }

        type(name, bases = 0) {
            if (name.uri === ENCODING && name.name === "Array") {
                return { kind: "array", encoded: true, item: { name: "item", uri: "", type: null }, name };
            }
            if (isSchema(name.uri) || name.uri === ENCODING) return builtIn(name);
            const found = this.types.get(keyOf(name.uri, name.name));
            return found === undefined ? null : this.describe(found.node, found.schema, name, bases);
        }

        describe(node, schema, name, bases) {
            if (bases > MOST_BASES) soap.fail("XMLSchema.BadType", "Types derive from each other without an end.");
            let type = this.read.get(node);
            if (type === undefined) {
                type = node.localName === "simpleType"
                    ? this.simple(node, name, bases) : this.complex(node, schema, name, bases);
                this.read.set(node, type);
            }
            return type;
        }

        // What it derives from says what its values are. Lists and unions are texts.
        simple(node, name, bases) {
            const derived = elements(node);
            for (let i = 0; i < derived.length; i++) {
                const { base } = derived[i].attributes;
                if (base === undefined) continue;
                const type = this.type(resolve(derived[i], base), bases + 1);
                if (type !== null && type.kind === "simple") return { kind: "simple", as: type.as, day: type.day, name };
            }
            return { kind: "simple", as: "string", name };
        }

        complex(node, schema, name, bases) {
            const simple = childOf(node, undefined, "simpleContent");
            if (simple !== null) return this.simple(simple, name, bases);
            const content = childOf(node, undefined, "complexContent");
            const derived = content === null ? null
                : childOf(content, undefined, "extension") || childOf(content, undefined, "restriction");
            const particles = [];
            if (derived !== null && derived.attributes.base !== undefined) {
                const base = resolve(derived, derived.attributes.base);
                if (base.uri === ENCODING && base.name === "Array") return encodedArray(derived, name);
                if (derived.localName === "extension") inherit(particles, this.type(base, bases + 1));
            }
            this.collect(derived === null ? node : derived, schema, particles, false);
            // Nothing but one element that repeats is how an array is written.
            if (particles.length === 1 && particles[0].repeats) {
                return { kind: "array", encoded: false, item: particles[0], name };
            }
            return { kind: "struct", particles, byName: byName(particles), name };
        }

        collect(node, schema, particles, repeats) {
            const children = elements(node);
            for (let i = 0; i < children.length; i++) {
                const child = children[i];
                const many = repeats || repeatsIn(child);
                switch (child.localName) {
                    case "element":
                        particles[particles.length] = this.particle(child, schema, many);
                        break;
                    case "sequence": case "all": case "choice":
                        this.collect(child, schema, particles, many);
                }
            }
        }

        particle(node, schema, repeats) {
            const { ref, name, form, minOccurs } = node.attributes;
            const qualified = form === undefined ? schema.qualified : form === "qualified";
            const particle = ref !== undefined ? this.element(resolve(node, ref))
                : { name: checkedName(name), uri: qualified ? schema.uri : "", node, schema };
            particle.repeats = repeats;
            particle.optional = minOccurs === "0";
            return particle;
        }
    }

    function builtIn(name) {
        const as = VALUES[name.name];
        if (as === null) return null;
        return { kind: "simple", as: as || "string", day: name.name === "date", name };
    }

    function inherit(particles, base) {
        if (base === null || base.kind === "simple") return;
        const inherited = base.kind === "array" ? [base.item] : base.particles;
        for (let i = 0; i < inherited.length; i++) particles[particles.length] = inherited[i];
    }

    function byName(particles) {
        const named = { __proto__: null };
        for (let i = 0; i < particles.length; i++) named[particles[i].name] = particles[i];
        return named;
    }

    // A restriction of the encoding's Array: an attribute of an attribute says of what it is.
    function encodedArray(derived, name) {
        const children = elements(derived);
        for (let i = 0; i < children.length; i++) {
            const { attributes } = children[i];
            const names = keys(attributes);
            for (let k = 0; k < names.length; k++) {
                if (localPart(names[k]) !== "arrayType") continue;
                return { kind: "array", encoded: true, item: arrayItem(children[i], attributes[names[k]]), name };
            }
        }
        return { kind: "array", encoded: true, item: { name: "item", uri: "", type: null }, name };
    }

    soap.WSDL = WSDL;
    soap.XSD = XSD;
    soap.ENCODING = ENCODING;
    soap.NAME = NAME;
    soap.isSchema = isSchema;
    soap.elements = elements;
    soap.childOf = childOf;
    soap.localPart = localPart;
    soap.resolve = resolve;
    soap.checkedName = checkedName;
    soap.arrayItem = arrayItem;
    soap.Schemas = Schemas;
})
