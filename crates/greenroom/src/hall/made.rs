//! Rooms for tests, as the kernel tells of them.

use std::sync::Arc;

use rooms::{RoomId, RoomInfo};

/// The room `Lobby` of a zone, with so many users.
pub(super) fn lobby(id: u64, zone: &str, users: u32) -> Arc<RoomInfo> {
    Arc::new(RoomInfo {
        id: RoomId(id),
        zone: zone.into(),
        name: "Lobby".into(),
        description: "".into(),
        users,
        spectators: 0,
        capacity: None,
        spectator_capacity: None,
        hidden: false,
        password: false,
        updatable: true,
        numbered: false,
        user_variables: false,
    })
}
