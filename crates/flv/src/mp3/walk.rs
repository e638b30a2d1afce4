//! Goes from frame to frame of an MP3 file, and makes a tag of each.

use bytes::{BufMut, Bytes, BytesMut};

use super::{LOOK_BYTES, Look, MAX_JUNK_BYTES, Mp3File, Mp3Stream, look};
use crate::scan::Read;
use crate::{Located, Tag, TagKind};

/// Walks from frame to frame.
///
/// Hand over what it [wants](Self::wants), until that is nothing.
#[derive(Debug, Clone)]
pub struct Mp3Walker {
    stream: Mp3Stream,
    /// Where the last frame ends.
    end: u64,
    /// What was looked at when the frames were found ends here.
    bytes: u64,
    position: u64,
    /// The number of the frame there.
    frame: u64,
    needed: usize,
    behind_frame: bool,
    junk_bytes: u64,
    has_ended: bool,
}

impl Mp3Walker {
    /// A walk from the frame at `position` on, whose time that is.
    #[must_use]
    pub fn from(file: &Mp3File, position: u64, time_ms: u64) -> Self {
        Self {
            stream: file.stream,
            end: file.end,
            bytes: file.bytes,
            position,
            frame: file.stream.frame_at(time_ms),
            needed: LOOK_BYTES,
            behind_frame: true,
            junk_bytes: 0,
            has_ended: position >= file.end,
        }
    }

    /// The bytes needed for the next frame; more from there on hold more frames. `None` at the
    /// end.
    #[must_use]
    pub const fn wants(&self) -> Option<Read> {
        if self.has_ended {
            return None;
        }
        Some(Read {
            position: self.position,
            bytes: self.needed,
        })
    }

    /// Takes bytes from the wanted position on, and adds the frames in them to `out`. Fewer than
    /// wanted mean that the file ends there.
    pub fn read(&mut self, bytes: &Bytes, out: &mut Vec<Located>) {
        let start = self.position;
        let left = self.bytes.saturating_sub(start);
        let known = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let is_all = known as u64 == left || bytes.len() < self.needed;
        let bytes = bytes.slice(..known);
        while !self.has_ended {
            if self.position >= self.end {
                self.has_ended = true;
                return;
            }
            let at = usize::try_from(self.position - start).unwrap_or(usize::MAX);
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.is_empty() {
                self.needed = LOOK_BYTES;
                self.has_ended = is_all;
                return;
            }
            match look(rest, is_all, Some(self.stream), self.behind_frame) {
                Look::More(bytes) => {
                    self.needed = bytes;
                    return;
                }
                Look::Tag(size) => self.pass(size),
                Look::Junk => {
                    self.junk_bytes += 1;
                    self.has_ended = self.junk_bytes > MAX_JUNK_BYTES;
                    self.pass(1);
                }
                Look::Frame(header) => {
                    let Some(frame) = rest.get(..header.frame_bytes) else {
                        self.needed = header.frame_bytes;
                        self.has_ended = is_all;
                        return;
                    };
                    out.push(self.tag(header.channels, frame));
                }
            }
        }
    }

    fn pass(&mut self, size: u64) {
        self.position = self.position.saturating_add(size);
        self.behind_frame = false;
    }

    fn tag(&mut self, channels: u8, frame: &[u8]) -> Located {
        let time_ms = self.stream.time_ms(self.frame);
        let mut payload = BytesMut::with_capacity(1 + frame.len());
        payload.put_u8(self.stream.message_head(channels));
        payload.put_slice(frame);
        let found = Located {
            position: self.position,
            time_ms,
            tag: Tag {
                kind: TagKind::Audio,
                filtered: false,
                timestamp_ms: time_ms as u32,
                stream_id: 0,
                payload: payload.freeze(),
            },
        };
        self.position += frame.len() as u64;
        self.frame += 1;
        self.behind_frame = true;
        self.junk_bytes = 0;
        self.needed = LOOK_BYTES;
        found
    }
}
