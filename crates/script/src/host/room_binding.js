// A zone of rooms that is bound to this instance: clients are called with what is said in its rooms,
// find rooms, users and variables in the shared object `rooms`, and come into the rooms by calls. Runs
// before any script, which may replace what clients can call.
(function (host) {
    "use strict";
    const { apply, defineProperty } = host.globals.Reflect;
    const { Map, String } = host.globals;
    const toLowerCase = String.prototype.toLowerCase;
    const startsWith = String.prototype.startsWith;
    const { Client, Rooms, SharedObject } = globalThis;

    const zone = host.info.zone;
    const key = (name) => apply(toLowerCase, name, []);
    const zoneKey = key(zone);

    // What the shared object is to hold, by the names of its properties.
    const truth = new Map();
    let mirror;

    function put(name, value) {
        truth.set(name, value);
        mirror.setProperty(name, value);
    }

    function take(name) {
        if (truth.delete(name)) mirror.setProperty(name, null);
    }

    const roomSlot = (room) => "room/" + room;
    const userSlot = (room, name) => "user/" + room + "/" + name;
    const variableSlot = (room, name) => "variable/" + room + "/" + name;

    function putRoom(room) {
        const info = Rooms.find(zone, room)?.info;
        const { description = "", capacity = null } = info ?? {};
        put(roomSlot(room), { kind: "room", room, description, capacity });
        return info ?? { users: [], variables: {} };
    }

    function putUser(room, name) {
        put(userSlot(room, name), { kind: "user", room, name });
    }

    function putVariable(room, name, value) {
        if (value === undefined) take(variableSlot(room, name));
        else put(variableSlot(room, name), { kind: "variable", room, name, value });
    }

    function takeRoom(room) {
        const inside = ["user/" + room + "/", "variable/" + room + "/"];
        const gone = [roomSlot(room)];
        truth.forEach((value, name) => {
            if (value.room !== room) return;
            if (apply(startsWith, name, [inside[0]]) || apply(startsWith, name, [inside[1]]))
                gone[gone.length] = name;
        });
        for (let i = 0; i < gone.length; i++) take(gone[i]);
    }

    // As the rooms are now.
    function fill() {
        mirror.lock();
        mirror.clear();
        truth.clear();
        const rooms = Rooms.list(zone);
        for (let i = 0; i < rooms.length; i++) {
            const room = rooms[i].name;
            const { users, variables } = putRoom(room);
            for (let j = 0; j < users.length; j++) putUser(room, users[j].name);
            for (const name in variables) putVariable(room, name, variables[name]);
        }
        mirror.unlock();
    }

    // Clients who are in a room, each with the user that speaks for it.
    const inside = new Map();

    function tellAll(method, args) {
        const clients = host.accepted;
        for (let i = 0; i < clients.length; i++) clients[i].call(method, null, ...args);
    }

    host.hookRooms((event, args) => {
        if (mirror === undefined) return;
        if (event === "lost") return fill();
        if (event === "whisper" || event === "guestEnded" || key(args[0]) !== zoneKey) return;
        const [, room, name] = args;
        switch (event) {
            case "created": return void putRoom(room);
            case "removed": return takeRoom(room);
            case "entered": return putUser(room, name);
            case "left": return take(userSlot(room, name));
            case "variable": return putVariable(room, name, args[3]);
            case "message": return tellAll("onRoomMessage", [room, name, args[3], args[4]]);
        }
    });

    // What clients can call. They are the script's to replace, and so not the host's own.
    function method(name, value) {
        defineProperty(Client.prototype, name,
            { value, writable: true, configurable: true, enumerable: false });
    }

    function leave(client) {
        const guest = inside.get(client);
        inside.delete(client);
        if (guest !== undefined) guest.leave();
        return guest !== undefined;
    }

    method("roomEnter", function (room, name) {
        const wanted = String(room);
        leave(this);
        const found = Rooms.find(zone, wanted);
        const place = found ?? Rooms.create(zone, wanted);
        const guest = place === null ? null : place.enter(name, this.ip);
        if (guest === null) {
            // Nobody would ever leave it.
            if (found === null && place !== null) place.remove();
            return false;
        }
        guest.onMessage = (from, text, variables) => {
            this.call("onRoomPrivateMessage", null, from, text, variables);
        };
        guest.onEnd = (reason) => {
            inside.delete(this);
            this.call("onRoomEnd", null, reason);
        };
        inside.set(this, guest);
        return true;
    });

    method("roomSay", function (text, variables) {
        const guest = inside.get(this);
        return guest !== undefined && guest.send(text, variables);
    });

    method("roomLeave", function () {
        return leave(this);
    });

    const { start, disconnect } = host.entries;

    host.entries.start = function () {
        mirror = SharedObject.get("rooms");
        // What a client changes is changed back.
        mirror.onSync = function (list) {
            for (let i = 0; i < list.length; i++) {
                const { name } = list[i];
                if (name !== undefined) mirror.setProperty(name, truth.get(name) ?? null);
            }
        };
        Rooms.watch(zone);
        fill();
        start();
    };

    host.entries.disconnect = function (key) {
        const client = host.findClient(key);
        if (client !== undefined) leave(client);
        disconnect(key);
    };
})
