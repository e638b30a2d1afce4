//! [`Faulty`], a file on a disk that fails, and loses its power, when a test wants it to.

use std::fs::{self, OpenOptions};
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use parking_lot::Mutex;
use redb::backends::FileBackend;
use redb::{BackendError, Database, StorageBackend};
use testkit::Random;

use super::medium::{FileMedium, Medium, explain};
use crate::StoreError;

/// What is written to the platter at once.
const SECTOR_BYTES: usize = 512;

/// A disk with one file.
#[derive(Debug, Default)]
pub(super) struct Disk(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Operations that still succeed; `None` for all.
    left: Option<u64>,
    /// What the failing ones fail with.
    kind: Option<io::ErrorKind>,
    /// What reading fails with.
    reading: Option<io::ErrorKind>,
    /// The file as it was when it was last known to be on the platter.
    durable: Vec<u8>,
    /// What was written since.
    pending: Vec<Pending>,
    /// Operations so far.
    count: u64,
    /// Opening for writing tells that it has begun, and goes on when it is told to.
    gate: Option<(Sender<()>, Receiver<()>)>,
}

#[derive(Debug)]
enum Pending {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Disk {
    /// After `left` more operations that change something, all of them fail.
    pub(super) fn fail_after(&self, left: u64, kind: io::ErrorKind) {
        let mut state = self.0.lock();
        state.left = Some(left);
        state.kind = Some(kind);
    }

    /// Reading fails from now on, or no more.
    pub(super) fn fail_reading(&self, kind: Option<io::ErrorKind>) {
        self.0.lock().reading = kind;
    }

    /// The next opening for writing tells by `begun` that it has begun, and waits for `go_on`.
    pub(super) fn hold_opening(&self, begun: Sender<()>, go_on: Receiver<()>) {
        self.0.lock().gate = Some((begun, go_on));
    }

    /// Nothing fails any more.
    pub(super) fn heal(&self) {
        self.0.lock().left = None;
    }

    /// Operations so far that changed something.
    pub(super) fn count(&self) -> u64 {
        self.0.lock().count
    }

    /// What is on the platter when the power goes: what was synchronised, and of what was written
    /// since any sectors.
    pub(super) fn lose_power(&self, random: &mut Random) -> Vec<u8> {
        let state = self.0.lock();
        let mut image = state.durable.clone();
        for pending in &state.pending {
            match pending {
                Pending::Length(len) => image.resize(*len, 0),
                Pending::Write { offset, bytes } => {
                    for (index, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
                        let at = offset + index * SECTOR_BYTES;
                        let end = at + sector.len();
                        if end <= image.len() && random.below(2) == 0 {
                            image[at..end].copy_from_slice(sector);
                        }
                    }
                }
            }
        }
        image
    }

    /// Counts an operation, and says whether it fails.
    fn operate(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        state.count += 1;
        match state.left {
            Some(0) => Err(state.kind.unwrap_or(io::ErrorKind::Other).into()),
            Some(left) => {
                state.left = Some(left - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// A file on the disk.
#[derive(Debug)]
pub(super) struct Faulty {
    inner: FileMedium,
    disk: Arc<Disk>,
}

impl Faulty {
    /// The file must be there.
    pub(super) fn new(path: &Path, disk: Arc<Disk>) -> Self {
        let mut state = disk.0.lock();
        state.durable = fs::read(path).unwrap();
        drop(state);
        let inner = FileMedium::new(path, 1 << 20);
        Self { inner, disk }
    }
}

impl Medium for Faulty {
    fn open(&self) -> Result<Database, StoreError> {
        let gate = self.disk.0.lock().gate.take();
        if let Some((begun, go_on)) = gate {
            begun.send(()).unwrap();
            go_on.recv().unwrap();
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(self.path()).unwrap();
        let backend = FaultyBackend {
            file: FileBackend::new(file).unwrap(),
            disk: Arc::clone(&self.disk),
        };
        let opened = self.inner.builder().create_with_backend(backend);
        opened.map_err(|error| explain(self.path(), error.into()))
    }

    fn open_for_reading(&self) -> Result<Database, StoreError> {
        if let Some(kind) = self.disk.0.lock().reading {
            return Err(explain(self.path(), redb::Error::Io(kind.into())));
        }
        self.inner.open_for_reading()
    }

    fn let_in(&self) {
        self.inner.let_in();
    }

    fn keep_out(&self) -> bool {
        self.inner.keep_out()
    }

    fn path(&self) -> &Path {
        self.inner.path()
    }
}

#[derive(Debug)]
struct FaultyBackend {
    file: FileBackend,
    disk: Arc<Disk>,
}

impl FaultyBackend {
    fn then(&self, pending: Pending) {
        self.disk.0.lock().pending.push(pending);
    }
}

impl StorageBackend for FaultyBackend {
    fn len(&self) -> Result<u64, io::Error> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        match self.disk.0.lock().reading {
            Some(kind) => Err(kind.into()),
            None => self.file.read(offset, out),
        }
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.disk.operate()?;
        self.file.set_len(len)?;
        self.then(Pending::Length(len as usize));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.disk.operate()?;
        let mut state = self.disk.0.lock();
        let State {
            durable, pending, ..
        } = &mut *state;
        for pending in pending.drain(..) {
            match pending {
                Pending::Length(len) => durable.resize(len, 0),
                Pending::Write { offset, bytes } => {
                    let end = offset + bytes.len();
                    durable[offset..end].copy_from_slice(&bytes);
                }
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.disk.operate()?;
        self.file.write(offset, data)?;
        self.then(Pending::Write {
            offset: offset as usize,
            bytes: data.to_vec(),
        });
        Ok(())
    }

    fn close(&self) -> Result<(), io::Error> {
        self.file.close()
    }

    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(from, to)
    }

    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(from, to)
    }

    fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(from, to)
    }
}
