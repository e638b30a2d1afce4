//! What users, and the server itself, can ask the kernel to do.

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::Config;
use crate::id::{BanId, RequestId, RoomId, UnixMillis, UserId};
use crate::store::{Account, BanTarget, Role};
use crate::value::{Pairs, Value};

/// What the kernel is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A connection has been made. A banned address is closed and told nothing.
    Connect {
        /// Which.
        user: UserId,
        /// Where it comes from.
        address: IpAddr,
    },
    /// A connection has ended. Nothing more is told to it.
    Disconnect {
        /// Which.
        user: UserId,
    },
    /// Somebody asks for something.
    Op {
        /// Who.
        by: Actor,
        /// What.
        op: Op,
    },
    /// The answer to [`Effect::Verify`](crate::Effect).
    Verified {
        /// Which one.
        request: RequestId,
        /// Whether the password is the right one.
        ok: bool,
    },
    /// The answer to [`Effect::Hash`](crate::Effect).
    Hashed {
        /// Which one.
        request: RequestId,
        /// The hash in its text form; `None` if none could be made: nothing is stored then.
        hash: Option<Arc<str>>,
    },
    /// The answer to [`Effect::AskLogin`](crate::Effect).
    LoginDecided {
        /// Which one.
        request: RequestId,
        /// What was decided.
        decision: LoginDecision,
    },
    /// The settings have changed.
    Configure(Box<Config>),
    /// Accounts come from the configuration, or are no longer there. They are not stored. Who is
    /// logged in stays so.
    ConfigureAccounts {
        /// Those that are there from now on, in place of others of the same names.
        given: Vec<Account>,
        /// The names of those that are not.
        taken: Vec<Arc<str>>,
    },
    /// The time asked for by [`Output::Timeout`](crate::Output) has come.
    Timeout,
}

/// What a login handler decides.
#[derive(Clone, Debug)]
pub enum LoginDecision {
    /// The user is let in.
    Accept {
        /// Under another name; `None` keeps the name asked for. It must be free, but may be any.
        name: Option<Arc<str>>,
        /// Whether the handler knows who this is: the name then owns what is stored under it.
        known: bool,
        /// What the user may do.
        role: Role,
        /// Told to the user.
        variables: Pairs,
    },
    /// The user is not let in.
    Deny {
        /// Why, in words for the user.
        reason: Arc<str>,
    },
}

/// Who asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A connection.
    User(UserId),
    /// The server: an administrator, a plugin, a script, the configuration. It may do everything
    /// and is in no room. What is refused comes as [`Effect::ServerRefused`](crate::Effect).
    Server,
}

/// How a room is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomRef {
    /// By its number.
    Id(RoomId),
    /// By its zone and name, in any case of letters.
    Name {
        /// The zone.
        zone: Arc<str>,
        /// The room.
        room: Arc<str>,
    },
}

/// How somebody is in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Part {
    /// With a number, if the room numbers its players.
    #[default]
    Player,
    /// Without one.
    Spectator,
}

/// What a join does about the rooms the user is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaving {
    /// The user leaves all of them once it is in the new one. This is what `ElectroServer` does.
    #[default]
    All,
    /// The user stays where it is.
    None,
}

/// How long a room stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// Until the last user leaves. The only one users can choose.
    #[default]
    WhileUsed,
    /// Until it is removed, or the server ends.
    Permanent,
    /// Until it is removed; it is stored, with its persistent variables.
    Stored,
}

/// A room to be made.
#[derive(Clone, Debug)]
pub struct NewRoom {
    /// In which zone; it is made if it is not there.
    pub zone: Arc<str>,
    /// Its name, unique in the zone in any case of letters.
    pub name: Arc<str>,
    /// Who knows it may come in; empty or `None` lets everybody in.
    pub password: Option<Secret>,
    /// A text about the room that the kernel does not read.
    pub description: Arc<str>,
    /// Users at most; `None` is no limit.
    pub capacity: Option<u32>,
    /// Spectators at most; `None` lets them count as users in `capacity`.
    pub spectator_capacity: Option<u32>,
    /// Whether the room is missing from lists.
    pub hidden: bool,
    /// Whether its members are told how the list of rooms changes.
    pub updatable: bool,
    /// Whether players are numbered, from 0 and without a gap.
    pub numbered: bool,
    /// Whether its members are told the variables of users.
    pub user_variables: bool,
    /// Whether the flood filter looks at what is said here.
    pub flood_filter: bool,
    /// Its first variables.
    pub variables: Vec<NewVariable>,
    /// How long it stays.
    pub lifetime: Lifetime,
}

impl NewRoom {
    /// A room as `ElectroServer` makes it when nothing more is said.
    pub fn new(zone: &str, name: &str) -> Self {
        Self {
            zone: zone.into(),
            name: name.into(),
            password: None,
            description: "".into(),
            capacity: None,
            spectator_capacity: None,
            hidden: false,
            updatable: true,
            numbered: false,
            user_variables: false,
            flood_filter: true,
            variables: Vec::new(),
            lifetime: Lifetime::WhileUsed,
        }
    }
}

