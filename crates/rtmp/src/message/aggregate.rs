//! Aggregate messages (type 22): several messages in one, laid out like FLV tags.

use bytes::Bytes;

use crate::bytes_at::{u8_at, u24_at, u32_at};
use crate::chunk::RawMessage;
use crate::error::{Error, Malformed};

/// The header before each message inside, and the back pointer after it, in bytes.
const HEADER_BYTES: usize = 11;
const BACK_POINTER_BYTES: usize = 4;

/// Takes an aggregate apart (RTMP 1.0 §7.1.6), one message at a time: the smallest is 15 bytes,
/// so that all of them at once could be many. The messages get the aggregate's message stream,
/// and their times are moved so that the first one has the aggregate's time. The bodies share
/// the aggregate's memory.
///
/// # Errors
///
/// [`Malformed::Aggregate`] when a message or its back pointer is cut, or the back pointer is
/// not the length of what it follows. Nothing comes after that.
pub fn split(aggregate: &RawMessage) -> impl Iterator<Item = Result<RawMessage, Error>> + '_ {
    let payload = &aggregate.payload;
    let mut shift = None;
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= payload.len() {
            return None;
        }
        let Some((type_id, timestamp, body)) = read_one(payload, at) else {
            let error = Error::malformed(Malformed::Aggregate, at);
            at = payload.len();
            return Some(Err(error));
        };
        let shift = *shift.get_or_insert(aggregate.timestamp.wrapping_sub(timestamp));
        at += HEADER_BYTES + body.len() + BACK_POINTER_BYTES;
        Some(Ok(RawMessage {
            csid: aggregate.csid,
            timestamp: timestamp.wrapping_add(shift),
            type_id,
            stream_id: aggregate.stream_id,
            payload: body,
        }))
    })
}

/// Type, time and body of the message at `at`, if it and its back pointer are whole. The time is
/// 24 bits, then its upper 8 bits.
fn read_one(payload: &Bytes, at: usize) -> Option<(u8, u32, Bytes)> {
    let type_id = u8_at(payload, at)?;
    let length = u24_at(payload, at + 1)? as usize;
    let low = u24_at(payload, at + 4)?;
    let high = u8_at(payload, at + 7)?;
    let start = at + HEADER_BYTES;
    let end = start + length;
    let back_pointer = u32_at(payload, end)?;
    if back_pointer as usize != HEADER_BYTES + length {
        return None;
    }
    Some((
        type_id,
        u32::from(high) << 24 | low,
        payload.slice(start..end),
    ))
}
