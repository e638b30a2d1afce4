//! Changes of what a room is like, and of what its members are in it.

use std::sync::Arc;

use super::Kernel;
use crate::event::Event;
use crate::id::{RoomId, UserId};
use crate::op::{Actor, Part, RoomChange, RoomRef};
use crate::refusal::Refusal;
use crate::room::Lock;
use crate::store::Role;

impl Kernel {
    pub(super) fn change_room(
        &mut self,
        by: Actor,
        room: &RoomRef,
        change: RoomChange,
    ) -> Result<(), Refusal> {
        let id = self.resolve(room)?;
        self.need_rights(by, id)?;
        self.apply_change(id, change)?;
        self.store_room(id);
        Ok(())
    }

    fn apply_change(&mut self, id: RoomId, change: RoomChange) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        let Some(room) = self.rooms.get_mut(&id) else {
            return Err(Refusal::NoSuchRoom);
        };
        match change {
            RoomChange::Description(text) if text.len() > limits.description_bytes => {
                return Err(Refusal::TooLong("description_bytes"));
            }
            RoomChange::Description(text) => room.info.description = text,
            RoomChange::Capacity(Some(most)) if most < room.counted() => {
                return Err(Refusal::CapacityTooLow);
            }
            RoomChange::Capacity(most) => room.info.capacity = most,
            RoomChange::Password(password) => {
                let password = password.map(|password| password.0);
                if password
                    .as_ref()
                    .is_some_and(|text| text.len() > limits.password_bytes)
                {
                    return Err(Refusal::TooLong("password_bytes"));
                }
                let old = std::mem::replace(&mut room.lock, Lock::new(password));
                room.info.password = room.lock.is_locked();
                if let Some(request) = old.hashing {
                    self.pending.remove(&request);
                }
            }
            RoomChange::Hidden(hidden) => self.change_hidden(id, hidden),
            RoomChange::Updatable(updatable) => self.change_updatable(id, updatable),
        }
        self.publish_and_tell(id);
        Ok(())
    }

    /// Whether somebody may say what a room is like: its owner and moderators may.
    fn need_rights(&self, by: Actor, room: RoomId) -> Result<(), Refusal> {
        match by {
            Actor::User(user) if self.runs_room(user, room) => Ok(()),
            _ => self.need_role(by, Role::Moderator),
        }
    }

    pub(super) fn runs_room(&self, user: UserId, room: RoomId) -> bool {
        self.rooms
            .get(&room)
            .is_some_and(|room| room.owner == Some(user) || room.moderators.contains(&user))
    }

    pub(super) fn change_part(
        &mut self,
        by: Actor,
        room: &RoomRef,
        part: Part,
    ) -> Result<(), Refusal> {
        let user = by.user()?;
        let room_id = self.resolve(room)?;
        let Some(room) = self.rooms.get_mut(&room_id) else {
            return Err(Refusal::NoSuchRoom);
        };
        let Some(member) = room.member(user) else {
            return Err(Refusal::NotInRoom);
        };
        if member.part == part {
            return Ok(());
        }
        // Where spectators are counted with the others, the place stays the same one.
        if room.info.spectator_capacity.is_some() && !room.has_place(part) {
            return Err(Refusal::RoomFull);
        }
        let Some((member, renumbered)) = room.change_part(user, part) else {
            return Err(Refusal::NotInRoom);
        };
        let numbers = renumbered.then(|| room.numbers());
        let room = room_id;
        self.tell_room(room, Event::MemberChanged { room, member });
        if let Some(numbers) = numbers {
            self.tell_room(room, Event::Renumbered { room, numbers });
        }
        self.mark_stale(room);
        Ok(())
    }

    pub(super) fn set_moderator(
        &mut self,
        by: Actor,
        room: &RoomRef,
        name: &Arc<str>,
        on: bool,
    ) -> Result<(), Refusal> {
        let id = self.resolve(room)?;
        let user = self.named(name)?;
        let role = self.role_of(Actor::User(user));
        let is_owner = matches!(by, Actor::User(by) if self.owns_room(by, id));
        if !is_owner {
            self.need_role(by, Role::Moderator)?;
        }
        let Some(room) = self.rooms.get_mut(&id) else {
            return Err(Refusal::NoSuchRoom);
        };
        let moderator = on || role >= Role::Moderator;
        let Some(member) = room.member_mut(user) else {
            return Err(Refusal::NotInRoom);
        };
        let changed = member.moderator != moderator;
        member.moderator = moderator;
        let member = member.clone();
        if on {
            room.moderators.insert(user);
        } else {
            room.moderators.remove(&user);
        }
        if changed {
            let room = id;
            self.tell_room(room, Event::MemberChanged { room, member });
        }
        Ok(())
    }

    fn owns_room(&self, user: UserId, room: RoomId) -> bool {
        let room = self.rooms.get(&room);
        room.is_some_and(|room| room.owner == Some(user))
    }

    /// A user by name.
    pub(super) fn named(&self, name: &str) -> Result<UserId, Refusal> {
        self.find_user(name).ok_or(Refusal::NoSuchUser)
    }
}
