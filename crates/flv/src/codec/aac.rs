//! AAC: the configuration that stands in its sequence header.

use crate::Error;
use crate::bits::Bits;

/// Sample rates by `samplingFrequencyIndex` (ISO/IEC 14496-3 table 1.18).
const RATES_HZ: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];
/// `audioObjectType` of spectral band replication.
const SBR: u8 = 5;
/// `audioObjectType` of parametric stereo, which implies replication.
const PS: u8 = 29;
/// What announces an extension behind the configuration (ISO/IEC 14496-3 §1.6.6.1).
const SYNC_EXTENSION: u32 = 0x2b7;

/// An `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1): the body of an AAC sequence header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// `audioObjectType` of the core: 1 main, 2 low complexity.
    pub object_type: u8,
    /// The type the configuration starts with: 5 or 29 where replication is signalled up
    /// front, else that of the core. This is the number in the codec string.
    pub signalled_type: u8,
    /// The sample rate of the core, in hertz.
    pub sample_rate_hz: u32,
    /// Channels by their configuration; `None` where the stream describes them itself.
    pub channels: Option<u8>,
    /// The sample rate with spectral band replication, in hertz, where that is signalled.
    pub sbr_rate_hz: Option<u32>,
}

impl AudioSpecificConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where it ends early, [`Error::Unsupported`] for a reserved sample
    /// rate.
    pub fn parse(config: &[u8]) -> Result<Self, Error> {
        let mut bits = Bits::new(config);
        let signalled_type = read_object_type(&mut bits)?;
        let sample_rate_hz = read_rate(&mut bits)?;
        let channels = channels(bits.read(4, "AAC channels")?);
        let mut found = Self {
            object_type: signalled_type,
            signalled_type,
            sample_rate_hz,
            channels,
            sbr_rate_hz: None,
        };
        if matches!(signalled_type, SBR | PS) {
            found.sbr_rate_hz = Some(read_rate(&mut bits)?);
            found.object_type = read_object_type(&mut bits)?;
        } else {
            // An extension is optional: what cannot be read as one is none.
            found.sbr_rate_hz = read_extension(&mut bits, channels).ok().flatten();
        }
        Ok(found)
    }

    /// The codec as `mp4a.40.2` (RFC 6381 §3.3).
    #[must_use]
    pub fn codec_string(&self) -> String {
        format!("mp4a.40.{}", self.signalled_type)
    }

    /// The sample rate a player ends up with, in hertz.
    #[must_use]
    pub fn output_rate_hz(&self) -> u32 {
        self.sbr_rate_hz.unwrap_or(self.sample_rate_hz)
    }
}

fn read_object_type(bits: &mut Bits<'_>) -> Result<u8, Error> {
    match bits.read(5, "AAC object type")? {
        31 => Ok(32 + bits.read(6, "AAC object type")? as u8),
        short => Ok(short as u8),
    }
}

fn read_rate(bits: &mut Bits<'_>) -> Result<u32, Error> {
    let what = "AAC sample rate";
    let index = bits.read(4, what)?;
    if index == 15 {
        return bits.read(24, what);
    }
    RATES_HZ
        .get(index as usize)
        .copied()
        .ok_or(Error::Unsupported {
            what,
            value: index,
            offset: 0,
        })
}

/// `channelConfiguration`, ISO/IEC 14496-3 table 1.19.
const fn channels(configuration: u32) -> Option<u8> {
    match configuration {
        1..=6 => Some(configuration as u8),
        7 | 12 | 14 => Some(8),
        11 => Some(7),
        13 => Some(24),
        _ => None,
    }
}

/// The replication rate from an extension behind `GASpecificConfig`, which older decoders do not
/// look at (ISO/IEC 14496-3 §1.6.2.1, §4.4.1).
fn read_extension(bits: &mut Bits<'_>, channels: Option<u8>) -> Result<Option<u32>, Error> {
    let what = "AAC extension";
    bits.skip(1, what)?;
    if bits.flag(what)? {
        bits.skip(14, what)?;
    }
    let more = bits.flag(what)?;
    // What comes between here and the extension is not read: channels the stream describes
    // itself, and the tools of error resilience.
    if channels.is_none() || more || bits.left() < 16 {
        return Ok(None);
    }
    let is_sbr = bits.read(11, what)? == SYNC_EXTENSION
        && read_object_type(bits)? == SBR
        && bits.flag(what)?;
    if is_sbr {
        read_rate(bits).map(Some)
    } else {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::AudioSpecificConfig;
    use crate::Error;

    fn parse(config: &[u8]) -> AudioSpecificConfig {
        AudioSpecificConfig::parse(config).unwrap()
    }

    #[test]
    fn low_complexity_is_read() {
        let found = parse(&[0x12, 0x10]);
        assert_eq!(found.codec_string(), "mp4a.40.2");
        assert_eq!((found.sample_rate_hz, found.channels), (44_100, Some(2)));
        assert_eq!(found.sbr_rate_hz, None);
        // flv.json, the ruffle sample: 48 kHz would be index 3; this is 0x0b88.
        let found = parse(&[0x0b, 0x88]);
        assert_eq!((found.object_type, found.sample_rate_hz), (1, 22_050));
        assert_eq!(found.channels, Some(1));
    }

    #[test]
    fn replication_signalled_up_front_is_read() {
        // Type 5, 24 kHz, stereo, 48 kHz, type 2.
        let found = parse(&[0x2b, 0x11, 0x88, 0x00]);
        assert_eq!(found.codec_string(), "mp4a.40.5");
        assert_eq!((found.object_type, found.sample_rate_hz), (2, 24_000));
        assert_eq!(found.output_rate_hz(), 48_000);
    }

    #[test]
    fn replication_signalled_behind_is_read() {
        // Type 2, 22.05 kHz, stereo, then 0x2b7, type 5, present, 44.1 kHz.
        let found = parse(&[0x13, 0x90, 0x56, 0xe5, 0xa0]);
        assert_eq!(found.codec_string(), "mp4a.40.2");
        assert_eq!(found.output_rate_hz(), 44_100);
        // The same with the presence bit off, and cut before the rate.
        assert_eq!(parse(&[0x13, 0x90, 0x56, 0xe5, 0x20]).sbr_rate_hz, None);
        assert_eq!(parse(&[0x13, 0x90, 0x56, 0xe5]).sbr_rate_hz, None);
    }

    #[test]
    fn long_types_explicit_rates_and_odd_channels_are_read() {
        // 31 + 10 = type 42, rate 15 then 50,000 Hz, 7 is eight channels.
        let bits = "11111 001010 1111 000000001100001101010000 0111";
        let mut config = [0_u8; 6];
        for (at, bit) in bits.bytes().filter(|c| *c != b' ').enumerate() {
            config[at / 8] |= (bit & 1) << (7 - at % 8);
        }
        let found = parse(&config);
        assert_eq!(found.object_type, 42);
        assert_eq!((found.sample_rate_hz, found.channels), (50_000, Some(8)));
        assert_eq!(parse(&[0x12, 0x00]).channels, None);
    }

    #[test]
    fn damaged_configurations_are_refused() {
        for config in [&[][..], &[0x12]] {
            let refused = AudioSpecificConfig::parse(config);
            assert!(matches!(refused, Err(Error::Truncated { .. })));
        }
        let refused = AudioSpecificConfig::parse(&[0x16, 0x90]);
        assert!(matches!(refused, Err(Error::Unsupported { value: 13, .. })));
    }
}
