//! What the instance's script does with objects: FlashCom's server-side class `SharedObject`.
//!
//! Every call takes effect at once. An object is known by the number that
//! [`Directory::open`] gave; with any other number, calls do nothing and say so.

use amf::{Str, Value};
use rtmp::shared_object::Event;
use thiserror::Error;

use crate::directory::{Directory, Hub};
use crate::name::{Kind, ObjectName};
use crate::object::Object;
use crate::output::{Refusal, Save, SaveId};
use crate::pattern::Pattern;
use crate::request;
use crate::user::ObjectId;

/// Why the script cannot have an object.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(transparent)]
pub struct OpenError(pub Refusal);

/// What has become of a wish to clear objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearing {
    /// All are cleared.
    Done,
    /// Those in memory are. What becomes of the others is told by this number.
    Asked(SaveId),
    /// The path means nothing, or the store does not answer.
    Failed,
}

/// Why the script cannot set a slot, or send.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SlotError {
    /// The script does not have the object open.
    #[error("the shared object is not open")]
    NotOpen,
    /// A limit is reached, or the value cannot be kept.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Directory {
    /// The script begins to use an object, which is made if it does not exist. Answers the same
    /// number for the same object as long as somebody uses it.
    pub fn open(&mut self, name: &str, kind: Kind) -> Result<ObjectId, OpenError> {
        let name = ObjectName::parse(name, self.hub.config.limits.name_bytes);
        let name = name.map_err(|error| OpenError(error.into()))?;
        let id = self.open_named(&name, kind).map_err(OpenError)?;
        if let Some(object) = self.objects.get_mut(&id) {
            object.script = true;
        }
        Ok(id)
    }

    fn open_named(&mut self, name: &ObjectName, kind: Kind) -> Result<ObjectId, Refusal> {
        if let Some(id) = self.find(name, kind) {
            return Ok(id);
        }
        if self.has_other_kind(name, kind) {
            return Err(Refusal::Persistence);
        }
        if kind.is_persistent()
            && let Some(id) = self.load(name)?
        {
            return Ok(id);
        }
        self.make(name, kind)
    }

    /// The script no longer uses the object. What it has locked is unlocked.
    pub fn close(&mut self, id: ObjectId) {
        let Some((object, hub)) = self.opened(id) else {
            return;
        };
        object.break_lock(hub);
        object.script = false;
        self.retire(id);
    }

    /// Name and kind of an object that the script has open.
    pub fn named(&self, id: ObjectId) -> Option<(&Str, Kind)> {
        self.seen(id)
            .map(|object| (object.name.text(), object.kind))
    }

    /// The value of a slot.
    pub fn get(&self, id: ObjectId, key: &str) -> Option<Value> {
        self.seen(id)?.state.value(key).cloned()
    }

    /// Sets a slot; `null` and `undefined` remove it.
    pub fn set(&mut self, id: ObjectId, key: &Str, value: &Value) -> Result<(), SlotError> {
        let (object, hub) = self.opened(id).ok_or(SlotError::NotOpen)?;
        if object.remote.is_some() {
            return object.ask_owner(slot_event(key, value), hub);
        }
        let item = if value.is_nothing() {
            object.remove(key, None)
        } else {
            Some(object.set(key, value, None, hub)?)
        };
        if let Some(item) = item {
            object.announce_by_script(item, true, hub);
        }
        Ok(())
    }

    /// The names of all slots, sorted.
    pub fn names(&self, id: ObjectId) -> Vec<Str> {
        let object = self.seen(id);
        object.map_or_else(Vec::new, |object| object.state.names().cloned().collect())
    }

    /// The number of slots.
    pub fn size(&self, id: ObjectId) -> usize {
        self.seen(id).map_or(0, |object| object.state.len())
    }

    /// The version. Under a lock it stays, and rises with the unlock.
    pub fn version(&self, id: ObjectId) -> u32 {
        let object = self.seen(id);
        object.map_or(0, |object| object.state.version())
    }

    /// Holds what clients want to change, until as many calls of [`Self::unlock`]. Answers how
    /// often the object is locked now, or -1: a proxy cannot be locked.
    pub fn lock(&mut self, id: ObjectId) -> i32 {
        let opened = self.opened(id);
        let Some((object, _)) = opened.filter(|(object, _)| object.remote.is_none()) else {
            return -1;
        };
        object.locks = object.locks.saturating_add(1);
        count(object.locks)
    }

    /// Takes back one [`Self::lock`]. With the last one, what the script has done is announced
    /// as one, then what clients have asked for is carried out. Answers how often the object is
    /// still locked, or -1 when it was not.
    pub fn unlock(&mut self, id: ObjectId) -> i32 {
        let Some((object, hub)) = self.opened(id) else {
            return -1;
        };
        if !object.is_locked() {
            return -1;
        }
        if object.locks > 1 {
            object.locks -= 1;
        } else {
            object.break_lock(hub);
        }
        count(object.locks)
    }

    /// Unlocks an object however often it is locked, as a lock that lasts too long is.
    pub fn break_lock(&mut self, id: ObjectId) {
        if let Some((object, hub)) = self.opened(id) {
            object.break_lock(hub);
        }
    }

    /// Whether the object is locked.
    pub fn is_locked(&self, id: ObjectId) -> bool {
        self.seen(id).is_some_and(Object::is_locked)
    }

    /// Calls a function of all clients that use the object. Under a lock the call waits for the
    /// unlock, so that it keeps its place between the changes.
    pub fn send(&mut self, id: ObjectId, handler: &Str, args: &[Value]) -> Result<(), SlotError> {
        let (object, hub) = self.opened(id).ok_or(SlotError::NotOpen)?;
        if object.remote.is_some() {
            return object.ask_owner(call_event(handler, args), hub);
        }
        object.may_call(hub)?;
        let item = request::send(handler, args, hub)?;
        object.announce_by_script(item, false, hub);
        Ok(())
    }

    /// The same, behind everything that has not been announced yet and in one message with it.
    pub fn mark(&mut self, id: ObjectId, handler: &Str, args: &[Value]) -> Result<(), SlotError> {
        let (object, hub) = self.opened(id).ok_or(SlotError::NotOpen)?;
        if object.remote.is_some() {
            return object.ask_owner(call_event(handler, args), hub);
        }
        object.may_call(hub)?;
        let item = request::send(handler, args, hub)?;
        if object.is_locked() {
            object.announce_by_script(item, false, hub);
        } else {
            object.announce(vec![item], false, hub);
            object.flush(hub);
        }
        Ok(())
    }

    /// Removes all slots. Answers whether that is done, or for a proxy asked for.
    pub fn clear(&mut self, id: ObjectId) -> bool {
        let Some((object, hub)) = self.opened(id) else {
            return false;
        };
        if object.remote.is_some() {
            return object.ask_owner(Event::RequestClear, hub).is_ok();
        }
        object.clear_by_script(hub);
        true
    }

    /// Forgets which slots were deleted before `version`; clients that are older get everything
    /// anew.
    pub fn purge(&mut self, id: ObjectId, version: u32) {
        if let Some((object, hub)) = self.opened_own(id) {
            let forgotten = object.state.purge(version);
            object.dirty.slots(forgotten);
            object.schedule_commit(hub);
        }
    }

    /// For so many versions deletions are remembered; `None` for ever.
    pub fn resync_depth(&self, id: ObjectId) -> Option<u32> {
        self.seen(id)?.state.resync_depth()
    }

    /// Sets [`Self::resync_depth`].
    pub fn set_resync_depth(&mut self, id: ObjectId, depth: Option<u32>) {
        if let Some((object, hub)) = self.opened_own(id) {
            let forgotten = object.state.set_resync_depth(depth, &hub.config.limits);
            object.dirty.slots(forgotten);
            object.schedule_commit(hub);
        }
    }

    /// Whether the object is persistent and has changed since it was last saved for certain.
    pub fn is_dirty(&self, id: ObjectId) -> bool {
        let object = self.seen(id);
        object.is_some_and(Object::is_dirty)
    }

    /// Whether it is saved at intervals.
    pub fn auto_commit(&self, id: ObjectId) -> bool {
        self.seen(id).is_some_and(|object| object.auto_commit)
    }

    /// Sets [`Self::auto_commit`].
    pub fn set_auto_commit(&mut self, id: ObjectId, wanted: bool) {
        if let Some((object, hub)) = self.opened(id) {
            object.auto_commit = wanted;
            object.schedule_commit(hub);
        }
    }

    /// What is to be saved of a persistent object now, for a caller that waits until it is; its
    /// fate is told by [`Self::saved`] as that of every save. `None` when there is nothing to
    /// save. Saves that [`Self::poll`] has given, or would give, must be carried out before.
    pub fn take_changes(&mut self, id: ObjectId) -> Option<Save> {
        let object = self.objects.get_mut(&id)?;
        object.take_changes(object.is_used(), &mut self.hub)
    }

    /// The persistent objects in memory, whoever uses them, or the one of this name.
    pub fn kept(&self, name: Option<&str>) -> Vec<ObjectId> {
        let name = name.map(|name| name.strip_prefix('/').unwrap_or(name));
        let wanted = |object: &&Object| {
            let is_named = name.is_none_or(|name| object.name.as_str() == name);
            object.is_kept() && is_named
        };
        let objects = self.objects.values().filter(wanted);
        let mut ids: Vec<_> = objects.map(|object| object.id).collect();
        ids.sort_unstable();
        ids
    }

    /// Clears all objects that a path means, stored ones too, see [`Pattern`]; not those that
    /// belong to other instances. Whoever uses one goes on with it, empty; the others are removed
    /// from the store, together. No version is given again, so that clients with older ones know.
    pub fn clear_matching(&mut self, path: &str) -> Clearing {
        let Some(pattern) = Pattern::parse(path) else {
            return Clearing::Failed;
        };
        let live = self
            .names
            .iter()
            .filter(|((name, _), _)| pattern.matches(name.as_str()));
        for id in live.map(|(_, id)| *id).collect::<Vec<_>>() {
            if let Some(object) = self.objects.get_mut(&id)
                && object.remote.is_none()
            {
                object.clear_by_script(&mut self.hub);
            }
            self.retire(id);
        }
        let Some(stored) = self.stored_names() else {
            return Clearing::Failed;
        };
        // A name that could not be made is no object of ours.
        let names = stored
            .iter()
            .filter_map(|name| ObjectName::parse(name, usize::MAX).ok());
        let is_here = |name: &ObjectName| self.find(name, Kind::Persistent).is_some();
        let meant = |name: &ObjectName| pattern.matches(name.as_str()) && !is_here(name);
        let names: Vec<_> = names.filter(meant).collect();
        if names.is_empty() {
            return Clearing::Done;
        }
        Clearing::Asked(self.hub.forget(names))
    }

    /// An object that the script has open.
    fn seen(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(&id).filter(|object| object.script)
    }

    /// The same, if it is no proxy.
    fn opened_own(&mut self, id: ObjectId) -> Option<(&mut Object, &mut Hub)> {
        let opened = self.opened(id);
        opened.filter(|(object, _)| object.remote.is_none())
    }

    fn opened(&mut self, id: ObjectId) -> Option<(&mut Object, &mut Hub)> {
        let object = self.objects.get_mut(&id).filter(|object| object.script)?;
        Some((object, &mut self.hub))
    }
}

fn slot_event(key: &Str, value: &Value) -> Event {
    if value.is_nothing() {
        Event::RequestRemove(vec![key.clone()])
    } else {
        Event::RequestChange(vec![(key.clone(), value.clone())])
    }
}

fn call_event(handler: &Str, args: &[Value]) -> Event {
    Event::SendMessage {
        handler: handler.clone(),
        args: args.to_vec(),
    }
}

impl Object {
    pub(crate) fn break_lock(&mut self, hub: &mut Hub) {
        if !self.is_locked() {
            return;
        }
        self.locks = 0;
        self.announce_locked(hub);
        self.carry_out_held(hub);
        self.settle(hub);
    }

    fn clear_by_script(&mut self, hub: &mut Hub) {
        let item = self.clear(None);
        self.announce_by_script(item, true, hub);
    }
}

/// A count of locks, as scripts see it.
fn count(locks: u32) -> i32 {
    i32::try_from(locks).unwrap_or(i32::MAX)
}
