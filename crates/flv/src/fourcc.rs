//! Four-character codes: how Enhanced RTMP names a codec.

use std::fmt;

/// A codec named by four bytes, as Enhanced RTMP v2 (section "Enhanced Audio" and "Enhanced
/// Video") has them in headers and, as a big-endian number, in `onMetaData`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// VP8 video.
    pub const VP08: Self = Self(*b"vp08");
    /// VP9 video.
    pub const VP09: Self = Self(*b"vp09");
    /// AV1 video.
    pub const AV01: Self = Self(*b"av01");
    /// H.264 video.
    pub const AVC1: Self = Self(*b"avc1");
    /// H.265 video.
    pub const HVC1: Self = Self(*b"hvc1");
    /// H.266 video.
    pub const VVC1: Self = Self(*b"vvc1");
    /// Dolby AC-3 audio.
    pub const AC3: Self = Self(*b"ac-3");
    /// Dolby E-AC-3 audio.
    pub const EAC3: Self = Self(*b"ec-3");
    /// Opus audio.
    pub const OPUS: Self = Self(*b"Opus");
    /// MP3 audio.
    pub const MP3: Self = Self(*b".mp3");
    /// FLAC audio.
    pub const FLAC: Self = Self(*b"fLaC");
    /// AAC audio.
    pub const MP4A: Self = Self(*b"mp4a");

    /// The code whose big-endian number is `number`, the form `onMetaData` uses
    /// (`av01` is `0x6176_3031`).
    #[must_use]
    pub const fn from_u32(number: u32) -> Self {
        Self(number.to_be_bytes())
    }

    /// The code as the big-endian number `onMetaData` uses.
    #[must_use]
    pub const fn to_u32(self) -> u32 {
        u32::from_be_bytes(self.0)
    }

    /// Reads a code from text of exactly four bytes, as in the `fourCcList` of `connect`.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }
}

impl fmt::Display for FourCc {
    /// The four characters, or `0x` and eight hex digits where one is not printable ASCII.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printable = |byte: &u8| matches!(byte, 0x20..=0x7e);
        match std::str::from_utf8(&self.0) {
            Ok(text) if self.0.iter().all(printable) => f.write_str(text),
            _ => write!(f, "{:#010x}", self.to_u32()),
        }
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FourCc({self})")
    }
}

impl From<u32> for FourCc {
    fn from(number: u32) -> Self {
        Self::from_u32(number)
    }
}

impl From<FourCc> for u32 {
    fn from(code: FourCc) -> Self {
        code.to_u32()
    }
}

#[cfg(test)]
mod tests {
    use super::FourCc;

    #[test]
    fn number_and_text_name_the_same_code() {
        assert_eq!(FourCc::from_u32(0x6176_3031), FourCc::AV01);
        assert_eq!(FourCc::AV01.to_u32(), 0x6176_3031);
        assert_eq!(FourCc::from_text(".mp3"), Some(FourCc::MP3));
        assert_eq!(FourCc::from_text("avc"), None);
        assert_eq!(FourCc::from_text("*"), None);
    }

    #[test]
    fn unprintable_codes_show_as_numbers() {
        assert_eq!(FourCc::EAC3.to_string(), "ec-3");
        assert_eq!(FourCc(*b"\0vp0").to_string(), "0x00767030");
        assert_eq!(format!("{:?}", FourCc::OPUS), "FourCc(Opus)");
    }
}
