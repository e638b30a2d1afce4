//! How users leave rooms, and how rooms end.

use std::sync::Arc;

use super::Kernel;
use crate::effect::{AuditAction, Effect};
use crate::event::{Event, LeaveReason, RoomInfo};
use crate::id::{RoomId, UserId};
use crate::op::{Actor, Lifetime, RoomRef};
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::{Change, Role};

impl Kernel {
    pub(super) fn leave(&mut self, by: Actor, room: &RoomRef) -> Result<(), Refusal> {
        let user = by.user()?;
        let room = self.resolve(room)?;
        if !self.rooms_of(user).contains(&room) {
            return Err(Refusal::NotInRoom);
        }
        self.exit(user, room, LeaveReason::Left, true);
        Ok(())
    }

    /// Takes a user out of a room it is in, and tells it so if it is still there to hear.
    pub(super) fn exit(&mut self, user: UserId, room_id: RoomId, why: LeaveReason, here: bool) {
        let known = self.users.get(&user).is_some_and(|user| user.known);
        let Some(room) = self.rooms.get_mut(&room_id) else {
            return;
        };
        let Some((member, renumbered)) = room.dismiss(user) else {
            return;
        };
        let gone = room.abandon_variables(user, known);
        let gone: Vec<_> = gone
            .into_iter()
            .filter(|name| room.remove_variable(name).is_some())
            .collect();
        let (info, zone) = (room.published.clone(), room.zone.clone());
        let numbers = renumbered.then(|| room.numbers());
        self.note_exit(user, room_id, &zone);
        if here {
            let room = info.clone();
            self.tell(user, Event::Left { room, why });
        }
        let (room, who) = (room_id, member.who);
        self.tell_room(room, Event::UserLeft { room, who, why });
        if let Some(numbers) = numbers {
            self.tell_room(room, Event::Renumbered { room, numbers });
        }
        for name in gone {
            self.tell_room(room, Event::RoomVariableRemoved { room, name });
        }
        self.after_exit(user, room_id, here);
    }

    /// Strikes a room from a user's rooms, and the user from the zone's.
    fn note_exit(&mut self, id: UserId, room: RoomId, zone_key: &str) {
        let Some(user) = self.users.get_mut(&id) else {
            return;
        };
        user.rooms.retain(|old| *old != room);
        let rooms = user.rooms.iter().filter_map(|room| self.rooms.get(room));
        let (mut gone, mut watches) = (true, false);
        for room in rooms.filter(|room| *room.zone == *zone_key) {
            gone = false;
            watches |= room.info.updatable;
        }
        if let Some(zone) = self.zones.get_mut(zone_key) {
            zone.users -= u32::from(gone);
            if !watches {
                zone.watchers.remove(id);
            }
        }
    }

    /// What becomes of the room, and what the user sees of that.
    fn after_exit(&mut self, user: UserId, room_id: RoomId, here: bool) {
        let Some(room) = self.rooms.get(&room_id) else {
            return;
        };
        if room.members.is_empty() && room.lifetime == Lifetime::WhileUsed {
            let hidden = room.info.hidden;
            if let Some(room) = self.drop_room(room_id)
                && hidden
                && here
            {
                self.tell_vanished(user, &room.zone, room.published);
            }
            return;
        }
        if room.info.hidden && here {
            let (zone, info) = (room.zone.clone(), room.published.clone());
            self.tell_vanished(user, &zone, info);
        }
        self.mark_stale(room_id);
    }

    /// Tells somebody who saw a hidden room that it is gone.
    fn tell_vanished(&mut self, user: UserId, zone: &str, room: Arc<RoomInfo>) {
        if self.watches(user, zone) {
            let zone_users = self.zone_users(zone);
            self.tell(user, Event::RoomVanished { room, zone_users });
        }
    }

    /// Takes an empty room away, and tells those who see it in their list.
    fn drop_room(&mut self, id: RoomId) -> Option<Room> {
        let room = self.rooms.remove(&id)?;
        self.unmark_stale(id, &room.zone);
        if let Some(owner) = room.owner.and_then(|owner| self.users.get_mut(&owner)) {
            owner.owns.retain(|owned| *owned != id);
        }
        if let Some(request) = room.lock.hashing {
            self.pending.remove(&request);
        }
        let zone = self.zones.get_mut(&room.zone)?;
        zone.rooms.remove(&room.key);
        zone.list = None;
        if !room.info.hidden {
            let (watchers, zone_users) = (zone.watchers.share(), zone.users);
            let room = room.published.clone();
            self.tell_all(watchers, Event::RoomVanished { room, zone_users });
        }
        if self
            .zones
            .get(&room.zone)
            .is_some_and(|zone| zone.rooms.is_empty())
        {
            self.zones.remove(&room.zone);
        }
        self.effects.push_back(Effect::RoomGone {
            room: room.published.clone(),
        });
        Some(room)
    }

    pub(super) fn remove_room(&mut self, by: Actor, room: &RoomRef) -> Result<(), Refusal> {
        self.need_role(by, Role::Administrator)?;
        let id = self.resolve(room)?;
        let Some(room) = self.rooms.get_mut(&id) else {
            return Err(Refusal::NoSuchRoom);
        };
        let (members, info) = (room.crowd.share(), room.published.clone());
        let (zone, key, stored) = (room.zone.clone(), room.key.clone(), room.stored);
        let hidden = room.info.hidden;
        let why = LeaveReason::RoomRemoved;
        let name: Arc<str> = info.name.clone();
        self.tell_all(members.clone(), Event::Left { room: info, why });
        for member in &*members {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.dismiss(*member);
            }
            self.note_exit(*member, id, &zone);
        }
        if let Some(room) = self.drop_room(id)
            && hidden
        {
            for member in &*members {
                self.tell_vanished(*member, &room.zone, room.published.clone());
            }
        }
        if stored {
            let room = key;
            self.persist(Change::RemoveRoom { zone, room });
        }
        self.audit(by, AuditAction::RemoveRoom, name, &Arc::default());
        Ok(())
    }
}
