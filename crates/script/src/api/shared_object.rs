//! Shared objects.

use super::Since::{Fcs1, Fms2};
use super::{Class, State, event, method, property};

pub(super) const SHARED_OBJECT: Class = Class {
    name: "SharedObject",
    since: Fcs1,
    state: State::Supported,
    note: "Properties that clients and scripts share. Scripts give it properties and methods of \
           their own; clients' `send` calls the methods.",
    members: &[
        method("get", Fcs1, "`SharedObject.get(name[, persistent[, connection]])`: the same object for the same name and kind; `null` if it cannot be. With a `NetConnection` it is the object of the instance at its other end"),
        method("getProperty", Fcs1, "a copy of a value").telling(),
        method("setProperty", Fcs1, "`setProperty(name, value)`: changes a value; `null` deletes it").telling(),
        method("getPropertyNames", Fcs1, "all names").telling(),
        method("lock", Fcs1, "holds changes back; how often it is locked, -1 for the object of another instance"),
        method("unlock", Fcs1, "takes one lock back; at 0 the changes go out together"),
        method("mark", Fcs1, "`mark(method, …)`: a message behind the changes that wait, as one with them"),
        method("send", Fcs1, "`send(method, …)` calls a method of all clients that use it"),
        method("clear", Fcs1, "deletes all values, the stored ones too"),
        method("purge", Fcs1, "`purge(version)` forgets what was deleted before"),
        property("resyncDepth", Fcs1, "for how many versions deleted values are remembered; -1 is for ever").telling(),
        property("version", Fcs1, "rises with every change"),
        property("name", Fcs1, "its name"),
        method("size", Fcs1, "the number of values"),
        method("flush", Fcs1, "stores a persistent object and waits for it; whether it is stored"),
        method("close", Fcs1, "ends the script's use of it; clients keep theirs"),
        event("onSync", Fcs1, "`onSync(list)`: what clients have changed, as `{code, name, oldValue}`. Only of the object itself, not of its prototype").telling(),
        event("onStatus", Fcs1, "`onStatus(info)`: another instance has refused its object; without it `application.onStatus` is told"),
        property("autoCommit", Fms2, "whether it is stored from time to time").telling(),
        property("isDirty", Fms2, "whether there is something to store").telling(),
        method("commit", Fms2, "`SharedObject.commit([name])` stores all persistent objects that have changed, whoever uses them, or one of them; whether all are stored"),
    ],
};
