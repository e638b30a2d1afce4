//! Turns the messages of a live stream into a file that is a file at any moment.
//!
//! The recorder says which bytes to append, and at the end which to write over; opening,
//! writing and syncing are the server's business. First comes an `onMetaData` with room for
//! the duration and the index of key frames, neither of which is known then. What is appended
//! is whole tags only, so a file that is cut anywhere plays up to the cut; what its
//! `onMetaData` then lacks is found by [`crate::scan`] and written by
//! [`Scanned::repair`](crate::Scanned::repair).

use amf::{Limits as AmfLimits, Value, amf0};

use crate::headers::{COMPARED_BYTES, InForce};
use crate::index::{FileMetadata, FileTotals, Keyframe, KeyframeIndex};
use crate::metadata::ON_META_DATA;
use crate::tag::{BACK_POINTER_BYTES, FILE_HEADER_BYTES, TAG_HEADER_BYTES};
use crate::timeline::Timeline;
use crate::{Error, TagKind, video, write_header, write_tag};

/// Where the payload of a recording's `onMetaData` starts.
pub(crate) const METADATA_POSITION: u64 =
    (FILE_HEADER_BYTES + BACK_POINTER_BYTES + TAG_HEADER_BYTES) as u64;
/// Where a file's flags are: whether it has audio and video.
pub(crate) const FLAGS_POSITION: u64 = 4;
/// Milliseconds between the last tag of a recording and the first one appended to it: about
/// as long as that last sound or picture is.
const JOIN_MS: u64 = 40;
/// The most entries of an index: a file's `onMetaData` is to stay small enough for the limits of
/// everybody who reads it.
pub(crate) const MAX_INDEX_ENTRIES: usize = 16_384;

/// Bounds on a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecorderLimits {
    /// The largest file, in bytes; `None` is no limit.
    pub max_bytes: Option<u64>,
    /// The longest recording, in milliseconds; `None` is no limit.
    pub max_duration_ms: Option<u64>,
    /// Key frames in the index, for which room is kept at the start of the file: 18 bytes each.
    /// Default: 1000; more than 16 384 count as so many.
    pub index_entries: usize,
    /// The largest `onMetaData` of a publisher that becomes the file's own, in bytes; a larger
    /// one is recorded like any other data. Default: 256 KiB.
    pub metadata_bytes: usize,
}

impl Default for RecorderLimits {
    fn default() -> Self {
        Self {
            max_bytes: None,
            max_duration_ms: None,
            index_entries: 1000,
            metadata_bytes: 256 << 10,
        }
    }
}

/// Bytes to be written over what a file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Where, in bytes from the start of the file.
    pub position: u64,
    /// What.
    pub bytes: Vec<u8>,
}

/// Why a recorder takes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The file is as large as it may be.
    Bytes,
    /// The recording is as long as it may be.
    Duration,
}

/// What is known of a recording under way; also what a finished one is appended to with.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// What the file says of itself.
    pub metadata: FileMetadata,
    /// Its key frames.
    pub index: KeyframeIndex,
    /// Its length in time and bytes.
    pub totals: FileTotals,
}

impl Recording {
    /// What is to be written into the file, so that it says what is known of it.
    #[must_use]
    pub fn patches(&self) -> Vec<Patch> {
        let flags = write_header(self.totals.has_audio, self.totals.has_video)[4];
        let flags = Patch {
            position: FLAGS_POSITION,
            bytes: vec![flags],
        };
        let metadata = self.payload().map(|bytes| Patch {
            position: METADATA_POSITION,
            bytes,
        });
        metadata.into_iter().chain([flags]).collect()
    }

    /// The payload of the file's `onMetaData`. It was encoded when the file was begun, and as its
    /// size does not change it can be now.
    pub(crate) fn payload(&self) -> Option<Vec<u8>> {
        self.metadata.payload(&self.totals, &self.index).ok()
    }
}

/// Records one stream into one file.
#[derive(Debug, Clone)]
pub struct Recorder {
    limits: RecorderLimits,
    recording: Option<Recording>,
    timeline: Timeline,
    headers: InForce,
    full: Option<Full>,
}

impl Recorder {
    /// A recorder for a file that is empty.
    #[must_use]
    pub fn new(limits: RecorderLimits) -> Self {
        Self {
            limits,
            recording: None,
            timeline: Timeline::starting_at(0),
            headers: InForce::default(),
            full: None,
        }
    }

    /// A recorder that goes on behind a recording. Its clock continues, `gap_ms` later than it
    /// would without a gap.
    #[must_use]
    pub fn append(limits: RecorderLimits, recording: Recording, gap_ms: u64) -> Self {
        let is_empty = !recording.totals.has_audio
            && !recording.totals.has_video
            && recording.totals.duration_ms == 0;
        let join_ms = if is_empty { 0 } else { JOIN_MS };
        let end_ms = recording.totals.duration_ms;
        let start_ms = end_ms.saturating_add(join_ms).saturating_add(gap_ms);
        Self {
            limits,
            recording: Some(recording),
            timeline: Timeline::starting_at(start_ms),
            headers: InForce::default(),
            full: None,
        }
    }

