//! The form of an object on its way to the store and back.

use std::sync::Arc;

use amf::Str;
use sharedobject::{Changes, Head, SlotChange, Snapshot};
use store::{Epoch, Forgotten, ObjectKey, StoredObject, Write};

/// What was stored, as the instance wants it.
pub(super) fn snapshot(stored: StoredObject) -> Snapshot {
    let slots = stored.slots.into_iter();
    let removed = stored.deletions.into_iter();
    Snapshot {
        head: head(stored.head),
        slots: slots
            .map(|(name, slot)| (Str::from(&*name), slot.version, slot.value.to_vec()))
            .collect(),
        removed: removed
            .map(|(name, version)| (Str::from(&*name), version))
            .collect(),
    }
}

fn head(stored: store::Head) -> Head {
    Head {
        version: stored.version,
        floor: stored.floor,
        resync_depth: stored.resync_depth,
    }
}

/// What changed, as the store wants it.
pub(super) fn write(key: ObjectKey, changes: Changes) -> Write {
    if !changes.forget {
        return Write::Commit(commit(key, changes));
    }
    let object = Forgotten {
        name: key.name,
        version: Some(changes.head.version),
    };
    Write::Forget {
        instance: key.instance,
        objects: vec![object],
        epoch: Epoch::default(),
    }
}

fn commit(key: ObjectKey, changes: Changes) -> store::Changes {
    let Changes {
        head, clear, slots, ..
    } = changes;
    let mut out = store::Changes::new(key, head.version);
    out.head = store::Head {
        version: head.version,
        floor: head.floor,
        resync_depth: head.resync_depth,
    };
    out.replace = clear;
    for (name, change) in slots {
        let name: Arc<str> = (*name).into();
        match change {
            SlotChange::Set { version, value } => {
                out.slots.push(store::SlotChange::set(name, version, value));
            }
            SlotChange::Removed { version } => {
                out.slots.push(store::SlotChange::delete(name, version));
            }
            SlotChange::Forgotten => {
                // Nobody asks for deletions up to the floor any more, this one included.
                out.slots.push(store::SlotChange::delete(name, 0));
                out.forget_before = head.floor.saturating_add(1);
            }
        }
    }
    out
}
