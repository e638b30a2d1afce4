//! Reads the file form from bytes as they arrive, cut anywhere.
//!
//! The reader keeps what has arrived and not yet been read, and never more than one tag of it
//! when it is polled after each push. Sizes in the bytes are promises of the sender: they are
//! checked against [`Limits`] and never allocated for.

use bytes::{Bytes, BytesMut};

use crate::cursor::Cursor;
use crate::tag::{BACK_POINTER_BYTES, FILE_HEADER_BYTES, TAG_HEADER_BYTES};
use crate::{Error, FileHeader, Tag, TagKind};

/// Bounds on what a [`Reader`] accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest payload of a tag, in bytes. Default: 4 MiB, as for RTMP media messages.
    pub max_payload_bytes: usize,
    /// The largest file header, in bytes; all known files have 9. Default: 1024.
    pub max_file_header_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_payload_bytes: 4 << 20,
            max_file_header_bytes: 1024,
        }
    }
}

/// What a [`Reader`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// The header of the file; once, first.
    FileHeader(FileHeader),
    /// A tag.
    Tag(Tag),
    /// A back pointer is not the size of the tag before it. Players ignore back pointers and
    /// careless writers get them wrong, so reading goes on; a strict caller stops here.
    WrongBackPointer {
        /// Where the back pointer is, in bytes from the start of the file.
        offset: usize,
        /// The size of the tag before it.
        expected: u32,
        /// What it says.
        found: u32,
    },
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FileHeader,
    BackPointer { expected: u32 },
    Tag,
    Failed(Error),
}

/// Turns the bytes of a file into its header and tags.
///
/// [`push`](Self::push) bytes, then [`poll`](Self::poll) until it answers `None`.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    buffer: BytesMut,
    /// Bytes of the file before `buffer`.
    consumed: usize,
    state: State,
}

impl Reader {
    /// A reader at the start of a file.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            consumed: 0,
            state: State::FileHeader,
        }
    }

    /// Hands over the next bytes of the file, any number of them.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next thing in the file, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] where the file is no FLV file, [`Error::Limit`] where a size is over
    /// the [`Limits`]. Offsets count from the start of the file. An error stays: all later
    /// calls answer it again.
    pub fn poll(&mut self) -> Result<Option<Item>, Error> {
        if let State::BackPointer { expected } = self.state {
            let offset = self.consumed;
            let Some(found) = self.take_back_pointer() else {
                return Ok(None);
            };
            if found != expected {
                return Ok(Some(Item::WrongBackPointer {
                    offset,
                    expected,
                    found,
                }));
            }
        }
        let step = match self.state {
            State::FileHeader => self.poll_file_header(),
            State::BackPointer { .. } | State::Tag => self.poll_tag(),
            State::Failed(error) => Err(error),
        };
        step.inspect_err(|error| self.state = State::Failed(*error))
    }

    /// Whether the file may end here: behind a tag and its back pointer.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] naming what is missing, with the offset at which the file would have
    /// to be cut to be whole up to there; or the error [`poll`](Self::poll) answered.
    pub fn finish(&self) -> Result<(), Error> {
        let what = match self.state {
            State::Failed(error) => return Err(error),
            State::Tag if self.buffer.is_empty() => return Ok(()),
            State::FileHeader => "file header",
            State::BackPointer { .. } => "back pointer",
            State::Tag => "tag",
        };
        Err(Error::Truncated {
            what,
            offset: self.consumed,
        })
    }

    fn take(&mut self, len: usize) -> Bytes {
        self.consumed += len;
        self.buffer.split_to(len).freeze()
    }

    fn poll_file_header(&mut self) -> Result<Option<Item>, Error> {
        let most = self.limits.max_file_header_bytes;
        let Some(header) = read_file_header(&self.buffer, most)? else {
            return Ok(None);
        };
        let size = header.size_bytes as usize;
        if self.buffer.len() < size {
            return Ok(None);
        }
        self.take(size);
        self.state = State::BackPointer { expected: 0 };
        Ok(Some(Item::FileHeader(header)))
    }

    fn take_back_pointer(&mut self) -> Option<u32> {
        let found = Cursor::new(&self.buffer).u32("back pointer").ok()?;
        self.take(BACK_POINTER_BYTES);
        self.state = State::Tag;
        Some(found)
    }

    fn poll_tag(&mut self) -> Result<Option<Item>, Error> {
        let Ok((mut tag, size)) = read_tag_header(&self.buffer) else {
            return Ok(None);
        };
        check_limit("tag payload", size, self.limits.max_payload_bytes)?;
        if self.buffer.len() < TAG_HEADER_BYTES + size {
            return Ok(None);
        }
        self.take(TAG_HEADER_BYTES);
        tag.payload = self.take(size);
        self.state = State::BackPointer {
            expected: (TAG_HEADER_BYTES + size) as u32,
        };
        Ok(Some(Item::Tag(tag)))
    }
}

