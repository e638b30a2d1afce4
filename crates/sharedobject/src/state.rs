//! The contents of one object: slots, versions, and what is remembered of deleted slots.
//!
//! All changes made together get the same version, the next one; [`State::commit`] makes it the
//! object's own. Who is told is not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amf::{Str, Value};

use crate::item::{BODY_BYTES_MAX, Item, bytes_on_wire};
use crate::limits::Limits;
use crate::output::Refusal;
use crate::stored::{Head, Snapshot, StoredError, decode_value, encode_value};

/// Versions that an object may go through between two saves. While it is in use, it is stored with
/// a version so much higher: after a crash it cannot give a version again that a client holds.
/// Far more than a second of changes makes; when half of them are used, it is stored again.
pub(crate) const RESERVED_VERSIONS: u32 = 1 << 20;

/// Who changed a slot: the number of a subscription, or nobody of the clients.
pub(crate) type Writer = Option<u64>;

#[derive(Debug)]
pub(crate) struct Slot {
    /// The change that tells the value; its bytes are written once.
    pub(crate) item: Arc<Item>,
    pub(crate) version: u32,
    pub(crate) writer: Writer,
    /// Bytes of the name, and of the value as it is stored or sent, whichever is more.
    bytes: usize,
}

/// What all slots of an object are together.
struct Size {
    slots: usize,
    bytes: usize,
}

impl Size {
    /// Puts a slot of so many bytes in the place of one of `old` bytes, if there was any.
    fn put(&mut self, old: Option<usize>, bytes: usize, limits: &Limits) -> Result<(), Refusal> {
        self.take(old);
        if self.slots >= limits.slots && old.is_none() {
            return over("slots", limits.slots);
        }
        self.slots += 1;
        self.bytes += bytes;
        if self.bytes > limits.object_bytes {
            return over("object_bytes", limits.object_bytes);
        }
        Ok(())
    }

    fn take(&mut self, old: Option<usize>) {
        self.slots -= usize::from(old.is_some());
        self.bytes -= old.unwrap_or_default();
    }
}

fn over<T>(limit: &'static str, max: usize) -> Result<T, Refusal> {
    Err(Refusal::Limit { limit, max })
}

