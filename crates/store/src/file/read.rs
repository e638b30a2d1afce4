//! What is read from the tables.

use std::collections::BTreeMap;
use std::ops::Bound;

use redb::ReadTransaction;

use super::apply::columns;
use super::tables::{DELETIONS, HEADS, SLOTS};
use crate::{Head, InstanceKey, Kind, Listed, ObjectKey, Scope, StoredObject, StoredSlot};

pub(super) fn load(
    read: &ReadTransaction,
    key: &ObjectKey,
) -> Result<Option<StoredObject>, redb::Error> {
    let (host, app, instance, kind, object) = columns(key);
    let Some(head) = read.open_table(HEADS)?.get(columns(key))? else {
        return Ok(None);
    };
    let (version, floor, resync_depth) = head.value();
    let from = (host, app, instance, kind, object, "");
    let mut slots = BTreeMap::new();
    for entry in read.open_table(SLOTS)?.range(from..)? {
        let (found, record) = entry?;
        let (.., name) = found.value();
        if !is_of(found.value(), key) {
            break;
        }
        let (version, value) = record.value();
        let value = value.into();
        slots.insert(name.into(), StoredSlot { version, value });
    }
    let mut deletions = BTreeMap::new();
    for entry in read.open_table(DELETIONS)?.range(from..)? {
        let (found, version) = entry?;
        let (.., name) = found.value();
        if !is_of(found.value(), key) {
            break;
        }
        deletions.insert(name.into(), version.value());
    }
    Ok(Some(StoredObject {
        head: Head {
            version,
            floor,
            resync_depth,
        },
        slots,
        deletions,
    }))
}

/// Whether a slot is one of the object's.
fn is_of(slot: (&str, &str, &str, u8, &str, &str), key: &ObjectKey) -> bool {
    let (host, app, instance, kind, object, _) = slot;
    (host, app, instance, kind, object) == columns(key)
}

pub(super) fn list(
    read: &ReadTransaction,
    scope: &Scope,
    after: Option<&ObjectKey>,
    max: usize,
) -> Result<Vec<Listed>, redb::Error> {
    let start = scope.start();
    let from = match after.map(columns) {
        Some(after) if after >= start => Bound::Excluded(after),
        _ => Bound::Included(start),
    };
    let mut listed = Vec::new();
    let heads = read.open_table(HEADS)?;
    let range = (from, Bound::Unbounded);
    for entry in heads.range::<(&str, &str, &str, u8, &str)>(range)? {
        let (found, head) = entry?;
        let (version, floor, resync_depth) = head.value();
        let Some(key) = object_key(found.value()) else {
            // A kind of a later version; it says nothing to us.
            continue;
        };
        if listed.len() == max || !scope.contains(&key) {
            break;
        }
        let head = Head {
            version,
            floor,
            resync_depth,
        };
        listed.push(Listed { key, head });
    }
    Ok(listed)
}

fn object_key(columns: (&str, &str, &str, u8, &str)) -> Option<ObjectKey> {
    let (host, app, instance, kind, name) = columns;
    let instance = InstanceKey {
        host: host.into(),
        app: app.into(),
        instance: instance.into(),
    };
    Some(ObjectKey::new(instance, Kind::from_code(kind)?, name))
}
