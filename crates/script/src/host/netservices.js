// load("netservices.asc"): NetServices, which lets scripts call a service of a gateway as if it
// were an object of theirs.
(function (host) {
    "use strict";
    const { apply, get } = Reflect;
    const { Proxy, String, WeakMap } = globalThis;

    let defaultAddress;
    // What each connection is called in the log.
    const debugIds = new WeakMap();

    const isObject = (value) => value !== null && (typeof value === "object" || typeof value === "function");

    // The handler of a responder for the answer to a method: its own, or that for all methods.
    function handlerOf(responder, method, own, general) {
        const handler = responder[method + own];
        return typeof handler === "function" ? handler : responder[general];
    }

    function makeResponder(connection, responder, method) {
        return {
            onResult(value) {
                host.adoptRecords(value, connection);
                const handler = handlerOf(responder, method, "_Result", "onResult");
                if (typeof handler === "function") apply(handler, responder, [value]);
                else host.warn(unheard(connection, method));
            },
            // Without a handler it is for the connection.
            get onStatus() {
                const handler = handlerOf(responder, method, "_Status", "onStatus");
                return typeof handler === "function" ? (info) => apply(handler, responder, [info]) : undefined;
            },
        };
    }

    function unheard(connection, method) {
        const id = debugIds.get(connection);
        return "nothing takes the result of " + method + ": neither " + method + "_Result nor onResult"
            + (id === undefined ? "" : " (" + id + ")");
    }

    function callMethod(connection, service, responder, method, args) {
        const own = isObject(args[0]) && typeof args[0].onResult === "function";
        const target = own ? args[0] : responder;
        const list = [service + "." + method, null];
        if (isObject(target)) list[1] = makeResponder(connection, target, method);
        for (let i = own ? 1 : 0; i < args.length; i++) list[list.length] = args[i];
        return apply(connection.call, connection, list);
    }

    // Whatever it is asked for and has not is a method of the service.
    function makeService(connection, service, responder) {
        return new Proxy({}, {
            get(target, name, receiver) {
                if (typeof name === "symbol" || name in target || name === "toJSON") {
                    return get(target, name, receiver);
                }
                return function () {
                    return callMethod(connection, service, responder, name, arguments);
                };
            },
        });
    }

    const prototype = host.NetConnection.prototype;

    // getService(name [, responder]): the responder is for all calls that bring none.
    host.hide(prototype, "getService", function getService(serviceName, client) {
        return makeService(this, String(serviceName), client);
    });
    host.hide(prototype, "setCredentials", function setCredentials(userid, password) {
        this.addHeader("Credentials", true, { userid, password });
    });
    host.hide(prototype, "setDebugId", function setDebugId(id) {
        debugIds.set(this, String(id));
    });
    host.hide(prototype, "getDebugId", function getDebugId() {
        return debugIds.get(this);
    });

    function setDefaultGatewayUrl(url) {
        defaultAddress = String(url);
    }

    const NetServices = {};
    host.hide(NetServices, "setDefaultGatewayUrl", setDefaultGatewayUrl);
    host.hide(NetServices, "setDefaultGatewayURL", setDefaultGatewayUrl);
    host.hide(NetServices, "createGatewayConnection", function createGatewayConnection(url) {
        const address = url === undefined || url === null ? defaultAddress : String(url);
        if (address === undefined) {
            host.warn("createGatewayConnection: there is no address, and no default one");
            return null;
        }
        const connection = new host.NetConnection();
        connection.connect(address);
        return connection;
    });
    host.define("NetServices", NetServices);
})
