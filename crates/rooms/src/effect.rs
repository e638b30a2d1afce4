//! What a kernel asks of the server around it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::event::{Event, RoomInfo};
use crate::id::{BanId, RequestId, UnixMillis, UserId};
use crate::op::{OpKind, Secret};
use crate::refusal::Refusal;
use crate::store::Change;
use crate::value::Pairs;

/// What [`Kernel::poll`](crate::Kernel::poll) gives.
#[derive(Debug)]
pub enum Output {
    /// Something to be done, in this order.
    Effect(Effect),
    /// Nothing to do now; [`Input::Timeout`](crate::Input::Timeout) is due at this time.
    Timeout(Option<UnixMillis>),
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// One user.
    One(UserId),
    /// These, each once. The members of a room stay the same `Arc` until somebody comes or goes.
    Many(Arc<[UserId]>),
}

impl Recipients {
    /// The users.
    pub fn as_slice(&self) -> &[UserId] {
        match self {
            Self::One(user) => std::slice::from_ref(user),
            Self::Many(users) => users,
        }
    }
}

/// Something the server is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell users something. A dialect writes it once for all of them.
    Tell {
        /// Whom.
        to: Recipients,
        /// What.
        event: Event,
    },
    /// Send what is queued for the connection, then close it. The kernel has forgotten it.
    Close {
        /// Whose.
        user: UserId,
        /// Why.
        reason: CloseReason,
    },
    /// Find out whether a password is right, with [`password::verify`](crate::password::verify)
    /// on a thread that may take its time, and only so many at once. Answered by
    /// [`Input::Verified`](crate::Input).
    Verify {
        /// Which question.
        request: RequestId,
        /// What was given.
        password: Secret,
        /// What is stored.
        hash: Arc<str>,
    },
    /// Hash a password, with [`password::hash`](crate::password::hash) likewise. Answered by
    /// [`Input::Hashed`](crate::Input).
    Hash {
        /// Which question.
        request: RequestId,
        /// The password.
        password: Secret,
    },
    /// Ask the login handler. Answered by [`Input::LoginDecided`](crate::Input).
    AskLogin {
        /// Which question.
        request: RequestId,
        /// Who asks.
        user: UserId,
        /// Where it comes from.
        address: IpAddr,
        /// The name it wants.
        name: Arc<str>,
        /// The password it gave.
        password: Secret,
        /// What else it said.
        variables: Pairs,
    },
    /// A user has gone: what a logout handler is told. Nothing is asked.
    LoggedOut {
        /// Who.
        user: UserId,
        /// Its name.
        name: Arc<str>,
    },
    /// A room is there. For whoever watches its zone without being in it: nobody is told this.
    RoomMade {
        /// The room.
        room: Arc<RoomInfo>,
    },
    /// A room is no longer there. Comes behind all that is told of it.
    RoomGone {
        /// The room as it last was.
        room: Arc<RoomInfo>,
    },
    /// Store or forget something.
    Persist(Change),
    /// Something [`Actor::Server`](crate::Actor) asked for is refused.
    ServerRefused {
        /// What.
        what: OpKind,
        /// Why.
        why: Refusal,
    },
    /// For the log: who did what to whom.
    Audit(Audit),
}

/// Why the kernel ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// It logged out.
    LoggedOut,
    /// A moderator put it out.
    Kicked,
    /// Its name, address or network is banned. On a new connection nothing was told before.
    Banned,
    /// It sent too much after it was warned.
    Flooded,
}

impl CloseReason {
    /// All of them, for reference pages and metrics.
    pub const ALL: [Self; 4] = [Self::LoggedOut, Self::Kicked, Self::Banned, Self::Flooded];

    /// The reason as one word, for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Kicked => "kicked",
            Self::Banned => "banned",
            Self::Flooded => "flooded",
        }
    }
}

/// What moderators, and the filters, have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Who did it; `None` is the server.
    pub by: Option<Arc<str>>,
    /// What.
    pub action: AuditAction,
    /// To whom or what.
    pub target: Arc<str>,
    /// Why, in the words given.
    pub reason: Arc<str>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    /// Put out of a room.
    KickFromRoom,
    /// Put out of the server.
    Kick,
    /// Banned; which ban it is.
    Ban(BanId),
    /// A ban lifted, or at its end.
    Unban(BanId),
    /// Warned for sending too much.
    FloodWarning,
    /// Put out for sending too much.
    FloodKick,
    /// A message changed or refused for its words.
    WordFilter,
    /// A room removed.
    RemoveRoom,
}
