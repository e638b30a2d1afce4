//! AV1: the configuration record and the size in its sequence header.

use crate::Error;
use crate::bits::Bits;
use crate::codec::Size;
use crate::cursor::Cursor;

/// `OBU_SEQUENCE_HEADER`, AV1 §6.2.2.
const SEQUENCE_HEADER: u8 = 1;

/// An `AV1CodecConfigurationRecord` (AV1 in ISO BMFF §2.3.3): the body of an AV1 sequence header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Av1Config<'a> {
    /// `seq_profile`: 0 main, 1 high, 2 professional.
    pub profile: u8,
    /// `seq_level_idx_0`: 4 is level 3.0, each further one a step of the last digit.
    pub level: u8,
    /// Whether the tier is high rather than main.
    pub high_tier: bool,
    /// Bits of a sample: 8, 10 or 12.
    pub bit_depth: u8,
    /// The OBUs behind the record; a sequence header among them, if any.
    pub obus: &'a [u8],
}

impl<'a> Av1Config<'a> {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where the record ends early, [`Error::Unsupported`] for another
    /// version, [`Error::Malformed`] without its marker.
    pub fn parse(record: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(record);
        let what = "version of the AV1 record";
        let version = cursor.u8(what)?;
        if version & 0x80 == 0 {
            return Err(Error::Malformed { what, offset: 0 });
        }
        if version != 0x81 {
            return Err(Error::Unsupported {
                what,
                value: u32::from(version & 0x7f),
                offset: 0,
            });
        }
        let profile_level = cursor.u8("AV1 profile")?;
        let format = cursor.u8("AV1 format")?;
        cursor.u8("AV1 delay")?;
        Ok(Self {
            profile: profile_level >> 5,
            level: profile_level & 0x1f,
            high_tier: format & 0x80 != 0,
            bit_depth: match (format & 0x40 != 0, format & 0x20 != 0) {
                (false, _) => 8,
                (true, false) => 10,
                (true, true) => 12,
            },
            obus: cursor.rest(),
        })
    }

    /// The codec as `av01.0.05M.08` (AV1 in ISO BMFF §5).
    #[must_use]
    pub fn codec_string(&self) -> String {
        let tier = if self.high_tier { 'H' } else { 'M' };
        let Self {
            profile,
            level,
            bit_depth,
            ..
        } = self;
        format!("av01.{profile}.{level:02}{tier}.{bit_depth:02}")
    }

    /// The size of the largest picture by the sequence header, if there is one to read.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        let mut cursor = Cursor::new(self.obus);
        loop {
            let (kind, payload) = read_obu(&mut cursor).ok()?;
            if kind == SEQUENCE_HEADER {
                return read_size(payload).ok();
            }
        }
    }
}

/// One OBU: its type and its payload (AV1 §5.3). One without a size takes all that is left.
fn read_obu<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), Error> {
    let header = cursor.u8("OBU header")?;
    if header & 0x04 != 0 {
        cursor.u8("OBU extension")?;
    }
    let size = if header & 0x02 == 0 {
        cursor.rest().len()
    } else {
        read_leb128(cursor)?
    };
    Ok((header >> 3 & 0x0f, cursor.take(size, "OBU")?))
}

/// A number in groups of seven bits, the lowest first (AV1 §4.10.5); here at most 32 bits.
fn read_leb128(cursor: &mut Cursor<'_>) -> Result<usize, Error> {
    let offset = cursor.position();
    let mut value = 0;
    for group in 0..5 {
        let byte = cursor.u8("OBU size")?;
        value |= u64::from(byte & 0x7f) << (7 * group);
        if byte & 0x80 == 0 {
            return Ok(value as usize);
        }
    }
    Err(Error::Malformed {
        what: "OBU size",
        offset,
    })
}

/// `sequence_header_obu` up to the size, AV1 §5.5.1.
fn read_size(payload: &[u8]) -> Result<Size, Error> {
    let mut bits = Bits::new(payload);
    bits.skip(4, "AV1 profile")?;
    if bits.flag("AV1 reduced header flag")? {
        bits.skip(5, "AV1 level")?;
    } else {
        skip_operating_points(&mut bits)?;
    }
    let width_bits = bits.read(4, "AV1 width")? as usize + 1;
    let height_bits = bits.read(4, "AV1 height")? as usize + 1;
    Ok(Size {
        width: bits.read(width_bits, "AV1 width")? + 1,
        height: bits.read(height_bits, "AV1 height")? + 1,
    })
}

/// Timing, decoder model and operating points, AV1 §5.5.1 to §5.5.5.
fn skip_operating_points(bits: &mut Bits<'_>) -> Result<(), Error> {
    let mut delay_bits = None;
    if bits.flag("AV1 timing flag")? {
        bits.skip(64, "AV1 timing")?;
        if bits.flag("AV1 equal intervals flag")? {
            bits.ue("AV1 picture interval")?;
        }
        if bits.flag("AV1 decoder model flag")? {
            delay_bits = Some(bits.read(5, "AV1 decoder model")? as usize + 1);
            bits.skip(42, "AV1 decoder model")?;
        }
    }
    let has_display_delay = bits.flag("AV1 display delay flag")?;
    for _ in 0..=bits.read(5, "AV1 operating points")? {
        bits.skip(12, "AV1 operating point")?;
        if bits.read(5, "AV1 level")? > 7 {
            bits.skip(1, "AV1 tier")?;
        }
        if let Some(delay_bits) = delay_bits
            && bits.flag("AV1 decoder model flag")?
        {
            bits.skip(2 * delay_bits + 1, "AV1 decoder model")?;
        }
        if has_display_delay && bits.flag("AV1 display delay flag")? {
            bits.skip(4, "AV1 display delay")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Av1Config;
    use crate::Error;
    use crate::codec::Size;
    use testkit::{hex, media};

    #[test]
    fn a_record_is_read_back() {
        let record = media::av1_config(640, 360);
        let config = Av1Config::parse(&record).unwrap();
        assert_eq!(config.codec_string(), "av01.0.05M.08");
        let size = Size {
            width: 640,
            height: 360,
        };
        assert_eq!(config.size(), Some(size));
    }

    #[test]
    fn a_record_made_by_an_encoder_is_read() {
        // message.json, av1 sequence start.
        let record = hex::decode("81080c000a0b00000042abbfc3700be001").unwrap();
        let config = Av1Config::parse(&record).unwrap();
        assert_eq!(config.codec_string(), "av01.0.08M.08");
        let size = Size {
            width: 1920,
            height: 1080,
        };
        assert_eq!(config.size(), Some(size));
    }

    #[test]
    fn deep_samples_and_high_tiers_show() {
        let config = Av1Config::parse(&[0x81, 0x4d, 0xe0, 0]).unwrap();
        assert_eq!(config.codec_string(), "av01.2.13H.12");
        assert_eq!(config.size(), None);
    }

    #[test]
    fn damaged_records_are_refused() {
        assert!(matches!(
            Av1Config::parse(&[0x81, 0]),
            Err(Error::Truncated { .. })
        ));
        assert!(matches!(
            Av1Config::parse(&[0x01]),
            Err(Error::Malformed { .. })
        ));
        let other = Av1Config::parse(&[0x82]);
        assert!(matches!(other, Err(Error::Unsupported { value: 2, .. })));
        let record = media::av1_config(640, 360);
        for cut in 4..15 {
            assert_eq!(Av1Config::parse(&record[..cut]).unwrap().size(), None);
        }
        let endless = Av1Config::parse(&[0x81, 0, 0, 0, 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
        assert_eq!(endless.unwrap().size(), None);
    }
}
