//! What of an object has changed since it was saved, and what is being saved.

use std::collections::BTreeSet;

use amf::Str;

use crate::output::SaveId;
use crate::state::State;
use crate::stored::{Changes, Head, SlotChange, encode_value};

/// What a save has to write.
#[derive(Debug, Default)]
struct Unsaved {
    /// The slots that were changed, deleted, or whose deletion was forgotten.
    slots: BTreeSet<Str>,
    /// Everything stored is to be dropped first.
    clear: bool,
    /// The version or the like has changed.
    head: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Dirty {
    unsaved: Unsaved,
    /// What has been given out to be saved, and has not been acknowledged.
    flights: Vec<(SaveId, Unsaved)>,
}

impl Dirty {
    pub(crate) fn slot(&mut self, key: &Str) {
        self.unsaved.head = true;
        self.unsaved.slots.insert(key.clone());
    }

    /// The head has changed, and with it these slots or none.
    pub(crate) fn slots(&mut self, keys: Vec<Str>) {
        self.unsaved.head = true;
        self.unsaved.slots.extend(keys);
    }

    pub(crate) fn clear(&mut self) {
        self.unsaved = Unsaved {
            slots: BTreeSet::new(),
            clear: true,
            head: true,
        };
    }

    /// Whether there is something to save that is not being saved.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.unsaved.head
    }

    /// Whether memory and store differ, as far as is known.
    pub(crate) fn is_dirty(&self) -> bool {
        self.is_unsaved() || !self.flights.is_empty()
    }

    /// Takes the head alone; what is unsaved stays so.
    pub(crate) fn take_head(&mut self, id: SaveId, head: Head) -> Changes {
        let unsaved = Unsaved {
            head: true,
            ..Unsaved::default()
        };
        self.flights.push((id, unsaved));
        Changes {
            head,
            ..Changes::default()
        }
    }

    /// Takes what is to be saved; `id` is how its fate will be told.
    pub(crate) fn take(&mut self, id: SaveId, head: Head, state: &State) -> Changes {
        let unsaved = std::mem::take(&mut self.unsaved);
        let slots = if unsaved.clear {
            let all = state.names().chain(state.removed_names());
            all.map(|key| (key.clone(), change(state, key))).collect()
        } else {
            let changed = unsaved.slots.iter();
            changed
                .map(|key| (key.clone(), change(state, key)))
                .collect()
        };
        let changes = Changes {
            head,
            clear: unsaved.clear,
            slots,
            forget: false,
        };
        self.flights.push((id, unsaved));
        changes
    }

    /// The fate of a save. What was not saved is unsaved again. Answers false for a save of
    /// another object.
    pub(crate) fn landed(&mut self, id: SaveId, saved: bool) -> bool {
        let Some(at) = self.flights.iter().position(|(flight, _)| *flight == id) else {
            return false;
        };
        let (_, lost) = self.flights.remove(at);
        if !saved {
            self.unsaved.slots.extend(lost.slots);
            self.unsaved.clear |= lost.clear;
            self.unsaved.head |= lost.head;
        }
        true
    }
}

fn change(state: &State, key: &Str) -> SlotChange {
    if let Some(slot) = state.slot(key) {
        let value = slot
            .item
            .value()
            .map(|value| encode_value(value, usize::MAX));
        // It could be written when the slot was set.
        if let Some(Ok(value)) = value {
            let version = slot.version;
            return SlotChange::Set { version, value };
        }
    }
    match state.removed_in(key) {
        Some(version) => SlotChange::Removed { version },
        None => SlotChange::Forgotten,
    }
}
