// The object XMLPort: what the script does about those who come over the server's own XML ports.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, String, Symbol } = globalThis;

    // Those who are here, by their keys.
    const byKey = new Map();

    class PortClient {
        #key;
        #ip;
        #port;
        #connected = true;

        constructor(secret, key, ip, port) {
            host.guardConstructor(secret, "PortClient");
            this.#key = key;
            this.#ip = ip;
            this.#port = port;
        }

        get ip() {
            return this.#ip;
        }

        get port() {
            return this.#port;
        }

        get isConnected() {
            return this.#connected;
        }

        send(object) {
            const text = String(object);
            if (!this.#connected) return false;
            host.emitPortSend(this.#key, text);
            return true;
        }

        close() {
            if (!this.#connected) return;
            host.emitPortClose(this.#key);
            this.#connected = false;
        }

        static {
            host.entries.portOpened = function (key, ip, port) {
                const client = new PortClient(host.secret, key, ip, port);
                byKey.set(key, client);
                const { onConnect, onFrame } = XMLPort;
                if (typeof onConnect !== "function" && typeof onFrame !== "function") {
                    host.warn("a port is served by this script, and XMLPort has no handlers");
                    return client.close();
                }
                if (tell(onConnect, [client]) === false) client.close();
            };

            host.entries.portText = function (key, text) {
                const client = byKey.get(key);
                // The script may have closed it; what was on its way is not for it any more.
                if (client !== undefined && client.#connected) tell(XMLPort.onFrame, [client, text]);
            };

            host.entries.portClosed = function (key) {
                const client = byKey.get(key);
                if (client === undefined) return;
                byKey.delete(key);
                client.#connected = false;
                tell(XMLPort.onClose, [client]);
            };
        }
    }

    const XMLPort = {};

    function tell(handler, args) {
        if (typeof handler === "function") return apply(handler, XMLPort, args);
    }

    host.hide(PortClient.prototype, Symbol.toStringTag, "PortClient");
    host.hide(XMLPort, Symbol.toStringTag, "XMLPort");
    host.define("XMLPort", XMLPort);
})
