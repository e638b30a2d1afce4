//! The headers of Enhanced RTMP v2: packets, tracks and time offsets around any media.

use super::FrameKind;

/// `ModEx`, the packet type that says another follows.
const MOD_EX: u8 = 7;
/// `Multitrack` among the packet types of video.
const VIDEO_MULTITRACK: u8 = 6;
/// `Multitrack` among the packet types of audio.
const AUDIO_MULTITRACK: u8 = 5;

/// What an enhanced message carries, by its number. Audio has no `FramesNoCts` and no `Metadata`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Packet {
    /// A configuration record.
    SequenceStart = 0,
    /// Coded frames.
    Frames = 1,
    /// The end of a sequence.
    SequenceEnd = 2,
    /// Coded frames whose composition time is zero and left out.
    FramesNoCts = 3,
    /// Metadata of video; in audio the same number is the multichannel configuration.
    Metadata = 4,
}

/// One track for [`video_tracks`] and [`audio_tracks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track<'a> {
    /// Its id.
    pub id: u8,
    /// Its codec.
    pub fourcc: &'a [u8; 4],
    /// What a message of its own would have behind the codec.
    pub body: &'a [u8],
}

/// How tracks are laid out; the numbers are those of `AvMultitrackType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Layout {
    /// The first track alone.
    OneTrack = 0,
    /// All tracks under the codec of the first.
    ManyTracks = 1,
    /// All tracks, each with its codec.
    ManyCodecs = 2,
}

/// A video message of one codec.
#[must_use]
pub fn video(kind: FrameKind, packet: Packet, fourcc: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let first = 0x80 | kind.bits() << 4 | packet as u8;
    [&[first], &fourcc[..], body].concat()
}

/// An audio message of one codec.
#[must_use]
pub fn audio(packet: Packet, fourcc: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&[0x90 | packet as u8], &fourcc[..], body].concat()
}

/// A video message of several tracks.
#[must_use]
pub fn video_tracks(
    kind: FrameKind,
    packet: Packet,
    layout: Layout,
    tracks: &[Track<'_>],
) -> Vec<u8> {
    let first = 0x80 | kind.bits() << 4 | VIDEO_MULTITRACK;
    put_tracks(first, packet, layout, tracks)
}

/// An audio message of several tracks.
#[must_use]
pub fn audio_tracks(packet: Packet, layout: Layout, tracks: &[Track<'_>]) -> Vec<u8> {
    put_tracks(0x90 | AUDIO_MULTITRACK, packet, layout, tracks)
}

fn put_tracks(first: u8, packet: Packet, layout: Layout, tracks: &[Track<'_>]) -> Vec<u8> {
    let mut payload = vec![first, (layout as u8) << 4 | packet as u8];
    if layout != Layout::ManyCodecs {
        payload.extend(tracks.first().map_or(*b"none", |track| *track.fourcc));
    }
    for track in tracks {
        if layout == Layout::ManyCodecs {
            payload.extend(track.fourcc);
        }
        payload.push(track.id);
        if layout == Layout::OneTrack {
            payload.extend(track.body);
            break;
        }
        payload.extend(&(track.body.len() as u32).to_be_bytes()[1..]);
        payload.extend(track.body);
    }
    payload
}

/// The enhanced message `payload` with a `ModEx` link of its own before it: `data` of the
/// four-bit kind `kind`. At most 65,536 bytes of data.
#[must_use]
pub fn with_mod_ex(payload: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let Some((first, rest)) = payload.split_first() else {
        return Vec::new();
    };
    let mut out = vec![(first & 0xf0) | MOD_EX];
    let size = data.len().saturating_sub(1);
    if size < 255 {
        out.push(size as u8);
    } else {
        out.push(255);
        out.extend((size as u16).to_be_bytes());
    }
    out.extend(data);
    out.push(kind << 4 | (first & 0x0f));
    out.extend(rest);
    out
}

/// The enhanced message `payload` moved by `offset_ns` nanoseconds (`TimestampOffsetNano`).
#[must_use]
pub fn with_time_offset(payload: &[u8], offset_ns: u32) -> Vec<u8> {
    with_mod_ex(payload, 0, &offset_ns.to_be_bytes()[1..])
}

#[cfg(test)]
mod tests {
    use super::{Layout, Packet, Track, audio, audio_tracks, video_tracks, with_mod_ex};
    use crate::media::FrameKind;

    #[test]
    fn tracks_are_laid_out_in_three_ways() {
        let tracks = [
            Track {
                id: 0,
                fourcc: b"av01",
                body: b"x",
            },
            Track {
                id: 1,
                fourcc: b"vp09",
                body: b"yz",
            },
        ];
        let made = |layout| video_tracks(FrameKind::Key, Packet::Frames, layout, &tracks);
        assert_eq!(made(Layout::OneTrack), b"\x96\x01av01\0x");
        assert_eq!(
            made(Layout::ManyTracks),
            b"\x96\x11av01\0\0\0\x01x\x01\0\0\x02yz"
        );
        let each = b"\x96\x21av01\0\0\0\x01xvp09\x01\0\0\x02yz";
        assert_eq!(made(Layout::ManyCodecs), each);
        let sound = audio_tracks(Packet::Frames, Layout::OneTrack, &tracks[..1]);
        assert_eq!(sound, b"\x95\x01av01\0x");
    }

    #[test]
    fn a_link_goes_between_the_first_byte_and_the_rest() {
        let payload = audio(Packet::Frames, b"Opus", b"x");
        assert_eq!(with_mod_ex(&payload, 5, b"ab"), b"\x97\x01ab\x51Opusx");
        let long = with_mod_ex(&payload, 0, &[7; 256]);
        assert_eq!(long[..4], [0x97, 0xff, 0x00, 0xff]);
        assert_eq!(long.len(), 4 + 256 + 1 + 5);
    }
}
