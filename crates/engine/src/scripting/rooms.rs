//! The rooms of the server, as a script uses them (`Rooms`).
//!
//! They are nobody's instance: what a script asks for is done at once and answered, while its handler
//! waits. What happens in the zones it watches it is told by
//! [`ScriptInput::RoomNews`](super::ScriptInput), after its handlers, its own doing too.

use amf::{Str, Value};

/// A room, by zone and name, in any case of letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomName {
    /// The zone.
    pub zone: Str,
    /// The room.
    pub room: Str,
}

/// What a script can ask for. Variables that go with something are an object of texts, numbers and
/// booleans, or no object for none.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomAsk {
    /// The names of the zones, as an array.
    Zones,
    /// The names of the rooms of a zone, hidden ones too, as an array.
    Rooms {
        /// Which.
        zone: Str,
    },
    /// What a room is like, as an object; `null` if there is none.
    Room(RoomName),
    /// Make a room.
    Create {
        /// Which.
        room: RoomName,
        /// What it is like: an object.
        options: Value,
    },
    /// Take a room away, with all who are in it.
    Remove(RoomName),
    /// Say something to a room, in any name.
    Say {
        /// Where.
        room: RoomName,
        /// In whose name.
        from: Str,
        /// What.
        text: Str,
        /// What goes with it.
        variables: Value,
    },
    /// Say something to one user, in any name.
    Tell {
        /// Whom, by name.
        user: Str,
        /// In whose name.
        from: Str,
        /// What.
        text: Str,
        /// What goes with it.
        variables: Value,
    },
    /// Give a variable of a room a value.
    SetVariable {
        /// Where.
        room: RoomName,
        /// Its name.
        name: Str,
        /// Its value.
        value: Value,
    },
    /// Take a variable of a room away.
    RemoveVariable {
        /// Where.
        room: RoomName,
        /// Its name.
        name: Str,
    },
    /// Put a user out of a room.
    Kick {
        /// Where.
        room: RoomName,
        /// Whom, by name.
        user: Str,
        /// Why, in words for that user.
        reason: Str,
    },
    /// Bring a user into a room for whom the script speaks. Answered with a text that names it.
    Enter {
        /// Where.
        room: RoomName,
        /// The name that it is to have.
        name: Str,
        /// The address it comes from; empty if it comes from none.
        ip: Str,
    },
    /// Such a user says something to its room.
    GuestSay {
        /// Who, as [`Enter`](Self::Enter) named it.
        guest: Str,
        /// Where.
        room: RoomName,
        /// What.
        text: Str,
        /// What goes with it.
        variables: Value,
    },
    /// Such a user goes.
    GuestLeave {
        /// Who, as [`Enter`](Self::Enter) named it.
        guest: Str,
    },
    /// Be told what happens in a zone, which need not be there yet.
    Watch {
        /// Which.
        zone: Str,
    },
    /// Be told no more.
    Unwatch {
        /// Which.
        zone: Str,
    },
}

/// Something that has happened to rooms.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomNews {
    /// What.
    pub event: RoomEvent,
    /// What there is to say of it, as [`RoomEvent`] has it.
    pub args: Vec<Value>,
}

/// What can happen to rooms, and in brackets what is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomEvent {
    /// A room is there (zone, room).
    Created,
    /// A room is gone (zone, room).
    Removed,
    /// A user is in a room (zone, room, name).
    Entered,
    /// A user is no longer there (zone, room, name).
    Left,
    /// Something is said in a room (zone, room, name, text, variables).
    Message,
    /// A variable of a room has a value; `undefined` if it is gone (zone, room, name, value).
    Variable,
    /// A user for whom the script speaks is told something (guest, name, text, variables).
    Whisper,
    /// Such a user was put out (guest, reason in one word).
    GuestEnded,
    /// More has happened than the script could be told (how much).
    Lost,
}

impl RoomEvent {
    /// The event as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Removed => "removed",
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Message => "message",
            Self::Variable => "variable",
            Self::Whisper => "whisper",
            Self::GuestEnded => "guestEnded",
            Self::Lost => "lost",
        }
    }
}

/// The rooms of the server.
pub trait RoomHost {
    /// Does what is asked for, and gives the answer; `undefined` where there is nothing to say.
    ///
    /// # Errors
    ///
    /// Why it is refused, in words.
    fn ask(&self, ask: RoomAsk) -> Result<Value, String>;
}

/// A world without rooms, where nothing is found and nothing comes of what is done.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRooms;

impl RoomHost for NoRooms {
    fn ask(&self, ask: RoomAsk) -> Result<Value, String> {
        Ok(match ask {
            RoomAsk::Zones | RoomAsk::Rooms { .. } => Value::StrictArray(Vec::new().into()),
            RoomAsk::Room(_) => Value::Null,
            RoomAsk::Enter { .. } => Value::String("0".into()),
            _ => Value::Undefined,
        })
    }
}
