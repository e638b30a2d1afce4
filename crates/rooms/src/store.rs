//! What outlives the server: accounts, bans, stored rooms and their persistent variables, buddies.
//!
//! The kernel starts from a [`Snapshot`] and says with every [`Change`] what is to be stored. It
//! writes nothing itself. Changes can be serialized as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{BanId, UnixMillis};
use crate::name::key;
use crate::value::Value;

/// What a user may do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum Role {
    /// What everybody may.
    #[default]
    User,
    /// Kick, ban, and change rooms.
    Moderator,
    /// That, and remove rooms.
    Administrator,
}

/// A name that a password belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// As it is written.
    pub name: Arc<str>,
    /// The hash of the password, in the text form that [`password::hash`](crate::password::hash)
    /// makes.
    pub hash: Arc<str>,
    /// What its user may do.
    pub role: Role,
}

/// Who or what is banned.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BanTarget {
    /// A name, in any case of letters.
    Name(Arc<str>),
    /// An address, or all that begin with the same bits.
    Network(Network),
}

/// The addresses that begin with the same bits; written `10.1.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Network {
    /// The first address, its other bits zero.
    pub(crate) address: IpAddr,
    /// How many bits are the same.
    pub(crate) bits: u8,
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// Which.
    pub id: BanId,
    /// Who or what.
    pub target: BanTarget,
    /// Why, in words for those it meets.
    pub reason: Arc<str>,
    /// Who made it; the server's own have none.
    pub by: Option<Arc<str>>,
    /// Until when; `None` is for ever.
    pub until: Option<UnixMillis>,
}

/// A room that stays when the server ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as the fields of NewRoom of the same names")]
pub struct StoredRoom {
    pub zone: Arc<str>,
    pub name: Arc<str>,
    /// The hash of the password.
    pub password: Option<Arc<str>>,
    pub description: Arc<str>,
    pub capacity: Option<u32>,
    pub spectator_capacity: Option<u32>,
    pub hidden: bool,
    pub updatable: bool,
    pub numbered: bool,
    pub user_variables: bool,
    pub flood_filter: bool,
}

/// A persistent variable of a stored room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredVariable {
    /// Its name.
    pub name: Arc<str>,
    /// Its value.
    pub value: Value,
    /// Whether only its owner may change it.
    pub locked: bool,
    /// The account that owns it.
    pub owner: Option<Arc<str>>,
}

/// One thing to be stored or forgotten. Names of zones, rooms, accounts and owners of buddies
/// come as keys: in small letters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are named by their types")]
pub enum Change {
    /// Make or replace an account.
    PutAccount(Account),
    /// Forget an account.
    RemoveAccount { name: Arc<str> },
    /// Make a ban.
    PutBan(Ban),
    /// Forget a ban.
    RemoveBan(BanId),
    /// Make or replace a room, but for its variables.
    PutRoom(StoredRoom),
    /// Forget a room and its variables.
    RemoveRoom { zone: Arc<str>, room: Arc<str> },
    /// Make or replace a variable.
    PutVariable {
        zone: Arc<str>,
        room: Arc<str>,
        variable: StoredVariable,
    },
    /// Forget a variable.
    RemoveVariable {
        zone: Arc<str>,
        room: Arc<str>,
        name: Arc<str>,
    },
    /// Replace the buddies of an account, as they are written; none forgets the list.
    PutBuddies {
        owner: Arc<str>,
        buddies: BTreeSet<Arc<str>>,
    },
}

/// Where a room is: the keys of its zone and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "said above")]
pub struct RoomKey {
    pub zone: Arc<str>,
    pub room: Arc<str>,
}

/// All that is stored: what a kernel starts from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Accounts by the key of their name.
    pub accounts: BTreeMap<Arc<str>, Account>,
    /// Bans.
    pub bans: BTreeMap<BanId, Ban>,
    /// Rooms.
    pub rooms: BTreeMap<RoomKey, StoredRoom>,
    /// Variables of rooms, by their names.
    pub variables: BTreeMap<RoomKey, BTreeMap<Arc<str>, StoredVariable>>,
    /// Buddies by the key of their owner.
    pub buddies: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

impl Snapshot {
    /// Takes a change in. A store that keeps every change and does this at its start is complete.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::PutAccount(account) => {
                self.accounts.insert(key(&account.name), account);
            }
            Change::RemoveAccount { name } => {
                self.accounts.remove(&name);
            }
            Change::PutBan(ban) => {
                self.bans.insert(ban.id, ban);
            }
            Change::RemoveBan(id) => {
                self.bans.remove(&id);
            }
            Change::PutRoom(room) => {
                let place = RoomKey {
                    zone: key(&room.zone),
                    room: key(&room.name),
                };
                self.rooms.insert(place, room);
            }
            Change::RemoveRoom { zone, room } => {
                let place = RoomKey { zone, room };
                self.rooms.remove(&place);
                self.variables.remove(&place);
            }
            Change::PutVariable {
                zone,
                room,
                variable,
            } => {
                let variables = self.variables.entry(RoomKey { zone, room }).or_default();
                variables.insert(variable.name.clone(), variable);
            }
            Change::RemoveVariable { zone, room, name } => {
                let place = RoomKey { zone, room };
                if let Some(variables) = self.variables.get_mut(&place) {
                    variables.remove(&name);
                    if variables.is_empty() {
                        self.variables.remove(&place);
                    }
                }
            }
            Change::PutBuddies { owner, buddies } if buddies.is_empty() => {
                self.buddies.remove(&owner);
            }
            Change::PutBuddies { owner, buddies } => {
                self.buddies.insert(owner, buddies);
            }
        }
    }
}
