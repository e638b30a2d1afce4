//! How rooms are made.

use std::sync::Arc;

use super::Kernel;
use super::join::Entry;
use crate::effect::Effect;
use crate::event::RoomInfo;
use crate::id::{RoomId, UserId};
use crate::name::{check_room, key};
use crate::op::{Actor, Leaving, Lifetime, NewRoom, OpKind, Part};
use crate::refusal::Refusal;
use crate::room::{Lock, Room};
use crate::store::Role;
use crate::zone::Zone;

impl Kernel {
    pub(super) fn create_room(
        &mut self,
        by: Actor,
        new: NewRoom,
        or_join: bool,
        leaving: Leaving,
    ) -> Result<(), Refusal> {
        if let Some(room) = self.find_room(&new.zone, &new.name) {
            return match by {
                Actor::User(user) if or_join => {
                    let entry = Entry::new(user, room, Part::Player, leaving);
                    let password = new.password.as_ref().map(|password| password.0.clone());
                    self.knock(OpKind::CreateRoom, entry, password.unwrap_or_default())
                }
                _ => Err(Refusal::RoomExists),
            };
        }
        self.check_new_room(by, &new)?;
        if let Actor::User(user) = by {
            self.check_maker(user, &new, leaving)?;
        }
        let room = self.build_room(by, new);
        match by {
            Actor::User(user) => {
                let mut entry = Entry::new(user, room, Part::Player, leaving);
                entry.created = true;
                self.enter(&entry);
            }
            Actor::Server => self.announce_room(room),
        }
        self.store_room(room);
        Ok(())
    }

    /// Looks at everything about a room before anything is changed.
    fn check_new_room(&self, by: Actor, new: &NewRoom) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        for name in [&new.zone, &new.name] {
            check_room(name, limits.room_name_bytes)?;
            if self.words.forbids_name(name) {
                return Err(Refusal::NameReserved);
            }
        }
        match self.zones.get(&key(&new.zone)) {
            Some(zone) if zone.rooms.len() >= limits.rooms_per_zone => {
                return Err(Refusal::Limit("rooms_per_zone"));
            }
            None if self.zones.len() >= limits.zones => return Err(Refusal::Limit("zones")),
            _ => {}
        }
        if new.description.len() > limits.description_bytes {
            return Err(Refusal::TooLong("description_bytes"));
        }
        let password = new.password.as_ref();
        if password.is_some_and(|password| password.0.len() > limits.password_bytes) {
            return Err(Refusal::TooLong("password_bytes"));
        }
        if new.lifetime != Lifetime::WhileUsed {
            self.need_role(by, Role::Administrator)?;
        }
        self.check_new_variables(&new.variables)
    }

    /// Looks at the user who makes a room and goes into it.
    fn check_maker(&self, id: UserId, new: &NewRoom, leaving: Leaving) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        let Some(user) = self.users.get(&id) else {
            return Err(Refusal::NotLoggedIn);
        };
        if user.joining.is_some() {
            return Err(Refusal::Busy);
        }
        if user.owns.len() >= limits.rooms_made_per_user {
            return Err(Refusal::Limit("rooms_made_per_user"));
        }
        if leaving == Leaving::None && user.rooms.len() >= limits.rooms_per_user {
            return Err(Refusal::Limit("rooms_per_user"));
        }
        if new.capacity == Some(0) {
            return Err(Refusal::RoomFull);
        }
        Ok(())
    }

    fn build_room(&mut self, by: Actor, new: NewRoom) -> RoomId {
        self.last_room += 1;
        let id = RoomId(self.last_room);
        let zone = self.zone_named(&new.zone);
        let lock = Lock::new(new.password.map(|password| password.0));
        let info = RoomInfo {
            id,
            zone,
            name: new.name,
            description: new.description,
            users: 0,
            spectators: 0,
            capacity: new.capacity,
            spectator_capacity: new.spectator_capacity,
            hidden: new.hidden,
            password: lock.is_locked(),
            updatable: new.updatable,
            numbered: new.numbered,
            user_variables: new.user_variables,
        };
        let mut room = Room::new(key(&info.zone), key(&info.name), info, lock);
        room.flood_filter = new.flood_filter;
        room.lifetime = new.lifetime;
        let owner = by.user().ok();
        room.owner = owner;
        if let Some(user) = owner.and_then(|user| self.users.get_mut(&user)) {
            user.owns.push(id);
        }
        let owner = owner.and_then(|user| self.users.get(&user));
        for variable in new.variables {
            room.put_variable(Self::new_variable(variable, owner));
        }
        self.insert_room(room);
        id
    }

    /// Puts a room where it is found.
    pub(super) fn insert_room(&mut self, room: Room) {
        let id = room.id();
        self.effects.push_back(Effect::RoomMade {
            room: room.published.clone(),
        });
        if let Some(zone) = self.zones.get_mut(&room.zone) {
            zone.rooms.insert(room.key.clone(), id);
            zone.list = None;
        }
        self.rooms.insert(id, room);
    }

    /// The name of a zone as it was first written. Makes the zone if there is none.
    pub(super) fn zone_named(&mut self, name: &Arc<str>) -> Arc<str> {
        let zone = self.zones.entry(key(name)).or_insert_with(|| Zone {
            name: name.clone(),
            ..Zone::default()
        });
        zone.name.clone()
    }
}