/// A room variable to be made or changed.
#[derive(Clone, Debug)]
pub struct NewVariable {
    /// Its name; case matters.
    pub name: Arc<str>,
    /// Its value.
    pub value: Value,
    /// Whether it stays when its owner leaves, and is stored with a stored room; `None` leaves
    /// it as it is, and is no for a new one.
    pub persistent: Option<bool>,
    /// Whether only its owner may change it; `None` as above.
    pub locked: Option<bool>,
}

/// A password. It does not show in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Arc<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What of a room is to be changed, and to what.
#[derive(Clone, Debug)]
pub enum RoomChange {
    /// The description.
    Description(Arc<str>),
    /// Users at most. It must not be less than there are.
    Capacity(Option<u32>),
    /// Whether it is missing from lists.
    Hidden(bool),
    /// Whether members are told how the list of rooms changes.
    Updatable(bool),
    /// The password; `None` takes it away.
    Password(Option<Secret>),
}

/// Whom an announcement is for.
#[derive(Clone, Debug)]
pub enum Audience {
    /// One user.
    User(UserId),
    /// Everybody in a room.
    Room(RoomRef),
    /// Everybody in a zone.
    Zone(Arc<str>),
    /// Everybody who is logged in.
    All,
}

/// What can be asked for. A user must be logged in for all but [`Login`](Op::Login).
#[derive(Clone, Debug)]
pub enum Op {
    /// Become a user.
    Login {
        /// The name; may be empty for a guest.
        name: Arc<str>,
        /// The password; empty if there is none.
        password: Secret,
        /// The first variables of the user.
        variables: Pairs,
        /// Whether to come in as an administrator, by an account only.
        admin: bool,
    },
    /// Leave everything; the connection is closed.
    Logout,
    /// Make a room. A user goes into it at once.
    CreateRoom {
        /// Which.
        room: Box<NewRoom>,
        /// Whether to join the room if there is one of that name.
        or_join: bool,
        /// What becomes of the rooms the user is in.
        leaving: Leaving,
    },
    /// Take a room away, with all who are in it. For the server and administrators.
    RemoveRoom {
        /// Which.
        room: RoomRef,
    },
    /// Go into a room.
    Join {
        /// Which.
        room: RoomRef,
        /// Its password; empty if there is none.
        password: Secret,
        /// As what.
        part: Part,
        /// What becomes of the rooms the user is in.
        leaving: Leaving,
    },
    /// Leave a room.
    Leave {
        /// Which.
        room: RoomRef,
    },
    /// Become a player or a spectator.
    ChangePart {
        /// Where.
        room: RoomRef,
        /// What to become.
        part: Part,
    },
    /// Change what a room is like. For its owner and moderators.
    ChangeRoom {
        /// Which.
        room: RoomRef,
        /// How.
        change: RoomChange,
    },
    /// Say something to a room the user is in.
    Say {
        /// Where.
        room: RoomRef,
        /// What.
        text: Arc<str>,
        /// What goes with it.
        variables: Pairs,
    },
    /// Say something to some users. Names nobody has are passed over.
    Whisper {
        /// To whom, by name.
        to: Vec<Arc<str>>,
        /// What.
        text: Arc<str>,
        /// What goes with it.
        variables: Pairs,
    },
    /// Say something as the server, or as a plugin of it. For the server only.
    Announce {
        /// To whom.
        to: Audience,
        /// Who says it: the name of a plugin, for instance.
        from: Arc<str>,
        /// What.
        text: Arc<str>,
        /// What goes with it.
        variables: Pairs,
    },
    /// Say something in a name of the server's choosing, as a user would: those it is for hear it
    /// as said to the room, or else to themselves. For the server only; no filter looks at it.
    Speak {
        /// To whom.
        to: Audience,
        /// In whose name. It need be nobody's.
        from: Arc<str>,
        /// What.
        text: Arc<str>,
        /// What goes with it.
        variables: Pairs,
    },
    /// Let somebody in for whom the server itself speaks: neither a password nor a login handler is
    /// asked, and names with an account cannot be had. For the server only.
    Admit {
        /// A connection that the kernel does not know yet. It ends as every other.
        user: UserId,
        /// Where it comes from.
        address: IpAddr,
        /// The name it wants.
        name: Arc<str>,
    },
    /// Make or change a variable of a room.
    SetRoomVariable {
        /// Where.
        room: RoomRef,
        /// What.
        variable: NewVariable,
    },
    /// Take a variable of a room away.
    RemoveRoomVariable {
        /// Where.
        room: RoomRef,
        /// Its name.
        name: Arc<str>,
    },
    /// Make or change a variable of a user.
    SetUserVariable {
        /// Whose; `None` is one's own. Others' are for the server only.
        user: Option<UserId>,
        /// Its name.
        name: Arc<str>,
        /// Its value.
        value: Value,
    },
    /// Take a variable of a user away.
    RemoveUserVariable {
        /// Whose, as above.
        user: Option<UserId>,
        /// Its name.
        name: Arc<str>,
    },
    /// Make somebody in a room its moderator, or take that away. For the room's owner and
    /// moderators of the server.
    SetModerator {
        /// Where.
        room: RoomRef,
        /// Who, by name.
        name: Arc<str>,
        /// Whether to be one.
        on: bool,
    },
    /// Put somebody out.
    Kick {
        /// Whom, by name.
        name: Arc<str>,
        /// Out of one room, which its moderators may; `None` is out of the server.
        room: Option<RoomRef>,
        /// Why, in words for that user.
        reason: Arc<str>,
    },
    /// Ban somebody who is here, by name, address or both as [`BanBy`](crate::BanBy) says.
    BanUser {
        /// Whom, by name.
        name: Arc<str>,
        /// Why, in words for that user.
        reason: Arc<str>,
        /// Until when; `None` is for ever.
        until: Option<UnixMillis>,
    },
    /// Ban a name, an address or a network. For moderators.
    Ban {
        /// What.
        target: BanTarget,
        /// Why, in words for those it meets.
        reason: Arc<str>,
        /// Until when; `None` is for ever.
        until: Option<UnixMillis>,
    },
    /// Lift a ban. For moderators.
    Unban {
        /// Which.
        ban: BanId,
    },
    /// Be told when a user comes and goes.
    AddBuddy {
        /// By name; need not be here, nor have an account.
        name: Arc<str>,
    },
    /// Be told no more.
    RemoveBuddy {
        /// By name.
        name: Arc<str>,
    },
    /// Make or replace an account. For the server only: the hash is made outside the kernel.
    PutAccount(Account),
    /// Remove an account. For the server only.
    RemoveAccount {
        /// Its name.
        name: Arc<str>,
    },
    /// Ask for something that is answered with an event.
    Ask(Question),
}

