//! Classes for files, documents and other servers.

use super::Since::{Fms2, Fms35};
use super::{Class, Member, State, event, method, property};

const fn function(name: &'static str, note: &'static str) -> Member {
    method(name, Fms2, note)
}

const fn value(name: &'static str, note: &'static str) -> Member {
    property(name, Fms2, note)
}

const fn handler(name: &'static str, note: &'static str) -> Member {
    event(name, Fms2, note)
}

const fn class(
    name: &'static str,
    state: State,
    note: &'static str,
    members: &'static [Member],
) -> Class {
    Class {
        name,
        since: Fms2,
        state,
        note,
        members,
    }
}

pub(super) const FILE: Class = class(
    "File",
    State::Supported,
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
    State::Differs,
    "Names and values from and to a web server. Requests go to `http:` addresses that the settings allow; others end with `onLoad(false)`.",
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
    State::Differs,
    "A document, as in ActionScript 1. It has what `XMLNode` has too. Requests go to `http:` addresses that the settings allow; others end with `onLoad(false)`.",
    &[
        value("ignoreWhite", "whether blank text is left out"),
        function("load", "reads an address"),
        function("send", "sends to an address"),
        function("sendAndLoad", "sends and reads the answer"),
        function("parseXML", "reads a text"),
        function("createElement", "a new element"),
        function("createTextNode", "a new text"),
        function("toString", "its text"),
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
    State::Supported,
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
        value(
            "prefix",
            "what stands before the colon of the element's name",
        ),
        value("localName", "what stands behind it"),
        value("namespaceURI", "the name space of the element"),
        function(
            "getNamespaceForPrefix",
            "the name space that a prefix stands for",
        ),
        function(
            "getPrefixForNamespace",
            "the prefix that stands for a name space",
        ),
    ],
);

pub(super) const XML_SOCKET: Class = class(
    "XMLSocket",
    State::Supported,
    "A connection to a server of XML documents, at a host that the settings allow.",
    &[
        function("connect", "`connect(host, port)`"),
        function("send", "sends a document or text"),
        function("close", "ends the connection"),
        value("isConnected", "whether it is connected"),
        value(
            "maxUnprocessedChars",
            "how many bytes may come without an end; read by `connect`",
        ),
        handler("onConnect", "`onConnect(success)`"),
        handler("onData", "`onData(text)`"),
        handler("onXML", "`onXML(document)`"),
        handler("onClose", "the other side has closed"),
    ],
);

pub(super) const XML_STREAMS: Class = class(
    "XMLStreams",
    State::Later,
    "`XMLSocket` for documents that come in pieces, as XMPP has them.",
    &[],
);

pub(super) const WEB_SERVICE: Class = class(
    "WebService",
    State::Supported,
    "A SOAP service, after `load(\"webservices/WebServices.asc\")`: `new WebService(wsdl, log)`. Each \
     operation of the WSDL is a method that answers a `SOAPCall`.",
    &[
        handler("onLoad", "`onLoad(wsdl)`"),
        handler("onFault", "`onFault(fault)`"),
    ],
);

pub(super) const SOAP_CALL: Class = class(
    "SOAPCall",
    State::Supported,
    "A call of a SOAP service; from a `WebService`.",
    &[
        value("request", "what is sent"),
        value("response", "what has come"),
        handler("onResult", "`onResult(value)`"),
        handler("onFault", "`onFault(fault)`"),
    ],
);

pub(super) const SOAP_FAULT: Class = class(
    "SOAPFault",
    State::Supported,
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
    State::Supported,
    "What a SOAP service logs.",
    &[
        handler("onLog", "`onLog(text)`; without it the text is traced"),
        value("level", "how much is logged"),
        value("BRIEF", "a level: errors only"),
        value("VERBOSE", "a level: more"),
        value("DEBUG", "a level: all"),
        function("logInfo", "logs a text at a level"),
        function("logDebug", "logs a text at the level `DEBUG`"),
    ],
);

const fn bytes_function(name: &'static str, note: &'static str) -> Member {
    method(name, Fms35, note)
}

const fn bytes_value(name: &'static str, note: &'static str) -> Member {
    property(name, Fms35, note)
}

pub(super) const BYTE_ARRAY: Class = Class {
    name: "ByteArray",
    since: Fms35,
    state: State::Supported,
    note: "Bytes, as in ActionScript 3; also as a value from and to clients.",
    members: &[
        bytes_value("length", "bytes"),
        bytes_value("position", "where reading and writing is"),
        bytes_value("bytesAvailable", "bytes from there to the end"),
        bytes_value("endian", "`bigEndian` or `littleEndian`"),
        bytes_value("objectEncoding", "the AMF version of objects: 0 or 3"),
        bytes_function("clear", "empties it"),
        bytes_function("readBoolean", "reads what the name says"),
        bytes_function("readByte", "reads what the name says"),
        bytes_function("readUnsignedByte", "reads what the name says"),
        bytes_function("readShort", "reads what the name says"),
        bytes_function("readUnsignedShort", "reads what the name says"),
        bytes_function("readInt", "reads what the name says"),
        bytes_function("readUnsignedInt", "reads what the name says"),
        bytes_function("readFloat", "reads what the name says"),
        bytes_function("readDouble", "reads what the name says"),
        bytes_function("readBytes", "reads what the name says"),
        bytes_function("readUTF", "reads what the name says"),
        bytes_function("readUTFBytes", "reads what the name says"),
        bytes_function("readMultiByte", "reads what the name says"),
        bytes_function("readObject", "reads what the name says"),
        bytes_function("writeBoolean", "writes what the name says"),
        bytes_function("writeByte", "writes what the name says"),
        bytes_function("writeShort", "writes what the name says"),
        bytes_function("writeInt", "writes what the name says"),
        bytes_function("writeUnsignedInt", "writes what the name says"),
        bytes_function("writeFloat", "writes what the name says"),
        bytes_function("writeDouble", "writes what the name says"),
        bytes_function("writeBytes", "writes what the name says"),
        bytes_function("writeUTF", "writes what the name says"),
        bytes_function("writeUTFBytes", "writes what the name says"),
        bytes_function("writeMultiByte", "writes what the name says"),
        bytes_function("writeObject", "writes what the name says"),
        bytes_function("toString", "its bytes as text"),
        bytes_function("compress", "packs the bytes, with `zlib` or `deflate`"),
        bytes_function("uncompress", "unpacks them"),
    ],
};
