//! What users are told. Everything in an event is shared: a copy costs a few counters.

use std::sync::Arc;

use crate::id::{RoomId, UnixMillis, UserId};
use crate::op::{OpKind, Part};
use crate::refusal::Refusal;
use crate::store::{Ban, Role};
use crate::value::{Pairs, Value};

/// A user, as others know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Who {
    /// Which.
    pub id: UserId,
    /// As it is written.
    pub name: Arc<str>,
}

/// A user in a room.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Who.
    pub who: Arc<Who>,
    /// As what.
    pub part: Part,
    /// The number of a player in a room that has them; 0 is the game master.
    pub number: Option<u32>,
    /// Whether it moderates the room, or the server.
    pub moderator: bool,
    /// Its variables; none if the room does not tell them.
    pub variables: Pairs,
}

/// A room, as lists show it. The counts are those of when the list was last told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomInfo {
    /// Which.
    pub id: RoomId,
    /// Its zone.
    pub zone: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// A text that the kernel does not read.
    pub description: Arc<str>,
    /// Users in it, spectators among them.
    pub users: u32,
    /// Spectators in it.
    pub spectators: u32,
    /// Users at most.
    pub capacity: Option<u32>,
    /// Spectators at most, if they are counted apart.
    pub spectator_capacity: Option<u32>,
    /// Whether lists leave it out. Only its members are told of it then.
    pub hidden: bool,
    /// Whether it asks for a password.
    pub password: bool,
    /// Whether its members are told how the list of rooms changes.
    pub updatable: bool,
    /// Whether its players are numbered.
    pub numbered: bool,
    /// Whether its members are told the variables of users.
    pub user_variables: bool,
}

/// A variable of a room.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomVariable {
    /// Its name.
    pub name: Arc<str>,
    /// Its value.
    pub value: Value,
    /// Whether it stays when its owner leaves.
    pub persistent: bool,
    /// Whether only its owner may change it.
    pub locked: bool,
    /// The name of whoever made it; `None` is the server, or a guest who has left.
    pub owner: Option<Arc<str>>,
}

/// A buddy, and whether it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buddy {
    /// As it was written when it was added.
    pub name: Arc<str>,
    /// Whether it is logged in.
    pub online: bool,
}

/// A zone in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Users in its rooms.
    pub users: u32,
    /// Rooms that lists show.
    pub rooms: u32,
}

/// Why somebody is no longer in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveReason {
    /// It wanted to, or went into another.
    Left,
    /// It was put out of the room.
    Kicked,
    /// The room was removed.
    RoomRemoved,
}

