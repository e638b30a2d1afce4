//! Thousands of random histories. [`World`] checks after each input that members, lists, numbers,
//! capacities and bans are as everybody was told; here is what is done, and what must be left.
//!
//! `GREENROOM_HISTORIES` sets how many there are.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};
use rooms::{
    Account, Actor, Audience, BanId, BanTarget, Config, Effect, Event, FloodRules, Input, Kernel,
    Leaving, Lifetime, Limits, LoginDecision, LoginRules, NewRoom, Op, Pairs, Part, Question, Role,
    RoomChange, RoomId, RoomRef, Snapshot, StoredRoom, UnixMillis, UserId, WordRules, key,
};

use crate::world::{World, hashed, login, pairs, secret, set_with};

const HISTORIES: u32 = 2_000;
const STEPS: usize = 120;
/// Whoever has this number or a higher one is the server.
const SERVER: u8 = 230;
const NAMES: [&str; 8] = ["ann", "Bob", "cyd", "Dan", "eve", "mod", "boss", "darn"];
const ZONES: [&str; 2] = ["Main", "games"];
const ROOMS: [&str; 5] = ["Lobby", "chess", "vault", "Attic", "den"];

/// One thing that happens; the numbers choose who, where and what.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: u8,
    who: u8,
    place: u8,
    how: u16,
}

impl Step {
    /// A bit of `how`.
    fn bit(self, bit: u32) -> bool {
        self.how >> bit & 1 == 1
    }

    fn name(self) -> &'static str {
        NAMES[usize::from(self.how >> 4) % NAMES.len()]
    }

    fn password(self) -> &'static str {
        ["", "open", "wrong"][usize::from(self.how >> 2) % 3]
    }

    fn leaving(self) -> Leaving {
        if self.bit(0) {
            Leaving::None
        } else {
            Leaving::All
        }
    }

    fn part(self) -> Part {
        if self.bit(1) {
            Part::Spectator
        } else {
            Part::Player
        }
    }

    /// A room by name, of those that may be.
    fn room(self) -> RoomRef {
        RoomRef::Name {
            zone: ZONES[usize::from(self.place >> 4) % ZONES.len()].into(),
            room: ROOMS[usize::from(self.place) % ROOMS.len()].into(),
        }
    }

    fn capacity(self) -> Option<u32> {
        [None, Some(2), Some(3)][usize::from(self.how >> 6) % 3]
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..26u8, any::<u8>(), any::<u8>(), any::<u16>());
    let step = step.prop_map(|(what, who, place, how)| Step {
        what,
        who,
        place,
        how,
    });
    prop::collection::vec(step, 1..STEPS)
}

fn config(handler: bool) -> Config {
    Config {
        counts_delay_ms: 50,
        counts_per_second: 10,
        login: LoginRules {
            guest_prefix: Some("guest".into()),
            wrong_passwords: Some(3),
            handler,
            ..LoginRules::default()
        },
        flood: FloodRules {
            burst: 3,
            interval_ms: 100,
            warnings: 1,
            grace_ms: 10,
            kicks_before_ban: Some(1),
            ban_ms: 1_000,
            ..FloodRules::default()
        },
        words: WordRules {
            words: vec!["darn".into()],
            ..WordRules::default()
        },
        limits: Limits {
            users: 10,
            rooms_per_user: 3,
            rooms_made_per_user: 2,
            rooms_per_zone: 4,
            room_variables: 3,
            bans: 4,
            buddies: 3,
            flood_records: 3,
            ..Limits::default()
        },
        ..Config::default()
    }
}

/// What is there before: accounts, and a room whose password only its hash is known of.
fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (name, role) in [
        ("ann", Role::User),
        ("mod", Role::Moderator),
        ("boss", Role::Administrator),
    ] {
        let account = Account {
            name: name.into(),
            hash: hashed("open"),
            role,
        };
        snapshot.apply(rooms::Change::PutAccount(account));
    }
    snapshot.apply(rooms::Change::PutRoom(StoredRoom {
        zone: "Main".into(),
        name: "vault".into(),
        password: Some(hashed("open")),
        description: "".into(),
        capacity: Some(2),
        spectator_capacity: Some(1),
        hidden: false,
        updatable: true,
        numbered: true,
        user_variables: true,
        flood_filter: true,
    }));
    snapshot
}

struct History {
    world: World,
    config: Config,
}

impl History {
    /// Some are there from the start.
    fn new(handler: bool) -> Self {
        let mut world = World::restored(config(false), snapshot());
        for (number, name) in ["Bob", "cyd", "mod", "boss", "ann"].iter().enumerate() {
            let user = world.connect_from(&format!("10.1.0.{number}"));
            world.done(user, login(name, "open"));
        }
        world.answers_at_once = false;
        let config = config(handler);
        world.handle(Input::Configure(Box::new(config.clone())));
        Self { world, config }
    }

