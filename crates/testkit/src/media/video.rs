//! Video message payloads: header and picture together, codec by codec.

use super::bits::Bits;
use super::enhanced::{self, Packet};
use super::{Mark, MarkKind, av1_config, h264, hevc_config, vp9_config};
use crate::Random;

/// A video codec and the header that announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Video {
    /// H.264 in the header of FLV.
    H264,
    /// Sorenson H.263.
    Sorenson,
    /// VP6.
    Vp6,
    /// H.264 in the header of Enhanced RTMP.
    EnhancedH264,
    /// H.265 in the header of Enhanced RTMP.
    Hevc,
    /// AV1 in the header of Enhanced RTMP.
    Av1,
    /// VP9 in the header of Enhanced RTMP.
    Vp9,
}

impl Video {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::H264,
        Self::Sorenson,
        Self::Vp6,
        Self::EnhancedH264,
        Self::Hevc,
        Self::Av1,
        Self::Vp9,
    ];

    /// The code in an enhanced header, for those that have one.
    #[must_use]
    pub const fn fourcc(self) -> Option<&'static [u8; 4]> {
        match self {
            Self::EnhancedH264 => Some(b"avc1"),
            Self::Hevc => Some(b"hvc1"),
            Self::Av1 => Some(b"av01"),
            Self::Vp9 => Some(b"vp09"),
            Self::H264 | Self::Sorenson | Self::Vp6 => None,
        }
    }
}

/// What a frame depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// Nothing.
    Key,
    /// The frames before it.
    Inter,
    /// The frames before it, and nothing depends on it.
    Disposable,
}

impl FrameKind {
    /// `FrameType` of FLV.
    pub(crate) const fn bits(self) -> u8 {
        match self {
            Self::Key => 1,
            Self::Inter => 2,
            Self::Disposable => 3,
        }
    }
}

/// Makes the payloads of one video stream, its frames numbered from 0.
#[derive(Debug, Clone)]
pub struct PictureMaker {
    codec: Video,
    width: u32,
    height: u32,
    composition_time_ms: i32,
    number: u32,
    encoder: h264::Encoder,
    random: Random,
}

impl PictureMaker {
    /// A maker of pictures of the given size in pixels. The same `seed` gives the same filler.
    #[must_use]
    pub fn new(codec: Video, width: u32, height: u32, seed: u64) -> Self {
        Self {
            codec,
            width,
            height,
            composition_time_ms: 0,
            number: 0,
            encoder: h264::Encoder::new(width, height),
            random: Random::new(seed),
        }
    }

    /// Sets the composition time of the frames that follow, for codecs that have one.
    #[must_use]
    pub fn with_composition_time_ms(mut self, composition_time_ms: i32) -> Self {
        self.composition_time_ms = composition_time_ms;
        self
    }

    /// Numbers the next frame `number`.
    #[must_use]
    pub fn starting_at(mut self, number: u32) -> Self {
        self.number = number;
        self
    }

    /// The sequence header; `None` for codecs without one.
    #[must_use]
    pub fn header(&self) -> Option<Vec<u8>> {
        let config = match self.codec {
            Video::Sorenson | Video::Vp6 => return None,
            Video::H264 => return Some([&[0x17, 0, 0, 0, 0][..], &self.encoder.config()].concat()),
            Video::EnhancedH264 => self.encoder.config(),
            Video::Hevc => hevc_config(self.width, self.height),
            Video::Av1 => av1_config(self.width, self.height),
            Video::Vp9 => vp9_config(),
        };
        let fourcc = self.codec.fourcc()?;
        let kind = FrameKind::Key;
        Some(enhanced::video(
            kind,
            Packet::SequenceStart,
            fourcc,
            &config,
        ))
    }

