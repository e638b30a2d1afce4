//! Reads whole tags from any place of a file on.
//!
//! Like [`crate::Scanner`] it says which bytes it wants and is handed them, so that many who
//! play one file can share its pages. It trusts that it is started at a tag; where it finds
//! none it ends.

use bytes::Bytes;

use crate::reader::read_tag_header;
use crate::scan::Read;
use crate::tag::{BACK_POINTER_BYTES, TAG_HEADER_BYTES};
use crate::timeline::Timeline;
use crate::{Error, Tag, TagKind};

/// A tag and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Where the tag starts, in bytes from the start of the file.
    pub position: u64,
    /// Its time, in milliseconds from the start of the file; does not wrap.
    pub time_ms: u64,
    /// The tag.
    pub tag: Tag,
}

/// Walks from tag to tag.
///
/// Hand over what it [wants](Self::wants), until that is nothing.
#[derive(Debug, Clone)]
pub struct Walker {
    /// Where the next tag starts.
    position: u64,
    timeline: Timeline,
    /// Bytes of it that are needed.
    needed: usize,
    max_payload_bytes: usize,
    has_ended: bool,
}

impl Walker {
    /// A walk from the tag at `position` on, which lies at `time_ms` or near it. Payloads have at
    /// most so many bytes.
    #[must_use]
    pub const fn from(position: u64, time_ms: u64, max_payload_bytes: usize) -> Self {
        Self {
            position,
            timeline: Timeline::of_file(time_ms),
            needed: TAG_HEADER_BYTES,
            max_payload_bytes,
            has_ended: false,
        }
    }

    /// The bytes needed for the next tag; more from there on hold more tags. `None` at the end.
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

    /// Takes bytes from the wanted position on, and adds the tags in them to `out`, in order.
    /// They share the bytes. Fewer than wanted mean that the file ends there: what is no whole
    /// tag, with the back pointer behind it, is left out.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] for a payload over the limit. The walk is over then.
    pub fn read(&mut self, bytes: &Bytes, out: &mut Vec<Located>) -> Result<(), Error> {
        if bytes.len() < self.needed {
            self.has_ended = true;
            return Ok(());
        }
        let mut at = 0;
        while let Some(rest) = bytes
            .get(at..)
            .filter(|rest| rest.len() >= TAG_HEADER_BYTES)
        {
            let (mut tag, size) = read_tag_header(rest)?;
            if size > self.max_payload_bytes {
                self.has_ended = true;
                return Err(Error::Limit {
                    what: "tag payload",
                    found: size,
                    max: self.max_payload_bytes,
                });
            }
            let whole = TAG_HEADER_BYTES + size + BACK_POINTER_BYTES;
            if rest.len() < whole {
                self.needed = whole;
                return Ok(());
            }
            let payload = at + TAG_HEADER_BYTES;
            tag.payload = bytes.slice(payload..payload + size);
            let time_ms = match tag.kind {
                TagKind::Audio | TagKind::Video => self.timeline.media(tag.timestamp_ms),
                _ => self.timeline.data(tag.timestamp_ms),
            };
            let position = self.position;
            out.push(Located {
                position,
                time_ms,
                tag,
            });
            self.position += whole as u64;
            at += whole;
        }
        self.needed = TAG_HEADER_BYTES;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Error, Located, Read, Walker};
    use crate::{TagKind, write_tag};

    fn tags(sizes: &[usize]) -> Bytes {
        let mut bytes = vec![0; 100];
        for (size, at) in sizes.iter().zip(0..) {
            write_tag(TagKind::Audio, at, &vec![at as u8; *size], &mut bytes).unwrap();
        }
        bytes.into()
    }

    fn walk(file: &Bytes, piece: usize) -> Result<Vec<Located>, Error> {
        let mut walker = Walker::from(100, 1 << 33, 5000);
        let mut out = Vec::new();
        while let Some(Read { position, bytes }) = walker.wants() {
            let from = position as usize;
            let to = file.len().min(from + bytes.max(piece));
            walker.read(&file.slice(from..to), &mut out)?;
        }
        Ok(out)
    }

    #[test]
    fn every_whole_tag_is_found_however_much_is_handed_over() {
        let sizes = [0, 3, 5000, 1, 17, 300];
        let file = tags(&sizes);
        for piece in [1, 12, 100, 4096, 100_000] {
            let found = walk(&file, piece).unwrap();
            let found_sizes: Vec<_> = found.iter().map(|found| found.tag.payload.len()).collect();
            assert_eq!(found_sizes, sizes, "{piece} at a time");
            assert_eq!(found[2].position, 100 + 15 + 18);
            assert_eq!(found[5].tag.timestamp_ms, 5);
            assert_eq!(found[5].time_ms, (1 << 33) + 5);
        }
    }

    #[test]
    fn a_tag_that_is_cut_ends_the_walk() {
        let file = tags(&[10, 10]);
        for cut in 1..=25 {
            let cut = file.slice(..file.len() - cut);
            assert_eq!(walk(&cut, 4096).unwrap().len(), 1);
        }
    }

    #[test]
    fn a_payload_over_the_limit_is_refused_before_it_is_read() {
        let file = tags(&[3, 5001, 3]);
        let limit = Error::Limit {
            what: "tag payload",
            found: 5001,
            max: 5000,
        };
        assert_eq!(walk(&file, 64), Err(limit));
    }
}