    /// A connection that is there, or was.
    fn user(&self, step: Step) -> UserId {
        let all = self.world.beliefs.keys().copied();
        let visitors_too = step.who.is_multiple_of(8);
        let here: Vec<_> = all
            .filter(|user| visitors_too || self.world.kernel.who(*user).is_some())
            .collect();
        here.get(usize::from(step.who) % here.len().max(1))
            .copied()
            .unwrap_or(UserId(u64::from(step.who)))
    }

    /// Mostly a room the user is in.
    fn place(&self, step: Step) -> RoomRef {
        let rooms = self.world.kernel.rooms_of(self.user(step));
        match rooms.last() {
            Some(room) if step.place & 3 != 0 => RoomRef::Id(*room),
            _ => step.room(),
        }
    }

    fn by(&self, step: Step) -> Actor {
        if step.who >= SERVER {
            Actor::Server
        } else {
            Actor::User(self.user(step))
        }
    }

    fn take(&mut self, step: Step) {
        match step.what {
            0..=2 => self.come(step),
            3 => {
                let user = self.user(step);
                self.world.disconnect(user);
            }
            4 => self.world.pass(u64::from(step.how) % 200),
            5 | 6 => self.answer(step),
            17 => self.talk_much(step),
            7 => self
                .world
                .handle(Input::Configure(Box::new(self.config.clone()))),
            _ => {
                let by = self.by(step);
                let op = self.op(step);
                self.world.handle(Input::Op { by, op });
            }
        }
    }

    /// Somebody comes, from one of four addresses, and mostly logs in.
    fn come(&mut self, step: Step) {
        let address = format!("10.0.{}.{}", step.who % 2, step.who / 2 % 2);
        let user = self.world.connect_from(&address);
        if !self.world.beliefs.contains_key(&user) {
            return;
        }
        let name = if step.bit(3) { step.name() } else { "" };
        self.world.op(
            user,
            Op::Login {
                name: name.into(),
                password: secret(if step.bit(2) { "open" } else { "wrong" }),
                variables: pairs(&[("colour", "red")]),
                admin: step.bit(1) && step.bit(0),
            },
        );
    }

    /// One of the questions is answered, perhaps one whose asker has gone.
    fn answer(&mut self, step: Step) {
        if step.bit(0)
            && let Some((request, hash)) = self.world.hashes.pop()
        {
            let hash = step.bit(1).then_some(hash);
            self.world.handle(Input::Hashed { request, hash });
        } else if !self.world.questions.is_empty() {
            let which = usize::from(step.who) % self.world.questions.len();
            let (request, ok) = self.world.questions.swap_remove(which);
            self.world.handle(Input::Verified { request, ok });
        } else if let Some(request) = self.world.asked.pop() {
            let decision = if step.bit(1) {
                LoginDecision::Deny {
                    reason: "no".into(),
                }
            } else {
                LoginDecision::Accept {
                    name: step.bit(2).then(|| step.name().into()),
                    known: step.bit(3),
                    role: if step.bit(8) {
                        Role::Moderator
                    } else {
                        Role::User
                    },
                    variables: Pairs::default(),
                }
            };
            self.world.handle(Input::LoginDecided { request, decision });
        }
    }

    fn talk_much(&mut self, step: Step) {
        let (by, room) = (self.by(step), self.place(step));
        let text = ["hi", "darn it", "x"][usize::from(step.how % 3)];
        for time in 0..step.how % 12 {
            self.world.now += 6;
            let op = Op::Say {
                room: room.clone(),
                text: format!("{text} {time}").into(),
                variables: Pairs::default(),
            };
            self.world.handle(Input::Op { by, op });
        }
    }

    fn op(&self, step: Step) -> Op {
        let room = self.place(step);
        match step.what {
            8..=10 => create(step),
            11..=13 => Op::Join {
                room: step.room(),
                password: secret(step.password()),
                part: step.part(),
                leaving: step.leaving(),
            },
            14 => Op::Leave { room },
            15 => Op::ChangePart {
                room,
                part: step.part(),
            },
            16 => Op::ChangeRoom {
                room,
                change: change(step),
            },
            18 | 19 => self.variable(step),
            20 => moderation(step, room),
            21 => self.ban(step),
            22 => Op::SetModerator {
                room,
                name: step.name().into(),
                on: step.bit(0),
            },
            23 => Op::Ask(question(step)),
            24 if step.bit(9) => Op::Logout,
            24 => buddy(step),
            _ => talk(step),
        }
    }