/// What users are told. Each comes with its recipients in [`Effect::Tell`](crate::Effect).
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Something the user asked for is refused.
    Refused {
        /// What.
        what: OpKind,
        /// Why.
        why: Refusal,
    },
    /// The user is logged in.
    LoggedIn {
        /// The user itself. The name may be another than it asked for.
        you: Arc<Who>,
        /// What it may do.
        role: Role,
        /// What a login handler wants it to know.
        variables: Pairs,
    },
    /// All rooms of a zone that the user sees, in the order of their names. What it was told
    /// before of that zone is void. Hidden rooms the user is in follow as `RoomAppeared`.
    RoomList {
        /// The zone.
        zone: Arc<str>,
        /// Users in it when the list was made. The same list has the same number.
        zone_users: u32,
        /// Its rooms. The same list is the same `Arc`.
        rooms: Arc<[Arc<RoomInfo>]>,
    },
    /// A room is in the list that was not.
    RoomAppeared {
        /// The room.
        room: Arc<RoomInfo>,
        /// Users in its zone.
        zone_users: u32,
    },
    /// Rooms in the list, all of one zone, are different.
    RoomsChanged {
        /// The rooms as they are now.
        rooms: Arc<[Arc<RoomInfo>]>,
        /// Users in their zone.
        zone_users: u32,
    },
    /// A room is no longer in the list.
    RoomVanished {
        /// The room as it last was.
        room: Arc<RoomInfo>,
        /// Users in its zone.
        zone_users: u32,
    },
    /// The user is in a room. Comes behind the list that has the room.
    Joined {
        /// The room.
        room: Arc<RoomInfo>,
        /// Who is there, in the order in which they came; the user itself is the last.
        members: Arc<[Member]>,
        /// The variables of the room, by name.
        variables: Arc<[Arc<RoomVariable>]>,
        /// Whether the user has made the room with this.
        created: bool,
    },
    /// The user is no longer in a room.
    Left {
        /// The room.
        room: Arc<RoomInfo>,
        /// Why.
        why: LeaveReason,
    },
    /// For the others: somebody has come into the room.
    UserJoined {
        /// The room.
        room: RoomId,
        /// Who.
        member: Member,
    },
    /// For the others: somebody has left the room.
    UserLeft {
        /// The room.
        room: RoomId,
        /// Who.
        who: Arc<Who>,
        /// Why.
        why: LeaveReason,
    },
    /// The numbers of a room's players are others. All of them, by number.
    Renumbered {
        /// The room.
        room: RoomId,
        /// Who has which number.
        numbers: Arc<[(Arc<Who>, u32)]>,
    },
    /// Somebody in the room has become player, spectator, or moderator, or is none any more.
    MemberChanged {
        /// The room.
        room: RoomId,
        /// The user as it is now.
        member: Member,
    },
    /// A variable of a room has a value.
    RoomVariableSet {
        /// The room.
        room: RoomId,
        /// The variable.
        variable: Arc<RoomVariable>,
        /// Whether it is new.
        created: bool,
    },
    /// A variable of a room is gone.
    RoomVariableRemoved {
        /// The room.
        room: RoomId,
        /// Its name.
        name: Arc<str>,
    },
    /// A variable of a user has a value. For the user and those it is in a room with.
    UserVariableSet {
        /// Whose.
        who: Arc<Who>,
        /// Its name.
        name: Arc<str>,
        /// Its value.
        value: Value,
        /// Whether it is new.
        created: bool,
    },
    /// A variable of a user is gone.
    UserVariableRemoved {
        /// Whose.
        who: Arc<Who>,
        /// Its name.
        name: Arc<str>,
    },
    /// Somebody says something to the room. The speaker hears it too.
    Said {
        /// The room.
        room: RoomId,
        /// Who.
        from: Arc<Who>,
        /// What.
        text: Arc<str>,
        /// What goes with it.
        variables: Pairs,
    },
    /// Somebody says something to these users only.
    Whispered {
        /// Who.
        from: Arc<Who>,
        /// What.
        text: Arc<str>,
        /// What goes with it.
        variables: Pairs,
    },
    /// The server, or a plugin of it, says something.
    Announced {
        /// To which room, if it is to one.
        room: Option<RoomId>,
        /// Who: the name of a plugin, for instance.
        from: Arc<str>,
        /// What.
        text: Arc<str>,
        /// What goes with it.
        variables: Pairs,
    },
    /// The user sends too much. What it sent is dropped.
    FloodWarning {
        /// Warnings that are left before the user is put out.
        left: u32,
    },
    /// The user is put out of a room, or of the server. The end of the connection follows in the
    /// second case.
    Kicked {
        /// Out of which room; `None` is the server.
        room: Option<RoomId>,
        /// By whom; `None` is the server.
        by: Option<Arc<str>>,
        /// Why.
        reason: Arc<str>,
    },
    /// The user is banned. The end of the connection follows.
    Banned {
        /// By whom; `None` is the server.
        by: Option<Arc<str>>,
        /// Why.
        reason: Arc<str>,
        /// Until when; `None` is for ever.
        until: Option<UnixMillis>,
    },
    /// A buddy has logged in.
    BuddyOnline {
        /// Who.
        who: Arc<Who>,
    },
    /// A buddy has gone.
    BuddyOffline {
        /// Who.
        who: Arc<Who>,
    },
    /// The user's buddies: the answer to a question, and to a change of them.
    Buddies(Arc<[Buddy]>),
    /// The rooms of a zone, as asked for.
    Rooms {
        /// The zone.
        zone: Arc<str>,
        /// Users in it.
        zone_users: u32,
        /// Its rooms.
        rooms: Arc<[Arc<RoomInfo>]>,
    },
    /// The zones, as asked for.
    Zones(Arc<[ZoneInfo]>),
    /// How many users are logged in, as asked for.
    UserCount(u32),
    /// Where a user is, as asked for.
    Location {
        /// The name that was asked for.
        name: Arc<str>,
        /// Whether it is logged in.
        online: bool,
        /// The rooms it is in that the asker may know of.
        rooms: Arc<[Arc<RoomInfo>]>,
    },
    /// Who is in a room, as asked for.
    Users {
        /// The room.
        room: Arc<RoomInfo>,
        /// Who.
        members: Arc<[Member]>,
    },
    /// The bans, as asked for.
    Bans(Arc<[Ban]>),
}

impl Event {
    /// The room whose members are told this, if it is about what happens in one. Such an event is
    /// given even when nobody is left to hear it: a script may listen to the room.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::UserJoined { room, .. }
            | Self::UserLeft { room, .. }
            | Self::Renumbered { room, .. }
            | Self::MemberChanged { room, .. }
            | Self::RoomVariableSet { room, .. }
            | Self::RoomVariableRemoved { room, .. }
            | Self::Said { room, .. } => Some(*room),
            Self::Announced { room, .. } => *room,
            _ => None,
        }
    }
}
