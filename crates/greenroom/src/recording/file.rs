//! The file of a recording: opened, written, finished. Everything here may wait for the disk.

use std::fs::{self, File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::RecordMode;
use flv::{Full, Recorder, TagKind};
use media::{Entry, Kind};

use super::RecordingSettings;
use super::problem::Problem;
use super::whole::{Slow, create, erase, open_whole, write_patches};

/// Bytes that are written in one go.
const WRITE_BYTES: usize = 256 << 10;
/// What is less is not even the start of a file.
const LEAST_BYTES: u64 = 13;

/// A recording's file while it is written.
pub(super) struct Writer {
    file: File,
    path: PathBuf,
    recorder: Recorder,
    /// Made for the next write.
    buffer: Vec<u8>,
    sync: Option<Duration>,
    synced: Instant,
}

impl Writer {
    /// Opens the file, as the mode says; makes its folder if need be.
    pub(super) fn open(
        path: PathBuf,
        mode: RecordMode,
        settings: &RecordingSettings,
    ) -> Result<Self, Problem> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let found = match fs::metadata(&path) {
            Ok(found) if found.permissions().readonly() => return Err(Problem::read_only()),
            Ok(found) if found.len() >= LEAST_BYTES => Some(found),
            Ok(_) => None,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let appends = mode != RecordMode::Record;
        let (file, recorder) = if let Some(found) = found.filter(|_| appends) {
            let mut slow = Slow::new(&path);
            let whole = open_whole(&path, settings.limits, &mut |at, of| slow.tell(at, of))?;
            let gap_ms = gap_ms(mode, &found);
            let recorder = Recorder::append(settings.limits, whole.recording, gap_ms);
            (whole.file, recorder)
        } else {
            // Who plays the old file goes on with it.
            erase(&path)?;
            (create_in_folder(&path)?, Recorder::new(settings.limits))
        };
        Ok(Self {
            file,
            path,
            recorder,
            buffer: Vec::new(),
            sync: settings.sync,
            synced: Instant::now(),
        })
    }

    /// Writes messages of the stream; does nothing once the recording is full.
    pub(super) fn write(&mut self, entries: &[Arc<Entry>]) -> Result<(), Problem> {
        let before = self.recorder.clone();
        let written = self.write_all(entries);
        if let Err(problem) = written {
            // A tag may have been cut. The file ends where it was whole, and says so.
            self.recorder = before;
            let cut = self.file.set_len(self.recorder.position());
            if let Err(problem) = cut.map_err(Problem::from).and_then(|()| self.finish()) {
                tracing::warn!(%problem, "a recording could not be finished");
            }
            return Err(problem);
        }
        match self.sync {
            Some(every) if self.synced.elapsed() >= every => {
                self.file.sync_data()?;
                self.synced = Instant::now();
            }
            _ => {}
        }
        Ok(())
    }

    fn write_all(&mut self, entries: &[Arc<Entry>]) -> Result<(), Problem> {
        let mut position = self.recorder.position();
        self.buffer.clear();
        for entry in entries {
            let kind = match entry.kind {
                Kind::Audio => TagKind::Audio,
                Kind::Video => TagKind::Video,
                Kind::Data => TagKind::Script,
                Kind::DataAmf3 => TagKind::ScriptAmf3,
                Kind::Marker(_) => continue,
            };
            // One too long for a tag cannot come in: RTMP's own length field is no longer.
            let payload = &entry.payload;
            let _ = self
                .recorder
                .record(kind, entry.timestamp, payload, &mut self.buffer);
            if self.buffer.len() >= WRITE_BYTES {
                self.file.write_all_at(&self.buffer, position)?;
                position += self.buffer.len() as u64;
                self.buffer.clear();
            }
        }
        self.file.write_all_at(&self.buffer, position)?;
        Ok(())
    }

    /// Writes what the file is to say of itself.
    pub(super) fn finish(&mut self) -> Result<(), Problem> {
        let mut start = Vec::new();
        let patches = self.recorder.finish(&mut start);
        // Only a file that is empty has a start still to come.
        if !start.is_empty() {
            self.file.write_all_at(&start, 0)?;
        }
        write_patches(&self.file, &patches)?;
        if self.sync.is_some() {
            self.file.sync_data()?;
            if let Some(folder) = self.path.parent() {
                File::open(folder)?.sync_all()?;
            }
        }
        Ok(())
    }

    /// Whether a limit ended the recording.
    pub(super) fn full(&self) -> Option<Full> {
        self.recorder.full()
    }

    /// Bytes of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.recorder.position()
    }

    /// Milliseconds recorded.
    pub(super) fn duration_ms(&self) -> u64 {
        self.recorder.duration_ms()
    }
}

/// Makes a file, and its folder again if a script that clears recordings has just removed it.
fn create_in_folder(path: &Path) -> Result<File, Problem> {
    match (create(path), path.parent()) {
        (Err(problem), Some(folder)) if problem.is_absent() => {
            fs::create_dir_all(folder)?;
            create(path)
        }
        (created, _) => created,
    }
}

/// The time that counts between a recording that is there and what is appended to it.
fn gap_ms(mode: RecordMode, found: &Metadata) -> u64 {
    if mode != RecordMode::AppendWithGap {
        return 0;
    }
    // One from the future, by the clock of now, has just ended.
    let since = found.modified().ok().and_then(|ended| ended.elapsed().ok());
    since.map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests;