    /// Takes in a message of the stream and adds to `out` what is to be appended to the file.
    /// Data in AMF0 is [`TagKind::Script`], without the words `@setDataFrame`.
    ///
    /// Once the recorder is [full](Self::full) nothing is added any more.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] for a payload that no tag can hold; the recorder goes on without it.
    pub fn record(
        &mut self,
        kind: TagKind,
        timestamp: u32,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.full.is_some() {
            return Ok(());
        }
        if self.recording.is_none() && self.begin(kind, payload, out) {
            return Ok(());
        }
        let mut timeline = self.timeline.clone();
        let time_ms = match kind {
            TagKind::Audio | TagKind::Video => timeline.media(timestamp),
            _ => timeline.data(timestamp),
        };
        let bytes = (TAG_HEADER_BYTES + payload.len() + BACK_POINTER_BYTES) as u64;
        self.full = self.reached(time_ms, bytes);
        let Some(recording) = &mut self.recording else {
            return Ok(());
        };
        if self.full.is_some() {
            return Ok(());
        }
        write_tag(kind, time_ms as u32, payload, out)?;
        self.timeline = timeline;
        let compared = payload.get(..COMPARED_BYTES).unwrap_or(payload);
        if self.headers.is_changed_by(kind, compared, payload.len()) {
            recording.index.push_header(Keyframe {
                time_ms,
                position: recording.totals.file_bytes,
            });
        }
        note(recording, kind, time_ms, payload, bytes);
        Ok(())
    }

    /// Why nothing more is recorded.
    #[must_use]
    pub const fn full(&self) -> Option<Full> {
        self.full
    }

    /// Where the next tag goes, in bytes from the start of the file, if everything added to
    /// `out` so far is written. Up to here the file holds whole tags.
    #[must_use]
    pub fn position(&self) -> u64 {
        let recording = self.recording.as_ref();
        recording.map_or(0, |recording| recording.totals.file_bytes)
    }

    /// Milliseconds recorded, what was there before counted.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        let recording = self.recording.as_ref();
        recording.map_or(0, |recording| recording.totals.duration_ms)
    }

    /// Ends the recording: what to append still (the start of a file in which nothing was
    /// recorded), and what to write over. May be called at any time; recording may go on.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Vec<Patch> {
        if self.recording.is_none() {
            self.open(FileMetadata::new(None, self.index_entries()), out);
        }
        let recording = self.recording.as_ref();
        recording.map(Recording::patches).unwrap_or_default()
    }

    /// Begins the file with its header and `onMetaData`; true if the message is that.
    fn begin(&mut self, kind: TagKind, payload: &[u8], out: &mut Vec<u8>) -> bool {
        let published = match kind {
            TagKind::Script if payload.len() <= self.limits.metadata_bytes => {
                published_properties(payload)
            }
            _ => None,
        };
        let metadata = FileMetadata::new(published.as_ref(), self.index_entries());
        let fits = encoded(&metadata).is_some();
        let metadata = if fits {
            metadata
        } else {
            FileMetadata::new(None, self.index_entries())
        };
        self.open(metadata, out);
        fits && published.is_some()
    }

    fn open(&mut self, metadata: FileMetadata, out: &mut Vec<u8>) {
        let before = out.len();
        out.extend(start_of_file(&metadata));
        let totals = FileTotals {
            file_bytes: (out.len() - before) as u64,
            ..FileTotals::default()
        };
        self.recording = Some(Recording {
            metadata,
            index: KeyframeIndex::new(self.index_entries()),
            totals,
        });
    }

    fn index_entries(&self) -> usize {
        self.limits.index_entries.min(MAX_INDEX_ENTRIES)
    }

    /// The limit that a tag would pass. One of a duration of 0 takes nothing at all.
    fn reached(&self, time_ms: u64, bytes: u64) -> Option<Full> {
        let RecorderLimits {
            max_bytes,
            max_duration_ms,
            ..
        } = self.limits;
        if max_bytes.is_some_and(|max| self.position() + bytes > max) {
            return Some(Full::Bytes);
        }
        max_duration_ms
            .is_some_and(|max| time_ms >= max)
            .then_some(Full::Duration)
    }
}

/// Notes a tag of `bytes` bytes that was added to the file.
fn note(recording: &mut Recording, kind: TagKind, time_ms: u64, payload: &[u8], bytes: u64) {
    let Recording { index, totals, .. } = recording;
    if is_key_frame(kind, payload) {
        index.push(Keyframe {
            time_ms,
            position: totals.file_bytes,
        });
    }
    totals.has_audio |= kind == TagKind::Audio;
    totals.has_video |= kind == TagKind::Video;
    totals.duration_ms = totals.duration_ms.max(time_ms);
    totals.file_bytes += bytes;
}

/// Whether playback may start with a tag.
pub(crate) fn is_key_frame(kind: TagKind, payload: &[u8]) -> bool {
    kind == TagKind::Video && video::parse(payload).is_ok_and(|header| header.is_key_frame())
}

/// The header of a file and its `onMetaData`, before anything is known.
pub(crate) fn start_of_file(metadata: &FileMetadata) -> Vec<u8> {
    let mut start = write_header(true, true).to_vec();
    let payload = encoded(metadata).unwrap_or_default();
    // One that is too long for a tag is too long to be encoded.
    let _ = write_tag(TagKind::Script, 0, &payload, &mut start);
    start
}

fn encoded(metadata: &FileMetadata) -> Option<Vec<u8>> {
    let nothing = KeyframeIndex::new(0);
    metadata.payload(&FileTotals::default(), &nothing).ok()
}

/// The properties of an `onMetaData`; `None` for other data.
pub(crate) fn published_properties(payload: &[u8]) -> Option<Value> {
    let values = amf0::decode_all(payload, &AmfLimits::default()).ok()?;
    let mut values = values.into_iter();
    let name = values.next()?;
    (name.as_str() == Some(ON_META_DATA)).then(|| values.next())?
}
