//! H.264: the configuration record and the size in a sequence parameter set.

use crate::Error;
use crate::bits::{Bits, unescape};
use crate::codec::Size;
use crate::cursor::Cursor;

/// The most macroblocks a side may have; level 6.2 allows 1055 (H.264 §A.3.1).
const MAX_SIDE_MACROBLOCKS: u32 = 4096;

/// An `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 §5.3.3.1): the body of an H.264 sequence
/// header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvcConfig<'a> {
    /// `AVCProfileIndication`, such as 66 for baseline, 77 for main, 100 for high.
    pub profile: u8,
    /// The constraint flags.
    pub compatibility: u8,
    /// Ten times the level.
    pub level: u8,
    /// Bytes of the size before each NAL unit of the frames that follow: 1, 2 or 4.
    pub nal_size_bytes: u8,
    /// The sequence parameter sets, as NAL units.
    pub sps: Vec<&'a [u8]>,
    /// The picture parameter sets, as NAL units.
    pub pps: Vec<&'a [u8]>,
}

impl<'a> AvcConfig<'a> {
    /// Reads a record. What high profiles append to it is left aside.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where the record ends early, [`Error::Unsupported`] for a version
    /// other than 1, [`Error::Malformed`] for a size of three bytes.
    pub fn parse(record: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(record);
        let version = cursor.u8("version of the AVC record")?;
        if version != 1 {
            return Err(Error::Unsupported {
                what: "version of the AVC record",
                value: version.into(),
                offset: 0,
            });
        }
        let profile = cursor.u8("AVC profile")?;
        let compatibility = cursor.u8("AVC compatibility")?;
        let level = cursor.u8("AVC level")?;
        let nal_size_bytes = (cursor.u8("NAL unit size")? & 0x03) + 1;
        if nal_size_bytes == 3 {
            return Err(Error::Malformed {
                what: "NAL unit size",
                offset: 4,
            });
        }
        let sps_count = cursor.u8("number of AVC SPS")? & 0x1f;
        let sps = read_units(&mut cursor, sps_count)?;
        let pps_count = cursor.u8("number of AVC PPS")?;
        let pps = read_units(&mut cursor, pps_count)?;
        Ok(Self {
            profile,
            compatibility,
            level,
            nal_size_bytes,
            sps,
            pps,
        })
    }

    /// The codec as `avc1.PPCCLL` (RFC 6381 §3.3).
    #[must_use]
    pub fn codec_string(&self) -> String {
        let Self {
            profile,
            compatibility,
            level,
            ..
        } = self;
        format!("avc1.{profile:02X}{compatibility:02X}{level:02X}")
    }

    /// The size of the pictures by the first sequence parameter set, if that can be read.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        let sps = AvcSps::parse(self.sps.first()?).ok()?;
        Some(sps.size)
    }
}

fn read_units<'a>(cursor: &mut Cursor<'a>, count: u8) -> Result<Vec<&'a [u8]>, Error> {
    let mut units = Vec::new();
    for _ in 0..count {
        let size = cursor.u16("size of an AVC parameter set")?;
        units.push(cursor.take(size.into(), "AVC parameter set")?);
    }
    Ok(units)
}

/// What a sequence parameter set says (H.264 §7.3.2.1.1), up to the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvcSps {
    /// `profile_idc`.
    pub profile: u8,
    /// The constraint flags.
    pub compatibility: u8,
    /// `level_idc`, ten times the level.
    pub level: u8,
    /// The size of the pictures, cropped.
    pub size: Size,
}

impl AvcSps {
    /// Reads a sequence parameter set given as a NAL unit.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] and [`Error::Malformed`]; their offsets do not count the bytes that
    /// keep start codes out of the unit.
    pub fn parse(unit: &[u8]) -> Result<Self, Error> {
        let plain = unescape(unit);
        let mut bits = Bits::new(&plain);
        if bits.read(8, "AVC SPS")? & 0x1f != 7 {
            return Err(Error::Malformed {
                what: "AVC SPS",
                offset: 0,
            });
        }
        let profile = bits.read(8, "AVC profile")? as u8;
        let compatibility = bits.read(8, "AVC compatibility")? as u8;
        let level = bits.read(8, "AVC level")? as u8;
        bits.ue("AVC SPS id")?;
        let chroma = if has_chroma_format(profile) {
            read_chroma_format(&mut bits)?
        } else {
            1
        };
        skip_frame_order(&mut bits)?;
        let size = read_size(&mut bits, chroma)?;
        Ok(Self {
            profile,
            compatibility,
            level,
            size,
        })
    }
}

