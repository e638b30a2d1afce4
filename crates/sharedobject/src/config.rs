//! How the objects of an instance behave, as far as that is a choice.

use crate::limits::Limits;

/// The choices for all objects of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the objects may cost.
    pub limits: Limits,
    /// The first change after a quiet time is announced at once; what follows within so many
    /// milliseconds is gathered into one message for each subscriber. 0 announces everything at
    /// once. Default 50: twenty messages a second.
    pub batch_ms: u64,
    /// So long after a change of a persistent object it asks to be saved, in milliseconds.
    /// Default 1,000.
    pub commit_interval_ms: u64,
    /// Whether objects are saved at that interval without being told to. The script may change
    /// it for each object. Default true.
    pub auto_commit: bool,
    /// So many versions the deletion of a slot is remembered; `None` for ever, within
    /// [`Limits::deletion_records`]. The script may change it for each object. Default `None`.
    pub resync_depth: Option<u32>,
    /// When a client's change is refused because of another's.
    pub conflict: Conflict,
    /// Whether a name means one object, be it persistent or not, as some servers have it: `use`
    /// with the other kind is then refused with `BadPersistence`. Default false: two name spaces.
    pub one_name_space: bool,
    /// How a proxy speaks with the owner of its object.
    pub proxy_dialect: Dialect,
    /// So long the owner of a proxy's object may take to answer, in milliseconds. Then the
    /// subscription has failed, or begins anew. Default 10,000.
    pub proxy_answer_ms: u64,
}

/// How a proxy speaks with the owner of its object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// As two Flash Media Servers were seen to do: with a flag of its own in each message, the
    /// value in answers, and a request to clear the object.
    #[default]
    Server,
    /// As clients do. A script's request to clear the object becomes one to remove each slot; that
    /// of a client is refused.
    Client,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            batch_ms: 50,
            commit_interval_ms: 1_000,
            auto_commit: true,
            resync_depth: None,
            conflict: Conflict::default(),
            one_name_space: false,
            proxy_dialect: Dialect::default(),
            proxy_answer_ms: 10_000,
        }
    }
}

/// When a client's change is refused because of another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflict {
    /// When the slot was last changed, by somebody else, after the version that the client's
    /// message says it has: the documented rule.
    #[default]
    SlotVersion,
    /// Never: the last writer wins.
    LastWriterWins,
}

/// What a client may do with the object its message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Use it.
    pub read: bool,
    /// Change, remove, clear and send.
    pub write: bool,
    /// Make it by using it.
    pub create: bool,
    /// Use it even where it is a proxy itself. Instances must not: their proxies could lead in a
    /// circle.
    pub relay: bool,
}

impl Rights {
    /// Everything.
    pub const ALL: Self = Self {
        read: true,
        write: true,
        create: true,
        relay: true,
    };
}
