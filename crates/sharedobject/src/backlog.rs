//! What waits for a client whose connection is slow: per object, with the overtaken values left
//! out.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use rtmp::Encoding;
use rtmp::message::type_id;
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::batch::{Address, Merge, Update, payload};
use crate::item::{BODY_BYTES_MAX, Item};

/// The updates that one client has not been sent yet, of all its objects.
///
/// Updates of one object become one: of each slot the latest value is kept, so what waits is
/// bounded by the object, not by how often it changes. Calls by `send` and answers are never
/// dropped, and keep their place between the changes. The order of two objects relative to each
/// other is that of what waits longest.
#[derive(Debug)]
pub struct Backlog {
    encoding: Encoding,
    bytes_max: usize,
    bytes: usize,
    waiting: VecDeque<Waiting>,
    /// How many have been taken out of `waiting` so far.
    taken: usize,
    /// Where each object's updates are in `waiting`, counted with those taken out: a client may
    /// use thousands of objects.
    places: FxHashMap<Arc<Address>, usize>,
    merged: u64,
}

/// The body of one message, and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The message's type.
    pub type_id: u8,
    /// Its body.
    pub payload: Bytes,
}

/// More waits for the client than [`Limits::backlog_bytes`](crate::Limits::backlog_bytes): its
/// connection is to be closed, as it cannot be told any more what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("more than {max} bytes of shared objects wait for the client")]
pub struct Overflow {
    /// The limit.
    pub max: usize,
}

#[derive(Debug)]
enum Waiting {
    /// One update, as it came.
    Whole { update: Update, bytes: usize },
    /// Several, merged.
    Merged(Box<Merged>),
}

#[derive(Debug)]
struct Merged {
    address: Arc<Address>,
    version: u32,
    merge: Merge,
    bytes: usize,
}

impl Backlog {
    /// A backlog for a client that is written to in `encoding`. `bytes_max` is
    /// [`Limits::backlog_bytes`](crate::Limits::backlog_bytes).
    pub fn new(encoding: Encoding, bytes_max: usize) -> Self {
        Self {
            encoding,
            bytes_max: bytes_max.min(BODY_BYTES_MAX),
            bytes: 0,
            waiting: VecDeque::new(),
            taken: 0,
            places: FxHashMap::default(),
            merged: 0,
        }
    }

    /// Puts an update behind those that wait, or merges it with those of the same object.
    ///
    /// # Errors
    ///
    /// When too much waits. A single update is let in whatever the limit is, as long as it can
    /// be sent at all.
    pub fn push(&mut self, update: Update) -> Result<(), Overflow> {
        let alone = self.waiting.is_empty();
        let place = self.places.get(update.address()).copied();
        let place = place.and_then(|place| place.checked_sub(self.taken));
        if let Some(waiting) = place.and_then(|place| self.waiting.get_mut(place)) {
            self.bytes -= waiting.bytes();
            waiting.merge(&update, self.encoding);
            self.bytes += waiting.bytes();
            self.merged += 1;
        } else {
            let bytes = bytes_of(update.items(), self.encoding);
            self.bytes += bytes;
            let place = self.taken + self.waiting.len();
            self.places.insert(Arc::clone(update.address()), place);
            self.waiting.push_back(Waiting::Whole { update, bytes });
        }
        let max = if alone {
            BODY_BYTES_MAX
        } else {
            self.bytes_max
        };
        if self.bytes > max {
            return Err(Overflow { max });
        }
        Ok(())
    }

    /// Takes the next message to send.
    pub fn pop(&mut self) -> Option<Outgoing> {
        let waiting = self.waiting.pop_front()?;
        self.taken += 1;
        self.places.remove(waiting.address());
        self.bytes -= waiting.bytes();
        let payload = match waiting {
            Waiting::Whole { update, .. } => update.payload(self.encoding),
            Waiting::Merged(merged) => payload(
                &merged.address,
                merged.version,
                merged.merge.items(),
                self.encoding,
            ),
        };
        let type_id = match self.encoding {
            Encoding::Amf0 => type_id::SHARED_OBJECT_AMF0,
            Encoding::Amf3 => type_id::SHARED_OBJECT_AMF3,
        };
        Some(Outgoing { type_id, payload })
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many updates have been merged with one that waited, so far.
    pub fn merged(&self) -> u64 {
        self.merged
    }
}

impl Waiting {
    fn address(&self) -> &Arc<Address> {
        match self {
            Self::Whole { update, .. } => update.address(),
            Self::Merged(merged) => &merged.address,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Whole { bytes, .. } => *bytes,
            Self::Merged(merged) => merged.bytes,
        }
    }

    fn merge(&mut self, update: &Update, encoding: Encoding) {
        if let Self::Whole { update, .. } = self {
            let mut merged = Merged {
                address: Arc::clone(update.address()),
                version: 0,
                merge: Merge::default(),
                bytes: 0,
            };
            merged.add(update, encoding);
            *self = Self::Merged(Box::new(merged));
        }
        if let Self::Merged(merged) = self {
            merged.add(update, encoding);
        }
    }
}

impl Merged {
    fn add(&mut self, update: &Update, encoding: Encoding) {
        if !update.is_notice() || self.merge.items().is_empty() {
            self.version = update.version();
        }
        for item in update.items() {
            let pushed = self.merge.push(item);
            self.bytes += item.wire(encoding).len();
            self.bytes -= bytes_of(&pushed.dropped, encoding);
        }
    }
}

fn bytes_of(items: &[Arc<Item>], encoding: Encoding) -> usize {
    items.iter().map(|item| item.wire(encoding).len()).sum()
}
