//! The byte forms in which an entry reaches players: RTMP chunks or FLV tags.

use bytes::{Bytes, BytesMut};
use flv::TagKind;
use rtmp::chunk::RawMessage;
use rtmp::{Body, Data, Encoding, Limits, Message, Millis};

use crate::entry::{Entry, Kind, Weight};

/// A way to put an entry on the wire. Players with equal framings share the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// RTMP chunks on a message stream, cut at the connection's outgoing chunk size.
    Rtmp {
        /// The message stream id the player was given by `createStream`.
        stream_id: u32,
        /// The size in bytes the server announced with Set Chunk Size.
        chunk_size: u32,
        /// How the player reads data messages (its `objectEncoding`). Those in AMF3 are
        /// written anew for a player of AMF0.
        encoding: Encoding,
    },
    /// An FLV tag with its back pointer, for HTTP and WebSocket players.
    Flv,
}

/// Framed forms kept per entry; further ones are made for each player anew.
pub(crate) const FRAMINGS_KEPT: usize = 4;

// Chunk stream ids of media. The session's own messages use other ids (`rtmp::chunk::csid`):
// the full (type 0) header of a shared frame would replace what the peer remembers of the
// session's last message there, and the session's next compressed header would be misread.
/// The chunk stream id of data messages, and of statuses that go with the media.
pub const DATA_CSID: u32 = 4;
const VIDEO_CSID: u32 = 6;
const AUDIO_CSID: u32 = 9;

pub(crate) fn frame(entry: &Entry, framing: Framing) -> Bytes {
    match framing {
        Framing::Rtmp {
            stream_id,
            chunk_size,
            encoding,
        } => match (entry.kind, encoding) {
            (Kind::DataAmf3, Encoding::Amf0) => amf0_data(entry)
                .map(|payload| rtmp_chunks(18, DATA_CSID, entry, &payload, stream_id, chunk_size))
                .unwrap_or_default(),
            _ => as_it_came(entry, stream_id, chunk_size),
        },
        Framing::Flv => flv_tag(entry),
    }
}

/// A tag of a recording on the wire, at this time of the stream. Nothing for an unknown kind.
pub fn frame_tag(tag: &flv::Tag, timestamp: u32, framing: Framing) -> Bytes {
    let kind = match tag.kind {
        TagKind::Audio => Kind::Audio,
        TagKind::Video => Kind::Video,
        TagKind::Script => Kind::Data,
        TagKind::ScriptAmf3 => Kind::DataAmf3,
        TagKind::Unknown(_) => return Bytes::new(),
    };
    let what = (kind, Weight::Required);
    let entry = Entry::new(0, 0, Millis(0), timestamp, what, tag.payload.clone());
    frame(&entry, framing)
}

fn as_it_came(entry: &Entry, stream_id: u32, chunk_size: u32) -> Bytes {
    let (csid, type_id) = match entry.kind {
        Kind::Audio => (AUDIO_CSID, 8),
        Kind::Video => (VIDEO_CSID, 9),
        Kind::Data => (DATA_CSID, 18),
        Kind::DataAmf3 => (DATA_CSID, 15),
        Kind::Marker(_) => return Bytes::new(),
    };
    let payload = &entry.payload;
    rtmp_chunks(type_id, csid, entry, payload, stream_id, chunk_size)
}

/// The values of an AMF3 data message in AMF0; what only AMF3 knows becomes what comes closest.
/// `None` if the message cannot be read: then this player could not read it either.
fn amf0_data(entry: &Entry) -> Option<Bytes> {
    let raw = RawMessage {
        csid: DATA_CSID,
        timestamp: entry.timestamp,
        type_id: 15,
        stream_id: 0,
        payload: entry.payload.clone(),
    };
    let message = Message::decode(&raw, &Limits::default()).ok()?;
    let Body::Data(data) = message.body else {
        return None;
    };
    let data = Body::Data(Data::new(data.values, Encoding::Amf0));
    let raw = Message::stream(1, data).encode().ok()?;
    Some(raw.payload)
}

