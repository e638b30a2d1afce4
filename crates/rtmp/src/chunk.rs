//! The chunk stream: whole messages cut into interleaved chunks with compressed headers.
//!
//! [`Reader`] turns bytes into [`RawMessage`]s, [`Writer`] the other way with header
//! compression, and [`frame`] writes one message without any memory, so that the same bytes can
//! go to every player. What the messages mean is the business of [`crate::message`].

mod disputed;
mod header;
mod reader;
mod writer;

use bytes::{BufMut, Bytes, BytesMut};

pub use disputed::Disputed;
pub use reader::Reader;
pub use writer::Writer;

use header::EXTENDED;

/// The chunk size of each direction until it is changed (RTMP 1.0 §5.4.1), in bytes.
pub const DEFAULT_CHUNK_SIZE: u32 = 128;

/// The largest chunk size that makes a difference: no message is longer (RTMP 1.0 §5.4.1).
/// Larger announcements are taken for this value.
pub const MAX_CHUNK_SIZE: u32 = 0xFF_FFFF;

/// The longest message: its length has 24 bits (RTMP 1.0 §5.3.1.2.1).
pub const MAX_MESSAGE_BYTES: usize = 0xFF_FFFF;

/// The smallest and the largest chunk stream id (RTMP 1.0 §5.3.1.1).
pub const CSID_RANGE: std::ops::RangeInclusive<u32> = 2..=65_599;

/// The chunk stream ids this implementation sends on. Readers must not care; the numbers are
/// those of Flash Media Server, so that captures look familiar.
pub mod csid {
    /// Protocol control and user control messages; reserved for them (RTMP 1.0 §5.3.1.1).
    pub const CONTROL: u32 = 2;
    /// Commands, data and shared objects of the connection itself.
    pub const CONNECTION: u32 = 3;
    /// Commands and data of a stream.
    pub const STREAM: u32 = 5;
    /// Video.
    pub const VIDEO: u32 = 7;
    /// Audio.
    pub const AUDIO: u32 = 8;

    /// The chunk stream for a message of type `type_id` on message stream `stream_id`.
    pub const fn of(type_id: u8, stream_id: u32) -> u32 {
        match type_id {
            1..=6 => CONTROL,
            8 => AUDIO,
            9 | 22 => VIDEO,
            _ if stream_id == 0 => CONNECTION,
            _ => STREAM,
        }
    }
}

/// One whole message before its body is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// The chunk stream it came on or goes out on.
    pub csid: u32,
    /// Media time in milliseconds; wraps.
    pub timestamp: u32,
    /// The message type (RTMP 1.0 §7.1).
    pub type_id: u8,
    /// The message stream it belongs to; 0 is the connection itself.
    pub stream_id: u32,
    /// The body.
    pub payload: Bytes,
}

/// Writes one message as contiguous chunks: a full header (type 0), then type 3 headers, with
/// an extended timestamp repeated on each as Adobe's products do.
///
/// The bytes depend on nothing but the arguments, so one framing serves every peer that shares
/// `stream_id` and `chunk_size`. A chunk size of zero counts as one, an id outside
/// [`CSID_RANGE`] as its nearest, and a payload is cut at [`MAX_MESSAGE_BYTES`].
pub fn frame(
    csid: u32,
    timestamp: u32,
    type_id: u8,
    stream_id: u32,
    payload: &[u8],
    chunk_size: usize,
    out: &mut BytesMut,
) {
    let payload = payload.get(..MAX_MESSAGE_BYTES).unwrap_or(payload);
    out.reserve(framed_len(csid, timestamp, payload.len(), chunk_size));
    put_basic(0, csid, out);
    put_u24(timestamp.min(EXTENDED), out);
    put_u24(payload.len() as u32, out);
    out.put_u8(type_id);
    out.put_u32_le(stream_id);
    let extended = (timestamp >= EXTENDED).then_some(timestamp);
    put_payload(csid, extended, payload, chunk_size, out);
}

/// The number of bytes [`frame`] writes for a payload of `payload_len` bytes.
pub fn framed_len(csid: u32, timestamp: u32, payload_len: usize, chunk_size: usize) -> usize {
    let basic = basic_len(csid);
    let extension = if timestamp >= EXTENDED { 4 } else { 0 };
    let chunks = payload_len.div_ceil(chunk_size.max(1)).max(1);
    chunks * (basic + extension) + 11 + payload_len
}

/// Everything after the first message header: its extended timestamp, and the payload with a
/// type 3 header between chunks.
fn put_payload(
    csid: u32,
    extended: Option<u32>,
    payload: &[u8],
    chunk_size: usize,
    out: &mut BytesMut,
) {
    if let Some(extended) = extended {
        out.put_u32(extended);
    }
    for (i, chunk) in payload.chunks(chunk_size.max(1)).enumerate() {
        if i > 0 {
            put_basic(3, csid, out);
            if let Some(extended) = extended {
                out.put_u32(extended);
            }
        }
        out.put_slice(chunk);
    }
}

fn clamped(csid: u32) -> u32 {
    csid.clamp(*CSID_RANGE.start(), *CSID_RANGE.end())
}

fn basic_len(csid: u32) -> usize {
    match clamped(csid) {
        0..64 => 1,
        64..320 => 2,
        _ => 3,
    }
}

fn put_basic(format: u8, csid: u32, out: &mut BytesMut) {
    let csid = clamped(csid);
    let format = format << 6;
    match csid {
        0..64 => out.put_u8(format | csid as u8),
        64..320 => out.put_slice(&[format, (csid - 64) as u8]),
        _ => {
            out.put_u8(format | 1);
            out.put_u16_le((csid - 64) as u16);
        }
    }
}

fn put_u24(value: u32, out: &mut BytesMut) {
    let [_, bytes @ ..] = value.to_be_bytes();
    out.put_slice(&bytes);
}

#[cfg(test)]
mod tests {
    use super::{Reader, frame, framed_len};
    use crate::Limits;
    use bytes::BytesMut;

    #[test]
    fn a_frame_has_the_announced_length_and_reads_back() {
        for csid in [2, 63, 64, 319, 320, 65_599] {
            for timestamp in [0, 0xFF_FFFE, 0xFF_FFFF, u32::MAX] {
                for len in [0, 1, 127, 128, 129, 1000] {
                    let payload = vec![7; len];
                    let mut out = BytesMut::new();
                    frame(csid, timestamp, 9, 1, &payload, 128, &mut out);
                    assert_eq!(out.len(), framed_len(csid, timestamp, len, 128));

                    let mut input = &out[..];
                    let message = Reader::new(Limits::default()).read(&mut input);
                    let message = message.unwrap().unwrap();
                    assert!(input.is_empty());
                    assert_eq!((message.csid, message.timestamp), (csid, timestamp));
                    assert_eq!(message.payload, payload);
                }
            }
        }
    }

    #[test]
    fn senseless_arguments_still_make_a_readable_message() {
        let mut out = BytesMut::new();
        frame(0, 0, 8, 1, &[1, 2], 0, &mut out);
        frame(u32::MAX, 0, 8, 1, &[1], 128, &mut out);
        let mut reader = Reader::new(Limits::default());
        reader.set_chunk_size(1);
        let mut input = &out[..];
        assert_eq!(reader.read(&mut input).unwrap().unwrap().csid, 2);
        assert_eq!(reader.read(&mut input).unwrap().unwrap().csid, 65_599);
    }
}
