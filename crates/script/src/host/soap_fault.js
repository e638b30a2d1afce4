// load("webservices/WebServices.asc"): what scripts get of a call: SOAPCall and SOAPFault.
(function (host) {
    "use strict";
    const { apply } = Reflect;
    const { Promise, Symbol } = globalThis;
    const { then } = Promise.prototype;
    const settled = Promise.resolve();

    class SOAPFault {
        constructor(faultcode, faultstring, detail, faultactor) {
            this.faultcode = faultcode;
            this.faultstring = faultstring;
            this.detail = detail;
            this.faultactor = faultactor;
        }
    }

    // One call of a method. `request` and `response` are documents, once there are such.
    class SOAPCall {
        constructor(key) {
            host.guardConstructor(key, "SOAPCall");
            host.hide(this, "onResult", undefined);
            host.hide(this, "onFault", undefined);
            this.request = undefined;
            this.response = undefined;
        }
    }

    host.soap = {
        SOAPFault,
        SOAPCall,
        // Ends what is being done with a fault.
        fail(code, text) {
            throw new SOAPFault(code, text);
        },
        // Runs something behind the handler that runs now: what a script sets there is set then.
        later(job) {
            apply(then, settled, [job]);
        },
        // Tells whom a fault concerns.
        deliverFault(target, fault) {
            const { onFault } = target;
            if (typeof onFault === "function") apply(onFault, target, [fault]);
            else host.warn("a web service's fault that no onFault takes: " + fault.faultcode + ": "
                + fault.faultstring);
        },
    };

    host.hide(SOAPFault.prototype, Symbol.toStringTag, "SOAPFault");
    host.hide(SOAPCall.prototype, Symbol.toStringTag, "SOAPCall");
    host.define("SOAPFault", SOAPFault);
    host.define("SOAPCall", SOAPCall);
})
