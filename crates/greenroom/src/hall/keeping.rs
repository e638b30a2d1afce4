//! What of the hall outlives the server, in the store: accounts, bans, rooms, variables, buddies.
//!
//! Owns where it lies there. Each group is one object of the store, each thing of it a slot in
//! JSON; a stored room has one more object for its variables. They lie on a virtual host of their
//! own, where no application's objects are.

use std::collections::BTreeMap;
use std::sync::Arc;

use rooms::{BanId, Change, RoomKey, Snapshot, StoredRoom};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{
    Acknowledge, Changes, InstanceKey, Kind, ObjectKey, SlotChange, Store, StoreError, Write,
};

/// The virtual host.
const HOST: &str = "_rooms_";
/// Every slot has this version: nobody has an older copy.
const VERSION: u32 = 1;

/// Why the hall does not start.
#[derive(Debug, thiserror::Error)]
pub enum KeepingError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is there is not understood.
    #[error("what the store holds of rooms cannot be read ({object}/{slot}): {error}")]
    Form {
        /// Which object of the store.
        object: String,
        /// Which slot.
        slot: String,
        /// Why.
        error: serde_json::Error,
    },
}

/// The way to the store.
pub(super) struct Keeping {
    store: Option<Arc<dyn Store>>,
}

impl Keeping {
    /// Without a store nothing outlives the server.
    pub(super) fn new(store: Option<Arc<dyn Store>>) -> Self {
        Self { store }
    }

    /// All that is stored.
    pub(super) fn load(&self) -> Result<Snapshot, KeepingError> {
        let Some(store) = self.store.as_deref() else {
            return Ok(Snapshot::default());
        };
        let mut snapshot = Snapshot {
            accounts: group(store, "accounts")?,
            buddies: group(store, "buddies")?,
            ..Snapshot::default()
        };
        for (_, ban) in group::<rooms::Ban>(store, "bans")? {
            snapshot.bans.insert(ban.id, ban);
        }
        for (_, room) in group::<StoredRoom>(store, "rooms")? {
            let place = RoomKey {
                zone: rooms::key(&room.zone),
                room: rooms::key(&room.name),
            };
            let variables = group(store, &variables_of(&place.zone, &place.room))?;
            snapshot.variables.insert(place.clone(), variables);
            snapshot.rooms.insert(place, room);
        }
        Ok(snapshot)
    }

    /// Asks the store for a change. Changes are done in the order in which they are asked for.
    pub(super) fn keep(&self, change: &Change) {
        let Some(store) = &self.store else { return };
        for write in writes(change) {
            store.submit(write, Acknowledge::new(complain));
        }
    }
}

fn complain(result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::error!(
            %error,
            "a change of accounts, bans, rooms or buddies was not stored: it lasts until the server ends"
        );
    }
}

/// The slots of one object, understood.
fn group<T: DeserializeOwned>(
    store: &dyn Store,
    name: &str,
) -> Result<BTreeMap<Arc<str>, T>, KeepingError> {
    let Some(object) = store.load(&object_key(name))? else {
        return Ok(BTreeMap::new());
    };
    let slots = object.slots.into_iter().map(|(slot, stored)| {
        let value = serde_json::from_slice(&stored.value);
        let value = value.map_err(|error| KeepingError::Form {
            object: name.to_owned(),
            slot: slot.to_string(),
            error,
        })?;
        Ok((slot, value))
    });
    slots.collect()
}

fn writes(change: &Change) -> Vec<Write> {
    match change {
        Change::PutAccount(account) => vec![put("accounts", &rooms::key(&account.name), account)],
        Change::RemoveAccount { name } => vec![remove("accounts", name)],
        Change::PutBan(ban) => vec![put("bans", &ban_slot(ban.id), ban)],
        Change::RemoveBan(id) => vec![remove("bans", &ban_slot(*id))],
        Change::PutRoom(room) => {
            let slot = room_slot(&rooms::key(&room.zone), &rooms::key(&room.name));
            vec![put("rooms", &slot, room)]
        }
        Change::RemoveRoom { zone, room } => vec![
            remove("rooms", &room_slot(zone, room)),
            Write::DeleteObject {
                key: object_key(&variables_of(zone, room)),
                epoch: store::Epoch::default(),
            },
        ],
        Change::PutVariable {
            zone,
            room,
            variable,
        } => vec![put(&variables_of(zone, room), &variable.name, variable)],
        Change::RemoveVariable { zone, room, name } => {
            vec![remove(&variables_of(zone, room), name)]
        }
        Change::PutBuddies { owner, buddies } if buddies.is_empty() => {
            vec![remove("buddies", owner)]
        }
        Change::PutBuddies { owner, buddies } => vec![put("buddies", owner, buddies)],
    }
}

