//! One message in a ring: what it is, when it is for, and its framed forms.

use bytes::Bytes;
use parking_lot::Mutex;
use rtmp::Millis;
use smallvec::SmallVec;

use crate::framing::{self, Framing};

/// What an entry carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An audio message (RTMP type 8).
    Audio,
    /// A video message (RTMP type 9).
    Video,
    /// A data message in AMF0 (type 18): `onMetaData`, or any `NetStream.send`.
    Data,
    /// A data message in AMF3 form (type 15).
    DataAmf3,
    /// Something that happened to the stream, told to players in order with the media.
    Marker(Marker),
}

/// An event of the stream's life that players are told as a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A publisher has taken the stream: `NetStream.Play.PublishNotify`.
    Published,
    /// The publisher has gone: `NetStream.Play.UnpublishNotify`.
    Unpublished,
}

/// What it costs a player to miss an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Codec configuration, data, markers: never skipped.
    Required,
    /// A video frame that can be decoded by itself.
    Key,
    /// A video frame that later frames need.
    Inter,
    /// A video frame that nothing depends on.
    Disposable,
    /// A frame of audio.
    Audio,
}

/// One message of a stream, immutable and shared by all its players.
#[derive(Debug)]
pub struct Entry {
    /// Position in the ring, counted from 0 for the life of the ring.
    pub seq: u64,
    /// Payload bytes appended to the ring before this entry; measures lag.
    pub offset: u64,
    /// When the server had the whole message.
    pub arrived: Millis,
    /// The publisher's RTMP timestamp in ms; wraps.
    pub timestamp: u32,
    /// What it is.
    pub kind: Kind,
    /// What missing it costs.
    pub weight: Weight,
    /// The message body as it travels over RTMP. Empty for markers.
    pub payload: Bytes,
    frames: Mutex<SmallVec<[(Framing, Bytes); 1]>>,
}

impl Entry {
    pub(crate) fn new(
        seq: u64,
        offset: u64,
        arrived: Millis,
        timestamp: u32,
        (kind, weight): (Kind, Weight),
        payload: Bytes,
    ) -> Self {
        let frames = Mutex::new(SmallVec::new());
        Self {
            seq,
            offset,
            arrived,
            timestamp,
            kind,
            weight,
            payload,
            frames,
        }
    }

    /// The entry in `framing`, made on first use and shared afterwards.
    ///
    /// Markers have no shared form (each player's status names its own client) and give
    /// empty bytes.
    pub fn framed(&self, framing: Framing) -> Bytes {
        let mut frames = self.frames.lock();
        if let Some((_, bytes)) = frames.iter().find(|(known, _)| *known == framing) {
            return bytes.clone();
        }
        let bytes = framing::frame(self, framing);
        // Nearly all players share one framing. A client that picks odd stream ids must not
        // make the server keep a copy of the stream for each of them.
        if frames.len() < framing::FRAMINGS_KEPT {
            frames.push((framing, bytes.clone()));
        }
        bytes
    }
}
