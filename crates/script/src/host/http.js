// Requests over HTTP, for the classes that load and send.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, String, WeakMap } = globalThis;
    const { isArray } = Array;
    const toLowerCase = String.prototype.toLowerCase;

    const ADDRESS = /^https?:\/\/[^\/?#\s]+([\/?#][^\s]*)?$/i;
    const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
    const VALUE = /^[\t -~\u0080-\u00ff]{0,4096}$/;

    // Headers that say how the message is framed and where it goes. They are the server's.
    const RESERVED = { __proto__: null };
    const reserved = ["connection", "content-length", "expect", "host", "keep-alive",
        "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "via"];
    for (let i = 0; i < reserved.length; i++) RESERVED[reserved[i]] = true;

    // Names and values in turn, of each object that sends. Not in the objects themselves, so that
    // one whose prototype is such an object has its own.
    const headersOf = new WeakMap();

    // addRequestHeader(name, value), addRequestHeader([...]): what must not be sent is left out.
    host.addHeaders = function (sender, args) {
        if (!headersOf.has(sender)) headersOf.set(sender, []);
        const headers = headersOf.get(sender);
        const fields = isArray(args[0]) ? args[0] : args;
        for (let i = 0; i + 1 < fields.length; i += 2) {
            add(headers, String(fields[i]), String(fields[i + 1]));
        }
    };

    function add(headers, name, value) {
        if (host.match(NAME, name) === null || host.match(VALUE, value) === null
            || RESERVED[apply(toLowerCase, name, [])]) {
            host.warn("the request header " + name + " is not sent");
        } else if (headers.length >= 2 * host.limits.requestHeaders) {
            host.warn("more than " + host.limits.requestHeaders
                + " request headers (limit request_headers)");
        } else {
            headers[headers.length] = name;
            headers[headers.length] = value;
        }
    }

    // What takes the answer, by request; undefined if nobody does.
    const pending = new Map();
    // Bytes of the last answer for an object.
    const received = new WeakMap();

    // Makes a request for `sender`; a GET has no body. `target` is told of the answer; null if
    // nobody is.
    host.request = function (sender, method, address, body, target) {
        const headers = host.rest(headersOf.get(sender) || [], 0);
        if (method === "POST") add(headers, "Content-Type", String(sender.contentType));
        const take = target === null ? undefined
            : (status, text, bytes) => deliver(target, status, text, bytes);
        if (!exchange(method, address, headers, body, take)) return false;
        if (target !== null) {
            target.loaded = false;
            received.delete(target);
        }
        return true;
    };

    // A request of the host's own, with names and values of headers in turn. `take` gets the status
    // and the text of the answer, whatever the status is; no text if there is none.
    host.exchange = function (method, address, fields, body, take) {
        const headers = [];
        for (let i = 0; i + 1 < fields.length; i += 2) add(headers, fields[i], fields[i + 1]);
        return exchange(method, address, headers, body, take);
    };

    function exchange(method, address, headers, body, take) {
        const url = String(address);
        if (host.match(ADDRESS, url) === null) {
            host.warn("the address " + url + " is not one of HTTP");
            return false;
        }
        const request = host.emitHttp(method, url, headers, body);
        if (request === 0) {
            host.warn("more than " + host.limits.pendingRequests
                + " requests at once (limit pending_requests)");
            return false;
        }
        pending.set(request, take);
        return true;
    }

    // Undefined before there is an answer.
    host.bytesReceived = function (target) {
        return received.get(target);
    };

    host.entries.response = function (request, status, text, bytes) {
        const take = pending.get(request);
        pending.delete(request);
        if (take !== undefined) take(status, text, bytes);
    };

    function deliver(target, status, text, bytes) {
        const good = text !== undefined && status < 400;
        if (good) received.set(target, bytes);
        const { onHTTPStatus } = target;
        try {
            if (typeof onHTTPStatus === "function") apply(onHTTPStatus, target, [status]);
        } finally {
            const { onData } = target;
            if (typeof onData === "function") apply(onData, target, [good ? text : undefined]);
        }
    }
})
