//! The class `Client`.

use super::Since::{Fcs1, Fcs15, Fms2, Fms3, Fms4};
use super::{Class, Member, State, event, method, property};

const fn peer(name: &'static str) -> Member {
    property(name, Fms4, "for RTMFP and RTMPE")
        .never()
        .telling()
}

pub(super) const CLIENT: Class = Class {
    name: "Client",
    since: Fcs1,
    state: State::Supported,
    note: "One connection. The methods that a script gives it, or its prototype, are what the \
           client can call; a path such as `chat/say` reaches a method of an object inside.",
    members: &[
        property("agent", Fcs1, "the player's platform and version; of another server `FlashCom/…`"),
        property("ip", Fcs1, "the address it comes from"),
        property("protocol", Fcs15, "`rtmp`"),
        property("referrer", Fcs1, "the address of the movie, or of the calling instance"),
        property("readAccess", Fcs1, "paths that the client may read, separated by semicolons; `/` is all"),
        property("writeAccess", Fcs1, "paths that the client may write"),
        property("uri", Fms2, "the address it has connected to"),
        property("virtualKey", Fms2, "for virtual folders by kind of player; with recordings").later().telling(),
        property("secure", Fms2, "whether it came over TLS"),
        property("id", Fms3, "a text that no other client has; scripts may overwrite it"),
        property("pageUrl", Fms2, "the address of the page around the movie"),
        property("audioSampleAccess", Fms3, "streams whose sound the player may look into"),
        property("videoSampleAccess", Fms3, "streams whose pictures the player may look into"),
        peer("farID"), peer("farNonce"), peer("farAddress"),
        peer("nearID"), peer("nearNonce"), peer("nearAddress"),
        peer("protocolVersion"), peer("potentialNearAddresses"), peer("reportedAddresses"),
        method("call", Fcs1, "`call(method[, responder, …])` calls a method of the client; the responder gets `onResult(value)` or `onStatus(info)`"),
        method("getBandwidthLimit", Fcs1, "`getBandwidthLimit(direction)`: bytes per second; 0 is from the client, 1 to it"),
        method("setBandwidthLimit", Fcs1, "`setBandwidthLimit(toClient, fromClient)`; 0 leaves a direction as it is"),
        method("getStats", Fcs1, "`bytes_in`, `bytes_out`, `msg_in`, `msg_out`, `msg_dropped`, `ping_rtt`; without the queues of FMS 3")
            .differs(),
        method("ping", Fcs1, "sends a ping and does not wait: answers whether the one before came back").differs(),
        method("checkBandwidth", Fms3, "measures the bandwidth and tells the client: `onBWCheck`, `onBWDone`"),
        event("getStreamLength", Fms3, "`getStreamLength(name)` answers players that ask for the length of a recording; without it the server does"),
        event("__resolve", Fcs1, "`__resolve(name)` answers the method for a call that nothing else takes"),
    ],
};
