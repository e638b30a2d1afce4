//! Looks through an MP3 file: where its frames are, how long it is, what its titles say.

use std::sync::Arc;

use amf::{EncodeError, Str, Value, amf0};
use bytes::Bytes;

use super::id3::{self, Id3};
use super::{LOOK_BYTES, Look, MAX_JUNK_BYTES, Mp3Stream, TABLE_BYTES, is_table, look};
use crate::codec::Mp3FrameHeader;
use crate::metadata::ON_META_DATA;
use crate::scan::Read;
use crate::{Error, Keyframe, KeyframeIndex};

/// What is in an MP3 file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mp3File {
    /// What its frames have in common.
    pub stream: Mp3Stream,
    /// Where the first frame with sound starts.
    pub first_frame: u64,
    /// Where the last whole frame ends.
    pub end: u64,
    /// Bytes of the file, without the titles it ends with: so far is looked to tell frames from
    /// what only looks like one.
    pub bytes: u64,
    /// Frames with sound.
    pub frames: u64,
    /// Places of frames.
    pub index: Arc<KeyframeIndex>,
    /// What it says of itself.
    pub id3: Id3,
}

impl Mp3File {
    /// How long it sounds, in milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.stream.time_ms(self.frames)
    }

    /// The `onMetaData` of such a file: what an FLV file would say, and what this one says of
    /// itself.
    ///
    /// # Errors
    ///
    /// When that is too large to be written as AMF0.
    pub fn metadata(&self) -> Result<Bytes, EncodeError> {
        const MP3: f64 = 2.0;
        let own: [(&str, Value); 5] = [
            ("duration", (self.duration_ms() as f64 / 1000.0).into()),
            ("hasAudio", true.into()),
            ("hasVideo", false.into()),
            ("audiocodecid", MP3.into()),
            (
                "audiosamplerate",
                f64::from(self.stream.sample_rate_hz).into(),
            ),
        ];
        let own = own.map(|(name, value)| (Str::from(name), value));
        let titles = self.id3.to_value();
        let titles = titles.props().unwrap_or_default().iter().cloned();
        let titles = titles.filter(|(_, value)| value.as_str() != Some(""));
        let properties = Value::ecma_array(own.into_iter().chain(titles));
        Ok(amf0::encode_all(&[ON_META_DATA.into(), properties])?.into())
    }

    /// The message that tells a player's `onId3` what the file says of itself.
    ///
    /// # Errors
    ///
    /// When that is too large to be written as AMF0.
    pub fn id3_message(&self) -> Result<Bytes, EncodeError> {
        Ok(amf0::encode_all(&["onId3".into(), self.id3.to_value()])?.into())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The last bytes, where `ID3v1` is.
    Tail,
    /// The start of an `ID3v2` tag, which ends at this place.
    Titles(u64),
    Frames,
    Done,
}

/// Looks through a file of a known size.
///
/// Hand over what it [wants](Self::wants) until that is nothing, then [`finish`](Self::finish).
#[derive(Debug, Clone)]
pub struct Mp3Scanner {
    state: State,
    /// The size of the file without what titles it ends with.
    file_bytes: u64,
    position: u64,
    needed: usize,
    behind_frame: bool,
    /// Bytes since the last frame that are none.
    junk_bytes: u64,
    stream: Option<Mp3Stream>,
    first_frame: Option<u64>,
    frames: u64,
    end: u64,
    index: KeyframeIndex,
    id3: Id3,
    old_id3: Id3,
}

impl Mp3Scanner {
    /// A scanner for a file of so many bytes, which keeps at most so many places of frames.
    #[must_use]
    pub fn new(file_bytes: u64, index_entries: usize) -> Self {
        Self {
            state: if file_bytes < id3::V1_BYTES as u64 {
                State::Frames
            } else {
                State::Tail
            },
            file_bytes,
            position: 0,
            needed: LOOK_BYTES,
            behind_frame: false,
            junk_bytes: 0,
            stream: None,
            first_frame: None,
            frames: 0,
            end: 0,
            index: KeyframeIndex::new(index_entries),
            id3: Id3::default(),
            old_id3: Id3::default(),
        }
    }

    /// The bytes needed next; more from there on are of use, too. `None` when it is done. At the
    /// end of the file fewer are handed over.
    #[must_use]
    pub fn wants(&self) -> Option<Read> {
        let (position, bytes) = match self.state {
            State::Tail => (self.file_bytes - id3::V1_BYTES as u64, id3::V1_BYTES),
            State::Titles(end) => (self.position, self.titles_bytes(end)),
            State::Frames => (self.position, self.needed),
            State::Done => return None,
        };
        Some(Read { position, bytes })
    }

