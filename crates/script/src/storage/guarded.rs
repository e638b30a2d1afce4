//! The storage without the application's own configuration: a script that could write that would
//! choose its own limits.

use super::{OpenHow, Stat, Storage, StorageError, Stream};

/// The names in the application's folder that configure it.
const CONFIGURATION: &[&str] = &["application.toml", "Application.xml"];

/// What a script gets of a storage.
pub(crate) struct Guarded(pub(crate) Box<dyn Storage>);

impl Storage for Guarded {
    fn stat(&self, path: &str) -> Result<Option<Stat>, StorageError> {
        self.0.stat(path)
    }

    fn open(&self, path: &str, how: OpenHow) -> Result<Box<dyn Stream>, StorageError> {
        if how.write || how.truncate {
            check(path)?;
        }
        self.0.open(path, how)
    }

    fn list(&self, path: &str, max: usize) -> Result<Vec<String>, StorageError> {
        self.0.list(path, max)
    }

    fn make_folder(&self, path: &str) -> Result<(), StorageError> {
        check(path)?;
        self.0.make_folder(path)
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        check(path)?;
        self.0.remove(path)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        check(from)?;
        check(to)?;
        self.0.rename(from, to)
    }
}

/// Whether a file of this name in the application's folder configures it. Case does not count, as
/// on some of the systems that the server runs on.
pub(super) fn configures(name: &str) -> bool {
    let mut names = CONFIGURATION.iter();
    names.any(|known| known.eq_ignore_ascii_case(name))
}

fn check(path: &str) -> Result<(), StorageError> {
    let path = path.trim_start_matches('/');
    if configures(path) {
        return Err(StorageError::Configuration(path.to_owned()));
    }
    Ok(())
}
