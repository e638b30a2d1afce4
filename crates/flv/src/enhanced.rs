//! What enhanced audio and video headers share: the `ModEx` chain and the multitrack layout.
//!
//! Enhanced RTMP v2, sections "Enhanced Audio" (`ExAudioTagHeader`) and "Enhanced Video"
//! (`ExVideoTagHeader`): the two differ in packet types and codecs, not in these parts.

use crate::cursor::Cursor;
use crate::{Error, FourCc};

/// Packet type of a `ModEx` prefix, the same in audio and video.
pub(crate) const MOD_EX: u8 = 7;

/// How several tracks share one message (`AvMultitrackType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MultitrackMode {
    /// 0: one track, which takes the rest of the message.
    OneTrack,
    /// 1: many tracks of one codec, each with its size.
    ManyTracks,
    /// 2: many tracks, each with its codec and size.
    ManyTracksManyCodecs,
}

/// That a message carries tracks with ids, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Multitrack {
    /// The layout of the tracks.
    pub mode: MultitrackMode,
    /// Id of the first track in the message. Track 0 is the one that players without multitrack
    /// support would show.
    pub first_track_id: u8,
}

/// What stands before the codec in an enhanced header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// The packet type that follows the `ModEx` chain.
    pub(crate) packet_type: u8,
    /// Nanoseconds to add to the message's time.
    pub(crate) timestamp_offset_ns: u32,
}

/// Reads the `ModEx` chain after the first byte, if `packet_type` starts one.
///
/// The chain is as long as the sender likes, but each link takes three bytes of the payload, so
/// the length of the message bounds the loop.
pub(crate) fn read_prefix(cursor: &mut Cursor<'_>, packet_type: u8) -> Result<Prefix, Error> {
    let mut prefix = Prefix {
        packet_type,
        timestamp_offset_ns: 0,
    };
    while prefix.packet_type == MOD_EX {
        let data = read_mod_ex_data(cursor)?;
        let [kind, next] = nibbles(cursor.u8("ModEx type")?);
        if kind == 0 {
            let start = cursor.position() - 1 - data.len();
            prefix.timestamp_offset_ns = Cursor::new(data)
                .u24("ModEx timestamp offset")
                .map_err(|error| error.shifted(start))?;
        }
        prefix.packet_type = next;
    }
    Ok(prefix)
}

/// The data of one `ModEx` link: its size is a byte plus one, or, when that makes 256, the
/// 16-bit number that follows plus one.
fn read_mod_ex_data<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Error> {
    let mut size = usize::from(cursor.u8("ModEx size")?) + 1;
    if size == 256 {
        size = usize::from(cursor.u16("ModEx long size")?) + 1;
    }
    cursor.take(size, "ModEx data")
}

/// The high and the low half of a byte.
pub(crate) fn nibbles(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0x0f]
}

/// One track of a message as it lies in the payload, not yet understood as audio or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawTrack<'a> {
    pub(crate) fourcc: FourCc,
    pub(crate) id: u8,
    /// Where the track's data starts in the payload.
    pub(crate) offset: usize,
    /// The track's data: packet-type-specific fields, then the media.
    pub(crate) data: &'a [u8],
}

/// Walks the tracks of a multitrack payload.
#[derive(Debug, Clone)]
pub(crate) struct RawTracks<'a> {
    cursor: Cursor<'a>,
    mode: MultitrackMode,
    /// The codec of all tracks, unless each names its own.
    shared_codec: Option<FourCc>,
}

impl<'a> RawTracks<'a> {
    /// Reads the byte of layout and packet type, and the shared codec, with the cursor just
    /// behind the `ModEx` chain. Answers the packet type all tracks have, too.
    pub(crate) fn read(mut cursor: Cursor<'a>, multitrack_type: u8) -> Result<(Self, u8), Error> {
        let offset = cursor.position();
        let [mode, packet_type] = nibbles(cursor.u8("multitrack type")?);
        let mode = match mode {
            0 => MultitrackMode::OneTrack,
            1 => MultitrackMode::ManyTracks,
            2 => MultitrackMode::ManyTracksManyCodecs,
            other => {
                return Err(Error::Unsupported {
                    what: "multitrack type",
                    value: other.into(),
                    offset,
                });
            }
        };
        // "This fetch MUST not result in Multitrack" (Enhanced RTMP v2). A ModEx chain has no
        // place here either: it comes before the multitrack byte.
        if packet_type == multitrack_type || packet_type == MOD_EX {
            return Err(Error::Malformed {
                what: "packet type of the tracks",
                offset,
            });
        }
        let shared_codec = match mode {
            MultitrackMode::ManyTracksManyCodecs => None,
            _ => Some(cursor.fourcc("codec of the tracks")?),
        };
        let tracks = Self {
            cursor,
            mode,
            shared_codec,
        };
        Ok((tracks, packet_type))
    }

    pub(crate) fn mode(&self) -> MultitrackMode {
        self.mode
    }

    fn read_track(&mut self) -> Result<RawTrack<'a>, Error> {
        let fourcc = match self.shared_codec {
            Some(codec) => codec,
            None => self.cursor.fourcc("codec of a track")?,
        };
        let id = self.cursor.u8("track id")?;
        let size = match self.mode {
            MultitrackMode::OneTrack => self.cursor.rest().len(),
            _ => self.cursor.u24("size of a track")? as usize,
        };
        let offset = self.cursor.position();
        let data = self.cursor.take(size, "data of a track")?;
        Ok(RawTrack {
            fourcc,
            id,
            offset,
            data,
        })
    }
}

impl<'a> Iterator for RawTracks<'a> {
    type Item = Result<RawTrack<'a>, Error>;

    /// The next track, an error once where the payload is cut, then `None`.
    fn next(&mut self) -> Option<Self::Item> {
        if self.cursor.is_empty() {
            return None;
        }
        let track = self.read_track();
        if track.is_err() {
            self.cursor = Cursor::new(&[]);
        }
        Some(track)
    }
}
