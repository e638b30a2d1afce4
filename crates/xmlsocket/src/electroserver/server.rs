//! What the server sends.

mod read;
mod write;
mod writer;

use super::{RoomVariable, Variable};

/// A packet to a client.
///
/// Where something can go wrong the packet holds a `Result` whose error is the reason, a text that
/// movies show to their users as it is. Reasons are not part of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerPacket {
    /// The greeting, before which the class does nothing. Certain; the word `Denied` is inferred.
    ConnectionResponse(Result<Version, String>),
    /// The answer to a login. Certain; in what element a variable has its text is unknown, so it
    /// is in both.
    LoginResponse(Result<Vec<Variable>, String>),
    /// The rooms of the zone the client is in. Certain. Has to come before
    /// [`ServerPacket::JoinRoom`], which the class looks up in this list.
    RoomList(ZoneRooms),
    /// One room of the zone is new, is gone or has changed. Certain.
    UpdateRoomList {
        /// What happened to it.
        change: RoomChange,
        /// The zone.
        zone: String,
        /// Users in the zone.
        zone_users: u32,
        /// The room as it is now, whole: the class replaces what it knew.
        room: Room,
    },
    /// The client is in a room, or is not let in. Certain.
    JoinRoom(Result<RoomUsers, String>),
    /// The answer to the wish for a new room. Certain for the failure, upon which the class tries
    /// to join the room of that name; the success is passed over by the class, for which
    /// [`ServerPacket::JoinRoom`] says enough.
    CreateRoom(Result<(), String>),
    /// Somebody else came into the room. Certain. Must not go to the one who came.
    UserJoined(User),
    /// Somebody else left the room. Certain.
    UserLeft {
        /// Who.
        name: String,
    },
    /// The users of the room have new numbers. Certain; when it is sent is inferred.
    RenumberUsers(Vec<(String, Option<u32>)>),
    /// A text to the room. Certain; that its sender gets it too is inferred.
    SendPublicMessage(Message),
    /// A text to this user. Certain.
    SendPrivateMessage(Message),
    /// A variable of the room is new, is gone or has changed. Certain.
    UpdateRoomVariable {
        /// What happened to it.
        change: Change,
        /// The variable. Of one that is gone only the name matters.
        variable: RoomVariable,
    },
    /// A variable of a user is new or has changed; the class finds out which. Certain.
    UpdateUserVariable {
        /// Whose.
        user: String,
        /// The variable.
        variable: Variable,
    },
    /// A variable of a user is gone. Certain.
    DeleteUserVariable {
        /// Whose.
        user: String,
        /// The variable.
        name: String,
    },
    /// A plugin speaks. Certain.
    SendPluginMessage {
        /// Which.
        plugin: String,
        /// What about.
        action: String,
        /// Its values.
        variables: Vec<Variable>,
    },
    /// The answer to the same packet of the client. Certain.
    GetRoomsInZone(ZoneRooms),
    /// How many are logged in, over all zones. Certain.
    GetLoggedInUserCount(u32),
    /// The server's time. Certain; that it is in milliseconds since 1970 is inferred.
    GetServerTime(u64),
    /// A part of the configuration. Certain; what is in it is not.
    LoadConfiguration {
        /// Number of parts.
        parts: u32,
        /// Which part this is, from 1.
        part: u32,
        /// Its text. The parts joined are one XML document.
        text: String,
    },
    /// The zones there are. Unknown, as are all packets from here on: later classes have an event
    /// for it.
    GetAllZones(Vec<ZoneUsers>),
    /// The user's buddies. Unknown.
    GetBuddyList(Vec<Buddy>),
    /// A buddy has logged in. Unknown.
    BuddyLoggedIn {
        /// Who.
        name: String,
    },
    /// A buddy has logged out. Unknown.
    BuddyLoggedOut {
        /// Who.
        name: String,
    },
    /// Where a user is. Unknown.
    GetUserLocation {
        /// Who.
        user: String,
        /// Where, or nothing when the user is not logged in or in no room.
        location: Option<Location>,
    },
    /// Who is in a room. Unknown.
    GetUsersInRoom {
        /// Which room.
        location: Location,
        /// The users.
        users: Vec<User>,
    },
}

/// The version that the server says it has. The class refuses one that is older than itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    /// 3.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number.
    pub sub: u32,
}

impl Default for Version {
    /// 3.8.0, newer than every class of version 3.
    fn default() -> Self {
        Self {
            major: 3,
            minor: 8,
            sub: 0,
        }
    }
}

/// The rooms of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneRooms {
    /// The zone.
    pub zone: String,
    /// Users in it.
    pub users: u32,
    /// Its rooms, without hidden ones.
    pub rooms: Vec<Room>,
}

/// A room as lists have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its name.
    pub name: String,
    /// Users in it.
    pub users: u32,
    /// Whether it is hidden.
    pub hidden: bool,
    /// What the movie wrote that made it, to be given back as it was: the class reads it as WDDX.
    pub description: String,
    /// How many may be in it; nothing for any number.
    pub capacity: Option<u32>,
}

/// What happened to a room of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoomChange {
    /// It is new: `CreateRoom`.
    Created,
    /// Its details or its number of users: `ChangeRoomDetails`.
    Changed,
    /// It is gone, or became hidden: `DeleteRoom`.
    Deleted,
}

/// What happened to a variable of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// It is new: `Create`.
    Created,
    /// It has another text: `Update`.
    Updated,
    /// It is gone: `Delete`.
    Deleted,
}

/// What is in the room that a client joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomUsers {
    /// Everybody in it, the client last: the class stops at its own name when it makes labels.
    pub users: Vec<User>,
    /// Its variables.
    pub variables: Vec<RoomVariable>,
}

/// A user of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// Whether the movie shows the sign of a moderator.
    pub moderator: bool,
    /// The number in the room; 0 is the game's master. Nothing for spectators, written as -1: the
    /// class forgets later numbers of a user who had none. That it is -1 is unknown.
    pub number: Option<u32>,
    /// The user's variables.
    pub variables: Vec<Variable>,
}

/// A text of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub from: String,
    /// The text, as it came.
    pub text: String,
    /// Variables beside it. One called `Action` with the text `Move` makes it a move.
    pub variables: Vec<Variable>,
}

/// A zone and how many are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneUsers {
    /// The zone.
    pub zone: String,
    /// Users in it.
    pub users: u32,
}

/// A buddy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buddy {
    /// The name.
    pub name: String,
    /// Whether that user is logged in.
    pub online: bool,
}

/// A room and its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The zone.
    pub zone: String,
    /// The room.
    pub room: String,
}
