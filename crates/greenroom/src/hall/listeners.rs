//! Scripts in the hall: which zones each of them watches, the users for whom it speaks, and what it is
//! told. A script that takes its news too slowly misses some, and is told how many.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amf::Value;
use engine::scripting::{RoomEvent, RoomNews};
use rooms::{Event, Pairs, RoomId, RoomInfo, UserId, key};
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;

/// Names a script in the hall, for one life of its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ListenerId(pub(super) u64);

/// All scripts that have asked for something.
#[derive(Default)]
pub(super) struct Listeners {
    all: BTreeMap<ListenerId, Listener>,
    guests: FxHashMap<UserId, ListenerId>,
    /// Where each room is. The kernel may have forgotten a room of which something is to be told.
    places: FxHashMap<RoomId, Place>,
}

struct Listener {
    news: mpsc::Sender<RoomNews>,
    /// By their keys.
    zones: BTreeSet<Arc<str>>,
    lost: u64,
}

struct Place {
    zone_key: Arc<str>,
    room: Arc<RoomInfo>,
}

impl Listeners {
    pub(super) fn add(&mut self, id: ListenerId, news: mpsc::Sender<RoomNews>) {
        let listener = Listener {
            news,
            zones: BTreeSet::new(),
            lost: 0,
        };
        self.all.insert(id, listener);
    }

    /// Forgets a script, and gives those for whom it spoke.
    pub(super) fn remove(&mut self, id: ListenerId) -> Vec<UserId> {
        self.all.remove(&id);
        let guests = self.guests.iter().filter(|(_, of)| **of == id);
        let guests: Vec<_> = guests.map(|(guest, _)| *guest).collect();
        for guest in &guests {
            self.guests.remove(guest);
        }
        guests
    }

    /// Whether a script watches one zone more; false if it may not watch so many.
    pub(super) fn watch(&mut self, id: ListenerId, zone: &str, most: usize) -> bool {
        let Some(listener) = self.all.get_mut(&id) else {
            return false;
        };
        let zone = key(zone);
        if listener.zones.len() >= most && !listener.zones.contains(&zone) {
            return false;
        }
        listener.zones.insert(zone);
        true
    }

    pub(super) fn unwatch(&mut self, id: ListenerId, zone: &str) {
        if let Some(listener) = self.all.get_mut(&id) {
            listener.zones.remove(&key(zone));
        }
    }

    pub(super) fn guest_count(&self, id: ListenerId) -> usize {
        self.guests.values().filter(|of| **of == id).count()
    }

    pub(super) fn add_guest(&mut self, id: ListenerId, guest: UserId) {
        self.guests.insert(guest, id);
    }

    /// Whether a script speaks for this user.
    pub(super) fn has_guest(&self, id: ListenerId, guest: UserId) -> bool {
        self.guests.get(&guest) == Some(&id)
    }

    /// A guest is out: its script is told, unless it was the script that wanted it.
    pub(super) fn end_guest(&mut self, guest: UserId, reason: Option<&str>) {
        let Some(id) = self.guests.remove(&guest) else {
            return;
        };
        if let Some(reason) = reason {
            let args = vec![guest_name(guest), reason.into()];
            self.send(id, RoomEvent::GuestEnded, &args);
        }
    }

    pub(super) fn room_made(&mut self, room: &Arc<RoomInfo>) {
        let place = Place {
            zone_key: key(&room.zone),
            room: room.clone(),
        };
        self.places.insert(room.id, place);
        self.tell(room.id, RoomEvent::Created, Vec::new);
    }

    pub(super) fn room_gone(&mut self, room: &RoomInfo) {
        self.tell(room.id, RoomEvent::Removed, Vec::new);
        self.places.remove(&room.id);
    }

    /// Users are told something: so are scripts that watch, and those who speak for one of them.
    pub(super) fn hear(&mut self, to: &[UserId], event: &Event) {
        if self.all.is_empty() {
            return;
        }
        if let Event::Whispered {
            from,
            text,
            variables,
        } = event
        {
            return self.whisper(to, &from.name, text, variables);
        }
        let Some(room) = event.room() else { return };
        match event {
            Event::UserJoined { member, .. } => {
                self.tell(room, RoomEvent::Entered, || vec![text_of(&member.who.name)]);
            }
            Event::UserLeft { who, .. } => {
                self.tell(room, RoomEvent::Left, || vec![text_of(&who.name)]);
            }
            Event::Said {
                from,
                text,
                variables,
                ..
            } => self.tell(room, RoomEvent::Message, || {
                vec![text_of(&from.name), text_of(text), object_of(variables)]
            }),
            Event::RoomVariableSet { variable, .. } => {
                self.tell(room, RoomEvent::Variable, || {
                    vec![text_of(&variable.name), value_of(&variable.value)]
                });
            }
            Event::RoomVariableRemoved { name, .. } => {
                self.tell(room, RoomEvent::Variable, || {
                    vec![text_of(name), Value::Undefined]
                });
            }
            _ => {}
        }
    }

