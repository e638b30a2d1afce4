//! The file form: a header, then tags with a back pointer behind each (FLV 10.1 Annex E.2–E.4).
//!
//! Writes it; [`crate::reader`] reads it. The bytes are the same in a file, over HTTP and over
//! WebSocket.

use bytes::{BufMut, Bytes};

use crate::Error;

/// Bytes before the payload of a tag.
pub const TAG_HEADER_BYTES: usize = 11;
/// Bytes of the file header, the zero back pointer behind it not counted.
pub const FILE_HEADER_BYTES: usize = 9;
/// Bytes of the back pointer behind each tag (`PreviousTagSize`).
pub const BACK_POINTER_BYTES: usize = 4;
/// The largest payload whose size fits the 24 bits of `DataSize`.
pub const MAX_PAYLOAD_BYTES: usize = 0x00ff_ffff;

/// What a tag carries. The numbers are the RTMP message types of the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TagKind {
    /// 8: audio.
    Audio,
    /// 9: video.
    Video,
    /// 18: AMF0 values.
    Script,
    /// 15: AMF0 values with AMF3 ones among them (Enhanced RTMP v2).
    ScriptAmf3,
    /// A type without a meaning known to us, below 32; readers skip it.
    Unknown(u8),
}

impl TagKind {
    /// The kind of a five-bit `TagType`; higher bits are ignored.
    #[must_use]
    pub const fn from_id(id: u8) -> Self {
        match id & 0x1f {
            8 => Self::Audio,
            9 => Self::Video,
            15 => Self::ScriptAmf3,
            18 => Self::Script,
            other => Self::Unknown(other),
        }
    }

    /// The five-bit `TagType`.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Audio => 8,
            Self::Video => 9,
            Self::ScriptAmf3 => 15,
            Self::Script => 18,
            Self::Unknown(other) => other & 0x1f,
        }
    }
}

/// The header of a file (FLV 10.1 §E.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileHeader {
    /// The version; 1 in all files known.
    pub version: u8,
    /// Whether the file says it has audio. Live recordings may say no and have it.
    pub has_audio: bool,
    /// Whether the file says it has video. Live recordings may say no and have it.
    pub has_video: bool,
    /// Where the first back pointer is, in bytes from the start (`DataOffset`).
    pub size_bytes: u32,
}

/// One tag (FLV 10.1 §E.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What the payload is.
    pub kind: TagKind,
    /// Whether the payload is encrypted or otherwise filtered (FLV 10.1 Annex F) and so not
    /// what `kind` says until it is decoded.
    pub filtered: bool,
    /// Time in milliseconds. The format calls it signed; it wraps like RTMP's.
    pub timestamp_ms: u32,
    /// 24 bits; 0 in all files known.
    pub stream_id: u32,
    /// What an RTMP message of the same kind would carry.
    pub payload: Bytes,
}

/// The header of a file and the back pointer that follows it: all that stands before the first
/// tag.
#[must_use]
pub const fn write_header(has_audio: bool, has_video: bool) -> [u8; 13] {
    let flags = (has_audio as u8) << 2 | has_video as u8;
    [
        b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, // The first back pointer is zero.
        0, 0, 0, 0,
    ]
}

/// The header of a tag whose payload has `payload_bytes` bytes.
///
/// # Errors
///
/// [`Error::Limit`] where the size does not fit 24 bits.
pub fn tag_header(
    kind: TagKind,
    timestamp_ms: u32,
    payload_bytes: usize,
) -> Result<[u8; TAG_HEADER_BYTES], Error> {
    if payload_bytes > MAX_PAYLOAD_BYTES {
        return Err(Error::Limit {
            what: "tag payload",
            found: payload_bytes,
            max: MAX_PAYLOAD_BYTES,
        });
    }
    let [_, s2, s1, s0] = (payload_bytes as u32).to_be_bytes();
    // The low 24 bits come first, then the high eight.
    let [t3, t2, t1, t0] = timestamp_ms.to_be_bytes();
    Ok([kind.id(), s2, s1, s0, t2, t1, t0, t3, 0, 0, 0])
}

/// The back pointer behind a tag whose payload has `payload_bytes` bytes: the size of the whole
/// tag, its header counted.
#[must_use]
pub const fn back_pointer(payload_bytes: usize) -> [u8; BACK_POINTER_BYTES] {
    ((payload_bytes + TAG_HEADER_BYTES) as u32).to_be_bytes()
}

/// Appends a whole tag with its back pointer to `out`.
///
/// # Errors
///
/// [`Error::Limit`] where the payload is larger than a tag can say; `out` is then untouched.
pub fn write_tag(
    kind: TagKind,
    timestamp_ms: u32,
    payload: &[u8],
    out: &mut impl BufMut,
) -> Result<(), Error> {
    out.put_slice(&tag_header(kind, timestamp_ms, payload.len())?);
    out.put_slice(payload);
    out.put_slice(&back_pointer(payload.len()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MAX_PAYLOAD_BYTES, TagKind, back_pointer, tag_header, write_header, write_tag};
    use crate::Error;

    #[test]
    fn a_file_header_has_its_flags_and_a_zero_back_pointer() {
        assert_eq!(write_header(true, false), *b"FLV\x01\x04\0\0\0\x09\0\0\0\0");
        assert_eq!(write_header(false, true)[4], 1);
        assert_eq!(write_header(true, true)[4], 5);
    }

    #[test]
    fn the_high_byte_of_the_time_comes_last() {
        let mut out = Vec::new();
        write_tag(TagKind::Audio, 0x0102_0304, &[0xaf, 1], &mut out).unwrap();
        assert_eq!(out, [8, 0, 0, 2, 2, 3, 4, 1, 0, 0, 0, 0xaf, 1, 0, 0, 0, 13]);
    }

    #[test]
    fn a_payload_past_24_bits_is_refused() {
        assert!(tag_header(TagKind::Video, 0, MAX_PAYLOAD_BYTES).is_ok());
        assert_eq!(back_pointer(MAX_PAYLOAD_BYTES), [1, 0, 0, 10]);
        let found = MAX_PAYLOAD_BYTES + 1;
        assert_eq!(
            tag_header(TagKind::Video, 0, found),
            Err(Error::Limit {
                what: "tag payload",
                found,
                max: MAX_PAYLOAD_BYTES
            })
        );
    }

    #[test]
    fn kinds_keep_their_number() {
        for id in 0..32 {
            assert_eq!(TagKind::from_id(id).id(), id);
        }
        assert_eq!(TagKind::from_id(0x20 | 8), TagKind::Audio);
    }
}
