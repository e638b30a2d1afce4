//! The shared objects of an application that is started for a try: nobody else uses them, and
//! nothing is stored.

use std::cell::RefCell;
use std::collections::BTreeMap;

use amf::{Str, Value};
use engine::scripting::{ChangeError, LinkId, ObjectId, OpenError, SharedObjectHost};

/// All objects, by their ids. The limits of the handlers that run are the limits on them.
#[derive(Default)]
pub(super) struct LonelyObjects(RefCell<Vec<Object>>);

struct Object {
    name: String,
    persistent: bool,
    is_open: bool,
    /// Owned by an instance that is not there, so that nothing comes of what is done to it.
    is_proxy: bool,
    properties: BTreeMap<Str, Value>,
    version: u32,
    locks: i32,
    depth: Option<u32>,
    auto_commit: bool,
    is_dirty: bool,
}

impl Object {
    fn new(name: &str, persistent: bool) -> Self {
        Self {
            name: name.to_owned(),
            persistent,
            is_open: true,
            is_proxy: false,
            properties: BTreeMap::new(),
            version: 0,
            locks: 0,
            depth: None,
            auto_commit: true,
            is_dirty: false,
        }
    }

    fn changed(&mut self) {
        self.version = self.version.saturating_add(1);
        self.is_dirty = self.persistent;
    }
}

impl LonelyObjects {
    /// Does something with an open object; `None` if there is no such object.
    fn with<R>(&self, id: ObjectId, act: impl FnOnce(&mut Object) -> R) -> Option<R> {
        let mut objects = self.0.borrow_mut();
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        let object = objects.get_mut(index).filter(|object| object.is_open)?;
        Some(act(object))
    }

    /// The same with one that is the instance's own.
    fn with_own<R>(&self, id: ObjectId, act: impl FnOnce(&mut Object) -> R) -> Option<R> {
        self.with(id, |object| (!object.is_proxy).then(|| act(object)))?
    }
}

impl SharedObjectHost for LonelyObjects {
    fn open(
        &self,
        name: &str,
        persistent: bool,
        link: Option<LinkId>,
    ) -> Result<ObjectId, OpenError> {
        let mut objects = self.0.borrow_mut();
        let found = objects.iter().position(|object| {
            object.is_open && object.persistent == persistent && object.name == name
        });
        let index = found.unwrap_or(objects.len());
        if found.is_none() {
            objects.push(Object::new(name, persistent));
        }
        if let Some(object) = objects.get_mut(index).filter(|_| link.is_some()) {
            object.is_proxy = true;
            object.properties.clear();
        }
        Ok(ObjectId(index as u64 + 1))
    }

    fn close(&self, object: ObjectId) {
        self.with(object, |object| {
            object.is_open = false;
            object.properties.clear();
        });
    }

    fn get(&self, object: ObjectId, property: &str) -> Option<Value> {
        self.with(object, |object| object.properties.get(property).cloned())?
    }

    fn set(&self, object: ObjectId, property: Str, value: Value) -> Result<(), ChangeError> {
        let done = self.with(object, |object| {
            if object.is_proxy {
                return;
            }
            if matches!(value, Value::Null | Value::Undefined) {
                object.properties.remove(&property);
            } else {
                object.properties.insert(property, value);
            }
            object.changed();
        });
        done.ok_or(ChangeError::Closed)
    }

    fn names(&self, object: ObjectId) -> Vec<Str> {
        let names = self.with(object, |object| object.properties.keys().cloned().collect());
        names.unwrap_or_default()
    }

    fn size(&self, object: ObjectId) -> usize {
        let size = self.with(object, |object| object.properties.len());
        size.unwrap_or_default()
    }

    fn version(&self, object: ObjectId) -> u32 {
        let version = self.with(object, |object| object.version);
        version.unwrap_or_default()
    }

    fn lock(&self, object: ObjectId) -> i32 {
        let locks = self.with_own(object, |object| {
            object.locks = object.locks.saturating_add(1);
            object.locks
        });
        locks.unwrap_or(-1)
    }

    fn unlock(&self, object: ObjectId) -> i32 {
        let locks = self.with_own(object, |object| {
            let left = object.locks - 1;
            object.locks = left.max(0);
            left
        });
        locks.unwrap_or(-1)
    }

    fn mark(&self, object: ObjectId, handler: Str, args: Vec<Value>) -> bool {
        self.send(object, handler, args)
    }

    fn send(&self, object: ObjectId, _: Str, _: Vec<Value>) -> bool {
        self.with(object, |_| ()).is_some()
    }

    fn clear(&self, object: ObjectId) -> bool {
        let cleared = self.with_own(object, |object| {
            object.properties.clear();
            object.changed();
        });
        cleared.is_some()
    }

    fn purge(&self, _: ObjectId, _: u32) {}

    fn resync_depth(&self, object: ObjectId) -> Option<u32> {
        self.with(object, |object| object.depth)?
    }

    fn set_resync_depth(&self, object: ObjectId, versions: Option<u32>) {
        self.with(object, |object| object.depth = versions);
    }

    fn flush(&self, object: ObjectId) -> bool {
        let flushed = self.with(object, |object| {
            object.is_dirty = false;
            object.persistent
        });
        flushed.unwrap_or(false)
    }

    fn is_dirty(&self, object: ObjectId) -> bool {
        let dirty = self.with(object, |object| object.is_dirty);
        dirty.unwrap_or(false)
    }

    fn auto_commit(&self, object: ObjectId) -> bool {
        let on = self.with(object, |object| object.auto_commit);
        on.unwrap_or(false)
    }

    fn set_auto_commit(&self, object: ObjectId, on: bool) {
        self.with(object, |object| object.auto_commit = on);
    }

    fn commit(&self, _: Option<&str>) -> bool {
        for object in self.0.borrow_mut().iter_mut() {
            object.is_dirty = false;
        }
        true
    }

    fn clear_matching(&self, _: &str) -> bool {
        true
    }
}
