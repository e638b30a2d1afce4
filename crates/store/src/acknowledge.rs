//! [`Acknowledge`], how whoever wrote is told what became of it.

use std::fmt;

use crate::StoreError;

/// The answer to a write, as it is told.
type Tell = dyn FnOnce(Result<(), StoreError>) + Send;

/// A callback that is called exactly once, from any thread, also when the store goes away first.
///
/// It must not block: the writer tells all of a group before it takes the next.
pub struct Acknowledge(Option<Box<Tell>>);

impl Acknowledge {
    /// Tells `tell`.
    pub fn new(tell: impl FnOnce(Result<(), StoreError>) + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }

    /// For whoever does not want to know.
    pub const fn nobody() -> Self {
        Self(None)
    }

    /// Tells it.
    pub fn tell(mut self, result: Result<(), StoreError>) {
        if let Some(tell) = self.0.take() {
            tell(result);
        }
    }
}

impl Drop for Acknowledge {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell(Err(StoreError::Closed));
        }
    }
}

impl fmt::Debug for Acknowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acknowledge").finish_non_exhaustive()
    }
}
