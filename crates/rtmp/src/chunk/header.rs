//! The header of one chunk: basic header, message header, extended timestamp.

use crate::bytes_at::{array_at, u8_at, u24_at, u32_at};

/// A timestamp field with this value says that 32 more bits follow (RTMP 1.0 §5.3.1.3).
pub(super) const EXTENDED: u32 = 0xFF_FFFF;

/// Longest chunk header: 3 bytes basic header, 11 bytes message header, 4 bytes timestamp.
pub(super) const MAX_HEADER_BYTES: usize = 18;

/// One chunk header as it stands on the wire, before the chunk stream's memory is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) csid: u32,
    pub(super) fields: Fields,
}

/// What the four header types carry (RTMP 1.0 §5.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fields {
    /// Type 0: everything; the time is absolute.
    Full {
        time: Time,
        length: u32,
        type_id: u8,
        stream_id: u32,
    },
    /// Type 1: all but the message stream id; the time is a delta.
    SameStream {
        delta: Time,
        length: u32,
        type_id: u8,
    },
    /// Type 2: only a delta.
    SameMessage { delta: Time },
    /// Type 3: nothing.
    Nothing,
}

/// A timestamp field: its value, and whether it took the extended form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) value: u32,
    pub(super) extended: bool,
}

impl Fields {
    /// The header type, 0 to 3.
    pub(super) const fn format(self) -> u8 {
        match self {
            Self::Full { .. } => 0,
            Self::SameStream { .. } => 1,
            Self::SameMessage { .. } => 2,
            Self::Nothing => 3,
        }
    }
}

/// Reads the header at the start of `bytes`: the header and its length, or `None` while bytes
/// are missing. `extended_of` answers with the extended timestamp of the last header on a chunk
/// stream, if that header had one; it is what a type 3 header may repeat.
pub(super) fn parse(
    bytes: &[u8],
    extended_of: impl Fn(u32) -> Option<u32>,
) -> Option<(Header, usize)> {
    let (format, csid, at) = basic(bytes)?;
    let (fields, used) = match format {
        0 => {
            let (length, type_id) = (u24_at(bytes, at + 3)?, u8_at(bytes, at + 6)?);
            let stream_id = u32::from_le_bytes(array_at(bytes, at + 7)?);
            let (time, used) = time(bytes, at, at + 11)?;
            (
                Fields::Full {
                    time,
                    length,
                    type_id,
                    stream_id,
                },
                used,
            )
        }
        1 => {
            let (length, type_id) = (u24_at(bytes, at + 3)?, u8_at(bytes, at + 6)?);
            let (delta, used) = time(bytes, at, at + 7)?;
            (
                Fields::SameStream {
                    delta,
                    length,
                    type_id,
                },
                used,
            )
        }
        2 => {
            let (delta, used) = time(bytes, at, at + 3)?;
            (Fields::SameMessage { delta }, used)
        }
        _ => (Fields::Nothing, repeated(bytes, at, extended_of(csid))?),
    };
    Some((Header { csid, fields }, used))
}

/// Format, chunk stream id and length of the basic header (RTMP 1.0 §5.3.1.1).
fn basic(bytes: &[u8]) -> Option<(u8, u32, usize)> {
    let first = u8_at(bytes, 0)?;
    let format = first >> 6;
    match first & 0x3F {
        0 => Some((format, 64 + u32::from(u8_at(bytes, 1)?), 2)),
        1 => {
            let low_first: [u8; 2] = array_at(bytes, 1)?;
            Some((format, 64 + u32::from(u16::from_le_bytes(low_first)), 3))
        }
        csid => Some((format, u32::from(csid), 1)),
    }
}

/// The timestamp whose 24-bit field is at `field` and whose extension would be at `extension`,
/// and where the header ends.
fn time(bytes: &[u8], field: usize, extension: usize) -> Option<(Time, usize)> {
    match u24_at(bytes, field)? {
        EXTENDED => {
            let value = u32_at(bytes, extension)?;
            Some((
                Time {
                    value,
                    extended: true,
                },
                extension + 4,
            ))
        }
        value => Some((
            Time {
                value,
                extended: false,
            },
            extension,
        )),
    }
}

/// Where a type 3 header that starts its optional timestamp at `at` ends. Peers disagree on
/// repeating the extended timestamp, so the four bytes are taken for one only when they equal
/// it ([`super::Disputed::ExtendedOnType3`]); the first byte that differs decides.
fn repeated(bytes: &[u8], at: usize, extended: Option<u32>) -> Option<usize> {
    let Some(extended) = extended else {
        return Some(at);
    };
    for (i, expected) in extended.to_be_bytes().into_iter().enumerate() {
        if u8_at(bytes, at + i)? != expected {
            return Some(at);
        }
    }
    Some(at + 4)
}

#[cfg(test)]
mod tests {
    use super::{Fields, MAX_HEADER_BYTES, Time, parse};

    fn none(_: u32) -> Option<u32> {
        None
    }

    #[test]
    fn every_prefix_of_the_longest_header_is_incomplete() {
        let header = [
            0x01, 0x2d, 0x01, 0xff, 0xff, 0xff, 0, 0, 9, 8, 1, 0, 0, 0, 0x01, 2, 3, 4,
        ];
        assert_eq!(header.len(), MAX_HEADER_BYTES);
        for cut in 0..header.len() {
            assert_eq!(parse(&header[..cut], none), None, "cut at {cut}");
        }
        let (parsed, used) = parse(&header, none).unwrap();
        assert_eq!((parsed.csid, used), (365, 18));
        let time = Time {
            value: 0x0102_0304,
            extended: true,
        };
        assert_eq!(
            parsed.fields,
            Fields::Full {
                time,
                length: 9,
                type_id: 8,
                stream_id: 1
            }
        );
    }

    #[test]
    fn a_repeated_timestamp_is_taken_only_when_equal() {
        let last = |_| Some(0x0100_0000);
        assert_eq!(parse(&[0xc4, 1, 0, 0, 0, 9], last).unwrap().1, 5);
        assert_eq!(parse(&[0xc4, 1, 0, 0, 1, 9], last).unwrap().1, 1);
        // Two payload bytes that differ at once need no third to decide.
        assert_eq!(parse(&[0xc4, 7], last).unwrap().1, 1);
        assert_eq!(parse(&[0xc4, 1, 0], last), None);
    }
}
