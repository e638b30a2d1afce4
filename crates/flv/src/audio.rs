//! What an audio message is: codec, packet kind, sound shape, and where the media starts.
//!
//! Reads the `AudioTagHeader` of FLV 10.1 (Annex E.4.2.1) and the `ExAudioTagHeader` of Enhanced
//! RTMP v2 ("Enhanced Audio"). Does not look into the media itself.

use crate::cursor::Cursor;
use crate::enhanced::{self, RawTracks};
use crate::{Error, FourCc, Multitrack};

/// `SoundFormat.ExHeader` of Enhanced RTMP v2.
const EX_HEADER: u8 = 9;
/// `AudioPacketType.Multitrack` of Enhanced RTMP v2.
const MULTITRACK: u8 = 5;

/// An audio codec as the header names it (FLV 10.1 §E.4.2.1 `SoundFormat`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// No codec is named: an empty message.
    None,
    /// 0: linear PCM in the byte order of the machine that made it.
    PcmPlatform,
    /// 1: ADPCM.
    Adpcm,
    /// 2: MP3.
    Mp3,
    /// 3: linear PCM, little-endian.
    PcmLe,
    /// 4: Nellymoser Asao, 16 kHz mono.
    Nelly16,
    /// 5: Nellymoser Asao, 8 kHz mono.
    Nelly8,
    /// 6: Nellymoser Asao.
    Nelly,
    /// 7: G.711 A-law.
    G711A,
    /// 8: G.711 µ-law.
    G711U,
    /// 10: AAC.
    Aac,
    /// 11: Speex, 16 kHz mono.
    Speex,
    /// 14: MP3, 8 kHz.
    Mp3_8k,
    /// 15: sound of a particular device.
    Device,
    /// The codec of an enhanced header.
    FourCc(FourCc),
    /// An id without a meaning known to us.
    Unknown(u8),
}

impl Codec {
    /// The codec of a four-bit `SoundFormat`.
    #[must_use]
    pub const fn from_id(id: u8) -> Self {
        match id {
            0 => Self::PcmPlatform,
            1 => Self::Adpcm,
            2 => Self::Mp3,
            3 => Self::PcmLe,
            4 => Self::Nelly16,
            5 => Self::Nelly8,
            6 => Self::Nelly,
            7 => Self::G711A,
            8 => Self::G711U,
            10 => Self::Aac,
            11 => Self::Speex,
            14 => Self::Mp3_8k,
            15 => Self::Device,
            other => Self::Unknown(other),
        }
    }

    /// The name people know the codec by, such as `"AAC"`; `"unknown"` where there is none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PcmPlatform => "PCM",
            Self::Adpcm => "ADPCM",
            Self::Mp3 | Self::FourCc(FourCc::MP3) => "MP3",
            Self::PcmLe => "PCM little-endian",
            Self::Nelly16 => "Nellymoser 16 kHz",
            Self::Nelly8 => "Nellymoser 8 kHz",
            Self::Nelly => "Nellymoser",
            Self::G711A => "G.711 A-law",
            Self::G711U => "G.711 µ-law",
            Self::Aac | Self::FourCc(FourCc::MP4A) => "AAC",
            Self::Speex => "Speex",
            Self::Mp3_8k => "MP3 8 kHz",
            Self::Device => "device-specific sound",
            Self::FourCc(FourCc::AC3) => "AC-3",
            Self::FourCc(FourCc::EAC3) => "E-AC-3",
            Self::FourCc(FourCc::OPUS) => "Opus",
            Self::FourCc(FourCc::FLAC) => "FLAC",
            Self::FourCc(_) | Self::Unknown(_) => "unknown",
        }
    }

    /// The rate that comes with the codec, in hertz, whatever the rate bits say.
    const fn fixed_rate_hz(self) -> Option<u32> {
        match self {
            Self::Nelly16 | Self::Speex => Some(16_000),
            Self::Nelly8 | Self::G711A | Self::G711U | Self::Mp3_8k => Some(8_000),
            _ => None,
        }
    }
}

/// What an audio message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// Nothing: the message has no payload. Old players and servers send it to mark silence.
    Empty,
    /// What a decoder needs before the first frame, such as an `AudioSpecificConfig`.
    SequenceStart,
    /// Coded sound.
    Frames,
    /// The end of what the last sequence start began.
    SequenceEnd,
    /// Which speaker each channel belongs to; [`ChannelConfig::parse`] reads it.
    MultichannelConfig,
    /// A packet type the formats reserve.
    Unknown(u8),
}

