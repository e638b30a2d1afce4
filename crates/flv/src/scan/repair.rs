//! What a scan found, and what to write so that the file says it of itself.

use std::ops::Range;

use amf::Value;

use super::Head;
use crate::index::{FileMetadata, FileTotals, KeyframeIndex, room_of};
use crate::recorder::{MAX_INDEX_ENTRIES, METADATA_POSITION, Patch, Recording, start_of_file};
use crate::tag::{BACK_POINTER_BYTES, TAG_HEADER_BYTES};
use crate::{FileHeader, Metadata};

/// What is in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    /// Its header.
    pub header: FileHeader,
    /// Its key frames.
    pub index: KeyframeIndex,
    /// Its length: up to the end of the last whole tag.
    pub totals: FileTotals,
    /// Bytes behind that: a tag that was not written to its end.
    pub cut_bytes: u64,
    /// Whether the file's own index was used, so that most of the file was not looked at.
    pub from_index: bool,
    pub(super) head: Option<Head>,
}

/// What is to be done to a file so that it says of itself what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// Cut it to this length, then write over some of it.
    InPlace {
        /// The length, in bytes.
        file_bytes: u64,
        /// What to write.
        patches: Vec<Patch>,
    },
    /// Write it anew: its `onMetaData` has no room.
    Anew {
        /// What the new file starts with.
        start: Vec<u8>,
        /// The bytes of the old file that follow.
        rest: Range<u64>,
    },
}

impl Scanned {
    /// The properties of the `onMetaData` that the file starts with.
    #[must_use]
    pub fn properties(&self) -> Option<&Value> {
        self.head.as_ref().map(|head| &head.properties)
    }

    /// Whether the file says how long it is, to the second, and nothing is to be cut off it: so
    /// it was finished by whoever wrote it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let said = self.properties().map(Metadata::of_properties);
        let said_ms = said.and_then(|said| said.duration_s).unwrap_or(0.0) * 1000.0;
        let found_ms = self.totals.duration_ms as f64;
        self.cut_bytes == 0 && (said_ms - found_ms).abs() <= 1000.0
    }

    /// What is to be done so that the file is whole, says how long it is, and can be appended
    /// to; `None` where it is so already. With it comes the recording that the file is then.
    ///
    /// `index_entries` is the room for an index where the file has none.
    #[must_use]
    pub fn repair(&self, index_entries: usize) -> (Recording, Option<Repair>) {
        if let Some(recording) = self.with_own_metadata() {
            let repair = self.in_place(&recording);
            return (recording, repair);
        }
        let (recording, repair) = self.anew(index_entries);
        (recording, Some(repair))
    }

    /// The recording, if the file's `onMetaData` is one of ours: it can be written over.
    fn with_own_metadata(&self) -> Option<Recording> {
        let head = self.head.as_ref()?;
        if head.start + TAG_HEADER_BYTES as u64 != METADATA_POSITION {
            return None;
        }
        let room = room_of(&head.properties)?;
        let recording = Recording {
            metadata: FileMetadata::new(Some(&head.properties), room),
            index: self.index.in_room_for(room),
            totals: self.totals,
        };
        let payload = recording.payload()?;
        (payload.len() == head.payload.len()).then_some(recording)
    }

    fn in_place(&self, recording: &Recording) -> Option<Repair> {
        let is_said = self.head.as_ref().map(|head| &head.payload) == recording.payload().as_ref();
        let FileTotals {
            has_audio,
            has_video,
            ..
        } = self.totals;
        let is_flagged = (self.header.has_audio, self.header.has_video) == (has_audio, has_video);
        let is_whole = is_said && is_flagged && self.cut_bytes == 0;
        (!is_whole).then(|| Repair::InPlace {
            file_bytes: self.totals.file_bytes,
            patches: recording.patches(),
        })
    }

    fn anew(&self, index_entries: usize) -> (Recording, Repair) {
        let index_entries = index_entries.min(MAX_INDEX_ENTRIES);
        let metadata = FileMetadata::new(self.properties(), index_entries);
        let mut start = start_of_file(&metadata);
        let first = u64::from(self.header.size_bytes) + BACK_POINTER_BYTES as u64;
        let from = self.head.as_ref().map_or(first, |head| {
            let bytes = TAG_HEADER_BYTES + head.payload.len() + BACK_POINTER_BYTES;
            head.start + bytes as u64
        });
        let rest = from..self.totals.file_bytes.max(from);
        let new_from = start.len() as u64;
        let mut recording = Recording {
            metadata,
            index: self.index.in_room_for(index_entries).moved(from, new_from),
            totals: self.totals,
        };
        recording.totals.file_bytes = new_from + (rest.end - rest.start);
        for Patch { position, bytes } in recording.patches() {
            // The start holds all that is written over.
            let at = position as usize;
            if let Some(place) = start.get_mut(at..at + bytes.len()) {
                place.copy_from_slice(&bytes);
            }
        }
        (recording, Repair::Anew { start, rest })
    }
}
