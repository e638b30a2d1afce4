//! A settings file, read.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use script::source::{SourceLimits, decode};

/// A file's name and what is in it.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
}

/// Why a file that is there cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The system does not give it out.
    #[error("{}: the file cannot be read: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is too long.
    #[error("{}: the file is longer than {most} bytes (applications.file_bytes)", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        most: usize,
    },
}

impl File {
    /// Reads a file of at most `most` bytes, in UTF-8 or else in Latin-1. `None` if there is no
    /// file of that name.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be used.
    pub(super) fn read(path: PathBuf, most: usize) -> Result<Option<Self>, FileError> {
        let bytes = match read_bytes(&path, most) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(error) => return Err(FileError::Io { path, error }),
        };
        let name = path.display().to_string();
        let limits = SourceLimits {
            source_bytes: most,
            ..SourceLimits::default()
        };
        match decode(&name, &bytes, &limits) {
            Ok(text) => Ok(Some(Self { name, text })),
            Err(_) => Err(FileError::TooLong { path, most }),
        }
    }
}

/// One byte more than `most` at the most, which shows that there are more.
fn read_bytes(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    // Anything else, such as a pipe, could make the reader wait.
    if !path.is_file() {
        return match std::fs::metadata(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(None),
        };
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?
        .take(limit)
        .read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
