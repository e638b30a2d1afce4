// The class XML: a document, which is parsed from a text or loaded over HTTP.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { String, Symbol, XMLNode } = globalThis;
    const printNode = XMLNode.prototype.toString;
    const CONTENT_TYPE = "application/x-www-form-urlencoded";

    class XML extends XMLNode {
        constructor(source) {
            super(host.ELEMENT);
            host.hide(this, "status", 0);
            host.hide(this, "loaded", undefined);
            host.hide(this, "contentType", CONTENT_TYPE);
            host.hide(this, "xmlDecl", undefined);
            host.hide(this, "docTypeDecl", undefined);
            if (source !== undefined) apply(parseXML, this, [source]);
        }

        parseXML(source) {
            host.clearNode(this);
            const { status, declaration, doctype } =
                host.parseXml(String(source), this, Boolean(this.ignoreWhite));
            this.status = status;
            this.xmlDecl = declaration === "" ? undefined : declaration;
            this.docTypeDecl = doctype === "" ? undefined : doctype;
        }

        createElement(name) {
            return new XMLNode(host.ELEMENT, String(name));
        }

        createTextNode(text) {
            return new XMLNode(host.TEXT, String(text));
        }

        addRequestHeader() {
            host.addHeaders(this, arguments);
        }

        load(url) {
            return host.request(this, "GET", url, "", this);
        }

        // Posts the document. Nobody is told of the answer.
        send(url) {
            return post(this, url, null);
        }

        // Posts the document; the answer goes to another object.
        sendAndLoad(url, target) {
            return host.isResponder(target) && post(this, url, target);
        }

        getBytesLoaded() {
            return host.bytesReceived(this);
        }

        getBytesTotal() {
            return host.bytesReceived(this);
        }

        onData(source) {
            if (source !== undefined) {
                this.parseXML(source);
                this.loaded = true;
            }
            if (typeof this.onLoad === "function") this.onLoad(source !== undefined);
        }

        toString() {
            const before = (this.xmlDecl === undefined ? "" : String(this.xmlDecl))
                + (this.docTypeDecl === undefined ? "" : String(this.docTypeDecl));
            return before + apply(printNode, this, []);
        }
    }

    function post(document, url, target) {
        return host.request(document, "POST", url, document.toString(), target);
    }

    const { parseXML, toString: print } = XML.prototype;

    // For the host, whatever a script has replaced: a document of a text, and its text.
    host.readXml = function (text) {
        const document = new XML();
        host.hide(document, "ignoreWhite", false);
        apply(parseXML, document, [text]);
        return document;
    };
    host.printXml = (document) => apply(print, document, []);
    host.hide(XML.prototype, "ignoreWhite", false);
    host.hide(XML.prototype, Symbol.toStringTag, "XML");
    host.define("XML", XML);
})