    /// The next frame, its payload `bytes` long, or as short as the codec allows.
    pub fn frame(&mut self, kind: FrameKind, bytes: usize) -> Vec<u8> {
        let mark = Mark {
            kind: MarkKind::from(kind),
            number: self.number,
        };
        self.number = self.number.wrapping_add(1);
        let bare = self.clone().build(kind, mark, &[]);
        let filler = self.random.filler(bytes.saturating_sub(bare.len()));
        self.build(kind, mark, &filler)
    }

    fn build(&mut self, kind: FrameKind, mark: Mark, filler: &[u8]) -> Vec<u8> {
        let first = kind.bits() << 4;
        let opaque = [&mark.to_bytes(), filler].concat();
        match self.codec {
            Video::H264 => {
                let mut payload = vec![first | 7, 1];
                payload.extend(&self.composition_time_ms.to_be_bytes()[1..]);
                payload.extend(self.encoder.frame(kind, mark, filler));
                payload
            }
            Video::Sorenson => {
                let picture = sorenson_picture(kind, self.width, self.height, mark.number);
                [&[first | 2], &picture[..], &opaque].concat()
            }
            Video::Vp6 => {
                let picture = vp6_picture(kind, self.width, self.height);
                [&[first | 4], &picture[..], &opaque].concat()
            }
            Video::EnhancedH264 => {
                let units = self.encoder.frame(kind, mark, filler);
                self.enhanced_nals(kind, &units)
            }
            Video::Hevc => {
                let header: u8 = match kind {
                    FrameKind::Key => 19 << 1,
                    FrameKind::Inter => 1 << 1,
                    FrameKind::Disposable => 0,
                };
                let unit = [&[header, 1], &opaque[..]].concat();
                self.enhanced_nals(kind, &super::bits::sized(&[unit]))
            }
            Video::Av1 => enhanced::video(kind, Packet::Frames, b"av01", &av1_frame(&opaque)),
            Video::Vp9 => {
                let start = match kind {
                    FrameKind::Key => &[0x82, 0x49, 0x83, 0x42][..],
                    FrameKind::Inter | FrameKind::Disposable => &[0x86],
                };
                enhanced::video(kind, Packet::Frames, b"vp09", &[start, &opaque].concat())
            }
        }
    }

    /// Coded frames in the form encoders choose: without a composition time where it is zero.
    fn enhanced_nals(&self, kind: FrameKind, units: &[u8]) -> Vec<u8> {
        let fourcc = self.codec.fourcc().unwrap_or(b"avc1");
        if self.composition_time_ms == 0 {
            return enhanced::video(kind, Packet::FramesNoCts, fourcc, units);
        }
        let time = &self.composition_time_ms.to_be_bytes()[1..];
        enhanced::video(kind, Packet::Frames, fourcc, &[time, units].concat())
    }
}

/// The sequence header of a 320×240 stream; `None` for codecs without one.
#[must_use]
pub fn video_header(codec: Video) -> Option<Vec<u8>> {
    PictureMaker::new(codec, 320, 240, 0).header()
}

/// One frame of a 320×240 stream, marked with `number`, its payload `bytes` long, or as short
/// as the codec allows.
#[must_use]
pub fn video_frame(codec: Video, kind: FrameKind, number: u32, bytes: usize) -> Vec<u8> {
    let maker = PictureMaker::new(codec, 320, 240, number.into());
    maker.starting_at(number).frame(kind, bytes)
}

/// A grey picture, or one like the last (Sorenson's variant of H.263 §5.1; the picture header is
/// `H263VIDEOPACKET` of the SWF file format).
fn sorenson_picture(kind: FrameKind, width: u32, height: u32, number: u32) -> Vec<u8> {
    let mut bits = Bits::new();
    bits.put(1, 17).put(0, 5).put(number.into(), 8);
    bits.put(1, 3).put(width.into(), 16).put(height.into(), 16);
    bits.put(u64::from(kind.bits() - 1), 2);
    bits.put(0, 1).put(8, 5).put(0, 1);
    for _ in 0..width.div_ceil(16) * height.div_ceil(16) {
        if kind == FrameKind::Key {
            // Intra, no coefficients but the mean of each of six blocks, which is grey.
            bits.put(1, 1).put(0b0011, 4).put(u64::MAX, 48);
        } else {
            bits.put(1, 1);
        }
    }
    bits.bytes().to_vec()
}