/// Fails as soon as one of the bytes there cannot begin a file.
fn check_signature(bytes: &[u8]) -> Result<(), Error> {
    match bytes.iter().zip(b"FLV").position(|(a, b)| a != b) {
        None => Ok(()),
        Some(offset) => Err(Error::Malformed {
            what: "signature",
            offset,
        }),
    }
}

/// The header that a file starts with, of at most `most` bytes; `None` when more of it is needed.
pub(crate) fn read_file_header(bytes: &[u8], most: usize) -> Result<Option<FileHeader>, Error> {
    check_signature(bytes)?;
    let Ok(fields) = Cursor::new(bytes).take(FILE_HEADER_BYTES, "file header") else {
        return Ok(None);
    };
    let (version, flags) = (fields[3], fields[4]);
    let size_bytes = u32::from_be_bytes([fields[5], fields[6], fields[7], fields[8]]);
    let size = size_bytes as usize;
    if size < FILE_HEADER_BYTES {
        return Err(Error::Malformed {
            what: "size of the file header",
            offset: 5,
        });
    }
    check_limit("file header", size, most)?;
    Ok(Some(FileHeader {
        version,
        has_audio: flags & 0x04 != 0,
        has_video: flags & 0x01 != 0,
        size_bytes,
    }))
}

fn check_limit(what: &'static str, found: usize, max: usize) -> Result<(), Error> {
    if found > max {
        return Err(Error::Limit { what, found, max });
    }
    Ok(())
}

/// The tag without its payload, and how many bytes that has.
pub(crate) fn read_tag_header(bytes: &[u8]) -> Result<(Tag, usize), Error> {
    let mut cursor = Cursor::new(bytes);
    let first = cursor.u8("tag type")?;
    let size = cursor.u24("tag size")? as usize;
    let low = cursor.u24("tag time")?;
    let high = cursor.u8("tag time")?;
    let tag = Tag {
        kind: TagKind::from_id(first),
        filtered: first & 0x20 != 0,
        timestamp_ms: u32::from(high) << 24 | low,
        stream_id: cursor.u24("tag stream id")?,
        payload: Bytes::new(),
    };
    Ok((tag, size))
}

#[cfg(test)]
mod tests {
    use super::{Item, Limits, Reader};
    use crate::{Error, TagKind, write_header, write_tag};

    fn read_all(bytes: &[u8], limits: Limits) -> (Vec<Item>, Result<(), Error>) {
        let mut reader = Reader::new(limits);
        reader.push(bytes);
        let mut items = Vec::new();
        while let Ok(Some(item)) = reader.poll() {
            items.push(item);
        }
        (items, reader.finish())
    }

    fn file_of(tags: &[(TagKind, u32, &[u8])]) -> Vec<u8> {
        let mut file = write_header(true, true).to_vec();
        for (kind, timestamp_ms, payload) in tags {
            write_tag(*kind, *timestamp_ms, payload, &mut file).unwrap();
        }
        file
    }

