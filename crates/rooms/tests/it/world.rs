//! A kernel with users who believe what they are told. After each input what they believe is
//! compared with what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use rooms::{
    Account, Actor, BanTarget, Change, CloseReason, Config, Effect, Event, Input, Kernel, Leaving,
    NewRoom, NewVariable, Op, OpKind, Output, Pairs, Part, Refusal, RequestId, Role, RoomId,
    RoomRef, Secret, Snapshot, UnixMillis, UserId,
};

use crate::belief::Belief;

/// The "hash" of a password in these tests, where nothing is hashed.
pub(crate) fn hashed(password: &str) -> Arc<str> {
    format!("hash of {password}").into()
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret(text.into())
}

pub(crate) fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    let pairs = pairs.iter();
    pairs
        .map(|&(name, value)| (name.into(), value.into()))
        .collect()
}

pub(crate) struct World {
    pub(crate) kernel: Kernel,
    pub(crate) now: u64,
    pub(crate) beliefs: BTreeMap<UserId, Belief>,
    /// What each user was told by the last input.
    told: BTreeMap<UserId, Vec<Event>>,
    /// What else the last input led to.
    pub(crate) effects: Vec<Effect>,
    /// Everything that was ever said to be stored.
    pub(crate) store: Snapshot,
    pub(crate) closed: BTreeMap<UserId, CloseReason>,
    pub(crate) addresses: BTreeMap<UserId, IpAddr>,
    /// Questions that are not answered yet, with the right answer to a password.
    pub(crate) questions: Vec<(RequestId, bool)>,
    pub(crate) hashes: Vec<(RequestId, Arc<str>)>,
    /// What the login handler was asked.
    pub(crate) asked: Vec<RequestId>,
    /// Whether passwords are looked at at once.
    pub(crate) answers_at_once: bool,
    pub(crate) timeout: Option<u64>,
    next_user: u64,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        Self::restored(config, Snapshot::default())
    }

    pub(crate) fn restored(config: Config, store: Snapshot) -> Self {
        Self {
            kernel: Kernel::new(config, store.clone()),
            now: 1_000_000,
            beliefs: BTreeMap::new(),
            told: BTreeMap::new(),
            effects: Vec::new(),
            store,
            closed: BTreeMap::new(),
            addresses: BTreeMap::new(),
            questions: Vec::new(),
            hashes: Vec::new(),
            asked: Vec::new(),
            answers_at_once: true,
            timeout: None,
            next_user: 0,
        }
    }

    /// One where counts are told at once.
    pub(crate) fn plain() -> Self {
        Self::new(Config {
            counts_delay_ms: 0,
            ..Config::default()
        })
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.told.clear();
        self.effects.clear();
        self.handle_more(input);
        while self.answers_at_once
            && let Some((request, ok)) = self.questions.pop()
        {
            self.handle_more(Input::Verified { request, ok });
        }
        while self.answers_at_once
            && let Some((request, hash)) = self.hashes.pop()
        {
            let hash = Some(hash);
            self.handle_more(Input::Hashed { request, hash });
        }
        self.check();
    }

    fn handle_more(&mut self, input: Input) {
        self.kernel.handle(UnixMillis(self.now), input);
        loop {
            match self.kernel.poll() {
                Output::Effect(effect) => self.take(effect),
                Output::Timeout(at) => {
                    self.timeout = at.map(|at| at.0);
                    break;
                }
            }
        }
    }

    fn take(&mut self, effect: Effect) {
        match &effect {
            Effect::Tell { to, event } => {
                let users: BTreeSet<_> = to.as_slice().iter().collect();
                assert_eq!(users.len(), to.as_slice().len(), "told twice: {event:?}");
                for user in to.as_slice() {
                    assert!(
                        !self.closed.contains_key(user),
                        "told after its end: {event:?}"
                    );
                    let belief = self.beliefs.get_mut(user);
                    let belief = belief.unwrap_or_else(|| panic!("{user:?} is gone: {event:?}"));
                    belief.take(event);
                    self.told.entry(*user).or_default().push(event.clone());
                }
            }
            Effect::Close { user, reason } => {
                assert!(self.closed.insert(*user, *reason).is_none(), "closed twice");
                self.beliefs.remove(user);
            }
            Effect::Verify {
                request,
                password,
                hash,
            } => self
                .questions
                .push((*request, hashed(&password.0) == *hash)),
            Effect::Hash { request, password } => {
                self.hashes.push((*request, hashed(&password.0)));
            }
            Effect::AskLogin { request, .. } => self.asked.push(*request),
            Effect::Persist(change) => {
                let text = serde_json::to_string(change).expect("JSON");
                let again: Change = serde_json::from_str(&text).expect("the change");
                assert_eq!(again, *change);
                self.store.apply(again);
            }
            _ => {}
        }
        self.effects.push(effect);
    }

    /// What must hold between inputs.
    fn check(&self) {
        for (user, belief) in &self.beliefs {
            belief.compare(*user, &self.kernel);
        }
        let mut zones: Vec<_> = self.kernel.zones().collect();
        zones.dedup();
        for id in zones.iter().flat_map(|zone| self.kernel.rooms_in(zone)) {
            self.check_room(id);
        }
        for ban in self.store.bans.values() {
            for user in self.beliefs.keys() {
                assert!(
                    !self.meets(&ban.target, *user),
                    "{user:?} is banned by {ban:?}"
                );
            }
        }
    }

    fn meets(&self, target: &BanTarget, user: UserId) -> bool {
        match target {
            BanTarget::Network(network) => network.contains(self.addresses[&user]),
            BanTarget::Name(name) => {
                let who = self.kernel.who(user);
                who.is_some_and(|who| rooms::key(&who.name) == rooms::key(name))
            }
        }
    }

    fn check_room(&self, id: RoomId) {
        let info = self.kernel.room(id).expect("a room");
        let members = self.kernel.members(id);
        let spectators = members
            .iter()
            .filter(|member| member.part == Part::Spectator)
            .count();
        assert_eq!(members.len(), info.users as usize);
        assert_eq!(spectators, info.spectators as usize);
        let players = members.len() - spectators;
        let fits = |count: usize, most: Option<u32>| most.is_none_or(|most| count <= most as usize);
        match info.spectator_capacity {
            None => assert!(fits(members.len(), info.capacity), "{info:?}"),
            Some(_) => {
                assert!(fits(players, info.capacity) && fits(spectators, info.spectator_capacity));
            }
        }
        let mut numbers: Vec<_> = members.iter().filter_map(|member| member.number).collect();
        numbers.sort_unstable();
        let expected = if info.numbered { players as u32 } else { 0 };
        assert_eq!(numbers, (0..expected).collect::<Vec<_>>(), "{info:?}");
    }

    pub(crate) fn op(&mut self, user: UserId, op: Op) {
        let by = Actor::User(user);
        self.handle(Input::Op { by, op });
    }

    pub(crate) fn server(&mut self, op: Op) {
        let by = Actor::Server;
        self.handle(Input::Op { by, op });
    }

    /// Does something that must be refused, and tells why.
    pub(crate) fn refused(&mut self, user: UserId, op: Op) -> Refusal {
        let what = op.kind();
        self.op(user, op);
        self.refusal(user, what)
    }

    pub(crate) fn refusal(&self, user: UserId, kind: OpKind) -> Refusal {
        match self.told(user) {
            [Event::Refused { what, why }] if *what == kind => why.clone(),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Does something that must not be refused.
    pub(crate) fn done(&mut self, user: UserId, op: Op) {
        self.op(user, op);
        let refused = self
            .told(user)
            .iter()
            .find(|event| matches!(event, Event::Refused { .. }));
        assert_eq!(refused, None);
    }

    /// What a user was told by the last input.
    pub(crate) fn told(&self, user: UserId) -> &[Event] {
        self.told.get(&user).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.handle(Input::Timeout);
    }

    pub(crate) fn connect_from(&mut self, address: &str) -> UserId {
        self.next_user += 1;
        let user = UserId(self.next_user);
        let address = address.parse().expect("an address");
        self.addresses.insert(user, address);
        self.beliefs.insert(user, Belief::default());
        self.handle(Input::Connect { user, address });
        user
    }

    /// A connection with an address of its own.
    pub(crate) fn connect(&mut self) -> UserId {
        let number = self.next_user + 1;
        self.connect_from(&format!("10.0.{}.{}", number / 250, number % 250))
    }

    pub(crate) fn disconnect(&mut self, user: UserId) {
        self.beliefs.remove(&user);
        self.handle(Input::Disconnect { user });
    }

    pub(crate) fn log_in(&mut self, name: &str) -> UserId {
        self.log_in_with(name, "")
    }

    pub(crate) fn log_in_with(&mut self, name: &str, password: &str) -> UserId {
        let user = self.connect();
        self.done(user, login(name, password));
        user
    }

    pub(crate) fn account(&mut self, name: &str, password: &str, role: Role) {
        self.server(Op::PutAccount(Account {
            name: name.into(),
            hash: hashed(password),
            role,
        }));
    }

    /// Somebody with an account of that role, logged in; the password is the name.
    pub(crate) fn log_in_as(&mut self, name: &str, role: Role) -> UserId {
        self.account(name, name, role);
        self.log_in_with(name, name)
    }

    /// Makes a room as somebody.
    pub(crate) fn make(&mut self, user: UserId, room: NewRoom) -> RoomId {
        let (zone, name) = (room.zone.clone(), room.name.clone());
        self.done(user, create(room));
        self.kernel.find_room(&zone, &name).expect("the room")
    }

    pub(crate) fn found(&mut self, room: NewRoom) -> RoomId {
        let (zone, name) = (room.zone.clone(), room.name.clone());
        self.server(create(room));
        self.kernel.find_room(&zone, &name).expect("the room")
    }

    /// Starts anew from what was stored.
    pub(crate) fn restart(self, config: Config) -> Self {
        Self::restored(config, self.store)
    }
}

pub(crate) fn login(name: &str, password: &str) -> Op {
    Op::Login {
        name: name.into(),
        password: secret(password),
        variables: Pairs::default(),
        admin: false,
    }
}

pub(crate) fn create(room: NewRoom) -> Op {
    Op::CreateRoom {
        room: Box::new(room),
        or_join: false,
        leaving: Leaving::All,
    }
}

pub(crate) fn join(room: RoomId) -> Op {
    join_as(room, Part::Player)
}

pub(crate) fn join_as(room: RoomId, part: Part) -> Op {
    Op::Join {
        room: RoomRef::Id(room),
        password: secret(""),
        part,
        leaving: Leaving::All,
    }
}

pub(crate) fn join_with(room: RoomId, password: &str) -> Op {
    Op::Join {
        room: RoomRef::Id(room),
        password: secret(password),
        part: Part::Player,
        leaving: Leaving::All,
    }
}

/// Joins without leaving anything.
pub(crate) fn join_too(room: RoomId) -> Op {
    Op::Join {
        room: RoomRef::Id(room),
        password: secret(""),
        part: Part::Player,
        leaving: Leaving::None,
    }
}

pub(crate) fn leave(room: RoomId) -> Op {
    let room = RoomRef::Id(room);
    Op::Leave { room }
}

pub(crate) fn say(room: RoomId, text: &str) -> Op {
    Op::Say {
        room: RoomRef::Id(room),
        text: text.into(),
        variables: Pairs::default(),
    }
}

pub(crate) fn set(room: RoomId, name: &str, value: &str) -> Op {
    set_with(room, name, value, None, None)
}

pub(crate) fn set_with(
    room: RoomId,
    name: &str,
    value: &str,
    persistent: Option<bool>,
    locked: Option<bool>,
) -> Op {
    Op::SetRoomVariable {
        room: RoomRef::Id(room),
        variable: NewVariable {
            name: name.into(),
            value: value.into(),
            persistent,
            locked,
        },
    }
}
