//! Why the store could not be opened, read or written.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::Epoch;

/// What went wrong. A write that failed may be asked for again as it is.
///
/// After [`StoreError::Timeout`], [`StoreError::NoRoom`] and [`StoreError::Io`] the write may be
/// there all the same; it is never there in part.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// More waits for the writer than a limit allows; nothing of this write was taken.
    #[error("the store's queue is full: {limit} is {max}")]
    QueueFull {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// Its value.
        max: usize,
    },
    /// No acknowledgement in time; the write is still in the queue and may still be done.
    #[error("the store did not acknowledge within {after:?}")]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// The disk or a quota is full, or the file may not grow any more.
    #[error("the store has no room: {cause}")]
    NoRoom {
        /// What the system says.
        cause: String,
    },
    /// The file or its directory cannot be written.
    #[error("the store cannot be written: {cause}")]
    ReadOnly {
        /// What the system says.
        cause: String,
    },
    /// Any other failure of the disk.
    #[error("the store failed: {cause}")]
    Io {
        /// What the system says.
        cause: String,
    },
    /// The file is not one of ours, or not any more. It is left as it is.
    #[error("{path}: the store is damaged ({what}); it was left as it is", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The file was written by a later version of this program. It is left as it is.
    #[error(
        "{path}: the store has schema {found}, but this version knows schemas up to {known} only",
        path = path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
        /// The newest one known here.
        known: u64,
    },
    /// Another process has the file open.
    #[error("{path}: the store is in use by another process", path = path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else owns the instance by now.
    #[error("the write is of epoch {given}, but the instance's owner has epoch {held}", given = given.0, held = held.0)]
    Fenced {
        /// The epoch in the store.
        held: Epoch,
        /// The epoch of the write.
        given: Epoch,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}
