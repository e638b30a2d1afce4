//! A faithful client: it keeps a copy by doing what it is told, and nothing else.

use std::collections::{BTreeMap, VecDeque};

use amf::Str;
use rtmp::Encoding;
use rtmp::shared_object::{Event, Message};

use super::model::number_of;
use crate::Backlog;

/// A call that the client must get.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) number: u64,
    /// What its copy must be when it gets it, if that is known.
    pub(super) slots: Option<BTreeMap<Str, u64>>,
}

/// What a client is answered to one wish.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Success(Str),
    Truth(Str, Option<u64>),
    Refused,
    Cleared,
}

pub(super) struct Client {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) may_write: bool,
    pub(super) is_persistent: bool,
    encoding: Encoding,
    pub(super) backlog: Backlog,
    /// The number of its present use of the object.
    pub(super) serial: Option<u64>,
    pub(super) version: u32,
    pub(super) copy: BTreeMap<Str, u64>,
    /// What it asked for and has not seen the answer to.
    pub(super) wanted: Vec<(Str, Option<u64>)>,
    /// Messages of it that the server has not answered.
    pub(super) unanswered: usize,
    /// The answers that the server still owes it.
    pub(super) answers: VecDeque<Vec<Answer>>,
    pub(super) calls: VecDeque<Call>,
    /// Whether it came under the present lock, as a new user.
    pub(super) came_under_lock: bool,
    /// For each slot the place in the history of the last value it saw.
    pub(super) seen: BTreeMap<Str, u64>,
}

impl Client {
    pub(super) fn new(id: u64, is_persistent: bool, may_write: bool) -> Self {
        let encoding = if id.is_multiple_of(2) {
            Encoding::Amf0
        } else {
            Encoding::Amf3
        };
        Self {
            id,
            name: if id == 3 { "/so" } else { "so" },
            may_write,
            is_persistent,
            encoding,
            backlog: Backlog::new(encoding, 1 << 20),
            serial: None,
            version: 0,
            copy: BTreeMap::new(),
            wanted: Vec::new(),
            unanswered: 0,
            answers: VecDeque::new(),
            calls: VecDeque::new(),
            came_under_lock: false,
            seen: BTreeMap::new(),
        }
    }

    /// It is gone, with all that was on its way. Its copy stays.
    pub(super) fn leave(&mut self) {
        self.backlog = Backlog::new(self.encoding, 1 << 20);
        self.serial = None;
        self.came_under_lock = false;
        self.forget_requests();
        self.calls.clear();
    }

    pub(super) fn forget_requests(&mut self) {
        self.wanted.clear();
        self.unanswered = 0;
        self.answers.clear();
    }

    /// Reads all that has been sent to it. `places` says when each value was set.
    pub(super) fn read(&mut self, places: &BTreeMap<u64, u64>) {
        while let Some(out) = self.backlog.pop() {
            let limits = rtmp::Limits::default();
            let message = Message::decode(out.type_id, &out.payload, &limits).unwrap();
            assert_eq!(message.name, self.name);
            assert!(
                !self.is_persistent || message.version >= self.version,
                "client {} goes back from {} to {}",
                self.id,
                self.version,
                message.version
            );
            self.version = message.version;
            for event in message.events {
                self.apply(event, places);
            }
        }
        if self.unanswered == 0 {
            self.wanted.clear();
        }
    }

    fn apply(&mut self, event: Event, places: &BTreeMap<u64, u64>) {
        match event {
            Event::Clear => self.copy.clear(),
            Event::Change(slots) => {
                for (key, value) in slots {
                    self.set(key, number_of(&value), places);
                }
            }
            Event::Remove(keys) => keys.iter().for_each(|key| {
                self.copy.remove(key);
            }),
            Event::Success(keys) => {
                for key in keys {
                    let at = self.wanted.iter().position(|(wanted, _)| *wanted == key);
                    let at = at.expect("a success that nobody asked for");
                    match self.wanted.remove(at) {
                        (key, Some(value)) => self.set(key, value, places),
                        (key, None) => drop(self.copy.remove(&key)),
                    }
                }
            }
            Event::SendMessage { args, .. } => {
                let call = self.calls.pop_front().expect("a call that nobody made");
                assert_eq!(number_of(&args[0]), call.number, "client {}", self.id);
                if let Some(slots) = call.slots {
                    let (number, id) = (call.number, self.id);
                    assert_eq!(self.copy, slots, "at call {number} of {id}");
                }
            }
            Event::UseSuccess | Event::Status { .. } => {}
            event => panic!("{event:?}"),
        }
    }

    fn set(&mut self, key: Str, value: u64, places: &BTreeMap<u64, u64>) {
        let place = places[&value];
        let seen = self.seen.insert(key.clone(), place).unwrap_or_default();
        assert!(
            place >= seen,
            "client {} sees {key} go back to {value}",
            self.id
        );
        self.copy.insert(key, value);
    }
}
