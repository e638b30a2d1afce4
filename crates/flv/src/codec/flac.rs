//! FLAC: the stream information that stands in its sequence header.

use crate::Error;
use crate::bits::Bits;

/// A `STREAMINFO` block (RFC 9639 §8.2): the body of a FLAC sequence header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlacStreamInfo {
    /// The sample rate, in hertz.
    pub sample_rate_hz: u32,
    /// Channels, 1 to 8.
    pub channels: u8,
    /// Bits of a sample, 4 to 32.
    pub sample_bits: u8,
}

impl FlacStreamInfo {
    /// Reads the information, with or without the signature and the block header that Enhanced
    /// RTMP v2 puts before it and some encoders leave out.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where it ends early.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let mut bits = Bits::new(body);
        if body.starts_with(b"fLaC") {
            bits.skip(64, "FLAC signature")?;
        }
        bits.skip(80, "FLAC block and frame sizes")?;
        Ok(Self {
            sample_rate_hz: bits.read(20, "FLAC sample rate")?,
            channels: bits.read(3, "FLAC channels")? as u8 + 1,
            sample_bits: bits.read(5, "FLAC sample size")? as u8 + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::FlacStreamInfo;
    use testkit::hex;

    #[test]
    fn the_block_is_read_with_and_without_what_stands_before_it() {
        // message.json, FLAC sequence start.
        let bare = hex::decode("0010ffff0000000000000ac442f0000000000000").unwrap();
        let info = FlacStreamInfo {
            sample_rate_hz: 44_100,
            channels: 2,
            sample_bits: 16,
        };
        assert_eq!(FlacStreamInfo::parse(&bare), Ok(info));
        let whole = [b"fLaC\x80\x00\x00\x22", &bare[..]].concat();
        assert_eq!(FlacStreamInfo::parse(&whole), Ok(info));
        assert!(FlacStreamInfo::parse(&bare[..12]).is_err());
    }
}
