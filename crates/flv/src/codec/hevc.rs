//! H.265: the configuration record and the size in a sequence parameter set.

use std::fmt::Write as _;

use crate::Error;
use crate::bits::{Bits, unescape};
use crate::codec::Size;
use crate::cursor::Cursor;

/// The NAL unit type of a sequence parameter set (H.265 table 7-1).
const SPS: u8 = 33;
/// The longest side accepted; level 6.2 allows 8444 by 8444 or so (H.265 §A.4.1).
const MAX_SIDE_PIXELS: u32 = 65_535;

/// An `HEVCDecoderConfigurationRecord` (ISO/IEC 14496-15 §8.3.3.1): the body of an H.265
/// sequence header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HevcConfig<'a> {
    /// `general_profile_space`, 0 in all streams known.
    pub profile_space: u8,
    /// Whether the tier is high rather than main.
    pub high_tier: bool,
    /// `general_profile_idc`: 1 main, 2 main 10.
    pub profile: u8,
    /// `general_profile_compatibility_flags`, the first flag in the top bit.
    pub compatibility: u32,
    /// The constraint flags.
    pub constraints: [u8; 6],
    /// Thirty times the level.
    pub level: u8,
    /// Bytes of the size before each NAL unit of the frames that follow: 1, 2 or 4.
    pub nal_size_bytes: u8,
    /// The parameter sets and SEI messages: type and NAL unit.
    pub units: Vec<(u8, &'a [u8])>,
}

impl<'a> HevcConfig<'a> {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where the record ends early, [`Error::Malformed`] for a size of three
    /// bytes. The version is not checked: encoders write 0 and 1.
    pub fn parse(record: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(record);
        cursor.u8("version of the HEVC record")?;
        let profile = cursor.u8("HEVC profile")?;
        let compatibility = cursor.u32("HEVC compatibility")?;
        let mut constraints = [0; 6];
        constraints.copy_from_slice(cursor.take(6, "HEVC constraints")?);
        let level = cursor.u8("HEVC level")?;
        cursor.take(8, "HEVC segmentation, parallelism, format and rate")?;
        let offset = cursor.position();
        let nal_size_bytes = (cursor.u8("NAL unit size")? & 0x03) + 1;
        if nal_size_bytes == 3 {
            let what = "NAL unit size";
            return Err(Error::Malformed { what, offset });
        }
        Ok(Self {
            profile_space: profile >> 6,
            high_tier: profile & 0x20 != 0,
            profile: profile & 0x1f,
            compatibility,
            constraints,
            level,
            nal_size_bytes,
            units: read_units(&mut cursor)?,
        })
    }

    /// The codec as `hvc1.1.6.L93.B0` (ISO/IEC 14496-15 §E.3).
    #[must_use]
    pub fn codec_string(&self) -> String {
        let mut text = String::from("hvc1.");
        if let 1..=3 = self.profile_space {
            text.push(char::from(b'A' + self.profile_space - 1));
        }
        let tier = if self.high_tier { 'H' } else { 'L' };
        // Flag 0 counts 1 here, though it is the top bit of the record.
        let compatibility = self.compatibility.reverse_bits();
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "{}.{compatibility:X}.{tier}{}",
            self.profile, self.level
        );
        let used = self.constraints.iter().rposition(|byte| *byte != 0);
        for byte in &self.constraints[..used.map_or(0, |last| last + 1)] {
            let _ = write!(text, ".{byte:X}");
        }
        text
    }

    /// The size of the pictures by the first sequence parameter set, if that can be read.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        let (_, unit) = self.units.iter().find(|(kind, _)| *kind == SPS)?;
        let sps = HevcSps::parse(unit).ok()?;
        Some(sps.size)
    }
}

fn read_units<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<(u8, &'a [u8])>, Error> {
    let mut units = Vec::new();
    for _ in 0..cursor.u8("number of HEVC arrays")? {
        let kind = cursor.u8("kind of an HEVC array")? & 0x3f;
        for _ in 0..cursor.u16("length of an HEVC array")? {
            let size = cursor.u16("size of an HEVC parameter set")?;
            units.push((kind, cursor.take(size.into(), "HEVC parameter set")?));
        }
    }
    Ok(units)
}

/// What a sequence parameter set says (H.265 §7.3.2.2.1), up to the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HevcSps {
    /// The size of the pictures, cropped.
    pub size: Size,
}

