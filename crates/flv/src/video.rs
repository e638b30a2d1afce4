//! What a video message is: frame kind, codec, packet kind, and where the media starts.
//!
//! Reads the `VideoTagHeader` of FLV 10.1 (Annex E.4.3.1) and the `ExVideoTagHeader` of Enhanced
//! RTMP v2 ("Enhanced Video"). Does not look into the media itself.

use crate::cursor::Cursor;
use crate::enhanced::{self, RawTracks};
use crate::{Error, FourCc, Multitrack};

/// `VideoPacketType.Multitrack` of Enhanced RTMP v2.
const MULTITRACK: u8 = 6;

/// What a frame depends on (FLV 10.1 §E.4.3.1 `FrameType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// 1: decodes on its own; playback may start here.
    Key,
    /// 2: needs the frames before it.
    Inter,
    /// 3: needs the frames before it, and no frame needs it (defined for Sorenson H.263, used
    /// by encoders for others).
    Disposable,
    /// 4: a key frame made by a server.
    GeneratedKey,
    /// 5: not a picture but a [`Command`].
    Command,
    /// A value the format reserves. Some senders leave it 0 in enhanced headers.
    Reserved(u8),
}

impl FrameKind {
    const fn from_bits(bits: u8) -> Self {
        match bits {
            1 => Self::Key,
            2 => Self::Inter,
            3 => Self::Disposable,
            4 => Self::GeneratedKey,
            5 => Self::Command,
            other => Self::Reserved(other),
        }
    }
}

/// A video codec as the header names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// No codec is named: an empty message, or a command in an enhanced header.
    None,
    /// 2: Sorenson Spark, a variant of H.263.
    Sorenson,
    /// 3: Screen Video.
    Screen,
    /// 4: On2 VP6.
    Vp6,
    /// 5: On2 VP6 with an alpha channel.
    Vp6Alpha,
    /// 6: Screen Video version 2.
    Screen2,
    /// 7: H.264.
    Avc,
    /// 12: H.265 with the header layout of H.264, a private extension of some networks.
    HevcLegacy,
    /// 13: AV1 with the header layout of H.264, a private extension of some networks.
    Av1Legacy,
    /// The codec of an enhanced header.
    FourCc(FourCc),
    /// An id without a meaning known to us.
    Unknown(u8),
}

impl Codec {
    /// The codec of a four-bit `CodecID`.
    #[must_use]
    pub const fn from_id(id: u8) -> Self {
        match id {
            2 => Self::Sorenson,
            3 => Self::Screen,
            4 => Self::Vp6,
            5 => Self::Vp6Alpha,
            6 => Self::Screen2,
            7 => Self::Avc,
            12 => Self::HevcLegacy,
            13 => Self::Av1Legacy,
            other => Self::Unknown(other),
        }
    }

    /// The name people know the codec by, such as `"H.264"`; `"unknown"` where there is none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sorenson => "Sorenson H.263",
            Self::Screen => "Screen Video",
            Self::Vp6 => "VP6",
            Self::Vp6Alpha => "VP6 with alpha",
            Self::Screen2 => "Screen Video 2",
            Self::Avc | Self::FourCc(FourCc::AVC1) => "H.264",
            Self::HevcLegacy | Self::FourCc(FourCc::HVC1) => "H.265",
            Self::Av1Legacy | Self::FourCc(FourCc::AV01) => "AV1",
            Self::FourCc(FourCc::VVC1) => "H.266",
            Self::FourCc(FourCc::VP08) => "VP8",
            Self::FourCc(FourCc::VP09) => "VP9",
            Self::FourCc(_) | Self::Unknown(_) => "unknown",
        }
    }

    /// Whether a packet type and a composition time follow the first byte of a header without
    /// `FourCC`.
    const fn has_avc_layout(self) -> bool {
        matches!(self, Self::Avc | Self::HevcLegacy | Self::Av1Legacy)
    }

    /// Whether coded frames of an enhanced header carry a composition time.
    const fn has_composition_time(self) -> bool {
        matches!(
            self,
            Self::FourCc(FourCc::AVC1 | FourCc::HVC1 | FourCc::VVC1)
        )
    }
}

/// What a video message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// Nothing: the message has no payload.
    Empty,
    /// What a decoder needs before the first frame, such as an
    /// `AVCDecoderConfigurationRecord`.
    SequenceStart,
    /// Coded pictures.
    Frames,
    /// Coded pictures whose composition time is zero and left out (`CodedFramesX`).
    FramesNoCts,
    /// The end of what the last sequence start began.
    SequenceEnd,
    /// AMF values about the pictures that follow, such as their colours. The frame kind of
    /// such a message means nothing.
    Metadata,
    /// A sequence start as an MPEG-2 TS descriptor.
    Mpeg2TsStart,
    /// A [`Command`] to the player.
    Command,
    /// A packet type the formats reserve.
    Unknown(u8),
}

