//! Names that scripts use and that are the business of others: the components framework, edge
//! servers, peers, and the player.

use super::Since::{Fcs1, Fms4, Fms35};
use super::{Class, Kind, Member, State, method, row};

pub(super) const FRAMEWORK: Class = Class {
    name: "gFrameworkFC",
    since: Fcs1,
    state: State::Later,
    note: "The framework of the communication components, after `load(\"components.asc\")`.",
    members: &[method(
        "getClientGlobals",
        Fcs1,
        "what the components know of a client",
    )
    .later()
    .telling()],
};

pub(super) const PROXY_STREAM: Class = Class {
    name: "ProxyStream",
    since: Fms35,
    state: State::Never,
    note: "The cache of an edge server.",
    members: &[],
};

const fn class_of_peers(name: &'static str) -> Member {
    row(name, Kind::Class, Fms4, "for RTMFP").never()
}

/// Classes of their own; they are kept together since none of them is there.
pub(super) const PEERS: Class = Class {
    name: "Groups of peers",
    since: Fms4,
    state: State::Never,
    note: "RTMFP groups.",
    members: &[
        class_of_peers("GroupControl"),
        class_of_peers("GroupSpecifier"),
        class_of_peers("MulticastStreamInfo"),
        class_of_peers("MulticastStreamIngest"),
        class_of_peers("NetGroup"),
    ],
};

const fn class_of_player(name: &'static str) -> Member {
    row(name, Kind::Class, Fcs1, "a class of the player").never()
}

const fn of_player(name: &'static str) -> Member {
    row(name, Kind::Method, Fcs1, "a name of the player").never()
}

/// Never were part of the server; scripts that came from movies have them.
pub(super) const PLAYER: Class = Class {
    name: "The player",
    since: Fcs1,
    state: State::Never,
    note: "Global names of the player, which no server had.",
    members: &[
        of_player("ASSetPropFlags"),
        of_player("_global"),
        of_player("_root"),
        of_player("fscommand"),
        of_player("getURL"),
        class_of_player("Camera"),
        class_of_player("LocalConnection"),
        class_of_player("Microphone"),
        class_of_player("MovieClip"),
        class_of_player("Stage"),
        class_of_player("Video"),
    ],
};