impl PacketKind {
    /// `AACPacketType`, FLV 10.1 §E.4.2.1.
    const fn from_aac(value: u8) -> Self {
        match value {
            0 => Self::SequenceStart,
            1 => Self::Frames,
            other => Self::Unknown(other),
        }
    }

    /// `AudioPacketType`, Enhanced RTMP v2.
    const fn from_enhanced(value: u8) -> Self {
        match value {
            0 => Self::SequenceStart,
            1 => Self::Frames,
            2 => Self::SequenceEnd,
            4 => Self::MultichannelConfig,
            other => Self::Unknown(other),
        }
    }
}

/// What stands before the media in an audio message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// The codec; of the first track where there are many.
    pub codec: Codec,
    /// What the message carries.
    pub packet: PacketKind,
    /// The two rate bits: 0 = 5.5 kHz, 1 = 11 kHz, 2 = 22 kHz, 3 = 44 kHz. AAC always says 3
    /// and means nothing by it. Zero in an enhanced header.
    pub rate: u8,
    /// Whether samples have 16 bits rather than 8. False in an enhanced header.
    pub size16: bool,
    /// Whether there are two channels. False in an enhanced header.
    pub stereo: bool,
    /// Whether the header is the one of Enhanced RTMP.
    pub enhanced: bool,
    /// How tracks share the message, if it carries any; [`tracks`] walks them.
    pub multitrack: Option<Multitrack>,
    /// Nanoseconds to add to the message's time, up to a millisecond (`TimestampOffsetNano`).
    pub timestamp_offset_ns: u32,
    /// Where the media starts in the payload, in bytes; in the first track where there are
    /// many.
    pub body_offset: usize,
}

impl Header {
    /// The header of a message without payload.
    const EMPTY: Self = Self {
        codec: Codec::None,
        packet: PacketKind::Empty,
        rate: 0,
        size16: false,
        stereo: false,
        enhanced: false,
        multitrack: None,
        timestamp_offset_ns: 0,
        body_offset: 0,
    };

    /// Whether the message holds what a decoder needs before the first frame.
    #[must_use]
    pub const fn is_sequence_header(&self) -> bool {
        matches!(self.packet, PacketKind::SequenceStart)
    }

    /// Whether the message holds coded sound.
    #[must_use]
    pub const fn is_frames(&self) -> bool {
        matches!(self.packet, PacketKind::Frames)
    }

    /// The sample rate the header tells, in hertz. `None` where only the sequence header or the
    /// media knows: AAC, enhanced headers, empty messages.
    #[must_use]
    pub fn sample_rate_hz(&self) -> Option<u32> {
        match self.codec {
            Codec::None | Codec::Aac | Codec::FourCc(_) => None,
            codec => codec.fixed_rate_hz().or(Some(match self.rate {
                0 => 5_512,
                1 => 11_025,
                2 => 22_050,
                _ => 44_100,
            })),
        }
    }
}

/// Reads the header of an audio message. An empty payload is [`PacketKind::Empty`].
///
/// # Errors
///
/// [`Error::Truncated`] where the payload ends inside the header, [`Error::Malformed`] and
/// [`Error::Unsupported`] where an enhanced header nests or uses multitrack modes in a way the
/// format does not define.
pub fn parse(payload: &[u8]) -> Result<Header, Error> {
    let mut cursor = Cursor::new(payload);
    let Ok(first) = cursor.u8("audio header") else {
        return Ok(Header::EMPTY);
    };
    let [format, low] = enhanced::nibbles(first);
    if format == EX_HEADER {
        return parse_enhanced(cursor, low);
    }
    let codec = Codec::from_id(format);
    let packet = match codec {
        Codec::Aac => PacketKind::from_aac(cursor.u8("AAC packet type")?),
        _ => PacketKind::Frames,
    };
    Ok(Header {
        codec,
        packet,
        rate: low >> 2,
        size16: low & 0x02 != 0,
        stereo: low & 0x01 != 0,
        body_offset: cursor.position(),
        ..Header::EMPTY
    })
}

