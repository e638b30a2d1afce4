// The class WebService: a service that a WSDL describes, whose methods are called by their names.
(function (host) {
    "use strict";
    const { apply, get } = Reflect;
    const { Proxy, String, Symbol } = globalThis;
    const { soap } = host;
    const { SOAPCall, SOAPFault, deliverFault, later } = soap;

    // What a fault is that the work has ended with; other errors are not the service's.
    function caught(error) {
        if (error instanceof SOAPFault) return error;
        throw error;
    }

    class Service {
        constructor(address, log) {
            // The script's object.
            this.target = undefined;
            this.address = address;
            this.logger = log;
            // One of them, when it is known whether there is a service.
            this.wsdl = undefined;
            this.fault = undefined;
            // Calls that wait for the WSDL.
            this.queue = [];
        }

        log(method, text) {
            const { logger } = this;
            if (host.isResponder(logger) && typeof logger[method] === "function") logger[method](text, "VERBOSE");
        }

        load() {
            this.log("logInfo", "The WSDL " + this.address + " is asked for");
            const take = (status, text) => this.loaded(status, text);
            if (host.exchange("GET", this.address, [], "", take)) return;
            this.fault = new SOAPFault("Server.Connection", "The WSDL " + this.address + " cannot be asked for.");
            later(() => this.failed());
        }

        loaded(status, text) {
            let document;
            try {
                if (text === undefined || status >= 400) {
                    soap.fail("Server.Connection", "The WSDL cannot be loaded (status " + status + ").");
                }
                document = host.readXml(text);
                this.wsdl = new soap.Wsdl(document);
            } catch (error) {
                this.fault = caught(error);
                this.failed();
                return;
            }
            this.log("logInfo", "The WSDL " + this.address + " has come");
            this.flush();
            const { onLoad } = this.target;
            if (typeof onLoad === "function") apply(onLoad, this.target, [document]);
        }

        failed() {
            this.log("logInfo", this.fault.faultstring);
            this.flush();
            deliverFault(this.target, this.fault);
        }

        // What has waited is done in its order. An error in it is not one of the others.
        flush() {
            const waiting = this.queue;
            this.queue = [];
            for (let i = 0; i < waiting.length; i++) {
                try {
                    this.start(waiting[i].call, waiting[i].name, waiting[i].args);
                } catch (error) {
                    later(() => {
                        throw error;
                    });
                }
            }
        }

        call(name, args) {
            const call = new SOAPCall(host.secret);
            this.start(call, name, args);
            return call;
        }

        start(call, name, args) {
            if (this.fault !== undefined) return this.refuse(call, this.fault);
            if (this.wsdl === undefined) return this.wait(call, name, args);
            try {
                this.send(call, this.wsdl.operation(name), args);
            } catch (error) {
                this.refuse(call, caught(error));
            }
            return undefined;
        }

        wait(call, name, args) {
            const { pendingRequests } = host.limits;
            if (this.queue.length < pendingRequests) {
                this.queue[this.queue.length] = { call, name, args };
                return;
            }
            this.refuse(call, new SOAPFault("Client.TooManyCalls", "More than " + pendingRequests
                + " calls wait for the WSDL (limit pending_requests)."));
        }

        // The script sets its handler when it has the call.
        refuse(call, fault) {
            later(() => deliverFault(call, fault));
        }

        send(call, operation, args) {
            const { wsdl } = this;
            call.request = soap.writeRequest(wsdl, operation, args);
            const text = host.printXml(call.request);
            this.log("logDebug", text);
            const headers = ["Content-Type", "text/xml; charset=utf-8", "SOAPAction", "\"" + operation.action + "\""];
            const take = (status, answer) => this.answered(call, operation, status, answer);
            if (!host.exchange("POST", wsdl.endpoint, headers, text, take)) {
                soap.fail("Server.Connection", "The service at " + wsdl.endpoint + " cannot be asked.");
            }
        }

        answered(call, operation, status, text) {
            let result;
            try {
                if (text === undefined) soap.fail("Server.Connection", "There is no answer (status " + status + ").");
                this.log("logDebug", text);
                call.response = host.readXml(text);
                result = soap.readResponse(this.wsdl, operation, status, call.response);
            } catch (error) {
                deliverFault(call, caught(error));
                return;
            }
            const { onResult } = call;
            if (typeof onResult === "function") apply(onResult, call, [result]);
        }
    }

    // Whatever it is asked for and has not is a method of the service.
    function withMethods(target, service) {
        const methods = { __proto__: null };
        return new Proxy(target, {
            get(object, name, receiver) {
                if (typeof name === "symbol" || name in object || name === "toJSON") {
                    return get(object, name, receiver);
                }
                if (methods[name] === undefined) {
                    host.hide(methods, name, function () {
                        return service.call(name, host.rest(arguments, 0));
                    });
                }
                return methods[name];
            },
        });
    }

    class WebService {
        constructor(address, log) {
            host.hide(this, "onLoad", undefined);
            host.hide(this, "onFault", undefined);
            const service = new Service(String(address), log);
            service.target = withMethods(this, service);
            service.load();
            return service.target;
        }
    }

    host.hide(WebService.prototype, Symbol.toStringTag, "WebService");
    host.define("WebService", WebService);
})
