//! Shared objects.

use super::Since::{Fcs1, Fms2};
use super::{Class, Member, State, event, method, property};

const fn value(name: &'static str, note: &'static str) -> Member {
    property(name, Fcs1, note).later()
}

const fn function(name: &'static str, note: &'static str) -> Member {
    method(name, Fcs1, note).later()
}

pub(super) const SHARED_OBJECT: Class = Class {
    name: "SharedObject",
    since: Fcs1,
    state: State::Later,
    note: "Properties that clients and scripts share.",
    members: &[
        function(
            "get",
            "`SharedObject.get(name[, persistent[, connection]])`",
        ),
        function("getProperty", "a value").telling(),
        function("setProperty", "changes a value; `null` deletes it").telling(),
        function("getPropertyNames", "all names").telling(),
        function("lock", "holds changes back"),
        function("unlock", "lets them go"),
        function("mark", "a message at the end of the changes"),
        function("send", "calls a method of all who use it"),
        function("clear", "deletes all values"),
        function("purge", "forgets what was deleted"),
        value("resyncDepth", "how long deleted values are remembered").telling(),
        value("version", "rises with every change"),
        value("name", "its name"),
        function("size", "the number of values"),
        function("flush", "writes it to the disk"),
        function("close", "ends the script's use of it"),
        event("onSync", Fcs1, "`onSync(list)`: what has changed")
            .later()
            .telling(),
        event("onStatus", Fcs1, "`onStatus(info)`").later(),
        property("autoCommit", Fms2, "whether it is saved now and then")
            .later()
            .telling(),
        property("isDirty", Fms2, "whether there is something to save")
            .later()
            .telling(),
        method("commit", Fms2, "`SharedObject.commit([name])` saves").later(),
    ],
};