fn rtmp_chunks(
    type_id: u8,
    csid: u32,
    entry: &Entry,
    payload: &[u8],
    stream_id: u32,
    chunk_size: u32,
) -> Bytes {
    let headers = 16 + payload.len() / chunk_size.max(1) as usize * 5;
    let mut out = BytesMut::with_capacity(payload.len() + headers);
    let size = chunk_size as usize;
    rtmp::chunk::frame(
        csid,
        entry.timestamp,
        type_id,
        stream_id,
        payload,
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

#[cfg(test)]
mod tests {
    use super::*;
    use rtmp::chunk::{Reader, Writer, csid};

    fn entry(kind: Kind, payload: &'static [u8]) -> Entry {
        let payload = Bytes::from_static(payload);
        Entry::new(0, 0, Millis(0), 40, (kind, Weight::Required), payload)
    }

    #[test]
    fn media_and_the_session_never_share_a_chunk_stream() {
        let session = [
            csid::CONTROL,
            csid::CONNECTION,
            csid::STREAM,
            csid::VIDEO,
            csid::AUDIO,
        ];
        for media in [DATA_CSID, VIDEO_CSID, AUDIO_CSID] {
            assert!(!session.contains(&media), "{media}");
        }
    }

    #[test]
    fn frames_between_messages_of_the_session_leave_its_headers_readable() {
        const CHUNK_SIZE: u32 = 128;
        let message = |payload: &'static [u8]| RawMessage {
            csid: csid::of(20, 1),
            timestamp: 0,
            type_id: 20,
            stream_id: 1,
            payload: Bytes::from_static(payload),
        };
        let framing = Framing::Rtmp {
            stream_id: 1,
            chunk_size: CHUNK_SIZE,
            encoding: Encoding::Amf0,
        };
        let media = [
            entry(Kind::Data, b"data"),
            entry(Kind::Audio, b"sound"),
            entry(Kind::Video, b"picture"),
        ];
        let (mut writer, mut out) = (Writer::new(), BytesMut::new());
        // Of equal length, so that the second needs the least header there is.
        writer.write(&message(b"status one"), &mut out);
        for entry in &media {
            out.extend_from_slice(&entry.framed(framing));
        }
        writer.write(&message(b"status two"), &mut out);

        let mut reader = Reader::new(Limits::default());
        reader.set_chunk_size(CHUNK_SIZE);
        let mut input = &out[..];
        let mut read = Vec::new();
        while let Some(raw) = reader.read(&mut input).expect("the peer can read on") {
            read.push((raw.type_id, raw.timestamp, raw.payload));
        }
        let expected: [(u8, u32, &[u8]); 5] = [
            (20, 0, b"status one"),
            (18, 40, b"data"),
            (8, 40, b"sound"),
            (9, 40, b"picture"),
            (20, 0, b"status two"),
        ];
        let expected = expected.map(|(kind, at, body)| (kind, at, Bytes::from_static(body)));
        assert_eq!(read, expected);
    }

    /// The data message a player of this encoding gets of an entry.
    fn data_for(entry: &Entry, encoding: Encoding) -> Option<Data> {
        let bytes = entry.framed(Framing::Rtmp {
            stream_id: 1,
            chunk_size: 128,
            encoding,
        });
        let raw = Reader::new(Limits::default())
            .read(&mut &bytes[..])
            .ok()??;
        match Message::decode(&raw, &Limits::default()).ok()?.body {
            Body::Data(data) => Some(data),
            other => panic!("{other:?}"),
        }
    }

    fn amf3(values: Vec<amf::Value>) -> Entry {
        let data = Body::Data(Data::new(values, Encoding::Amf3));
        let payload = Message::stream(1, data)
            .encode()
            .expect("it can be written")
            .payload;
        let what = (Kind::DataAmf3, Weight::Required);
        Entry::new(0, 0, Millis(0), 40, what, payload)
    }

    #[test]
    fn a_player_of_amf0_gets_data_it_can_read() {
        let values = vec![
            "chat".into(),
            amf::Value::object([("text", "hello".into())]),
        ];
        let entry = amf3(values.clone());
        let same = data_for(&entry, Encoding::Amf3).expect("as it came");
        assert_eq!(
            (same.encoding, &same.payload),
            (Encoding::Amf3, &entry.payload)
        );
        let other = data_for(&entry, Encoding::Amf0).expect("in AMF0");
        assert_eq!((other.encoding, other.values), (Encoding::Amf0, values));
    }
}
