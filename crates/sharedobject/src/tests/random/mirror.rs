//! One random history of an owner and a proxy: clients at both ends, a script at each, locks at the
//! owner, connections that are slow, get lost and are made anew, an owner that restarts.
//!
//! The owner is what the other histories check. Here all that is asked at the proxy is answered
//! once, each call comes at its place between the changes, no value of a slot comes back after a
//! later one, and in the end both ends are equal.

use std::collections::{BTreeMap, VecDeque};

use amf::{Str, Value};
use rtmp::shared_object::{Event, Message};
use rtmp::{Encoding, Limits as WireLimits};

use super::Dice;
use super::client::{Answer, Call, Client};
use super::history::{answer, call_event};
use super::model::number_of;
use crate::remote::Stage;
use crate::tests::world::{World, read};
use crate::{Config, Conflict, Dialect, Kind, LinkId, ObjectId, Rights, SyncCode, Update, UserId};

const STEPS: u64 = 120;

/// The clients at the owner; those behind them are at the proxy.
const AT_OWNER: usize = 2;
const CLIENTS: usize = 5;

/// A client of the owner that asks for nothing.
const OBSERVER: u64 = 50;

/// The proxy, as a client of the owner.
const PROXY: u64 = 100;

pub(super) struct History {
    dice: Dice,
    kind: Kind,
    owner_config: Config,
    owner: World,
    owner_script: ObjectId,
    is_locked: bool,
    proxy: World,
    proxy_script: ObjectId,
    /// Whether the owner lets the proxy write.
    may_write: bool,
    link: LinkId,
    is_up: bool,
    up: VecDeque<Message>,
    down: VecDeque<Message>,
    clients: Vec<Client>,
    /// What each client is owed an answer to: slots, and `clear`.
    owed: Vec<Vec<Str>>,
    /// Those who were told of a refusal when they were owed the answer to a `clear`.
    excused: [bool; CLIENTS],
    script_owed: Vec<Str>,
    /// The copy as the script knows it by what it is told.
    script_copy: BTreeMap<Str, u64>,
    numbers: u64,
    /// In which order the values came to be.
    places: BTreeMap<u64, u64>,
    /// What the object was at each call.
    calls: BTreeMap<u64, BTreeMap<Str, u64>>,
}

