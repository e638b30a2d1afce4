// The parser of XML, as lenient as Flash's: it checks little, expands no entity but the five and
// the numbers, and what it has read before an error stays.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Number, String } = globalThis;
    const indexOf = String.prototype.indexOf;
    const substring = String.prototype.substring;
    const startsWith = String.prototype.startsWith;
    const charCodeAt = String.prototype.charCodeAt;
    const trim = String.prototype.trim;
    const { fromCodePoint } = String;

    // The values of XML.status.
    const GOOD = 0;
    const OPEN_CDATA = -2;
    const OPEN_DECLARATION = -3;
    const OPEN_DOCTYPE = -4;
    const OPEN_COMMENT = -5;
    const MALFORMED = -6;
    const TOO_MUCH = -7;
    const OPEN_ATTRIBUTE = -8;
    const NO_END_TAG = -9;
    const NO_START_TAG = -10;

    const ENTITIES = { __proto__: null, amp: "&", lt: "<", gt: ">", quot: "\"", apos: "'", nbsp: "\u00a0" };
    const LONGEST_ENTITY = 10;
    const NUMBER = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i;

    function entity(name) {
        if (ENTITIES[name] !== undefined) return ENTITIES[name];
        const number = host.match(NUMBER, name);
        if (number === null) return undefined;
        const code = number[1] === undefined ? Number(number[2]) : Number("0x" + number[1]);
        return code > 0 && code <= 0x10ffff ? fromCodePoint(code) : undefined;
    }

    // What is no entity stays as it is.
    function decoded(text) {
        let at = apply(indexOf, text, ["&"]);
        if (at < 0) return text;
        let done = 0;
        let result = "";
        while (at >= 0) {
            const name = apply(substring, text, [at + 1, at + 1 + LONGEST_ENTITY]);
            const length = apply(indexOf, name, [";"]);
            const value = length < 0 ? undefined : entity(apply(substring, name, [0, length]));
            if (value !== undefined) {
                result += apply(substring, text, [done, at]) + value;
                done = at + length + 2;
            }
            at = apply(indexOf, text, ["&", at + 1]);
        }
        return result + apply(substring, text, [done]);
    }

    const isWhite = (code) => code === 32 || code === 9 || code === 10 || code === 13;
    const EQUALS = 61, SLASH = 47, GREATER = 62, LESS = 60, QUOTE = 34, APOSTROPHE = 39;

    class Parser {
        constructor(source, document, ignoreWhite) {
            this.source = source;
            this.at = 0;
            this.ignoreWhite = ignoreWhite;
            // The element that is open, and the names of those around it.
            this.node = document;
            this.open = [];
            this.nodes = 0;
            this.declaration = "";
            this.doctype = "";
        }

        run() {
            while (this.at < this.source.length) {
                const status = this.starts("<") ? this.markup() : this.text();
                if (status !== GOOD) return status;
            }
            return this.open.length === 0 ? GOOD : NO_END_TAG;
        }

        starts(text) {
            return apply(startsWith, this.source, [text, this.at]);
        }

        slice(from, to) {
            return apply(substring, this.source, [from, to]);
        }

        code(at) {
            return apply(charCodeAt, this.source, [at]);
        }

        // Goes behind the next `end`; what is before it, or undefined if there is none.
        through(from, end) {
            const found = apply(indexOf, this.source, [end, from]);
            if (found < 0) return undefined;
            this.at = found + end.length;
            return this.slice(from, found);
        }

        // One more element, text or attribute; whether it is too many.
        isOver() {
            this.nodes++;
            return this.nodes > host.limits.xmlNodes;
        }

        add(type, value) {
            if (this.isOver()) return tooManyNodes();
            const node = host.addNode(this.node, type, value);
            if (type === host.ELEMENT) this.element = node;
            return GOOD;
        }

        text() {
            const found = apply(indexOf, this.source, ["<", this.at]);
            const end = found < 0 ? this.source.length : found;
            const text = this.slice(this.at, end);
            this.at = end;
            if (this.ignoreWhite && isBlank(text)) return GOOD;
            return this.add(host.TEXT, decoded(text));
        }

        markup() {
            if (this.starts("<?")) return this.declare();
            if (this.starts("<!--")) {
                return this.through(this.at + 4, "-->") === undefined ? OPEN_COMMENT : GOOD;
            }
            if (this.starts("<![CDATA[")) {
                const text = this.through(this.at + 9, "]]>");
                if (text === undefined) return OPEN_CDATA;
                return text === "" ? GOOD : this.add(host.TEXT, text);
            }
            if (this.starts("<!")) return this.documentType();
            return this.starts("</") ? this.endTag() : this.startTag();
        }

        declare() {
            const text = this.through(this.at + 2, "?>");
            if (text === undefined) return OPEN_DECLARATION;
            this.declaration += "<?" + text + "?>";
            return GOOD;
        }

        // Declarations inside it have their own brackets.
        documentType() {
            let depth = 0;
            for (let at = this.at; at < this.source.length; at++) {
                const code = this.code(at);
                if (code === LESS) depth++;
                if (code !== GREATER) continue;
                depth--;
                if (depth > 0) continue;
                this.doctype += this.slice(this.at, at + 1);
                this.at = at + 1;
                return GOOD;
            }
            return OPEN_DOCTYPE;
        }

        endTag() {
            const text = this.through(this.at + 2, ">");
            if (text === undefined) return MALFORMED;
            const name = apply(trim, text, []);
            const { open } = this;
            const last = open.length - 1;
            if (last >= 0 && open[last].name === name) {
                this.node = open[last].outer;
                open.length = last;
                return GOOD;
            }
            for (let i = last; i >= 0; i--) if (open[i].name === name) return NO_END_TAG;
            return NO_START_TAG;
        }

        startTag() {
            this.at++;
            const name = this.name();
            if (name === "") return MALFORMED;
            const added = this.add(host.ELEMENT, name);
            if (added !== GOOD) return added;
            const { element } = this;
            for (;;) {
                this.skipWhite();
                const code = this.code(this.at);
                if (code === GREATER) break;
                if (code === SLASH && this.code(this.at + 1) === GREATER) {
                    this.at += 2;
                    return GOOD;
                }
                const status = this.attribute(element.attributes);
                if (status !== GOOD) return status;
            }
            this.at++;
            return this.enter(element, name);
        }

        enter(element, name) {
            const { xmlDepth } = host.limits;
            if (this.open.length >= xmlDepth) return over("levels", xmlDepth, "xml_depth");
            this.open[this.open.length] = { name, outer: this.node };
            this.node = element;
            return GOOD;
        }

        // Of two with the same name the first counts.
        attribute(attributes) {
            const name = this.name();
            if (name === "") return MALFORMED;
            this.skipWhite();
            if (this.code(this.at) !== EQUALS) return MALFORMED;
            this.at++;
            this.skipWhite();
            const quote = this.code(this.at);
            if (quote !== QUOTE && quote !== APOSTROPHE) return MALFORMED;
            const value = this.through(this.at + 1, quote === QUOTE ? "\"" : "'");
            if (value === undefined) return OPEN_ATTRIBUTE;
            if (this.isOver()) return tooManyNodes();
            if (attributes[name] === undefined) attributes[name] = decoded(value);
            return GOOD;
        }

        // Everything up to white space or a character that ends a name.
        name() {
            const start = this.at;
            for (;;) {
                const code = this.code(this.at);
                if (code !== code || isWhite(code) || code === EQUALS || code === SLASH
                    || code === GREATER || code === LESS) break;
                this.at++;
            }
            return this.slice(start, this.at);
        }

        skipWhite() {
            while (isWhite(this.code(this.at))) this.at++;
        }
    }

    function isBlank(text) {
        for (let i = 0; i < text.length; i++) {
            if (!isWhite(apply(charCodeAt, text, [i]))) return false;
        }
        return true;
    }

    function tooManyNodes() {
        return over("nodes", host.limits.xmlNodes, "xml_nodes");
    }

    function over(what, max, limit) {
        host.warn("XML of more than " + max + " " + what + " (limit " + limit + ")");
        return TOO_MUCH;
    }

    // Fills a document. Answers status, declarations and document type.
    host.parseXml = function (source, document, ignoreWhite) {
        const { xmlLength } = host.limits;
        if (source.length > xmlLength) {
            return { status: over("characters", xmlLength, "xml_length"), declaration: "", doctype: "" };
        }
        const parser = new Parser(source, document, ignoreWhite);
        const status = parser.run();
        return { status, declaration: parser.declaration, doctype: parser.doctype };
    };
})
