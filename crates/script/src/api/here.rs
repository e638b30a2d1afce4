//! What no original had: the server's own objects.

use super::Since::Here;
use super::{Class, Member, State, event};

const fn handler(name: &'static str, note: &'static str) -> Member {
    event(name, Here, note)
}

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
