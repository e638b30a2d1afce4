//! Every packet of the ElectroServer 3 protocol, both ways.
//!
//! A [`ClientPacket`] is what the `ElectroServer` class of a movie sends: [`ClientPacket::decode`]
//! reads it with all that the class gets wrong, [`ClientPacket::encode`] writes it as the class
//! does, escaping nothing. A [`ServerPacket`] is what we send: [`ServerPacket::encode`] keeps to
//! what the class can read, [`ServerPacket::decode`] reads it for tools and tests.
//!
//! The protocol was never published. What is known comes from the class itself, version 3.1.0 of
//! May 2004, and each packet says how sure it is:
//!
//! - *Certain*: the class writes or reads it so.
//! - *Inferred*: something else about the class or its documentation says so.
//! - *Unknown*: later classes have a method for it, and nobody knows the packet. What stands here
//!   is a proposal, after the habits of the rest.
//!
//! Both ways a packet is `<XmlDoc><Action>…</Action><Parameters>…</Parameters></XmlDoc>`, and
//! actions are compared without regard to case.
//!
//! A [`Session`] is one connection: it greets, makes operations of the room kernel out of packets,
//! and packets out of its events.

mod client;
mod server;
mod session;
mod tree;

pub use client::{ClientPacket, CreateRoom, JoinRoom, Plugin, RoomDetail};
pub use server::{
    Buddy, Change, Location, Message, Room, RoomChange, RoomUsers, ServerPacket, User, Version,
    ZoneRooms, ZoneUsers,
};
pub use session::{Input, Output, Session, SessionConfig, Told, Unserved};

/// A name and its text: a variable of a user, a message, a plugin or a login. Every value of the
/// protocol is text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its text.
    pub value: String,
}

/// A variable of a room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomVariable {
    /// Its name.
    pub name: String,
    /// Its text.
    pub value: String,
    /// Whether it stays when the user who made it leaves. Inferred from the word.
    pub persistent: bool,
    /// Whether only the user who made it may change it. Inferred from the word.
    pub locked: bool,
}
