//! Bytes in, whole messages out.

use bytes::Bytes;

use super::header::{Fields, Header, MAX_HEADER_BYTES, parse};
use super::{DEFAULT_CHUNK_SIZE, MAX_CHUNK_SIZE, RawMessage};
use crate::bytes_at::u32_at;
use crate::error::{Error, Limit, Malformed, Misbehaved};
use crate::limits::Limits;
use crate::message::type_id;

/// Puts messages together from chunks, in any split of the bytes.
///
/// Set Chunk Size and Abort change how the following bytes are read, so the reader obeys them
/// itself; it still hands them out like every other message.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    chunk_size: u32,
    /// Bytes consumed, which are the offset in errors.
    offset: u64,
    streams: Vec<ChunkStream>,
    state: State,
    /// The start of a header whose rest has not arrived.
    held: Held,
    partial_messages: usize,
    partial_bytes: usize,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy)]
enum State {
    Header,
    /// `left` bytes of the current chunk are missing for `streams[stream]`.
    Payload {
        stream: usize,
        left: usize,
    },
}

/// The memory of one chunk stream: its last header, and the message being put together.
#[derive(Debug, Default)]
struct ChunkStream {
    csid: u32,
    timestamp: u32,
    delta: u32,
    /// The extended timestamp field of the last header, if it had one.
    extended: Option<u32>,
    length: u32,
    type_id: u8,
    stream_id: u32,
    open: bool,
    body: Vec<u8>,
    /// Bytes of `body` once the current chunk has arrived.
    claimed: usize,
}

/// A few bytes that were read and not understood yet.
#[derive(Debug, Default)]
struct Held {
    bytes: [u8; MAX_HEADER_BYTES],
    len: usize,
}

impl Held {
    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Appends as much of `more` as has room and returns how much that was.
    fn append(&mut self, more: &[u8]) -> usize {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let taken = room.len().min(more.len());
        for (to, from) in room.iter_mut().zip(more) {
            *to = *from;
        }
        self.len += taken;
        taken
    }

    /// Forgets the first `count` bytes.
    fn consume(&mut self, count: usize) {
        self.bytes.copy_within(count.min(self.len)..self.len, 0);
        self.len = self.len.saturating_sub(count);
    }
}

impl Reader {
    /// A reader for a fresh direction: chunks of 128 bytes, nothing remembered.
    pub fn new(limits: Limits) -> Self {
        Self::starting_at(limits, 0)
    }

    /// A reader whose first byte is the peer's byte number `offset`, so that errors count from
    /// the start of the connection and not from the end of the handshake.
    pub fn starting_at(limits: Limits, offset: u64) -> Self {
        Self {
            limits,
            chunk_size: DEFAULT_CHUNK_SIZE,
            offset,
            streams: Vec::new(),
            state: State::Header,
            held: Held::default(),
            partial_messages: 0,
            partial_bytes: 0,
        }
    }

    /// The peer's chunk size, in bytes.
    pub const fn chunk_size(&self) -> u32 {
        self.chunk_size
    }

    /// Sets the peer's chunk size in bytes, for streams that do not start at the beginning.
    pub fn set_chunk_size(&mut self, bytes: u32) {
        self.chunk_size = bytes.clamp(1, MAX_CHUNK_SIZE);
    }

    /// Bytes held for messages that are not complete.
    pub const fn partial_bytes(&self) -> usize {
        self.partial_bytes
    }

    /// Whether the bytes so far end between two chunks and no message is unfinished.
    pub const fn is_at_rest(&self) -> bool {
        matches!(self.state, State::Header) && self.held.len == 0 && self.partial_messages == 0
    }

