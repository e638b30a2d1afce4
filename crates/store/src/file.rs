//! [`FileStore`], the embedded store: one file, one writer thread, group commit.

mod apply;
mod keeper;
mod medium;
mod overlay;
mod read;
mod tables;

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;

use crate::queue::{Queue, Request};
use crate::{Acknowledge, Limits, Listed, ObjectKey, Scope, Stats, Store, StoreError};
use crate::{StoredObject, Write};
use keeper::Keeper;
use medium::{FileMedium, Medium};
pub use tables::SCHEMA;

/// A store in one file.
///
/// Only one process can have the file open. When this is dropped, what waits is still written.
#[derive(Debug)]
pub struct FileStore {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    keeper: Keeper,
    queue: Queue,
    counts: Mutex<Stats>,
}

impl FileStore {
    /// Opens the file, or makes it when there is none; its directory must be there.
    ///
    /// The whole file is checked, which reads all of it. A file that is damaged, that is not a
    /// store, or that a later version wrote is refused and left as it is. One that can be read
    /// but not written opens all the same: reads are answered, writes fail and are tried again
    /// ([`Limits::retry_after`]), and [`Stats::trouble`] says why.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, StoreError> {
        Self::on(Box::new(FileMedium::new(path, limits.cache_bytes)), limits)
    }

    /// Opens the file for reading only. Nothing is written, not even to repair it after a crash:
    /// that is done in memory. Every write fails with [`StoreError::ReadOnly`].
    ///
    /// Another process that has the file open for writing is in the way of this too.
    pub fn open_read_only(path: &Path, limits: Limits) -> Result<Self, StoreError> {
        let medium = FileMedium::new(path, limits.cache_bytes).for_reading();
        Self::on(Box::new(medium), limits)
    }

    fn on(medium: Box<dyn Medium>, limits: Limits) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            keeper: Keeper::open(medium, limits.retry_after)?,
            queue: Queue::new(limits),
            counts: Mutex::default(),
        });
        let writer = Arc::clone(&shared);
        let thread = thread::Builder::new().name("store".to_owned());
        let writer = thread
            .spawn(move || writer.write_all())
            .map_err(|error| StoreError::Io {
                cause: error.to_string(),
            })?;
        Ok(Self {
            shared,
            writer: Some(writer),
        })
    }
}

impl Drop for FileStore {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told everybody who waited, see `CloseAtEnd`.
            drop(writer.join());
        }
    }
}

impl Store for FileStore {
    fn load(&self, key: &ObjectKey) -> Result<Option<StoredObject>, StoreError> {
        self.shared.keeper.read(|read| read::load(read, key))
    }

    fn list(
        &self,
        scope: &Scope,
        after: Option<&ObjectKey>,
        max: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        let keeper = &self.shared.keeper;
        keeper.read(|read| read::list(read, scope, after, max))
    }

    fn submit(&self, write: Write, done: Acknowledge) {
        if self.shared.queue.push(Request { write, done }).is_err() {
            self.shared.counts.lock().refused += 1;
        }
    }

    fn stats(&self) -> Stats {
        let mut stats = self.shared.counts.lock().clone();
        stats.queued = self.shared.queue.len();
        stats.trouble = self.shared.keeper.trouble();
        stats
    }
}

impl Shared {
    /// The writer: commits what waits, again and again, until the queue is closed and empty.
    fn write_all(&self) {
        let _close = CloseAtEnd(&self.queue);
        while let Some(group) = self.queue.take() {
            let writes = || group.iter().map(|request| &request.write);
            let results = match self.keeper.write(|tables| apply::group(tables, writes())) {
                Ok(results) => results,
                Err(error) => group.iter().map(|_| Err(error.clone())).collect(),
            };
            self.count(&results);
            for (request, result) in group.into_iter().zip(results) {
                request.done.tell(result);
            }
        }
    }

    fn count(&self, results: &[Result<(), StoreError>]) {
        let done = results.iter().filter(|result| result.is_ok()).count();
        let mut counts = self.counts.lock();
        counts.commits += u64::from(done > 0);
        counts.writes += done as u64;
        counts.failed += (results.len() - done) as u64;
    }
}

/// Sees to it that nobody waits for a writer that is gone, whatever ended it.
struct CloseAtEnd<'a>(&'a Queue);

impl Drop for CloseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
        // Dropping a request tells whoever waits for it.
        while self.0.take().is_some() {}
    }
}

#[cfg(test)]
mod faulty;
#[cfg(test)]
mod tests;
