//! What can be wrong with a peer, in three families and their causes.
//!
//! *Malformed*: the bytes mean nothing. *Misbehaved*: they mean something that is not allowed
//! here. *Unsupported*: they are allowed, and we do not do it. Limits and missed deadlines stand
//! beside them. Bytes that have not arrived yet are never an error.

use thiserror::Error as ThisError;

/// Why a connection, a message or a URL was refused.
///
/// `offset` counts bytes. For the handshake and the chunk stream it counts from the first byte
/// the peer sent; for what is wrong inside one message, from the first byte of its body, also
/// when a [`crate::Session`] reports it.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The first byte is no RTMP version, so this is a client of something else.
    #[error("not RTMP: the connection starts with byte {first:#04x}")]
    NotRtmp {
        /// The first byte: 0x20 and above, as text protocols have (RTMP 1.0 §5.2.2).
        first: u8,
    },
    /// Bytes that mean nothing.
    #[error("malformed {what} at byte {offset}")]
    Malformed {
        /// What was being read.
        what: Malformed,
        /// Where it starts.
        offset: u64,
    },
    /// A value inside a message that the AMF reader refused.
    #[error("AMF in a message of type {type_id}: {source}")]
    Amf {
        /// The message's type id (RTMP 1.0 §7.1).
        type_id: u8,
        /// The reader's reason, with its own offset.
        source: amf::DecodeError,
    },
    /// A message of ours that AMF cannot express or that is too long. The peer is not at fault
    /// and has received nothing of it.
    #[error("cannot write a message of type {type_id}: {source}")]
    Unsendable {
        /// The message's type id (RTMP 1.0 §7.1).
        type_id: u8,
        /// The writer's reason.
        source: amf::EncodeError,
    },
    /// Something well-formed that is not allowed here.
    #[error("the peer {what}, at byte {offset}")]
    Misbehaved {
        /// What the peer did.
        what: Misbehaved,
        /// Where it did so.
        offset: u64,
    },
    /// Something that is allowed but not offered by this implementation.
    #[error("{what} is not supported")]
    Unsupported {
        /// What the peer asked for.
        what: Unsupported,
        /// Where it asked.
        offset: u64,
    },
    /// More than the [`crate::Limits`] allow.
    #[error("{which} over the limit of {max}, at byte {offset}")]
    Limit {
        /// The limit that was passed.
        which: Limit,
        /// Its configured value.
        max: u64,
        /// Where it was passed.
        offset: u64,
    },
    /// The peer was too slow.
    #[error("{deadline} did not happen within {after_millis} ms")]
    Timeout {
        /// What did not happen in time.
        deadline: Deadline,
        /// The time that was given, in milliseconds.
        after_millis: u64,
    },
}

/// What could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Malformed {
    /// The body of a protocol control message is too short, or its reserved bit is set.
    #[error("protocol control message of type {type_id}")]
    Control {
        /// The message's type id: 1, 2, 3, 5 or 6.
        type_id: u8,
    },
    /// A user control message is too short for its event.
    #[error("user control event {event}")]
    UserControl {
        /// The event number; 0xffff when not even that was there.
        event: u16,
    },
    /// A command has no name, or one that is not a string.
    #[error("command name")]
    CommandName,
    /// The leading byte of an AMF3 message (types 15 to 17) is none that any peer sends.
    #[error("leading byte {lead:#04x} of an AMF3 message")]
    Lead {
        /// The byte.
        lead: u8,
    },
    /// A message inside an aggregate is cut.
    #[error("aggregate message")]
    Aggregate,
    /// A shared-object message has no complete name, version and flags.
    #[error("shared object header")]
    SharedObjectHeader,
    /// An event of a shared-object message is cut.
    #[error("shared object event header")]
    SharedObjectEventHeader,
    /// The data of a shared-object event does not fit the event.
    #[error("data of shared object event {event}")]
    SharedObjectEvent {
        /// The event's type.
        event: u8,
    },
    /// Text that is not UTF-8.
    #[error("text")]
    Text,
}

