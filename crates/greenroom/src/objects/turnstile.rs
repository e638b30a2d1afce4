//! Keeps instances from loading objects while an administrator changes what is stored of them.
//!
//! An instance loads an object before it does anything else with it. So if no instance has any of a
//! scope, and none can load one, the store is the administrator's alone.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use store::{ObjectKey, Scope, StoreError};

#[derive(Default)]
pub(super) struct Turnstile {
    /// One administrator at a time.
    administrator: Mutex<()>,
    closed: Mutex<Option<Scope>>,
    opened: Condvar,
}

/// A closed turnstile; it opens when this is dropped.
pub(super) struct Closed<'a> {
    turnstile: &'a Turnstile,
    _alone: MutexGuard<'a, ()>,
}

impl Turnstile {
    /// Closes it for the objects of a scope, once nobody else has it closed.
    pub(super) fn close(&self, scope: Scope) -> Closed<'_> {
        let alone = self.administrator.lock();
        *self.closed.lock() = Some(scope);
        Closed {
            turnstile: self,
            _alone: alone,
        }
    }

    /// Waits until it is open for the object.
    pub(super) fn pass(&self, key: &ObjectKey, patience: Duration) -> Result<(), StoreError> {
        let until = Instant::now() + patience;
        let mut closed = self.closed.lock();
        while closed.as_ref().is_some_and(|scope| scope.contains(key)) {
            if self.opened.wait_until(&mut closed, until).timed_out() {
                return Err(StoreError::Timeout { after: patience });
            }
        }
        Ok(())
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        *self.turnstile.closed.lock() = None;
        self.turnstile.opened.notify_all();
    }
}
