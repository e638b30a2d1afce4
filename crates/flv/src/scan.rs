//! Finds out what is in a file: how long it is, where its key frames are, where its whole tags
//! end.
//!
//! The scanner says which bytes it wants and is handed them; reading is the server's business.
//! It passes over the media: of each tag it wants the beginning. A file whose `onMetaData` has
//! an index of key frames is not gone through from the start but from the last one there, which
//! also finds what was added after the index was written.

mod repair;

pub use repair::{Repair, Scanned};

use amf::Value;

use crate::headers::{COMPARED_BYTES, InForce};
use crate::index::{FileTotals, Keyframe, KeyframeIndex};
use crate::reader::{read_file_header, read_tag_header};
use crate::recorder::{is_key_frame, published_properties};
use crate::tag::{BACK_POINTER_BYTES, FILE_HEADER_BYTES, TAG_HEADER_BYTES};
use crate::timeline::Timeline;
use crate::{Error, FileHeader, TagKind};

/// Bytes of a payload that are looked at.
const PEEK_BYTES: usize = COMPARED_BYTES;
/// Bytes between the payloads of two tags.
const BETWEEN_BYTES: usize = BACK_POINTER_BYTES + TAG_HEADER_BYTES;

/// Bounds on a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// The largest `onMetaData` that is read, in bytes. Default: 1 MiB.
    pub max_metadata_bytes: usize,
    /// The largest file header, in bytes; all known files have 9. Default: 1024.
    pub max_file_header_bytes: usize,
    /// Key frames kept. Default: 1000.
    pub index_entries: usize,
    /// Bytes that may lie behind the last whole tag. A writer that was stopped leaves less than
    /// a tag; where there is more the file is damaged in another way, and nothing is said of it.
    /// Default: 32 MiB.
    pub max_cut_bytes: u64,
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self {
            max_metadata_bytes: 1 << 20,
            max_file_header_bytes: 1024,
            index_entries: 1000,
            max_cut_bytes: 32 << 20,
        }
    }
}

/// Bytes that a [`Scanner`] wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Where they are, in bytes from the start of the file.
    pub position: u64,
    /// How many are needed. More from there on are of use, too.
    pub bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FileHeader,
    /// The payload of the first tag.
    Metadata {
        position: u64,
        size: usize,
    },
    Tags,
    Done,
}

/// What one look at the bytes led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    On,
    More,
    End,
}

/// A tag whose back pointer has not been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    kind: TagKind,
    timestamp: u32,
    start: u64,
    size: usize,
    is_key: bool,
    /// It holds a codec header that tells something new.
    is_header: bool,
    /// It counts only if its back pointer is right.
    is_doubtful: bool,
}

/// The first tag, where it is an `onMetaData`.
#[derive(Debug, Clone, PartialEq)]
struct Head {
    payload: Vec<u8>,
    properties: Value,
    /// Where the tag starts.
    start: u64,
}

/// Looks through a file of a known size.
///
/// Hand over what it [wants](Self::wants) until that is nothing, then [`finish`](Self::finish).
#[derive(Debug, Clone)]
pub struct Scanner {
    limits: ScanLimits,
    file_bytes: u64,
    state: State,
    header: FileHeader,
    head: Option<Head>,
    /// The first tag has been looked at.
    head_seen: bool,
    /// The position of the next back pointer.
    at: u64,
    open: Option<Open>,
    /// Whole tags end here.
    end: u64,
    timeline: Timeline,
    index: KeyframeIndex,
    headers: InForce,
    totals: FileTotals,
    /// The key frame of the file's index from which was gone on, until it has proved to be one.
    unproven: Option<Keyframe>,
    from_index: bool,
}

impl Scanner {
    /// A scanner for a file of so many bytes.
    #[must_use]
    pub fn new(file_bytes: u64, limits: ScanLimits) -> Self {
        Self {
            limits,
            file_bytes,
            state: State::FileHeader,
            header: FileHeader {
                version: 1,
                has_audio: false,
                has_video: false,
                size_bytes: FILE_HEADER_BYTES as u32,
            },
            head: None,
            head_seen: false,
            at: 0,
            open: None,
            end: 0,
            timeline: Timeline::of_file(0),
            index: KeyframeIndex::new(limits.index_entries),
            headers: InForce::default(),
            totals: FileTotals::default(),
            unproven: None,
            from_index: false,
        }
    }