    /// Takes bytes off the front of `input` until a message is complete, and returns it, or
    /// `None` when all of `input` was taken and no message is complete.
    ///
    /// # Errors
    ///
    /// When the bytes are no chunk stream or pass a limit. The reader cannot be used after that.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<RawMessage>, Error> {
        loop {
            if matches!(self.state, State::Header) && !self.read_header(input)? {
                return Ok(None);
            }
            let State::Payload { stream, left } = self.state else {
                continue;
            };
            let left = self.read_payload(stream, left, input);
            if left > 0 {
                self.state = State::Payload { stream, left };
                return Ok(None);
            }
            self.state = State::Header;
            if let Some(message) = self.finish(stream) {
                self.obey(&message)?;
                return Ok(Some(message));
            }
        }
    }

    /// Reads one header, if it is there, and says whether it was.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        let before = self.held.len;
        let parsed = if before == 0 && input.len() >= MAX_HEADER_BYTES {
            parse(input, |csid| self.extended_of(csid))
        } else {
            self.held.append(input);
            parse(self.held.as_slice(), |csid| self.extended_of(csid))
        };
        let Some((header, used)) = parsed else {
            let taken = self.held.len - before;
            *input = input.get(taken..).unwrap_or_default();
            return Ok(false);
        };
        let start = self.offset;
        self.offset += used as u64;
        // Bytes beyond the header that were held before this call stay held; those that were
        // only copied for a look stay in the input.
        let from_input = used.saturating_sub(before);
        self.held.len = before;
        self.held.consume(used);
        *input = input.get(from_input..).unwrap_or_default();
        self.begin_chunk(&header, start)?;
        Ok(true)
    }

    fn extended_of(&self, csid: u32) -> Option<u32> {
        self.streams.iter().find(|s| s.csid == csid)?.extended
    }

    /// Applies a header to its chunk stream's memory and expects the chunk's payload.
    fn begin_chunk(&mut self, header: &Header, start: u64) -> Result<(), Error> {
        let index = self.stream_index(header, start)?;
        let Some(stream) = self.streams.get_mut(index) else {
            return Ok(());
        };
        let was_open = stream.open;
        if was_open {
            stream.go_on(header, start)?;
        } else {
            stream.start(header);
            check_length(&self.limits, stream.type_id, stream.length, start)?;
        }
        let missing = stream.length as usize - stream.claimed;
        let left = missing.min(self.chunk_size as usize);
        stream.claimed += left;
        stream.open = true;
        let unfinished = left < missing;
        if unfinished && !was_open && self.partial_messages >= self.limits.partial_messages {
            let max = self.limits.partial_messages as u64;
            return Err(Error::Limit {
                which: Limit::PartialMessages,
                max,
                offset: start,
            });
        }
        self.partial_messages += usize::from(!was_open);
        self.partial_bytes += left;
        if self.partial_bytes > self.limits.partial_bytes {
            let max = self.limits.partial_bytes as u64;
            return Err(Error::Limit {
                which: Limit::PartialBytes,
                max,
                offset: start,
            });
        }
        self.state = State::Payload {
            stream: index,
            left,
        };
        Ok(())
    }

    /// The place of the header's chunk stream, which is made if the header may begin one.
    fn stream_index(&mut self, header: &Header, start: u64) -> Result<usize, Error> {
        let csid = header.csid;
        if let Some(index) = self.streams.iter().position(|s| s.csid == csid) {
            return Ok(index);
        }
        let format = header.fields.format();
        // Disputed::FirstHeaderType1
        if format > 1 {
            let what = Misbehaved::ChunkStreamWithoutHeader { csid, format };
            return Err(Error::Misbehaved {
                what,
                offset: start,
            });
        }
        if self.streams.len() >= self.limits.chunk_streams {
            let max = self.limits.chunk_streams as u64;
            return Err(Error::Limit {
                which: Limit::ChunkStreams,
                max,
                offset: start,
            });
        }
        self.streams.push(ChunkStream {
            csid,
            ..ChunkStream::default()
        });
        Ok(self.streams.len() - 1)
    }

    /// Moves payload from the held bytes, then from `input`, to the message, and returns how
    /// much of the chunk is still missing.
    fn read_payload(&mut self, index: usize, left: usize, input: &mut &[u8]) -> usize {
        let Some(stream) = self.streams.get_mut(index) else {
            return 0;
        };
        let held = self.held.len.min(left);
        stream.append(self.held.as_slice().get(..held).unwrap_or_default());
        self.held.consume(held);
        let (taken, rest) = input.split_at(input.len().min(left - held));
        stream.append(taken);
        *input = rest;
        let moved = held + taken.len();
        self.offset += moved as u64;
        left - moved
    }

    /// The message of a chunk stream whose chunk is complete, if the message is, too.
    fn finish(&mut self, index: usize) -> Option<RawMessage> {
        let stream = self.streams.get_mut(index)?;
        if stream.body.len() < stream.length as usize {
            return None;
        }
        self.partial_messages -= 1;
        self.partial_bytes -= stream.body.len();
        Some(RawMessage {
            csid: stream.csid,
            timestamp: stream.timestamp,
            type_id: stream.type_id,
            stream_id: stream.stream_id,
            payload: Bytes::from(stream.close()),
        })
    }

    /// Set Chunk Size (RTMP 1.0 §5.4.1) and Abort (§5.4.2) take effect at once.
    fn obey(&mut self, message: &RawMessage) -> Result<(), Error> {
        if !matches!(message.type_id, type_id::SET_CHUNK_SIZE | type_id::ABORT) {
            return Ok(());
        }
        let offset = self.offset - message.payload.len() as u64;
        let what = Malformed::Control {
            type_id: message.type_id,
        };
        let value = u32_at(&message.payload, 0).ok_or(Error::Malformed { what, offset })?;
        if message.type_id == type_id::ABORT {
            self.abort(value);
            return Ok(());
        }
        match value {
            0 => Err(Error::Misbehaved {
                what: Misbehaved::ChunkSizeZero,
                offset,
            }),
            0x8000_0000.. => Err(Error::Malformed { what, offset }),
            // Disputed::HugeChunkSize
            bytes => {
                self.set_chunk_size(bytes);
                Ok(())
            }
        }
    }

    /// Drops the unfinished message of a chunk stream; there may be none.
    fn abort(&mut self, csid: u32) {
        let Some(stream) = self.streams.iter_mut().find(|s| s.csid == csid) else {
            return;
        };
        if stream.open {
            self.partial_messages -= 1;
            self.partial_bytes -= stream.close().len();
        }
    }
}

