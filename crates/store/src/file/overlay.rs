//! [`Overlay`], a file that is read and never written: what is written stays in memory.
//!
//! With it the database can repair and read a file after a crash although there is no room, or no
//! permission, to write what the repair changes.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use parking_lot::RwLock;
use redb::{BackendError, StorageBackend};

/// Bytes that are copied to memory at a time; pages of the database are a multiple.
const BLOCK_BYTES: u64 = 4_096;

#[derive(Debug)]
pub(super) struct Overlay {
    file: Arc<File>,
    /// Bytes of the file that exist as far as the database is concerned; what lies beyond was
    /// cut off or never there.
    written: RwLock<Written>,
}

#[derive(Debug)]
struct Written {
    /// Blocks that were written, by number.
    blocks: HashMap<u64, Box<[u8]>>,
    /// The length as the database has set it.
    len: u64,
    /// The length up to which the file's own bytes count.
    file_len: u64,
}

impl Overlay {
    pub(super) fn new(file: Arc<File>) -> io::Result<Self> {
        let len = file.metadata()?.len();
        let written = RwLock::new(Written {
            blocks: HashMap::new(),
            len,
            file_len: len,
        });
        Ok(Self { file, written })
    }

    /// Fills `out` with what the file has at `offset`, and with zeros beyond its end.
    fn read_file(&self, file_len: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = file_len.saturating_sub(offset).min(out.len() as u64) as usize;
        let (inside, beyond) = out.split_at_mut(there);
        self.file.read_exact_at(inside, offset)?;
        beyond.fill(0);
        Ok(())
    }
}

/// Calls `each` with the number of every block that `len` bytes at `offset` touch, the place in
/// the block, and the range of the bytes.
fn for_blocks(
    offset: u64,
    len: usize,
    mut each: impl FnMut(u64, usize, std::ops::Range<usize>) -> io::Result<()>,
) -> io::Result<()> {
    let mut done = 0;
    while done < len {
        let at = offset + done as u64;
        let inside = (at % BLOCK_BYTES) as usize;
        let count = (BLOCK_BYTES as usize - inside).min(len - done);
        each(at / BLOCK_BYTES, inside, done..done + count)?;
        done += count;
    }
    Ok(())
}

impl StorageBackend for Overlay {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.written.read().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let written = self.written.read();
        if offset.saturating_add(out.len() as u64) > written.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for_blocks(offset, out.len(), |block, inside, range| {
            let at = offset + range.start as u64;
            let out = &mut out[range];
            match written.blocks.get(&block) {
                Some(bytes) => out.copy_from_slice(&bytes[inside..inside + out.len()]),
                None => self.read_file(written.file_len, at, out)?,
            }
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        let mut written = self.written.write();
        if len < written.len {
            written.file_len = written.file_len.min(len);
            // The rest of the last block is zero when the file grows again.
            let last = len / BLOCK_BYTES;
            written.blocks.retain(|block, _| *block <= last);
            if let Some(bytes) = written.blocks.get_mut(&last) {
                bytes[(len % BLOCK_BYTES) as usize..].fill(0);
            }
        }
        written.len = len;
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut written = self.written.write();
        let file_len = written.file_len;
        for_blocks(offset, data.len(), |block, inside, range| {
            let bytes = match written.blocks.entry(block) {
                std::collections::hash_map::Entry::Occupied(there) => there.into_mut(),
                std::collections::hash_map::Entry::Vacant(place) => {
                    let mut bytes = vec![0; BLOCK_BYTES as usize].into_boxed_slice();
                    self.read_file(file_len, block * BLOCK_BYTES, &mut bytes)?;
                    place.insert(bytes)
                }
            };
            bytes[inside..inside + range.len()].copy_from_slice(&data[range]);
            Ok(())
        })?;
        written.len = written.len.max(offset + data.len() as u64);
        Ok(())
    }

    fn close(&self) -> Result<(), io::Error> {
        self.file.unlock()
    }

    /// The lock of the whole file, which keeps out whoever wants to write it, and which a file
    /// that is open for reading can have too.
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        let from_start = matches!(start, Bound::Unbounded | Bound::Included(0));
        if !from_start || end != Bound::Unbounded {
            return Err(BackendError::Unsupported);
        }
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(BackendError::Io(error)),
        }
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock().map_err(BackendError::Io)
    }
}