    #[test]
    fn a_longer_file_header_is_skipped() {
        let file = b"FLV\x01\x05\0\0\0\x0b??\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\x0b";
        let (items, end) = read_all(file, Limits::default());
        assert_eq!(end, Ok(()));
        assert!(matches!(items[0], Item::FileHeader(header) if header.size_bytes == 11));
        assert!(matches!(&items[1], Item::Tag(tag) if tag.payload.is_empty()));
        assert_eq!(items.len(), 2);
    }

    #[test]
    fn what_is_no_flv_file_is_refused_at_its_first_wrong_byte() {
        let what = "signature";
        for (file, offset) in [(&b"M"[..], 0), (b"FLA", 2), (b"FLv\x01\x05\0\0\0\x09", 2)] {
            let (items, end) = read_all(file, Limits::default());
            assert!(items.is_empty());
            assert_eq!(end, Err(Error::Malformed { what, offset }));
        }
        let what = "size of the file header";
        let (_, end) = read_all(b"FLV\x01\x05\0\0\0\x08", Limits::default());
        assert_eq!(end, Err(Error::Malformed { what, offset: 5 }));
    }

    #[test]
    fn a_payload_at_the_limit_is_read_and_one_past_it_refused() {
        let limits = Limits {
            max_payload_bytes: 3,
            ..Limits::default()
        };
        let (items, end) = read_all(&file_of(&[(TagKind::Audio, 0, &[1, 2, 3])]), limits);
        assert_eq!((items.len(), end), (2, Ok(())));
        let (items, end) = read_all(&file_of(&[(TagKind::Audio, 0, &[0; 4])]), limits);
        assert_eq!(items.len(), 1);
        let what = "tag payload";
        let limit = Error::Limit {
            what,
            found: 4,
            max: 3,
        };
        assert_eq!(end, Err(limit));
    }

    #[test]
    fn a_file_header_past_the_limit_is_refused_before_it_arrives() {
        let (_, end) = read_all(b"FLV\x01\x05\xff\xff\xff\xff", Limits::default());
        assert!(matches!(end, Err(Error::Limit { max: 1024, .. })));
    }

    #[test]
    fn an_error_stays() {
        let mut reader = Reader::new(Limits::default());
        reader.push(b"XLV");
        let error = reader.poll().unwrap_err();
        reader.push(&file_of(&[]));
        assert_eq!(reader.poll(), Err(error));
    }

    #[test]
    fn a_wrong_back_pointer_is_told_and_reading_goes_on() {
        let mut file = file_of(&[(TagKind::Audio, 0, &[1]), (TagKind::Audio, 1, &[2])]);
        file[13 + 12 + 3] = 99;
        let (items, end) = read_all(&file, Limits::default());
        assert_eq!((items.len(), end), (4, Ok(())));
        assert_eq!(
            items[2],
            Item::WrongBackPointer {
                offset: 25,
                expected: 12,
                found: 99
            }
        );
    }

    #[test]
    fn a_tag_is_there_before_its_back_pointer_and_the_end_says_what_is_missing() {
        let file = file_of(&[(TagKind::Script, 7, &[1, 2])]);
        for (cut, items, what, offset) in [
            (0, 0, "file header", 0),
            (8, 0, "file header", 0),
            (12, 1, "back pointer", 9),
            (14, 1, "tag", 13),
            (25, 1, "tag", 13),
            (26, 2, "back pointer", 26),
            (29, 2, "back pointer", 26),
        ] {
            let (found, end) = read_all(&file[..cut], Limits::default());
            assert_eq!(found.len(), items, "cut at {cut}");
            assert_eq!(end, Err(Error::Truncated { what, offset }), "cut at {cut}");
        }
    }

    #[test]
    fn filtered_and_unknown_tags_are_surfaced() {
        let mut file = file_of(&[(TagKind::Unknown(20), 0, &[9])]);
        file[13] |= 0x20;
        let (items, _) = read_all(&file, Limits::default());
        let Item::Tag(tag) = &items[1] else {
            panic!("no tag but {:?}", items[1]);
        };
        assert_eq!((tag.kind, tag.filtered), (TagKind::Unknown(20), true));
    }
}
