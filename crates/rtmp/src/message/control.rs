//! Protocol control messages (types 1 to 6) and the user control events inside type 4.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Body, type_id};
use crate::bytes_at::{u8_at, u16_at, u32_at};
use crate::error::{Error, Malformed};

/// How a Set Peer Bandwidth message combines with earlier ones (RTMP 1.0 §5.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeerBandwidthLimit {
    /// 0: the new window replaces the old one.
    Hard,
    /// 1: the smaller of the new and the old window.
    Soft,
    /// 2: like hard if the last one was hard, else to be ignored.
    Dynamic,
}

impl PeerBandwidthLimit {
    /// The byte that stands for it.
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Hard => 0,
            Self::Soft => 1,
            Self::Dynamic => 2,
        }
    }

    /// The limit a byte stands for; a byte no specification names is taken for dynamic, the
    /// only one servers send.
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Hard,
            1 => Self::Soft,
            _ => Self::Dynamic,
        }
    }
}

/// A user control event (RTMP 1.0 §7.1.7; 26 and above as librtmp and Wireshark know them).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserControl {
    /// 0: the stream is ready to be used.
    StreamBegin(u32),
    /// 1: playback of the stream is over.
    StreamEof(u32),
    /// 2: there is no more data on the stream for now.
    StreamDry(u32),
    /// 3: the client keeps this much of the stream before it plays.
    SetBufferLength {
        /// The stream.
        stream_id: u32,
        /// The length in milliseconds.
        millis: u32,
    },
    /// 4: the stream is a recording.
    StreamIsRecorded(u32),
    /// 6: to be answered with the same number, which is the asker's clock in milliseconds.
    PingRequest(u32),
    /// 7: the answer.
    PingResponse(u32),
    /// 26: the server asks for the hash of the movie. The data is one byte, the type of the
    /// hash, or nothing.
    SwfVerifyRequest(Bytes),
    /// 27: the answer, 42 bytes: 1, 1, the size of the movie twice (32 bits), an HMAC-SHA256.
    SwfVerifyResponse(Bytes),
    /// 31: the server has sent what the client's buffer holds.
    BufferEmpty(u32),
    /// 32: the counterpart of 31.
    BufferReady(u32),
    /// Any other event. To be ignored.
    Unknown {
        /// The event number.
        event: u16,
        /// What follows it.
        data: Bytes,
    },
}

impl UserControl {
    /// The event's number.
    pub const fn event(&self) -> u16 {
        match self {
            Self::StreamBegin(_) => 0,
            Self::StreamEof(_) => 1,
            Self::StreamDry(_) => 2,
            Self::SetBufferLength { .. } => 3,
            Self::StreamIsRecorded(_) => 4,
            Self::PingRequest(_) => 6,
            Self::PingResponse(_) => 7,
            Self::SwfVerifyRequest(_) => 26,
            Self::SwfVerifyResponse(_) => 27,
            Self::BufferEmpty(_) => 31,
            Self::BufferReady(_) => 32,
            Self::Unknown { event, .. } => *event,
        }
    }

    /// Reads a type 4 body. Bytes after what the event needs are ignored.
    pub(super) fn decode(payload: &Bytes) -> Result<Self, Error> {
        let missing = |event| Error::malformed(Malformed::UserControl { event }, 0);
        let event = u16_at(payload, 0).ok_or(missing(0xFFFF))?;
        let number = || u32_at(payload, 2).ok_or(missing(event));
        Ok(match event {
            0 => Self::StreamBegin(number()?),
            1 => Self::StreamEof(number()?),
            2 => Self::StreamDry(number()?),
            3 => Self::SetBufferLength {
                stream_id: number()?,
                millis: u32_at(payload, 6).ok_or(missing(event))?,
            },
            4 => Self::StreamIsRecorded(number()?),
            6 => Self::PingRequest(number()?),
            7 => Self::PingResponse(number()?),
            26 => Self::SwfVerifyRequest(payload.slice(2..)),
            27 => Self::SwfVerifyResponse(payload.slice(2..)),
            31 => Self::BufferEmpty(number()?),
            32 => Self::BufferReady(number()?),
            _ => Self::Unknown {
                event,
                data: payload.slice(2..),
            },
        })
    }

    /// Writes a type 4 body.
    pub(super) fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(10);
        out.put_u16(self.event());
        match self {
            Self::StreamBegin(number)
            | Self::StreamEof(number)
            | Self::StreamDry(number)
            | Self::StreamIsRecorded(number)
            | Self::PingRequest(number)
            | Self::PingResponse(number)
            | Self::BufferEmpty(number)
            | Self::BufferReady(number) => out.put_u32(*number),
            Self::SetBufferLength { stream_id, millis } => {
                out.put_u32(*stream_id);
                out.put_u32(*millis);
            }
            Self::SwfVerifyRequest(data)
            | Self::SwfVerifyResponse(data)
            | Self::Unknown { data, .. } => out.extend_from_slice(data),
        }
        out.freeze()
    }
}

/// Reads the body of a protocol control message: types 1, 2, 3, 5 and 6. Bytes after the number
/// are ignored.
pub(super) fn decode(type_id: u8, payload: &Bytes) -> Result<Body, Error> {
    let missing = Error::malformed(Malformed::Control { type_id }, 0);
    let number = u32_at(payload, 0).ok_or(missing)?;
    Ok(match type_id {
        type_id::SET_CHUNK_SIZE => Body::SetChunkSize(number),
        type_id::ABORT => Body::Abort(number),
        type_id::ACKNOWLEDGEMENT => Body::Acknowledgement(number),
        type_id::WINDOW_ACK_SIZE => Body::WindowAckSize(number),
        // librtmp reads the limit only if it is there.
        _ => Body::SetPeerBandwidth {
            bytes: number,
            limit: PeerBandwidthLimit::from_byte(u8_at(payload, 4).unwrap_or(2)),
        },
    })
}

/// Writes the body of a protocol control message that is one number.
pub(super) fn encode(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

/// Writes the body of Set Peer Bandwidth.
pub(super) fn encode_bandwidth(bytes: u32, limit: PeerBandwidthLimit) -> Bytes {
    let mut out = BytesMut::with_capacity(5);
    out.put_u32(bytes);
    out.put_u8(limit.to_byte());
    out.freeze()
}
