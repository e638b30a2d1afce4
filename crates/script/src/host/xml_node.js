// The class XMLNode: an element or a text, and its place in a tree.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Array, Number, Object, String, Symbol } = globalThis;
    const split = String.prototype.split;
    const indexOf = String.prototype.indexOf;
    const substring = String.prototype.substring;
    const join = Array.prototype.join;
    const { create, keys } = Object;
    const ELEMENT = 1;
    const TEXT = 3;

    const ESCAPES = [["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"], ["\"", "&quot;"], ["'", "&apos;"]];

    function escaped(value) {
        let text = String(value);
        for (let i = 0; i < ESCAPES.length; i++) {
            const character = ESCAPES[i][0];
            if (apply(indexOf, text, [character]) < 0) continue;
            text = apply(join, apply(split, text, [character]), [ESCAPES[i][1]]);
        }
        return text;
    }

    class XMLNode {
        #type;
        #name = null;
        #value = null;
        // Made when they are asked for: most nodes have none.
        #attributes;
        #parent = null;
        #first = null;
        #last = null;
        #previous = null;
        #next = null;
        // The list that childNodes gave; undefined since the children changed.
        #list;

        constructor(type, value) {
            this.#type = Number(type);
            if (this.#type === ELEMENT) this.#name = value === undefined ? null : value;
            else this.#value = value === undefined ? null : value;
        }

        get nodeType() {
            return this.#type;
        }

        get nodeName() {
            return this.#name;
        }

        set nodeName(name) {
            this.#name = name;
        }

        get nodeValue() {
            return this.#value;
        }

        set nodeValue(value) {
            this.#value = value;
        }

        get attributes() {
            if (this.#attributes === undefined) this.#attributes = create(null);
            return this.#attributes;
        }

        get parentNode() {
            return this.#parent;
        }

        get firstChild() {
            return this.#first;
        }

        get lastChild() {
            return this.#last;
        }

        get previousSibling() {
            return this.#previous;
        }

        get nextSibling() {
            return this.#next;
        }

        // The same array until the children change; changing it changes nothing here.
        get childNodes() {
            if (this.#list === undefined) {
                this.#list = [];
                for (let node = this.#first; node !== null; node = node.#next) {
                    this.#list[this.#list.length] = node;
                }
            }
            return this.#list;
        }

        get prefix() {
            const colon = this.#colon();
            return colon === undefined ? null : apply(substring, this.#name, [0, colon < 0 ? 0 : colon]);
        }

        get localName() {
            const colon = this.#colon();
            return colon === undefined ? null : apply(substring, this.#name, [colon + 1]);
        }

        get namespaceURI() {
            return this.#colon() === undefined ? null : this.getNamespaceForPrefix(this.prefix);
        }

        getNamespaceForPrefix(prefix) {
            const name = prefix === undefined || prefix === null || prefix === ""
                ? "xmlns" : "xmlns:" + prefix;
            for (let node = this; node !== null; node = node.#parent) {
                const uri = node.#attributes === undefined ? undefined : node.#attributes[name];
                if (uri !== undefined) return uri;
            }
            return null;
        }

        getPrefixForNamespace(uri) {
            for (let node = this; node !== null; node = node.#parent) {
                const names = node.#names();
                for (let i = 0; i < names.length; i++) {
                    if (node.#attributes[names[i]] !== uri) continue;
                    if (names[i] === "xmlns") return "";
                    if (apply(indexOf, names[i], ["xmlns:"]) === 0) return apply(substring, names[i], [6]);
                }
            }
            return null;
        }

        hasChildNodes() {
            return this.#first !== null;
        }

        appendChild(node) {
            if (this.#mayHold(node)) this.#link(node, null);
        }

        insertBefore(node, before) {
            if (before === undefined || before === null) {
                this.appendChild(node);
            } else if (node !== before && #type in before && before.#parent === this
                && this.#mayHold(node)) {
                this.#link(node, before);
            }
        }

        removeNode() {
            const parent = this.#parent;
            if (parent === null) return;
            if (this.#previous === null) parent.#first = this.#next;
            else this.#previous.#next = this.#next;
            if (this.#next === null) parent.#last = this.#previous;
            else this.#next.#previous = this.#previous;
            this.#parent = this.#previous = this.#next = null;
            parent.#list = undefined;
        }

        cloneNode(deep) {
            const copy = new XMLNode(this.#type, this.#type === ELEMENT ? this.#name : this.#value);
            const names = this.#names();
            for (let i = 0; i < names.length; i++) {
                copy.attributes[names[i]] = this.#attributes[names[i]];
            }
            for (let node = deep ? this.#first : null; node !== null; node = node.#next) {
                copy.#link(apply(cloneNode, node, [true]), null);
            }
            return copy;
        }

        toString() {
            const parts = [];
            this.#print(parts);
            return apply(join, parts, [""]);
        }

        #print(parts) {
            if (this.#type !== ELEMENT) {
                if (this.#value !== null) parts[parts.length] = escaped(this.#value);
                return;
            }
            // A document has no name.
            const named = this.#name !== null;
            if (named) this.#printStart(parts);
            for (let node = this.#first; node !== null; node = node.#next) node.#print(parts);
            if (named && this.#first !== null) parts[parts.length] = "</" + this.#name + ">";
        }

        #printStart(parts) {
            parts[parts.length] = "<" + this.#name;
            const names = this.#names();
            for (let i = 0; i < names.length; i++) {
                parts[parts.length] = " " + names[i] + "=\"" + escaped(this.#attributes[names[i]]) + "\"";
            }
            parts[parts.length] = this.#first === null ? " />" : ">";
        }

        // Those of the attributes.
        #names() {
            return this.#attributes === undefined ? [] : keys(this.#attributes);
        }

        // Where the prefix of an element's name ends; -1 without one, undefined without a name.
        #colon() {
            return typeof this.#name === "string" ? apply(indexOf, this.#name, [":"]) : undefined;
        }

        // A node does not go into itself.
        #mayHold(node) {
            if (node === null || typeof node !== "object" || !(#type in node)) return false;
            for (let outer = this; outer !== null; outer = outer.#parent) {
                if (outer === node) return false;
            }
            return true;
        }

        // Takes a node from where it is and puts it before another child, or behind the last.
        #link(node, before) {
            apply(removeNode, node, []);
            node.#parent = this;
            node.#next = before;
            node.#previous = before === null ? this.#last : before.#previous;
            if (node.#previous === null) this.#first = node;
            else node.#previous.#next = node;
            if (before === null) this.#last = node;
            else before.#previous = node;
            this.#list = undefined;
        }

        static {
            // For the parser: a new node that becomes the last child of another.
            host.addNode = function (parent, type, value) {
                const node = new XMLNode(type, value);
                parent.#link(node, null);
                return node;
            };
            host.clearNode = function (parent) {
                while (parent.#first !== null) apply(removeNode, parent.#first, []);
            };
        }
    }

    // A script may replace them.
    const { removeNode, cloneNode } = XMLNode.prototype;
    host.ELEMENT = ELEMENT;
    host.TEXT = TEXT;
    host.XMLNode = XMLNode;
    host.hide(XMLNode.prototype, Symbol.toStringTag, "XMLNode");
    host.define("XMLNode", XMLNode);
})
