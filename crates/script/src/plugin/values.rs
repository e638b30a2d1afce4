//! What a plugin and the room server tell each other.

/// Names and texts in order; a name is there once.
pub type Fields = Vec<(String, String)>;

/// Where a plugin is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginPlace {
    /// Its name.
    pub name: String,
    /// The zone and the room it was started for; `None` for a plugin of the server.
    pub room: Option<(String, String)>,
}

/// What a plugin can do and ask at once.
pub trait PluginHost {
    /// What the plugin must know now. [`PluginAnswer::Nothing`] if there is no such thing.
    fn ask(&self, question: PluginQuestion) -> PluginAnswer;

    /// What the plugin wants done. What is refused is told to the server's log.
    fn order(&self, order: PluginOrder);

    /// Calls another plugin, and waits for what it gives back.
    ///
    /// # Errors
    ///
    /// Why nothing came back, in words.
    fn call(&self, plugin: &str, hash: Fields) -> Result<Fields, String>;

    /// Decides about a login. Only the first decision counts.
    fn decide(&self, login: u64, verdict: LoginVerdict);
}

/// What a plugin asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginQuestion {
    /// The names of the zones.
    Zones,
    /// The names of the rooms in a zone, hidden ones too.
    Rooms {
        /// The zone.
        zone: String,
    },
    /// The names of the users in a room, in the order in which they came.
    Users {
        /// The zone.
        zone: String,
        /// The room.
        room: String,
    },
    /// The variables of a room.
    RoomVariables {
        /// The zone.
        zone: String,
        /// The room.
        room: String,
    },
    /// The variables of a user.
    UserVariables {
        /// The name of the user.
        user: String,
    },
    /// What the server keeps about a user, and clients are not told.
    ServerVariable {
        /// The name of the user.
        user: String,
        /// The name of the variable.
        name: String,
    },
    /// How many are logged in.
    UserCount,
    /// Whether somebody is logged in.
    IsLoggedIn {
        /// The name of the user.
        user: String,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginAnswer {
    /// There is no such zone, room, user or variable.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Names.
    Names(Vec<String>),
    /// Variables.
    Variables(Vec<PluginVariable>),
}

/// A variable of a user or a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginVariable {
    /// Its name.
    pub name: String,
    /// Its text.
    pub value: String,
    /// Whether only its owner may change it; of users' variables `false`.
    pub locked: bool,
    /// Whether it stays when its owner leaves; of users' variables `false`.
    pub persistent: bool,
}

/// Whom a message of a plugin is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginTarget {
    /// One user, by name.
    User(String),
    /// Everybody in a room.
    Room {
        /// The zone.
        zone: String,
        /// The room.
        room: String,
    },
    /// Everybody in a zone.
    Zone(String),
    /// Everybody who is logged in.
    All,
}

/// What a plugin wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginOrder {
    /// Send a message of the plugin.
    Send {
        /// To whom.
        to: PluginTarget,
        /// What about.
        action: String,
        /// What goes with it.
        variables: Fields,
    },
    /// Make or change a variable of the plugin's room.
    SetRoomVariable {
        /// Its name.
        name: String,
        /// Its text.
        value: String,
        /// Whether clients may not change it.
        locked: bool,
    },
    /// Take a variable of the plugin's room away.
    RemoveRoomVariable {
        /// Its name.
        name: String,
    },
    /// Make or change a variable of a user.
    SetUserVariable {
        /// The name of the user.
        user: String,
        /// Its name.
        name: String,
        /// Its text.
        value: String,
    },
    /// Take a variable of a user away.
    RemoveUserVariable {
        /// The name of the user.
        user: String,
        /// Its name.
        name: String,
    },
    /// Keep something about a user that clients are not told; `None` forgets it.
    SetServerVariable {
        /// The name of the user.
        user: String,
        /// Its name.
        name: String,
        /// Its text.
        value: Option<String>,
    },
    /// Put somebody out.
    Kick {
        /// The name of the user.
        user: String,
        /// Why, in words for that user.
        reason: String,
    },
    /// Ban somebody who is here.
    Ban {
        /// The name of the user.
        user: String,
        /// For how long, in the unit that clients ban in; negative is for ever.
        time: f64,
        /// Why, in words for that user.
        reason: String,
    },
}

/// What is decided about a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginVerdict {
    /// The user is let in.
    Accept(Box<LoginAccepted>),
    /// The user is not let in.
    Deny {
        /// Why, in words for that user; empty leaves the words to the server.
        reason: String,
    },
    /// The handler came to no decision: it is missing, or it failed.
    Failed,
}

/// As what a user is let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginAccepted {
    /// Under another name; `None` is the one asked for.
    pub name: Option<String>,
    /// Whether the handler knows who this is: the name then owns what is stored under it.
    pub known: bool,
    /// What the user may do.
    pub role: LoginRole,
    /// What the client is told.
    pub variables: Fields,
    /// What the server keeps about the user, and the client is not told.
    pub server_variables: Fields,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginRole {
    /// What everybody may.
    #[default]
    User,
    /// Kick and ban.
    Moderator,
    /// Everything.
    Administrator,
}
