//! What no original had: the server's own objects.

use super::Since::Here;
use super::{Class, Member, State, event, method};

const fn handler(name: &'static str, note: &'static str) -> Member {
    event(name, Here, note)
}

const fn function(name: &'static str, note: &'static str) -> Member {
    method(name, Here, note)
}

pub(super) const ROOMS: Class = Class {
    name: "Rooms",
    since: Here,
    state: State::Supported,
    note: "The rooms of the server, which movies of ElectroServer are in too. See [Rooms](#rooms).",
    members: &[
        function("zones", "the names of all zones"),
        function("list", "`list(zone)`: its rooms, hidden ones too"),
        function("find", "`find(zone, name)`: a room, or `null`"),
        function(
            "create",
            "`create(zone, name, options)`: a new room, or `null`",
        ),
        function(
            "send",
            "`send(user, from, text, variables)` says something to one user",
        ),
        function(
            "watch",
            "`watch(zone)`: the handlers are told what happens there",
        ),
        function("unwatch", "`unwatch(zone)`: no longer"),
        handler("onRoomCreated", "`onRoomCreated(room)`"),
        handler(
            "onRoomRemoved",
            "`onRoomRemoved(room)`; all who were in it are out",
        ),
        handler("onUserEntered", "`onUserEntered(room, name)`"),
        handler("onUserLeft", "`onUserLeft(room, name)`"),
        handler("onMessage", "`onMessage(room, from, text, variables)`"),
        handler(
            "onVariable",
            "`onVariable(room, name, value)`; `undefined` if it is gone",
        ),
        handler(
            "onLost",
            "`onLost(count)`: so much has happened that this script was not told",
        ),
    ],
};

pub(super) const XML_PORT: Class = Class {
    name: "XMLPort",
    since: Here,
    state: State::Supported,
    note: "Those who come over an XML port that this script serves (`xml.ports`). A `client` has `ip`, `port`, `isConnected`, `send(text)` and `close()`.",
    members: &[
        handler(
            "onConnect",
            "`onConnect(client)`; `false` closes the connection",
        ),
        handler("onFrame", "`onFrame(client, text)`"),
        handler("onClose", "`onClose(client)`, however the connection ended"),
    ],
};
