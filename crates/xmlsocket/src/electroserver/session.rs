//! One connection of an ElectroServer 3 client, between its socket and the room kernel.
//!
//! Bytes, the time and what the kernel tells go in through [`Session::handle`]; bytes, operations
//! for the kernel and the time of the next timeout come out of [`Session::poll`]. After each
//! `handle`, poll until it answers [`Output::Timeout`], and only then call `handle` again. Whether
//! something is allowed is the kernel's business. The dialect knows one room for each user.

mod ask;
mod config;
mod told;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rooms::{Event, Op, RoomId, UnixMillis};

pub use config::SessionConfig;
pub use told::Told;

use super::{ClientPacket, Plugin, Room, RoomChange, ServerPacket, Variable};
use crate::error::Error;
use crate::framer::{Frame, Framer};

/// What a session is told.
#[derive(Debug)]
pub enum Input<'a> {
    /// The client sent bytes. What they ask for is kept until it is polled, so hand in what one
    /// read gave, not a file.
    Receive {
        /// The time.
        now: UnixMillis,
        /// The bytes, in any split.
        bytes: &'a [u8],
    },
    /// The time that [`Output::Timeout`] named has come. Harmless at any other time.
    Timeout {
        /// The time.
        now: UnixMillis,
    },
    /// The kernel tells this user something.
    Told {
        /// What.
        event: &'a Event,
        /// The same in this dialect, made once for all who are told; nothing when the dialect has
        /// no packet for it.
        told: Option<&'a Told>,
    },
    /// There is no place for this client. It is told so; close the connection then.
    Deny {
        /// Why, in words for the user.
        reason: &'a str,
    },
}

/// What a session has to say.
#[derive(Debug)]
pub enum Output {
    /// Bytes for the client, to be sent in this order.
    Transmit(Bytes),
    /// Something for the kernel, asked by this user.
    Op(Box<Op>),
    /// This is a player that wants the policy file. Send [`crate::Policy::document`] and close.
    PolicyRequest,
    /// A room that this user made is there, and wants plugins.
    StartPlugins {
        /// The room.
        room: RoomId,
        /// Which.
        plugins: Vec<Plugin>,
    },
    /// A plugin is called.
    CallPlugin {
        /// The room the user is in.
        room: Option<RoomId>,
        /// The plugin.
        plugin: String,
        /// What it shall do.
        method: String,
        /// With what.
        variables: Vec<Variable>,
    },
    /// A packet that nothing is done about, for the log.
    Unserved {
        /// Why.
        why: Unserved,
        /// Its action.
        action: String,
        /// The packet as it came.
        packet: String,
    },
    /// Nothing more for now; call with [`Input::Timeout`] at this time, if nothing else happens
    /// before.
    Timeout(Option<UnixMillis>),
}

/// Why nothing is done about a packet. The protocol has no answer for these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unserved {
    /// Nobody knows the action. Log it once for each.
    UnknownAction,
    /// The configuration is not given to clients.
    Configuration,
    /// It is about the room the user is in, and the user is in none.
    InNoRoom,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    config: Arc<SessionConfig>,
    framer: Framer,
    stage: Stage,
    place: Option<Place>,
    /// What the room that was asked for last is to start with.
    plugins: Vec<Plugin>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum Stage {
    /// Nobody has spoken. If the client does not until then, the server does.
    Silent(UnixMillis),
    Open,
    /// The last thing was said.
    Over,
    Failed(Error),
}

/// The room the user is in.
#[derive(Debug)]
struct Place {
    room: RoomId,
    zone: Arc<str>,
    name: Arc<str>,
}

impl Session {
    /// A connection that a client just opened.
    pub fn new(config: Arc<SessionConfig>, now: UnixMillis) -> Self {
        Self {
            framer: Framer::new(config.charset, &config.limits),
            stage: Stage::Silent(now.after(config.greeting_delay_millis)),
            place: None,
            plugins: Vec::new(),
            outputs: VecDeque::new(),
            config,
        }
    }

