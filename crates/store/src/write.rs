//! What the writer is asked to do.

use std::sync::Arc;

use crate::{Changes, InstanceKey, ObjectKey, StoreError};

/// Which owner of an instance writes. Whoever becomes the owner has a larger epoch than all owners
/// before; a single server always writes with the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// An object that is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Its name.
    pub name: Arc<str>,
    /// The version in which it had nothing any more, if that is known. Without it, the next after
    /// the one that is stored.
    pub version: Option<u32>,
}

/// One thing to be done as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Changes one object, or makes it.
    Commit(Changes),
    /// Removes one object. Removing what is not there is no error.
    DeleteObject {
        /// The object.
        key: ObjectKey,
        /// Who writes.
        epoch: Epoch,
    },
    /// Removes persistent objects for good. Their versions stay given, see [`ObjectKey::gone`].
    Forget {
        /// Whose they are.
        instance: InstanceKey,
        /// Which.
        objects: Vec<Forgotten>,
        /// Who writes.
        epoch: Epoch,
    },
    /// Removes all objects of an instance; their versions stay given. This is an administrator's, whoever owns the instance.
    DeleteInstance(InstanceKey),
    /// Removes all objects of all instances of an application, likewise.
    DeleteApplication {
        /// The virtual host.
        host: Arc<str>,
        /// The application.
        app: Arc<str>,
    },
    /// Changes nothing; acknowledged when everything that was queued before is done.
    Barrier,
}

impl Write {
    /// What it counts in the queue.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Commit(changes) => changes.bytes(),
            Self::Forget { objects, .. } => objects.iter().map(|object| object.name.len()).sum(),
            _ => 0,
        }
    }

    /// The instance that must not have a newer owner than whoever writes.
    pub(crate) fn fence(&self) -> Option<(&InstanceKey, Epoch)> {
        match self {
            Self::Commit(changes) => Some((&changes.key.instance, changes.epoch)),
            Self::DeleteObject { key, epoch } => Some((&key.instance, *epoch)),
            Self::Forget {
                instance, epoch, ..
            } => Some((instance, *epoch)),
            _ => None,
        }
    }
}

/// Counts since the store was opened, and how it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Durable transactions.
    pub commits: u64,
    /// Writes that were acknowledged as done.
    pub writes: u64,
    /// Writes that failed after they were taken into the queue.
    pub failed: u64,
    /// Writes that the queue refused.
    pub refused: u64,
    /// Writes that wait.
    pub queued: usize,
    /// Why nothing can be written at present.
    pub trouble: Option<StoreError>,
}