impl HevcSps {
    /// Reads a sequence parameter set given as a NAL unit.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] and [`Error::Malformed`]; their offsets do not count the bytes that
    /// keep start codes out of the unit.
    pub fn parse(unit: &[u8]) -> Result<Self, Error> {
        let plain = unescape(unit);
        let mut bits = Bits::new(&plain);
        if (bits.read(16, "HEVC SPS")? >> 9) as u8 & 0x3f != SPS {
            return Err(Error::Malformed {
                what: "HEVC SPS",
                offset: 0,
            });
        }
        bits.skip(4, "HEVC VPS id")?;
        let sub_layers = bits.read(3, "HEVC sub-layers")? as usize;
        bits.skip(1, "HEVC nesting flag")?;
        skip_profile_tier_level(&mut bits, sub_layers)?;
        bits.ue("HEVC SPS id")?;
        let chroma = bits.ue_up_to(3, "HEVC chroma format")?;
        if chroma == 3 {
            bits.skip(1, "HEVC separate colour planes")?;
        }
        let mut size = Size {
            width: bits.ue_up_to(MAX_SIDE_PIXELS, "HEVC width")?,
            height: bits.ue_up_to(MAX_SIDE_PIXELS, "HEVC height")?,
        };
        if bits.flag("HEVC cropping flag")? {
            crop(&mut bits, &mut size, chroma)?;
        }
        Ok(Self { size })
    }
}

/// H.265 §7.3.3: 96 bits for the whole, then flags and 88 + 8 bits for each sub-layer.
fn skip_profile_tier_level(bits: &mut Bits<'_>, sub_layers: usize) -> Result<(), Error> {
    bits.skip(96, "HEVC profile, tier and level")?;
    let mut skip = 0;
    for _ in 0..sub_layers {
        skip += 88 * bits.read(1, "HEVC sub-layer flags")? as usize;
        skip += 8 * bits.read(1, "HEVC sub-layer flags")? as usize;
    }
    if sub_layers > 0 {
        skip += 2 * (8 - sub_layers);
    }
    bits.skip(skip, "HEVC sub-layers")
}

fn crop(bits: &mut Bits<'_>, size: &mut Size, chroma: u32) -> Result<(), Error> {
    let unit_x = if matches!(chroma, 1 | 2) { 2 } else { 1 };
    let unit_y = if chroma == 1 { 2 } else { 1 };
    let [left, right] = [bits.ue("HEVC cropping")?, bits.ue("HEVC cropping")?];
    let [top, bottom] = [bits.ue("HEVC cropping")?, bits.ue("HEVC cropping")?];
    let cut = |side: u32, unit: u64, units: [u32; 2]| {
        let cut = (u64::from(units[0]) + u64::from(units[1])) * unit;
        u64::from(side)
            .checked_sub(cut)
            .filter(|left| *left > 0)
            .map(|left| left as u32)
            .ok_or(Error::Malformed {
                what: "HEVC cropping",
                offset: 0,
            })
    };
    size.width = cut(size.width, unit_x, [left, right])?;
    size.height = cut(size.height, unit_y, [top, bottom])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::HevcConfig;
    use crate::Error;
    use crate::codec::Size;
    use testkit::{hex, media};

    #[test]
    fn a_record_is_read_back() {
        let record = media::hevc_config(640, 360);
        let config = HevcConfig::parse(&record).unwrap();
        assert_eq!(config.codec_string(), "hvc1.1.6.L93.B0");
        assert_eq!(config.nal_size_bytes, 4);
        let size = Size {
            width: 640,
            height: 360,
        };
        assert_eq!(config.size(), Some(size));
    }

    #[test]
    fn a_record_made_by_an_encoder_is_read() {
        // message.json, hevc sequence start: 1080p cropped from 1088 lines.
        let record = hex::decode(
            "0101400000009000000000007bf000fcfdf8f800000f03a00001001740010c01ffff01400000030090\
             000003000003007bac09a10001003d42010101400000030090000003000003007ba003c0801107cb96\
             b4a42592e3016a02020208000003000800000301e3002ef2880002625a00001312d020a2000100074401\
             c0f7c0cc90",
        );
        let record = record.unwrap();
        let config = HevcConfig::parse(&record).unwrap();
        assert_eq!(config.codec_string(), "hvc1.1.2.L123.90");
        let kinds: Vec<_> = config.units.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [32, 33, 34]);
        let size = Size {
            width: 1920,
            height: 1080,
        };
        assert_eq!(config.size(), Some(size));
    }

    #[test]
    fn other_profile_spaces_and_tiers_show() {
        let mut record = media::hevc_config(64, 64);
        record[1] = 0x62;
        record[6..12].fill(0);
        let config = HevcConfig::parse(&record).unwrap();
        assert_eq!(config.codec_string(), "hvc1.A2.6.H93");
    }

    #[test]
    fn damaged_records_are_refused() {
        let record = media::hevc_config(640, 360);
        for cut in 0..record.len() {
            let error = HevcConfig::parse(&record[..cut]);
            assert!(
                matches!(error, Err(Error::Truncated { .. })),
                "cut at {cut}"
            );
        }
        let mut odd = record.clone();
        odd[21] = 0x0e;
        assert!(matches!(
            HevcConfig::parse(&odd),
            Err(Error::Malformed { offset: 21, .. })
        ));
    }
}
