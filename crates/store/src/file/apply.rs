//! What each write does to the tables.

use redb::{ReadableTable, StorageError};

use super::tables::Tables;
use crate::{Changes, Epoch, Forgotten, InstanceKey, Kind, ObjectKey, StoreError, Write};

/// What became of each write of a group; an error of the outer kind undoes all of them.
type Results = Vec<Result<(), StoreError>>;

/// Does the writes, in order. One that is fenced off changes nothing.
pub(super) fn group<'w>(
    tables: &mut Tables<'_>,
    writes: impl Iterator<Item = &'w Write>,
) -> Result<Results, StorageError> {
    let mut results = Vec::new();
    for write in writes {
        let fence = match write.fence() {
            Some((instance, epoch)) => fence(tables, instance, epoch)?,
            None => Ok(()),
        };
        if fence.is_ok() {
            apply(tables, write)?;
        }
        results.push(fence);
    }
    Ok(results)
}

/// Refuses an owner that is not the newest, and remembers one that is newer.
fn fence(
    tables: &mut Tables<'_>,
    key: &InstanceKey,
    given: Epoch,
) -> Result<Result<(), StoreError>, StorageError> {
    let columns = (&*key.host, &*key.app, &*key.instance);
    let held = tables.epochs.get(columns)?.map(|held| held.value());
    let held = Epoch(held.unwrap_or_default());
    if held > given {
        return Ok(Err(StoreError::Fenced { held, given }));
    }
    if held < given {
        tables.epochs.insert(columns, given.0)?;
    }
    Ok(Ok(()))
}

fn apply(tables: &mut Tables<'_>, write: &Write) -> Result<(), StorageError> {
    match write {
        Write::Commit(changes) => commit(tables, changes),
        Write::DeleteObject { key, .. } => delete_object(tables, key),
        Write::Forget {
            instance, objects, ..
        } => objects
            .iter()
            .try_for_each(|object| forget(tables, instance, object)),
        Write::DeleteInstance(key) => {
            let after = successor(&key.instance);
            let from = (&*key.host, &*key.app, &*key.instance);
            let newest = delete_between(tables, from, (&key.host, &key.app, &after))?;
            outlive(tables, key, newest)
        }
        Write::DeleteApplication { host, app } => {
            let after = successor(app);
            let newest = delete_between(tables, (host, app, ""), (host, &after, ""))?;
            let key = ObjectKey::gone(host.clone(), app.clone());
            outlive(tables, &key.instance, newest)
        }
        Write::Barrier => Ok(()),
    }
}

fn commit(tables: &mut Tables<'_>, changes: &Changes) -> Result<(), StorageError> {
    let key = &changes.key;
    if changes.replace {
        delete_object(tables, key)?;
    }
    let head = changes.head;
    let record = (head.version, head.floor, head.resync_depth);
    tables.heads.insert(columns(key), record)?;
    let (host, app, instance, kind, object) = columns(key);
    for change in &changes.slots {
        let slot = (host, app, instance, kind, object, &*change.name);
        if let Some(value) = &change.value {
            tables.slots.insert(slot, (change.version, &**value))?;
            tables.deletions.remove(slot)?;
        } else {
            tables.slots.remove(slot)?;
            tables.deletions.insert(slot, change.version)?;
        }
    }
    if changes.forget_before > 0 {
        let after = successor(object);
        let from = (host, app, instance, kind, object, "");
        let to = (host, app, instance, kind, &*after, "");
        let first = changes.forget_before;
        tables
            .deletions
            .retain_in(from..to, |_, version| version >= first)?;
    }
    Ok(())
}

fn delete_object(tables: &mut Tables<'_>, key: &ObjectKey) -> Result<(), StorageError> {
    tables.heads.remove(columns(key))?;
    let (host, app, instance, kind, object) = columns(key);
    let after = successor(object);
    let from = (host, app, instance, kind, object, "");
    let to = (host, app, instance, kind, &*after, "");
    tables.slots.retain_in(from..to, |_, _| false)?;
    tables.deletions.retain_in(from..to, |_, _| false)
}

fn forget(
    tables: &mut Tables<'_>,
    instance: &InstanceKey,
    object: &Forgotten,
) -> Result<(), StorageError> {
    let key = ObjectKey::new(instance.clone(), Kind::Persistent, object.name.clone());
    let stored = tables.heads.get(columns(&key))?;
    let stored = stored.map(|head| head.value().0.saturating_add(1));
    delete_object(tables, &key)?;
    outlive(tables, instance, object.version.or(stored))
}

/// Remembers that an application's objects have had this version.
fn outlive(
    tables: &mut Tables<'_>,
    of: &InstanceKey,
    version: Option<u32>,
) -> Result<(), StorageError> {
    let Some(version) = version else {
        return Ok(());
    };
    let key = ObjectKey::gone(of.host.clone(), of.app.clone());
    let before = tables.heads.get(columns(&key))?.map(|head| head.value().0);
    if before.is_none_or(|before| before < version) {
        tables
            .heads
            .insert(columns(&key), (version, version, None))?;
    }
    Ok(())
}

/// Deletes the objects of all instances from one on, up to and without another. Answers the
/// version that comes after all of theirs.
fn delete_between(
    tables: &mut Tables<'_>,
    from: (&str, &str, &str),
    to: (&str, &str, &str),
) -> Result<Option<u32>, StorageError> {
    let heads = (from.0, from.1, from.2, 0, "")..(to.0, to.1, to.2, 0, "");
    let mut newest = None;
    tables.heads.retain_in(heads, |key, (version, ..)| {
        let is_gone = key.3 == Kind::Gone.code();
        newest = newest.max(Some(version.saturating_add(u32::from(!is_gone))));
        false
    })?;
    let slots = (from.0, from.1, from.2, 0, "", "")..(to.0, to.1, to.2, 0, "", "");
    tables.slots.retain_in(slots.clone(), |_, _| false)?;
    tables.deletions.retain_in(slots, |_, _| false)?;
    Ok(newest)
}

/// The first text after `text`.
fn successor(text: &str) -> String {
    format!("{text}\0")
}

pub(super) fn columns(key: &ObjectKey) -> (&str, &str, &str, u8, &str) {
    let InstanceKey {
        host,
        app,
        instance,
    } = &key.instance;
    (host, app, instance, key.kind.code(), &key.name)
}
