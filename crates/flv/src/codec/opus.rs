//! Opus: the identification header that stands in its sequence header.

use crate::Error;
use crate::cursor::Cursor;

/// An `OpusHead` (RFC 7845 §5.1): the body of an Opus sequence header. It may be left out
/// altogether (Enhanced RTMP v2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusHead {
    /// Output channels.
    pub channels: u8,
    /// Samples at 48 kHz a player drops at the start.
    pub pre_skip: u16,
    /// The sample rate of what was encoded, in hertz, for information: Opus plays at 48 kHz.
    pub input_rate_hz: u32,
}

impl OpusHead {
    /// Reads a header as far as its sample rate.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where it ends early, [`Error::Malformed`] without its signature,
    /// [`Error::Unsupported`] for a version that is not compatible with 1.
    pub fn parse(head: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(head);
        let what = "Opus signature";
        if cursor.take(8, what)? != b"OpusHead" {
            return Err(Error::Malformed { what, offset: 0 });
        }
        let version = cursor.u8("Opus version")?;
        if version & 0xf0 != 0 {
            return Err(Error::Unsupported {
                what: "Opus version",
                value: version.into(),
                offset: 8,
            });
        }
        // Unlike all else in RTMP, the numbers are little-endian.
        Ok(Self {
            channels: cursor.u8("Opus channels")?,
            pre_skip: cursor.u16("Opus pre-skip")?.swap_bytes(),
            input_rate_hz: cursor.u32("Opus sample rate")?.swap_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::OpusHead;
    use crate::Error;
    use testkit::media;

    #[test]
    fn a_header_is_read() {
        let payload = media::audio_header(media::Audio::Opus).unwrap();
        let head = OpusHead {
            channels: 2,
            pre_skip: 312,
            input_rate_hz: 48_000,
        };
        assert_eq!(OpusHead::parse(&payload[5..]), Ok(head));
    }

    #[test]
    fn damaged_headers_are_refused() {
        let cut = OpusHead::parse(b"OpusHead\x01\x02");
        assert!(matches!(cut, Err(Error::Truncated { offset: 10, .. })));
        let other = OpusHead::parse(b"OpusTags\x01\x02");
        assert!(matches!(other, Err(Error::Malformed { .. })));
        let later = OpusHead::parse(b"OpusHead\x11\x02");
        assert!(matches!(later, Err(Error::Unsupported { value: 0x11, .. })));
    }
}
