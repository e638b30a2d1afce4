//! What a proxy knows of the owner of its object: over which connection it is reached, how far the
//! subscription is, and which requests are on their way.
//!
//! What answers mean for the copy and for those who asked lies in `proxy`.

use std::collections::{BTreeMap, VecDeque};

use amf::{Str, Value};
use rtmp::shared_object::Event;
use rtmp::{Encoding, Millis};

use crate::user::{LinkId, UserId};

/// Requests that wait for the owner's answer. Those behind them are sent when these are answered.
const IN_FLIGHT_MAX: usize = 16;

/// The connections to other instances.
#[derive(Debug, Default)]
pub(crate) struct Links {
    open: BTreeMap<LinkId, Link>,
    /// The last connection there was.
    newest: Option<LinkId>,
}

/// A connection to another instance.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) uri: Str,
    pub(crate) encoding: Encoding,
    /// Whether the other instance has accepted it.
    pub(crate) is_up: bool,
}

impl Links {
    pub(crate) fn open(&mut self, id: LinkId, uri: Str, encoding: Encoding) {
        self.newest = self.newest.max(Some(id));
        let is_up = false;
        let link = Link {
            uri,
            encoding,
            is_up,
        };
        self.open.insert(id, link);
    }

    pub(crate) fn up(&mut self, id: LinkId) {
        if let Some(link) = self.open.get_mut(&id) {
            link.is_up = true;
        }
    }

    pub(crate) fn down(&mut self, id: LinkId) {
        self.newest = self.newest.max(Some(id));
        self.open.remove(&id);
    }

    pub(crate) fn get(&self, id: LinkId) -> Option<&Link> {
        self.open.get(&id)
    }

    /// Whether the connection has come to its end. One that has not been heard of is about to be
    /// opened.
    pub(crate) fn is_over(&self, id: LinkId) -> bool {
        !self.open.contains_key(&id) && self.newest >= Some(id)
    }
}

/// How far the subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The connection is not there yet.
    Connecting,
    /// The owner has been asked, and must have answered at this time.
    Asked(Millis),
    /// The same while the owner goes on to tell what happens: the copy is asked for anew.
    AskedAgain(Millis),
    /// The owner tells what happens.
    Live,
    /// There is no subscription.
    Idle,
}

/// Who wants something of the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Script,
    Client {
        user: UserId,
        /// The use of the object that it belongs to.
        serial: u64,
    },
}

impl Asker {
    /// No use of an object has this number.
    const SCRIPT: u64 = 0;

    /// As who it writes to the copy.
    pub(crate) fn serial(self) -> u64 {
        match self {
            Self::Script => Self::SCRIPT,
            Self::Client { serial, .. } => serial,
        }
    }
}

/// What was asked in one message.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) number: u64,
    pub(crate) asker: Asker,
    /// The version of the copy that the asker knows.
    pub(crate) version: u32,
    /// What is not settled yet.
    pub(crate) wishes: Vec<Wish>,
    /// When it must have been answered.
    pub(crate) due: Millis,
}

#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) what: What,
    /// Whether the asker has been told: that it was overtaken, or that somebody else did the same
    /// before. The owner's own answer is to come.
    pub(crate) is_overtaken: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Slot(Str, Option<Value>),
    Clear,
    Call { handler: Str, args: Vec<Value> },
}

impl Request {
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Str> {
        self.wishes.iter().filter_map(|wish| match &wish.what {
            What::Slot(key, _) => Some(key),
            _ => None,
        })
    }

    fn clears(&self) -> bool {
        let clears = |wish: &Wish| matches!(wish.what, What::Clear);
        self.wishes.iter().any(clears)
    }

    fn changes(&self) -> bool {
        self.clears() || self.slots().next().is_some()
    }

    /// Whether somebody waits to be told of it.
    pub(crate) fn is_open(&self) -> bool {
        self.wishes.iter().any(|wish| !wish.is_overtaken)
    }

    /// Whether the owner owes an answer. A call is not answered but comes back, and not from every
    /// server.
    pub(crate) fn is_owed(&self) -> bool {
        let is_call = |wish: &Wish| matches!(wish.what, What::Call { .. });
        !self.wishes.iter().all(is_call)
    }

