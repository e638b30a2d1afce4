//! VP8 and VP9: the configuration record they share.

use crate::Error;
use crate::cursor::Cursor;

/// A `VPCodecConfigurationRecord` behind its version and flags (VP codec in ISO BMFF §2.2): the
/// body of a VP8 or VP9 sequence header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VpConfig {
    /// The profile, 0 to 3.
    pub profile: u8,
    /// Ten times the level; 0 where the encoder does not say.
    pub level: u8,
    /// Bits of a sample: 8, 10 or 12.
    pub bit_depth: u8,
}

impl VpConfig {
    /// Reads a record as far as its bit depth.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where the record ends early, [`Error::Unsupported`] for a version
    /// other than 1.
    pub fn parse(record: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(record);
        let version = cursor.u8("version of the VP record")?;
        if version != 1 {
            return Err(Error::Unsupported {
                what: "version of the VP record",
                value: version.into(),
                offset: 0,
            });
        }
        cursor.u24("flags of the VP record")?;
        Ok(Self {
            profile: cursor.u8("VP profile")?,
            level: cursor.u8("VP level")?,
            bit_depth: cursor.u8("VP bit depth")? >> 4,
        })
    }

    /// The codec as `vp09.00.31.08` (VP codec in ISO BMFF §3), with `name` for `vp09`.
    #[must_use]
    pub fn codec_string(&self, name: &str) -> String {
        let Self {
            profile,
            level,
            bit_depth,
        } = self;
        format!("{name}.{profile:02}.{level:02}.{bit_depth:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::VpConfig;
    use crate::Error;
    use testkit::media;

    #[test]
    fn a_record_is_read() {
        let config = VpConfig::parse(&media::vp9_config()).unwrap();
        assert_eq!(config.codec_string("vp09"), "vp09.00.31.08");
        // message.json, vp9 sequence start.
        let config = VpConfig::parse(&[1, 0, 0, 0, 0, 0x28, 0x82, 2, 2, 2, 0, 0]).unwrap();
        assert_eq!(config.codec_string("vp09"), "vp09.00.40.08");
    }

    #[test]
    fn damaged_records_are_refused() {
        assert!(matches!(
            VpConfig::parse(&[1, 0, 0, 0, 0, 31]),
            Err(Error::Truncated { .. })
        ));
        assert!(matches!(
            VpConfig::parse(&[0; 12]),
            Err(Error::Unsupported { .. })
        ));
    }
}
