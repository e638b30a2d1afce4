// A WSDL 1.1 document: where its service is, and what its operations take and give. The first
// port that speaks SOAP 1.1 counts. Documents that it imports are not fetched.
(function (host) {
    "use strict";
    const { Map } = globalThis;
    const { soap } = host;
    const { WSDL, childOf, elements, fail, localPart, resolve } = soap;
    const SOAP = "http://schemas.xmlsoap.org/wsdl/soap/";

    // The children of this name, by their own.
    function named(node, name) {
        const found = new Map();
        const children = elements(node);
        for (let i = 0; i < children.length; i++) {
            const child = children[i];
            if (child.localName !== name || child.namespaceURI !== WSDL) continue;
            if (!found.has(child.attributes.name)) found.set(child.attributes.name, child);
        }
        return found;
    }

    // What an attribute of a node names among such children.
    function referred(children, node, attribute, code) {
        const name = node === null ? undefined : node.attributes[attribute];
        const found = name === undefined ? undefined : children.get(localPart(name));
        if (found === undefined) fail(code, "The WSDL does not have what it names: " + name + ".");
        return found;
    }

    class Wsdl {
        constructor(document) {
            const definitions = elements(document)[0];
            if (document.status !== 0 || definitions === undefined || definitions.localName !== "definitions"
                || definitions.namespaceURI !== WSDL) {
                fail("WSDL.Parse", "The document is no WSDL that can be read (status " + document.status + ").");
            }
            const { port, address } = soapPort(definitions);
            this.endpoint = address;
            const binding = referred(named(definitions, "binding"), port, "binding", "WSDL.UnrecognizedBindingName");
            const portType = referred(named(definitions, "portType"), binding, "type", "WSDL.UnrecognizedPortTypeName");
            const style = childOf(binding, SOAP, "binding");
            this.style = style === null ? undefined : style.attributes.style;
            this.bound = named(binding, "operation");
            this.abstract = named(portType, "operation");
            this.messages = named(definitions, "message");
            this.schemas = new soap.Schemas(definitions);
            // Those that have been called, by name.
            this.operations = new Map();
        }

        operation(name) {
            let operation = this.operations.get(name);
            if (operation === undefined) {
                operation = this.describe(name);
                this.operations.set(name, operation);
            }
            return operation;
        }

        describe(name) {
            const bound = this.bound.get(name);
            const abstract = this.abstract.get(name);
            if (bound === undefined || abstract === undefined) {
                fail("Client.NoSuchMethod", "The service has no method " + name + ".");
            }
            const how = childOf(bound, SOAP, "operation");
            const { style, soapAction } = how === null ? {} : how.attributes;
            const input = childOf(bound, WSDL, "input");
            const body = input === null ? null : childOf(input, SOAP, "body");
            const { use, namespace } = body === null ? {} : body.attributes;
            const rpc = (style || this.style) === "rpc";
            const operation = { name: soap.checkedName(name), rpc, encoded: use === "encoded",
                action: soapAction || "", uri: namespace || "",
                input: this.parts(childOf(abstract, WSDL, "input")) || [],
                output: this.parts(childOf(abstract, WSDL, "output")) };
            // The element of a document that is named as the method holds its arguments.
            operation.wrapped = !rpc && operation.input.length === 1 && operation.input[0].name === name
                && this.isStruct(operation.input[0]);
            return operation;
        }

        isStruct(particle) {
            const type = this.schemas.typeOf(particle);
            return type !== null && type.kind !== "simple";
        }

        // What a type with elements in it has; an array has one that repeats.
        particles(particle) {
            const type = this.schemas.typeOf(particle);
            return type.kind === "array" ? [type.item] : type.particles;
        }

        // What a message is made of; null if there is no message.
        parts(use) {
            if (use === null) return null;
            const message = referred(this.messages, use, "message", "WSDL.UnrecognizedMessageName");
            const parts = elements(message);
            const found = [];
            for (let i = 0; i < parts.length; i++) {
                const { name, element, type } = parts[i].attributes;
                if (parts[i].localName !== "part") continue;
                found[found.length] = element !== undefined ? this.schemas.element(resolve(parts[i], element))
                    : { name: soap.checkedName(name), uri: "",
                        type: type === undefined ? null : undefined,
                        typeName: type === undefined ? undefined : resolve(parts[i], type) };
            }
            return found;
        }
    }

    function soapPort(definitions) {
        const services = elements(definitions);
        for (let i = 0; i < services.length; i++) {
            if (services[i].localName !== "service") continue;
            const ports = elements(services[i]);
            for (let k = 0; k < ports.length; k++) {
                const address = childOf(ports[k], SOAP, "address");
                if (address === null || address.attributes.location === undefined) continue;
                return { port: ports[k], address: address.attributes.location };
            }
        }
        return fail("Server.NoServicesInWSDL", "The WSDL has no service with an address for SOAP.");
    }

    soap.Wsdl = Wsdl;
})