fn parse_enhanced(mut cursor: Cursor<'_>, packet_type: u8) -> Result<Header, Error> {
    let prefix = enhanced::read_prefix(&mut cursor, packet_type)?;
    let mut header = Header {
        packet: PacketKind::from_enhanced(prefix.packet_type),
        enhanced: true,
        timestamp_offset_ns: prefix.timestamp_offset_ns,
        ..Header::EMPTY
    };
    if prefix.packet_type == MULTITRACK {
        return parse_multitrack(cursor, header);
    }
    header.codec = Codec::FourCc(cursor.fourcc("audio codec")?);
    header.body_offset = cursor.position();
    Ok(header)
}

/// Fills `header` from the first track; the others are left to [`tracks`].
fn parse_multitrack(cursor: Cursor<'_>, mut header: Header) -> Result<Header, Error> {
    let offset = cursor.position();
    let mut tracks = Tracks::read(cursor)?;
    let mode = tracks.raw.mode();
    let first = tracks.next().unwrap_or(Err(Error::Truncated {
        what: "first audio track",
        offset,
    }))?;
    header.packet = tracks.packet;
    header.codec = first.codec;
    header.body_offset = first.body_offset;
    header.multitrack = Some(Multitrack {
        mode,
        first_track_id: first.id,
    });
    Ok(header)
}

/// One track of a multitrack audio message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track<'a> {
    /// The track's id; 0 is the default track.
    pub id: u8,
    /// The track's codec.
    pub codec: Codec,
    /// Where `body` starts in the payload.
    pub body_offset: usize,
    /// The media of the track.
    pub body: &'a [u8],
}

/// The tracks of a multitrack audio message, in the order of the payload; made by [`tracks`].
#[derive(Debug, Clone)]
pub struct Tracks<'a> {
    raw: RawTracks<'a>,
    packet: PacketKind,
}

/// Walks the tracks of a multitrack audio message. Answers `None` for a message that is not one.
///
/// # Errors
///
/// As [`parse`].
pub fn tracks(payload: &[u8]) -> Result<Option<Tracks<'_>>, Error> {
    let mut cursor = Cursor::new(payload);
    let [format, low] = enhanced::nibbles(cursor.u8("audio header").unwrap_or(0));
    if format != EX_HEADER {
        return Ok(None);
    }
    let prefix = enhanced::read_prefix(&mut cursor, low)?;
    if prefix.packet_type != MULTITRACK {
        return Ok(None);
    }
    Tracks::read(cursor).map(Some)
}

impl<'a> Tracks<'a> {
    fn read(cursor: Cursor<'a>) -> Result<Self, Error> {
        let (raw, packet_type) = RawTracks::read(cursor, MULTITRACK)?;
        let packet = PacketKind::from_enhanced(packet_type);
        Ok(Self { raw, packet })
    }

    /// What every track of the message carries.
    #[must_use]
    pub const fn packet(&self) -> PacketKind {
        self.packet
    }
}

impl<'a> Iterator for Tracks<'a> {
    type Item = Result<Track<'a>, Error>;

    /// The next track; an error once where the payload is cut, then `None`.
    fn next(&mut self) -> Option<Self::Item> {
        Some(self.raw.next()?.map(|raw| Track {
            id: raw.id,
            codec: Codec::FourCc(raw.fourcc),
            body_offset: raw.offset,
            body: raw.data,
        }))
    }
}

/// Which speaker each channel belongs to: the body of [`PacketKind::MultichannelConfig`]
/// (Enhanced RTMP v2, "Enhanced Audio").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelConfig<'a> {
    /// How many channels there are.
    pub channels: u8,
    /// How they are ordered.
    pub order: ChannelOrder<'a>,
}

/// The order of the channels of a [`ChannelConfig`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelOrder<'a> {
    /// 0: nothing is said but their number.
    Unspecified,
    /// 1: the order of the format; the bits say which of its channels are present
    /// (`AudioChannelMask`).
    Native(u32),
    /// 2: the speaker of each channel in turn (`AudioChannel`).
    Custom(&'a [u8]),
}

impl<'a> ChannelConfig<'a> {
    /// Reads the body of a multichannel configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] where the body ends early, [`Error::Unsupported`] for an order the
    /// format does not define.
    pub fn parse(body: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(body);
        let order = cursor.u8("channel order")?;
        let channels = cursor.u8("channel count")?;
        let order = match order {
            0 => ChannelOrder::Unspecified,
            1 => ChannelOrder::Native(cursor.u32("channel flags")?),
            2 => ChannelOrder::Custom(cursor.take(channels.into(), "channel mapping")?),
            other => {
                return Err(Error::Unsupported {
                    what: "channel order",
                    value: other.into(),
                    offset: 0,
                });
            }
        };
        Ok(Self { channels, order })
    }
}