/// What can be asked.
#[derive(Clone, Debug)]
pub enum Question {
    /// The buddies, and who of them is here.
    Buddies,
    /// The rooms of a zone, without hidden ones.
    Rooms(Arc<str>),
    /// The zones.
    Zones,
    /// How many users are logged in.
    UserCount,
    /// Where a user is. Rooms that the asker would not see in a list are left out.
    Location(Arc<str>),
    /// Who is in a room that the asker sees in a list.
    Users(RoomRef),
    /// The bans. For moderators.
    Bans,
}

/// The kinds of [`Op`], for refusals and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "as the operations of the same names")]
pub enum OpKind {
    Login,
    Logout,
    CreateRoom,
    RemoveRoom,
    Join,
    Leave,
    ChangePart,
    ChangeRoom,
    Say,
    Whisper,
    Announce,
    Speak,
    Admit,
    SetRoomVariable,
    RemoveRoomVariable,
    SetUserVariable,
    RemoveUserVariable,
    SetModerator,
    Kick,
    BanUser,
    Ban,
    Unban,
    AddBuddy,
    RemoveBuddy,
    PutAccount,
    RemoveAccount,
    Ask,
}

impl Op {
    /// Its kind.
    pub fn kind(&self) -> OpKind {
        match self {
            Self::Login { .. } => OpKind::Login,
            Self::Logout => OpKind::Logout,
            Self::CreateRoom { .. } => OpKind::CreateRoom,
            Self::RemoveRoom { .. } => OpKind::RemoveRoom,
            Self::Join { .. } => OpKind::Join,
            Self::Leave { .. } => OpKind::Leave,
            Self::ChangePart { .. } => OpKind::ChangePart,
            Self::ChangeRoom { .. } => OpKind::ChangeRoom,
            Self::Say { .. } => OpKind::Say,
            Self::Whisper { .. } => OpKind::Whisper,
            Self::Announce { .. } => OpKind::Announce,
            Self::Speak { .. } => OpKind::Speak,
            Self::Admit { .. } => OpKind::Admit,
            Self::SetRoomVariable { .. } => OpKind::SetRoomVariable,
            Self::RemoveRoomVariable { .. } => OpKind::RemoveRoomVariable,
            Self::SetUserVariable { .. } => OpKind::SetUserVariable,
            Self::RemoveUserVariable { .. } => OpKind::RemoveUserVariable,
            Self::SetModerator { .. } => OpKind::SetModerator,
            Self::Kick { .. } => OpKind::Kick,
            Self::BanUser { .. } => OpKind::BanUser,
            Self::Ban { .. } => OpKind::Ban,
            Self::Unban { .. } => OpKind::Unban,
            Self::AddBuddy { .. } => OpKind::AddBuddy,
            Self::RemoveBuddy { .. } => OpKind::RemoveBuddy,
            Self::PutAccount(_) => OpKind::PutAccount,
            Self::RemoveAccount { .. } => OpKind::RemoveAccount,
            Self::Ask(_) => OpKind::Ask,
        }
    }
}
