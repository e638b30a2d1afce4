//! What the script's `File` objects reach: the application's folder and its virtual folders.
//!
//! A script names files by paths with slashes. [`storage_path`] is the one place that decides
//! what such a name may be; what implements [`Storage`] gets nothing else, and sees to it that
//! nothing leads out of its folders. How text is read and written is not its business.

mod disk;
mod guarded;
mod memory;
mod open;
mod walk;

pub use disk::DiskStorage;
pub(crate) use guarded::Guarded;
pub use memory::MemoryStorage;
pub(crate) use open::{Caps, Encoding, Mode, OpenFile, OpenFiles};
pub(crate) use walk::{copy, remove_all};

use std::io::{self, Read, Seek, Write};

/// Files and folders that a script may read and change. Paths have come through
/// [`storage_path`]; the empty one is the application's folder.
pub trait Storage {
    /// What is there; `None` if nothing is.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when there is something that the script must not see.
    fn stat(&self, path: &str) -> Result<Option<Stat>, StorageError>;

    /// Opens a file. What is neither there nor to be made is an error.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if that is not possible or not allowed.
    fn open(&self, path: &str, how: OpenHow) -> Result<Box<dyn Stream>, StorageError>;

    /// The names of what is in a folder, in their order.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if there is no such folder, or more than `max` entries are in it.
    fn list(&self, path: &str, max: usize) -> Result<Vec<String>, StorageError>;

    /// Makes a folder inside one that is there.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if that is not possible or not allowed.
    fn make_folder(&self, path: &str) -> Result<(), StorageError>;

    /// Removes a file, or a folder in which nothing is.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if that is not possible or not allowed;
    /// [`is_not_empty`](StorageError::is_not_empty) for a folder that holds something.
    fn remove(&self, path: &str) -> Result<(), StorageError>;

    /// Gives a file or folder another path, at which nothing is yet.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if that is not possible or not allowed.
    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError>;
}

/// The bytes of an open file.
pub trait Stream: Read + Write + Seek {}

impl<T: Read + Write + Seek> Stream for T {}

/// What a file or folder is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stat {
    /// A folder, else a file.
    pub folder: bool,
    /// Bytes of a file; 0 for a folder.
    pub length: u64,
    /// When it was made, in ms since 1970.
    pub created_ms: f64,
    /// When it was last changed, in ms since 1970.
    pub modified_ms: f64,
}

/// What an open file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHow {
    /// It can be read.
    pub read: bool,
    /// It can be written, and is made if it is not there.
    pub write: bool,
    /// What it held is thrown away.
    pub truncate: bool,
}

/// Why something cannot be done with a file.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The name climbs, has a form of another system, or a link leads out.
    #[error("the file {0:?} is not inside the folders of the application")]
    Outside(String),
    /// The folder of the application, or a virtual folder.
    #[error("the folder {0:?} is a root, which cannot be renamed, replaced or removed")]
    Root(String),
    /// What configures the application, which a script reads only.
    #[error("the file {0:?} configures the application, which a script cannot change")]
    Configuration(String),
    /// More is in a folder than is listed.
    #[error("more than {0} files in a folder (limit list_entries)")]
    TooManyEntries(usize),
    /// Too many files are open.
    #[error("more than {0} open files (limit open_files)")]
    TooManyOpen(usize),
    /// More is to be read in one step than is held in memory for it.
    #[error("more than {0} bytes of a file at once (limit file_read_bytes)")]
    ReadTooLong(usize),
    /// A file would become too long.
    #[error("a file of more than {0} bytes (limit file_bytes)")]
    FileTooLong(u64),
    /// The operating system refused.
    #[error("the file {path:?}: {error}")]
    Io {
        /// The path, as the script would name it.
        path: String,
        /// The system's reason.
        error: io::Error,
    },
}

impl StorageError {
    /// An error of the operating system about a path.
    pub(crate) fn io(path: &str, error: io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { path, error }
    }

    /// Whether a folder was not removed because something is in it.
    pub fn is_not_empty(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::DirectoryNotEmpty)
    }

    /// Whether a limit of the script's configuration was met.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::TooManyEntries(_)
                | Self::TooManyOpen(_)
                | Self::ReadTooLong(_)
                | Self::FileTooLong(_)
        )
    }
}

/// The name of a file as a path below the application's folder. A slash at its beginning means
/// nothing.
///
/// # Errors
///
/// [`StorageError::Outside`] for a name with a backslash, a drive, or a part that is `.` or `..`.
pub fn storage_path(name: &str) -> Result<String, StorageError> {
    let outside = || StorageError::Outside(name.to_owned());
    if name.contains(['\\', ':']) || name.contains(char::is_control) {
        return Err(outside());
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return Err(outside());
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::storage_path;

    #[test]
    fn names_stay_inside() {
        for (name, path) in [
            ("", ""),
            ("/", ""),
            ("log.txt", "log.txt"),
            ("/a//b.txt/", "a/b.txt"),
            ("...", "..."),
        ] {
            assert_eq!(storage_path(name).ok().as_deref(), Some(path), "{name}");
        }
        for name in [
            ".", "..", "../x", "a/../b", "a/./b", "a/..", "\\x", "a\\..\\b", "C:/x", "x\0", "a\nb",
        ] {
            assert!(storage_path(name).is_err(), "{name:?}");
        }
    }
}
