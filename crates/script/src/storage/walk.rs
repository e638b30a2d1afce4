//! What is done with more than one file: copies, and folders with all that is in them.

use std::io;

use super::{OpenHow, Storage, StorageError};

/// Copies a file to a path at which nothing is yet.
pub(crate) fn copy(
    storage: &dyn Storage,
    from: &str,
    to: &str,
    max_bytes: u64,
) -> Result<(), StorageError> {
    let refused = |path, kind: io::ErrorKind| StorageError::io(path, kind.into());
    let stat = storage.stat(from)?;
    let stat = stat.ok_or_else(|| refused(from, io::ErrorKind::NotFound))?;
    if stat.folder {
        return Err(refused(from, io::ErrorKind::IsADirectory));
    }
    if stat.length > max_bytes {
        return Err(StorageError::FileTooLong(max_bytes));
    }
    if storage.stat(to)?.is_some() {
        return Err(refused(to, io::ErrorKind::AlreadyExists));
    }
    let how = |write: bool| OpenHow {
        read: !write,
        write,
        truncate: false,
    };
    let source = storage.open(from, how(false))?;
    let mut target = storage.open(to, how(true))?;
    io::copy(&mut io::Read::take(source, max_bytes), &mut target)
        .map_err(|error| StorageError::io(to, error))?;
    Ok(())
}

/// Removes a file, or a folder with all that is in it. A link is removed, not what it leads to.
/// No more than `max` files and folders are removed at once.
pub(crate) fn remove_all(
    storage: &dyn Storage,
    path: &str,
    max: usize,
) -> Result<(), StorageError> {
    let mut left = max;
    let mut waiting = vec![path.to_owned()];
    // A folder waits below what is in it.
    while let Some(path) = waiting.last() {
        match storage.remove(path) {
            Ok(()) => {
                waiting.pop();
            }
            Err(error) if error.is_not_empty() => {
                let names = storage.list(path, left);
                let names = names.map_err(|error| match error {
                    StorageError::TooManyEntries(_) => StorageError::TooManyEntries(max),
                    other => other,
                })?;
                if names.is_empty() {
                    // Only what no script can name is in it.
                    return Err(error);
                }
                left -= names.len();
                let inside: Vec<_> = names.iter().map(|name| format!("{path}/{name}")).collect();
                waiting.extend(inside);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
