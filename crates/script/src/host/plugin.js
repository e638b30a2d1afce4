// What plugins of the room server see: the functions of the plugin interface, and the calls of the
// functions a plugin defines. Runs last, and in the engines of plugins only.
(function (host) {
    "use strict";
    const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
    const { File, Map, Number, String, TypeError } = globalThis;
    const { now } = Date;
    const hasOwn = Object.prototype.hasOwnProperty;
    const { plugin } = host;

    // A plugin has no clients of its own, no streams and no connections but those over HTTP.
    const gone = ["application", "Application", "Client", "NetConnection", "NetServices", "Rooms",
        "SharedObject", "Stream", "NetStream", "XMLPort", "XMLSocket"];
    for (let i = 0; i < gone.length; i++) delete globalThis[gone[i]];

    function text(value) {
        return value === undefined || value === null ? "" : String(value);
    }

    // Names and values, with the methods of a map. Each name that is no method's is a property too.
    class Hash {
        #others = new Map();

        get(key) {
            const name = String(key);
            if (name in Hash.prototype) return this.#others.has(name) ? this.#others.get(name) : null;
            return apply(hasOwn, this, [name]) ? this[name] : null;
        }

        put(key, value) {
            const name = String(key);
            if (name in Hash.prototype) this.#others.set(name, value);
            else defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
        }

        remove(key) {
            const name = String(key);
            if (name in Hash.prototype) this.#others.delete(name);
            else delete this[name];
        }

        containsKey(key) {
            const name = String(key);
            return name in Hash.prototype ? this.#others.has(name) : apply(hasOwn, this, [name]);
        }

        keys() {
            const names = [];
            const own = ownKeys(this);
            for (let i = 0; i < own.length; i++) {
                const name = own[i];
                if (typeof name === "string" && getOwnPropertyDescriptor(this, name).enumerable) {
                    names[names.length] = name;
                }
            }
            this.#others.forEach((_, name) => { names[names.length] = name; });
            return names;
        }

        size() {
            return this.keys().length;
        }
    }
    const { get, put, keys } = Hash.prototype;

    function hashOf(fields) {
        const hash = new Hash();
        for (let i = 0; i + 1 < fields.length; i += 2) apply(put, hash, [fields[i], fields[i + 1]]);
        return hash;
    }

    // Names and values in turn, of a hash or of any other object.
    function flat(hash) {
        const fields = [];
        if (hash === null || typeof hash !== "object") return fields;
        const isHash = hash instanceof Hash;
        const names = apply(keys, isHash ? hash : copyOf(hash), []);
        for (let i = 0; i < names.length; i++) {
            fields[fields.length] = names[i];
            fields[fields.length] = text(isHash ? apply(get, hash, [names[i]]) : hash[names[i]]);
        }
        return fields;
    }

    // A hash with the names that an object shows.
    function copyOf(object) {
        const hash = new Hash();
        const own = ownKeys(object);
        for (let i = 0; i < own.length; i++) {
            const name = own[i];
            if (typeof name === "string" && getOwnPropertyDescriptor(object, name).enumerable) {
                apply(put, hash, [name, object[name]]);
            }
        }
        return hash;
    }

    function list(from, values) {
        for (let i = 0; i < values.length; i++) from[from.length] = values[i];
        return from;
    }

    const { pluginAsk, pluginOrder, pluginCall } = host;
    const ask = (kind, args) => apply(pluginAsk, host, [kind, args]);
    const order = (kind, args) => apply(pluginOrder, host, [kind, args]);
    const send = (to, action, variables) => order("send", list(list(to, [text(action)]), flat(variables)));

    function needRoom(name) {
        if (plugin.room === undefined) throw new TypeError(name + ": this plugin is in no room");
    }

    function path(name) {
        return host.filePath(String(name));
    }

    // Opens a file, lets `work` use it, and closes it.
    function withFile(name, mode, work) {
        const file = new File(String(name));
        if (!file.open("utf8", mode)) return null;
        try {
            return work(file);
        } finally {
            file.close();
        }
    }

    const functions = {
        ban(user, time, reason) {
            const number = Number(time);
            if (number !== number) throw new TypeError("ban: the time is no number");
            order("ban", [text(user), String(number), text(reason)]);
        },
        kick(user, reason) {
            order("kick", [text(user), text(reason)]);
        },
        callRemotePlugin(name, hash) {
            return hashOf(apply(pluginCall, host, [text(name), flat(hash)]));
        },
        createRoomVariable(name, value, locked) {
            needRoom("createRoomVariable");
            order("setRoomVariable", [text(name), text(value), String(locked === true || locked === "true")]);
        },
        deleteRoomVariable(name) {
            needRoom("deleteRoomVariable");
            order("removeRoomVariable", [text(name)]);
        },
        getRoomVariables(zone, room) {
            return ask("roomVariables", [text(zone), text(room)]);
        },
        createUserVariable(user, name, value) {
            order("setUserVariable", [text(user), text(name), text(value)]);
        },
        deleteUserVariable(user, name) {
            order("removeUserVariable", [text(user), text(name)]);
        },
        getUserVariables(user) {
            return ask("userVariables", [text(user)]);
        },
        getUserServerVariable(user, name) {
            return ask("serverVariable", [text(user), text(name)]);
        },
        setUserServerVariable(user, name, value) {
            order("setServerVariable", [text(user), text(name), text(value)]);
        },
        deleteUserServerVariable(user, name) {
            order("removeServerVariable", [text(user), text(name)]);
        },
        getAllZones() {
            return ask("zones", []);
        },
        getRoomsInZone(zone) {
            return ask("rooms", [text(zone)]);
        },
        getUsersInRoom(zone, room) {
            return ask("users", [text(zone), text(room)]);
        },
        getZoneName() {
            return plugin.zone === undefined ? null : plugin.zone;
        },
        getRoomName() {
            return plugin.room === undefined ? null : plugin.room;
        },
        getPluginName() {
            return plugin.name;
        },
        getLoggedInUserCount() {
            return ask("userCount", []);
        },
        getServerTimer() {
            return now();
        },
        hashToObject(hash) {
            const object = {};
            const fields = flat(hash);
            for (let i = 0; i + 1 < fields.length; i += 2) {
                defineProperty(object, fields[i],
                    { value: fields[i + 1], writable: true, enumerable: true, configurable: true });
            }
            return object;
        },
        isUserLoggedIn(name) {
            return ask("isLoggedIn", [text(name)]);
        },
        sendMessageToUser(user, action, variables) {
            send(["user", text(user)], action, variables);
        },
        sendMessageToRoom(zone, room, action, variables) {
            send(["room", text(zone), text(room)], action, variables);
        },
        sendMessageToZone(zone, action, variables) {
            send(["zone", text(zone)], action, variables);
        },
        sendMessageToAll(action, variables) {
            send(["all"], action, variables);
        },
        createDirectory(name) {
            const folder = path(name);
            return folder !== undefined && host.fileMakeFolder(folder) === true;
        },
        deleteDirectory(name) {
            const folder = new File(String(name));
            return folder.isDirectory && folder.remove() === true;
        },
        deleteFile(name) {
            const file = new File(String(name));
            return file.isFile && file.remove() === true;
        },
        doesDirectoryExist(name) {
            return new File(String(name)).isDirectory;
        },
        doesFileExist(name) {
            return new File(String(name)).isFile;
        },
        isDirectory(name) {
            return new File(String(name)).isDirectory;
        },
        isFile(name) {
            return new File(String(name)).isFile;
        },
        readFile(name) {
            return withFile(name, "read", (file) => {
                const content = file.length === 0 ? "" : file.read(file.length);
                return content === false ? null : content;
            });
        },
        writeFile(name, content) {
            return withFile(name, "create", (file) => file.write(text(content))) === true;
        },
        appendFile(name, content) {
            const mode = new File(String(name)).isFile ? "append" : "create";
            return withFile(name, mode, (file) => file.write(text(content))) === true;
        },
    };
    const defined = ownKeys(functions);
    for (let i = 0; i < defined.length; i++) host.define(defined[i], functions[defined[i]]);
    host.define("Hash", Hash);

    // Under what a request says these things of itself.
    host.define("METHOD", "METHOD");
    host.define("EXECUTING_USER_NAME", "EXECUTING_USER_NAME");
    host.define("MESSAGE_TEXT", "MESSAGE_TEXT");

    // Whether the plugin defines a function, and what that gives.
    function tell(name, args) {
        const handler = globalThis[name];
        if (typeof handler !== "function") return { defined: false, value: undefined };
        return { defined: true, value: apply(handler, globalThis, args) };
    }

    host.entries.pluginInit = (fields) => { tell("pluginInit", [hashOf(fields)]); };
    host.entries.pluginDestroy = () => { tell("pluginDestroy", []); };
    host.entries.pluginUserEnter = (user, number) => { tell("pluginUserEnter", [user, number]); };
    host.entries.pluginUserExit = (user, number) => { tell("pluginUserExit", [user, number]); };
    host.entries.pluginLogOut = (user) => { tell("logOut", [user]); };

    host.entries.pluginRequest = function (user, method, fields) {
        // Last, so that no client can say who else it is.
        const hash = hashOf(fields);
        apply(put, hash, ["METHOD", method]);
        apply(put, hash, ["EXECUTING_USER_NAME", user]);
        if (!tell("pluginRequest", [hash]).defined) {
            host.warn("a request for " + method + ": this plugin has no pluginRequest");
        }
    };

    host.entries.pluginInterop = function (fields) {
        const { defined, value } = tell("pluginInterop", [hashOf(fields)]);
        if (defined) apply(host.pluginGive, host, [flat(value)]);
    };

    // What a login handler decides with, now or later. Only the first decision counts.
    class LoginResponse {
        #login;
        #over = false;

        constructor(key, login) {
            host.guardConstructor(key, "LoginResponse");
            this.#login = login;
        }

        accept(options) {
            if (this.#over) return;
            const given = options === undefined || options === null ? {} : options;
            const about = [text(given.name), String(given.known === true), text(given.role)];
            const told = flat(given.variables), kept = flat(given.serverVariables);
            apply(host.pluginAccept, host, [this.#login, about, told, kept]);
            this.#over = true;
        }

        deny(reason) {
            if (this.#over) return;
            apply(host.pluginDeny, host, [this.#login, text(reason)]);
            this.#over = true;
        }
    }

    host.define("LoginResponse", LoginResponse);
    const { accept, deny } = LoginResponse.prototype;

    host.entries.pluginLogin = function (login, user, password, address, fields) {
        const response = new LoginResponse(host.secret, login);
        host.hide(response, "address", address);
        const { defined, value } = tell("login", [user, password, hashOf(fields), response]);
        if (!defined) {
            host.warn("a login: this plugin has no function login");
            apply(host.pluginUndecided, host, [login]);
        } else if (value === true) {
            apply(accept, response, []);
        } else if (value === false) {
            apply(deny, response, []);
        }
    };
})
