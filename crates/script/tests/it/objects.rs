//! The shared objects of an instance, in memory and without sockets: what the tests of scripts
//! have in place of the engine's.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use amf::{Str, Value};
use engine::scripting::{
    ChangeError, LinkId, ObjectId, OpenError, ScriptInput, SharedObjectHost, SyncCode, SyncEntry,
};

/// Whether it is persistent, and the name.
type Key = (bool, String);

/// All objects of one instance.
#[derive(Default)]
pub(crate) struct Objects(RefCell<State>);

#[derive(Default)]
struct State {
    objects: BTreeMap<Key, Object>,
    open: BTreeMap<ObjectId, Key>,
    last_id: u64,
    /// The connections that are open or about to be.
    links: BTreeSet<LinkId>,
    /// What clients were sent; what went together is one text.
    sent: Vec<String>,
    /// What the script is to be told.
    told: Vec<ScriptInput>,
    stored: BTreeMap<String, Slots>,
    max_objects: Option<usize>,
    max_slots: Option<usize>,
    /// Nothing can be written.
    store_is_full: bool,
}

type Slots = BTreeMap<String, Value>;

struct Object {
    slots: Slots,
    deleted: BTreeMap<String, u32>,
    version: u32,
    locks: i32,
    /// Changes that wait for the end of the lock.
    batch: Vec<String>,
    /// What clients did meanwhile: property and value.
    held: Vec<(String, Value)>,
    clients: usize,
    owner: Option<LinkId>,
    depth: Option<u32>,
    auto_commit: bool,
    dirty: bool,
}

impl Object {
    fn new(slots: Slots) -> Self {
        Self {
            slots,
            deleted: BTreeMap::new(),
            version: 0,
            locks: 0,
            batch: Vec::new(),
            held: Vec::new(),
            clients: 0,
            owner: None,
            depth: None,
            auto_commit: true,
            dirty: false,
        }
    }

