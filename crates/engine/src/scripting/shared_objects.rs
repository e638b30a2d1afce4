//! The shared objects of an instance, as its script uses them (`SharedObject`).
//!
//! All calls of [`SharedObjectHost`] take effect at once, on the thread of the instance: what a
//! handler has set it can read in the next line. What happens to an object by others' doing the
//! script is told after its handler, by [`ScriptInput`](super::ScriptInput): `Sync`,
//! `ObjectMessage` and `ObjectStatus`. The script's own doing it is not told of, but for the fate
//! of its changes to an object that another instance owns.
//!
//! This module owns no shared object, and no rule of who may do what: a script may do everything.

use amf::{Str, Value};

pub use sharedobject::{SyncCode, SyncEntry};

use super::LinkId;

/// Names a shared object that the script has open. Never reused for another object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u64);

/// What a script can do with the shared objects of its instance.
///
/// An id that is not open names an object without properties, on which nothing succeeds. Objects
/// that are open stay open until the script is dropped: it still uses them when it is told who
/// leaves a stopped instance.
pub trait SharedObjectHost {
    /// Opens an object, and makes it if there is none (`SharedObject.get`). One that is open
    /// already keeps its id, however its name is spelled. Persistent and temporary objects have
    /// names of their own.
    ///
    /// With a `link` the object is the other instance's: the local one becomes a proxy of it. The
    /// link may be one that is about to be connected; a subscription that fails later is told by
    /// `ObjectStatus`. A proxy that is opened with another link has another owner from now on.
    ///
    /// # Errors
    ///
    /// [`OpenError`], and nothing is open.
    fn open(
        &self,
        name: &str,
        persistent: bool,
        link: Option<LinkId>,
    ) -> Result<ObjectId, OpenError>;

    /// The script uses the object no longer (`close`). Its clients do.
    fn close(&self, object: ObjectId);

    /// The value of a property; `None` if there is no such property.
    fn get(&self, object: ObjectId, property: &str) -> Option<Value>;

    /// Changes a property; [`Value::Null`] and [`Value::Undefined`] delete it. Clients are told
    /// unless the object is locked.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], and nothing is changed.
    fn set(&self, object: ObjectId, property: Str, value: Value) -> Result<(), ChangeError>;

    /// The names of all properties.
    fn names(&self, object: ObjectId) -> Vec<Str>;

    /// How many properties there are.
    fn size(&self, object: ObjectId) -> usize;

    /// Rises with every change.
    fn version(&self, object: ObjectId) -> u32;

    /// Locks once more: changes of clients wait, and the script's own are sent together. How
    /// often it is locked now; -1 for a proxy.
    fn lock(&self, object: ObjectId) -> i32;

    /// Takes back one lock. How many are left; -1 for a proxy, and if it was not locked.
    fn unlock(&self, object: ObjectId) -> i32;

    /// Sends the changes that wait, and behind them, as one with them, a message to everybody who
    /// uses the object. Whether it could be sent.
    fn mark(&self, object: ObjectId, handler: Str, args: Vec<Value>) -> bool;

    /// Calls a method of the object at everybody who uses it, the script left out. Whether it
    /// could be sent.
    fn send(&self, object: ObjectId, handler: Str, args: Vec<Value>) -> bool;

    /// Deletes all properties, the stored ones too. Whether it could be done.
    fn clear(&self, object: ObjectId) -> bool;

    /// Forgets which properties were deleted before this version.
    fn purge(&self, object: ObjectId, version: u32);

    /// For how many versions a deleted property is remembered; `None` is for ever.
    fn resync_depth(&self, object: ObjectId) -> Option<u32>;

    /// Sets [`resync_depth`](Self::resync_depth).
    fn set_resync_depth(&self, object: ObjectId, versions: Option<u32>);

    /// Writes a persistent object to the store and waits until it is there. Whether it is;
    /// always false for a temporary one.
    fn flush(&self, object: ObjectId) -> bool;

