//! Codec headers in a file: which tags hold what a decoder needs before the first frame, and
//! which of them tell something new.
//!
//! Encoders send the same header again and again; only one that differs from the one before it
//! matters to who begins inside the file.

use crate::{TagKind, audio, video};

/// Bytes of a header that are compared. A longer one always counts as new.
pub(crate) const COMPARED_BYTES: usize = 256;
/// Headers that hold at one time, of all tracks: further ones always count as new.
const MAX_IN_FORCE: usize = 16;

/// The track whose codec header a tag holds, with its kind; `None` if it holds none. A tag with
/// many tracks counts as its first.
#[must_use]
pub fn codec_header(kind: TagKind, payload: &[u8]) -> Option<(TagKind, u8)> {
    let tracks = match kind {
        TagKind::Video => {
            let header = video::parse(payload).ok()?;
            header.is_sequence_header().then_some(header.multitrack)
        }
        TagKind::Audio => {
            let header = audio::parse(payload).ok()?;
            header.is_sequence_header().then_some(header.multitrack)
        }
        _ => None,
    };
    let track = tracks?.map_or(0, |tracks| tracks.first_track_id);
    Some((kind, track))
}

/// The headers that hold at a place in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InForce(Vec<((TagKind, u8), Vec<u8>)>);

impl InForce {
    /// Takes in a tag whose payload has `size` bytes and starts with these: whether it holds a
    /// header that tells something new.
    pub(crate) fn is_changed_by(&mut self, kind: TagKind, payload: &[u8], size: usize) -> bool {
        let Some(key) = codec_header(kind, payload) else {
            return false;
        };
        if size > COMPARED_BYTES || payload.len() < size {
            self.0.retain(|(known, _)| *known != key);
            return true;
        }
        let payload = &payload[..size];
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) if known == payload => return false,
            Some((_, known)) => payload.clone_into(known),
            None => {
                if self.0.len() < MAX_IN_FORCE {
                    self.0.push((key, payload.to_vec()));
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use testkit::media::{self, Audio, FrameKind, Video};

    use super::{COMPARED_BYTES, InForce};
    use crate::TagKind;

    #[test]
    fn only_a_header_that_differs_is_new() {
        let mut in_force = InForce::default();
        let picture = media::video_header(Video::H264).unwrap();
        let mut other = picture.clone();
        other.push(1);
        let sound = media::audio_header(Audio::Aac).unwrap();
        let frame = media::video_frame(Video::H264, FrameKind::Key, 0, 60);
        for (kind, payload, is_new) in [
            (TagKind::Video, &picture, true),
            (TagKind::Video, &frame, false),
            (TagKind::Audio, &sound, true),
            (TagKind::Video, &picture, false),
            (TagKind::Audio, &sound, false),
            (TagKind::Video, &other, true),
            (TagKind::Video, &picture, true),
            (TagKind::Script, &picture, false),
        ] {
            let size = payload.len();
            let start = &payload[..size.min(COMPARED_BYTES)];
            assert_eq!(
                in_force.is_changed_by(kind, start, size),
                is_new,
                "{kind:?}"
            );
        }
    }

    #[test]
    fn a_long_header_is_always_new() {
        let mut in_force = InForce::default();
        let mut long = media::video_header(Video::H264).unwrap();
        long.resize(COMPARED_BYTES + 1, 0);
        for _ in 0..3 {
            let start = &long[..COMPARED_BYTES];
            assert!(in_force.is_changed_by(TagKind::Video, start, long.len()));
        }
    }
}