    fn variable(&self, step: Step) -> Op {
        let name = ["t", "u", "v", "w"][usize::from(step.how >> 6) % 4];
        let id = |room: &RoomRef| match room {
            RoomRef::Name { zone, room } => self.world.kernel.find_room(zone, room),
            RoomRef::Id(id) => Some(*id),
        };
        let room = self.place(step);
        let user = (step.who >= SERVER).then(|| self.user(step));
        match (step.what, step.how % 3) {
            (18, 0) => Op::RemoveRoomVariable {
                room,
                name: name.into(),
            },
            (18, _) => set_with(
                id(&room).unwrap_or(RoomId(0)),
                name,
                step.password(),
                Some(step.bit(10)),
                Some(step.bit(11)),
            ),
            (_, 0) => Op::RemoveUserVariable {
                user,
                name: name.into(),
            },
            _ => Op::SetUserVariable {
                user,
                name: name.into(),
                value: step.password().into(),
            },
        }
    }

    fn ban(&self, step: Step) -> Op {
        let until = UnixMillis(self.world.now + u64::from(step.how % 300) + 1);
        let until = step.bit(10).then_some(until);
        let reason = "because".into();
        let address = IpAddr::from([10, 0, step.place % 2, step.place / 2 % 2]);
        match step.how % 4 {
            0 => Op::BanUser {
                name: step.name().into(),
                reason,
                until,
            },
            1 => Op::Ban {
                target: BanTarget::Network(rooms::Network::of_user(address)),
                reason,
                until,
            },
            2 => Op::Ban {
                target: BanTarget::Name(step.name().into()),
                reason,
                until,
            },
            _ => Op::Unban {
                ban: BanId(u64::from(step.who % 8)),
            },
        }
    }

    /// All questions are answered and all counts told; then everybody goes, and only what stays
    /// by itself is left. A kernel that starts from the store has it too.
    fn end(mut self) {
        self.world.answers_at_once = true;
        self.world.pass(1_000);
        self.world.pass(1_000);
        for belief in self.world.beliefs.values() {
            belief.compare_counts(&self.world.kernel);
        }
        let here: Vec<_> = self.world.beliefs.keys().copied().collect();
        for user in here {
            self.world.disconnect(user);
        }
        self.world.pass(1_000);
        assert_eq!(self.world.kernel.user_count(), 0);
        let again = Kernel::new(self.config, self.world.store.clone());
        let (left, stored) = (rooms_left(&self.world.kernel), rooms_left(&again));
        assert!(stored.is_subset(&left), "{left:?} {stored:?}");
        let Snapshot {
            rooms, variables, ..
        } = &self.world.store;
        assert_eq!(stored.len(), rooms.len());
        assert!(variables.keys().all(|place| rooms.contains_key(place)));
        for (place, variables) in variables {
            let room = self
                .world
                .kernel
                .find_room(&place.zone, &place.room)
                .expect("a room");
            for (name, stored) in variables {
                let live = self
                    .world
                    .kernel
                    .room_variable(room, name)
                    .expect("a variable");
                assert_eq!(
                    (&live.value, live.persistent, live.locked, &live.owner),
                    (&stored.value, true, stored.locked, &stored.owner)
                );
            }
        }
    }
}

fn create(step: Step) -> Op {
    let RoomRef::Name { zone, room } = step.room() else {
        unreachable!("rooms are named here");
    };
    let mut new = NewRoom::new(&zone, &room);
    new.password = step.bit(2).then(|| secret(step.password()));
    new.hidden = step.bit(3);
    new.updatable = step.bit(4) || step.bit(5);
    new.numbered = step.bit(6);
    new.user_variables = step.bit(7);
    new.capacity = step.capacity();
    new.spectator_capacity = step.bit(8).then_some(1);
    if step.bit(9) && step.bit(10) {
        new.lifetime = if step.bit(11) {
            Lifetime::Stored
        } else {
            Lifetime::Permanent
        };
    }
    Op::CreateRoom {
        room: Box::new(new),
        or_join: step.bit(1),
        leaving: step.leaving(),
    }
}

fn moderation(step: Step, place: RoomRef) -> Op {
    let name = step.name().into();
    let room = step.bit(0).then_some(place);
    let reason = "because".into();
    match step.how % 5 {
        0 => Op::RemoveRoom { room: step.room() },
        1 => Op::RemoveAccount { name },
        2 => Op::PutAccount(Account {
            name,
            hash: hashed("open"),
            role: Role::User,
        }),
        _ => Op::Kick { name, room, reason },
    }
}

/// The rooms there are, by the keys of zone and name.
fn rooms_left(kernel: &Kernel) -> BTreeSet<String> {
    let zones = kernel.zones();
    let rooms = zones.flat_map(|zone| kernel.rooms_in(zone));
    let infos = rooms.filter_map(|room| kernel.room(room));
    infos
        .map(|info| key(&format!("{}/{}", info.zone, info.name)).to_string())
        .collect()
}