    /// Takes in one thing. Poll afterwards, also after an error: what happened before it is still
    /// there.
    ///
    /// # Errors
    ///
    /// When the client's bytes are refused: the session is over, and every later call gets the
    /// same error.
    pub fn handle(&mut self, input: Input<'_>) -> Result<(), Error> {
        match (&self.stage, input) {
            (Stage::Failed(error), _) => return Err(*error),
            (Stage::Over, _) => {}
            (_, Input::Receive { now, bytes }) => {
                let done = self.receive(now, bytes);
                return done.inspect_err(|error| self.stage = Stage::Failed(*error));
            }
            (Stage::Silent(due), Input::Timeout { now }) if *due <= now => self.greet(),
            (_, Input::Timeout { .. }) => {}
            (_, Input::Told { event, told }) => self.told(event, told),
            (_, Input::Deny { reason }) => {
                self.send(&ServerPacket::ConnectionResponse(Err(reason.to_owned())));
                self.stage = Stage::Over;
            }
        }
        Ok(())
    }

    /// The next thing the session has to say.
    pub fn poll(&mut self) -> Output {
        match (self.outputs.pop_front(), &self.stage) {
            (Some(output), _) => output,
            (None, Stage::Silent(due)) => Output::Timeout(Some(*due)),
            (None, _) => Output::Timeout(None),
        }
    }

    fn greet(&mut self) {
        self.stage = Stage::Open;
        let version = self.config.version;
        self.send(&ServerPacket::ConnectionResponse(Ok(version)));
    }

    fn receive(&mut self, now: UnixMillis, bytes: &[u8]) -> Result<(), Error> {
        self.framer.receive(bytes);
        while let Some(frame) = self.framer.poll()? {
            match frame {
                Frame::PolicyRequest => {
                    self.outputs.push_back(Output::PolicyRequest);
                    self.stage = Stage::Over;
                    return Ok(());
                }
                Frame::Text(text) => {
                    self.stage = Stage::Open;
                    let packet = ClientPacket::decode(&text, &self.config.limits)?;
                    self.ask(now, packet, text);
                }
            }
        }
        Ok(())
    }

    fn told(&mut self, event: &Event, told: Option<&Told>) {
        let here = self.place.as_ref().map(|place| place.room);
        if event.room().is_some_and(|room| Some(room) != here) {
            // Of a room that the movie does not know it is in.
            return;
        }
        if let Some(told) = told {
            let frames = told.frames(self.framer.charset());
            self.outputs.push_back(Output::Transmit(frames));
        }
        match event {
            Event::RoomList {
                zone,
                zone_users,
                rooms,
            } => self.renew_place(zone, *zone_users, rooms),
            Event::Joined { room, created, .. } => {
                self.place = Some(Place {
                    room: room.id,
                    zone: room.zone.clone(),
                    name: room.name.clone(),
                });
                let plugins = std::mem::take(&mut self.plugins);
                if *created && !plugins.is_empty() {
                    let room = room.id;
                    self.outputs
                        .push_back(Output::StartPlugins { room, plugins });
                }
            }
            Event::Left { room, .. } if Some(room.id) == here => self.place = None,
            _ => {}
        }
    }

    /// The class keeps what it knew of a room when a list has one of the same name as the room it
    /// is in, in any zone. What it should know is told once more.
    fn renew_place(&mut self, zone: &str, zone_users: u32, rooms: &[Arc<rooms::RoomInfo>]) {
        let here = self.place.as_ref().map(|place| &place.name);
        let same = rooms.iter().find(|room| Some(&room.name) == here);
        if let Some(room) = same {
            self.send(&ServerPacket::UpdateRoomList {
                change: RoomChange::Changed,
                zone: zone.to_owned(),
                zone_users,
                room: Room::from(&**room),
            });
        }
    }

    fn send(&mut self, packet: &ServerPacket) {
        let mut out = BytesMut::new();
        self.framer.charset().frame(&packet.encode(), &mut out);
        self.outputs.push_back(Output::Transmit(out.freeze()));
    }
}
