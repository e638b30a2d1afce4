// The class NetConnection: a connection from this instance to another one, or to a gateway of
// Flash Remoting.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, Symbol, String } = globalThis;

    const ADDRESS = /^rtmps?:\/\/[^\/\s:]+(:[0-9]{1,5})?\/[^\/\s]+/i;

    // Connections by the link that they use.
    const byLink = new Map();

    class NetConnection {
        // The link in use; after its end still the one whose last status may come. 0 is none.
        #link = 0;
        // Whether the link is connected or about to be.
        #open = false;
        #connected = false;
        #uri;
        #waiting = host.newWaiting();
        // In place of the link, where the address is one of HTTP.
        #gateway;
        #headers = host.newHeaders();

        constructor() {
            host.hide(this, "objectEncoding", 0);
        }

        get isConnected() {
            return this.#connected;
        }

        get uri() {
            return this.#uri;
        }

        connect(uri) {
            const address = String(uri);
            this.close();
            if (host.isGatewayAddress(address)) return this.#connectGateway(address);
            if (host.match(ADDRESS, address) === null) return false;
            const encoding = this.objectEncoding === 3 ? 3 : 0;
            const link = host.emitLink(address, host.rest(arguments, 1), encoding);
            if (link === 0) {
                host.warn("more than " + host.limits.connections
                    + " connections at once (limit connections)");
                return false;
            }
            this.#link = link;
            this.#open = true;
            this.#uri = address;
            byLink.set(link, this);
            return true;
        }

        #connectGateway(address) {
            const amf3 = this.objectEncoding === 3;
            const told = (info) => tell(this, info);
            this.#gateway = host.newGateway(address, this.#headers, amf3, this, told);
            this.#open = true;
            this.#connected = true;
            this.#uri = address;
            return true;
        }

        // For packets over HTTP. Without a value the header of this name is sent no longer.
        addHeader(name, mustUnderstand, object) {
            if (object === undefined) this.#headers.remove(String(name));
            else this.#headers.set(String(name), !!mustUnderstand, object, false);
        }

        call(methodName, resultObj) {
            if (arguments.length === 0) return false;
            const method = String(methodName);
            if (!this.#open) return false;
            if (this.#gateway !== undefined) {
                return this.#gateway.call(method, resultObj, host.rest(arguments, 2));
            }
            const answer = host.isResponder(resultObj);
            if (answer && !host.mayWait()) return false;
            const args = host.rest(arguments, 2);
            const call = host.emitLinkSend(this.#link, method, args, answer);
            if (call < 0) return false;
            if (answer) host.wait(call, resultObj, this.#waiting);
            return true;
        }

        close() {
            const open = this.#open;
            if (this.#gateway !== undefined) this.#gateway.close();
            else if (open) host.emitLinkClose(this.#link);
            this.#gateway = undefined;
            this.#end();
            byLink.delete(this.#link);
            this.#link = 0;
            // After the handler, so that a handler that connects again is not inside itself.
            if (open) host.later(() => tell(this, closed()));
        }

        #end() {
            this.#open = false;
            this.#connected = false;
            host.forgetCalls(this.#waiting);
        }

        static {
            // The link that a connection uses, 0 if it uses none; undefined for what is none.
            host.linkOf = function (value) {
                if (typeof value !== "object" || !(#link in value)) return undefined;
                return value.#open && value.#gateway === undefined ? value.#link : 0;
            };

            host.entries.linkStatus = function (link, info, connected) {
                const connection = byLink.get(link);
                if (connection === undefined) return;
                if (connected) connection.#connected = true;
                else connection.#end();
                // A rejection is followed by the news that the connection is closed.
                if (isLast(info)) byLink.delete(link);
                tell(connection, info);
            };

            host.entries.linkCall = function (link, method, args, transaction) {
                const connection = byLink.get(link);
                if (connection === undefined || !connection.#connected) return;
                const result = isReserved(method) ? host.missing
                    : host.dispatch(connection, method, args);
                const found = result !== host.missing;
                if (transaction === 0 || !connection.#connected) return;
                host.emitLinkReturn(link, transaction, found,
                    found ? result : host.callFailed("Method not found (" + method + ")."));
            };

            host.entries.linkCallFailed = function (link, method, transaction) {
                const connection = byLink.get(link);
                if (transaction === 0 || connection === undefined || !connection.#connected) return;
                host.emitLinkReturn(link, transaction, false,
                    host.callFailed("Failed to execute method (" + method + ")."));
            };
        }
    }

    const closed = () => ({ level: "status", code: "NetConnection.Connect.Closed", description: "" });

    function isLast(info) {
        const code = info !== null && typeof info === "object" ? info.code : undefined;
        return code === "NetConnection.Connect.Closed" || code === "NetConnection.Connect.Failed";
    }

    // What the class itself has under these names is not for the other side.
    function isReserved(method) {
        return method === "call" || method === "close" || method === "connect"
            || method === "isConnected" || method === "onStatus" || method === "uri";
    }

    function tell(connection, info) {
        const handler = connection.onStatus;
        if (typeof handler === "function") apply(handler, connection, [info]);
        else host.status(info);
    }

    host.hide(NetConnection.prototype, Symbol.toStringTag, "NetConnection");
    host.define("NetConnection", NetConnection);
    host.NetConnection = NetConnection;
    host.isReserved = isReserved;
    host.tell = tell;
})