fn change(step: Step) -> RoomChange {
    match step.how % 5 {
        0 => RoomChange::Description(step.password().into()),
        1 => RoomChange::Capacity(step.capacity()),
        2 => RoomChange::Hidden(step.bit(8)),
        3 => RoomChange::Updatable(step.bit(8)),
        _ => RoomChange::Password(step.bit(8).then(|| secret(step.password()))),
    }
}

fn question(step: Step) -> Question {
    match step.how % 6 {
        0 if step.bit(8) => Question::UserCount,
        0 => Question::Buddies,
        1 => Question::Rooms(ZONES[usize::from(step.place) % 2].into()),
        2 => Question::Zones,
        3 => Question::Location(step.name().into()),
        4 => Question::Users(step.room()),
        _ => Question::Bans,
    }
}

fn buddy(step: Step) -> Op {
    let name = step.name().into();
    if step.bit(0) {
        Op::AddBuddy { name }
    } else {
        Op::RemoveBuddy { name }
    }
}

fn talk(step: Step) -> Op {
    let text = "psst".into();
    let variables = Pairs::default();
    if step.bit(0) {
        let to = vec![step.name().into(), "nobody".into(), step.name().into()];
        return Op::Whisper {
            to,
            text,
            variables,
        };
    }
    let to = match step.how >> 1 & 3 {
        0 => Audience::All,
        1 => Audience::Zone(ZONES[usize::from(step.place) % 2].into()),
        _ => Audience::Room(step.room()),
    };
    let from = "plugin".into();
    Op::Announce {
        to,
        from,
        text,
        variables,
    }
}

#[test]
fn what_everybody_was_told_is_true_whatever_happens() {
    let histories = std::env::var("GREENROOM_HISTORIES").ok();
    let histories = histories.map_or(HISTORIES, |text| text.parse().expect("a number"));
    let cases = Cases {
        cases: histories,
        failure_persistence: None,
        ..Cases::default()
    };
    let strategy = (steps(), any::<bool>());
    let outcome = TestRunner::new(cases).run(&strategy, |(steps, handler)| {
        let mut history = History::new(handler);
        for step in steps {
            history.take(step);
        }
        history.end();
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Guards the test above against passing because nothing ever happens.
#[test]
fn histories_see_everything_that_can_be_told() {
    let cases = Cases {
        cases: 600,
        failure_persistence: None,
        ..Cases::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let seen = RefCell::new(BTreeSet::new());
    let strategy = (steps(), any::<bool>());
    let outcome = TestRunner::new_with_rng(cases, rng).run(&strategy, |(steps, handler)| {
        let mut history = History::new(handler);
        for step in steps {
            history.take(step);
            let effects = history.world.effects.iter();
            seen.borrow_mut().extend(effects.flat_map(kinds));
        }
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    let seen = seen.into_inner();
    let missing: Vec<_> = ALL
        .split(' ')
        .filter(|kind| !seen.contains(*kind))
        .collect();
    assert_eq!(missing, [""; 0]);
}

/// Every event, effect and change, and what matters of the rest.
const ALL: &str = "\
    Announced AskLogin AuditBan AuditFloodKick AuditFloodWarning AuditKick AuditKickFromRoom \
    AuditRemoveRoom AuditUnban AuditWordFilter Banned Bans Buddies BuddyOffline BuddyOnline \
    Close FloodWarning Hash Joined Kicked Left Location LoggedIn LoggedOut MemberChanged \
    PutAccount PutBan PutBuddies PutRoom PutVariable RemoveAccount RemoveBan RemoveRoom \
    RemoveVariable Renumbered RoomAppeared RoomList RoomsChanged RoomVanished \
    RoomVariableRemoved RoomVariableSet Rooms Said ServerRefused UserCount UserJoined \
    UserLeft UserVariableRemoved UserVariableSet Users Verify Whispered Zones bad_login \
    bad_room_password banned busy denied flooded in_room_already kicked limit logged_out \
    name_in_use not_allowed not_in_room not_logged_in room_exists room_full";

/// The words an effect begins with in its debug form: what it is, and what is in it.
fn kinds(effect: &Effect) -> Vec<String> {
    let word = |text: String| text.split([' ', '(']).next().unwrap_or_default().to_owned();
    let mut kinds = vec![word(format!("{effect:?}"))];
    match effect {
        Effect::Tell { event, .. } => {
            kinds.push(word(format!("{event:?}")));
            if let Event::Refused { why, .. } = event {
                kinds.push(why.as_str().to_owned());
            }
        }
        Effect::Persist(change) => kinds.push(word(format!("{change:?}"))),
        Effect::Close { reason, .. } => kinds.push(reason.as_str().to_owned()),
        Effect::Audit(audit) => kinds.push(word(format!("Audit{:?}", audit.action))),
        _ => {}
    }
    kinds
}
