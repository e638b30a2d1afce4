//! The byte forms in which an entry reaches players: RTMP chunks or FLV tags.

use bytes::{Bytes, BytesMut};
use flv::TagKind;

use crate::entry::{Entry, Kind};

/// A way to put an entry on the wire. Players with equal framings share the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// RTMP chunks on a message stream, cut at the connection's outgoing chunk size.
    Rtmp {
        /// The message stream id the player was given by `createStream`.
        stream_id: u32,
        /// The size in bytes the server announced with Set Chunk Size.
        chunk_size: u32,
    },
    /// An FLV tag with its back pointer, for HTTP and WebSocket players.
    Flv,
}

/// Framed forms kept per entry; further ones are made for each player anew.
pub(crate) const FRAMINGS_KEPT: usize = 4;

// Chunk stream ids of media. The session's own messages use other ids, so a shared frame,
// which always starts with a full (type 0) header, never disturbs its header compression.
/// The chunk stream id of data messages, and of statuses that go with the media.
pub const DATA_CSID: u32 = 5;
const VIDEO_CSID: u32 = 6;
const AUDIO_CSID: u32 = 7;

pub(crate) fn frame(entry: &Entry, framing: Framing) -> Bytes {
    match framing {
        Framing::Rtmp {
            stream_id,
            chunk_size,
        } => rtmp_chunks(entry, stream_id, chunk_size),
        Framing::Flv => flv_tag(entry),
    }
}

fn rtmp_chunks(entry: &Entry, stream_id: u32, chunk_size: u32) -> Bytes {
    let (csid, type_id) = match entry.kind {
        Kind::Audio => (AUDIO_CSID, 8),
        Kind::Video => (VIDEO_CSID, 9),
        Kind::Data => (DATA_CSID, 18),
        Kind::DataAmf3 => (DATA_CSID, 15),
        Kind::Marker(_) => return Bytes::new(),
    };
    let headers = 16 + entry.payload.len() / chunk_size.max(1) as usize * 5;
    let mut out = BytesMut::with_capacity(entry.payload.len() + headers);
    let size = chunk_size as usize;
    rtmp::chunk::frame(
        csid,
        entry.timestamp,
        type_id,
        stream_id,
        &entry.payload,
        size,
        &mut out,
    );
    out.freeze()
}

fn flv_tag(entry: &Entry) -> Bytes {
    let kind = match entry.kind {
        Kind::Audio => TagKind::Audio,
        Kind::Video => TagKind::Video,
        Kind::Data => TagKind::Script,
        Kind::DataAmf3 => TagKind::ScriptAmf3,
        Kind::Marker(_) => return Bytes::new(),
    };
    let mut out = BytesMut::with_capacity(entry.payload.len() + 15);
    // A payload too long for a tag cannot come in: RTMP's own length field is no longer.
    let written = flv::write_tag(kind, entry.timestamp, &entry.payload, &mut out);
    if written.is_ok() {
        out.freeze()
    } else {
        Bytes::new()
    }
}
