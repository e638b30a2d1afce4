//! What a directory asks of the caller, and what it tells.

use amf::{Str, Value};
use rtmp::Millis;
use rtmp::shared_object::Message;
use rtmp::status::Code;

use crate::batch::Update;
use crate::name::ObjectName;
use crate::stored::Changes;
use crate::user::{LinkId, ObjectId, UserId};

/// What [`Directory::poll`](crate::Directory::poll) gives.
#[derive(Debug)]
pub enum Output {
    /// Send this to a client, through its [`Backlog`](crate::Backlog).
    Update {
        /// Whom.
        user: UserId,
        /// What.
        update: Update,
    },
    /// Save this, and tell by [`Directory::saved`](crate::Directory::saved) whether it worked.
    /// Saves of one object must be carried out in this order.
    Save(Save),
    /// Stored objects that nobody has in memory are to be removed together, likewise.
    Forget {
        /// For [`Directory::saved`](crate::Directory::saved).
        id: SaveId,
        /// Which objects.
        names: Vec<ObjectName>,
    },
    /// For the script's `onSync`: what one message of a client, or of the owner of a proxy's
    /// object, did to an object that the script has open. An empty list says that a proxy is in
    /// step with its owner, and nothing has changed.
    Sync {
        /// Which object.
        object: ObjectId,
        /// The changes, in order.
        entries: Vec<SyncEntry>,
    },
    /// For the script's `so.handlerName`: a client's `send`.
    Message {
        /// Which object.
        object: ObjectId,
        /// The function.
        handler: Str,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// For the script's `onStatus`: the owner has refused a subscription, or ended it.
    Status {
        /// Which object.
        object: ObjectId,
        /// Which status.
        code: Code,
        /// Why, in words.
        why: String,
    },
    /// Send this over a connection to another instance.
    Upstream {
        /// Which connection.
        link: LinkId,
        /// What.
        message: Message,
    },
    /// For the log.
    Note(Note),
    /// Nothing more; [`Directory::handle_timeout`](crate::Directory::handle_timeout) is due at
    /// this time.
    Timeout(Option<Millis>),
}

/// What of an object is to be saved.
#[derive(Debug)]
pub struct Save {
    /// For [`Directory::saved`](crate::Directory::saved).
    pub id: SaveId,
    /// Which object.
    pub name: ObjectName,
    /// What changed.
    pub changes: Changes,
}

/// The number of one [`Save`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SaveId(pub(crate) u64);

/// One entry of the list for the script's `onSync`.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncEntry {
    /// What happened.
    pub code: SyncCode,
    /// The slot; `None` if all are gone.
    pub name: Option<Str>,
    /// The value it had before, if it had one.
    pub old: Option<Value>,
}

/// What happened to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncCode {
    /// A client changed it, or for a proxy somebody else.
    Change,
    /// A client removed it.
    Delete,
    /// The script's own change of a proxy was made.
    Success,
    /// The script's own change of a proxy was refused.
    Reject,
    /// All slots of a proxy are gone.
    Clear,
}

impl SyncCode {
    /// The text in `list[i].code`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Delete => "delete",
            Self::Success => "success",
            Self::Reject => "reject",
            Self::Clear => "clear",
        }
    }
}

/// Something for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A client's request was refused, and the client told so.
    Refused {
        /// Whose.
        user: UserId,
        /// The object, as the client named it.
        name: Str,
        /// What the client was told.
        code: Code,
        /// Why.
        why: Refusal,
    },
    /// A client sent an event that servers do not know. It was skipped.
    UnknownEvent {
        /// Who.
        user: UserId,
        /// The object, as the client named it.
        name: Str,
        /// The event's number.
        event: u8,
    },
    /// A proxy is not in step with the owner of its object, or no longer.
    OwnerLost {
        /// The proxy.
        name: Str,
        /// Why.
        why: String,
    },
    /// A stored object could not be read.
    LoadFailed {
        /// Which.
        name: Str,
        /// Why.
        why: String,
    },
}

/// Why a client's request was refused. Shown in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The access rules forbid it.
    #[error("the access rules forbid it")]
    Rights,
    /// The name is not allowed.
    #[error(transparent)]
    Name(#[from] crate::name::NameError),
    /// The other kind of object has the name.
    #[error("the name is in use with the other persistence")]
    Persistence,
    /// The client does not use the object.
    #[error("the client does not use the object")]
    NotUsed,
    /// The lengths in the message do not fit, or what it holds means nothing.
    #[error("the message cannot be read")]
    Unreadable,
    /// The client uses the object, and releases it, and uses it again in one message.
    #[error("the message begins to use the object more than once")]
    Again,
    /// One of [`Limits`](crate::Limits) is reached.
    #[error("the limit {limit} of {max} is reached")]
    Limit {
        /// Which, by the name of its field.
        limit: &'static str,
        /// Its value.
        max: usize,
    },
    /// The value cannot be kept.
    #[error("the value cannot be kept: {0}")]
    Value(amf::EncodeError),
    /// The store does not answer.
    #[error("the stored object cannot be read")]
    Store,
    /// The object is a proxy, and is not in step with its owner.
    #[error("the owner of the object cannot be reached")]
    NotConnected,
    /// An administrator wants to change a proxy.
    #[error("the object belongs to another instance, and is changed there")]
    Proxy,
    /// An administrator wants to change a temporary object that nobody uses.
    #[error("nobody uses the temporary object, so it would not last")]
    Unused,
    /// The owner of a proxy's object has refused it.
    #[error("the owner of the object refuses it")]
    Owner,
    /// A client of a proxy wants what the proxy cannot ask in the clients' dialect.
    #[error("the owner of the object cannot be asked for it in the dialect of clients")]
    Dialect,
    /// The owner of a proxy's object has not answered.
    #[error("the owner of the object does not answer")]
    NoAnswer,
    /// Another instance wants to use a proxy.
    #[error("a proxy has no proxies")]
    Relay,
}
