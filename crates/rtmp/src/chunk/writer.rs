//! Whole messages in, bytes out, with the shortest headers that nobody misreads.

use bytes::{BufMut, BytesMut};

use super::header::EXTENDED;
use super::{
    DEFAULT_CHUNK_SIZE, MAX_CHUNK_SIZE, MAX_MESSAGE_BYTES, RawMessage, frame, put_basic,
    put_payload, put_u24,
};
use crate::bytes_at::u32_at;
use crate::message::type_id;

/// Cuts messages into chunks and compresses their headers.
///
/// It remembers the last header of each chunk stream, obeys the Set Chunk Size messages that
/// pass through it, and keeps off every form in [`super::Disputed`].
#[derive(Debug)]
pub struct Writer {
    chunk_size: u32,
    sent: Vec<Sent>,
}

/// The last header on a chunk stream.
#[derive(Debug, Clone, Copy)]
struct Sent {
    csid: u32,
    timestamp: u32,
    /// The delta of the last header; `None` after a full one, whose delta is disputed.
    delta: Option<u32>,
    length: usize,
    type_id: u8,
    stream_id: u32,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// A writer for a fresh direction: chunks of 128 bytes, nothing remembered.
    pub const fn new() -> Self {
        Self {
            chunk_size: DEFAULT_CHUNK_SIZE,
            sent: Vec::new(),
        }
    }

    /// The size of the chunks written, in bytes.
    pub const fn chunk_size(&self) -> u32 {
        self.chunk_size
    }

    /// Sets the size of the chunks written, in bytes, without telling the peer.
    pub fn set_chunk_size(&mut self, bytes: u32) {
        self.chunk_size = bytes.clamp(1, MAX_CHUNK_SIZE);
    }

    /// Forgets the headers sent so far, so that each chunk stream starts with a full one again.
    /// Needed when somebody else has written chunks to the same peer.
    pub fn forget(&mut self) {
        self.sent.clear();
    }

    /// Writes `message` to the end of `out`. A payload is cut at [`MAX_MESSAGE_BYTES`]
    /// ([`crate::Message::encode`] makes none that long), and an id outside
    /// [`super::CSID_RANGE`] counts as its nearest.
    pub fn write(&mut self, message: &RawMessage, out: &mut BytesMut) {
        let csid = super::clamped(message.csid);
        let payload = message
            .payload
            .get(..MAX_MESSAGE_BYTES)
            .unwrap_or(&message.payload);
        let previous = self.sent.iter().position(|s| s.csid == csid);
        let delta = previous
            .and_then(|i| self.sent.get(i))
            .and_then(|sent| compressible(sent, message).map(|delta| (*sent, delta)));
        if let Some((sent, delta)) = delta {
            let same = (sent.length, sent.type_id) == (payload.len(), message.type_id);
            if !same {
                put_basic(1, csid, out);
                put_u24(delta, out);
                put_u24(payload.len() as u32, out);
                out.put_u8(message.type_id);
            } else if sent.delta != Some(delta) {
                put_basic(2, csid, out);
                put_u24(delta, out);
            } else {
                put_basic(3, csid, out);
            }
            put_payload(csid, None, payload, self.chunk_size as usize, out);
        } else {
            let (timestamp, stream_id) = (message.timestamp, message.stream_id);
            let chunk_size = self.chunk_size as usize;
            frame(
                csid,
                timestamp,
                message.type_id,
                stream_id,
                payload,
                chunk_size,
                out,
            );
        }
        let sent = Sent {
            csid,
            timestamp: message.timestamp,
            delta: delta.map(|(_, delta)| delta),
            length: payload.len(),
            type_id: message.type_id,
            stream_id: message.stream_id,
        };
        match previous.and_then(|i| self.sent.get_mut(i)) {
            Some(slot) => *slot = sent,
            None => self.sent.push(sent),
        }
        self.obey(message);
    }

    /// Set Chunk Size holds for what is written after it (RTMP 1.0 §5.4.1).
    fn obey(&mut self, message: &RawMessage) {
        if message.type_id == type_id::SET_CHUNK_SIZE
            && let Some(bytes) = u32_at(&message.payload, 0)
        {
            self.set_chunk_size(bytes);
        }
    }
}

/// The delta of `message` to the last header on its chunk stream, if a compressed header can
/// say it: same message stream, time not running backwards, and no extended delta, which some
/// peers take for an absolute time ([`super::Disputed::ExtendedDelta`]).
fn compressible(sent: &Sent, message: &RawMessage) -> Option<u32> {
    let delta = message.timestamp.wrapping_sub(sent.timestamp);
    (sent.stream_id == message.stream_id && delta < EXTENDED).then_some(delta)
}