    /// Whether the answers to the two could be mistaken for each other.
    fn clashes(&self, other: &Self) -> bool {
        (self.clears() && other.changes())
            || (other.clears() && self.changes())
            || self.slots().any(|key| other.slots().any(|own| own == key))
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let wishes = self.wishes.iter();
        wishes
            .map(|wish| match &wish.what {
                What::Slot(key, Some(value)) => {
                    Event::RequestChange(vec![(key.clone(), value.clone())])
                }
                What::Slot(key, None) => Event::RequestRemove(vec![key.clone()]),
                What::Clear => Event::RequestClear,
                What::Call { handler, args } => Event::SendMessage {
                    handler: handler.clone(),
                    args: args.clone(),
                },
            })
            .collect()
    }
}

/// The owner of a proxy's object, and what it has been asked.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) link: LinkId,
    /// The owner's address, once it is known.
    pub(crate) uri: Option<Str>,
    pub(crate) stage: Stage,
    pub(crate) encoding: Encoding,
    /// The owner's version of the copy; 0 if there is none.
    pub(crate) version: u32,
    /// Whether the copy is or was the owner's.
    pub(crate) has_copy: bool,
    /// What has not been sent.
    pub(crate) queue: VecDeque<Request>,
    /// What has been sent and not been answered.
    pub(crate) flight: VecDeque<Request>,
}

impl Remote {
    pub(crate) fn new(link: LinkId) -> Self {
        Self {
            link,
            uri: None,
            stage: Stage::Connecting,
            encoding: Encoding::default(),
            version: 0,
            has_copy: false,
            queue: VecDeque::new(),
            flight: VecDeque::new(),
        }
    }

    /// Whether it is to be seen what the object is.
    pub(crate) fn awaits_copy(&self) -> bool {
        self.stage != Stage::Idle && !self.has_copy
    }

    /// Whether the owner has been asked for a subscription.
    pub(crate) fn is_subscribed(&self) -> bool {
        matches!(
            self.stage,
            Stage::Asked(_) | Stage::AskedAgain(_) | Stage::Live
        )
    }

    /// How many changes and calls wait.
    pub(crate) fn waiting(&self) -> usize {
        let all = self.queue.iter().chain(&self.flight);
        all.map(|request| request.wishes.len()).sum()
    }

    /// Takes the next request that can be sent now.
    pub(crate) fn next(&mut self) -> Option<Request> {
        let flight = &self.flight;
        if self.stage != Stage::Live || flight.len() >= IN_FLIGHT_MAX {
            return None;
        }
        let next = self.queue.front()?;
        if flight.iter().any(|request| request.clashes(next)) {
            return None;
        }
        self.queue.pop_front()
    }

    /// Takes all that has not been answered.
    pub(crate) fn take_all(&mut self) -> Vec<Request> {
        self.flight.drain(..).chain(self.queue.drain(..)).collect()
    }

    /// Takes the first wish in flight that is such a one; answers whose it is.
    pub(crate) fn take(&mut self, wanted: impl Fn(&Wish) -> bool) -> Option<(u64, Asker, Wish)> {
        for request in &mut self.flight {
            if let Some(at) = request.wishes.iter().position(&wanted) {
                return Some((request.number, request.asker, request.wishes.remove(at)));
            }
        }
        None
    }

    /// Says of the first such wish in flight that its asker has been told; answers whose it is.
    pub(crate) fn mark(&mut self, wanted: impl Fn(&Wish) -> bool) -> Option<Asker> {
        for request in &mut self.flight {
            if let Some(wish) = request.wishes.iter_mut().find(|wish| wanted(wish)) {
                wish.is_overtaken = true;
                return Some(request.asker);
            }
        }
        None
    }

    /// Says of all such wishes in flight that they were overtaken; answers whose they are.
    pub(crate) fn overtake(&mut self, wanted: impl Fn(&Str) -> bool) -> Vec<(Asker, Str)> {
        let mut told = Vec::new();
        for request in &mut self.flight {
            for wish in &mut request.wishes {
                if let What::Slot(key, _) = &wish.what
                    && !wish.is_overtaken
                    && wanted(key)
                {
                    wish.is_overtaken = true;
                    told.push((request.asker, key.clone()));
                }
            }
        }
        told
    }

    /// Forgets requests that are answered.
    pub(crate) fn tidy(&mut self) {
        self.flight.retain(|request| !request.wishes.is_empty());
    }
}