    fn whisper(&mut self, to: &[UserId], from: &Arc<str>, text: &Arc<str>, variables: &Pairs) {
        for guest in to {
            if let Some(id) = self.guests.get(guest).copied() {
                let said = [text_of(from), text_of(text), object_of(variables)];
                let args: Vec<_> = std::iter::once(guest_name(*guest)).chain(said).collect();
                self.send(id, RoomEvent::Whisper, &args);
            }
        }
    }

    /// Tells those who watch the room's zone.
    fn tell(&mut self, room: RoomId, event: RoomEvent, about: impl FnOnce() -> Vec<Value>) {
        let Some(Place { zone_key, room }) = self.places.get(&room) else {
            return;
        };
        let watching = self.all.iter();
        let watching = watching.filter(|(_, listener)| listener.zones.contains(zone_key));
        let watching: Vec<_> = watching.map(|(id, _)| *id).collect();
        if watching.is_empty() {
            return;
        }
        let mut args = vec![text_of(&room.zone), text_of(&room.name)];
        args.extend(about());
        for id in watching {
            self.send(id, event, &args);
        }
    }

    fn send(&mut self, id: ListenerId, event: RoomEvent, args: &[Value]) {
        let Some(listener) = self.all.get_mut(&id) else {
            return;
        };
        if listener.lost > 0 {
            let lost = RoomNews {
                event: RoomEvent::Lost,
                args: vec![Value::Number(listener.lost as f64)],
            };
            if listener.news.try_send(lost).is_err() {
                listener.lost += 1;
                return;
            }
            listener.lost = 0;
        }
        let args = args.to_vec();
        // One that is gone says so itself.
        if let Err(mpsc::error::TrySendError::Full(_)) =
            listener.news.try_send(RoomNews { event, args })
        {
            listener.lost = 1;
        }
    }
}

/// A guest, as its script names it.
pub(super) fn guest_name(guest: UserId) -> Value {
    Value::from(guest.0.to_string().as_str())
}

pub(super) fn text_of(text: &Arc<str>) -> Value {
    Value::from(&**text)
}

pub(super) fn value_of(value: &rooms::Value) -> Value {
    match value {
        rooms::Value::Null => Value::Null,
        rooms::Value::Bool(on) => Value::Boolean(*on),
        rooms::Value::Number(number) => Value::Number(*number),
        rooms::Value::Text(text) => text_of(text),
    }
}

pub(super) fn object_of(pairs: &Pairs) -> Value {
    Value::object(pairs.iter().map(|(name, value)| (&**name, value_of(value))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::made::lobby;

    fn room(id: u64, zone: &str) -> Arc<RoomInfo> {
        lobby(id, zone, 0)
    }

    #[test]
    fn a_script_is_told_of_its_zones_and_how_much_it_has_missed() {
        let mut listeners = Listeners::default();
        let (sender, mut news) = mpsc::channel(1);
        let id = ListenerId(1);
        listeners.add(id, sender);
        assert!(listeners.watch(id, "main", 1) && listeners.watch(id, "MAIN", 1));
        assert!(!listeners.watch(id, "other", 1));
        listeners.room_made(&room(1, "Other"));
        for number in 2..6 {
            listeners.room_made(&room(number, "Main"));
        }
        let first = news.try_recv().map(|news| news.event);
        assert_eq!(first, Ok(RoomEvent::Created));
        listeners.room_gone(&room(2, "Main"));
        let lost = news.try_recv().expect("news");
        assert_eq!(lost.event, RoomEvent::Lost);
        // Three that were made, and none so far of what came with the news of them.
        assert_eq!(lost.args, [Value::Number(3.0)]);
        listeners.unwatch(id, "Main");
        listeners.room_gone(&room(3, "Main"));
        assert!(news.try_recv().is_err());
    }
}