/// Profiles whose parameter set says how colour is sampled (H.264 §7.3.2.1.1).
const fn has_chroma_format(profile: u8) -> bool {
    matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    )
}

/// `ChromaArrayType`: 0 none, 1 4:2:0, 2 4:2:2, 3 4:4:4.
fn read_chroma_format(bits: &mut Bits<'_>) -> Result<u32, Error> {
    let format = bits.ue_up_to(3, "AVC chroma format")?;
    let separate = format == 3 && bits.flag("AVC separate colour planes")?;
    bits.ue("AVC luma depth")?;
    bits.ue("AVC chroma depth")?;
    bits.flag("AVC lossless flag")?;
    if bits.flag("AVC scaling matrix flag")? {
        let lists = if format == 3 { 12 } else { 8 };
        for list in 0..lists {
            if bits.flag("AVC scaling list flag")? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Ok(if separate { 0 } else { format })
}

/// H.264 §7.3.2.1.1.1: a list ends early where the next scale becomes zero.
fn skip_scaling_list(bits: &mut Bits<'_>, len: u32) -> Result<(), Error> {
    let mut scale = 8_i32;
    for _ in 0..len {
        let delta = bits.se("AVC scaling list")?;
        scale = scale.wrapping_add(delta).rem_euclid(256);
        if scale == 0 {
            break;
        }
    }
    Ok(())
}

/// Frame numbering and picture order, up to the size.
fn skip_frame_order(bits: &mut Bits<'_>) -> Result<(), Error> {
    bits.ue("AVC frame number size")?;
    match bits.ue_up_to(2, "AVC order type")? {
        0 => {
            bits.ue("AVC order size")?;
        }
        1 => {
            bits.flag("AVC order flag")?;
            bits.se("AVC order offset")?;
            bits.se("AVC order offset")?;
            for _ in 0..bits.ue_up_to(255, "AVC order cycle")? {
                bits.se("AVC order offset")?;
            }
        }
        _ => {}
    }
    bits.ue("AVC reference frames")?;
    bits.flag("AVC gaps flag")?;
    Ok(())
}

fn read_size(bits: &mut Bits<'_>, chroma: u32) -> Result<Size, Error> {
    let columns = bits.ue_up_to(MAX_SIDE_MACROBLOCKS - 1, "AVC width")? + 1;
    let rows = bits.ue_up_to(MAX_SIDE_MACROBLOCKS - 1, "AVC height")? + 1;
    let frames_only = bits.flag("AVC frames only flag")?;
    if !frames_only {
        bits.flag("AVC field flag")?;
    }
    bits.flag("AVC direct inference flag")?;
    let fields = if frames_only { 1 } else { 2 };
    let mut size = Size {
        width: columns * 16,
        height: rows * 16 * fields,
    };
    if bits.flag("AVC cropping flag")? {
        let unit_x = if matches!(chroma, 1 | 2) { 2 } else { 1 };
        let unit_y = if chroma == 1 { 2 } else { 1 } * fields;
        let [left, right] = [bits.ue("AVC cropping")?, bits.ue("AVC cropping")?];
        let [top, bottom] = [bits.ue("AVC cropping")?, bits.ue("AVC cropping")?];
        size.width = cropped(size.width, unit_x, left, right)?;
        size.height = cropped(size.height, unit_y, top, bottom)?;
    }
    Ok(size)
}

/// What is left of `side` when `before` and `after` units are cut off it.
fn cropped(side: u32, unit: u32, before: u32, after: u32) -> Result<u32, Error> {
    before
        .checked_add(after)
        .and_then(|units| units.checked_mul(unit))
        .and_then(|cut| side.checked_sub(cut))
        .filter(|left| *left > 0)
        .ok_or(Error::Malformed {
            what: "AVC cropping",
            offset: 0,
        })
}

#[cfg(test)]
mod tests {
    use super::{AvcConfig, AvcSps};
    use crate::Error;
    use crate::codec::Size;
    use testkit::{hex, media::h264};

    #[test]
    fn sizes_are_read_back_cropped() {
        for (width, height) in [(320, 240), (640, 360), (1920, 1080), (2, 2), (4096, 2304)] {
            let record = h264::Encoder::new(width, height).config();
            let config = AvcConfig::parse(&record).unwrap();
            assert_eq!(config.codec_string(), "avc1.42C01E");
            assert_eq!((config.sps.len(), config.pps.len()), (1, 1));
            assert_eq!(config.size(), Some(Size { width, height }));
        }
    }

    #[test]
    fn a_record_made_by_an_encoder_is_read() {
        // Main profile, 640 x 360 (message.json, h264 sequence start).
        let record = hex::decode(
            "014d401effe10023674d401e965605017fcb80b5010101400000fa00003a983800007a10000f425bbc\
             b82801000468ee3c80",
        );
        let record = record.unwrap();
        let config = AvcConfig::parse(&record).unwrap();
        assert_eq!(config.codec_string(), "avc1.4D401E");
        assert_eq!(config.nal_size_bytes, 4);
        let sps = AvcSps::parse(config.sps[0]).unwrap();
        assert_eq!((sps.profile, sps.level), (77, 30));
        let size = Size {
            width: 640,
            height: 360,
        };
        assert_eq!(sps.size, size);
    }

    #[test]
    fn a_high_profile_with_scaling_lists_is_read() {
        // Profile 100, 4:2:0, scaling matrix of one flat list of 16 and seven absent.
        let mut bits = BitText::default();
        bits.put("01100111 01100100 00000000 00011110 1"); // header, id 0
        bits.put("010 1 1 0 1"); // 4:2:0, depths, no lossless, matrix
        bits.put("1").put(&"1".repeat(16)).put("0000000");
        bits.put("1 1 1 1 0"); // frame numbers, order type 0, references, no gaps
        bits.put("00101 011 1 1 0 0 1"); // 5 x 3 macroblocks, frames only, no cropping
        let sps = AvcSps::parse(&bits.bytes()).unwrap();
        let size = Size {
            width: 80,
            height: 48,
        };
        assert_eq!(sps.size, size);
    }

    #[test]
    fn damaged_records_are_refused() {
        let record = h264::Encoder::new(320, 240).config();
        for cut in 0..record.len() {
            let error = AvcConfig::parse(&record[..cut]);
            assert!(
                matches!(error, Err(Error::Truncated { .. })),
                "cut at {cut}"
            );
        }
        let mut odd = record.clone();
        odd[4] = 0xfe;
        assert!(matches!(
            AvcConfig::parse(&odd),
            Err(Error::Malformed { offset: 4, .. })
        ));
        odd[0] = 0;
        assert!(matches!(
            AvcConfig::parse(&odd),
            Err(Error::Unsupported { value: 0, .. })
        ));
    }

    #[test]
    fn a_parameter_set_that_crops_all_or_is_huge_is_refused() {
        let mut bits = BitText::default();
        bits.put("01100111 01000010 00000000 00011110 1");
        bits.put("1 1 1 1 0 1 1 1 1 1"); // one macroblock, cropping
        bits.put("0001000 0001001 1 1"); // 7 + 8 units of two pixels
        assert_eq!(
            AvcSps::parse(&bits.bytes()),
            Err(Error::Malformed {
                what: "AVC cropping",
                offset: 0
            })
        );
        let mut bits = BitText::default();
        bits.put("01100111 01000010 00000000 00011110 1");
        bits.put("1 1 1 1 0 000000000000 1000000000001"); // 4097 columns
        let huge = AvcSps::parse(&bits.bytes());
        assert!(matches!(
            huge,
            Err(Error::Malformed {
                what: "AVC width",
                ..
            })
        ));
        assert!(AvcSps::parse(&[0x68, 0, 0, 0]).is_err());
    }

    /// Bits written as text, for parameter sets no encoder at hand makes.
    #[derive(Default)]
    struct BitText(String);

    impl BitText {
        fn put(&mut self, text: &str) -> &mut Self {
            self.0.extend(text.chars().filter(|c| *c != ' '));
            self
        }

        fn bytes(&self) -> Vec<u8> {
            let bits = self.0.as_bytes().chunks(8);
            bits.map(|bits| {
                let byte = bits.iter().fold(0, |byte, bit| byte << 1 | (bit & 1));
                byte << (8 - bits.len())
            })
            .collect()
        }
    }
}
