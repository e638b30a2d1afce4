// The class Client: one connection to the instance.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Map, Set, Symbol, String, Number, Math } = globalThis;

    const PENDING = 0;
    const ACCEPTED = 1;
    // The script has disconnected it; the instance has not said so yet.
    const LEAVING = 2;
    const GONE = 3;

    // Pending and accepted clients by id.
    const byId = new Map();
    // The accepted ones, in the order of their acceptance.
    const accepted = [];
    host.accepted = accepted;

    const READERS = ["agent", "ip", "protocol", "referrer", "pageUrl", "uri", "secure"];
    // Everything may be read and written, no samples.
    const OPEN = ["/", "/", "", ""];
    const ACCESS = ["readAccess", "writeAccess", "audioSampleAccess", "videoSampleAccess"];

    class Client {
        #key;
        #info;
        #state = PENDING;
        // Made for the first call that wants an answer.
        #waiting;
        #down = host.limits.bandwidth[0];
        #up = host.limits.bandwidth[1];
        #access = OPEN;

        constructor(secret, key, info) {
            host.guardConstructor(secret, "Client");
            this.#key = key;
            this.#info = info;
            host.hide(this, "id", info.id);
        }

        call(methodName, resultObj) {
            if (arguments.length === 0) return false;
            const method = String(methodName);
            if (this.#state !== ACCEPTED) return false;
            const answer = host.isResponder(resultObj);
            if (answer && !host.mayWait()) return false;
            const call = host.emitCall(this.#key, method, host.rest(arguments, 2), answer);
            if (answer) host.wait(call, resultObj, this.#waiting ??= host.newWaiting());
            return true;
        }

        getStats() {
            const stats = host.clientStats(this.#key);
            return stats ? stats[0] : null;
        }

        // Sends a ping, and tells whether the one before was answered.
        ping() {
            if (this.#state !== ACCEPTED) return false;
            host.emitPing(this.#key);
            const stats = host.clientStats(this.#key);
            return stats ? stats[1] : false;
        }

        setBandwidthLimit(serverToClient, clientToServer) {
            const cap = host.limits.bandwidthCap;
            const limit = (bytes, cap) => (bytes >= 1 ? Math.min(Math.floor(bytes), cap) : 0);
            const down = limit(Number(serverToClient), cap[0]);
            const up = limit(Number(clientToServer), cap[1]);
            if (this.#state > ACCEPTED || (!down && !up)) return;
            host.emitLimit(this.#key, down, up);
            if (down) this.#down = down;
            if (up) this.#up = up;
        }

        getBandwidthLimit(direction) {
            return Number(direction) === 1 ? this.#down : this.#up;
        }

        checkBandwidth() {
            if (this.#state === ACCEPTED) host.emitCheck(this.#key);
        }

        static {
            for (let i = 0; i < READERS.length; i++) {
                host.reader(this.prototype, READERS[i], function () {
                    return #key in this ? this.#info[READERS[i]] : undefined;
                });
            }
            for (let i = 0; i < ACCESS.length; i++) {
                Reflect.defineProperty(this.prototype, ACCESS[i], {
                    get() {
                        return #key in this ? this.#access[i] : undefined;
                    },
                    set(paths) {
                        if (!(#key in this)) return;
                        paths = paths === null || paths === undefined ? "" : String(paths);
                        if (this.#access[i] === paths) return;
                        this.#access = host.rest(this.#access, 0);
                        this.#access[i] = paths;
                        if (this.#state <= ACCEPTED) host.emitAccess(this.#key, this.#access);
                    },
                    configurable: true,
                    enumerable: false,
                });
            }

            const isClient = (value) => typeof value === "object" && value !== null && #key in value;

            // Lets a waiting client in. What is no waiting client is left alone.
            host.accept = function (client) {
                if (!isClient(client) || client.#state !== PENDING) return;
                // May throw, which must not happen inside.
                host.countEffect();
                host.atomic(function () {
                    host.emitAccept(client.#key);
                    client.#state = ACCEPTED;
                    accepted[accepted.length] = client;
                });
            };

            host.reject = function (client, description, application, redirect) {
                if (!isClient(client) || client.#state !== PENDING) return;
                // Runs code of the script, if the object has some, which may decide itself.
                const isPending = () => client.#state === PENDING;
                if (!host.emitReject(client.#key, [description, application, redirect], isPending)) return;
                client.#state = GONE;
                byId.delete(client.#key);
            };

            host.disconnect = function (client) {
                if (!isClient(client)) return false;
                if (client.#state === PENDING) {
                    host.reject(client, undefined, undefined, undefined);
                    return true;
                }
                if (client.#state !== ACCEPTED) return false;
                host.emitDisconnect(client.#key);
                client.#state = LEAVING;
                return true;
            };

            // Calls a method of all accepted clients, and wants no answer.
            host.broadcast = function (method, args) {
                const keys = [];
                for (let i = 0; i < accepted.length; i++) {
                    if (accepted[i].#state === ACCEPTED) keys[keys.length] = accepted[i].#key;
                }
                host.emitBroadcast(keys, method, args);
            };

            host.isPending = (client) => client.#state === PENDING;
            host.isAccepted = (client) => client.#state === ACCEPTED;

            host.answerClient = function (client, transaction, ok, value) {
                if (transaction !== 0 && client.#state === ACCEPTED) {
                    host.emitReturn(client.#key, transaction, ok, value);
                }
            };

            host.newClient = function (key, info) {
                const client = new Client(host.secret, key, info);
                byId.set(key, client);
                return client;
            };

            host.findClient = (key) => byId.get(key);

            // The client has gone; whether it had been accepted.
            host.removeClient = function (client) {
                const was = client.#state;
                host.atomic(function () {
                    byId.delete(client.#key);
                    client.#state = GONE;
                    if (client.#waiting) host.forgetCalls(client.#waiting);
                    removeAccepted(client);
                });
                return was === ACCEPTED || was === LEAVING;
            };
        }
    }

    function removeAccepted(client) {
        let at = 0;
        for (let i = 0; i < accepted.length; i++) {
            if (accepted[i] !== client) accepted[at++] = accepted[i];
        }
        accepted.length = at;
    }

    host.hide(Client.prototype, Symbol.toStringTag, "Client");
    host.define("Client", Client);

    // Names that are the server's own business, whatever a script defines.
    const RESERVED = new Set([
        "closeStream", "connect", "createStream", "deleteStream", "onStatus", "pause", "play",
        "publish", "receiveAudio", "receiveVideo", "seek",
        "call", "getBandwidthLimit", "setBandwidthLimit", "getStats", "ping",
    ]);

    // Methods that are called on another connection instead.
    const proxies = new Map();

    host.registerProxy = function (method, target, targetMethod) {
        if (target === null || target === undefined) proxies.delete(method);
        else proxies.set(method, { target, method: targetMethod });
    };

    function forward(client, transaction, proxy, args) {
        const relay = transaction === 0 ? null : {
            onResult: (value) => host.answerClient(client, transaction, true, value),
            onStatus: (info) => host.answerClient(client, transaction, false, info),
        };
        const list = [proxy.method, relay];
        for (let i = 0; i < args.length; i++) list[list.length] = args[i];
        return apply(proxy.target.call, proxy.target, list);
    }

    // What the script wants done with a name that nothing has.
    function resolve(client, method, args) {
        const hook = client.__resolve;
        if (typeof hook !== "function") return host.missing;
        const found = apply(hook, client, [method]);
        return typeof found === "function" ? apply(found, client, args) : host.missing;
    }

    function notFound(client, transaction, method) {
        host.answerClient(client, transaction, false,
            host.callFailed("Method not found (" + method + ")."));
    }

    // `native`: the server has an answer of its own, which goes out if the script has none.
    host.entries.call = function (key, method, args, transaction, native) {
        const client = byId.get(key);
        if (client === undefined || !host.isAccepted(client)) return;
        if (RESERVED.has(method)) return notFound(client, transaction, method);
        let result = host.dispatch(client, method, args);
        if (result === host.missing) {
            const proxy = proxies.get(method);
            if (proxy !== undefined) {
                if (!forward(client, transaction, proxy, args)) host.entries.callFailed(key, method, transaction);
                return;
            }
            result = resolve(client, method, args);
            if (result === host.missing && native) return host.emitNotDefined(key);
        }
        if (result === host.missing) return notFound(client, transaction, method);
        host.answerClient(client, transaction, true, result);
    };

    // A handler did not come to its end.
    host.entries.callFailed = function (key, method, transaction) {
        const client = byId.get(key);
        if (client === undefined) return;
        host.answerClient(client, transaction, false,
            host.callFailed("Failed to execute method (" + method + ")."));
    };
})
