//! A zone: rooms with names of their own, and those who are told how the list of them changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crowd::Crowd;
use crate::event::RoomInfo;
use crate::id::RoomId;

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
    pub(crate) list: Option<Arc<[Arc<RoomInfo>]>>,
}
