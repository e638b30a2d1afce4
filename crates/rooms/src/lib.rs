//! The kernel of the socket server: users, zones, rooms, variables and moderation.
//!
//! A [`Kernel`] is a state machine without sockets, clock or log. It is told one [`Input`] at a
//! time and answers with [`Effect`]s: whom to tell what, whom to close, what to store. It knows
//! no protocol. A dialect turns what clients send into [`Op`]s, and [`Event`]s into bytes; since
//! an event comes with all its recipients, it is written once for all of them.
//!
//! What takes long is asked for and comes back as an input: hashing of passwords, and the decisions
//! of a login handler. What outlives the server is said with [`Effect::Persist`], and comes back
//! at the start as a [`Snapshot`].
//!
//! A user may be in several rooms. The `ElectroServer` dialect uses one, with [`Leaving::All`].

mod bans;
mod config;
mod crowd;
mod effect;
mod event;
mod flood;
mod id;
mod kernel;
mod name;
mod network;
mod op;
pub mod password;
mod refusal;
mod room;
mod store;
mod user;
mod value;
mod words;
mod zone;

pub use config::{BanBy, Config, FloodRules, Limits, LoginRules, WordAction, WordRules};
pub use effect::{Audit, AuditAction, CloseReason, Effect, Output, Recipients};
pub use event::{Buddy, Event, LeaveReason, Member, RoomInfo, RoomVariable, Who, ZoneInfo};
pub use id::{BanId, RequestId, RoomId, UnixMillis, UserId};
pub use kernel::Kernel;
pub use name::key;
pub use network::NetworkError;
pub use op::{
    Actor, Audience, Input, Leaving, Lifetime, LoginDecision, NewRoom, NewVariable, Op, OpKind,
    Part, Question, RoomChange, RoomRef, Secret,
};
pub use refusal::Refusal;
pub use store::{
    Account, Ban, BanTarget, Change, Network, Role, RoomKey, Snapshot, StoredRoom, StoredVariable,
};
pub use value::{Pairs, Value};
