//! [`Store`], what the server needs of a store.

use std::fmt;
use std::sync::mpsc;
use std::time::Duration;

use crate::{Acknowledge, Head, ObjectKey, Scope, Stats, StoreError, StoredObject, Write};

/// One object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which it is.
    pub key: ObjectKey,
    /// What it has beside its slots.
    pub head: Head,
}

/// A place that objects are loaded from and committed to.
pub trait Store: fmt::Debug + Send + Sync {
    /// The object as it was last committed, or `None` when there is none.
    ///
    /// Reads from memory or from the disk, on the caller's thread.
    fn load(&self, key: &ObjectKey) -> Result<Option<StoredObject>, StoreError>;

    /// At most `max` objects of a scope that come after `after`, in order.
    fn list(
        &self,
        scope: &Scope,
        after: Option<&ObjectKey>,
        max: usize,
    ) -> Result<Vec<Listed>, StoreError>;

    /// Asks for a write. `done` is told exactly once: that it is durable, or why it is not.
    ///
    /// Does not block; `done` may be called before this returns when the write is refused. Writes
    /// are done in the order in which they were asked for.
    fn submit(&self, write: Write, done: Acknowledge);

    /// Counts, and how the store is.
    fn stats(&self) -> Stats;

    /// Asks for a write and waits for the acknowledgement, at most `timeout`.
    fn write(&self, write: Write, timeout: Duration) -> Result<(), StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        // Whoever waited may have given up.
        let done = Acknowledge::new(move |result| drop(sender.send(result)));
        self.submit(write, done);
        match receiver.recv_timeout(timeout) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(StoreError::Timeout { after: timeout }),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(StoreError::Closed),
        }
    }
}