    /// Whether a persistent object has changed since it was written last.
    fn is_dirty(&self, object: ObjectId) -> bool;

    /// Whether the object is written from time to time.
    fn auto_commit(&self, object: ObjectId) -> bool;

    /// Sets [`auto_commit`](Self::auto_commit).
    fn set_auto_commit(&self, object: ObjectId, on: bool);

    /// Writes all persistent objects of the instance that have changed, or the one of this name
    /// (`SharedObject.commit`), and waits. Whether everything is written.
    fn commit(&self, name: Option<&str>) -> bool;

    /// Clears and deletes the objects that a path pattern names
    /// (`application.clearSharedObjects`): `/`, `/a/b`, `/a/*`, `/a/x??`. Whether all that match
    /// were deleted.
    fn clear_matching(&self, path: &str) -> bool;
}

/// Why an object is not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No object may have this name.
    #[error("a shared object cannot have this name: {0}")]
    Name(String),
    /// There are as many as there may be.
    #[error("more than {max} shared objects (limit {limit})")]
    Limit {
        /// The key of the limit.
        limit: &'static str,
        /// The limit.
        max: usize,
    },
    /// The connection to the other instance is not open.
    #[error("the connection to the owner of the shared object is not open")]
    NotConnected,
    /// What is stored of it cannot be read.
    #[error("the stored shared object cannot be read: {0}")]
    Store(String),
    /// This instance has none.
    #[error("this instance has no shared objects")]
    Unavailable,
}

/// Why a property is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The object is not open.
    #[error("the shared object is closed")]
    Closed,
    /// It would be over a limit.
    #[error("more than {max} (limit {limit})")]
    Limit {
        /// The key of the limit.
        limit: &'static str,
        /// The limit.
        max: usize,
    },
    /// The value cannot be kept.
    #[error("the value cannot be kept: {0}")]
    Value(String),
    /// The object is a proxy, and the connection to its owner is not open.
    #[error("the connection to the owner of the shared object is not open")]
    NotConnected,
}

/// The shared objects of an instance that has none: nothing can be opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSharedObjects;

impl SharedObjectHost for NoSharedObjects {
    fn open(&self, _: &str, _: bool, _: Option<LinkId>) -> Result<ObjectId, OpenError> {
        Err(OpenError::Unavailable)
    }

    fn close(&self, _: ObjectId) {}

    fn get(&self, _: ObjectId, _: &str) -> Option<Value> {
        None
    }

    fn set(&self, _: ObjectId, _: Str, _: Value) -> Result<(), ChangeError> {
        Err(ChangeError::Closed)
    }

    fn names(&self, _: ObjectId) -> Vec<Str> {
        Vec::new()
    }

    fn size(&self, _: ObjectId) -> usize {
        0
    }

    fn version(&self, _: ObjectId) -> u32 {
        0
    }

    fn lock(&self, _: ObjectId) -> i32 {
        -1
    }

    fn unlock(&self, _: ObjectId) -> i32 {
        -1
    }

    fn mark(&self, _: ObjectId, _: Str, _: Vec<Value>) -> bool {
        false
    }

    fn send(&self, _: ObjectId, _: Str, _: Vec<Value>) -> bool {
        false
    }

    fn clear(&self, _: ObjectId) -> bool {
        false
    }

    fn purge(&self, _: ObjectId, _: u32) {}

    fn resync_depth(&self, _: ObjectId) -> Option<u32> {
        None
    }

    fn set_resync_depth(&self, _: ObjectId, _: Option<u32>) {}

    fn flush(&self, _: ObjectId) -> bool {
        false
    }

    fn is_dirty(&self, _: ObjectId) -> bool {
        false
    }

    fn auto_commit(&self, _: ObjectId) -> bool {
        false
    }

    fn set_auto_commit(&self, _: ObjectId, _: bool) {}

    fn commit(&self, _: Option<&str>) -> bool {
        false
    }

    fn clear_matching(&self, _: &str) -> bool {
        false
    }
}
