//! What one user knows, from nothing but what it was told; and whether that is true.

use std::collections::BTreeMap;
use std::sync::Arc;

use rooms::{Event, Kernel, Member, Pairs, RoomId, RoomInfo, RoomVariable, UserId, key};

#[derive(Debug, Default)]
pub(crate) struct Belief {
    rooms: BTreeMap<RoomId, Place>,
    /// The lists of rooms, by zone.
    lists: BTreeMap<Arc<str>, BTreeMap<RoomId, Arc<RoomInfo>>>,
}

/// A room the user is in.
#[derive(Debug)]
struct Place {
    /// Whether the room tells variables of users.
    tells: bool,
    members: BTreeMap<UserId, Member>,
    variables: BTreeMap<Arc<str>, Arc<RoomVariable>>,
}

impl Belief {
    /// Takes in what the user is told. Panics at what makes no sense to it.
    pub(crate) fn take(&mut self, event: &Event) {
        if let Some(room) = event.room() {
            assert!(
                self.rooms.contains_key(&room),
                "a room it is not in: {event:?}"
            );
        }
        match event {
            Event::RoomList { .. }
            | Event::RoomAppeared { .. }
            | Event::RoomsChanged { .. }
            | Event::RoomVanished { .. } => self.take_list(event),
            Event::Joined {
                room,
                members,
                variables,
                ..
            } => self.take_joined(room, members, variables),
            Event::Left { room, .. } => {
                assert!(
                    self.rooms.remove(&room.id).is_some(),
                    "was not there: {room:?}"
                );
            }
            Event::UserVariableSet {
                who,
                name,
                value,
                created,
            } => {
                let is_new = self.change_user(who.id, |pairs| {
                    let others = pairs.iter().filter(|(known, _)| known != name).cloned();
                    let is_new = pairs.get(name).is_none();
                    // Order is not a matter of belief.
                    let all = others.chain([(name.clone(), value.clone())]);
                    *pairs = all.collect();
                    is_new
                });
                assert!(is_new.is_none_or(|is_new| is_new == *created), "{event:?}");
            }
            Event::UserVariableRemoved { who, name } => {
                self.change_user(who.id, |pairs| {
                    let others = pairs.iter().filter(|(known, _)| known != name).cloned();
                    *pairs = others.collect();
                });
            }
            _ => self.take_room(event),
        }
    }

    fn take_joined(
        &mut self,
        room: &Arc<RoomInfo>,
        members: &[Member],
        variables: &[Arc<RoomVariable>],
    ) {
        let listed = self
            .lists
            .get(&key(&room.zone))
            .and_then(|list| list.get(&room.id));
        assert_eq!(listed, Some(room), "it must be in the list before");
        let place = Place {
            tells: room.user_variables,
            members: members
                .iter()
                .map(|member| (member.who.id, member.clone()))
                .collect(),
            variables: variables
                .iter()
                .map(|shown| (shown.name.clone(), shown.clone()))
                .collect(),
        };
        assert!(
            self.rooms.insert(room.id, place).is_none(),
            "is there already: {room:?}"
        );
    }

    fn take_list(&mut self, event: &Event) {
        match event {
            Event::RoomList { zone, rooms, .. } => {
                let list = rooms.iter().map(|room| (room.id, room.clone())).collect();
                self.lists.insert(key(zone), list);
            }
            Event::RoomAppeared { room, .. } => {
                let list = self.lists.get_mut(&key(&room.zone)).expect("a list");
                assert!(
                    list.insert(room.id, room.clone()).is_none(),
                    "knew {room:?}"
                );
            }
            Event::RoomsChanged { rooms, .. } => {
                assert!(!rooms.is_empty(), "no change at all");
                for room in &**rooms {
                    let list = self.lists.get_mut(&key(&room.zone)).expect("a list");
                    let old = list.insert(room.id, room.clone());
                    assert!(
                        old.is_some_and(|old| old != *room),
                        "is no change: {room:?}"
                    );
                }
            }
            Event::RoomVanished { room, .. } => {
                let list = self.lists.get_mut(&key(&room.zone)).expect("a list");
                assert!(list.remove(&room.id).is_some(), "did not know {room:?}");
            }
            _ => {}
        }
    }

