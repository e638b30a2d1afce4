//! Files of recordings as a whole: found out about, locked, repaired, deleted. Everything here may
//! wait for the disk.
//!
//! Whoever writes, repairs or deletes a recording holds the system's lock on its file, so that a
//! server and the command line, or two servers, do not do so at the same time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flv::mp3::{Mp3File, Mp3Scanner};
use flv::mp4::Mp4File;
use flv::{
    Located, Patch, Read, RecorderLimits, Recording, Repair, ScanLimits, Scanned, Scanner, Walker,
};
use mp4::{Mp4Limits, Mp4Scanner};

use super::problem::Problem;

/// The largest tag that is read to find out about a file: codec headers and metadata.
pub(super) const MAX_HEAD_BYTES: usize = 1 << 20;
/// Bytes that a scan reads at a time.
const PIECE_BYTES: usize = 4096;
/// Bytes that a scan of an MP3 file reads at a time.
const MP3_PIECE_BYTES: usize = 128 << 10;
/// How often the log is told how far that is.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// Bytes of a file that is written anew, copied at a time.
const COPY_BYTES: usize = 256 << 10;

/// Deletes a recording; one that is not there is deleted already.
pub(crate) fn erase(path: &Path) -> Result<(), Problem> {
    let removed = File::open(path).map_err(Problem::from).and_then(|file| {
        lock(&file)?;
        Ok(fs::remove_file(path)?)
    });
    match removed {
        Err(problem) if !problem.is_absent() => Err(problem),
        _ => Ok(()),
    }
}

/// Makes a file that must not be there, and locks it.
pub(super) fn create(path: &Path) -> Result<File, Problem> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).open(path)?;
    lock(&file)?;
    Ok(file)
}

/// Locks a file until it is closed, against everybody who asks.
fn lock(file: &File) -> Result<(), Problem> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Problem::taken()),
        Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Unsupported => {
            Err(error.into())
        }
        // Where the file system knows no locks, there are none.
        _ => Ok(()),
    }
}

/// Whether somebody writes the file.
pub(crate) fn is_locked(file: &File) -> bool {
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Writes over what a file has.
pub(super) fn write_patches(file: &File, patches: &[Patch]) -> io::Result<()> {
    for Patch { position, bytes } in patches {
        file.write_all_at(bytes, *position)?;
    }
    Ok(())
}

/// Looks through a file. One with an index of key frames is not read whole. `progress` is told how
/// far it is, in bytes of how many.
pub(crate) fn scan(
    file: &File,
    index_entries: usize,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Scanned, Problem> {
    let limits = ScanLimits {
        index_entries,
        ..ScanLimits::default()
    };
    let file_bytes = file.metadata()?.len();
    let mut scanner = Scanner::new(file_bytes, limits);
    let mut piece = Vec::new();
    while let Some(Read { position, bytes }) = scanner.wants() {
        progress(position, file_bytes);
        piece.resize(bytes.max(PIECE_BYTES), 0);
        let read = read_up_to(file, &mut piece, position)?;
        scanner.read(&piece[..read])?;
    }
    Ok(scanner.finish()?)
}

/// Looks through an MP3 file, all of it: only so its length is known.
pub(super) fn scan_mp3(file: &File, index_entries: usize) -> Result<Mp3File, Problem> {
    let mut scanner = Mp3Scanner::new(file.metadata()?.len(), index_entries);
    let mut piece = Vec::new();
    while let Some(Read { position, bytes }) = scanner.wants() {
        piece.resize(bytes.max(MP3_PIECE_BYTES), 0);
        let read = read_up_to(file, &mut piece, position)?;
        scanner.read(&piece[..read]);
    }
    Ok(scanner.finish()?)
}

/// Reads what an MP4 file says of its samples.
pub(super) fn scan_mp4(file: &File, index_entries: usize) -> Result<Mp4File, Problem> {
    let limits = Mp4Limits {
        index_entries,
        ..Mp4Limits::default()
    };
    let file_bytes = file.metadata()?.len();
    let mut scanner = Mp4Scanner::new(file_bytes, limits);
    while let Some(Read { position, bytes }) = scanner.wants() {
        let left = usize::try_from(file_bytes.saturating_sub(position)).unwrap_or(bytes);
        let mut piece = vec![0; bytes.min(left)];
        let read = read_up_to(file, &mut piece, position)?;
        scanner.read(&piece[..read])?;
    }
    Ok(scanner.finish()?)
}

/// Tells the log how far a look through a long file is.
pub(super) struct Slow<'a> {
    path: &'a Path,
    told: Instant,
}

impl<'a> Slow<'a> {
    pub(super) fn new(path: &'a Path) -> Self {
        let told = Instant::now();
        Self { path, told }
    }

    /// It is at so many of the bytes.
    pub(super) fn tell(&mut self, position: u64, of_bytes: u64) {
        if self.told.elapsed() < TELL_EVERY {
            return;
        }
        self.told = Instant::now();
        let percent = position.saturating_mul(100) / of_bytes.max(1);
        let file = self.path.display();
        tracing::info!(%file, percent, "a recording without an index is looked through");
    }
}

/// The first tags of a file, about so many.
pub(crate) fn first_tags(
    file: &File,
    first_tag: u64,
    count: usize,
) -> Result<Vec<Located>, Problem> {
    let mut walker = Walker::from(first_tag, 0, MAX_HEAD_BYTES);
    let mut tags = Vec::new();
    while let Some(read) = walker.wants() {
        let bytes = read_piece(file, read, 0)?;
        if walker.read(&bytes, &mut tags).is_err() || tags.len() >= count {
            break;
        }
    }
    Ok(tags)
}

/// The bytes that are wanted, or at least so many. Fewer are the end.
pub(crate) fn read_piece(file: &File, read: Read, least: usize) -> Result<Bytes, Problem> {
    let left = file.metadata()?.len().saturating_sub(read.position);
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    let mut piece = vec![0; read.bytes.max(least).min(left)];
    let count = read_up_to(file, &mut piece, read.position)?;
    piece.truncate(count);
    Ok(piece.into())
}

/// Fills a buffer as far as the file goes.
pub(super) fn read_up_to(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], position + read as u64) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// A recording that is whole.
pub(crate) struct Whole {
    /// Open to be written, and locked.
    pub(crate) file: File,
    pub(crate) recording: Recording,
    /// Something had to be done to it.
    pub(crate) was_repaired: bool,
}

