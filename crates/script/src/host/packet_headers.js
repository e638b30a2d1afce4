// The headers of the packets of Flash Remoting.
(function (host) {
    "use strict";
    const { Map, RangeError } = globalThis;

    // The headers that a NetConnection sends with every packet.
    class Headers {
        #byName = new Map();
        #bytes = 0;

        // `asked` says that the gateway has asked for it.
        set(name, mustUnderstand, value, asked) {
            const bytes = host.packHeader(name, mustUnderstand, value);
            this.remove(name);
            if (this.#byName.size >= host.limits.packetHeaders) {
                throw new RangeError("more than " + host.limits.packetHeaders
                    + " headers (limit packet_headers)");
            }
            if (this.#bytes + bytes.length > host.limits.remotingBytes) {
                throw new RangeError("headers of more than " + host.limits.remotingBytes
                    + " bytes (limit remoting_bytes)");
            }
            this.#bytes += bytes.length;
            this.#byName.set(name, { bytes, asked });
        }

        remove(name) {
            const header = this.#byName.get(name);
            if (header === undefined) return;
            this.#bytes -= header.bytes.length;
            this.#byName.delete(name);
        }

        // Another gateway has not asked for them.
        forgetAsked() {
            this.#byName.forEach((header, name) => {
                if (header.asked) this.remove(name);
            });
        }

        list() {
            const list = [];
            this.#byName.forEach((header) => {
                list[list.length] = header.bytes;
            });
            return list;
        }
    }

    host.newHeaders = () => new Headers();
})
