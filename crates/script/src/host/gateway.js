// Flash Remoting: what a NetConnection to an http address does.
//
// There is no connection. The calls of one turn are collected and go out as one packet after it;
// its answers come with the response. A gateway can ask for headers that are sent every time, and
// for another address.
(function (host) {
    "use strict";
    const { Map, Set, String, Number } = globalThis;

    const ADDRESS = /^https?:\/\//i;
    // What an answer is for, and whether it is one. Some gateways leave out the first slash.
    const TARGET = /^\/?([0-9]{1,15})\/(onResult|onStatus)$/;
    // The version of a packet tells who sends it.
    const VERSION = 1;
    const VERSION_AMF3 = 3;
    const NOBODY = {};

    host.isGatewayAddress = (address) => host.match(ADDRESS, address) !== null;

    // Gateways with calls that are not sent, and the bytes of all these calls.
    const collecting = new Set();
    let collectedBytes = 0;

    // What waits for the response to a packet, by request.
    const posted = new Map();
    // What is to run in the script's own code, each as a handler of its own.
    let due = [];
    let delivered = 0;

    function deliver(run) {
        due[due.length] = run;
    }

    function mayCollect(gateway) {
        if (!host.mayWait()) return false;
        const others = collecting.size - (collecting.has(gateway) ? 1 : 0);
        if (collecting.has(gateway) || host.freeRequests() > others) return true;
        host.warn("more than " + host.limits.pendingRequests
            + " requests at once (limit pending_requests)");
        return false;
    }

    function mayHold(bytes) {
        const max = host.limits.pendingRequests * host.limits.remotingBytes;
        if (collectedBytes + bytes.length <= max) return true;
        host.warn("calls of more than " + max
            + " bytes are not sent yet (limits pending_requests and remoting_bytes)");
        return false;
    }

    function withNumber(batch, number) {
        for (let i = 0; i < batch.length; i++) {
            if (batch[i].number === number) return batch[i];
        }
        return undefined;
    }

    class Gateway {
        #address;
        // What the gateway wants behind its address: a session, as a rule.
        #suffix = "";
        #headers;
        #amf3;
        #owner;
        // Calls that are not sent.
        #calls = [];
        #waiting = host.newWaiting();
        #last = 0;
        #open = true;

        // `owner` is the NetConnection, and `tell` what hands it a status.
        constructor(address, headers, amf3, owner, tell) {
            this.#address = address;
            this.#headers = headers;
            this.#amf3 = amf3;
            this.#owner = { connection: owner, tell };
            headers.forgetAsked();
        }

        call(method, responder, args) {
            this.#last += 1;
            const number = this.#last;
            // Runs code of the script, if an argument has some, which may call or close.
            const bytes = host.packMessage(method, "/" + number, args, this.#amf3);
            if (!this.#open || !mayCollect(this) || !mayHold(bytes)) return false;
            const call = { number, bytes, responder: host.isResponder(responder) ? responder : NOBODY };
            host.wait(call, call.responder, this.#waiting);
            this.#calls[this.#calls.length] = call;
            collectedBytes += bytes.length;
            collecting.add(this);
            return true;
        }

        // Calls that are collected are still made; their answers are for nobody.
        close() {
            this.#open = false;
            host.forgetCalls(this.#waiting);
        }

        // Sends what is collected, as long as there may be one more request.
        #send() {
            while (this.#calls.length > 0) {
                const batch = this.#batch();
                if (!this.#post(batch)) return;
                const rest = [];
                for (let i = batch.length; i < this.#calls.length; i++) rest[rest.length] = this.#calls[i];
                this.#calls = rest;
            }
            collecting.delete(this);
        }

        // The calls that one packet can hold.
        #batch() {
            const batch = [];
            let bytes = 0;
            while (batch.length < this.#calls.length && batch.length < host.limits.packetMessages) {
                const call = this.#calls[batch.length];
                bytes += call.bytes.length;
                if (batch.length > 0 && bytes > host.limits.remotingBytes) break;
                batch[batch.length] = call;
            }
            return batch;
        }

        #post(batch) {
            if (host.freeRequests() === 0) return false;
            const parts = [];
            for (let i = 0; i < batch.length; i++) parts[i] = batch[i].bytes;
            const version = this.#amf3 ? VERSION_AMF3 : VERSION;
            const body = host.joinPacket(version, this.#headers.list(), parts);
            const request = host.emitPacket(this.#address + this.#suffix, body);
            if (request === 0) return false;
            posted.set(request, { gateway: this, batch });
            for (let i = 0; i < batch.length; i++) {
                collectedBytes -= batch[i].bytes.length;
                batch[i].bytes = "";
            }
            return true;
        }

        #answered(batch, status, body, problem) {
            if (!this.#open) return;
            if (problem !== undefined) return this.#fail(batch, host.callFailed("HTTP: Failed (" + problem + ")"));
            if (status !== 200) return this.#fail(batch, host.callFailed("HTTP: Status " + status));
            let packet;
            try {
                packet = host.readPacket(body);
            } catch (error) {
                this.#fail(batch, host.callFailed("The answer could not be read."));
                throw error;
            }
            if (packet.unreadable !== undefined) return this.#fail(batch, badVersion(packet.unreadable));
            if (packet.refused !== undefined) return this.#fail(batch, host.callFailed(packet.refused));
            const refusal = { header: undefined };
            for (let i = 0; i < packet.headers.length; i++) this.#header(packet.headers[i], refusal);
            for (let i = 0; i < packet.messages.length; i++) this.#message(packet.messages[i], batch, refusal);
            this.#fail(batch, host.callFailed("The gateway did not answer the call."));
        }

        // A name that is not known here is that of a method of the script.
        #header([name, mustUnderstand, value], refusal) {
            switch (name) {
                case "AppendToGatewayUrl":
                    if (typeof value === "string") this.#suffix = value;
                    return;
                case "ReplaceGatewayUrl":
                    if (typeof value !== "string" || !host.isGatewayAddress(value)) return;
                    this.#address = value;
                    this.#suffix = "";
                    return;
                case "RequestPersistentHeader":
                    return this.#keepHeader(value);
            }
            deliver(() => {
                if (!this.#open) return;
                const { connection } = this.#owner;
                const found = !host.isReserved(name)
                    && host.dispatch(connection, name, [value]) !== host.missing;
                if (!found && mustUnderstand) refusal.header = name;
            });
        }

        #keepHeader(value) {
            if (value === null || typeof value !== "object" || typeof value.name !== "string") return;
            try {
                this.#headers.set(value.name, !!value.mustUnderstand, value.data, true);
            } catch (error) {
                host.warn("a header that the gateway asks for is not kept: " + String(error));
            }
        }

        #message([target, value], batch, refusal) {
            const found = host.match(TARGET, target);
            if (found === null) return;
            const call = withNumber(batch, Number(found[1]));
            if (call === undefined || call.answered) return;
            call.answered = true;
            this.#later(call, found[2] === "onResult", value, refusal);
        }

        // Those that are not answered fail.
        #fail(batch, info) {
            for (let i = 0; i < batch.length; i++) {
                if (batch[i].answered) continue;
                batch[i].answered = true;
                this.#later(batch[i], false, info, { header: undefined });
            }
        }

        #later(call, ok, value, refusal) {
            deliver(() => {
                if (!this.#waiting.has(call)) return;
                if (refusal.header !== undefined) {
                    ok = false;
                    value = host.callFailed("The header " + refusal.header + " is not understood.");
                }
                const heard = ok || typeof call.responder.onStatus === "function";
                host.entries.answer(call, ok, value);
                // What no responder hears is for the connection.
                if (!heard) this.#owner.tell(value);
            });
        }

        static {
            // The response to a packet: status and body, or the reason why there is none.
            host.entries.gatewayResponse = function (request, status, body, problem) {
                const { gateway, batch } = posted.get(request);
                posted.delete(request);
                gateway.#answered(batch, status, body, problem);
            };

            // Runs the next thing that is due; whether there was one.
            host.entries.deliver = function () {
                if (delivered === due.length) {
                    due = [];
                    delivered = 0;
                    return false;
                }
                const run = due[delivered++];
                run();
                return true;
            };

            host.entries.sendCollected = function () {
                collecting.forEach((gateway) => gateway.#send());
            };
        }
    }

    const badVersion = (description) => ({ level: "error", code: "NetConnection.Call.BadVersion", description });

    host.newGateway = (address, headers, amf3, owner, tell) => new Gateway(address, headers, amf3, owner, tell);
})
