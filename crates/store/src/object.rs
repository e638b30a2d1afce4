//! What is stored of an object, and a set of changes to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Epoch, ObjectKey};

/// What an object has beside its slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The object's version. It never goes back.
    pub version: u32,
    /// Deletions before this version may have been forgotten.
    pub floor: u32,
    /// How many versions a deletion is remembered for; `None` for ever.
    pub resync_depth: Option<u32>,
}

/// One slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSlot {
    /// The object's version when the slot was last changed.
    pub version: u32,
    /// Its value, in whatever form the writer gave it.
    pub value: Arc<[u8]>,
}

/// An object as it was last committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// What it has beside its slots.
    pub head: Head,
    /// Its slots, by name.
    pub slots: BTreeMap<Arc<str>, StoredSlot>,
    /// The versions at which slots were deleted that are not there any more, by name.
    pub deletions: BTreeMap<Arc<str>, u32>,
}

/// One slot that was set or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotChange {
    /// The slot's name.
    pub name: Arc<str>,
    /// The object's version at which it happened.
    pub version: u32,
    /// Its value, or `None` when it was deleted.
    pub value: Option<Arc<[u8]>>,
}

impl SlotChange {
    /// A slot that was set.
    pub fn set(name: impl Into<Arc<str>>, version: u32, value: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            version,
            value: Some(value.into()),
        }
    }

    /// A slot that was deleted. The store remembers the version.
    pub fn delete(name: impl Into<Arc<str>>, version: u32) -> Self {
        Self {
            name: name.into(),
            version,
            value: None,
        }
    }
}

/// Changes to one object, which are committed together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The object.
    pub key: ObjectKey,
    /// Who writes.
    pub epoch: Epoch,
    /// What the object has beside its slots from now on.
    pub head: Head,
    /// Whether all that is stored of the object is dropped first.
    pub replace: bool,
    /// Forget the deletions before this version; 0 forgets none.
    pub forget_before: u32,
    /// What became of slots, in any order; of two changes to one slot the later counts.
    pub slots: Vec<SlotChange>,
}

impl Changes {
    /// No changes but the version, by the only owner there is.
    pub fn new(key: ObjectKey, version: u32) -> Self {
        Self {
            key,
            epoch: Epoch::default(),
            head: Head {
                version,
                ..Head::default()
            },
            replace: false,
            forget_before: 0,
            slots: Vec::new(),
        }
    }

    /// Everything about an object, in place of whatever is stored of it.
    pub fn whole(key: ObjectKey, object: &StoredObject) -> Self {
        let set = object.slots.iter().map(|(name, slot)| SlotChange {
            name: name.clone(),
            version: slot.version,
            value: Some(slot.value.clone()),
        });
        let deleted = object
            .deletions
            .iter()
            .map(|(name, version)| SlotChange::delete(name.clone(), *version));
        Self {
            head: object.head,
            replace: true,
            slots: set.chain(deleted).collect(),
            ..Self::new(key, object.head.version)
        }
    }

    /// Bytes of names and values.
    pub fn bytes(&self) -> usize {
        let slot = |change: &SlotChange| {
            change.name.len() + change.value.as_ref().map_or(0, |value| value.len())
        };
        self.key.name.len() + self.slots.iter().map(slot).sum::<usize>()
    }
}
