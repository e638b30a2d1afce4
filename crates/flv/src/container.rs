//! Files of every kind as one: tags, from a place on.
//!
//! Whoever plays a file need not know what kind it is. It has an index of places and times, and
//! a walk from one of those on gives tags.

use std::sync::Arc;

use bytes::Bytes;

use crate::mp3::{Mp3File, Mp3Walker};
use crate::mp4::{Mp4File, Mp4Walker};
use crate::scan::Read;
use crate::{Error, Located, Walker};

/// What kind a file is, with what is needed to go through it.
#[derive(Debug, Clone)]
pub enum Container {
    /// FLV: it has the tags.
    Flv,
    /// MP3: its frames become tags.
    Mp3(Arc<Mp3File>),
    /// MP4: its samples become tags.
    Mp4(Arc<Mp4File>),
}

/// Goes through a file.
///
/// Hand over what it [wants](Self::wants), until that is nothing.
#[derive(Debug, Clone)]
pub enum Walk {
    /// From tag to tag.
    Flv(Walker),
    /// From frame to frame.
    Mp3(Mp3Walker),
    /// From sample to sample.
    Mp4(Mp4Walker),
}

impl Container {
    /// A walk from a place on which a walk before gave, or the index: the time is that of the tag
    /// there. Payloads have at most so many bytes.
    #[must_use]
    pub fn walk(&self, position: u64, time_ms: u64, max_payload_bytes: usize) -> Walk {
        match self {
            Self::Flv => Walk::Flv(Walker::from(position, time_ms, max_payload_bytes)),
            Self::Mp3(file) => Walk::Mp3(Mp3Walker::from(file, position, time_ms)),
            Self::Mp4(file) => Walk::Mp4(Mp4Walker::from(file, position, max_payload_bytes)),
        }
    }
}

impl Walk {
    /// The bytes needed next; more from there on hold more tags. `None` at the end.
    #[must_use]
    pub fn wants(&self) -> Option<Read> {
        match self {
            Self::Flv(walker) => walker.wants(),
            Self::Mp3(walker) => walker.wants(),
            Self::Mp4(walker) => walker.wants(),
        }
    }

    /// Takes bytes from the wanted position on, and adds the tags in them to `out`, in order.
    /// Fewer than wanted mean that the file ends there.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] for a payload over the limit. The walk is over then.
    pub fn read(&mut self, bytes: &Bytes, out: &mut Vec<Located>) -> Result<(), Error> {
        match self {
            Self::Flv(walker) => walker.read(bytes, out),
            Self::Mp3(walker) => {
                walker.read(bytes, out);
                Ok(())
            }
            Self::Mp4(walker) => walker.read(bytes, out),
        }
    }
}
