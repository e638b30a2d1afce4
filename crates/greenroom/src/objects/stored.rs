//! What an administrator does with objects that no instance has in memory: straight in the store.
//!
//! The same for the server, when an instance does not run, and for `greenroom so` without one.

use std::sync::Arc;
use std::time::Duration;

use amf::{Str, Value};
use parking_lot::Mutex;
use serde::Serialize;
use sharedobject::{Config, Directory, Inspected, Millis, Output, Refusal, decode_value};
use store::{
    Acknowledge, Changes, Epoch, Forgotten, InstanceKey, Kind, ObjectKey, Scope, Store, StoreError,
    Write,
};
use thiserror::Error;

use super::form;
use super::shelf::Shelf;

/// How long is waited for a write.
const PATIENCE: Duration = Duration::from_secs(30);
/// Objects that are asked of the store at once.
const PAGE: usize = 1_000;
/// Bytes of a copy that wait to be written together.
const GROUP_BYTES: usize = 16 << 20;

/// Why it could not be done.
#[derive(Debug, Error)]
pub(crate) enum StoredFailure {
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored cannot be read.
    #[error("the slot {slot:?} cannot be read: {why}")]
    Unreadable { slot: String, why: String },
    /// The change is refused, as it would be by an instance.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is not known what an instance would refuse.
    #[error(transparent)]
    Settings(#[from] crate::appsettings::Faulty),
    /// The object cannot have this name.
    #[error(transparent)]
    Name(#[from] sharedobject::NameError),
}

/// One object of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) app: String,
    pub(crate) instance: String,
    pub(crate) object: String,
    /// `None` when it is in use by an instance that does not answer.
    pub(crate) version: Option<u32>,
}

/// The key of a persistent object.
pub(crate) fn key(
    app: &str,
    instance: &str,
    object: &str,
    name_bytes: usize,
) -> Result<ObjectKey, StoredFailure> {
    let name = sharedobject::ObjectName::parse(object, name_bytes)?;
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
        let of_applications = page.iter().filter(|listed| {
            let key = &listed.key;
            key.kind != Kind::Gone && &*key.instance.host == store::DEFAULT_HOST
        });
        rows.extend(of_applications.map(|listed| Row {
            app: listed.key.instance.app.to_string(),
            instance: listed.key.instance.instance.to_string(),
            object: listed.key.name.to_string(),
            version: Some(listed.head.version),
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
    let slot = |(name, slot): (&Arc<str>, &store::StoredSlot)| {
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

/// Sets slots, or removes those without a value, and with `replace` all that are not named, in one
/// version. Answers the version. What an instance would refuse is refused.
pub(crate) fn set(
    store: &Arc<dyn Store>,
    key: &ObjectKey,
    slots: &[(Str, Option<Value>)],
    replace: bool,
    config: Config,
) -> Result<u32, StoredFailure> {
    let shelf = Shelf::new(store.clone(), key.instance.clone());
    let mut directory = Directory::new(config, Box::new(shelf));
    let now = Millis::default();
    let version = directory.administer(
        now,
        &key.name,
        sharedobject::Kind::Persistent,
        slots,
        replace,
    )?;
    loop {
        match directory.poll() {
            Output::Save(save) => {
                store.write(form::write(key.clone(), save.changes), PATIENCE)?;
            }
            Output::Timeout(_) => return Ok(version),
            // Nobody is there to be told.
            _ => {}
        }
    }
}

/// Deletes what a scope holds, which is an application, an instance or one object.
pub(crate) fn delete(store: &dyn Store, scope: Scope) -> Result<(), StoredFailure> {
    let write = match scope {
        Scope::Application { host, app } => Write::DeleteApplication { host, app },
        Scope::Instance(instance) => Write::DeleteInstance(instance),
        Scope::Prefix(key) => Write::Forget {
            instance: key.instance,
            objects: vec![Forgotten {
                name: key.name,
                version: None,
            }],
            epoch: Epoch::default(),
        },
        // Nobody asks for that.
        Scope::Everything => return Ok(()),
    };
    Ok(store.write(write, PATIENCE)?)
}

/// Copies every object into another store, each as it is when its turn comes. Answers how many.
/// What fits into a group is written as one.
pub(crate) fn copy(from: &dyn Store, to: &dyn Store) -> Result<usize, StoredFailure> {
    let failed: Arc<Mutex<Option<StoreError>>> = Arc::default();
    let (mut count, mut group_bytes, mut after) = (0, 0, None);
    loop {
        let page = from.list(&Scope::Everything, after.as_ref(), PAGE)?;
        let is_last = page.is_empty();
        after = page.last().map(|last| last.key.clone());
        for listed in page {
            let Some(object) = from.load(&listed.key)? else {
                continue;
            };
            count += usize::from(listed.key.kind != Kind::Gone);
            let changes = Changes::whole(listed.key, &object);
            group_bytes += changes.bytes();
            let failed = failed.clone();
            let done = move |result| {
                if let Err(error) = result {
                    *failed.lock() = Some(error);
                }
            };
            to.submit(Write::Commit(changes), Acknowledge::new(done));
            if group_bytes > GROUP_BYTES {
                to.write(Write::Barrier, PATIENCE)?;
                group_bytes = 0;
            }
        }
        to.write(Write::Barrier, PATIENCE)?;
        if let Some(error) = failed.lock().take() {
            return Err(error.into());
        }
        if is_last {
            return Ok(count);
        }
    }
}
