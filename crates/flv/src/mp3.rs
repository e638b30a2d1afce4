//! MP3 files, gone through as if they were FLV: one tag for each frame, at its exact time.
//!
//! A file is frames one after another, with tags of titles before and behind them, and a first
//! frame that may hold a table (`Xing`, `Info`, `VBRI`) in the place of sound. Such tables count
//! frames and seek to hundredths; we count ourselves, so lengths and places are exact however the
//! file was made. Like [`crate::Scanner`] and [`crate::Walker`], those here say which bytes they
//! want.

pub mod id3;
mod scan;
mod walk;

pub use scan::{Mp3File, Mp3Scanner};
pub use walk::Mp3Walker;

use crate::codec::{Mp3FrameHeader, Mp3Version};

/// Bytes that are looked at to tell what comes next.
const LOOK_BYTES: usize = 10;
/// Bytes between frames, or before the first, that are searched for the next.
const MAX_JUNK_BYTES: u64 = 256 << 10;

/// What all frames of a file have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp3Stream {
    version: Mp3Version,
    sample_rate_hz: u32,
    /// Samples of each channel in a frame.
    samples: u32,
}

/// What lies at a place.
enum Look {
    /// So many bytes are needed to tell.
    More(usize),
    Frame(Mp3FrameHeader),
    /// So many bytes that are no frame.
    Tag(u64),
    /// Nothing that is known.
    Junk,
}

impl Mp3Stream {
    const fn of(header: &Mp3FrameHeader) -> Self {
        Self {
            version: header.version,
            sample_rate_hz: header.sample_rate_hz,
            samples: header.samples,
        }
    }

    /// The time of a frame, in milliseconds from the first.
    pub(crate) fn time_ms(self, frame: u64) -> u64 {
        let samples = u128::from(frame) * u128::from(self.samples) * 1000;
        u64::try_from(samples / u128::from(self.sample_rate_hz)).unwrap_or(u64::MAX)
    }

    /// The first frame at or behind a time: the very one whose time it is.
    pub(crate) fn frame_at(self, time_ms: u64) -> u64 {
        let samples = u128::from(time_ms) * u128::from(self.sample_rate_hz);
        let frames = samples.div_ceil(u128::from(self.samples) * 1000);
        u64::try_from(frames).unwrap_or(u64::MAX)
    }

    /// The first byte of an audio message with such a frame (FLV 10.1 §E.4.2.1). There is no
    /// number for 48 and 32 kHz and their parts: players go by the frame.
    const fn message_head(self, channels: u8) -> u8 {
        const SIXTEEN_BITS: u8 = 2;
        let format_and_rate = match self.sample_rate_hz {
            8000 => 14 << 4,
            8001..=13_000 => 2 << 4 | 1 << 2,
            13_001..=25_000 => 2 << 4 | 2 << 2,
            _ => 2 << 4 | 3 << 2,
        };
        format_and_rate | SIXTEEN_BITS | (channels == 2) as u8
    }
}

/// Looks at a place of a file. `is_all` says that nothing follows the bytes. Behind a frame the
/// next one is believed; elsewhere one must be followed by another of its kind, or by nothing.
fn look(bytes: &[u8], is_all: bool, stream: Option<Mp3Stream>, behind_frame: bool) -> Look {
    if bytes.len() < LOOK_BYTES && !is_all {
        return Look::More(LOOK_BYTES);
    }
    if let Some(size) = id3::size(bytes) {
        return Look::Tag(size);
    }
    let fits = |stream: Option<Mp3Stream>, bytes: &[u8]| {
        let header = Mp3FrameHeader::parse(bytes).ok()?;
        let found = Mp3Stream::of(&header);
        stream
            .is_none_or(|stream| stream == found)
            .then_some(header)
    };
    let Some(header) = fits(stream, bytes) else {
        return Look::Junk;
    };
    if behind_frame {
        return Look::Frame(header);
    }
    let behind = header.frame_bytes + Mp3FrameHeader::BYTES;
    match bytes.get(header.frame_bytes..) {
        Some([]) if is_all => Look::Frame(header),
        Some(next) if next.len() >= Mp3FrameHeader::BYTES => {
            let next = fits(Some(Mp3Stream::of(&header)), next).is_some() || is_title(next);
            if next {
                Look::Frame(header)
            } else {
                Look::Junk
            }
        }
        _ if is_all => Look::Junk,
        _ => Look::More(behind),
    }
}

/// Whether a tag of titles begins here, as it does behind the last frame.
fn is_title(bytes: &[u8]) -> bool {
    [&b"ID3"[..], b"TAG", b"APET", b"LYRI"]
        .iter()
        .any(|mark| bytes.starts_with(mark))
}

/// Whether a frame holds a table in the place of sound.
fn is_table(header: &Mp3FrameHeader, frame: &[u8]) -> bool {
    let is_mpeg1 = header.version == Mp3Version::Mpeg1;
    let side_bytes = match (is_mpeg1, header.channels) {
        (true, 2) => 32,
        (true, _) | (false, 2) => 17,
        (false, _) => 9,
    };
    let has = |at: usize, mark: &[u8]| {
        frame
            .get(Mp3FrameHeader::BYTES + at..)
            .is_some_and(|rest| rest.starts_with(mark))
    };
    has(side_bytes, b"Xing") || has(side_bytes, b"Info") || has(32, b"VBRI")
}

/// Bytes of a frame from which it is known whether it holds a table.
const TABLE_BYTES: usize = Mp3FrameHeader::BYTES + 32 + 4;