/// What the peer did that it must not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Misbehaved {
    /// A chunk stream began with a header of type 2 or 3, which needs an earlier one.
    #[error("began chunk stream {csid} with a header of type {format}")]
    ChunkStreamWithoutHeader {
        /// The chunk stream id.
        csid: u32,
        /// The header type, 2 or 3.
        format: u8,
    },
    /// A full header (type 0) came before the message on that chunk stream was complete.
    #[error("started a message on chunk stream {csid} before the last one was complete")]
    HeaderInsideMessage {
        /// The chunk stream id.
        csid: u32,
    },
    /// A header inside an unfinished message changed that message's length or type.
    #[error("changed the length or type of an unfinished message on chunk stream {csid}")]
    MessageChanged {
        /// The chunk stream id.
        csid: u32,
    },
    /// Set Chunk Size announced zero.
    #[error("set the chunk size to zero")]
    ChunkSizeZero,
    /// The server answered with a protocol version other than 3.
    #[error("answered with RTMP version {version}")]
    ServerVersion {
        /// The S0 byte.
        version: u8,
    },
}

/// What is legal and not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Unsupported {
    /// RTMPE, which hides and does not protect; RTMPS is offered instead.
    #[error("encrypted RTMP (type {version})")]
    Rtmpe {
        /// The C0 byte: 6, 8 or 9.
        version: u8,
    },
}

/// Which of the [`crate::Limits`] was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Limit {
    /// [`crate::Limits::media_message_bytes`].
    #[error("media message length")]
    MediaMessageBytes,
    /// [`crate::Limits::other_message_bytes`].
    #[error("message length")]
    OtherMessageBytes,
    /// [`crate::Limits::partial_messages`].
    #[error("number of unfinished messages")]
    PartialMessages,
    /// [`crate::Limits::partial_bytes`].
    #[error("bytes of unfinished messages")]
    PartialBytes,
    /// [`crate::Limits::chunk_streams`].
    #[error("number of chunk streams")]
    ChunkStreams,
    /// [`crate::Limits::messages_at_once`].
    #[error("messages at once")]
    MessagesAtOnce,
    /// [`crate::Limits::shared_object_items`].
    #[error("number of items in a shared object message")]
    SharedObjectItems,
}

/// What had to happen in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Deadline {
    /// The handshake, counted from the start of the session.
    #[error("the handshake")]
    Handshake,
    /// The `connect` command, counted from the start of the session.
    #[error("connect")]
    Connect,
    /// Any byte from the peer, which had been sent ping requests.
    #[error("a sign of life")]
    Idle,
}

/// The families of [`Error`], for log levels and metric labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Not our protocol at all.
    NotRtmp,
    /// Bytes that mean nothing.
    Malformed,
    /// Well-formed and not allowed.
    Misbehaved,
    /// Allowed and not offered.
    Unsupported,
    /// Too much.
    Limit,
    /// Too late.
    Timeout,
    /// Our own message could not be written.
    Unsendable,
}

impl Family {
    /// A stable lower-case word for logs and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRtmp => "not_rtmp",
            Self::Malformed => "malformed",
            Self::Misbehaved => "misbehaved",
            Self::Unsupported => "unsupported",
            Self::Limit => "limit",
            Self::Timeout => "timeout",
            Self::Unsendable => "unsendable",
        }
    }
}

impl Error {
    /// The family this error belongs to.
    pub const fn family(&self) -> Family {
        match self {
            Self::NotRtmp { .. } => Family::NotRtmp,
            Self::Malformed { .. } | Self::Amf { .. } => Family::Malformed,
            Self::Misbehaved { .. } => Family::Misbehaved,
            Self::Unsupported { .. } => Family::Unsupported,
            Self::Limit { .. } => Family::Limit,
            Self::Timeout { .. } => Family::Timeout,
            Self::Unsendable { .. } => Family::Unsendable,
        }
    }

    /// A malformed `what` that starts `offset` bytes into the thing being read.
    pub(crate) const fn malformed(what: Malformed, offset: usize) -> Self {
        Self::Malformed {
            what,
            offset: offset as u64,
        }
    }
}