impl ChunkStream {
    /// A header that starts a message (RTMP 1.0 §5.3.1.2).
    fn start(&mut self, header: &Header) {
        match header.fields {
            Fields::Full {
                time,
                length,
                type_id,
                stream_id,
            } => {
                self.timestamp = time.value;
                // Disputed::Type3AfterType0
                self.delta = time.value;
                self.extended = time.extended.then_some(time.value);
                (self.length, self.type_id, self.stream_id) = (length, type_id, stream_id);
            }
            Fields::SameStream {
                delta,
                length,
                type_id,
            } => {
                (self.length, self.type_id) = (length, type_id);
                self.advance(delta);
            }
            Fields::SameMessage { delta } => self.advance(delta),
            Fields::Nothing => self.timestamp = self.timestamp.wrapping_add(self.delta),
        }
    }

    /// Adds a delta. [`super::Disputed::ExtendedDelta`], [`super::Disputed::TimestampWidth`]
    fn advance(&mut self, delta: super::header::Time) {
        self.delta = delta.value;
        self.extended = delta.extended.then_some(delta.value);
        self.timestamp = self.timestamp.wrapping_add(delta.value);
    }

    /// A header inside an unfinished message: [`super::Disputed::PartialHeaderInsideMessage`]
    /// and [`super::Disputed::FullHeaderInsideMessage`]. A changed length was a heap overflow
    /// elsewhere (CVE-2016-10191).
    fn go_on(&mut self, header: &Header, offset: u64) -> Result<(), Error> {
        let csid = self.csid;
        let misbehaved = |what| Err(Error::Misbehaved { what, offset });
        match header.fields {
            Fields::Full { .. } => misbehaved(Misbehaved::HeaderInsideMessage { csid }),
            Fields::SameStream {
                length, type_id, ..
            } if (length, type_id) != (self.length, self.type_id) => {
                misbehaved(Misbehaved::MessageChanged { csid })
            }
            Fields::SameStream { delta, .. } | Fields::SameMessage { delta } => {
                self.extended = delta.extended.then_some(delta.value);
                Ok(())
            }
            Fields::Nothing => Ok(()),
        }
    }

    /// Grows with the bytes that are there: at most to twice their number, and never past the
    /// declared length.
    fn append(&mut self, bytes: &[u8]) {
        let len = self.body.len();
        if self.body.capacity() - len < bytes.len() {
            let missing = (self.length as usize).saturating_sub(len);
            self.body
                .reserve_exact(len.max(bytes.len()).min(missing).max(bytes.len()));
        }
        self.body.extend_from_slice(bytes);
    }

    /// Ends the message, complete or not, and hands out its body.
    fn close(&mut self) -> Vec<u8> {
        self.open = false;
        self.claimed = 0;
        std::mem::take(&mut self.body)
    }
}

/// Refuses a message by its declared length before any of it is kept.
fn check_length(limits: &Limits, type_id: u8, length: u32, offset: u64) -> Result<(), Error> {
    let (which, max) = if type_id::is_media(type_id) {
        (Limit::MediaMessageBytes, limits.media_message_bytes)
    } else {
        (Limit::OtherMessageBytes, limits.other_message_bytes)
    };
    if length > max {
        return Err(Error::Limit {
            which,
            max: max.into(),
            offset,
        });
    }
    Ok(())
}
