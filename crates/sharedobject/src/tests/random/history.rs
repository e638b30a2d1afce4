//! One random history: the same steps for the directory and for the model.

use std::collections::{BTreeMap, BTreeSet};

use amf::{Str, Value};
use rtmp::Millis;
use rtmp::shared_object::{Event, Message};

use super::Dice;
use super::client::{Answer, Call, Client};
use super::model::{Model, Writer, number_of};
use crate::item::What;
use crate::tests::world::Shelf;
use crate::{
    Config, Conflict, Directory, Kind, Limits, ObjectId, Output, Rights, Save, Update, UserId,
};

const STEPS: u64 = 80;

/// What a client wants in one message.
#[derive(Clone)]
enum Wish {
    Slot(Str, Option<u64>),
    Clear,
    Call(u64),
}

#[derive(Clone)]
struct Asked {
    client: usize,
    serial: u64,
    version: u32,
    wishes: Vec<Wish>,
}

pub(super) struct History {
    dice: Dice,
    config: Config,
    kind: Kind,
    directory: Directory,
    now: Millis,
    shelf: Shelf,
    saves: Vec<Save>,
    clients: Vec<Client>,
    script: Option<ObjectId>,
    locks: u32,
    model: Model,
    held: Vec<Asked>,
    calls_behind_lock: Vec<(u64, BTreeMap<Str, u64>)>,
    /// Calls of clients that the script must get.
    script_calls: Vec<u64>,
    /// Values and calls so far.
    numbers: u64,
    serials: u64,
    /// When each value was set.
    places: BTreeMap<u64, u64>,
}

