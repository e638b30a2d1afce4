//! One room: who is in it, with which numbers, and its variables. It tells nobody anything; the
//! kernel does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::crowd::Crowd;
use crate::event::{Member, RoomInfo, RoomVariable, Who};
use crate::id::{RequestId, RoomId, UserId};
use crate::op::{Lifetime, Part};
use crate::store::StoredRoom;

/// A variable of a room, and the connection of its owner while that is in the room.
pub(crate) struct Held {
    pub(crate) shown: Arc<RoomVariable>,
    pub(crate) owner: Option<UserId>,
}

/// What a room asks of those who come in.
#[derive(Default)]
pub(crate) struct Lock {
    /// The password, unless only its hash is known.
    pub(crate) plain: Option<Arc<str>>,
    /// The hash of the password, of rooms that are stored.
    pub(crate) hash: Option<Arc<str>>,
    /// The hash that is being made.
    pub(crate) hashing: Option<RequestId>,
}

/// What a lock says of a password.
pub(crate) enum Fit {
    Right,
    Wrong,
    /// Only the hash is known.
    Ask(Arc<str>),
}

impl Lock {
    pub(crate) fn new(password: Option<Arc<str>>) -> Self {
        Self {
            plain: password.filter(|password| !password.is_empty()),
            ..Self::default()
        }
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.plain.is_some() || self.hash.is_some()
    }

    pub(crate) fn check(&self, password: &str) -> Fit {
        match (&self.plain, &self.hash) {
            (Some(plain), _) if **plain == *password => Fit::Right,
            (Some(_), _) => Fit::Wrong,
            (None, Some(hash)) => Fit::Ask(hash.clone()),
            (None, None) => Fit::Right,
        }
    }
}

pub(crate) struct Room {
    /// The keys of its zone and name.
    pub(crate) zone: Arc<str>,
    pub(crate) key: Arc<str>,
    /// As it is now.
    pub(crate) info: RoomInfo,
    /// As lists show it.
    pub(crate) published: Arc<RoomInfo>,
    pub(crate) lock: Lock,
    pub(crate) flood_filter: bool,
    pub(crate) lifetime: Lifetime,
    /// Whether the store has it.
    pub(crate) stored: bool,
    /// Who made it, while that is logged in.
    pub(crate) owner: Option<UserId>,
    pub(crate) moderators: BTreeSet<UserId>,
    pub(crate) crowd: Crowd,
    /// In the order of `crowd`.
    pub(crate) members: Vec<Member>,
    pub(crate) variables: BTreeMap<Arc<str>, Held>,
    pub(crate) variables_bytes: usize,
    shared_variables: Option<Arc<[Arc<RoomVariable>]>>,
}

impl Room {
    pub(crate) fn new(zone: Arc<str>, key: Arc<str>, info: RoomInfo, lock: Lock) -> Self {
        Self {
            zone,
            key,
            published: Arc::new(info.clone()),
            info,
            lock,
            flood_filter: true,
            lifetime: Lifetime::WhileUsed,
            stored: false,
            owner: None,
            moderators: BTreeSet::new(),
            crowd: Crowd::default(),
            members: Vec::new(),
            variables: BTreeMap::new(),
            variables_bytes: 0,
            shared_variables: None,
        }
    }

    pub(crate) fn id(&self) -> RoomId {
        self.info.id
    }

    /// Whether one more may come in as such.
    pub(crate) fn has_place(&self, part: Part) -> bool {
        let (users, spectators) = (self.info.users, self.info.spectators);
        let below = |count: u32, most: Option<u32>| most.is_none_or(|most| count < most);
        match (part, self.info.spectator_capacity) {
            (_, None) => below(users, self.info.capacity),
            (Part::Player, Some(_)) => below(users - spectators, self.info.capacity),
            (Part::Spectator, most) => below(spectators, most),
        }
    }

    /// How many there are of those that `capacity` counts.
    pub(crate) fn counted(&self) -> u32 {
        match self.info.spectator_capacity {
            None => self.info.users,
            Some(_) => self.info.users - self.info.spectators,
        }
    }

    /// Takes a member in at the end, and gives it its number.
    pub(crate) fn admit(&mut self, mut member: Member) -> Member {
        member.number = self.next_number(member.part);
        self.info.users += 1;
        self.info.spectators += u32::from(member.part == Part::Spectator);
        self.crowd.push(member.who.id);
        self.members.push(member.clone());
        member
    }

    fn next_number(&self, part: Part) -> Option<u32> {
        let numbered = self.info.numbered && part == Part::Player;
        numbered.then_some(self.info.users - self.info.spectators)
    }

