// The object Rooms: the rooms of the server, which movies of ElectroServer are in too.
(function (host) {
    "use strict";
    const { apply } = host.globals.Reflect;
    const { Map, String, Symbol } = host.globals;

    // Users for whom the script speaks, by the names that the server has for them.
    const guests = new Map();

    // An array with the answer; `undefined` if it was refused, which is a warning.
    function ask(what, args) {
        const answer = host.askRooms(what, args);
        if (typeof answer !== "string") return answer;
        host.warn("Rooms: " + answer);
        return undefined;
    }

    const done = (what, args) => ask(what, args) !== undefined;
    const answerTo = (what, args) => ask(what, args)?.[0];
    const textOr = (value, other) => (value === undefined || value === null ? other : String(value));
    // What cannot be said of a message is left out of it.
    const pairs = (value) => (typeof value === "object" && value !== null ? value : null);

    class Room {
        #zone;
        #name;

        constructor(secret, zone, name) {
            host.guardConstructor(secret, "Room");
            this.#zone = zone;
            this.#name = name;
        }

        get zone() {
            return this.#zone;
        }

        get name() {
            return this.#name;
        }

        #ask(what, ...args) {
            return done(what, [this.#zone, this.#name, ...args]);
        }

        get info() {
            return answerTo("room", [this.#zone, this.#name]) ?? null;
        }

        get exists() {
            return this.info !== null;
        }

        get users() {
            return this.info?.users ?? [];
        }

        get variables() {
            return this.info?.variables ?? {};
        }

        setVariable(name, value) {
            return this.#ask("setVariable", String(name), value);
        }

        removeVariable(name) {
            return this.#ask("removeVariable", String(name));
        }

        send(from, text, variables) {
            return this.#ask("say", String(from), String(text), pairs(variables));
        }

        kick(user, reason) {
            return this.#ask("kick", String(user), textOr(reason, ""));
        }

        remove() {
            return this.#ask("remove");
        }

        enter(name, ip) {
            const wanted = String(name);
            const key = answerTo("enter", [this.#zone, this.#name, wanted, textOr(ip, "")]);
            return key === undefined ? null : new Guest(host.secret, key, this, wanted);
        }
    }

    class Guest {
        #key;
        #room;
        #name;

        constructor(secret, key, room, name) {
            host.guardConstructor(secret, "RoomGuest");
            this.#key = key;
            this.#room = room;
            this.#name = name;
            guests.set(key, this);
        }

        get room() {
            return this.#room;
        }

        get name() {
            return this.#name;
        }

        get isHere() {
            return guests.get(this.#key) === this;
        }

        send(text, variables) {
            const { zone, name } = this.#room;
            return this.isHere
                && done("guestSay", [this.#key, zone, name, String(text), pairs(variables)]);
        }

        leave() {
            if (!this.isHere) return;
            guests.delete(this.#key);
            ask("guestLeave", [this.#key]);
        }
    }

    const Rooms = {
        zones() {
            return answerTo("zones", []) ?? [];
        },

        list(zone) {
            const name = String(zone);
            const names = answerTo("rooms", [name]) ?? [];
            const rooms = [];
            for (let i = 0; i < names.length; i++) rooms[i] = new Room(host.secret, name, names[i]);
            return rooms;
        },

        find(zone, name) {
            const info = answerTo("room", [String(zone), String(name)]) ?? null;
            return info === null ? null : new Room(host.secret, info.zone, info.name);
        },

        create(zone, name, options) {
            const [place, room] = [String(zone), String(name)];
            if (!done("create", [place, room, pairs(options)])) return null;
            return new Room(host.secret, place, room);
        },

        send(user, from, text, variables) {
            return done("tell", [String(user), String(from), String(text), pairs(variables)]);
        },

        watch(zone) {
            return done("watch", [String(zone)]);
        },

        unwatch(zone) {
            return done("unwatch", [String(zone)]);
        },
    };

    // What the host itself does about the news, before the script is told.
    let hook = () => undefined;
    host.hookRooms = (take) => {
        hook = take;
    };

    const HANDLERS = {
        __proto__: null,
        created: "onRoomCreated",
        removed: "onRoomRemoved",
        entered: "onUserEntered",
        left: "onUserLeft",
        message: "onMessage",
        variable: "onVariable",
    };

    function tell(object, name, args) {
        const handler = object[name];
        if (typeof handler === "function") apply(handler, object, args);
    }

    host.entries.roomNews = function (event, args) {
        hook(event, args);
        if (event === "lost") return tell(Rooms, "onLost", args);
        const guest = guests.get(args[0]);
        const [, ...rest] = args;
        if (event === "whisper") {
            if (guest !== undefined) tell(guest, "onMessage", rest);
        } else if (event === "guestEnded") {
            guests.delete(args[0]);
            if (guest !== undefined) tell(guest, "onEnd", rest);
        } else {
            const [name, ...about] = rest;
            tell(Rooms, HANDLERS[event], [new Room(host.secret, args[0], name), ...about]);
        }
    };

    host.hide(Room.prototype, Symbol.toStringTag, "Room");
    host.hide(Guest.prototype, Symbol.toStringTag, "RoomGuest");
    host.hide(Rooms, Symbol.toStringTag, "Rooms");
    host.define("Rooms", Rooms);
})
