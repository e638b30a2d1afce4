//! AMF0 and AMF3 values, their reader and writer, the Flash Remoting envelope, and `.sol` files.
//!
//! AMF is how Flash clients and servers write the values of their scripts. This crate owns the
//! value type of the whole product and turns it into bytes and back; it opens no sockets, reads
//! no clock and keeps no state between messages. What the values of a message mean belongs to the
//! crates that know the message.
//!
//! - [`Value`] is cheap to clone and can hold everything that either format can say.
//! - [`amf0`] reads and writes the format of the first RTMP clients; one of its values may switch
//!   to AMF3.
//! - [`amf3`] reads and writes the format of Flash Player 9 and later.
//! - [`packet`] is the envelope of Flash Remoting over HTTP.
//! - [`sol`] is the file in which Flash Player keeps a local shared object.
//!
//! Input is never trusted: [`Limits`] says what a message may cost, and nothing is allocated
//! because a length field says so.
//!
//! ```
//! use amf::{Value, amf0};
//!
//! let status = Value::object([
//!     ("level", "status".into()),
//!     ("code", "NetConnection.Connect.Success".into()),
//! ]);
//! let bytes = amf0::encode_all(&["_result".into(), 1.into(), Value::Null, status])?;
//! let values = amf0::decode_all(&bytes, &amf::Limits::default())?;
//! assert_eq!(values[3].get("level").and_then(Value::as_str), Some("status"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod amf0;
pub mod amf3;
mod error;
mod limits;
pub mod packet;
mod read;
pub mod sol;
mod tables;
mod text;
mod value;
mod write;

pub use error::{DecodeError, EncodeError};
pub use limits::{Limits, UnknownExternalizable};
pub use text::Str;
pub use value::{
    Date, Dictionary, EcmaArray, ExternalBody, Externalizable, Object, ObjectVector, Reference,
    Value, Vector,
};
pub use write::Output;
