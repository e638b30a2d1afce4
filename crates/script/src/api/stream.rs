//! Streams that a script plays, records and publishes.

use super::Since::{Fcs1, Fms2, Fms3, Fms35, Undocumented};
use super::{Class, Member, State, event, method, property};

const fn function(name: &'static str, note: &'static str) -> Member {
    method(name, Fcs1, note).later()
}

pub(super) const STREAM: Class = Class {
    name: "Stream",
    since: Fcs1,
    state: State::Differs,
    note: "A stream of the instance, by its name. It cannot record anything yet.",
    members: &[
        method("get", Fcs1, "`Stream.get(name)`: the same object for the same name, as long as it is published, or the script keeps it, or it is one of the last; `null` if the name is none"),
        function(
            "length",
            "`Stream.length(name)`: the length of a recording, in seconds",
        ),
        method("play", Fcs1, "`play(name, start = -2, length = -1, reset = true)` publishes something else under the stream's name: live streams and recordings, one behind the other; `false` stops it. Nothing comes from another server yet: with a connection it returns `false`").differs(),
        function("record", "records the stream").telling(),
        method("send", Fcs1, "`send(handler, …)` calls a handler of all who play it, in order with its sound and pictures; `@setDataFrame` and `@clearDataFrame` do what they do for a publisher"),
        function("setBufferTime", "how much is kept in the queue"),
        property("bufferTime", Fcs1, "the same, to read").later(),
        property("name", Fcs1, "its name, without `flv:` and what is behind a `?`"),
        function("clear", "deletes its recording"),
        event("onStatus", Fcs1, "`onStatus(info)`: `NetStream.Publish.Start` and `NetStream.Unpublish.Success` after `application.onPublish`; what becomes of `play`: `NetStream.Play.Reset`, `.Start`, `.Switch`, `.Complete`, `.Stop`, `.StreamNotFound`, `.Failed`, `.PublishNotify`, `.UnpublishNotify`; `NetStream.Clear.Success` or `NetStream.Clear.Failed` of `clearStreams`; `application.onStatus` where there is none").differs(),
        method("setVirtualPath", Fms2, "folders for recordings")
            .later()
            .telling(),
        method("flush", Fms2, "writes what is recorded").later(),
        property("syncWrite", Fms2, "writes every message at once")
            .later()
            .telling(),
        method("getOnMetaData", Fms3, "`Stream.getOnMetaData(name)`")
            .later()
            .telling(),
        property("maxQueueDelay", Fms35, "how long messages may wait")
            .later()
            .telling(),
        property("maxQueueSize", Fms35, "how many bytes may wait")
            .later()
            .telling(),
        property(
            "publishQueryString",
            Fms35,
            "what stands behind the `?` of the published name; empty once nobody publishes",
        )
        .telling(),
        property("time", Undocumented, "how far it is").later(),
        method("destroy", Undocumented, "`Stream.destroy(stream)`").later(),
    ],
};

const fn outgoing(name: &'static str, note: &'static str) -> Member {
    method(name, Fms3, note).later()
}

pub(super) const NET_STREAM: Class = Class {
    name: "NetStream",
    since: Fms3,
    state: State::Later,
    note: "Publishes a stream of the instance to another server.",
    members: &[
        outgoing("attach", "which stream"),
        outgoing("publish", "under which name"),
        outgoing("send", "calls a handler of all who play it"),
        outgoing("setBufferTime", "how much is kept in the queue"),
        property("bufferTime", Fms3, "the same, to read").later(),
        property("time", Fms3, "how far it is").later(),
        event("onStatus", Fms3, "`onStatus(info)`").later(),
    ],
};
