//! What an administrator does with objects that no instance has in memory: straight in the store.
//!
//! The same for the server, when an instance does not run, and for `greenroom so` without one.

use std::time::Duration;

use amf::{Str, Value};
use serde::Serialize;
use sharedobject::{Inspected, decode_value, encode_value};
use store::{
    Changes, Epoch, InstanceKey, Kind, ObjectKey, Scope, SlotChange, Store, StoreError, Write,
};
use thiserror::Error;

use super::form;

/// How long is waited for a write.
const PATIENCE: Duration = Duration::from_secs(30);
/// Objects that are asked of the store at once.
const PAGE: usize = 1_000;

/// Why it could not be done.
#[derive(Debug, Error)]
pub(crate) enum StoredFailure {
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored cannot be read.
    #[error("the slot {slot:?} cannot be read: {why}")]
    Unreadable { slot: String, why: String },
    /// A value cannot be stored.
    #[error("the slot {slot:?} cannot be stored: {why}")]
    Unstorable { slot: String, why: String },
    /// The object cannot have this name.
    #[error(transparent)]
    Name(#[from] sharedobject::NameError),
    /// There is no room for a version after the last.
    #[error("the object has had its last version")]
    Version,
}

/// One object of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) app: String,
    pub(crate) instance: String,
    pub(crate) object: String,
    pub(crate) version: u32,
}

/// Limits of names and values, as the server has them too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredLimits {
    pub(crate) name_bytes: usize,
    pub(crate) slot_bytes: usize,
}

/// The key of a persistent object.
pub(crate) fn key(
    app: &str,
    instance: &str,
    object: &str,
    limits: StoredLimits,
) -> Result<ObjectKey, StoredFailure> {
    let name = sharedobject::ObjectName::parse(object, limits.name_bytes)?;
    let instance = InstanceKey::new(app, instance);
    Ok(ObjectKey::new(instance, Kind::Persistent, name.as_str()))
}

/// The stored objects of a scope.
pub(crate) fn list(store: &dyn Store, scope: &Scope) -> Result<Vec<Row>, StoredFailure> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = store.list(scope, after.as_ref(), PAGE)?;
        // What the server keeps for itself lies on hosts of its own.
        let of_applications = page
            .iter()
            .filter(|listed| &*listed.key.instance.host == store::DEFAULT_HOST);
        rows.extend(of_applications.map(|listed| Row {
            app: listed.key.instance.app.to_string(),
            instance: listed.key.instance.instance.to_string(),
            object: listed.key.name.to_string(),
            version: listed.head.version,
        }));
        match page.into_iter().last() {
            Some(last) => after = Some(last.key),
            None => return Ok(rows),
        }
    }
}

/// The stored object.
pub(crate) fn get(store: &dyn Store, key: &ObjectKey) -> Result<Option<Inspected>, StoredFailure> {
    let Some(object) = store.load(key)? else {
        return Ok(None);
    };
    let slot = |(name, slot): (&std::sync::Arc<str>, &store::StoredSlot)| {
        let value = decode_value(&slot.value).map_err(|error| StoredFailure::Unreadable {
            slot: name.to_string(),
            why: error.to_string(),
        })?;
        Ok((Str::from(&**name), value))
    };
    let slots: Result<Vec<_>, StoredFailure> = object.slots.iter().map(slot).collect();
    Ok(Some(Inspected {
        version: object.head.version,
        slots: slots?,
    }))
}

/// Sets slots, or removes those without a value, in one version. Answers the version.
pub(crate) fn set(
    store: &dyn Store,
    key: &ObjectKey,
    slots: &[(Str, Option<Value>)],
    limits: StoredLimits,
) -> Result<u32, StoredFailure> {
    let stored = store.load(key)?;
    let head = stored
        .as_ref()
        .map(|stored| stored.head)
        .unwrap_or_default();
    let version = head.version.checked_add(1).ok_or(StoredFailure::Version)?;
    let mut changes = Changes::new(key.clone(), version);
    let floor = stored.as_ref().map(form::floor).unwrap_or_default();
    changes.head = store::Head {
        version,
        floor,
        ..head
    };
    for (name, value) in slots {
        let there = stored
            .as_ref()
            .is_some_and(|stored| stored.slots.contains_key(&**name));
        match value.as_ref().filter(|value| !value.is_nothing()) {
            Some(value) => {
                let bytes = encode_value(value, limits.slot_bytes);
                let bytes = bytes.map_err(|error| StoredFailure::Unstorable {
                    slot: name.to_string(),
                    why: error.to_string(),
                })?;
                changes.slots.push(SlotChange::set(&**name, version, bytes));
            }
            None if there => changes.slots.push(SlotChange::delete(&**name, version)),
            None => {}
        }
    }
    if changes.slots.is_empty() {
        return Ok(head.version);
    }
    store.write(Write::Commit(changes), PATIENCE)?;
    Ok(version)
}

/// Deletes what a scope holds, which is an application, an instance or one object.
pub(crate) fn delete(store: &dyn Store, scope: Scope) -> Result<(), StoredFailure> {
    let write = match scope {
        Scope::Application { host, app } => Write::DeleteApplication { host, app },
        Scope::Instance(instance) => Write::DeleteInstance(instance),
        Scope::Prefix(key) => Write::DeleteObject {
            key,
            epoch: Epoch::default(),
        },
        // Nobody asks for that.
        Scope::Everything => return Ok(()),
    };
    Ok(store.write(write, PATIENCE)?)
}

/// Copies every object into another store, each as it is when its turn comes. Answers how many.
pub(crate) fn copy(from: &dyn Store, to: &dyn Store) -> Result<usize, StoredFailure> {
    let (mut count, mut after) = (0, None);
    loop {
        let page = from.list(&Scope::Everything, after.as_ref(), PAGE)?;
        let Some(last) = page.last() else {
            to.write(Write::Barrier, PATIENCE)?;
            return Ok(count);
        };
        after = Some(last.key.clone());
        for listed in page {
            if let Some(object) = from.load(&listed.key)? {
                let changes = Changes::whole(listed.key, &object);
                to.write(Write::Commit(changes), PATIENCE)?;
                count += 1;
            }
        }
    }
}
