// The class XMLSocket: a connection over which texts travel, each with a zero byte after it.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, Number, String, Symbol, XML } = globalThis;
    const { floor } = Math;

    const NAME = /^[0-9A-Za-z._:-]{1,255}$/;
    const FIRST_PORT = 1024, LAST_PORT = 65535;

    // Sockets by the connection that they use.
    const byId = new Map();

    class XMLSocket {
        // The connection in use; 0 is none.
        #id = 0;
        #connected = false;

        constructor() {
            host.hide(this, "maxUnprocessedChars", host.limits.socketTextBytes);
        }

        get isConnected() {
            return this.#connected;
        }

        // Without a name it is this machine.
        connect(name, port) {
            const address = name === undefined || name === null ? "localhost" : String(name);
            const number = Number(port);
            const textBytes = mostBytes(this);
            this.close();
            if (host.match(NAME, address) === null) {
                host.warn("the name of a host is not " + address);
                return false;
            }
            if (!(number >= FIRST_PORT && number <= LAST_PORT) || floor(number) !== number) {
                host.warn("sockets connect to ports from " + FIRST_PORT + " to " + LAST_PORT
                    + ", not to " + number);
                return false;
            }
            const id = host.emitSocketOpen(address, number, textBytes);
            if (id === 0) {
                host.warn("more than " + host.limits.sockets + " sockets at once (limit sockets)");
                return false;
            }
            this.#id = id;
            byId.set(id, this);
            return true;
        }

        send(object) {
            const text = String(object);
            if (this.#connected) host.emitSocketSend(this.#id, text);
        }

        // The handlers are not told of it.
        close() {
            if (this.#id !== 0) host.emitSocketClose(this.#id);
            this.#end();
        }

        onData(source) {
            const document = new XML(source);
            const { onXML } = this;
            if (typeof onXML === "function") apply(onXML, this, [document]);
        }

        #end() {
            byId.delete(this.#id);
            this.#id = 0;
            this.#connected = false;
        }

        static {
            host.entries.socketOpened = function (id) {
                const socket = byId.get(id);
                if (socket === undefined) return;
                socket.#connected = true;
                tell(socket, socket.onConnect, [true]);
            };

            host.entries.socketText = function (id, text) {
                const socket = byId.get(id);
                if (socket !== undefined) tell(socket, socket.onData, [text]);
            };

            host.entries.socketClosed = function (id) {
                const socket = byId.get(id);
                if (socket === undefined) return;
                const connected = socket.#connected;
                socket.#end();
                if (connected) tell(socket, socket.onClose, []);
                else tell(socket, socket.onConnect, [false]);
            };
        }
    }

    function tell(socket, handler, args) {
        if (typeof handler === "function") apply(handler, socket, args);
    }

    // How long a text may be for this object: no more than the server allows.
    function mostBytes(socket) {
        const most = host.limits.socketTextBytes;
        const wanted = floor(Number(socket.maxUnprocessedChars));
        return wanted >= 1 && wanted < most ? wanted : most;
    }

    host.hide(XMLSocket.prototype, Symbol.toStringTag, "XMLSocket");
    host.define("XMLSocket", XMLSocket);
})