    /// One change; what the property was, and the line that tells of it.
    fn apply(&mut self, slot: &str, value: Value) -> (Option<Value>, String) {
        if self.batch.is_empty() {
            self.version += 1;
        }
        self.dirty = true;
        if matches!(value, Value::Null | Value::Undefined) {
            self.deleted.insert(slot.to_owned(), self.version);
            return (self.slots.remove(slot), format!("-{slot}"));
        }
        let line = format!("{slot}={}", show(&value));
        (self.slots.insert(slot.to_owned(), value), line)
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.as_str().to_owned(),
        Value::Number(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn message(handler: &Str, args: &[Value]) -> String {
    let args: Vec<_> = args.iter().map(show).collect();
    format!("{}({})", handler.as_str(), args.join(","))
}

impl State {
    fn object(&mut self, id: ObjectId) -> Option<&mut Object> {
        self.objects.get_mut(self.open.get(&id)?)
    }

    fn id(&self, key: &Key) -> Option<ObjectId> {
        let found = self.open.iter().find(|(_, open)| *open == key);
        found.map(|(id, _)| *id)
    }

    fn write(&mut self, key: &Key) -> bool {
        let Some(object) = self.objects.get_mut(key).filter(|_| key.0) else {
            return false;
        };
        if self.store_is_full {
            return false;
        }
        object.dirty = false;
        self.stored.insert(key.1.clone(), object.slots.clone());
        true
    }

    fn client_sets(&mut self, key: &Key, slot: &str, value: Value) {
        let object = self.objects.get_mut(key).expect("an object");
        if object.locks > 0 {
            object.held.push((slot.to_owned(), value));
            return;
        }
        let (old, line) = object.apply(slot, value);
        let code = if line.starts_with('-') {
            SyncCode::Delete
        } else {
            SyncCode::Change
        };
        self.sent.push(line);
        if let Some(object) = self.id(key) {
            let name = Some(slot.into());
            let list = vec![SyncEntry { code, name, old }];
            self.told.push(ScriptInput::Sync { object, list });
        }
    }
}

/// What tests do and look at.
impl Objects {
    pub(crate) fn limit_objects(&self, max: usize) {
        self.0.borrow_mut().max_objects = Some(max);
    }

    pub(crate) fn limit_slots(&self, max: usize) {
        self.0.borrow_mut().max_slots = Some(max);
    }

    pub(crate) fn fill_store(&self) {
        self.0.borrow_mut().store_is_full = true;
    }

    /// The connection of the script that has this number is open.
    pub(crate) fn open_link(&self, link: u64) {
        self.0.borrow_mut().links.insert(LinkId(link));
    }

    /// A client uses the object from now on.
    pub(crate) fn enter(&self, name: &str) {
        let mut state = self.0.borrow_mut();
        let key = (false, name.to_owned());
        let object = state.objects.entry(key);
        object.or_insert_with(|| Object::new(Slots::new())).clients += 1;
    }

    /// A client changes a property of a temporary object.
    pub(crate) fn client_sets(&self, name: &str, slot: &str, value: impl Into<Value>) {
        let key = (false, name.to_owned());
        self.0.borrow_mut().client_sets(&key, slot, value.into());
    }

    /// What clients have been sent since the last time.
    pub(crate) fn sent(&self) -> Vec<String> {
        std::mem::take(&mut self.0.borrow_mut().sent)
    }

    /// What the script is to be told.
    pub(crate) fn told(&self) -> Vec<ScriptInput> {
        std::mem::take(&mut self.0.borrow_mut().told)
    }

    /// The id of an object that the script has open.
    pub(crate) fn id(&self, name: &str) -> Option<ObjectId> {
        let state = self.0.borrow();
        let local = state.id(&(false, name.to_owned()));
        local.or_else(|| state.id(&(true, name.to_owned())))
    }

    /// Whether there is a temporary object of this name.
    pub(crate) fn is_there(&self, name: &str) -> bool {
        let key = (false, name.to_owned());
        self.0.borrow().objects.contains_key(&key)
    }

    /// The properties of a temporary object whose deletion is remembered.
    pub(crate) fn deleted(&self, name: &str) -> Vec<String> {
        let state = self.0.borrow();
        let object = state.objects.get(&(false, name.to_owned()));
        object.map_or_else(Vec::new, |object| object.deleted.keys().cloned().collect())
    }

    /// The stored names of properties of a persistent object.
    pub(crate) fn stored(&self, name: &str) -> Option<Vec<String>> {
        let state = self.0.borrow();
        let slots = state.stored.get(name)?;
        Some(slots.keys().cloned().collect())
    }

    /// A persistent object with these properties was stored.
    pub(crate) fn store(&self, name: &str, slots: &[&str]) {
        let slots = slots.iter().map(|slot| ((*slot).to_owned(), 1.into()));
        let mut state = self.0.borrow_mut();
        state.stored.insert(name.to_owned(), slots.collect());
    }

    /// The names of the properties of an object that the script has open.
    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        let id = self.id(name).expect("an open object");
        let names = SharedObjectHost::names(self, id).into_iter();
        names.map(|name| name.as_str().to_owned()).collect()
    }

    /// A value as it is kept.
    pub(crate) fn value(&self, name: &str, slot: &str) -> Option<Value> {
        SharedObjectHost::get(self, self.id(name)?, slot)
    }
}

impl SharedObjectHost for Objects {
    fn open(
        &self,
        name: &str,
        persistent: bool,
        link: Option<LinkId>,
    ) -> Result<ObjectId, OpenError> {
        let state = &mut *self.0.borrow_mut();
        let name = name.strip_prefix('/').unwrap_or(name);
        if name.is_empty() || name.contains([' ', '~', '%', '&', '\\', ';', ':', '"', '<']) {
            return Err(OpenError::Name("a forbidden character".into()));
        }
        if link.is_some_and(|link| !state.links.contains(&link)) {
            return Err(OpenError::NotConnected);
        }
        let key = (persistent, name.to_owned());
        if !state.objects.contains_key(&key) {
            if let Some(max) = state.max_objects.filter(|max| state.objects.len() >= *max) {
                let limit = "objects";
                return Err(OpenError::Limit { limit, max });
            }
            let stored = state.stored.get(name).filter(|_| persistent).cloned();
            let object = Object::new(stored.unwrap_or_default());
            state.objects.insert(key.clone(), object);
        }
        let object = state.objects.get_mut(&key).expect("just made");
        if object.owner.is_some() && link.is_some() && object.owner != link {
            state.sent.push("clear".into());
        }
        object.owner = link.or(object.owner);
        if let Some(id) = state.id(&key) {
            return Ok(id);
        }
        state.last_id += 1;
        let id = ObjectId(state.last_id);
        state.open.insert(id, key);
        Ok(id)
    }

    fn close(&self, object: ObjectId) {
        let state = &mut *self.0.borrow_mut();
        let Some(key) = state.open.remove(&object) else {
            return;
        };
        if state.objects.get(&key).is_some_and(|o| o.clients == 0) {
            state.write(&key);
            state.objects.remove(&key);
        }
    }

    fn get(&self, object: ObjectId, property: &str) -> Option<Value> {
        self.0
            .borrow_mut()
            .object(object)?
            .slots
            .get(property)
            .cloned()
    }

    fn set(&self, object: ObjectId, property: Str, value: Value) -> Result<(), ChangeError> {
        let state = &mut *self.0.borrow_mut();
        let max_slots = state.max_slots;
        let object = state.object(object).ok_or(ChangeError::Closed)?;
        if let Some(max) = max_slots.filter(|max| object.slots.len() >= *max) {
            let limit = "slots";
            return Err(ChangeError::Limit { limit, max });
        }
        if object.owner.is_some() {
            let line = format!("up: {}={}", property.as_str(), show(&value));
            state.sent.push(line);
            return Ok(());
        }
        let (_, line) = object.apply(property.as_str(), value);
        if object.locks > 0 {
            object.batch.push(line);
        } else {
            state.sent.push(line);
        }
        Ok(())
    }

    fn names(&self, object: ObjectId) -> Vec<Str> {
        let mut state = self.0.borrow_mut();
        let object = state.object(object);
        object.map_or_else(Vec::new, |object| {
            object
                .slots
                .keys()
                .map(|name| name.as_str().into())
                .collect()
        })
    }

    fn size(&self, object: ObjectId) -> usize {
        SharedObjectHost::names(self, object).len()
    }

    fn version(&self, object: ObjectId) -> u32 {
        let mut state = self.0.borrow_mut();
        state.object(object).map_or(0, |object| object.version)
    }

    fn lock(&self, object: ObjectId) -> i32 {
        let mut state = self.0.borrow_mut();
        match state.object(object).filter(|object| object.owner.is_none()) {
            Some(object) => {
                object.locks += 1;
                object.locks
            }
            None => -1,
        }
    }

    fn unlock(&self, object: ObjectId) -> i32 {
        let state = &mut *self.0.borrow_mut();
        let Some(key) = state.open.get(&object).cloned() else {
            return -1;
        };
        let object = state.objects.get_mut(&key);
        let Some(object) = object.filter(|object| object.locks > 0) else {
            return -1;
        };
        object.locks -= 1;
        if object.locks > 0 {
            return object.locks;
        }
        let (batch, held) = (
            std::mem::take(&mut object.batch),
            std::mem::take(&mut object.held),
        );
        if !batch.is_empty() {
            state.sent.push(batch.join(" "));
        }
        for (slot, value) in held {
            state.client_sets(&key, &slot, value);
        }
        0
    }

    fn mark(&self, object: ObjectId, handler: Str, args: Vec<Value>) -> bool {
        let state = &mut *self.0.borrow_mut();
        let Some(object) = state.object(object) else {
            return false;
        };
        let mut unit = std::mem::take(&mut object.batch);
        unit.push(message(&handler, &args));
        state.sent.push(unit.join(" "));
        true
    }

    fn send(&self, object: ObjectId, handler: Str, args: Vec<Value>) -> bool {
        let mut state = self.0.borrow_mut();
        let is_open = state.object(object).is_some();
        if is_open {
            state.sent.push(message(&handler, &args));
        }
        is_open
    }

    fn clear(&self, object: ObjectId) -> bool {
        let state = &mut *self.0.borrow_mut();
        let Some(key) = state.open.get(&object).cloned() else {
            return false;
        };
        if key.0 {
            state.stored.remove(&key.1);
        }
        if let Some(object) = state.objects.get_mut(&key) {
            object.slots.clear();
            object.version += 1;
        }
        state.sent.push("clear".into());
        true
    }

    fn purge(&self, object: ObjectId, version: u32) {
        if let Some(object) = self.0.borrow_mut().object(object) {
            object.deleted.retain(|_, deleted| *deleted >= version);
        }
    }

    fn resync_depth(&self, object: ObjectId) -> Option<u32> {
        self.0.borrow_mut().object(object)?.depth
    }

    fn set_resync_depth(&self, object: ObjectId, versions: Option<u32>) {
        if let Some(object) = self.0.borrow_mut().object(object) {
            object.depth = versions;
        }
    }

    fn flush(&self, object: ObjectId) -> bool {
        let state = &mut *self.0.borrow_mut();
        let key = state.open.get(&object).cloned();
        key.is_some_and(|key| state.write(&key))
    }

    fn is_dirty(&self, object: ObjectId) -> bool {
        let mut state = self.0.borrow_mut();
        let is_persistent = state.open.get(&object).is_some_and(|key| key.0);
        is_persistent && state.object(object).is_some_and(|object| object.dirty)
    }

    fn auto_commit(&self, object: ObjectId) -> bool {
        let mut state = self.0.borrow_mut();
        state
            .object(object)
            .is_some_and(|object| object.auto_commit)
    }

    fn set_auto_commit(&self, object: ObjectId, on: bool) {
        if let Some(object) = self.0.borrow_mut().object(object) {
            object.auto_commit = on;
        }
    }

    fn commit(&self, name: Option<&str>) -> bool {
        let state = &mut *self.0.borrow_mut();
        let wanted = |key: &&Key| key.0 && name.is_none_or(|name| key.1 == name);
        let keys: Vec<_> = state.objects.keys().filter(wanted).cloned().collect();
        keys.iter().all(|key| state.write(key))
    }

    /// Knows `/` and whole names; what patterns name is the engine's to test.
    fn clear_matching(&self, path: &str) -> bool {
        let state = &mut *self.0.borrow_mut();
        let wanted = path.trim_start_matches('/');
        for (key, object) in &mut state.objects {
            if wanted.is_empty() || key.1 == wanted {
                object.slots.clear();
                state.stored.remove(&key.1);
                state.sent.push(format!("{}: clear", key.1));
            }
        }
        !state.store_is_full
    }
}
