//! MP3: the header each frame starts with.

use crate::Error;
use crate::cursor::Cursor;

/// The standard a frame follows, which decides its rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mp3Version {
    /// MPEG-1: 32, 44.1 and 48 kHz.
    Mpeg1,
    /// MPEG-2: half of those.
    Mpeg2,
    /// MPEG-2.5: a quarter of those.
    Mpeg25,
}

/// The header of an MP3 frame (ISO/IEC 11172-3 §2.4.1.3; layer III only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp3FrameHeader {
    /// The standard the frame follows.
    pub version: Mp3Version,
    /// Bits in a second.
    pub bit_rate: u32,
    /// The sample rate, in hertz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Bytes of the whole frame, its header counted.
    pub frame_bytes: usize,
    /// Samples of each channel in the frame: 1152, or 576 but for MPEG-1.
    pub samples: u32,
}

/// Kilobits in a second by `bitrate_index`, layer III of MPEG-1.
const KBITS_MPEG1: [u32; 15] = [
    0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
/// Kilobits in a second by `bitrate_index`, layer III of MPEG-2 and 2.5.
const KBITS_MPEG2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

impl Mp3FrameHeader {
    /// Bytes of the header.
    pub const BYTES: usize = 4;

    /// Reads the header at the start of `frame`; the rest of the frame need not be there.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] for fewer than four bytes, [`Error::Malformed`] where they are no
    /// header or use a reserved value, [`Error::Unsupported`] for other layers and for free
    /// format, whose frames do not say how long they are.
    pub fn parse(frame: &[u8]) -> Result<Self, Error> {
        let word = Cursor::new(frame).u32("MP3 frame header")?;
        let field = |shift: u32, bits: u32| word >> shift & ((1 << bits) - 1);
        let malformed = |what| Error::Malformed { what, offset: 0 };
        if field(21, 11) != 0x7ff {
            return Err(malformed("MP3 frame sync"));
        }
        let version = match field(19, 2) {
            0 => Mp3Version::Mpeg25,
            2 => Mp3Version::Mpeg2,
            3 => Mp3Version::Mpeg1,
            _ => return Err(malformed("MP3 version")),
        };
        check_layer(field(17, 2))?;
        let (rates, samples, divisor) = match version {
            Mp3Version::Mpeg1 => (&KBITS_MPEG1, 1152, 1),
            Mp3Version::Mpeg2 => (&KBITS_MPEG2, 576, 2),
            Mp3Version::Mpeg25 => (&KBITS_MPEG2, 576, 4),
        };
        let bit_rate = read_bit_rate(rates, field(12, 4))?;
        let sample_rate_hz = match field(10, 2) {
            0 => 44_100,
            1 => 48_000,
            2 => 32_000,
            _ => return Err(malformed("MP3 sample rate")),
        } / divisor;
        let padding = field(9, 1);
        let frame_bytes = (samples / 8 * bit_rate / sample_rate_hz + padding) as usize;
        Ok(Self {
            version,
            bit_rate,
            sample_rate_hz,
            channels: if field(6, 2) == 3 { 1 } else { 2 },
            frame_bytes,
            samples,
        })
    }
}

fn check_layer(layer: u32) -> Result<(), Error> {
    match layer {
        1 => Ok(()),
        0 => Err(Error::Malformed {
            what: "MP3 layer",
            offset: 1,
        }),
        other => Err(Error::Unsupported {
            what: "MPEG audio layer",
            value: 4 - other,
            offset: 1,
        }),
    }
}

fn read_bit_rate(rates: &[u32; 15], index: u32) -> Result<u32, Error> {
    let what = "MP3 bit rate";
    match rates.get(index as usize) {
        Some(0) => Err(Error::Unsupported {
            what,
            value: 0,
            offset: 2,
        }),
        Some(kbits) => Ok(kbits * 1000),
        None => Err(Error::Malformed { what, offset: 2 }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Mp3FrameHeader, Mp3Version};
    use crate::Error;
    use testkit::media;

    #[test]
    fn a_made_frame_is_as_long_as_it_says() {
        let payload = media::audio_frame(media::Audio::Mp3, 0, 0);
        let header = Mp3FrameHeader::parse(&payload[1..]).unwrap();
        assert_eq!(header.frame_bytes, payload.len() - 1);
        assert_eq!((header.bit_rate, header.sample_rate_hz), (128_000, 44_100));
        assert_eq!((header.channels, header.samples), (2, 1152));
    }

    #[test]
    fn every_version_has_its_rates() {
        for (bytes, version, rate, bit_rate, frame_bytes) in [
            (
                [0xff, 0xfb, 0xe6, 0xc0],
                Mp3Version::Mpeg1,
                48_000,
                320_000,
                961,
            ),
            (
                [0xff, 0xf3, 0x40, 0xc0],
                Mp3Version::Mpeg2,
                22_050,
                32_000,
                104,
            ),
            (
                [0xff, 0xe3, 0x18, 0xc0],
                Mp3Version::Mpeg25,
                8_000,
                8_000,
                72,
            ),
        ] {
            let header = Mp3FrameHeader::parse(&bytes).unwrap();
            assert_eq!(header.version, version);
            assert_eq!((header.sample_rate_hz, header.bit_rate), (rate, bit_rate));
            assert_eq!((header.frame_bytes, header.channels), (frame_bytes, 1));
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bytes in [
            [0xff, 0x1b, 0x90, 0],
            [0xff, 0xeb, 0x90, 0],
            [0xff, 0xf9, 0x90, 0],
            [0xff, 0xfb, 0xf0, 0],
            [0xff, 0xfb, 0x9c, 0],
        ] {
            let refused = Mp3FrameHeader::parse(&bytes);
            assert!(
                matches!(refused, Err(Error::Malformed { .. })),
                "{bytes:02x?}"
            );
        }
        let layer_two = Mp3FrameHeader::parse(&[0xff, 0xfd, 0x90, 0]);
        assert!(matches!(
            layer_two,
            Err(Error::Unsupported { value: 2, .. })
        ));
        let free = Mp3FrameHeader::parse(&[0xff, 0xfb, 0x00, 0]);
        assert!(matches!(free, Err(Error::Unsupported { value: 0, .. })));
        assert!(Mp3FrameHeader::parse(&[0xff, 0xfb, 0x90]).is_err());
    }
}
