//! Where the database's bytes are, and what its errors mean there.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use redb::{Builder, Database, DatabaseError};

use super::overlay::Overlay;
use super::tables::{META, SCHEMA, SCHEMA_KEY, Tables};
use crate::StoreError;

/// A place that a database can be opened in, again and again.
pub(super) trait Medium: fmt::Debug + Send + Sync {
    /// Opens the database, or makes it when there is none.
    fn open(&self) -> Result<Database, StoreError>;

    /// Opens it so that nothing of what is written reaches the medium.
    fn open_for_reading(&self) -> Result<Database, StoreError>;

    /// Gives up the lock of what is open for reading, so that the database can be opened for writing
    /// beside it. Nothing that was committed is changed by that.
    fn let_in(&self);

    /// Takes that lock again; false if it cannot be had.
    fn keep_out(&self) -> bool;

    /// Where it is, for errors.
    fn path(&self) -> &Path;
}

/// A file.
#[derive(Debug)]
pub(super) struct FileMedium {
    path: PathBuf,
    cache_bytes: usize,
    for_reading: bool,
    /// What is open for reading.
    reading: Mutex<Weak<File>>,
}

impl FileMedium {
    pub(super) fn new(path: &Path, cache_bytes: usize) -> Self {
        Self {
            path: path.to_owned(),
            cache_bytes,
            for_reading: false,
            reading: Mutex::default(),
        }
    }

    /// Never writes to the file.
    pub(super) fn for_reading(self) -> Self {
        Self {
            for_reading: true,
            ..self
        }
    }

    /// The database's builder. It checks the whole file: a plain open trusts a file that was
    /// closed in order.
    pub(super) fn builder(&self) -> Builder {
        let mut builder = Database::builder();
        builder.set_cache_size(self.cache_bytes);
        builder.set_check_integrity_on_open(true);
        builder
    }

    /// Makes the file where it cannot be seen and links it to its place when it is whole, so that
    /// a file with nothing or half of it in it is always a damaged one.
    fn make(&self) -> Result<(), StoreError> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}.new", std::process::id()));
        let new = PathBuf::from(name);
        let made = self.fill(&new).and_then(|()| {
            match fs::hard_link(&new, &self.path) {
                // Somebody else was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                // A file system without links.
                Err(_) => fs::rename(&new, &self.path),
                Ok(()) => Ok(()),
            }
            .map_err(|error| explain(&self.path, redb::Error::Io(error)))
        });
        let _ = fs::remove_file(&new);
        made?;
        self.sync_directory()
            .map_err(|error| explain(&self.path, redb::Error::Io(error)))
    }

    fn fill(&self, new: &Path) -> Result<(), StoreError> {
        let fill = || -> Result<(), redb::Error> {
            let database = self.builder().create(new)?;
            let transaction = database.begin_write()?;
            transaction.open_table(META)?.insert(SCHEMA_KEY, SCHEMA)?;
            drop(Tables::open(&transaction)?);
            transaction.commit()?;
            database.close()?;
            Ok(())
        };
        fill().map_err(|error| explain(&self.path, error))
    }

    fn sync_directory(&self) -> io::Result<()> {
        let parent = self.path.parent().filter(|path| *path != Path::new(""));
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Opens what is there. The database asserts things about its file that a damaged one may not
    /// hold, so a panic means the same as an error.
    fn open_with(
        &self,
        open: impl FnOnce() -> Result<Database, DatabaseError>,
    ) -> Result<Database, StoreError> {
        if fs::metadata(&self.path).is_ok_and(|found| found.len() == 0) {
            return Err(damaged(&self.path, "it is empty"));
        }
        match panic::catch_unwind(AssertUnwindSafe(open)) {
            Ok(opened) => opened.map_err(|error| explain(&self.path, error.into())),
            Err(_) => Err(damaged(&self.path, "its parts do not fit")),
        }
    }
}

impl Medium for FileMedium {
    fn open(&self) -> Result<Database, StoreError> {
        if self.for_reading {
            File::open(&self.path).map_err(|error| explain(&self.path, redb::Error::Io(error)))?;
            return Err(StoreError::ReadOnly {
                cause: "it was opened for reading".to_owned(),
            });
        }
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.make()?,
            _ => {}
        }
        self.open_with(|| self.builder().open(&self.path))
    }

    fn open_for_reading(&self) -> Result<Database, StoreError> {
        self.open_with(|| {
            let file = Arc::new(File::open(&self.path)?);
            *self.reading.lock() = Arc::downgrade(&file);
            let overlay = Overlay::new(file)?;
            self.builder().create_with_backend(overlay)
        })
    }

    fn let_in(&self) {
        if let Some(file) = self.reading.lock().upgrade() {
            // If it cannot be unlocked, the file cannot be opened, and that is told.
            let _ = file.unlock();
        }
    }

    fn keep_out(&self) -> bool {
        let reading = self.reading.lock().upgrade();
        reading.is_some_and(|file| file.try_lock().is_ok())
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// What an error of the database in the file means.
pub(super) fn explain(path: &Path, error: redb::Error) -> StoreError {
    let cause = error.to_string();
    match error {
        redb::Error::Io(error) => match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => StoreError::NoRoom { cause },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::ReadOnly { cause }
            }
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => damaged(path, &cause),
            _ => StoreError::Io { cause },
        },
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
            let path = path.to_owned();
            StoreError::InUse { path }
        }
        redb::Error::Corrupted(_)
        | redb::Error::RepairAborted
        | redb::Error::UpgradeRequired(_)
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::TableTypeMismatch { .. } => damaged(path, &cause),
        _ => StoreError::Io { cause },
    }
}

/// The error for what is no database of ours.
pub(super) fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}
