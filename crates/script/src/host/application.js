// The object `application`, and who comes in.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Proxy, Symbol, String } = globalThis;

    // Shows the accepted clients. The script can look, and not touch.
    const clients = new Proxy(host.accepted, {
        set: () => true,
        deleteProperty: () => true,
        defineProperty: () => false,
        setPrototypeOf: () => false,
        preventExtensions: () => false,
    });

    class Application {
        constructor(secret) {
            host.guardConstructor(secret, "Application");
        }

        acceptConnection(client) {
            host.accept(client);
        }

        // (client [, errObj]) or (client, description [, errObj])
        rejectConnection(client, description, errObj) {
            if (typeof description === "string") host.reject(client, description, errObj);
            else host.reject(client, undefined, description);
        }

        redirectConnection(client, url, description, errObj) {
            const text = typeof description === "string" ? description : undefined;
            const redirect = typeof url === "string" && url !== "" ? url : undefined;
            host.reject(client, text, errObj, redirect);
        }

        disconnect(client) {
            return host.disconnect(client);
        }

        broadcastMsg(cmd) {
            host.broadcast(String(cmd), host.rest(arguments, 1));
        }

        getStats() {
            return host.applicationStats();
        }

        clearSharedObjects(soPath) {
            return arguments.length > 0 && host.clearObjects(String(soPath));
        }

        clearStreams(streamPath) {
            return arguments.length > 0 && host.clearStreams(String(streamPath));
        }

        registerClass(name, constructor) {
            host.registerClass(String(name), constructor);
        }

        registerProxy(methodName, proxyConnection, proxyMethodName) {
            const name = String(methodName);
            const there = proxyMethodName === undefined ? name : String(proxyMethodName);
            host.registerProxy(name, proxyConnection, there);
        }

        gc() {
            host.collectGarbage();
        }

        shutdown() {
            host.emitShutdown();
        }
    }

    const application = new Application(host.secret);
    host.hide(Application.prototype, Symbol.toStringTag, "Application");
    host.reader(application, "clients", () => clients);
    host.reader(application, "name", () => host.info.name);
    host.reader(application, "hostname", () => host.info.hostname);
    host.reader(application, "server", () => host.info.server);
    host.reader(application, "config", () => host.info.config);
    host.reader(application, "streams", () => host.streams);
    host.hide(application, "allowDebug", false);
    host.define("Application", Application);
    host.define("application", application);
    host.application = application;

    // Tells the application what nobody else wanted to know.
    host.status = function (info) {
        const handler = application.onStatus;
        if (typeof handler === "function") apply(handler, application, [info]);
    };
    host.entries.status = host.status;

    function tell(name, args) {
        const handler = application[name];
        return typeof handler === "function" ? apply(handler, application, args) : undefined;
    }

    host.entries.start = function () {
        tell("onAppStart", [{ level: "status", code: "Application.Start" }]);
    };

    host.entries.connect = function (key, info, args) {
        const client = host.newClient(key, info);
        const handler = application.onConnect;
        if (typeof handler !== "function") return host.accept(client);
        const list = [client];
        for (let i = 0; i < args.length; i++) list[i + 1] = args[i];
        const verdict = apply(handler, application, list);
        // Numbers and everything else leave the client waiting.
        if (verdict === true) host.accept(client);
        else if (verdict === false) host.reject(client);
    };

    host.entries.disconnect = function (key) {
        const client = host.findClient(key);
        if (client !== undefined && host.removeClient(client)) tell("onDisconnect", [client]);
    };

    // Whether the instance may stop.
    host.entries.stop = function (code) {
        return tell("onAppStop", [{ level: "status", code }]) !== false;
    };
})
