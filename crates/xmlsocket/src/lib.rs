//! XML sockets as bytes in, frames out, bytes out: what Flash's `XMLSocket` class speaks to.
//!
//! A connection carries texts, each ended by a zero byte. [`Framer`] finds them in any split of
//! the bytes and says when a player asks for a policy file; [`Charset`] knows which code page an
//! old movie writes; [`Policy`] makes the policy file. [`lenient`] reads XML that nobody escaped, and
//! [`electroserver`] has every packet of the ElectroServer 3 protocol, both ways.
//!
//! ```text
//! bytes -> Framer -> lenient::Document -> electroserver::ClientPacket
//! bytes <- Charset::frame  <-  text    <- electroserver::ServerPacket
//! ```
//!
//! No sockets, clock or log of its own. What a packet means to users and rooms is decided by the
//! kernel in the crate `rooms`, which [`electroserver::Session`] speaks to.

pub mod electroserver;
pub mod lenient;

mod charset;
mod error;
mod framer;
mod limits;
mod policy;
mod text;

pub use charset::{Charset, UnknownCodePage};
pub use error::{Error, Family, Limit, Malformed};
pub use framer::{Frame, Framer};
pub use limits::Limits;
pub use policy::{Access, Policy, PolicyError, Ports, SiteControl, is_policy_request};
