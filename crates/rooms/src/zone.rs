//! A zone: rooms with names of their own, and those who are told how the list of them changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::crowd::Crowd;
use crate::event::{Event, RoomInfo};
use crate::id::{RoomId, UnixMillis};

#[derive(Default)]
pub(crate) struct Zone {
    /// As it was first written.
    pub(crate) name: Arc<str>,
    /// By the keys of their names.
    pub(crate) rooms: BTreeMap<Arc<str>, RoomId>,
    /// Users in its rooms, each counted once.
    pub(crate) users: u32,
    /// Those who are told of changes: users in at least one of its updatable rooms.
    pub(crate) watchers: Crowd,
    /// The visible rooms as they are published; `None` when that has changed.
    pub(crate) list: Option<PublishedList>,
    /// Rooms whose counts are not published.
    pub(crate) stale: BTreeSet<RoomId>,
    /// When they are to be, if there are any.
    pub(crate) due: UnixMillis,
    /// When counts were last published.
    pub(crate) told: UnixMillis,
    /// How long from then on no others are.
    pub(crate) rest_ms: u64,
}

/// The list of a zone that whoever comes is told, made once for all who come until a room changes.
#[derive(Clone, Default)]
pub(crate) struct PublishedList {
    /// Users in the zone when the list was made. Those who have come since make a room of the list
    /// stale, and with its count everybody is told the zone's.
    pub(crate) users: u32,
    /// The visible rooms.
    pub(crate) rooms: Arc<[Arc<RoomInfo>]>,
}

impl PublishedList {
    /// What a user is told; `zone` is its name.
    pub(crate) fn event(self, zone: Arc<str>) -> Event {
        Event::RoomList {
            zone,
            zone_users: self.users,
            rooms: self.rooms,
        }
    }
}
