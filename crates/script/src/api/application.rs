//! The object `application`.

use super::Since::{Fcs1, Fcs15, Fms2, Fms3, Fms4, Undocumented};
use super::{Class, State, event, method, property};

pub(super) const APPLICATION_CLASS: Class = Class {
    name: "Application",
    since: Fcs1,
    state: State::Supported,
    note: "The class of `application`. Scripts may extend its prototype; only the server makes an instance.",
    members: &[],
};

pub(super) const APPLICATION: Class = Class {
    name: "application",
    since: Fcs1,
    state: State::Supported,
    note: "The instance that the script runs. Scripts give it properties of their own, and may \
           replace its methods.",
    members: &[
        property("clients", Fcs1, "the accepted clients: `length`, an index, or `for…in`; always as it is now"),
        property("name", Fcs1, "`app/instance`"),
        property("hostname", Fcs15, "the server's host name"),
        property("server", Fcs1, "product, platform and version"),
        property("streams", Undocumented, "the streams by name: those that are published, and those of `Stream.get`"),
        property("allowDebug", Fms2, "kept as the script sets it; there is no debugger").differs(),
        property("config", Fms2, "what the application's configuration has for the script"),
        method("acceptConnection", Fcs1, "`acceptConnection(client)` lets a waiting client in"),
        method("rejectConnection", Fcs1, "`rejectConnection(client[, errObj])`, or with a description: `(client, text[, errObj])`"),
        method("redirectConnection", Fms3, "`redirectConnection(client, url[, text[, errObj]])`").telling(),
        method("disconnect", Fcs1, "`disconnect(client)` closes its connection; true if there was one"),
        method("broadcastMsg", Fms2, "`broadcastMsg(method, …)` calls a method of every accepted client"),
        method("clearSharedObjects", Fcs1, "`clearSharedObjects(path)` empties shared objects, and deletes those that nobody uses: `/` all, `/a/b` one, `/a/*` and `/a/x??` those that match. It waits for the store; true if all of that is done").telling(),
        method("clearStreams", Fcs1, "`clearStreams(path)` deletes recordings, by paths as those of `clearSharedObjects`, with `mp3:` or `mp4:` before them those of that kind; true if all are deleted. One that is being recorded is not").telling(),
        method("getStats", Fcs1, "`bytes_in`, `bytes_out`, `msg_in`, `msg_out`, `msg_dropped`, `total_connects`, `total_disconnects`; without the fields of bandwidth of FMS 3")
            .differs(),
        method("registerClass", Fcs1, "`registerClass(name, constructor)`: objects of this class keep it on their way; `null` ends it"),
        method("registerProxy", Fcs1, "`registerProxy(method, connection[, name])` passes calls of clients on; `null` ends it. A method of the client itself comes first"),
        method("gc", Fms2, "collects garbage now"),
        method("shutdown", Fms2, "asks the server to end the instance, after the handler"),
        method("denyPeerLookup", Fms4, "for RTMFP").never().telling(),
        method("sendPeerRedirect", Fms4, "for RTMFP").never().telling(),
        event("onAppStart", Fcs1, "once, when all files have run"),
        event("onAppStop", Fcs1, "`onAppStop(info)`: `info.code` is `Application.GC` or `Application.Shutdown`; `false` keeps the instance"),
        event("onConnect", Fcs1, "`onConnect(client, …)`: `true` accepts, `false` rejects, anything else lets the client wait"),
        event("onDisconnect", Fcs1, "`onDisconnect(client)`: an accepted client has gone"),
        event("onStatus", Fcs1, "`onStatus(info)`: script errors, and what a `NetConnection` or `Stream` without a handler is told"),
        event("onConnectAccept", Fcs1, "only the components framework called it, after `load(\"components.asc\")`").later().telling(),
        event("onConnectReject", Fcs1, "only the components framework called it").later().telling(),
        event("onPublish", Fms3, "`onPublish(client, stream)`: a client has begun to publish").telling(),
        event("onUnpublish", Fms3, "`onUnpublish(client, stream)`: it has ended, or is gone").telling(),
        event("onPeerLookup", Fms4, "for RTMFP").never().telling(),
    ],
};
