//! What a movie sends.

mod read;
mod write;

use super::{RoomVariable, Variable};

/// A packet from a client.
///
/// A zone is nothing when the movie named none: the class knows no zone before it is in a room,
/// and then writes an empty text, or `undefined`. What is missing from a packet is an empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientPacket {
    /// `login`. Certain; that later classes send variables is certain, their form inferred from a
    /// line of the class that is commented out.
    Login {
        /// The name asked for.
        name: String,
        /// The password, often empty.
        password: String,
        /// What the movie tells the login handler.
        variables: Vec<Variable>,
    },
    /// `adminLogin`. Certain.
    AdminLogin {
        /// The administrator's name.
        name: String,
        /// The password.
        password: String,
    },
    /// `loadConfiguration`. Certain; that it is for administrators is inferred.
    LoadConfiguration,
    /// `createRoom` and `createGameRoom`. Certain.
    CreateRoom(Box<CreateRoom>),
    /// `joinRoom` and `joinGame`. Certain.
    JoinRoom(JoinRoom),
    /// `sendMessage` and `sendMove` to the room. Certain.
    SendPublicMessage {
        /// The text; of a move or challenge, an object as WDDX.
        message: String,
        /// Variables beside it. Moves have two, `Action` and `MoveType`.
        variables: Vec<Variable>,
    },
    /// `sendMessage` and `sendMove` to users, and challenges with their answers. Certain.
    SendPrivateMessage {
        /// The recipients, each once and none of them empty. Names that nobody has are to be
        /// passed over: a movie that gives a text in place of a list names one for each of its
        /// letters.
        users: Vec<String>,
        /// The text; of a move or challenge, an object as WDDX.
        message: String,
        /// Variables beside it. Moves have two, `Action` and `MoveType`.
        variables: Vec<Variable>,
    },
    /// `createRoomVariable` with a name the movie does not know yet. Certain.
    CreateRoomVariable(RoomVariable),
    /// `createRoomVariable` with a name the movie knows. Certain. Nothing is said of
    /// [`RoomVariable::persistent`].
    UpdateRoomVariable {
        /// The variable.
        name: String,
        /// Its new text.
        value: String,
        /// Whether it is locked from now on.
        locked: bool,
    },
    /// `deleteRoomVariable`. Certain.
    DeleteRoomVariable {
        /// The variable.
        name: String,
    },
    /// `createUserVariable`: the packet `UpdateUserVariable` with the minor action `Create`.
    /// Certain.
    CreateUserVariable(Variable),
    /// `updateUserVariable`. Certain.
    UpdateUserVariable(Variable),
    /// `deleteUserVariable`. Certain.
    DeleteUserVariable {
        /// The variable.
        name: String,
    },
    /// `changeRoomDetail`. Certain.
    ChangeRoomDetails(RoomDetail),
    /// `kick`: the packet `ModeratorCommand` with the minor action `Kick`. Certain.
    Kick {
        /// Who is to go.
        user: String,
        /// Why, often empty.
        reason: String,
    },
    /// `ban`: the packet `ModeratorCommand` with the minor action `Ban`. Certain.
    Ban {
        /// Who is to stay away.
        user: String,
        /// Why, often empty.
        reason: String,
        /// For how long. That -1 means for ever is inferred, the unit unknown; minutes are
        /// proposed.
        expires: i64,
    },
    /// `pluginRequest`. Certain.
    ExecutePlugin {
        /// The plugin.
        plugin: String,
        /// What it shall do.
        method: String,
        /// With what.
        variables: Vec<Variable>,
    },
    /// `getRoomsInZone`. Certain.
    GetRoomsInZone {
        /// The zone.
        zone: Option<String>,
    },
    /// `getLoggedInUserCount`. Certain.
    GetLoggedInUserCount,
    /// `getServerTime`. Certain.
    GetServerTime,
    /// `addBuddy`. Unknown: the method is documented, its packet is not.
    AddBuddy {
        /// The user.
        name: String,
    },
    /// `removeBuddy`. Unknown, as [`ClientPacket::AddBuddy`].
    RemoveBuddy {
        /// The user.
        name: String,
    },
    /// `getBuddyList`. Unknown, as [`ClientPacket::AddBuddy`].
    GetBuddyList,
    /// `getAllZones`. Unknown, as [`ClientPacket::AddBuddy`]; `GetZones` is read as well.
    GetAllZones,
    /// `getUserLocation`. Unknown, as [`ClientPacket::AddBuddy`].
    GetUserLocation {
        /// The user.
        name: String,
    },
    /// `getUsersInRoom`. Unknown, as [`ClientPacket::AddBuddy`].
    GetUsersInRoom {
        /// The zone.
        zone: Option<String>,
        /// The room.
        room: String,
    },
    /// Log out and stay connected. Unknown; the server's interface for Java speaks of one.
    LogOut,
    /// A packet of another name. Its parameters are not read. To be logged once for each action,
    /// so that clients teach us.
    Unknown {
        /// The action, with the minor action behind a space when it is that which is unknown.
        action: String,
        /// The packet as it came.
        packet: String,
    },
}

/// A room that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRoom {
    /// The zone.
    pub zone: Option<String>,
    /// The room's name.
    pub name: String,
    /// The password, or empty for none.
    pub password: String,
    /// What the movie wrote about it, WDDX of an object. Every client in the zone gets it as it is.
    pub description: String,
    /// How many may be in it; nothing for any number.
    pub capacity: Option<u32>,
    /// Whether its members are told of changes to the room list. Default true.
    pub updatable: bool,
    /// Whether it is kept out of room lists. Default false.
    pub hidden: bool,
    /// Whether its users have numbers. Default false.
    pub numbered: bool,
    /// Whether the flood filter is on. Default true.
    pub flood_filter: bool,
    /// Whether variables of users are kept and told. Default false.
    pub user_variables: bool,
    /// Its first variables.
    pub variables: Vec<RoomVariable>,
    /// The plugins it starts with.
    pub plugins: Vec<Plugin>,
}

/// A plugin that a room starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// What it is told at its start.
    pub variables: Vec<Variable>,
}

/// A room that a user wants to be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRoom {
    /// The zone.
    pub zone: Option<String>,
    /// The room's name.
    pub room: String,
    /// The password, or empty for none.
    pub password: String,
    /// Whether the user wants a number, as players do and spectators do not. Default true.
    pub numbered: bool,
}

/// What is to change about the room the user is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomDetail {
    /// [`CreateRoom::description`].
    Description(String),
    /// [`CreateRoom::updatable`].
    Updatable(bool),
    /// [`CreateRoom::hidden`].
    Hidden(bool),
    /// [`CreateRoom::capacity`]. The class misspells the element's name.
    Capacity(Option<u32>),
    /// The password; nothing for none.
    Password(Option<String>),
}