/// Opens a recording that is to be appended to, and repairs it if need be: a tag that was not
/// written to its end is cut off, and its length and index are found and written.
pub(crate) fn open_whole(
    path: &Path,
    limits: RecorderLimits,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Whole, Problem> {
    let open = || -> Result<File, Problem> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        lock(&file)?;
        Ok(file)
    };
    let file = open()?;
    let scanned = scan(&file, limits.index_entries, progress)?;
    let (recording, repair) = scanned.repair(limits.index_entries);
    let whole = |file, was_repaired| Whole {
        file,
        recording,
        was_repaired,
    };
    match repair {
        None => return Ok(whole(file, false)),
        Some(Repair::InPlace {
            file_bytes,
            patches,
        }) => {
            file.set_len(file_bytes)?;
            write_patches(&file, &patches)?;
        }
        Some(Repair::Anew { start, rest }) => {
            write_anew(&file, path, (&start, rest), progress)?;
            tracing::info!(file = %path.display(), "a recording was written anew");
            return Ok(whole(open()?, true));
        }
    }
    tracing::info!(
        file = %path.display(), cut_bytes = scanned.cut_bytes,
        duration_ms = scanned.totals.duration_ms, "a recording was repaired"
    );
    Ok(whole(file, true))
}

/// Puts a file with another start in the place of one. Whoever has the old one open keeps it.
fn write_anew(
    old: &File,
    path: &Path,
    (start, rest): (&[u8], Range<u64>),
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), Problem> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // No recording has such a name.
    let beside = path.with_file_name(format!(".{name}.new"));
    erase(&beside)?;
    let mut copied = || -> Result<(), Problem> {
        let mut new = create(&beside)?;
        new.write_all(start)?;
        let mut position = rest.start;
        let mut piece = vec![0; COPY_BYTES];
        while position < rest.end {
            progress(position, rest.end);
            let most = COPY_BYTES.min(usize::try_from(rest.end - position).unwrap_or(COPY_BYTES));
            let read = read_up_to(old, &mut piece[..most], position)?;
            if read == 0 {
                return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
            }
            new.write_all(&piece[..read])?;
            position += read as u64;
        }
        new.sync_data()?;
        fs::rename(&beside, path)?;
        Ok(())
    };
    let done = copied();
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}
