//! How long a handler may run.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The time limit of the handler that runs. The engine asks it now and then.
#[derive(Debug, Default)]
pub(crate) struct Deadline {
    at: Cell<Option<Instant>>,
    /// How often a host function asked not to be cut off in the middle.
    held: Cell<u32>,
    expired: Cell<bool>,
}

impl Deadline {
    /// A handler starts. `limit_ms` 0 is no limit.
    pub(crate) fn start(&self, limit_ms: u64) {
        let limit = (limit_ms > 0).then(|| Duration::from_millis(limit_ms));
        self.at
            .set(limit.and_then(|limit| Instant::now().checked_add(limit)));
        self.held.set(0);
        self.expired.set(false);
    }

    /// Whether the handler is to be cut off.
    pub(crate) fn is_over(&self) -> bool {
        let over = self.at.get().is_some_and(|at| Instant::now() >= at);
        if over && self.held.get() == 0 {
            self.expired.set(true);
        }
        over && self.held.get() == 0
    }

    /// Whether the handler was cut off.
    pub(crate) fn expired(&self) -> bool {
        self.expired.get()
    }

    /// From now on the handler is not cut off, until [`release`](Self::release).
    pub(crate) fn hold(&self) {
        self.held.set(self.held.get().saturating_add(1));
    }

    /// Ends one [`hold`](Self::hold).
    pub(crate) fn release(&self) {
        self.held.set(self.held.get().saturating_sub(1));
    }
}