    /// What happens in a room the user is in.
    fn take_room(&mut self, event: &Event) {
        let Some(place) = event.room().and_then(|room| self.rooms.get_mut(&room)) else {
            return;
        };
        match event {
            Event::UserJoined { member, .. } => {
                let old = place.members.insert(member.who.id, member.clone());
                assert_eq!(old, None, "was there");
            }
            Event::UserLeft { who, .. } => {
                assert!(
                    place.members.remove(&who.id).is_some(),
                    "was not there: {who:?}"
                );
            }
            Event::MemberChanged { member, .. } => {
                let old = place.members.insert(member.who.id, member.clone());
                assert!(old.is_some_and(|old| old != *member), "{member:?}");
            }
            Event::Renumbered { numbers, .. } => {
                for (at, (who, number)) in numbers.iter().enumerate() {
                    assert_eq!(*number as usize, at, "in order and without a gap");
                    let member = place.members.get_mut(&who.id).expect("a member");
                    member.number = Some(*number);
                }
            }
            Event::RoomVariableSet {
                variable, created, ..
            } => {
                let old = place
                    .variables
                    .insert(variable.name.clone(), variable.clone());
                assert_eq!(old.is_none(), *created);
            }
            Event::RoomVariableRemoved { name, .. } => {
                assert!(place.variables.remove(name).is_some(), "no variable {name}");
            }
            Event::Said { from, .. } => {
                // The server speaks in any name, and is nobody.
                let is_server = from.id == UserId(0);
                let is_here = place.members.contains_key(&from.id);
                assert!(is_here || is_server, "said by a stranger");
            }
            _ => {}
        }
    }

    /// Changes what the user knows of another's variables, in each room they are in together.
    fn change_user<T>(&mut self, user: UserId, change: impl Fn(&mut Pairs) -> T) -> Option<T> {
        let places = self.rooms.values_mut().filter(|place| place.tells);
        let members = places.filter_map(|place| place.members.get_mut(&user));
        members.map(|member| change(&mut member.variables)).last()
    }

    /// Compares what the user believes with what is true.
    pub(crate) fn compare(&self, user: UserId, kernel: &Kernel) {
        let mut there = kernel.rooms_of(user).to_vec();
        there.sort_unstable();
        assert_eq!(
            self.rooms.keys().copied().collect::<Vec<_>>(),
            there,
            "{user:?}"
        );
        for (room, place) in &self.rooms {
            let members = kernel.members(*room);
            assert_eq!(place.members.len(), members.len());
            for member in members {
                let believed = &place.members[&member.who.id];
                let same = |a: &Member, b: &Member| {
                    (&a.who, a.part, a.number, a.moderator)
                        == (&b.who, b.part, b.number, b.moderator)
                };
                assert!(same(believed, member), "{believed:?} {member:?}");
                if place.tells {
                    assert_eq!(sorted(&believed.variables), sorted(&member.variables));
                }
            }
            let names: Vec<_> = kernel.room_variables(*room).collect();
            assert_eq!(place.variables.keys().collect::<Vec<_>>(), names);
            for (name, believed) in &place.variables {
                let shown = kernel.room_variable(*room, name).expect("a variable");
                let same = |a: &RoomVariable, b: &RoomVariable| {
                    (&a.value, a.persistent, a.locked) == (&b.value, b.persistent, b.locked)
                };
                assert!(same(believed, shown), "{believed:?} {shown:?}");
            }
        }
        self.compare_lists(user, kernel);
    }

    /// A watcher's list has the rooms of its zone: all that are visible, and its own. Their
    /// counts may be those of a moment ago.
    fn compare_lists(&self, user: UserId, kernel: &Kernel) {
        let rooms = self.rooms.keys().filter_map(|room| kernel.room(*room));
        let watched = rooms.filter(|room| room.updatable);
        for zone in watched.map(|room| key(&room.zone)) {
            let list = &self.lists[&zone];
            let real = kernel.rooms_in(&zone).filter_map(|room| kernel.room(room));
            let real: Vec<_> = real
                .filter(|room| !room.hidden || self.rooms.contains_key(&room.id))
                .collect();
            assert_eq!(list.len(), real.len(), "{user:?}: {list:?} {real:?}");
            for room in real {
                let believed = RoomInfo {
                    users: room.users,
                    spectators: room.spectators,
                    ..(*list[&room.id]).clone()
                };
                assert_eq!(believed, *room);
            }
        }
    }

    /// Whether the lists have the true counts too: so when nothing is left to be told.
    pub(crate) fn compare_counts(&self, kernel: &Kernel) {
        let rooms = self.rooms.keys().filter_map(|room| kernel.room(*room));
        let watched = rooms.filter(|room| room.updatable);
        for zone in watched.map(|room| key(&room.zone)) {
            for room in self.lists[&zone].values() {
                assert_eq!(kernel.room(room.id), Some(&**room));
            }
        }
    }
}

fn sorted(pairs: &Pairs) -> BTreeMap<Arc<str>, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (name.clone(), format!("{value:?}")))
        .collect()
}
