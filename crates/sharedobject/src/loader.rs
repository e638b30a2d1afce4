//! Where stored objects come from.

use amf::Str;
use thiserror::Error;

use crate::stored::Snapshot;

/// What a directory must know of the store. The calls are made while a message or a script
/// waits, so they must be quick. What was asked to be saved and has been acknowledged by
/// [`Directory::saved`](crate::Directory::saved) must be found.
pub trait Loader: Send {
    /// The persistent object of this name, or `None` when there is none.
    fn load(&mut self, name: &str) -> Result<Option<Snapshot>, LoadError>;

    /// The names of all stored objects of the instance, without a leading slash.
    fn names(&mut self) -> Result<Vec<Str>, LoadError>;

    /// The version that new persistent objects begin with: no object that was stored once, and is
    /// there no more, had a higher one. 0 when there was none.
    fn first_version(&mut self) -> Result<u32, LoadError>;
}

/// Why a stored object cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the store does not answer: {0}")]
pub struct LoadError(pub String);

/// A store with nothing in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingStored;

impl Loader for NothingStored {
    fn load(&mut self, _name: &str) -> Result<Option<Snapshot>, LoadError> {
        Ok(None)
    }

    fn names(&mut self) -> Result<Vec<Str>, LoadError> {
        Ok(Vec::new())
    }

    fn first_version(&mut self) -> Result<u32, LoadError> {
        Ok(0)
    }
}
