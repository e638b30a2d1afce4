//! Connections that a script makes, and Flash Remoting over them.

use super::Since::{Fcs1, Fms3};
use super::{Class, Member, State, event, method, property};

pub(super) const NET_CONNECTION: Class = Class {
    name: "NetConnection",
    since: Fcs1,
    state: State::Supported,
    note: "A connection from this instance to another one. The other side calls the methods that \
           the script gives the object.",
    members: &[
        method("connect", Fcs1, "`connect(\"rtmp://host/app/instance\", …)`: false for an address that is none. Not by `http:` yet").differs(),
        method("call", Fcs1, "`call(method, responder, …)`; waits until the connection is there"),
        method("close", Fcs1, "ends the connection; `onStatus` is told after the handler"),
        method("addHeader", Fcs1, "a header of Flash Remoting; with Flash Remoting").later().telling(),
        property("isConnected", Fcs1, "whether it is connected"),
        property("uri", Fcs1, "the address, as given to `connect`"),
        property("objectEncoding", Fms3, "0 or 3; 0 if it is not set, as in FCS").differs(),
        event("onStatus", Fcs1, "`onStatus(info)`: `NetConnection.Connect.…`; without it `application.onStatus` is told"),
    ],
};

const fn remoting(name: &'static str, note: &'static str) -> Member {
    method(name, Fcs1, note).later()
}

pub(super) const NET_SERVICES: Class = Class {
    name: "NetServices",
    since: Fcs1,
    state: State::Later,
    note: "Flash Remoting, after `load(\"netservices.asc\")`.",
    members: &[
        remoting("setDefaultGatewayUrl", "where services are"),
        remoting(
            "createGatewayConnection",
            "a connection with `getService` and `setCredentials`",
        ),
        remoting(
            "getService",
            "an object whose methods are those of the service",
        )
        .telling(),
        remoting("setCredentials", "name and password for the service").telling(),
        remoting("setDebugId", "for the debugger of Flash Remoting").telling(),
    ],
};