    /// The bytes needed next; `None` when nothing more is.
    #[must_use]
    pub fn wants(&self) -> Option<Read> {
        let (position, bytes) = match self.state {
            State::FileHeader => (0, FILE_HEADER_BYTES),
            State::Metadata { position, size } => (position, size),
            State::Tags => (self.at, BETWEEN_BYTES + PEEK_BYTES),
            State::Done => return None,
        };
        let left = self.file_bytes.saturating_sub(position);
        let bytes = bytes.min(usize::try_from(left).unwrap_or(usize::MAX));
        Some(Read { position, bytes })
    }

    /// Takes what was [wanted](Self::wants), from its position on, and as much more as there is
    /// at hand. Fewer bytes mean that the file ends there by now.
    ///
    /// # Errors
    ///
    /// The file is no FLV file.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(wanted) = self.wants() else {
            return Ok(());
        };
        if bytes.len() < wanted.bytes {
            self.file_bytes = wanted.position + bytes.len() as u64;
        }
        match self.state {
            State::FileHeader => self.take_file_header(bytes)?,
            State::Metadata { position, size } => self.take_metadata(position, size, bytes),
            State::Tags => self.walk(bytes),
            State::Done => {}
        }
        Ok(())
    }

    /// What was found.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] if there was not even the header of a file, or not everything wanted
    /// was read; [`Error::Malformed`] where the file is damaged with too much behind the damage.
    pub fn finish(self) -> Result<Scanned, Error> {
        let offset = self.end as usize;
        if self.state != State::Done || self.end == 0 {
            let what = "file";
            return Err(Error::Truncated { what, offset });
        }
        let cut_bytes = self.file_bytes - self.end;
        if cut_bytes > self.limits.max_cut_bytes {
            let what = "tag";
            return Err(Error::Malformed { what, offset });
        }
        let mut totals = self.totals;
        totals.file_bytes = self.end;
        totals.duration_ms = self.timeline.end_ms();
        Ok(Scanned {
            header: self.header,
            index: self.index,
            totals,
            cut_bytes,
            from_index: self.from_index,
            head: self.head,
        })
    }

    fn take_file_header(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let most = self.limits.max_file_header_bytes;
        let truncated = Error::Truncated {
            what: "file header",
            offset: bytes.len().min(FILE_HEADER_BYTES),
        };
        self.header = read_file_header(bytes, most)?
            .filter(|header| u64::from(header.size_bytes) <= self.file_bytes)
            .ok_or(truncated)?;
        self.state = State::Tags;
        self.at = self.header.size_bytes.into();
        Ok(())
    }

    /// Goes through the tags in a piece of the file.
    fn walk(&mut self, bytes: &[u8]) {
        let base = self.at;
        loop {
            let seen = usize::try_from(self.at - base).unwrap_or(usize::MAX);
            let Some(rest) = bytes.get(seen..) else {
                return;
            };
            match self.step(rest) {
                Step::On => {}
                Step::More => return,
                Step::End if self.unproven.is_some() => return self.start_over(),
                Step::End => return self.state = State::Done,
            }
            if self.state != State::Tags {
                return;
            }
        }
    }

    /// Looks at one back pointer and the tag behind it.
    fn step(&mut self, bytes: &[u8]) -> Step {
        let left = self.file_bytes.saturating_sub(self.at);
        let lacks = |count: usize| {
            if left < count as u64 {
                Step::End
            } else {
                Step::More
            }
        };
        let Some((pointer, rest)) = bytes.split_first_chunk::<BACK_POINTER_BYTES>() else {
            return lacks(BACK_POINTER_BYTES);
        };
        let is_right = self.is_right(u32::from_be_bytes(*pointer));
        if !is_right && self.open.is_some_and(|open| open.is_doubtful) {
            return Step::End;
        }
        let Ok((tag, size)) = read_tag_header(rest) else {
            let step = lacks(BETWEEN_BYTES);
            // Careless writers get back pointers wrong, so that of the last tag may be.
            if step == Step::End && (is_right || left == BACK_POINTER_BYTES as u64) {
                self.close();
            }
            return step;
        };
        let is_usual = !matches!(tag.kind, TagKind::Unknown(_))
            && tag.stream_id == 0
            && rest.first().is_some_and(|first| first & 0xc0 == 0);
        if !is_right && !is_usual {
            return Step::End;
        }
        self.close();
        if left < (BETWEEN_BYTES + size + BACK_POINTER_BYTES) as u64 {
            return Step::End;
        }
        let Some(peeked) = rest[TAG_HEADER_BYTES..].get(..size.min(PEEK_BYTES)) else {
            return Step::More;
        };
        let tag = Open {
            kind: tag.kind,
            timestamp: tag.timestamp_ms,
            start: self.at + BACK_POINTER_BYTES as u64,
            size,
            is_key: is_key_frame(tag.kind, peeked),
            is_header: self.headers.is_changed_by(tag.kind, peeked, size),
            is_doubtful: !is_usual || self.unproven.is_some(),
        };
        self.enter(tag)
    }

    /// Whether a back pointer fits the tag before it; the first one has none before it.
    fn is_right(&self, pointer: u32) -> bool {
        self.open
            .is_none_or(|open| (TAG_HEADER_BYTES + open.size) as u32 == pointer)
    }

    /// Enters a tag that is all there.
    fn enter(&mut self, tag: Open) -> Step {
        if let Some(keyframe) = self.unproven
            && !(tag.is_key && tag.timestamp == keyframe.time_ms as u32)
        {
            return Step::End;
        }
        let payload = tag.start + TAG_HEADER_BYTES as u64;
        self.open = Some(tag);
        self.at = payload + tag.size as u64;
        let is_first = tag.start == u64::from(self.header.size_bytes) + BACK_POINTER_BYTES as u64;
        let is_readable = tag.kind == TagKind::Script && tag.size <= self.limits.max_metadata_bytes;
        if is_first && is_readable && !std::mem::replace(&mut self.head_seen, true) {
            self.state = State::Metadata {
                position: payload,
                size: tag.size,
            };
        }
        Step::On
    }

    /// Counts the tag whose back pointer lies here.
    fn close(&mut self) {
        self.end = self.at + BACK_POINTER_BYTES as u64;
        let Some(tag) = self.open.take() else { return };
        self.unproven = None;
        let is_media = matches!(tag.kind, TagKind::Audio | TagKind::Video);
        let time_ms = if is_media {
            self.timeline.media(tag.timestamp)
        } else {
            self.timeline.data(tag.timestamp)
        };
        self.totals.has_audio |= tag.kind == TagKind::Audio;
        self.totals.has_video |= tag.kind == TagKind::Video;
        let last = self.index.headers().last();
        if tag.is_header && last.is_none_or(|last| last.position < tag.start) {
            self.index.push_header(Keyframe {
                time_ms,
                position: tag.start,
            });
        }
        let last = self.index.entries().last();
        if tag.is_key && last.is_none_or(|last| last.position < tag.start) {
            self.index.push(Keyframe {
                time_ms,
                position: tag.start,
            });
        }
    }

    fn take_metadata(&mut self, position: u64, size: usize, bytes: &[u8]) {
        self.state = State::Tags;
        let start = position - TAG_HEADER_BYTES as u64;
        let payload = bytes.get(..size).unwrap_or_default();
        let Some(properties) = published_properties(payload) else {
            return;
        };
        self.go_on_from_index(&properties);
        self.head = Some(Head {
            payload: payload.to_vec(),
            properties,
            start,
        });
    }

    /// Passes over what the file's own index covers.
    fn go_on_from_index(&mut self, properties: &Value) {
        let index = KeyframeIndex::of_properties(properties, self.limits.index_entries);
        let Some(index) = index else { return };
        let Some(last) = index.entries().last().copied() else {
            return;
        };
        if last.position <= self.at || last.position >= self.file_bytes {
            return;
        }
        let says = |name: &str| properties.get(name).and_then(Value::as_bool);
        self.totals.has_audio = says("hasAudio").unwrap_or(self.header.has_audio);
        self.totals.has_video = true;
        self.index = index;
        self.open = None;
        self.at = last.position - BACK_POINTER_BYTES as u64;
        self.timeline = Timeline::of_file(last.time_ms);
        self.unproven = Some(last);
        self.from_index = true;
    }

    /// Goes through the file from its first tag, since its index is wrong.
    fn start_over(&mut self) {
        self.totals = FileTotals::default();
        self.index = KeyframeIndex::new(self.limits.index_entries);
        self.headers = InForce::default();
        self.open = None;
        self.at = self.header.size_bytes.into();
        self.end = 0;
        self.timeline = Timeline::of_file(0);
        self.unproven = None;
        self.from_index = false;
    }
}
