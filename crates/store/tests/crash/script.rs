//! What is written: a sequence of commits, each of which says by itself what the object holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use store::{Changes, Head, InstanceKey, Kind, ObjectKey, SlotChange, StoredObject, StoredSlot};

/// Objects that take turns.
pub(crate) const OBJECTS: u32 = 16;
/// Slots of each.
const SLOTS: u32 = 8;

/// The object that commit `number` is of.
pub(crate) fn key(number: u32) -> ObjectKey {
    let name = format!("object {}", number % OBJECTS);
    ObjectKey::new(InstanceKey::new("crash", "test"), Kind::Persistent, name)
}

/// What commit `number` does to a slot: most are set, to values of all sizes, some deleted.
fn slot(number: u32, slot: u32) -> Option<Arc<[u8]>> {
    if (number / OBJECTS + slot).is_multiple_of(5) {
        return None;
    }
    let mut value = format!("{number} {slot}").into_bytes();
    let length = number.wrapping_mul(7_919).wrapping_add(slot * 10_473) % 3_000;
    value.resize(value.len() + length as usize, b'.');
    Some(value.into())
}

/// Commit `number`. It touches every slot.
pub(crate) fn changes(number: u32) -> Changes {
    let mut changes = Changes::new(key(number), number);
    changes.slots = (0..SLOTS)
        .map(|index| SlotChange {
            name: index.to_string().into(),
            version: number,
            value: slot(number, index),
        })
        .collect();
    changes
}

/// The object after commit `number`, whatever came before.
pub(crate) fn object(number: u32) -> StoredObject {
    let mut slots = BTreeMap::new();
    let mut deletions = BTreeMap::new();
    for index in 0..SLOTS {
        let name: Arc<str> = index.to_string().into();
        let version = number;
        match slot(number, index) {
            Some(value) => drop(slots.insert(name, StoredSlot { version, value })),
            None => drop(deletions.insert(name, version)),
        }
    }
    StoredObject {
        head: Head {
            version: number,
            resync_depth: None,
            ..Head::default()
        },
        slots,
        deletions,
    }
}
