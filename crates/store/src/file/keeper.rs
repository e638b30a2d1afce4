//! [`Keeper`], which has the database open and keeps it so through failures of the disk.
//!
//! After an error of the disk the database refuses everything until it is opened again, even
//! reads. So it is opened again: for reading at once, over the file as it is, and for writing when
//! somebody wants to write and some time has passed. Reads go on while that is tried.

use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use redb::{Database, ReadTransaction, ReadableDatabase, StorageError};

use super::medium::{self, Medium};
use super::tables::{META, SCHEMA, SCHEMA_KEY, Tables};
use crate::StoreError;

#[derive(Debug)]
pub(super) struct Keeper {
    medium: Box<dyn Medium>,
    retry_after: Duration,
    database: RwLock<Access>,
    trouble: Mutex<Option<Trouble>>,
}

/// What can be done with the database.
#[derive(Debug)]
enum Access {
    /// Everything.
    Writing(Database),
    /// What is written goes nowhere, so nothing may be.
    Reading(Database),
    /// Not even reading: the file cannot be opened at all.
    None,
}

/// Why there is no writing.
#[derive(Debug)]
struct Trouble {
    error: StoreError,
    since: Instant,
}

impl Keeper {
    pub(super) fn open(medium: Box<dyn Medium>, retry_after: Duration) -> Result<Self, StoreError> {
        let keeper = Self {
            medium,
            retry_after,
            database: RwLock::new(Access::None),
            trouble: Mutex::default(),
        };
        let _ = keeper.open_for_writing();
        let failed = matches!(*keeper.database.read(), Access::None);
        match keeper.trouble() {
            Some(error) if failed => Err(error),
            _ => Ok(keeper),
        }
    }

    /// Why nothing can be written at present.
    pub(super) fn trouble(&self) -> Option<StoreError> {
        let trouble = self.trouble.lock();
        trouble.as_ref().map(|trouble| trouble.error.clone())
    }

    /// Reads; after a failure of the disk once more, from the file opened anew.
    pub(super) fn read<T>(
        &self,
        read: impl Fn(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let attempt = || -> Option<Result<T, redb::Error>> {
            let access = self.database.read();
            let transaction = access.database()?.begin_read();
            Some(transaction.map_err(Into::into).and_then(|it| read(&it)))
        };
        match attempt() {
            Some(Ok(value)) => return Ok(value),
            Some(Err(error)) => self.fall_back(&self.explain(error)),
            None => {}
        }
        match attempt() {
            Some(result) => result.map_err(|error| self.explain(error)),
            None => Err(self.trouble().unwrap_or(StoreError::Closed)),
        }
    }

    /// Writes in one transaction, which is durable when this answers. Called by one thread only.
    pub(super) fn write<T>(
        &self,
        write: impl FnOnce(&mut Tables<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StoreError> {
        self.revive()?;
        let access = self.database.read();
        let Access::Writing(database) = &*access else {
            return Err(self.trouble().unwrap_or(StoreError::Closed));
        };
        let result = transact(database, write);
        drop(access);
        result.map_err(|error| {
            let error = self.explain(error);
            self.fall_back(&error);
            error
        })
    }

    /// Opens the file for writing again when it is not and enough time has passed.
    fn revive(&self) -> Result<(), StoreError> {
        if let Some(trouble) = &*self.trouble.lock()
            && trouble.since.elapsed() < self.retry_after
        {
            return Err(trouble.error.clone());
        }
        if matches!(*self.database.read(), Access::Writing(_)) {
            return Ok(());
        }
        self.open_for_writing()
    }

    /// Opens the file for writing. What is open for reading is read meanwhile: to check a whole file
    /// takes time, on a disk that fails above all.
    fn open_for_writing(&self) -> Result<(), StoreError> {
        self.medium.let_in();
        match self.checked(self.medium.open()) {
            Ok(database) => {
                *self.database.write() = Access::Writing(database);
                *self.trouble.lock() = None;
                Ok(())
            }
            Err(error) => {
                self.stay_reading(&error);
                Err(self.trouble().unwrap_or(error))
            }
        }
    }

    /// Goes on with what is open for reading, if there is something and it can be relied on.
    fn stay_reading(&self, why: &StoreError) {
        let reads = matches!(*self.database.read(), Access::Reading(_));
        if reads && may_pass(why) && self.medium.keep_out() {
            let (error, since) = (why.clone(), Instant::now());
            *self.trouble.lock() = Some(Trouble { error, since });
        } else {
            self.fall_back(why);
        }
    }

    fn open_for_reading(&self, access: &mut Access, why: &StoreError) {
        *access = Access::None;
        let mut error = why.clone();
        if may_pass(why) {
            match self.checked(self.medium.open_for_reading()) {
                Ok(database) => *access = Access::Reading(database),
                Err(worse) if !may_pass(&worse) => error = worse,
                // It says no more than the first.
                Err(_) => {}
            }
        }
        let since = Instant::now();
        *self.trouble.lock() = Some(Trouble { error, since });
    }

    /// Goes on with reading only.
    fn fall_back(&self, why: &StoreError) {
        let mut access = self.database.write();
        self.open_for_reading(&mut access, why);
    }

    fn explain(&self, error: redb::Error) -> StoreError {
        medium::explain(self.medium.path(), error)
    }

    /// The database, when it has a schema that is known here.
    fn checked(&self, opened: Result<Database, StoreError>) -> Result<Database, StoreError> {
        let database = opened?;
        let found = || -> Result<Option<u64>, redb::Error> {
            let meta = database.begin_read()?.open_table(META)?;
            Ok(meta.get(SCHEMA_KEY)?.map(|schema| schema.value()))
        };
        match found().map_err(|error| self.explain(error))? {
            Some(SCHEMA) => Ok(database),
            Some(newer) if newer > SCHEMA => Err(StoreError::NewerSchema {
                path: self.medium.path().to_owned(),
                found: newer,
                known: SCHEMA,
            }),
            _ => Err(medium::damaged(self.medium.path(), "it has no schema")),
        }
    }
}

impl Access {
    fn database(&self) -> Option<&Database> {
        match self {
            Self::Writing(database) | Self::Reading(database) => Some(database),
            Self::None => None,
        }
    }
}

/// Whether the file may be fine, so that it is worth reading.
fn may_pass(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NoRoom { .. } | StoreError::ReadOnly { .. } | StoreError::Io { .. }
    )
}

fn transact<T>(
    database: &Database,
    write: impl FnOnce(&mut Tables<'_>) -> Result<T, StorageError>,
) -> Result<T, redb::Error> {
    let mut transaction = database.begin_write()?;
    // With one phase, a crash in the middle is told by checksums alone, and what clients store
    // could be made to pass them.
    transaction.set_two_phase_commit(true);
    let value = write(&mut Tables::open(&transaction)?)?;
    transaction.commit()?;
    Ok(value)
}
