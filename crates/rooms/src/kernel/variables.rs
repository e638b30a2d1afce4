//! Variables of rooms and of users.

use std::sync::Arc;

use super::Kernel;
use crate::event::{Event, RoomVariable};
use crate::id::{RoomId, UserId};
use crate::name::key;
use crate::op::{Actor, NewVariable, RoomRef};
use crate::refusal::Refusal;
use crate::room::{Held, Room, bytes_of};
use crate::store::{Change, Role};
use crate::user::User;
use crate::value::{Pairs, Value};

impl Kernel {
    /// The variable that somebody makes.
    pub(super) fn new_variable(new: NewVariable, owner: Option<&User>) -> Held {
        let shown = RoomVariable {
            name: new.name,
            value: new.value,
            persistent: new.persistent.unwrap_or(false),
            locked: new.locked.unwrap_or(false),
            owner: owner.map(|owner| owner.who.name.clone()),
        };
        Held {
            shown: Arc::new(shown),
            owner: owner.map(|owner| owner.who.id),
        }
    }

    /// Looks at the variables a room is to begin with.
    pub(super) fn check_new_variables(&self, new: &[NewVariable]) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        if new.len() > limits.room_variables {
            return Err(Refusal::Limit("room_variables"));
        }
        let mut bytes = 0;
        for variable in new {
            self.check_variable(&variable.name, &variable.value)?;
            bytes += variable.name.len() + variable.value.bytes();
        }
        if bytes > limits.variables_bytes {
            return Err(Refusal::Limit("variables_bytes"));
        }
        Ok(())
    }

    fn check_variable(&self, name: &str, value: &Value) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        if name.is_empty() {
            return Err(Refusal::NameTooShort(1));
        }
        if name.len() > limits.variable_name_bytes {
            return Err(Refusal::TooLong("variable_name_bytes"));
        }
        if value.bytes() > limits.variable_value_bytes {
            return Err(Refusal::TooLong("variable_value_bytes"));
        }
        Ok(())
    }

    /// Looks at the variables of a user, or of a message.
    pub(super) fn check_pairs(&self, pairs: &Pairs) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        if pairs.len() > limits.user_variables {
            return Err(Refusal::Limit("user_variables"));
        }
        let mut bytes = 0;
        for (name, value) in pairs {
            self.check_variable(name, value)?;
            bytes += name.len() + value.bytes();
        }
        if bytes > limits.variables_bytes {
            return Err(Refusal::Limit("variables_bytes"));
        }
        Ok(())
    }

    pub(super) fn set_room_variable(
        &mut self,
        by: Actor,
        room: &RoomRef,
        new: NewVariable,
    ) -> Result<(), Refusal> {
        let room_id = self.resolve(room)?;
        self.need_member(by, room_id)?;
        self.check_variable(&new.name, &new.value)?;
        let old = self.may_change(by, room_id, &new.name)?;
        let created = old.is_none();
        let held = if let Some(old) = old {
            old.with(new)
        } else {
            let owner = by.user().ok().and_then(|user| self.users.get(&user));
            Self::new_variable(new, owner)
        };
        let variable = held.shown.clone();
        self.put_within_limits(room_id, held)?;
        self.store_variable(room_id, &variable.name);
        let room = room_id;
        self.tell_room(
            room,
            Event::RoomVariableSet {
                room,
                variable,
                created,
            },
        );
        Ok(())
    }

    /// Puts a variable into a room unless that made the room's too many or too big.
    fn put_within_limits(&mut self, room: RoomId, held: Held) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        let Some(room) = self.rooms.get_mut(&room) else {
            return Err(Refusal::NoSuchRoom);
        };
        let old = room.variables.get(&held.shown.name);
        if old.is_none() && room.variables.len() >= limits.room_variables {
            return Err(Refusal::Limit("room_variables"));
        }
        let less = old.map_or(0, |old| bytes_of(&old.shown));
        let bytes = room.variables_bytes + bytes_of(&held.shown) - less;
        if bytes > limits.variables_bytes {
            return Err(Refusal::Limit("variables_bytes"));
        }
        room.put_variable(held);
        Ok(())
    }

    pub(super) fn remove_room_variable(
        &mut self,
        by: Actor,
        room: &RoomRef,
        name: &Arc<str>,
    ) -> Result<(), Refusal> {
        let id = self.resolve(room)?;
        self.need_member(by, id)?;
        if self.may_change(by, id, name)?.is_none() {
            return Err(Refusal::NoSuchVariable);
        }
        if let Some(room) = self.rooms.get_mut(&id) {
            let held = room.remove_variable(name);
            let (stored, zone, key) = (room.stored, room.zone.clone(), room.key.clone());
            if stored && held.is_some_and(|held| held.shown.persistent) {
                let (room, name) = (key, name.clone());
                self.persist(Change::RemoveVariable { zone, room, name });
            }
        }
        let (room, name) = (id, name.clone());
        self.tell_room(room, Event::RoomVariableRemoved { room, name });
        Ok(())
    }

    pub(super) fn need_member(&self, by: Actor, room: RoomId) -> Result<(), Refusal> {
        match by {
            Actor::User(user) if !self.rooms_of(user).contains(&room) => Err(Refusal::NotInRoom),
            _ => Ok(()),
        }
    }

    /// The variable as it is, unless it is locked for whoever asks.
    fn may_change(&self, by: Actor, room: RoomId, name: &str) -> Result<Option<Old>, Refusal> {
        let Some(room) = self.rooms.get(&room) else {
            return Err(Refusal::NoSuchRoom);
        };
        let Some(held) = room.variables.get(name) else {
            return Ok(None);
        };
        let is_owner = self.owns_variable(by, held);
        let owned = is_owner || self.may_unlock(by, room);
        if held.shown.locked && !owned {
            return Err(Refusal::VariableLocked);
        }
        let owner = if is_owner { by.user().ok() } else { held.owner };
        Ok(Some(Old {
            shown: held.shown.clone(),
            owner,
            owned,
        }))
    }

    /// Whether somebody has made a variable: in this connection, or in an earlier one with a name
    /// that is its own.
    fn owns_variable(&self, by: Actor, held: &Held) -> bool {
        let Actor::User(id) = by else { return false };
        let Some(user) = self.users.get(&id) else {
            return false;
        };
        let owner = held.shown.owner.as_ref();
        let by_name = user.known && owner.is_some_and(|owner| key(owner) == user.key);
        held.owner == Some(id) || by_name
    }

    fn may_unlock(&self, by: Actor, room: &Room) -> bool {
        let moderates = matches!(by, Actor::User(user) if room.moderators.contains(&user));
        moderates || self.role_of(by) >= Role::Moderator
    }

    /// Whose variable is meant, and whether whoever asks may change it.
    fn subject(by: Actor, user: Option<UserId>) -> Result<UserId, Refusal> {
        match (by, user) {
            (Actor::Server, Some(user)) => Ok(user),
            (Actor::Server, None) => Err(Refusal::UsersOnly),
            (Actor::User(by), Some(user)) if user != by => Err(Refusal::ServerOnly),
            (Actor::User(by), _) => Ok(by),
        }
    }

    pub(super) fn set_user_variable(
        &mut self,
        by: Actor,
        user: Option<UserId>,
        name: Arc<str>,
        value: Value,
    ) -> Result<(), Refusal> {
        let id = Self::subject(by, user)?;
        let Some(user) = self.users.get(&id) else {
            return Err(Refusal::NoSuchUser);
        };
        let variables = user.variables.with(&name, &value);
        self.check_pairs(&variables)?;
        let (who, created) = (user.who.clone(), user.variables.get(&name).is_none());
        let audience = self.change_user_variables(id, &variables);
        self.tell_all(
            audience,
            Event::UserVariableSet {
                who,
                name,
                value,
                created,
            },
        );
        Ok(())
    }

    pub(super) fn remove_user_variable(
        &mut self,
        by: Actor,
        user: Option<UserId>,
        name: &Arc<str>,
    ) -> Result<(), Refusal> {
        let id = Self::subject(by, user)?;
        let Some(user) = self.users.get(&id) else {
            return Err(Refusal::NoSuchUser);
        };
        if user.variables.get(name).is_none() {
            return Err(Refusal::NoSuchVariable);
        }
        let (who, variables) = (user.who.clone(), user.variables.without(name));
        let audience = self.change_user_variables(id, &variables);
        let name = name.clone();
        self.tell_all(audience, Event::UserVariableRemoved { who, name });
        Ok(())
    }

    /// Gives a user other variables, and tells who is to know of it: the user itself, and those
    /// in its rooms that tell variables.
    fn change_user_variables(&mut self, id: UserId, variables: &Pairs) -> Arc<[UserId]> {
        let Some(user) = self.users.get_mut(&id) else {
            return Arc::default();
        };
        user.variables = variables.clone();
        let mut telling = Vec::new();
        for room_id in &user.rooms {
            let Some(room) = self.rooms.get_mut(room_id) else {
                continue;
            };
            if room.info.user_variables
                && let Some(member) = room.member_mut(id)
            {
                member.variables = variables.clone();
                telling.push(*room_id);
            }
        }
        self.audience_of(id, &telling)
    }

    /// Everybody in some rooms, each once, and one user in any case.
    fn audience_of(&mut self, user: UserId, rooms: &[RoomId]) -> Arc<[UserId]> {
        if let [room] = rooms
            && let Some(room) = self.rooms.get_mut(room)
        {
            return room.crowd.share();
        }
        let rooms = rooms.iter().filter_map(|room| self.rooms.get(room));
        let mut all: Vec<_> = rooms
            .flat_map(|room| room.crowd.as_slice())
            .copied()
            .collect();
        all.push(user);
        all.sort_unstable();
        all.dedup();
        all.into()
    }
}

/// A variable that is to be changed.
struct Old {
    shown: Arc<RoomVariable>,
    /// The connection that owns it from now on.
    owner: Option<UserId>,
    /// Whether whoever asks may say what becomes of it.
    owned: bool,
}

impl Old {
    /// The variable with what is new. Only the owner says what becomes of it.
    fn with(self, new: NewVariable) -> Held {
        let persistent = new.persistent.filter(|_| self.owned);
        let locked = new.locked.filter(|_| self.owned);
        let shown = RoomVariable {
            value: new.value,
            persistent: persistent.unwrap_or(self.shown.persistent),
            locked: locked.unwrap_or(self.shown.locked),
            ..(*self.shown).clone()
        };
        Held {
            shown: Arc::new(shown),
            owner: self.owner,
        }
    }
}