impl History {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let kind = Kind::of(dice.one_in(2));
        let owner_config = config(&mut dice);
        let proxy_config = config(&mut dice);
        let mut owner = World::new(owner_config.clone());
        let owner_script = owner.directory.open("so", kind).unwrap();
        let mut proxy = World::new(proxy_config);
        let link = LinkId(1);
        let proxy_script = proxy.directory.open_proxy("so", kind, link).unwrap();
        let client = |id| Client::new(id as u64, kind.is_persistent(), id != 4);
        Self {
            kind,
            owner_config,
            owner,
            owner_script,
            is_locked: false,
            proxy,
            proxy_script,
            may_write: !dice.one_in(8),
            dice,
            link,
            is_up: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            clients: (0..CLIENTS).map(client).collect(),
            owed: vec![Vec::new(); CLIENTS],
            excused: [false; CLIENTS],
            script_owed: Vec::new(),
            script_copy: BTreeMap::new(),
            numbers: 0,
            places: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    pub(super) fn run(mut self) {
        self.observe();
        for _ in 0..STEPS {
            self.step();
        }
        self.finish();
    }

    fn step(&mut self) {
        let at = self.dice.below(CLIENTS as u64) as usize;
        match self.dice.below(60) {
            0..=5 => self.begin_use(at),
            6..=19 => self.ask(at),
            20 => self.leave(at),
            21..=24 => self.clients[at].read(&self.places),
            25..=27 => {
                let millis = self.dice.below(60);
                self.wait(millis);
            }
            28 if self.dice.one_in(3) => self.wait(12_000),
            29..=33 => self.owner_acts(),
            34..=39 => self.proxy_script_acts(),
            40 if self.dice.one_in(2) => self.lose_link(),
            41..=43 => self.make_link(),
            44 if self.dice.one_in(4) => self.restart_owner(),
            _ => {
                for _ in 0..=self.dice.below(3) {
                    self.carry();
                }
            }
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn end(&mut self, at: usize) -> &mut World {
        if at < AT_OWNER {
            &mut self.owner
        } else {
            &mut self.proxy
        }
    }

    fn begin_use(&mut self, at: usize) {
        if !self.owed[at].is_empty() {
            return;
        }
        let serial = self.number();
        // A client that uses the object twice need not be told twice of what is on its way.
        self.clients[at].read(&self.places);
        if self.clients[at].serial.is_none() {
            self.clients[at].serial = Some(serial);
            self.say(at, vec![Event::Use]);
        }
    }

    fn say(&mut self, at: usize, events: Vec<Event>) {
        let client = &self.clients[at];
        let persistent = self.kind.is_persistent();
        let message = Message::new(client.name, client.version, persistent, events);
        let rights = Rights {
            write: client.may_write,
            ..Rights::ALL
        };
        self.end(at).send(at as u64, &message, rights);
        self.pump();
    }

    fn ask(&mut self, at: usize) {
        // As the clients of the time: no second request before the answer to the first.
        if self.clients[at].serial.is_none() || !self.owed[at].is_empty() {
            return;
        }
        // It knows the answer once it has read it.
        self.clients[at].read(&self.places);
        if self.dice.one_in(5) {
            let number = self.number();
            if self.clients[at].may_write && !(self.is_locked && at < AT_OWNER) {
                self.say(at, vec![call_event(number)]);
            }
            return;
        }
        if self.dice.one_in(12) {
            self.owed[at].push("clear".into());
            return self.say(at, vec![Event::RequestClear]);
        }
        let mut events = Vec::new();
        for _ in 0..=self.dice.below(3) {
            let key = self.dice.key();
            if !self.owed[at].contains(&key) {
                let value = (!self.dice.one_in(4)).then(|| self.number());
                events.push(slot_event(&key, value));
                self.clients[at].wanted.push((key.clone(), value));
                self.owed[at].push(key);
            }
        }
        self.clients[at].unanswered = self.owed[at].len();
        self.say(at, events);
    }

    fn leave(&mut self, at: usize) {
        let now = self.end(at).now;
        self.end(at).directory.leave(now, UserId(at as u64));
        self.pump();
        self.clients[at].leave();
        self.owed[at].clear();
    }

    fn wait(&mut self, millis: u64) {
        self.owner.wait(millis);
        self.proxy.wait(millis);
        self.pump();
    }

    fn owner_acts(&mut self) {
        let (id, key) = (self.owner_script, self.dice.key());
        match self.dice.below(10) {
            0..=4 => {
                let number = self.number();
                self.owner.set(id, &key, number as f64);
            }
            5 => self.owner.set(id, &key, Value::Null),
            6 if self.dice.one_in(3) => drop(self.owner.directory.clear(id)),
            7 => {
                self.is_locked = true;
                self.owner.directory.lock(id);
            }
            8 => {
                self.is_locked = false;
                self.owner.directory.break_lock(id);
            }
            _ if !self.is_locked => {
                let number = self.number();
                self.owner
                    .directory
                    .send(id, &"f".into(), &[number_value(number)])
                    .unwrap();
                self.owner
                    .calls
                    .push(("f".into(), vec![number_value(number)]));
            }
            _ => {}
        }
        self.pump();
    }

    fn proxy_script_acts(&mut self) {
        let (id, key) = (self.proxy_script, self.dice.key());
        let number = self.number();
        let directory = &mut self.proxy.directory;
        match self.dice.below(8) {
            what @ 0..=5 => {
                let value = if what == 5 {
                    Value::Null
                } else {
                    number_value(number)
                };
                if directory.set(id, &key, &value).is_ok() {
                    self.script_owed.push(key);
                }
            }
            6 => {
                let _ = directory.send(id, &"f".into(), &[number_value(number)]);
            }
            _ if self.dice.one_in(3) => {
                let names = directory.names(id);
                let asks_slots = directory.config().proxy_dialect == Dialect::Client;
                if directory.clear(id) && asks_slots {
                    self.script_owed.extend(names);
                }
            }
            _ => {}
        }
        self.pump();
    }

    fn lose_link(&mut self) {
        if !self.is_up {
            return;
        }
        self.is_up = false;
        self.up.clear();
        self.down.clear();
        let now = self.proxy.now;
        self.proxy.directory.link_down(now, self.link);
        self.owner.leave(PROXY);
        self.owner.hush(&[PROXY]);
        self.pump();
    }

    /// Connects, or just gets the object again.
    fn make_link(&mut self) {
        let now = self.proxy.now;
        if !self.is_up {
            self.is_up = true;
            self.link = LinkId(self.link.0 + 1);
        }
        let (kind, link) = (self.kind, self.link);
        let directory = &mut self.proxy.directory;
        assert_eq!(
            directory.open_proxy("so", kind, link),
            Ok(self.proxy_script)
        );
        if directory.links.get(link).is_none() {
            directory.link_opened(now, link, "rtmp://h/owner", Encoding::Amf0);
            directory.link_up(now, link);
        }
        self.pump();
    }

    /// The owner's server ends in order, with all its connections.
    fn restart_owner(&mut self) {
        if !self.kind.is_persistent() {
            return;
        }
        self.lose_link();
        (0..AT_OWNER).for_each(|at| self.leave(at));
        self.is_locked = false;
        self.owner.directory.close(self.owner_script);
        let now = self.owner.now;
        self.owner.directory.save_all(now);
        self.pump();
        let shelf = self.owner.shelf.clone();
        self.owner = World::on(self.owner_config.clone(), shelf);
        self.owner.now = now;
        self.owner_script = self.owner.directory.open("so", self.kind).unwrap();
        self.observe();
        self.pump();
    }

    /// Carries one message in each direction.
    fn carry(&mut self) -> bool {
        let calls = |message: &Message| {
            let mut events = message.events.iter();
            events.any(|event| matches!(event, Event::SendMessage { .. }))
        };
        // What the object is at a call behind a lock only the owner knows.
        let waits = self.is_locked && self.up.front().is_some_and(calls);
        let mut carried = false;
        if let Some(message) = (!waits).then(|| self.up.pop_front()).flatten() {
            let rights = Rights {
                write: self.may_write,
                relay: false,
                ..Rights::ALL
            };
            self.owner.send(PROXY, &over_the_wire(&message), rights);
            self.pump();
            carried = true;
        }
        if let Some(message) = self.down.pop_front() {
            self.expect_calls(&message);
            let now = self.proxy.now;
            self.proxy.directory.hear(now, self.link, &message);
            self.pump();
            carried = true;
        }
        carried
    }

    /// The calls in a message of the owner must reach the proxy's clients, if it listens.
    fn expect_calls(&mut self, message: &Message) {
        let object = self.proxy.directory.objects.values().next().unwrap();
        let remote = object.remote.as_deref().unwrap();
        let is_known = match remote.stage {
            Stage::Live => true,
            Stage::AskedAgain(_) => false,
            // The answer to a subscription that was given up before it came.
            Stage::Asked(_) if remote.has_copy && message.events.contains(&Event::UseSuccess) => {
                false
            }
            _ => return,
        };
        for event in &message.events {
            let Event::SendMessage { args, .. } = event else {
                continue;
            };
            let number = number_of(&args[0]);
            let slots = is_known.then(|| self.calls[&number].clone());
            for at in AT_OWNER..CLIENTS {
                self.expect_call(at, number, slots.clone());
            }
        }
    }

    fn expect_call(&mut self, at: usize, number: u64, slots: Option<BTreeMap<Str, u64>>) {
        let client = &mut self.clients[at];
        if client.serial.is_some() {
            client.calls.push_back(Call { number, slots });
        }
    }

    fn slots(world: &World, id: ObjectId) -> BTreeMap<Str, u64> {
        let names = world.directory.names(id).into_iter();
        names
            .map(|key| {
                let value = world.directory.get(id, &key).unwrap();
                (key, number_of(&value))
            })
            .collect()
    }

    /// Hands out all that came of the last step.
    fn pump(&mut self) {
        self.owner.pump();
        self.proxy.pump();
        let slots = Self::slots(&self.owner, self.owner_script);
        self.place_values();
        for (_, args) in std::mem::take(&mut self.owner.calls) {
            let number = number_of(&args[0]);
            self.calls.insert(number, slots.clone());
            (0..AT_OWNER).for_each(|at| self.expect_call(at, number, Some(slots.clone())));
        }
        for at in 0..CLIENTS {
            for update in self.end(at).updates(at as u64) {
                self.deliver(at, update);
            }
        }
        let told = self.owner.updates(PROXY);
        let told = told.iter().map(|update| read(update, Encoding::Amf0));
        self.down.extend(told);
        for (link, message) in std::mem::take(&mut self.proxy.sent) {
            if self.is_up && link == self.link.0 {
                self.up.push_back(message);
            }
        }
        self.pump_script();
    }

    /// Learns of each value when it came to be.
    fn place_values(&mut self) {
        let objects = &self.owner.directory.objects;
        let untold = objects
            .values()
            .map(|object| object.untold(UserId(OBSERVER)));
        let untold: Vec<_> = untold.flatten().collect();
        let told = self.owner.updates(OBSERVER);
        let told = told.iter().flat_map(Update::items).chain(&untold);
        for value in told.filter_map(|item| item.value()) {
            let place = self.places.len() as u64;
            self.places.entry(number_of(value)).or_insert(place);
        }
    }

    /// One who is told everything.
    fn observe(&mut self) {
        let message = Message::new("so", 0, self.kind.is_persistent(), vec![Event::Use]);
        self.owner.send(OBSERVER, &message, Rights::ALL);
    }

    fn deliver(&mut self, at: usize, update: Update) {
        let answers = update.items().iter().filter_map(|item| answer(item.what()));
        for answer in answers {
            let owed = &mut self.owed[at];
            let found = match &answer {
                Answer::Success(key) | Answer::Truth(key, _) => {
                    owed.iter().position(|owed| owed == key)
                }
                Answer::Cleared => owed.iter().position(|owed| owed == "clear"),
                // A refusal says of a call or of a clear that it was not done, and not of which.
                Answer::Refused => {
                    self.excused[at] |= owed.iter().any(|owed| owed == "clear");
                    owed.retain(|owed| owed != "clear");
                    continue;
                }
            };
            if found.is_none() && answer == Answer::Cleared && self.excused[at] {
                continue;
            }
            let found = found.unwrap_or_else(|| panic!("client {at} is not owed {answer:?}"));
            owed.remove(found);
        }
        let client = &mut self.clients[at];
        client.unanswered = self.owed[at].len();
        client.backlog.push(update).unwrap();
    }

    /// What the proxy's script is told suffices to know the object.
    fn pump_script(&mut self) {
        let now = Self::slots(&self.proxy, self.proxy_script);
        for entry in std::mem::take(&mut self.proxy.syncs).into_iter().flatten() {
            let Some(name) = entry.name else {
                assert_eq!(entry.code, SyncCode::Clear);
                self.script_copy.clear();
                continue;
            };
            if matches!(entry.code, SyncCode::Success | SyncCode::Reject) {
                let owed = self.script_owed.iter().position(|owed| *owed == name);
                self.script_owed
                    .remove(owed.expect("an answer that the script is not owed"));
            }
            match now.get(&name) {
                Some(value) => drop(self.script_copy.insert(name, *value)),
                None => drop(self.script_copy.remove(&name)),
            }
        }
        assert_eq!(
            self.script_copy, now,
            "the script is not told of all changes"
        );
    }

    fn finish(mut self) {
        self.is_locked = false;
        self.owner.directory.break_lock(self.owner_script);
        self.pump();
        for _ in 0..3 {
            self.make_link();
            while self.carry() {}
            self.wait(100);
            while self.carry() {}
            // Whatever is still to be settled has its time.
            self.wait(12_000);
            while self.carry() {}
        }
        let object = Self::slots(&self.owner, self.owner_script);
        assert_eq!(Self::slots(&self.proxy, self.proxy_script), object);
        assert_eq!(self.script_owed, [""; 0]);
        assert_eq!(self.proxy.directory.waiting(self.proxy_script), 0);
        for (at, client) in self.clients.iter_mut().enumerate() {
            client.read(&self.places);
            assert_eq!(self.owed[at], [""; 0], "client {at} lacks answers");
            assert!(client.calls.is_empty(), "client {at} lacks calls");
            if client.serial.is_some() {
                assert_eq!(client.copy, object, "client {at}");
            }
        }
    }
}

fn config(dice: &mut Dice) -> Config {
    Config {
        batch_ms: if dice.one_in(2) { 0 } else { 20 },
        conflict: if dice.one_in(4) {
            Conflict::LastWriterWins
        } else {
            Conflict::SlotVersion
        },
        proxy_dialect: if dice.one_in(3) {
            Dialect::Client
        } else {
            Dialect::Server
        },
        limits: crate::Limits {
            proxy_requests: if dice.one_in(4) { 4 } else { 1_000 },
            ..crate::Limits::default()
        },
        ..Config::default()
    }
}

fn number_value(number: u64) -> Value {
    Value::from(number as f64)
}

fn slot_event(key: &Str, value: Option<u64>) -> Event {
    match value {
        Some(number) => Event::RequestChange(vec![(key.clone(), number_value(number))]),
        None => Event::RequestRemove(vec![key.clone()]),
    }
}

fn over_the_wire(message: &Message) -> Message {
    let bytes = message.encode().unwrap();
    let type_id = rtmp::message::type_id::SHARED_OBJECT_AMF0;
    Message::decode(type_id, &bytes, &WireLimits::default()).unwrap()
}
