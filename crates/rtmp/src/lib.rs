//! RTMP as bytes in, events out, bytes out: handshake, chunks, messages, sessions.
//!
//! A [`Session`] is one connection, as server or as client. It is told what was received, what
//! to send and what time it is; it answers with bytes, events and the time of its next timeout.
//! It opens no sockets, reads no clock and draws no random numbers of its own.
//!
//! ```text
//! bytes -> handshake -> chunk::Reader -> Message::decode -> Event
//! bytes <- handshake <- chunk::Writer <- Message::encode <- Input::Send
//! ```
//!
//! Each layer can be used alone. [`chunk::frame`] writes media once for all who play it;
//! [`status`] has the codes clients are told, [`connect`] what they say when they connect and
//! [`url`] where they want to go. What the messages of an application mean, and who may send
//! which, is not known here.

pub mod chunk;
pub mod connect;
pub mod handshake;
pub mod message;
pub mod shared_object;
pub mod status;
pub mod url;

mod bytes_at;
mod entropy;
mod error;
mod limits;
mod session;
mod time;

pub use error::{Deadline, Error, Family, Limit, Malformed, Misbehaved, Unsupported};
pub use limits::Limits;
pub use message::{Body, Command, Data, Encoding, Message, PeerBandwidthLimit, UserControl};
pub use session::{Event, Input, Output, Session, SessionConfig};
pub use time::Millis;
