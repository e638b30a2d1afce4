//! Connections that a script makes, and Flash Remoting over them.

use super::Since::{Fcs1, Fms3};
use super::{Class, State, event, method, property};

pub(super) const NET_CONNECTION: Class = Class {
    name: "NetConnection",
    since: Fcs1,
    state: State::Supported,
    note: "A connection from this instance to another one. The other side calls the methods that \
           the script gives the object.",
    members: &[
        method(
            "connect",
            Fcs1,
            "`connect(\"rtmp://host/app/instance\", …)`, over TLS with `rtmps:`, or the `http:` or `https:` address of a gateway for Flash Remoting: false for an address that is none",
        ),
        method(
            "call",
            Fcs1,
            "`call(method, responder, …)`; waits until the connection is there",
        ),
        method(
            "close",
            Fcs1,
            "ends the connection; `onStatus` is told after the handler",
        ),
        method(
            "addHeader",
            Fcs1,
            "a header of all packets of Flash Remoting; one of the same name is replaced",
        ),
        method(
            "getService",
            Fcs1,
            "`getService(name, responder)`, after `load(\"netservices.asc\")`: an object whose methods are those of the service",
        ),
        method(
            "setCredentials",
            Fcs1,
            "name and password for the service; after the same",
        ),
        method(
            "setDebugId",
            Fcs1,
            "what the connection is called in the log; after the same",
        ),
        method("getDebugId", Fcs1, "that name; after the same"),
        property("isConnected", Fcs1, "whether it is connected"),
        property("uri", Fcs1, "the address, as given to `connect`"),
        property(
            "objectEncoding",
            Fms3,
            "0 or 3; 0 if it is not set, as in FCS",
        )
        .differs(),
        event(
            "onStatus",
            Fcs1,
            "`onStatus(info)`: `NetConnection.Connect.…`; without it `application.onStatus` is told",
        ),
    ],
};

pub(super) const NET_SERVICES: Class = Class {
    name: "NetServices",
    since: Fcs1,
    state: State::Supported,
    note: "Flash Remoting, after `load(\"netservices.asc\")`: our own text, unless the application \
           or its library has a file of that name.",
    members: &[
        method(
            "setDefaultGatewayUrl",
            Fcs1,
            "where services are; `setDefaultGatewayURL` too",
        ),
        method(
            "setDefaultGatewayURL",
            Fcs1,
            "the same, as it is spelled on the client",
        ),
        method(
            "createGatewayConnection",
            Fcs1,
            "a `NetConnection` to an address, or to the default one",
        ),
    ],
};

pub(super) const RECORD_SET: Class = Class {
    name: "RecordSet",
    since: Fcs1,
    state: State::Supported,
    note: "Rows that a service answers with, after `load(\"netservices.asc\")` or \
           `load(\"recordset.asc\")`; pages that have not come are asked for.",
    members: &[
        property(
            "serverInfo",
            Fcs1,
            "what the service sent: `totalCount`, `columnNames`, `initialData` and so on",
        ),
        property("serverinfo", Fcs1, "the same, as some gateways write it"),
        method("getColumnNames", Fcs1, "the names of the columns"),
        method("getLength", Fcs1, "how many rows there are in all"),
        method("getNumberAvailable", Fcs1, "how many of them are here"),
        method("isFullyPopulated", Fcs1, "whether all are"),
        method("isLocal", Fcs1, "whether no service stands behind it"),
        method(
            "getItemAt",
            Fcs1,
            "a row; `\"in progress\"` while it is asked for",
        ),
        method("getItemID", Fcs1, "the number of a row, which it keeps"),
        method("contains", Fcs1, "whether a row is in it"),
        method("setDeliveryMode", Fcs1, "`ondemand`, `page` or `fetchall`"),
        method("addView", Fcs1, "who is told of changes by `modelChanged`"),
        method("addItem", Fcs1, "one row more"),
        method("addItemAt", Fcs1, "one row more, at a place"),
        method("removeItemAt", Fcs1, "one row less"),
        method("removeAll", Fcs1, "no rows"),
        method("replaceItemAt", Fcs1, "another row at a place"),
        method("setField", Fcs1, "one value of a row"),
        method(
            "filter",
            Fcs1,
            "a `RecordSet` of the rows for which a function answers true",
        ),
        method("sort", Fcs1, "in the order of a function"),
        method(
            "sortItemsBy",
            Fcs1,
            "in the order of a column; `\"DESC\"` turns it round",
        ),
    ],
};