#[cfg(test)]
mod tests {
    use super::{ChannelConfig, ChannelOrder, Codec, Header, PacketKind, parse, tracks};
    use crate::{Error, FourCc, MultitrackMode};

    #[test]
    fn an_empty_message_is_not_an_error() {
        assert_eq!(parse(&[]), Ok(Header::EMPTY));
        assert_eq!(Header::EMPTY.sample_rate_hz(), None);
        assert!(tracks(&[]).unwrap().is_none());
    }

    #[test]
    fn the_bits_of_the_first_byte_are_told_apart() {
        let header = parse(&[0x6a, 1]).unwrap();
        assert_eq!(header.codec, Codec::Nelly);
        assert_eq!(
            (header.rate, header.size16, header.stereo),
            (2, true, false)
        );
        assert_eq!(header.sample_rate_hz(), Some(22_050));
        assert!(header.is_frames());
        assert_eq!(header.body_offset, 1);
    }

    #[test]
    fn some_codecs_have_one_rate_whatever_the_bits_say() {
        for (first, rate) in [(0x4f, 16_000), (0x5f, 8_000), (0xb2, 16_000), (0xef, 8_000)] {
            assert_eq!(parse(&[first]).unwrap().sample_rate_hz(), Some(rate));
        }
        assert_eq!(parse(&[0xaf, 1]).unwrap().sample_rate_hz(), None);
    }

    #[test]
    fn aac_has_a_packet_type() {
        assert!(parse(&[0xaf, 0, 0x12, 0x10]).unwrap().is_sequence_header());
        assert!(parse(&[0xaf, 1]).unwrap().is_frames());
        assert_eq!(parse(&[0xaf, 9]).unwrap().packet, PacketKind::Unknown(9));
        let what = "AAC packet type";
        assert_eq!(parse(&[0xaf]), Err(Error::Truncated { what, offset: 1 }));
    }

    #[test]
    fn a_time_offset_and_many_tracks_go_together() {
        let payload = b"\x97\x02\x0f\x42\x3f\x05\x11Opus\x00\x00\x00\x01\xaa\x02\x00\x00\x01\xbb";
        let header = parse(payload).unwrap();
        assert_eq!(header.timestamp_offset_ns, 999_999);
        assert_eq!(header.codec, Codec::FourCc(FourCc::OPUS));
        let multitrack = header.multitrack.unwrap();
        assert_eq!(multitrack.mode, MultitrackMode::ManyTracks);
        assert_eq!(payload[header.body_offset], 0xaa);
        let walk = tracks(payload).unwrap().unwrap();
        assert_eq!(walk.packet(), PacketKind::Frames);
        let found: Vec<_> = walk.map(|track| track.map(|t| (t.id, t.body))).collect();
        assert_eq!(found, [Ok((0, &[0xaa][..])), Ok((2, &[0xbb]))]);
    }

    #[test]
    fn channel_configurations_of_every_order_are_read() {
        let unspecified = ChannelConfig {
            channels: 6,
            order: ChannelOrder::Unspecified,
        };
        assert_eq!(ChannelConfig::parse(&[0, 6]), Ok(unspecified));
        let native = ChannelConfig {
            channels: 2,
            order: ChannelOrder::Native(3),
        };
        assert_eq!(ChannelConfig::parse(&[1, 2, 0, 0, 0, 3]), Ok(native));
        let custom = ChannelConfig {
            channels: 2,
            order: ChannelOrder::Custom(&[1, 0]),
        };
        assert_eq!(ChannelConfig::parse(&[2, 2, 1, 0]), Ok(custom));
        assert!(ChannelConfig::parse(&[2, 3, 1, 0]).is_err());
        assert!(ChannelConfig::parse(&[3, 2]).is_err());
    }

    #[test]
    fn codecs_have_names_people_know() {
        assert_eq!(
            Codec::from_id(10).name(),
            Codec::FourCc(FourCc::MP4A).name()
        );
        assert_eq!(Codec::from_id(9), Codec::Unknown(9));
        assert_eq!(Codec::FourCc(FourCc(*b"xyzw")).name(), "unknown");
    }
}
