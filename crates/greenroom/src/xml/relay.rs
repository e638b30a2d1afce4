//! The dialect `relay`: whoever sends a text, all who are on the port hear it, the sender too, in the
//! same order. With rooms it is all who are in the same room.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use engine::ClientId;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use xmlsocket::Charset;

use crate::hall::Mailbox;

/// Those in one room.
type Room = FxHashMap<ClientId, Arc<Mailbox<Bytes>>>;

/// One port's rooms, by name. Names are what peers choose: a tree is not made slow by them. A port
/// without rooms has one, without a name.
#[derive(Default)]
pub(super) struct Relay {
    rooms: Mutex<BTreeMap<Arc<str>, Room>>,
}

impl Relay {
    /// Brings somebody into a room; out again when what this gives is dropped.
    pub(super) fn enter(
        self: &Arc<Self>,
        name: &str,
        client: ClientId,
        mailbox_bytes: usize,
    ) -> Member {
        let mailbox = Mailbox::new(mailbox_bytes);
        let mut rooms = self.rooms.lock();
        let known = rooms.get_key_value(name).map(|(name, _)| name.clone());
        let room = known.unwrap_or_else(|| name.into());
        rooms
            .entry(room.clone())
            .or_default()
            .insert(client, mailbox.clone());
        Member {
            relay: self.clone(),
            room,
            client,
            mailbox,
        }
    }
}

/// Somebody in a room.
pub(super) struct Member {
    relay: Arc<Relay>,
    room: Arc<str>,
    client: ClientId,
    /// What the others, and it itself, have said: in UTF-8, each with its zero byte.
    pub(super) mailbox: Arc<Mailbox<Bytes>>,
}

impl Member {
    /// Says something to the room. Under the lock, so that all hear everything in the same order.
    pub(super) fn say(&self, text: &str) {
        let mut framed = BytesMut::with_capacity(text.len() + 1);
        Charset::default().frame_any(text, &mut framed);
        let framed = framed.freeze();
        let rooms = self.relay.rooms.lock();
        let room = rooms.get(&self.room).into_iter().flatten();
        room.for_each(|(_, mailbox)| mailbox.push(framed.clone()));
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut rooms = self.relay.rooms.lock();
        if let Some(room) = rooms.get_mut(&self.room) {
            room.remove(&self.client);
            if room.is_empty() {
                rooms.remove(&self.room);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(member: &Member) -> Vec<Bytes> {
        member.mailbox.take().0.into()
    }

    #[test]
    fn a_room_hears_what_is_said_in_it_and_goes_with_its_last() {
        let relay = Arc::<Relay>::default();
        let ann = relay.enter("a", ClientId(1), 1024);
        let bob = relay.enter("a", ClientId(2), 1024);
        let cid = relay.enter("b", ClientId(3), 1024);
        ann.say("hi\u{1}");
        bob.say("ho\0");
        let both = [Bytes::from("hi\u{1}\0"), Bytes::from("ho\0")];
        assert_eq!((heard(&ann), heard(&bob)), (both.to_vec(), both.to_vec()));
        assert!(heard(&cid).is_empty());
        drop(ann);
        bob.say("alone");
        assert_eq!(heard(&bob).len(), 1);
        drop(bob);
        assert_eq!(relay.rooms.lock().len(), 1);
    }

    #[test]
    fn whoever_takes_nothing_is_closed_and_the_others_go_on() {
        let relay = Arc::<Relay>::default();
        let slow = relay.enter("", ClientId(1), 100);
        let quick = relay.enter("", ClientId(2), 100);
        for _ in 0..3 {
            slow.say("0123456789");
            heard(&quick);
        }
        assert!(slow.mailbox.is_ending() && !quick.mailbox.is_ending());
    }
}
