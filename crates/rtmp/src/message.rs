//! What one message says: its type, and its body as typed values.
//!
//! [`Message::decode`] and [`Message::encode`] translate between this and the
//! [`crate::chunk::RawMessage`] of the chunk stream. Which message may come when is the business
//! of the layers above.

mod aggregate;
mod codec;
mod command;
mod control;

use amf::amf0::AvmPlus;
use bytes::Bytes;

pub use aggregate::split as split_aggregate;
pub use command::{Command, Data};
pub use control::{PeerBandwidthLimit, UserControl};

use crate::shared_object;

/// The message types of RTMP 1.0 §5.4 and §7.1.
pub mod type_id {
    /// Set Chunk Size.
    pub const SET_CHUNK_SIZE: u8 = 1;
    /// Abort Message.
    pub const ABORT: u8 = 2;
    /// Acknowledgement.
    pub const ACKNOWLEDGEMENT: u8 = 3;
    /// User Control.
    pub const USER_CONTROL: u8 = 4;
    /// Window Acknowledgement Size.
    pub const WINDOW_ACK_SIZE: u8 = 5;
    /// Set Peer Bandwidth.
    pub const SET_PEER_BANDWIDTH: u8 = 6;
    /// Audio.
    pub const AUDIO: u8 = 8;
    /// Video.
    pub const VIDEO: u8 = 9;
    /// Data in the AMF3 form.
    pub const DATA_AMF3: u8 = 15;
    /// Shared object in the AMF3 form.
    pub const SHARED_OBJECT_AMF3: u8 = 16;
    /// Command in the AMF3 form.
    pub const COMMAND_AMF3: u8 = 17;
    /// Data in AMF0.
    pub const DATA_AMF0: u8 = 18;
    /// Shared object in AMF0.
    pub const SHARED_OBJECT_AMF0: u8 = 19;
    /// Command in AMF0.
    pub const COMMAND_AMF0: u8 = 20;
    /// Aggregate: several messages in one.
    pub const AGGREGATE: u8 = 22;

    /// Whether messages of this type are audio, video or an aggregate of them.
    pub const fn is_media(type_id: u8) -> bool {
        matches!(type_id, AUDIO | VIDEO | AGGREGATE)
    }
}

/// One message of a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The message stream it belongs to; 0 is the connection itself.
    pub stream_id: u32,
    /// Media time in milliseconds, which wraps; 0 where it means nothing.
    pub timestamp: u32,
    /// What it says.
    pub body: Body,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Body {
    /// Type 1: chunks from the sender will be this many bytes long. Already obeyed when it is
    /// received.
    SetChunkSize(u32),
    /// Type 2: the unfinished message on this chunk stream is dropped. Already obeyed when it
    /// is received.
    Abort(u32),
    /// Type 3: the sender has received this many bytes, modulo 2³².
    Acknowledgement(u32),
    /// Type 4.
    UserControl(UserControl),
    /// Type 5: the sender wants an acknowledgement each time it has sent this many bytes.
    WindowAckSize(u32),
    /// Type 6: the receiver should keep no more than `bytes` unacknowledged.
    SetPeerBandwidth {
        /// The window in bytes.
        bytes: u32,
        /// How it combines with earlier ones.
        limit: PeerBandwidthLimit,
    },
    /// Type 8, as it is.
    Audio(Bytes),
    /// Type 9, as it is.
    Video(Bytes),
    /// Types 18 and 15.
    Data(Data),
    /// Types 19 and 16.
    SharedObject(shared_object::Message),
    /// Types 20 and 17.
    Command(Command),
    /// Type 22, not taken apart; only when [`crate::SessionConfig::split_aggregates`] is off,
    /// or when an aggregate is inside another.
    Aggregate(Bytes),
    /// Any other type, as it is. To be ignored.
    Unknown {
        /// The type.
        type_id: u8,
        /// The body.
        payload: Bytes,
    },
}

/// The form in which commands, data and shared objects are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// AMF0: types 18 to 20. Values that only AMF3 knows are written as what comes closest.
    #[default]
    Amf0,
    /// The AMF3 form: types 15 to 17, which are AMF0 again after one byte, with AMF3 behind
    /// marker 0x11 for whatever is not a plain scalar. For clients that connected with
    /// `objectEncoding` 3.
    Amf3,
}

impl Encoding {
    /// When values written in this form switch to AMF3.
    pub(crate) const fn avm_plus(self) -> AvmPlus {
        match self {
            Self::Amf0 => AvmPlus::Never,
            Self::Amf3 => AvmPlus::Objects,
        }
    }
}

impl Message {
    /// A message of the connection itself (stream 0, time 0).
    pub const fn connection(body: Body) -> Self {
        Self {
            stream_id: 0,
            timestamp: 0,
            body,
        }
    }

    /// A message of a stream without a media time.
    pub const fn stream(stream_id: u32, body: Body) -> Self {
        Self {
            stream_id,
            timestamp: 0,
            body,
        }
    }
}

impl Body {
    /// The type id this body is sent with.
    pub const fn type_id(&self) -> u8 {
        match self {
            Self::SetChunkSize(_) => type_id::SET_CHUNK_SIZE,
            Self::Abort(_) => type_id::ABORT,
            Self::Acknowledgement(_) => type_id::ACKNOWLEDGEMENT,
            Self::UserControl(_) => type_id::USER_CONTROL,
            Self::WindowAckSize(_) => type_id::WINDOW_ACK_SIZE,
            Self::SetPeerBandwidth { .. } => type_id::SET_PEER_BANDWIDTH,
            Self::Audio(_) => type_id::AUDIO,
            Self::Video(_) => type_id::VIDEO,
            Self::Data(data) => match data.encoding {
                Encoding::Amf0 => type_id::DATA_AMF0,
                Encoding::Amf3 => type_id::DATA_AMF3,
            },
            Self::SharedObject(message) => match message.encoding {
                Encoding::Amf0 => type_id::SHARED_OBJECT_AMF0,
                Encoding::Amf3 => type_id::SHARED_OBJECT_AMF3,
            },
            Self::Command(command) => match command.encoding {
                Encoding::Amf0 => type_id::COMMAND_AMF0,
                Encoding::Amf3 => type_id::COMMAND_AMF3,
            },
            Self::Aggregate(_) => type_id::AGGREGATE,
            Self::Unknown { type_id, .. } => *type_id,
        }
    }
}
