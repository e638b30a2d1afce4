//! Packets that nothing is done about: each kind is named in the log once, so that the movies in
//! use teach us what they send.

use std::collections::HashSet;

use engine::ClientId;
use parking_lot::Mutex;
use xmlsocket::electroserver as es;

use crate::metrics;

/// Of a packet in the log, this much.
const SHOWN_BYTES: usize = 1024;
/// Of the name of an action, this much makes a kind.
const KIND_BYTES: usize = 64;

/// The kinds that the log has named.
pub(crate) struct Unserved {
    most: usize,
    named: Mutex<HashSet<(&'static str, String)>>,
}

impl Unserved {
    /// Names at most so many kinds.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            named: Mutex::default(),
        }
    }

    /// A packet that nothing is done about.
    pub(crate) fn packet(&self, conn: ClientId, why: es::Unserved, action: &str, packet: &str) {
        let why = match why {
            es::Unserved::UnknownAction => "unknown_action",
            es::Unserved::Configuration => "configuration",
            es::Unserved::InNoRoom => "in_no_room",
            _ => "other",
        };
        if self.is_new(why, action) {
            let packet = shown(packet);
            tracing::warn!(
                %conn,
                why,
                ?action,
                ?packet,
                "nothing is done about a packet; others of its kind are not named"
            );
        }
    }

    /// A plugin that is wanted and not there.
    pub(crate) fn plugin(&self, conn: ClientId, name: &str) {
        if self.is_new("plugin", name) {
            tracing::warn!(%conn, plugin = ?name, "a movie wants a plugin that is not there");
        }
    }

    fn is_new(&self, why: &'static str, kind: &str) -> bool {
        metrics::packet_unserved(why);
        let kind = cut(kind, KIND_BYTES).to_ascii_lowercase();
        let mut named = self.named.lock();
        named.len() < self.most && named.insert((why, kind))
    }
}

/// A packet for the log: not all of a long one, and no passwords.
fn shown(packet: &str) -> String {
    let mut shown = String::new();
    let mut rest = packet;
    let lower = packet.to_ascii_lowercase();
    while let Some(at) = lower[packet.len() - rest.len()..].find("<password") {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        shown.push_str("<Password>…");
        let searched = &lower[packet.len() - from.len()..];
        let end = searched.find("</password").unwrap_or(from.len());
        rest = &from[end..];
    }
    shown.push_str(rest);
    cut(&shown, SHOWN_BYTES).to_owned()
}

fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_new_once_and_only_so_many_are() {
        let unserved = Unserved::new(2);
        assert!(unserved.is_new("unknown_action", "Dance"));
        assert!(!unserved.is_new("unknown_action", "dance"));
        assert!(unserved.is_new("plugin", "dance"));
        assert!(!unserved.is_new("plugin", "another"));
    }

    #[test]
    fn passwords_are_not_shown() {
        let packet = "<Name>a</Name><Password>é1</Password><PASSWORD x='1'>2</PASSWORD><Password>3";
        assert_eq!(
            shown(packet),
            "<Name>a</Name><Password>…</Password><Password>…</PASSWORD><Password>…"
        );
        assert_eq!(shown(&"é".repeat(1000)).len(), SHOWN_BYTES);
    }
}
