//! Files of recordings as a whole: found out about, repaired, deleted. Everything here may wait
//! for the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use flv::mp3::{Mp3File, Mp3Scanner};
use flv::mp4::Mp4File;
use flv::{Patch, Read, RecorderLimits, Recording, Repair, ScanLimits, Scanned, Scanner};
use mp4::{Mp4Limits, Mp4Scanner};

use super::problem::Problem;

/// Bytes that a scan reads at a time.
const PIECE_BYTES: usize = 4096;
/// Bytes that a scan of an MP3 file reads at a time.
const MP3_PIECE_BYTES: usize = 128 << 10;
/// Bytes of a file that is written anew, copied at a time.
const COPY_BYTES: usize = 256 << 10;

/// Deletes a recording; one that is not there is deleted already.
pub(super) fn erase(path: &Path) -> Result<(), Problem> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Makes a file that must not be there.
pub(super) fn create(path: &Path) -> Result<File, Problem> {
    let mut options = OpenOptions::new();
    Ok(options.write(true).create_new(true).open(path)?)
}

/// Writes over what a file has.
pub(super) fn write_patches(file: &File, patches: &[Patch]) -> io::Result<()> {
    for Patch { position, bytes } in patches {
        file.write_all_at(bytes, *position)?;
    }
    Ok(())
}

/// Looks through a file. One with an index of key frames is not read whole.
pub(super) fn scan(file: &File, index_entries: usize) -> Result<Scanned, Problem> {
    let limits = ScanLimits {
        index_entries,
        ..ScanLimits::default()
    };
    let mut scanner = Scanner::new(file.metadata()?.len(), limits);
    let mut piece = Vec::new();
    while let Some(Read { position, bytes }) = scanner.wants() {
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

/// Opens a recording that is to be appended to, and repairs it if need be: a tag that was not
/// written to its end is cut off, and its length and index are found and written.
pub(super) fn open_whole(
    path: &Path,
    limits: RecorderLimits,
) -> Result<(File, Recording), Problem> {
    let open = || OpenOptions::new().read(true).write(true).open(path);
    let file = open()?;
    let scanned = scan(&file, limits.index_entries)?;
    let (recording, repair) = scanned.repair(limits.index_entries);
    match repair {
        None => return Ok((file, recording)),
        Some(Repair::InPlace {
            file_bytes,
            patches,
        }) => {
            file.set_len(file_bytes)?;
            write_patches(&file, &patches)?;
        }
        Some(Repair::Anew { start, rest }) => {
            write_anew(&file, path, &start, rest)?;
            tracing::info!(file = %path.display(), "a recording was written anew");
            return Ok((open()?, recording));
        }
    }
    tracing::info!(
        file = %path.display(), cut_bytes = scanned.cut_bytes,
        duration_ms = recording.totals.duration_ms, "a recording was repaired"
    );
    Ok((file, recording))
}

/// Puts a file with another start in the place of one. Whoever has the old one open keeps it.
fn write_anew(old: &File, path: &Path, start: &[u8], rest: Range<u64>) -> Result<(), Problem> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // No recording has such a name.
    let beside = path.with_file_name(format!(".{name}.new"));
    erase(&beside)?;
    let copied = || -> Result<(), Problem> {
        let mut new = create(&beside)?;
        new.write_all(start)?;
        let mut position = rest.start;
        let mut piece = vec![0; COPY_BYTES];
        while position < rest.end {
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
