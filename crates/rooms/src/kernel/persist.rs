//! What is stored: restoring it at the start, and saying what of a room has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Kernel, Pending};
use crate::effect::Effect;
use crate::event::{RoomInfo, RoomVariable};
use crate::id::{RequestId, RoomId};
use crate::op::{Lifetime, Secret};
use crate::room::{Held, Lock, Room};
use crate::store::{Change, RoomKey, Snapshot, StoredRoom, StoredVariable};

impl Kernel {
    pub(super) fn restore(&mut self, snapshot: Snapshot) {
        self.accounts = snapshot.accounts;
        self.buddies = snapshot.buddies;
        for (id, ban) in snapshot.bans {
            self.last_ban = self.last_ban.max(id.0);
            self.bans.insert(ban);
        }
        let mut variables = snapshot.variables;
        for (place, stored) in snapshot.rooms {
            let variables = variables.remove(&place).unwrap_or_default();
            self.restore_room(place, stored, variables);
        }
    }

    fn restore_room(
        &mut self,
        place: RoomKey,
        stored: StoredRoom,
        variables: BTreeMap<Arc<str>, StoredVariable>,
    ) {
        self.last_room += 1;
        let info = RoomInfo {
            id: RoomId(self.last_room),
            zone: self.zone_named(&stored.zone),
            name: stored.name,
            description: stored.description,
            users: 0,
            spectators: 0,
            capacity: stored.capacity,
            spectator_capacity: stored.spectator_capacity,
            hidden: stored.hidden,
            password: stored.password.is_some(),
            updatable: stored.updatable,
            numbered: stored.numbered,
            user_variables: stored.user_variables,
        };
        let lock = Lock {
            hash: stored.password,
            ..Lock::default()
        };
        let mut room = Room::new(place.zone, place.room, info, lock);
        room.flood_filter = stored.flood_filter;
        room.lifetime = Lifetime::Stored;
        room.stored = true;
        for variable in variables.into_values() {
            let shown = RoomVariable {
                name: variable.name,
                value: variable.value,
                persistent: true,
                locked: variable.locked,
                owner: variable.owner,
            };
            room.put_variable(Held {
                shown: Arc::new(shown),
                owner: None,
            });
        }
        self.insert_room(room);
    }

    /// Says how a stored room is now. Its password is hashed first.
    pub(super) fn store_room(&mut self, id: RoomId) {
        let Some(room) = self.rooms.get(&id) else {
            return;
        };
        if room.lifetime != Lifetime::Stored || room.lock.hashing.is_some() {
            return;
        }
        if let (Some(plain), None) = (&room.lock.plain, &room.lock.hash) {
            let password = Secret(plain.clone());
            let request = self.next_request(Pending::RoomPassword(id));
            if let Some(room) = self.rooms.get_mut(&id) {
                room.lock.hashing = Some(request);
            }
            self.effects.push_back(Effect::Hash { request, password });
            return;
        }
        self.persist_room(id);
    }

    fn persist_room(&mut self, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        let is_new = !std::mem::replace(&mut room.stored, true);
        let names: Vec<_> = room.variables.keys().cloned().collect();
        let stored = room.to_stored();
        self.persist(Change::PutRoom(stored));
        if is_new {
            for name in names {
                self.store_variable(id, &name);
            }
        }
    }

    /// The password of a room is hashed. Without a hash the store keeps what it has.
    pub(super) fn on_hashed(&mut self, request: RequestId, hash: Option<Arc<str>>) {
        let Some(&Pending::RoomPassword(id)) = self.pending.get(&request) else {
            return;
        };
        self.pending.remove(&request);
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        room.lock.hashing = None;
        if hash.is_some() {
            room.lock.hash = hash;
            self.persist_room(id);
        }
    }

    /// Says how a variable of a stored room is now. One that is not persistent is not stored, and
    /// one that is so no more is forgotten.
    pub(super) fn store_variable(&mut self, id: RoomId, name: &str) {
        let Some(room) = self.rooms.get(&id).filter(|room| room.stored) else {
            return;
        };
        let Some(held) = room.variables.get(name) else {
            return;
        };
        let (zone, key, shown) = (room.zone.clone(), room.key.clone(), held.shown.clone());
        let (room, name) = (key, shown.name.clone());
        if !shown.persistent {
            self.persist(Change::RemoveVariable { zone, room, name });
            return;
        }
        let owner = held_by_known(self, held);
        let variable = StoredVariable {
            name,
            value: shown.value.clone(),
            locked: shown.locked,
            owner,
        };
        self.persist(Change::PutVariable {
            zone,
            room,
            variable,
        });
    }
}

/// The owner as the store keeps it: guests are not kept, since their names are anybody's.
fn held_by_known(kernel: &Kernel, held: &Held) -> Option<Arc<str>> {
    let owner = held.owner.and_then(|owner| kernel.users.get(&owner));
    if owner.is_some_and(|owner| !owner.known) {
        return None;
    }
    held.shown.owner.clone()
}