impl PacketKind {
    /// `AVCPacketType`, FLV 10.1 §E.4.3.1.
    const fn from_avc(value: u8) -> Self {
        match value {
            0 => Self::SequenceStart,
            1 => Self::Frames,
            2 => Self::SequenceEnd,
            other => Self::Unknown(other),
        }
    }

    /// `VideoPacketType`, Enhanced RTMP v2.
    const fn from_enhanced(value: u8) -> Self {
        match value {
            0 => Self::SequenceStart,
            1 => Self::Frames,
            2 => Self::SequenceEnd,
            3 => Self::FramesNoCts,
            4 => Self::Metadata,
            5 => Self::Mpeg2TsStart,
            other => Self::Unknown(other),
        }
    }

    const fn is_frames(self) -> bool {
        matches!(self, Self::Frames | Self::FramesNoCts)
    }
}

/// What a command frame tells the player (FLV 10.1 §E.4.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// 0: the frames that follow lead to the point sought and are not shown.
    StartSeek,
    /// 1: the point sought is reached.
    EndSeek,
    /// A value the format reserves.
    Unknown(u8),
}

impl Command {
    const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::StartSeek,
            1 => Self::EndSeek,
            other => Self::Unknown(other),
        }
    }
}

/// What stands before the media in a video message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// What the frame depends on.
    pub frame: FrameKind,
    /// The codec; of the first track where there are many.
    pub codec: Codec,
    /// What the message carries.
    pub packet: PacketKind,
    /// Presentation time less decoding time, in milliseconds; of the first track where there
    /// are many. Zero where the format has none.
    pub composition_time: i32,
    /// Whether the header is the one of Enhanced RTMP.
    pub enhanced: bool,
    /// How tracks share the message, if it carries any; [`tracks`] walks them.
    pub multitrack: Option<Multitrack>,
    /// Nanoseconds to add to the message's time, up to a millisecond (`TimestampOffsetNano`).
    pub timestamp_offset_ns: u32,
    /// What a message of [`PacketKind::Command`] tells the player.
    pub command: Option<Command>,
    /// Where the media starts in the payload, in bytes; in the first track where there are
    /// many.
    pub body_offset: usize,
}

impl Header {
    /// The header of a message without payload.
    const EMPTY: Self = Self {
        frame: FrameKind::Reserved(0),
        codec: Codec::None,
        packet: PacketKind::Empty,
        composition_time: 0,
        enhanced: false,
        multitrack: None,
        timestamp_offset_ns: 0,
        command: None,
        body_offset: 0,
    };

    /// Whether playback may start with this message: a coded picture that needs no other.
    /// A sequence header is flagged as a key frame on the wire and is none.
    #[must_use]
    pub const fn is_key_frame(&self) -> bool {
        matches!(self.frame, FrameKind::Key | FrameKind::GeneratedKey) && self.packet.is_frames()
    }

    /// Whether the message holds what a decoder needs before the first frame.
    #[must_use]
    pub const fn is_sequence_header(&self) -> bool {
        matches!(
            self.packet,
            PacketKind::SequenceStart | PacketKind::Mpeg2TsStart
        )
    }

    /// Whether the message is a picture that no other needs.
    #[must_use]
    pub const fn is_disposable(&self) -> bool {
        matches!(self.frame, FrameKind::Disposable) && self.packet.is_frames()
    }

    /// Whether the message holds coded pictures.
    #[must_use]
    pub const fn is_frames(&self) -> bool {
        self.packet.is_frames()
    }
}

/// Reads the header of a video message. An empty payload is [`PacketKind::Empty`].
///
/// # Errors
///
/// [`Error::Truncated`] where the payload ends inside the header, [`Error::Malformed`] and
/// [`Error::Unsupported`] where an enhanced header nests or uses multitrack modes in a way the
/// format does not define.
pub fn parse(payload: &[u8]) -> Result<Header, Error> {
    let mut cursor = Cursor::new(payload);
    let Ok(first) = cursor.u8("video header") else {
        return Ok(Header::EMPTY);
    };
    let frame = FrameKind::from_bits((first >> 4) & 0x07);
    if first & 0x80 == 0 {
        parse_legacy(cursor, frame, Codec::from_id(first & 0x0f))
    } else {
        parse_enhanced(cursor, frame, first & 0x0f)
    }
}