impl History {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let kind = Kind::of(!dice.one_in(4));
        let config = Config {
            limits: Limits {
                deletion_records: if dice.one_in(3) { 2 } else { 1_000 },
                batch_items: if dice.one_in(4) { 3 } else { 1_000 },
                ..Limits::default()
            },
            batch_ms: if dice.one_in(3) { 0 } else { 20 },
            commit_interval_ms: 100,
            auto_commit: !dice.one_in(4),
            resync_depth: dice.one_in(3).then(|| dice.below(4) as u32),
            conflict: if dice.one_in(4) {
                Conflict::LastWriterWins
            } else {
                Conflict::SlotVersion
            },
            ..Config::default()
        };
        let shelf = Shelf::default();
        let is_persistent = kind.is_persistent();
        Self {
            directory: Directory::new(config.clone(), Box::new(shelf.clone())),
            now: Millis(1_000),
            shelf,
            saves: Vec::new(),
            clients: (0..5)
                .map(|id| Client::new(id, is_persistent, id != 4 || dice.one_in(2)))
                .collect(),
            script: None,
            locks: 0,
            model: Model::new(&config),
            config,
            kind,
            dice,
            held: Vec::new(),
            calls_behind_lock: Vec::new(),
            script_calls: Vec::new(),
            numbers: 0,
            serials: 0,
            places: BTreeMap::new(),
        }
    }

    pub(super) fn run(mut self) {
        for _ in 0..STEPS {
            self.step();
            self.pump();
            self.compare();
            self.unload();
        }
        self.finish();
    }

    fn step(&mut self) {
        let client = self.dice.below(5) as usize;
        match self.dice.below(40) {
            0..=5 => self.begin_use(client),
            6..=17 => self.ask(client),
            18 => self.release(client),
            19 => self.leave(client),
            20..=24 => self.read(client),
            25..=26 => self.wait(),
            27..=28 => self.save(),
            29 if self.dice.one_in(2) => self.restart(),
            30 => self.open_or_close(),
            _ => self.script_step(),
        }
    }

    fn script_step(&mut self) {
        let Some(id) = self.script else {
            return;
        };
        match self.dice.below(16) {
            0..=5 => self.script_set(id),
            6 => {
                self.model.clear(None);
                self.directory.clear(id);
                self.commit_by_script();
            }
            7..=8 => self.script_call(id),
            9..=10 => {
                self.locks += 1;
                assert_eq!(self.directory.lock(id), self.locks as i32);
            }
            11..=12 => self.unlock(id),
            13 => {
                let version = self.dice.below(u64::from(self.model.version) + 2) as u32;
                self.model.purge(version);
                self.directory.purge(id, version);
            }
            14 => {
                let depth = self.dice.one_in(2).then(|| self.dice.below(5) as u32);
                self.model.resync_depth = depth;
                self.model.forget(&self.config);
                self.directory.set_resync_depth(id, depth);
            }
            _ => self.flush(id),
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn value(&mut self, number: u64) -> Value {
        let plain = Value::Number(number as f64);
        match self.dice.below(4) {
            0 => Value::object([("n", plain)]),
            1 => Value::object([("n", plain)]).in_amf3(),
            _ => plain,
        }
    }

    fn begin_use(&mut self, at: usize) {
        self.serials += 1;
        let client = &mut self.clients[at];
        client.came_under_lock |= self.locks > 0 && client.serial.is_none();
        client.serial.get_or_insert(self.serials);
        self.say(at, vec![Event::Use]);
    }

    fn say(&mut self, at: usize, events: Vec<Event>) {
        let client = &self.clients[at];
        let persistent = self.kind.is_persistent();
        let message = Message::new(client.name, client.version, persistent, events);
        let rights = Rights {
            write: client.may_write,
            ..Rights::ALL
        };
        self.directory
            .handle(self.now, UserId(client.id), &message, rights);
    }

    fn ask(&mut self, at: usize) {
        let Some(serial) = self.clients[at].serial else {
            return;
        };
        if self.clients[at].unanswered > 0 && !self.dice.one_in(3) {
            return;
        }
        let mut keys: BTreeSet<_> = self.clients[at]
            .wanted
            .iter()
            .map(|(key, _)| key.clone())
            .collect();
        let (mut wishes, mut events) = (Vec::new(), Vec::new());
        for _ in 0..=self.dice.below(3) {
            match self.dice.below(12) {
                0..=8 => {
                    let key = self.dice.key();
                    if keys.insert(key.clone()) {
                        let value = (!self.dice.one_in(4)).then(|| self.number());
                        events.push(self.slot_event(&key, value));
                        self.clients[at].wanted.push((key.clone(), value));
                        wishes.push(Wish::Slot(key, value));
                    }
                }
                9..=10 => {
                    let number = self.number();
                    events.push(call_event(number));
                    wishes.push(Wish::Call(number));
                }
                _ if self.dice.one_in(3) => {
                    events.push(Event::RequestClear);
                    wishes.push(Wish::Clear);
                }
                _ => {}
            }
        }
        let asked = Asked {
            client: at,
            serial,
            version: self.clients[at].version,
            wishes,
        };
        self.say(at, events);
        let is_answered = |wish: &Wish| !matches!(wish, Wish::Call(_));
        let may_write = self.clients[at].may_write;
        if !asked.wishes.is_empty() && (asked.wishes.iter().any(is_answered) || !may_write) {
            self.clients[at].unanswered += 1;
        }
        if self.locks > 0 {
            self.held.push(asked);
        } else {
            self.carry_out(&asked);
        }
    }

    fn slot_event(&mut self, key: &Str, value: Option<u64>) -> Event {
        match value {
            Some(number) => Event::RequestChange(vec![(key.clone(), self.value(number))]),
            None if self.dice.one_in(2) => Event::RequestRemove(vec![key.clone()]),
            None => Event::RequestChange(vec![(key.clone(), Value::Null)]),
        }
    }

    /// What becomes of a request, by the rules.
    fn carry_out(&mut self, asked: &Asked) {
        let mut answers = Vec::new();
        let may_write = self.clients[asked.client].may_write;
        let writer = Some(asked.serial);
        if !may_write && !asked.wishes.is_empty() {
            answers.push(Answer::Refused);
        }
        for wish in &asked.wishes {
            match wish {
                Wish::Slot(key, _)
                    if !may_write
                        || self
                            .model
                            .conflicts(key, asked.version, asked.serial, &self.config) =>
                {
                    let truth = self.model.slots.get(key).copied();
                    answers.push(Answer::Truth(key.clone(), truth));
                }
                Wish::Slot(key, value) => {
                    self.model_set(key, *value, writer);
                    answers.push(Answer::Success(key.clone()));
                }
                _ if !may_write => {}
                Wish::Clear => {
                    self.model.clear(writer);
                    answers.push(Answer::Cleared);
                }
                Wish::Call(number) => {
                    let slots = self.model.slots.clone();
                    self.announce_call(*number, &slots, false);
                    if self.script.is_some() {
                        self.script_calls.push(*number);
                    }
                }
            }
        }
        self.model.commit(&self.config);
        let client = &mut self.clients[asked.client];
        if client.serial == Some(asked.serial) && !answers.is_empty() {
            client.answers.push_back(answers);
        }
    }

    fn model_set(&mut self, key: &Str, value: Option<u64>, writer: Writer) {
        match value {
            Some(value) => {
                let place = self.places.len() as u64;
                self.places.insert(value, place);
                self.model.set(key, value, writer);
            }
            None => drop(self.model.remove(key, writer)),
        }
    }

    /// Everybody who uses the object must get the call.
    fn announce_call(&mut self, number: u64, slots: &BTreeMap<Str, u64>, from_lock: bool) {
        for client in self
            .clients
            .iter_mut()
            .filter(|client| client.serial.is_some())
        {
            if !(from_lock && client.came_under_lock) {
                let slots = Some(slots.clone());
                client.calls.push_back(Call { number, slots });
            }
        }
    }

    fn release(&mut self, at: usize) {
        self.say(at, vec![Event::Release]);
        self.gone(at);
    }

    fn leave(&mut self, at: usize) {
        self.directory.leave(self.now, UserId(at as u64));
        self.gone(at);
    }

    fn gone(&mut self, at: usize) {
        self.pump();
        self.clients[at].leave();
        self.end_if_unused();
    }

    fn is_used(&self) -> bool {
        self.script.is_some() || self.clients.iter().any(|client| client.serial.is_some())
    }

    fn end_if_unused(&mut self) {
        if !self.is_used() && !self.kind.is_persistent() {
            self.model = Model::new(&self.config);
        }
    }

    fn read(&mut self, at: usize) {
        self.clients[at].read(&self.places);
    }

    fn wait(&mut self) {
        self.now = self.now + self.dice.below(60);
        self.directory.handle_timeout(self.now);
    }

    /// The store carries out the oldest save, or fails.
    fn save(&mut self) {
        if self.saves.is_empty() {
            return;
        }
        let save = self.saves.remove(0);
        let works = !self.dice.one_in(4);
        if works {
            self.shelf.apply(&save);
        }
        self.directory.saved(self.now, save.id, works);
    }

    fn save_everything(&mut self) {
        while !self.saves.is_empty() {
            let save = self.saves.remove(0);
            self.shelf.apply(&save);
            self.directory.saved(self.now, save.id, true);
            self.pump();
        }
    }

    fn flush(&mut self, id: ObjectId) {
        self.save_everything();
        if let Some(save) = self.directory.take_changes(id) {
            self.shelf.apply(&save);
            self.directory.saved(self.now, save.id, true);
        }
        self.pump();
        self.save_everything();
        assert!(!self.directory.is_dirty(id));
    }

    /// The server ends, in order or not, and begins again. A server that could not even store
    /// that the object is in use ends in order here: no rule could help its clients.
    fn restart(&mut self) {
        if !self.kind.is_persistent() {
            return;
        }
        let stored = self.shelf.get("so").unwrap_or_default();
        let is_crash = self.dice.one_in(2) && stored.head.version > self.model.version + 1_000;
        if !is_crash {
            if let Some(id) = self.script {
                self.model_unlock();
                self.directory.close(id);
                self.script = None;
            }
            self.directory.save_all(self.now);
            self.pump();
            self.save_everything();
        }
        self.saves.clear();
        self.script = None;
        self.locks = 0;
        self.held.clear();
        self.calls_behind_lock.clear();
        self.script_calls.clear();
        for client in &mut self.clients {
            client.leave();
            if is_crash {
                client.seen.clear();
            }
        }
        let stored = self.shelf.at_rest("so", self.config.resync_depth);
        if let Some(stored) = &stored {
            let restored = Model::restored(stored, stored.head.version);
            if !is_crash {
                assert_eq!(restored.slots, self.model.slots);
                assert_eq!(restored.version, self.model.version);
            }
            self.model = restored;
        } else {
            assert!(self.model.slots.is_empty() || is_crash);
            self.model = Model::new(&self.config);
        }
        self.directory = Directory::new(self.config.clone(), Box::new(self.shelf.clone()));
    }

    fn open_or_close(&mut self) {
        let Some(id) = self.script else {
            self.script = self.directory.open("so", self.kind).ok();
            assert!(self.script.is_some());
            return;
        };
        if self.dice.one_in(3) {
            self.model_unlock();
            self.directory.close(id);
            self.pump();
            self.script = None;
            self.end_if_unused();
        }
    }

    fn script_set(&mut self, id: ObjectId) {
        let key = self.dice.key();
        let number = (!self.dice.one_in(4)).then(|| self.number());
        self.model_set(&key, number, None);
        let value = number.map_or(Value::Undefined, |number| self.value(number));
        self.directory.set(id, &key, &value).unwrap();
        self.commit_by_script();
    }

    fn commit_by_script(&mut self) {
        if self.locks == 0 {
            self.model.commit(&self.config);
        }
    }

    fn script_call(&mut self, id: ObjectId) {
        let number = self.number();
        let (handler, args) = (Str::from("f"), [Value::from(number as f64)]);
        let called = if self.dice.one_in(2) {
            self.directory.send(id, &handler, &args)
        } else {
            self.directory.mark(id, &handler, &args)
        };
        let is_locked = self.locks > 0;
        let may_call = !is_locked || self.calls_behind_lock.len() < self.config.limits.batch_items;
        assert_eq!(called.is_ok(), may_call);
        let slots = self.model.slots.clone();
        if may_call && is_locked {
            self.calls_behind_lock.push((number, slots));
        } else if may_call {
            self.announce_call(number, &slots, false);
        }
    }

    fn unlock(&mut self, id: ObjectId) {
        if self.locks == 1 {
            self.model_unlock();
        } else {
            self.locks = self.locks.saturating_sub(1);
        }
        self.directory.unlock(id);
    }

    /// What the end of a lock does, by the rules.
    fn model_unlock(&mut self) {
        if self.locks == 0 {
            return;
        }
        self.locks = 0;
        for (number, slots) in std::mem::take(&mut self.calls_behind_lock) {
            self.announce_call(number, &slots, true);
        }
        self.model.commit(&self.config);
        for asked in std::mem::take(&mut self.held) {
            self.carry_out(&asked);
        }
        for client in &mut self.clients {
            client.came_under_lock = false;
        }
    }

    fn pump(&mut self) {
        loop {
            match self.directory.poll() {
                Output::Update { user, update } => self.deliver(user, update),
                Output::Save(save) => self.saves.push(save),
                Output::Message { args, .. } => {
                    assert_eq!(self.script_calls.remove(0), number_of(&args[0]));
                }
                Output::Sync { entries, .. } => assert!(!entries.is_empty()),
                Output::Note(_) => {}
                Output::Status { .. } | Output::Upstream { .. } | Output::Forget { .. } => {
                    unreachable!()
                }
                Output::Timeout(_) => break,
            }
        }
        assert!(self.script_calls.is_empty());
    }

    /// An update goes to its client; an answer in it must be the next one that is owed.
    fn deliver(&mut self, user: UserId, update: Update) {
        let client = &mut self.clients[user.0 as usize];
        let answers: Vec<_> = update
            .items()
            .iter()
            .filter_map(|item| answer(item.what()))
            .collect();
        if !answers.is_empty() {
            let owed = client.answers.pop_front();
            assert_eq!(owed, Some(answers), "an answer to client {}", user.0);
            client.unanswered -= 1;
        }
        client.backlog.push(update).unwrap();
    }

    /// The server's object is what the model says.
    fn compare(&self) {
        let Some(object) = self.directory.objects.values().next() else {
            assert!(!self.is_used());
            return;
        };
        let state = &object.state;
        let slots: BTreeMap<_, _> = state
            .names()
            .map(|key| (key.clone(), state.value(key).map(number_of).unwrap()))
            .collect();
        assert_eq!(slots, self.model.slots);
        assert_eq!(state.version(), self.model.version);
        if self.locks == 0 {
            assert!(self.clients.iter().all(|client| client.unanswered == 0));
        }
    }

    /// An object that is no longer in memory is what is stored of it.
    fn unload(&mut self) {
        if !self.directory.objects.is_empty() {
            return;
        }
        let stored = self.shelf.at_rest("so", self.config.resync_depth);
        if let Some(stored) = stored {
            let restored = Model::restored(&stored, stored.head.version);
            assert_eq!(restored.slots, self.model.slots);
            assert_eq!(restored.version, self.model.version);
            self.model = restored;
        }
    }

    fn finish(mut self) {
        if let Some(id) = self.script {
            self.model_unlock();
            self.directory.break_lock(id);
            self.pump();
        }
        self.now = self.now + 1_000;
        self.directory.handle_timeout(self.now);
        self.pump();
        self.compare();
        for client in &mut self.clients {
            client.read(&self.places);
            assert!(client.answers.is_empty() && client.unanswered == 0);
            assert!(client.calls.is_empty(), "client {} lacks calls", client.id);
            if client.serial.is_some() {
                assert_eq!(client.copy, self.model.slots, "client {}", client.id);
                assert_eq!(client.version, self.model.version, "client {}", client.id);
            }
        }
    }
}

pub(super) fn call_event(number: u64) -> Event {
    Event::SendMessage {
        handler: "f".into(),
        args: vec![Value::from(number as f64)],
    }
}

/// What an item says as an answer. Announcements are no events here, but items of their own.
pub(super) fn answer(what: &What) -> Option<Answer> {
    let What::Event(event) = what else {
        return None;
    };
    match event {
        Event::Success(keys) => Some(Answer::Success(keys[0].clone())),
        Event::Change(slots) => {
            let (key, value) = &slots[0];
            Some(Answer::Truth(key.clone(), Some(number_of(value))))
        }
        Event::Remove(keys) => Some(Answer::Truth(keys[0].clone(), None)),
        Event::Status { .. } => Some(Answer::Refused),
        Event::Clear => Some(Answer::Cleared),
        _ => None,
    }
}