    /// Takes a member out. Tells too whether others have other numbers now.
    pub(crate) fn dismiss(&mut self, user: UserId) -> Option<(Member, bool)> {
        let place = self.crowd.remove(user)?;
        let member = self.members.remove(place);
        self.info.users -= 1;
        self.info.spectators -= u32::from(member.part == Part::Spectator);
        let renumbered = member.number.is_some_and(|number| self.close_gap(number));
        self.moderators.remove(&user);
        Some((member, renumbered))
    }

    /// Makes a player a spectator, or the reverse. Tells the member as it is then, and whether
    /// others have other numbers.
    pub(crate) fn change_part(&mut self, user: UserId, part: Part) -> Option<(Member, bool)> {
        let place = self.crowd.place(user)?;
        let next = self.next_number(part);
        let member = &mut self.members[place];
        let gap = member.number.take();
        member.part = part;
        member.number = next;
        let member = member.clone();
        match part {
            Part::Spectator => self.info.spectators += 1,
            Part::Player => self.info.spectators -= 1,
        }
        let renumbered = gap.is_some_and(|number| self.close_gap(number));
        Some((member, renumbered))
    }

    /// Moves the numbers above a gap down by one; tells whether there were any.
    fn close_gap(&mut self, gap: u32) -> bool {
        let mut moved = false;
        for number in self
            .members
            .iter_mut()
            .filter_map(|member| member.number.as_mut())
        {
            if *number > gap {
                *number -= 1;
                moved = true;
            }
        }
        moved
    }

    /// Who has which number, by number.
    pub(crate) fn numbers(&self) -> Arc<[(Arc<Who>, u32)]> {
        let numbered = self.members.iter();
        let mut numbers: Vec<_> = numbered
            .filter_map(|member| Some((member.who.clone(), member.number?)))
            .collect();
        numbers.sort_unstable_by_key(|(_, number)| *number);
        numbers.into()
    }

    pub(crate) fn member(&self, user: UserId) -> Option<&Member> {
        self.members.get(self.crowd.place(user)?)
    }

    pub(crate) fn member_mut(&mut self, user: UserId) -> Option<&mut Member> {
        self.members.get_mut(self.crowd.place(user)?)
    }

    /// Makes a variable or puts another in its place.
    pub(crate) fn put_variable(&mut self, held: Held) {
        let bytes = bytes_of(&held.shown);
        self.shared_variables = None;
        self.variables_bytes += bytes;
        if let Some(old) = self.variables.insert(held.shown.name.clone(), held) {
            self.variables_bytes -= bytes_of(&old.shown);
        }
    }

    pub(crate) fn remove_variable(&mut self, name: &str) -> Option<Held> {
        let held = self.variables.remove(name)?;
        self.shared_variables = None;
        self.variables_bytes -= bytes_of(&held.shown);
        Some(held)
    }

    /// All variables, by name. The same list until one changes.
    pub(crate) fn share_variables(&mut self) -> Arc<[Arc<RoomVariable>]> {
        let variables = &self.variables;
        self.shared_variables
            .get_or_insert_with(|| variables.values().map(|held| held.shown.clone()).collect())
            .clone()
    }

    /// The names of what goes with its owner. What stays of a guest belongs to nobody from then
    /// on: the name is anybody's.
    pub(crate) fn abandon_variables(&mut self, user: UserId, known: bool) -> Vec<Arc<str>> {
        let mut gone = Vec::new();
        for (name, held) in &mut self.variables {
            if held.owner != Some(user) {
                continue;
            }
            held.owner = None;
            if !held.shown.persistent {
                gone.push(name.clone());
            } else if !known {
                Arc::make_mut(&mut held.shown).owner = None;
                self.shared_variables = None;
            }
        }
        gone
    }

    /// What the store keeps of it, but for its variables.
    pub(crate) fn to_stored(&self) -> StoredRoom {
        let info = &self.info;
        StoredRoom {
            zone: info.zone.clone(),
            name: info.name.clone(),
            password: self.lock.hash.clone(),
            description: info.description.clone(),
            capacity: info.capacity,
            spectator_capacity: info.spectator_capacity,
            hidden: info.hidden,
            updatable: info.updatable,
            numbered: info.numbered,
            user_variables: info.user_variables,
            flood_filter: self.flood_filter,
        }
    }
}

/// What a variable counts for in the limits.
pub(crate) fn bytes_of(variable: &RoomVariable) -> usize {
    variable.name.len() + variable.value.bytes()
}