fn parse_legacy(mut cursor: Cursor<'_>, frame: FrameKind, codec: Codec) -> Result<Header, Error> {
    let mut header = Header {
        frame,
        codec,
        packet: PacketKind::Frames,
        ..Header::EMPTY
    };
    if frame == FrameKind::Command {
        header.packet = PacketKind::Command;
        // Players and servers send two bytes for every codec; the strict reading of FLV 10.1
        // puts the command behind the packet type and composition time of AVC.
        if codec.has_avc_layout() && cursor.rest().len() > 4 {
            cursor.take(4, "AVC fields of a command")?;
        }
        header.command = Some(Command::from_byte(cursor.u8("video command")?));
    } else if codec.has_avc_layout() {
        header.packet = PacketKind::from_avc(cursor.u8("AVC packet type")?);
        // Some senders end a sequence with two bytes.
        if !(header.packet == PacketKind::SequenceEnd && cursor.is_empty()) {
            header.composition_time = cursor.i24("composition time")?;
        }
    }
    header.body_offset = cursor.position();
    Ok(header)
}

fn parse_enhanced(
    mut cursor: Cursor<'_>,
    frame: FrameKind,
    packet_type: u8,
) -> Result<Header, Error> {
    let prefix = enhanced::read_prefix(&mut cursor, packet_type)?;
    let mut header = Header {
        frame,
        packet: PacketKind::from_enhanced(prefix.packet_type),
        enhanced: true,
        timestamp_offset_ns: prefix.timestamp_offset_ns,
        ..Header::EMPTY
    };
    if frame == FrameKind::Command && header.packet != PacketKind::Metadata {
        header.packet = PacketKind::Command;
        header.command = Some(Command::from_byte(cursor.u8("video command")?));
        header.body_offset = cursor.position();
        return Ok(header);
    }
    if prefix.packet_type == MULTITRACK {
        return parse_multitrack(cursor, header);
    }
    header.codec = Codec::FourCc(cursor.fourcc("video codec")?);
    header.composition_time = read_composition_time(&mut cursor, header.codec, header.packet)?;
    header.body_offset = cursor.position();
    Ok(header)
}

/// Fills `header` from the first track; the others are left to [`tracks`].
fn parse_multitrack(cursor: Cursor<'_>, mut header: Header) -> Result<Header, Error> {
    let offset = cursor.position();
    let mut tracks = Tracks::read(cursor)?;
    let mode = tracks.raw.mode();
    let first = tracks.next().unwrap_or(Err(Error::Truncated {
        what: "first video track",
        offset,
    }))?;
    header.packet = tracks.packet;
    header.codec = first.codec;
    header.composition_time = first.composition_time;
    header.body_offset = first.body_offset;
    header.multitrack = Some(Multitrack {
        mode,
        first_track_id: first.id,
    });
    Ok(header)
}

fn read_composition_time(
    cursor: &mut Cursor<'_>,
    codec: Codec,
    packet: PacketKind,
) -> Result<i32, Error> {
    if packet == PacketKind::Frames && codec.has_composition_time() {
        return cursor.i24("composition time");
    }
    Ok(0)
}

/// One track of a multitrack video message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track<'a> {
    /// The track's id; 0 is the default track.
    pub id: u8,
    /// The track's codec.
    pub codec: Codec,
    /// Presentation time less decoding time, in milliseconds.
    pub composition_time: i32,
    /// Where `body` starts in the payload.
    pub body_offset: usize,
    /// The media of the track.
    pub body: &'a [u8],
}

/// The tracks of a multitrack video message, in the order of the payload; made by [`tracks`].
#[derive(Debug, Clone)]
pub struct Tracks<'a> {
    raw: RawTracks<'a>,
    packet: PacketKind,
}

/// Walks the tracks of a multitrack video message. Answers `None` for a message that is not one.
///
/// # Errors
///
/// As [`parse`].
pub fn tracks(payload: &[u8]) -> Result<Option<Tracks<'_>>, Error> {
    let mut cursor = Cursor::new(payload);
    let first = match cursor.u8("video header") {
        Ok(first) if first & 0x80 != 0 => first,
        _ => return Ok(None),
    };
    let prefix = enhanced::read_prefix(&mut cursor, first & 0x0f)?;
    let is_command = FrameKind::from_bits((first >> 4) & 0x07) == FrameKind::Command;
    if prefix.packet_type != MULTITRACK || is_command {
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
        let packet = self.packet;
        Some(self.raw.next()?.and_then(|raw| {
            let codec = Codec::FourCc(raw.fourcc);
            let mut cursor = Cursor::new(raw.data);
            let composition_time = read_composition_time(&mut cursor, codec, packet)
                .map_err(|error| error.shifted(raw.offset))?;
            Ok(Track {
                id: raw.id,
                codec,
                composition_time,
                body_offset: raw.offset + cursor.position(),
                body: cursor.rest(),
            })
        }))
    }
}

#[cfg(test)]
mod tests;
