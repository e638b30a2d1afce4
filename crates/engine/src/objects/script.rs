//! What the script of an instance does with shared objects.
//!
//! Every call takes effect at once. What comes of it for clients is taken by the instance when
//! the handler is over.

use amf::{Str, Value};
use parking_lot::MutexGuard;
use sharedobject::{Clearing, Kind, Refusal, SlotError};

use super::{Inner, SharedObjects, known_link};
use crate::scripting::{ChangeError, LinkId, ObjectId, OpenError, SharedObjectHost};

impl SharedObjects {
    /// Does something to an object, and takes what comes of it out of the directory.
    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.inner();
        let result = change(&mut inner);
        inner.drain();
        result
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock()
    }
}

impl SharedObjectHost for SharedObjects {
    fn open(
        &self,
        name: &str,
        persistent: bool,
        link: Option<LinkId>,
    ) -> Result<ObjectId, OpenError> {
        let kind = Kind::of(persistent);
        let opened = self.with(|inner| {
            let Some(link) = link else {
                return inner.directory.open(name, kind);
            };
            let opened = inner.directory.open_proxy(name, kind, known_link(link));
            // Whatever was locked is a proxy now, and cannot be.
            inner.locked.retain(|id, _| opened != Ok(*id));
            opened
        });
        match opened {
            Ok(id) => Ok(ObjectId(id.0)),
            Err(error) => Err(open_error(error.0)),
        }
    }

    fn close(&self, object: ObjectId) {
        self.with(|inner| {
            inner.locked.remove(&known(object));
            inner.directory.close(known(object));
        });
    }

    fn get(&self, object: ObjectId, property: &str) -> Option<Value> {
        self.inner().directory.get(known(object), property)
    }

    fn set(&self, object: ObjectId, property: Str, value: Value) -> Result<(), ChangeError> {
        let set = |inner: &mut Inner| inner.directory.set(known(object), &property, &value);
        self.with(set).map_err(change_error)
    }

    fn names(&self, object: ObjectId) -> Vec<Str> {
        self.inner().directory.names(known(object))
    }

    fn size(&self, object: ObjectId) -> usize {
        self.inner().directory.size(known(object))
    }

    fn version(&self, object: ObjectId) -> u32 {
        self.inner().directory.version(known(object))
    }

    fn lock(&self, object: ObjectId) -> i32 {
        let mut inner = self.inner();
        let count = inner.directory.lock(known(object));
        if count == 1 {
            let now = inner.now;
            inner.locked.insert(known(object), now);
        }
        count
    }

    fn unlock(&self, object: ObjectId) -> i32 {
        self.with(|inner| {
            let left = inner.directory.unlock(known(object));
            if left == 0 {
                inner.locked.remove(&known(object));
            }
            left
        })
    }

    fn mark(&self, object: ObjectId, handler: Str, args: Vec<Value>) -> bool {
        let mark = |inner: &mut Inner| inner.directory.mark(known(object), &handler, &args);
        self.with(mark).is_ok()
    }

    fn send(&self, object: ObjectId, handler: Str, args: Vec<Value>) -> bool {
        let send = |inner: &mut Inner| inner.directory.send(known(object), &handler, &args);
        self.with(send).is_ok()
    }

    fn clear(&self, object: ObjectId) -> bool {
        self.with(|inner| inner.directory.clear(known(object)))
    }

    fn purge(&self, object: ObjectId, version: u32) {
        self.with(|inner| inner.directory.purge(known(object), version));
    }

    fn resync_depth(&self, object: ObjectId) -> Option<u32> {
        self.inner().directory.resync_depth(known(object))
    }

    fn set_resync_depth(&self, object: ObjectId, versions: Option<u32>) {
        self.with(|inner| inner.directory.set_resync_depth(known(object), versions));
    }

    fn flush(&self, object: ObjectId) -> bool {
        let mut inner = self.inner();
        let named = inner.directory.named(known(object));
        let persistent = named.is_some_and(|(_, kind)| kind.is_persistent());
        persistent && inner.commit(&[known(object)])
    }

    fn is_dirty(&self, object: ObjectId) -> bool {
        let mut inner = self.inner();
        inner.take_saved();
        inner.directory.is_dirty(known(object))
    }

    fn auto_commit(&self, object: ObjectId) -> bool {
        self.inner().directory.auto_commit(known(object))
    }

    fn set_auto_commit(&self, object: ObjectId, on: bool) {
        self.with(|inner| inner.directory.set_auto_commit(known(object), on));
    }

    fn commit(&self, name: Option<&str>) -> bool {
        let mut inner = self.inner();
        let objects = inner.directory.kept(name);
        if name.is_some() && objects.is_empty() {
            return false;
        }
        inner.commit(&objects)
    }

    fn clear_matching(&self, path: &str) -> bool {
        let mut inner = self.inner();
        let clearing = inner.directory.clear_matching(path);
        inner.drain();
        match clearing {
            Clearing::Done => true,
            Clearing::Failed => false,
            Clearing::Asked(id) => {
                inner.saver.wait();
                inner.take_saved().contains(&(id, true))
            }
        }
    }
}

impl Inner {
    /// Saves persistent objects, and waits. Whether all of them are safe.
    fn commit(&mut self, objects: &[sharedobject::ObjectId]) -> bool {
        self.drain();
        for object in objects {
            if let Some(save) = self.directory.take_changes(*object) {
                self.saver.save(save);
            }
        }
        self.saver.wait();
        self.take_saved();
        let directory = &self.directory;
        objects.iter().all(|object| !directory.is_dirty(*object))
    }
}

fn known(object: ObjectId) -> sharedobject::ObjectId {
    sharedobject::ObjectId(object.0)
}

fn open_error(why: Refusal) -> OpenError {
    match why {
        Refusal::Limit { limit, max } => OpenError::Limit { limit, max },
        Refusal::NotConnected => OpenError::NotConnected,
        Refusal::Store => OpenError::Store(why.to_string()),
        other => OpenError::Name(other.to_string()),
    }
}

fn change_error(why: SlotError) -> ChangeError {
    match why {
        SlotError::NotOpen => ChangeError::Closed,
        SlotError::Refused(Refusal::Limit { limit, max }) => ChangeError::Limit { limit, max },
        SlotError::Refused(Refusal::NotConnected) => ChangeError::NotConnected,
        SlotError::Refused(other) => ChangeError::Value(other.to_string()),
    }
}