fn object_key(name: &str) -> ObjectKey {
    let instance = InstanceKey {
        host: HOST.into(),
        ..InstanceKey::new("rooms", "rooms")
    };
    ObjectKey::new(instance, Kind::Persistent, name)
}

fn ban_slot(id: BanId) -> String {
    id.0.to_string()
}

/// Zone and room as one text. Names may hold any character that shows, so none can stand between
/// them but one that does not.
fn room_slot(zone: &str, room: &str) -> String {
    format!("{zone}\n{room}")
}

fn variables_of(zone: &str, room: &str) -> String {
    format!("variables/{}", room_slot(zone, room))
}

fn put(object: &str, slot: &str, value: &impl Serialize) -> Write {
    // Texts, numbers and lists of them: nothing that JSON cannot write.
    let value = serde_json::to_vec(value).unwrap_or_default();
    commit(object, SlotChange::set(slot, VERSION, value))
}

fn remove(object: &str, slot: &str) -> Write {
    commit(object, SlotChange::delete(slot, VERSION))
}

fn commit(object: &str, slot: SlotChange) -> Write {
    let mut changes = Changes::new(object_key(object), VERSION);
    changes.slots.push(slot);
    // Nobody has a copy that would have to be told of a deletion.
    changes.forget_before = VERSION + 1;
    Write::Commit(changes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use rooms::{Account, Ban, BanTarget, Role, StoredVariable, Value};
    use store::MemoryStore;

    use super::*;

    fn room(zone: &str, name: &str) -> StoredRoom {
        StoredRoom {
            zone: zone.into(),
            name: name.into(),
            password: None,
            description: "".into(),
            capacity: Some(3),
            spectator_capacity: None,
            hidden: false,
            updatable: true,
            numbered: false,
            user_variables: false,
            flood_filter: true,
        }
    }

    fn variable(name: &str) -> Change {
        Change::PutVariable {
            zone: "main".into(),
            room: "lobby".into(),
            variable: StoredVariable {
                name: name.into(),
                value: Value::Number(0.1),
                locked: true,
                owner: Some("ann".into()),
            },
        }
    }

    fn changes() -> Vec<Change> {
        let ban = |id| {
            Change::PutBan(Ban {
                id: BanId(id),
                target: BanTarget::Name("bob".into()),
                reason: "\"<&".into(),
                by: None,
                until: None,
            })
        };
        let buddies = |owner: &str, buddies: &[&str]| Change::PutBuddies {
            owner: owner.into(),
            buddies: buddies
                .iter()
                .map(|&name| name.into())
                .collect::<BTreeSet<_>>(),
        };
        vec![
            Change::PutAccount(Account {
                name: "Ann".into(),
                hash: "$argon2id$".into(),
                role: Role::Moderator,
            }),
            ban(1),
            ban(2),
            Change::RemoveBan(BanId(1)),
            Change::PutRoom(room("Main", "Lobby")),
            Change::PutRoom(room("Main", "Gone")),
            variable("topic"),
            variable("gone"),
            Change::RemoveVariable {
                zone: "main".into(),
                room: "lobby".into(),
                name: "gone".into(),
            },
            Change::RemoveRoom {
                zone: "main".into(),
                room: "gone".into(),
            },
            buddies("ann", &["Bob", "cy"]),
            buddies("bob", &["x"]),
            buddies("bob", &[]),
        ]
    }

    #[test]
    fn what_is_kept_is_what_is_loaded() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let keeping = Keeping::new(Some(store.clone()));
        let mut expected = Snapshot::default();
        for change in changes() {
            keeping.keep(&change);
            expected.apply(change);
        }
        store.write(Write::Barrier, Duration::from_secs(5)).unwrap();
        let loaded = keeping.load().unwrap();
        assert_eq!(loaded, expected);
        assert_eq!((loaded.bans.len(), loaded.rooms.len()), (1, 1));
    }

    #[test]
    fn the_variables_of_a_removed_room_do_not_come_back_with_it() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let keeping = Keeping::new(Some(store.clone()));
        let remove = Change::RemoveRoom {
            zone: "main".into(),
            room: "lobby".into(),
        };
        let put = Change::PutRoom(room("Main", "Lobby"));
        for change in [put.clone(), variable("topic"), remove, put] {
            keeping.keep(&change);
        }
        store.write(Write::Barrier, Duration::from_secs(5)).unwrap();
        let loaded = keeping.load().unwrap();
        assert_eq!(loaded.rooms.len(), 1);
        assert!(loaded.variables.values().all(BTreeMap::is_empty));
    }
}
