//! What of the hall outlives the server, in the store: accounts, bans, rooms, variables, buddies.
//!
//! Owns where it lies there. Each group is one object of the store, each thing of it a slot in
//! JSON; a stored room has one more object for its variables. They lie on a virtual host of their
//! own, where no application's objects are. What is not there yet is [`unsaved`]'s.

mod unsaved;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rooms::{BanId, Change, RoomKey, Snapshot, StoredRoom};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{InstanceKey, Kind, ObjectKey, Store, StoreError};
use unsaved::{Edit, Unsaved};

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
#[derive(Clone)]
pub(super) struct Keeping {
    store: Option<(Arc<dyn Store>, Arc<Unsaved>)>,
}

impl Keeping {
    /// Without a store nothing outlives the server. Of what is not stored yet, so many changes are
    /// kept.
    pub(super) fn new(store: Option<Arc<dyn Store>>, unsaved: usize) -> Self {
        let with = |store: Arc<dyn Store>| (store.clone(), Unsaved::new(store, unsaved));
        Self {
            store: store.map(with),
        }
    }

    /// Tries again, `every` so often, what the store has refused.
    pub(super) async fn look_after(self, every: Duration) {
        if let Some((_, unsaved)) = self.store {
            unsaved.look_after(every).await;
        }
    }

    /// Tries once more what was refused, and waits for all to be stored, so long at most. False if
    /// something is not.
    pub(super) async fn finish(&self, patience: Duration) -> bool {
        let Some((_, unsaved)) = &self.store else {
            return true;
        };
        self.try_again();
        tokio::time::timeout(patience, unsaved.saved())
            .await
            .is_ok()
    }

    fn try_again(&self) {
        if let Some((_, unsaved)) = &self.store {
            unsaved.try_again();
        }
    }

    /// All that is stored.
    pub(super) fn load(&self) -> Result<Snapshot, KeepingError> {
        let Some((store, _)) = &self.store else {
            return Ok(Snapshot::default());
        };
        let store = &**store;
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

    /// Asks the store for a change. Of one object, changes are done in the order in which they are
    /// asked for.
    pub(super) fn keep(&self, change: &Change) {
        if let Some((_, unsaved)) = &self.store {
            for edit in edits(change) {
                unsaved.add(edit);
            }
        }
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

fn edits(change: &Change) -> Vec<Edit> {
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
            Edit::Drop {
                object: variables_of(zone, room),
            },
            remove("rooms", &room_slot(zone, room)),
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

fn put(object: &str, slot: &str, value: &impl Serialize) -> Edit {
    Edit::Slot {
        object: object.to_owned(),
        slot: slot.to_owned(),
        // Texts, numbers and lists of them: nothing that JSON cannot write.
        value: Some(serde_json::to_vec(value).unwrap_or_default()),
    }
}

fn remove(object: &str, slot: &str) -> Edit {
    Edit::Slot {
        object: object.to_owned(),
        slot: slot.to_owned(),
        value: None,
    }
}

#[cfg(test)]
mod tests;
