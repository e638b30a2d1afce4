//! A recording as a file that is fetched: what tells its versions apart, and the bytes of a
//! part of it. Nothing is paced here: who fetches takes what it can.

use std::sync::Arc;

use bytes::Bytes;
use engine::FileKind;
use flv::{Located, Read, TagKind, codec_header, write_header, write_tag};

use super::opened::{Opened, Source};

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 64 << 10;

/// A recording that can be fetched.
pub(crate) struct Download {
    source: Source,
    opened: Arc<Opened>,
}

/// Part of a recording: what is said first, then bytes of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// What stands before the bytes of the file.
    pub(crate) head: Bytes,
    /// Where they begin.
    pub(crate) position: u64,
    /// How many they are.
    pub(crate) bytes: u64,
}

impl Download {
    /// Opens a recording; `None` if it is not there any more, or no file.
    pub(crate) async fn open(source: &Source) -> Option<Self> {
        let opened = source.open().await?;
        if opened.kind == FileKind::Id3 {
            return None;
        }
        let source = source.clone();
        Some(Self { source, opened })
    }

    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.opened.state.bytes
    }

    /// What the file is, as HTTP names it.
    pub(crate) fn content_type(&self) -> &'static str {
        match self.opened.kind {
            FileKind::Mp3 => "audio/mpeg",
            FileKind::Mp4 => "video/mp4",
            FileKind::Flv | FileKind::Id3 => "video/x-flv",
        }
    }

    /// When the file was changed, in seconds of the Unix epoch.
    pub(crate) fn changed_s(&self) -> u64 {
        u64::try_from(self.opened.state.changed.0).unwrap_or(0)
    }

    /// What tells one state of the file from another (RFC 9110 §8.8.3).
    pub(crate) fn tag(&self) -> String {
        let state = &self.opened.state;
        let (seconds, nanos) = state.changed;
        format!(
            "\"{:x}-{:x}-{seconds:x}.{nanos:x}\"",
            state.number, state.bytes
        )
    }

    /// Bytes of the file as they are.
    pub(crate) const fn stretch(position: u64, bytes: u64) -> Part {
        let head = Bytes::new();
        Part {
            head,
            position,
            bytes,
        }
    }

    /// From the last key frame at or before a time on: a file of its own, which begins with the
    /// metadata and the codec headers that hold there. The times are those of the whole. Without
    /// such a key frame it is the whole. Of an MP3 file it is the frames from there on, of an
    /// MP4 file always the whole.
    pub(crate) fn part_from(&self, start_ms: u64) -> Part {
        let recorded = &self.opened.recorded;
        let keyframe = recorded.index.seek(start_ms);
        let keyframe = keyframe.filter(|found| found.time_ms <= start_ms && start_ms > 0);
        let Some(keyframe) = keyframe.filter(|found| found.position > recorded.first_tag) else {
            return Self::stretch(0, self.bytes());
        };
        if self.opened.kind == FileKind::Mp4 {
            return Self::stretch(0, self.bytes());
        }
        if self.opened.kind == FileKind::Mp3 {
            let left = self.bytes().saturating_sub(keyframe.position);
            return Self::stretch(keyframe.position, left);
        }
        let mut head = write_header(recorded.has_audio, recorded.has_video).to_vec();
        let mut put = |kind: TagKind, time_ms: u64, payload: &[u8]| {
            // It was read from a tag, so it fits one.
            let _ = write_tag(kind, time_ms as u32, payload, &mut head);
        };
        if let Some(metadata) = &self.opened.metadata {
            put(metadata.kind, 0, &metadata.payload);
        }
        for header in holding_at(&recorded.headers, keyframe.position) {
            put(header.tag.kind, keyframe.time_ms, &header.tag.payload);
        }
        Part {
            head: head.into(),
            position: keyframe.position,
            bytes: self.bytes().saturating_sub(keyframe.position),
        }
    }

    /// The next bytes of a part, which is shortened by them. Nothing where the file has become
    /// shorter.
    pub(crate) async fn next(&self, part: &mut Part) -> Bytes {
        if !part.head.is_empty() {
            return std::mem::take(&mut part.head);
        }
        let most = usize::try_from(part.bytes).unwrap_or(PIECE_BYTES);
        let read = Read {
            position: part.position,
            bytes: PIECE_BYTES.min(most),
        };
        let mut bytes = self.source.read(&self.opened, read).await;
        bytes.truncate(most);
        part.position += bytes.len() as u64;
        part.bytes -= bytes.len() as u64;
        bytes
    }
}

/// The last codec header of each track before a place.
fn holding_at(headers: &[Located], position: u64) -> Vec<&Located> {
    let track = |found: &Located| codec_header(found.tag.kind, &found.tag.payload);
    let before = headers.iter().filter(|found| found.position < position);
    let mut holding: Vec<&Located> = Vec::new();
    for header in before {
        holding.retain(|known| track(known) != track(header));
        holding.push(header);
    }
    holding
}
