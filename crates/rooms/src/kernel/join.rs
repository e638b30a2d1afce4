//! How users come into rooms.

use std::sync::Arc;

use super::{Kernel, Pending};
use crate::effect::Effect;
use crate::event::{Event, LeaveReason, Member};
use crate::id::{RequestId, RoomId, UserId};
use crate::op::{Actor, Leaving, OpKind, Part, RoomRef, Secret};
use crate::refusal::Refusal;
use crate::room::Fit;
use crate::store::Role;
use crate::value::Pairs;

/// Who goes where, and as what.
pub(super) struct Entry {
    user: UserId,
    room: RoomId,
    part: Part,
    leaving: Leaving,
    /// Whether the user has just made the room.
    pub(super) created: bool,
}

impl Entry {
    pub(super) fn new(user: UserId, room: RoomId, part: Part, leaving: Leaving) -> Self {
        Self {
            user,
            room,
            part,
            leaving,
            created: false,
        }
    }
}

/// Somebody at the door of a room whose password is being looked at.
pub(super) struct Knock {
    what: OpKind,
    entry: Entry,
    password: Arc<str>,
    hash: Arc<str>,
}

impl Kernel {
    pub(super) fn join(
        &mut self,
        by: Actor,
        room: &RoomRef,
        password: Secret,
        part: Part,
        leaving: Leaving,
    ) -> Result<(), Refusal> {
        let user = by.user()?;
        let room = self.resolve(room)?;
        let entry = Entry::new(user, room, part, leaving);
        self.knock(OpKind::Join, entry, password.0)
    }

    /// Lets somebody in who may come in, or finds out whether the password is right.
    pub(super) fn knock(
        &mut self,
        what: OpKind,
        entry: Entry,
        password: Arc<str>,
    ) -> Result<(), Refusal> {
        if password.len() > self.config.limits.password_bytes {
            return Err(Refusal::TooLong("password_bytes"));
        }
        self.check_entry(&entry)?;
        let Some(room) = self.rooms.get(&entry.room) else {
            return Err(Refusal::NoSuchRoom);
        };
        let fit = match self.role_of(Actor::User(entry.user)) {
            Role::User => room.lock.check(&password),
            _ => Fit::Right,
        };
        match fit {
            Fit::Right => self.enter(&entry),
            Fit::Wrong => return Err(Refusal::BadRoomPassword),
            Fit::Ask(hash) => self.ask_room_password(what, entry, password, hash),
        }
        Ok(())
    }

    fn check_entry(&self, entry: &Entry) -> Result<(), Refusal> {
        let Some(user) = self.users.get(&entry.user) else {
            return Err(Refusal::NotLoggedIn);
        };
        let Some(room) = self.rooms.get(&entry.room) else {
            return Err(Refusal::NoSuchRoom);
        };
        if user.joining.is_some() {
            return Err(Refusal::Busy);
        }
        if user.rooms.contains(&entry.room) {
            return Err(Refusal::InRoomAlready);
        }
        let most = self.config.limits.rooms_per_user;
        if entry.leaving == Leaving::None && user.rooms.len() >= most {
            return Err(Refusal::Limit("rooms_per_user"));
        }
        if !room.has_place(entry.part) {
            return Err(Refusal::RoomFull);
        }
        Ok(())
    }

    fn ask_room_password(
        &mut self,
        what: OpKind,
        entry: Entry,
        password: Arc<str>,
        hash: Arc<str>,
    ) {
        let user = entry.user;
        let request = self.next_request(Pending::Join(Knock {
            what,
            entry,
            password: password.clone(),
            hash: hash.clone(),
        }));
        if let Some(user) = self.users.get_mut(&user) {
            user.joining = Some(request);
        }
        self.effects.push_back(Effect::Verify {
            request,
            password: Secret(password),
            hash,
        });
    }

    /// The password of a room was looked at. The room may have changed, filled or gone meanwhile.
    pub(super) fn on_knock_verified(&mut self, request: RequestId, ok: bool) {
        let Some(Pending::Join(_)) = self.pending.get(&request) else {
            return;
        };
        let Some(Pending::Join(knock)) = self.pending.remove(&request) else {
            return;
        };
        if let Some(user) = self.users.get_mut(&knock.entry.user) {
            user.joining = None;
        }
        if let Err(why) = self.answer_knock(&knock, ok) {
            self.refuse(Actor::User(knock.entry.user), knock.what, why);
        }
    }

    fn answer_knock(&mut self, knock: &Knock, ok: bool) -> Result<(), Refusal> {
        self.check_entry(&knock.entry)?;
        let Some(room) = self.rooms.get_mut(&knock.entry.room) else {
            return Err(Refusal::NoSuchRoom);
        };
        if !ok || room.lock.hash.as_ref() != Some(&knock.hash) {
            return Err(Refusal::BadRoomPassword);
        }
        // From now on nobody waits for a hash.
        room.lock.plain = Some(knock.password.clone());
        self.enter(&knock.entry);
        Ok(())
    }

    /// Brings a user into a room that has a place for it.
    pub(super) fn enter(&mut self, entry: &Entry) {
        let (id, room_id) = (entry.user, entry.room);
        let Some(user) = self.users.get(&id) else {
            return;
        };
        let before = user.rooms.clone();
        let Some(room) = self.rooms.get_mut(&room_id) else {
            return;
        };
        let others = room.crowd.share();
        let variables = if room.info.user_variables {
            user.variables.clone()
        } else {
            Pairs::default()
        };
        let member = room.admit(Member {
            who: user.who.clone(),
            part: entry.part,
            number: None,
            moderator: user.role >= Role::Moderator,
            variables,
        });
        self.note_entry(id, room_id, &before);
        self.show_room(id, room_id, entry.created);
        self.tell_joined(id, room_id, entry.created);
        let room = room_id;
        self.tell_all(others, Event::UserJoined { room, member });
        if !entry.created {
            self.mark_stale(room);
        }
        if entry.leaving == Leaving::All {
            for old in before {
                self.exit(id, old, LeaveReason::Left, true);
            }
        }
    }

    /// Writes the room down with its new member, and the member with its zone.
    fn note_entry(&mut self, id: UserId, room_id: RoomId, before: &[RoomId]) {
        let Some(room) = self.rooms.get(&room_id) else {
            return;
        };
        let known_there = before.iter().any(|old| self.in_zone(*old, &room.zone));
        if let Some(zone) = self.zones.get_mut(&room.zone) {
            zone.users += u32::from(!known_there);
        }
        if let Some(user) = self.users.get_mut(&id) {
            user.rooms.push(room_id);
        }
    }

    fn tell_joined(&mut self, user: UserId, room: RoomId, created: bool) {
        let Some(room) = self.rooms.get_mut(&room) else {
            return;
        };
        let event = Event::Joined {
            room: room.published.clone(),
            members: Arc::from(room.members.as_slice()),
            variables: room.share_variables(),
            created,
        };
        self.tell(user, event);
    }

    pub(super) fn in_zone(&self, room: RoomId, zone: &str) -> bool {
        self.rooms
            .get(&room)
            .is_some_and(|room| *room.zone == *zone)
    }
}