/// How many bytes a slot with this value has, if one may have it.
fn measure(key: &Str, value: &Value, limits: &Limits) -> Result<usize, Refusal> {
    if key.len() > limits.slot_name_bytes {
        return over("slot_name_bytes", limits.slot_name_bytes);
    }
    let max = limits.slot_bytes;
    let stored = encode_value(value, max).map(|stored| stored.len());
    let sent = || bytes_on_wire(std::slice::from_ref(value), max);
    match stored.and_then(|stored| Ok(stored.max(sent()?))) {
        Ok(bytes) => Ok(key.len() + bytes),
        Err(amf::EncodeError::OutputTooLong { .. }) => over("slot_bytes", max),
        Err(error) => Err(Refusal::Value(error)),
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    version: u32,
    /// The highest version that anything has been given: under a lock the next one.
    newest: u32,
    slots: BTreeMap<Str, Slot>,
    /// The deleted slots: in which version, and by whom.
    removed: BTreeMap<Str, (u32, Writer)>,
    /// The same, oldest first.
    oldest: BTreeSet<(u32, Str)>,
    /// When and by whom all slots were last removed, as far as is known.
    cleared: Option<(u32, Writer)>,
    floor: u32,
    resync_depth: Option<u32>,
    bytes: usize,
}

impl State {
    pub(crate) fn new(resync_depth: Option<u32>) -> Self {
        Self {
            resync_depth,
            ..Self::default()
        }
    }

    /// A new object in place of one that was there perhaps: whoever has an older version than this
    /// starts anew.
    pub(crate) fn beginning_with(version: u32, resync_depth: Option<u32>) -> Self {
        Self {
            version,
            newest: version,
            floor: version,
            cleared: (version > 0).then_some((version, None)),
            ..Self::new(resync_depth)
        }
    }

    /// What a store kept. Limits that have been lowered since do not lose what is there.
    pub(crate) fn restore(snapshot: &Snapshot) -> Result<Self, StoredError> {
        let head = snapshot.head;
        let mut state = Self {
            floor: head.floor,
            resync_depth: head.resync_depth,
            ..Self::default()
        };
        for (key, version, stored) in &snapshot.slots {
            let value = decode_value(stored)?;
            let sent = bytes_on_wire(std::slice::from_ref(&value), BODY_BYTES_MAX);
            let bytes = key.len() + stored.len().max(sent.unwrap_or(BODY_BYTES_MAX));
            let item = Item::change(key.clone(), value);
            let slot = Slot {
                item,
                version: *version,
                writer: None,
                bytes,
            };
            if let Some(old) = state.slots.insert(key.clone(), slot) {
                state.bytes -= old.bytes;
            }
            state.bytes += bytes;
            state.version = state.version.max(*version);
        }
        for (key, version) in &snapshot.removed {
            if !state.slots.contains_key(key) {
                state.remember(key, *version, None);
                state.version = state.version.max(*version);
            }
        }
        state.floor = head.floor_at_rest(state.version);
        // Of slots that are not there nothing is known before that.
        state.cleared = (state.floor > 0).then_some((state.floor, None));
        state.version = head.version.max(state.version).max(state.floor);
        state.newest = state.version;
        Ok(state)
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// The version that changes made now get.
    pub(crate) fn next(&self) -> u32 {
        self.version.saturating_add(1)
    }

    /// What has been changed is now a version of its own.
    /// Answers which deletions are forgotten now.
    pub(crate) fn commit(&mut self, limits: &Limits) -> Vec<Str> {
        self.version = self.next();
        self.prune(limits.deletion_records)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are no slots, nor are any remembered.
    pub(crate) fn is_blank(&self) -> bool {
        self.slots.is_empty() && self.removed.is_empty()
    }

    pub(crate) fn slot(&self, key: &str) -> Option<&Slot> {
        self.slots.get(key)
    }

    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.slots.get(key).and_then(|slot| slot.item.value())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &Str> {
        self.slots.keys()
    }

    /// The names of the deleted slots that are remembered.
    pub(crate) fn removed_names(&self) -> impl Iterator<Item = &Str> {
        self.removed.keys()
    }

    pub(crate) fn removed_in(&self, key: &str) -> Option<u32> {
        self.removed.get(key).map(|(version, _)| *version)
    }

    /// The version in which the slot was last changed or deleted, and by whom.
    pub(crate) fn last_change(&self, key: &str) -> Option<(u32, Writer)> {
        let slot = self.slots.get(key).map(|slot| (slot.version, slot.writer));
        slot.or_else(|| self.removed.get(key).copied())
            .or(self.cleared)
    }

    /// What is stored beside the slots. `in_use` when the version may rise before the next save.
    pub(crate) fn head(&self, in_use: bool) -> Head {
        // Changes under a lock have the next version already; it must not be given again.
        let newest = self.version.max(self.newest);
        let version = newest.saturating_add(if in_use { RESERVED_VERSIONS } else { 0 });
        Head {
            version,
            floor: self.floor,
            resync_depth: self.resync_depth,
        }
    }

    /// Whether the slot may have the value, and how many bytes it then has.
    pub(crate) fn check(
        &self,
        key: &Str,
        value: &Value,
        limits: &Limits,
    ) -> Result<usize, Refusal> {
        let old = self.slots.get(key).map(|slot| slot.bytes);
        let bytes = measure(key, value, limits)?;
        self.size().put(old, bytes, limits)?;
        Ok(bytes)
    }

    /// Whether all of these slots may be set, or removed where there is no value, one after another.
    pub(crate) fn check_all<'a>(
        &self,
        slots: impl Iterator<Item = (&'a Str, Option<&'a Value>)>,
        limits: &Limits,
    ) -> Result<(), Refusal> {
        let mut size = self.size();
        let mut changed = BTreeMap::new();
        for (key, value) in slots {
            let there = || self.slots.get(key).map(|slot| slot.bytes);
            let old = changed.get(key).copied().unwrap_or_else(there);
            let new = value.map(|value| measure(key, value, limits)).transpose()?;
            match new {
                Some(bytes) => size.put(old, bytes, limits)?,
                None => size.take(old),
            }
            changed.insert(key, new);
        }
        Ok(())
    }

    fn size(&self) -> Size {
        Size {
            slots: self.slots.len(),
            bytes: self.bytes,
        }
    }

    /// Sets a slot to what `item` says. `bytes` is what [`Self::check`] found.
    pub(crate) fn set(&mut self, key: &Str, item: Arc<Item>, bytes: usize, writer: Writer) {
        let slot = Slot {
            item,
            version: self.next(),
            writer,
            bytes,
        };
        self.newest = slot.version;
        self.forget(key);
        if let Some(old) = self.slots.insert(key.clone(), slot) {
            self.bytes -= old.bytes;
        }
        self.bytes += bytes;
    }

    /// Removes a slot, if it is there.
    pub(crate) fn remove(&mut self, key: &Str, writer: Writer) -> bool {
        let Some(old) = self.slots.remove(key) else {
            return false;
        };
        self.bytes -= old.bytes;
        self.newest = self.next();
        self.remember(key, self.newest, writer);
        true
    }

    /// Removes all slots. What was deleted before need not be remembered: older clients are
    /// told to forget everything.
    pub(crate) fn clear(&mut self, writer: Writer) {
        self.slots.clear();
        self.removed.clear();
        self.oldest.clear();
        self.bytes = 0;
        self.newest = self.next();
        self.floor = self.newest;
        self.cleared = Some((self.newest, writer));
    }

    pub(crate) fn resync_depth(&self) -> Option<u32> {
        self.resync_depth
    }

    /// Answers which deletions are forgotten now.
    pub(crate) fn set_resync_depth(&mut self, depth: Option<u32>, limits: &Limits) -> Vec<Str> {
        self.resync_depth = depth;
        self.prune(limits.deletion_records)
    }

    /// Forgets what was deleted before `version`. Older clients get everything anew.
    pub(crate) fn purge(&mut self, version: u32) -> Vec<Str> {
        let version = version.min(self.version);
        self.floor = self.floor.max(version);
        self.forget_oldest(|_, deleted| deleted < version)
    }

    /// Whether a client with this version must get everything anew.
    pub(crate) fn must_start_anew(&self, version: u32) -> bool {
        let too_old = self
            .resync_depth
            .is_some_and(|depth| version.saturating_add(depth) < self.version);
        version == 0 || version > self.version || version < self.floor || too_old
    }

    /// The slots that were changed after `version`.
    pub(crate) fn changed_since(&self, version: u32) -> impl Iterator<Item = &Arc<Item>> {
        let newer = move |slot: &&Slot| slot.version > version;
        self.slots.values().filter(newer).map(|slot| &slot.item)
    }

    /// The slots that were deleted after `version`.
    pub(crate) fn removed_since(&self, version: u32) -> impl Iterator<Item = &Str> {
        let newer = self.oldest.range((version.saturating_add(1), Str::EMPTY)..);
        newer.map(|(_, key)| key)
    }

    fn remember(&mut self, key: &Str, version: u32, writer: Writer) {
        self.forget(key);
        self.removed.insert(key.clone(), (version, writer));
        self.oldest.insert((version, key.clone()));
    }

    fn forget(&mut self, key: &Str) {
        if let Some((version, _)) = self.removed.remove(key) {
            self.oldest.remove(&(version, key.clone()));
        }
    }

    /// Forgets the deletions that are too old or too many, and answers which.
    fn prune(&mut self, max: usize) -> Vec<Str> {
        let (version, depth) = (self.version, self.resync_depth);
        let too_old =
            move |deleted: u32| depth.is_some_and(|depth| deleted.saturating_add(depth) < version);
        self.forget_oldest(|len, deleted| len > max || too_old(deleted))
    }

    fn forget_oldest(&mut self, which: impl Fn(usize, u32) -> bool) -> Vec<Str> {
        let mut forgotten = Vec::new();
        while let Some((version, _)) = self.oldest.first() {
            if !which(self.oldest.len(), *version) {
                break;
            }
            if let Some((version, key)) = self.oldest.pop_first() {
                self.removed.remove(&key);
                self.floor = self.floor.max(version);
                forgotten.push(key);
            }
        }
        forgotten
    }
}
