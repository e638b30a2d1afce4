//! One client of an instance, and its net streams.

use std::collections::BTreeMap;
use std::fmt;

use media::Selection;
use rtmp::connect::ConnectInfo;

use crate::bandwidth::Check;
use crate::config::WriteRate;
use crate::name::StreamName;
use crate::play::Playing;
use crate::rate::Bucket;
use crate::scripting::AccessRules;

/// A client's id, unique across nodes and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u64);

impl fmt::Display for ClientId {
    /// The eight characters later Flash servers show as `clientid`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        (0..8).try_for_each(|digit| {
            let index = (self.0 >> (6 * digit)) & 63;
            write!(f, "{}", char::from(ALPHABET[index as usize]))
        })
    }
}

/// A connection's message stream, made by `createStream`.
#[derive(Debug)]
pub(crate) enum NetStream {
    /// Neither publishes nor plays.
    Idle,
    /// Publishes this name.
    Publishing(StreamName),
    /// Plays.
    Playing(Box<Playing>),
}

/// Transactions of calls to a client begin behind this one. Each side counts its own, but some
/// clients (`rtmp-client` of npm) look for the answer to a call of theirs
/// under the number of a call to them: these are numbers that no client gets to.
const FIRST_TRANSACTION: f64 = 1_000_000_000.0;

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) info: Box<ConnectInfo>,
    pub(crate) streams: BTreeMap<u32, NetStream>,
    /// What its streams want to receive, where that is not everything. Kept from one play to
    /// the next, until the stream is deleted.
    pub(crate) selections: BTreeMap<u32, Selection>,
    pub(crate) next_transaction: f64,
    pub(crate) check: Option<Check>,
    /// Whether `FCPublish` was called: encoders that use it are told `onFCPublish`.
    pub(crate) fc_publish: bool,
    /// What a script lets it read and write.
    pub(crate) access: AccessRules,
    /// What it may still write to shared objects.
    pub(crate) object_writes: Bucket,
}

impl Client {
    pub(crate) fn new(id: ClientId, info: Box<ConnectInfo>, writes: WriteRate) -> Self {
        Self {
            id,
            info,
            streams: BTreeMap::new(),
            selections: BTreeMap::new(),
            next_transaction: FIRST_TRANSACTION,
            check: None,
            fc_publish: false,
            access: AccessRules::default(),
            object_writes: Bucket::new(writes.per_second, writes.burst),
        }
    }

    /// The lowest free message stream id; 0 is the connection itself.
    pub(crate) fn free_stream_id(&self) -> u32 {
        let taken = self.streams.keys().copied();
        (1..)
            .zip(taken)
            .find(|(id, taken)| id != taken)
            .map_or_else(|| self.streams.len() as u32 + 1, |(id, _)| id)
    }

    /// A transaction id for a call to the client that wants an answer.
    pub(crate) fn transaction(&mut self) -> f64 {
        self.next_transaction += 1.0;
        self.next_transaction
    }
}