    fn titles_bytes(&self, end: u64) -> usize {
        let size = end.min(self.file_bytes) - self.position;
        usize::try_from(size).map_or(id3::MAX_V2_BYTES, |size| size.min(id3::MAX_V2_BYTES))
    }

    /// Takes bytes from the wanted position on. Fewer than wanted mean that the file ends there.
    pub fn read(&mut self, bytes: &[u8]) {
        match self.state {
            State::Tail => {
                if let Some(found) = bytes.get(..id3::V1_BYTES).and_then(id3::parse_v1) {
                    self.old_id3 = found;
                    self.file_bytes -= id3::V1_BYTES as u64;
                }
                self.state = State::Frames;
            }
            State::Titles(end) => {
                let whole = self.titles_bytes(end);
                let titles = &bytes[..whole.min(bytes.len())];
                if self.id3 == Id3::default() {
                    self.id3 = id3::parse_v2(titles);
                }
                self.position = end;
                self.state = State::Frames;
            }
            State::Frames => self.frames_in(bytes),
            State::Done => {}
        }
    }

    fn frames_in(&mut self, bytes: &[u8]) {
        let start = self.position;
        let left = self.file_bytes.saturating_sub(start);
        let known = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let bytes = &bytes[..known];
        let is_all = bytes.len() as u64 == left || bytes.len() < self.needed;
        while self.state == State::Frames {
            let at = usize::try_from(self.position - start).unwrap_or(usize::MAX);
            let Some(rest) = bytes.get(at..) else {
                // What is passed over reaches past these bytes.
                self.needed = LOOK_BYTES;
                if is_all {
                    self.state = State::Done;
                }
                return;
            };
            if !self.step(rest, is_all) {
                return;
            }
        }
    }

    /// Looks at one place; false if more bytes are needed.
    fn step(&mut self, rest: &[u8], is_all: bool) -> bool {
        if rest.is_empty() && is_all {
            self.state = State::Done;
            return true;
        }
        match look(rest, is_all, self.stream, self.behind_frame) {
            Look::More(bytes) => self.needed = bytes,
            Look::Tag(size) => {
                self.behind_frame = false;
                self.needed = LOOK_BYTES;
                self.state = State::Titles(self.position.saturating_add(size));
                // Handed over anew, from its start on.
                return false;
            }
            Look::Junk => {
                self.behind_frame = false;
                self.junk_bytes += 1;
                self.position += 1;
                if self.junk_bytes > MAX_JUNK_BYTES {
                    self.state = State::Done;
                }
                return true;
            }
            Look::Frame(header) => return self.frame(&header, rest, is_all),
        }
        false
    }

    fn frame(&mut self, header: &Mp3FrameHeader, rest: &[u8], is_all: bool) -> bool {
        let size = header.frame_bytes;
        if self.stream.is_none() && rest.len() < size.min(TABLE_BYTES) && !is_all {
            self.needed = size.min(TABLE_BYTES);
            return false;
        }
        let end = self.position + size as u64;
        if end > self.file_bytes {
            // It was cut.
            self.state = State::Done;
            return true;
        }
        let is_first = self.stream.is_none();
        let stream = *self.stream.get_or_insert(Mp3Stream::of(header));
        if !(is_first && is_table(header, &rest[..size.min(rest.len())])) {
            self.first_frame.get_or_insert(self.position);
            self.index.push(Keyframe {
                time_ms: stream.time_ms(self.frames),
                position: self.position,
            });
            self.frames += 1;
        }
        self.end = end;
        self.position = end;
        self.behind_frame = true;
        self.junk_bytes = 0;
        self.needed = LOOK_BYTES;
        true
    }

    /// What was found.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] where there is no frame.
    pub fn finish(self) -> Result<Mp3File, Error> {
        let found = self.stream.zip(self.first_frame);
        let (stream, first_frame) = found.ok_or(Error::Malformed {
            what: "MP3 file",
            offset: 0,
        })?;
        Ok(Mp3File {
            stream,
            first_frame,
            end: self.end,
            bytes: self.file_bytes,
            frames: self.frames,
            index: Arc::new(self.index),
            id3: self.id3.or(self.old_id3),
        })
    }
}