/// The byte of size adjustment, then the frame header of VP6 as FLV has it; what the range coder
/// would read after it is left to the mark.
fn vp6_picture(kind: FrameKind, width: u32, height: u32) -> Vec<u8> {
    let (columns, rows) = (width.div_ceil(16) as u8, height.div_ceil(16) as u8);
    let trim = (((u32::from(columns) * 16 - width) << 4) | (u32::from(rows) * 16 - height)) as u8;
    match kind {
        // Quantiser 30, version 6, simple profile, coefficients in a partition 8 bytes on.
        FrameKind::Key => vec![trim, 30 << 1, 6 << 3, 0, 8, rows, columns, rows, columns],
        FrameKind::Inter | FrameKind::Disposable => vec![trim, 0x80 | 30 << 1, 0, 8],
    }
}

/// A frame OBU with its size, AV1 §5.3.
fn av1_frame(opaque: &[u8]) -> Vec<u8> {
    let mut unit = vec![0x32];
    let mut size = opaque.len();
    while size >= 0x80 {
        unit.push(size as u8 | 0x80);
        size >>= 7;
    }
    unit.push(size as u8);
    unit.extend(opaque);
    unit
}

#[cfg(test)]
mod tests {
    use super::{FrameKind, PictureMaker, Video, video_frame, video_header};
    use crate::media::{Mark, MarkKind};

    #[test]
    fn a_frame_has_the_size_asked_for_and_its_own_mark() {
        for codec in Video::ALL {
            let mut maker = PictureMaker::new(codec, 320, 240, 1);
            for (number, kind) in [FrameKind::Key, FrameKind::Inter, FrameKind::Disposable]
                .into_iter()
                .enumerate()
            {
                let payload = maker.frame(kind, 3000);
                let found = Mark::find(&payload).unwrap();
                assert_eq!(found.kind, MarkKind::from(kind));
                assert_eq!(found.number as usize, number);
                let off = payload.len().abs_diff(3000);
                assert!(off < 16, "{codec:?} {kind:?}: {off} bytes off");
            }
        }
    }

    #[test]
    fn the_first_byte_tells_kind_and_codec() {
        let first = |codec, kind| video_frame(codec, kind, 0, 100)[0];
        assert_eq!(first(Video::H264, FrameKind::Key), 0x17);
        assert_eq!(first(Video::Sorenson, FrameKind::Disposable), 0x32);
        assert_eq!(first(Video::Vp6, FrameKind::Inter), 0x24);
        assert_eq!(first(Video::Hevc, FrameKind::Key), 0x93);
        assert_eq!(first(Video::Av1, FrameKind::Inter), 0xa1);
        assert_eq!(video_header(Video::H264).unwrap()[..2], [0x17, 0]);
        assert_eq!(video_header(Video::Vp9).unwrap()[..5], *b"\x90vp09");
        assert_eq!(video_header(Video::Vp6), None);
    }

    #[test]
    fn a_composition_time_may_be_negative() {
        let mut maker = PictureMaker::new(Video::H264, 16, 16, 1).with_composition_time_ms(-2);
        assert_eq!(
            maker.frame(FrameKind::Key, 0)[..5],
            [0x17, 1, 0xff, 0xff, 0xfe]
        );
        let mut maker = PictureMaker::new(Video::Hevc, 16, 16, 1).with_composition_time_ms(-2);
        assert_eq!(
            maker.frame(FrameKind::Key, 0)[..8],
            *b"\x91hvc1\xff\xff\xfe"
        );
    }
}
