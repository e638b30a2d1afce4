//! Classes for files, documents and other servers.

use super::Since::{Fms2, Fms35};
use super::{Class, Member, State, event, method, property};

const fn function(name: &'static str, note: &'static str) -> Member {
    method(name, Fms2, note).later()
}

const fn value(name: &'static str, note: &'static str) -> Member {
    property(name, Fms2, note).later()
}

const fn handler(name: &'static str, note: &'static str) -> Member {
    event(name, Fms2, note).later()
}

const fn class(name: &'static str, note: &'static str, members: &'static [Member]) -> Class {
    Class {
        name,
        since: Fms2,
        state: State::Later,
        note,
        members,
    }
}

pub(super) const FILE: Class = class(
    "File",
    "A file or folder in the application's folder, or in one of its virtual folders.",
    &[
        value("canAppend", "whether it can be appended to"),
        value("canRead", "whether it can be read"),
        value("canReplace", "whether it can be replaced"),
        value("canWrite", "whether it can be written"),
        value("creationTime", "when it was made"),
        value("exists", "whether it is there"),
        value("isDirectory", "whether it is a folder"),
        value("isFile", "whether it is a file"),
        value("isOpen", "whether it is open"),
        value("lastModified", "when it was last changed"),
        value("length", "bytes, or the number of files in a folder"),
        value("mode", "how it was opened"),
        value("name", "its name"),
        value("position", "where in it reading and writing is"),
        value("type", "text or binary"),
        function("open", "`open(type, mode)`"),
        function("close", "closes it"),
        function("read", "so many characters or bytes"),
        function("readAll", "all lines"),
        function("readByte", "one byte"),
        function("readln", "one line"),
        function("write", "writes values"),
        function("writeAll", "writes lines"),
        function("writeByte", "one byte"),
        function("writeln", "writes values and ends the line"),
        function("eof", "whether its end is reached"),
        function("seek", "goes to a place"),
        function("flush", "writes what waits"),
        function("copyTo", "copies it"),
        function("renameTo", "renames it"),
        function("remove", "deletes it"),
        function("mkdir", "makes a folder"),
        function("list", "what is in a folder"),
        function("toString", "its path"),
    ],
);

pub(super) const LOAD_VARS: Class = class(
    "LoadVars",
    "Names and values from and to a web server.",
    &[
        function("load", "reads an address"),
        function("send", "sends to an address"),
        function("sendAndLoad", "sends and reads the answer"),
        function("addRequestHeader", "headers of the request"),
        function("decode", "reads a text"),
        function("getBytesLoaded", "bytes that have come"),
        function("getBytesTotal", "bytes that will come"),
        function("toString", "names and values as a text"),
        value("contentType", "the type of what is sent"),
        value("loaded", "whether it has loaded"),
        handler("onData", "`onData(text)`"),
        handler("onHTTPStatus", "`onHTTPStatus(code)`"),
        handler("onLoad", "`onLoad(success)`"),
    ],
);

pub(super) const XML: Class = class(
    "XML",
    "A document, as in ActionScript 1. It has what `XMLNode` has too.",
    &[
        value("ignoreWhite", "whether blank text is left out"),
        function("load", "reads an address"),
        function("send", "sends to an address"),
        function("sendAndLoad", "sends and reads the answer"),
        function("parseXML", "reads a text"),
        function("createElement", "a new element"),
        function("createTextNode", "a new text"),
        function("addRequestHeader", "headers of the request"),
        function("getBytesLoaded", "bytes that have come"),
        function("getBytesTotal", "bytes that will come"),
        value("contentType", "the type of what is sent"),
        value("docTypeDecl", "the declaration of the document's type"),
        value("xmlDecl", "the declaration of the document"),
        value("loaded", "whether it has loaded"),
        value("status", "what was wrong with the text"),
        handler("onData", "`onData(text)`"),
        handler("onHTTPStatus", "`onHTTPStatus(code)`"),
        handler("onLoad", "`onLoad(success)`"),
    ],
);

pub(super) const XML_NODE: Class = class(
    "XMLNode",
    "An element or text of a document.",
    &[
        value("attributes", "names and values"),
        value("childNodes", "what is in it"),
        value("firstChild", "the first in it"),
        value("lastChild", "the last in it"),
        value("nextSibling", "the next beside it"),
        value("previousSibling", "the one before it"),
        value("parentNode", "what it is in"),
        value("nodeName", "the element's name"),
        value("nodeType", "1 for an element, 3 for text"),
        value("nodeValue", "the text"),
        function("appendChild", "puts a node into it"),
        function("insertBefore", "puts a node before another"),
        function("removeNode", "takes it out"),
        function("cloneNode", "a copy"),
        function("hasChildNodes", "whether something is in it"),
        function("toString", "its text"),
    ],
);

pub(super) const XML_SOCKET: Class = class(
    "XMLSocket",
    "A connection to a server of XML documents.",
    &[
        function("connect", "`connect(host, port)`"),
        function("send", "sends a document"),
        function("close", "ends the connection"),
        value("isConnected", "whether it is connected"),
        value("maxUnprocessedChars", "how much may come without an end"),
        handler("onConnect", "`onConnect(success)`"),
        handler("onData", "`onData(text)`"),
        handler("onXML", "`onXML(document)`"),
        handler("onClose", "the other side has closed"),
    ],
);

pub(super) const XML_STREAMS: Class = class(
    "XMLStreams",
    "`XMLSocket` for documents that come in pieces, as XMPP has them.",
    &[],
);

pub(super) const WEB_SERVICE: Class = class(
    "WebService",
    "A SOAP service, after `load(\"webservices/WebServices.asc\")`.",
    &[
        handler("onLoad", "`onLoad(wsdl)`"),
        handler("onFault", "`onFault(fault)`"),
    ],
);

pub(super) const SOAP_CALL: Class = class(
    "SOAPCall",
    "A call of a SOAP service.",
    &[
        value("request", "what is sent"),
        value("response", "what has come"),
        handler("onResult", "`onResult(value)`"),
        handler("onFault", "`onFault(fault)`"),
    ],
);

pub(super) const SOAP_FAULT: Class = class(
    "SOAPFault",
    "Why a call of a SOAP service failed.",
    &[
        value("detail", "more of it"),
        value("faultactor", "who"),
        value("faultcode", "the code"),
        value("faultstring", "the text"),
    ],
);

pub(super) const LOG: Class = class(
    "Log",
    "What a SOAP service logs.",
    &[handler("onLog", "`onLog(text)`")],
);

pub(super) const BYTE_ARRAY: Class = Class {
    name: "ByteArray",
    since: Fms35,
    state: State::Later,
    note: "Bytes, as in ActionScript 3.",
    members: &[],
};
