//! [`Held`], a store for tests that is slow or refuses for as long as they want it to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use store::{
    Acknowledge, Listed, MemoryStore, ObjectKey, Scope, Stats, Store, StoreError, StoredObject,
    Write,
};

/// A store that keeps what it is asked to write until it is let go.
#[derive(Debug, Default)]
pub(crate) struct Held {
    store: MemoryStore,
    waiting: Mutex<Vec<(Write, Acknowledge)>>,
    holds: AtomicBool,
    /// So many writes are refused: the queue is full.
    refuses: AtomicUsize,
}

impl Held {
    pub(crate) fn hold(&self, holds: bool) {
        self.holds.store(holds, Ordering::SeqCst);
    }

    pub(crate) fn let_go(&self) {
        self.hold(false);
        self.write_all(self.take());
    }

    /// How many writes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.lock().len()
    }

    /// Takes out what waits.
    pub(crate) fn take(&self) -> Vec<(Write, Acknowledge)> {
        std::mem::take(&mut *self.waiting.lock())
    }

    pub(crate) fn write_all(&self, writes: Vec<(Write, Acknowledge)>) {
        for (write, done) in writes {
            self.store.submit(write, done);
        }
    }

    /// Refuses so many writes from now on.
    pub(crate) fn refuse(&self, writes: usize) {
        self.refuses.store(writes, Ordering::SeqCst);
    }

    fn is_refused(&self) -> bool {
        let left = |left: usize| left.checked_sub(1);
        let order = Ordering::SeqCst;
        self.refuses.fetch_update(order, order, left).is_ok()
    }
}

impl Store for Held {
    fn load(&self, key: &ObjectKey) -> Result<Option<StoredObject>, StoreError> {
        self.store.load(key)
    }

    fn list(
        &self,
        scope: &Scope,
        after: Option<&ObjectKey>,
        max: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        self.store.list(scope, after, max)
    }

    fn submit(&self, write: Write, done: Acknowledge) {
        if self.is_refused() {
            let (limit, max) = ("queue_writes", 1);
            done.tell(Err(StoreError::QueueFull { limit, max }));
        } else if self.holds.load(Ordering::SeqCst) {
            self.waiting.lock().push((write, done));
        } else {
            self.store.submit(write, done);
        }
    }

    fn stats(&self) -> Stats {
        self.store.stats()
    }
}
