//! H.264 frames that decode: grey pictures of constrained baseline, their mark in an SEI.
//!
//! A key frame codes every macroblock as "predict from what is around, change nothing"; the
//! others say "all as before". So a whole picture takes a few bytes and the rest is filler.

use super::bits::{Bits, nal, sized};
use super::{FrameKind, Mark};

/// The SEI payload type of data without a meaning to decoders (H.264 §D.1.7).
const USER_DATA_UNREGISTERED: u8 = 5;

/// Makes the frames of one H.264 stream in the AVC form of FLV.
#[derive(Debug, Clone)]
pub struct Encoder {
    width: u32,
    height: u32,
    /// `frame_num` of the next frame.
    frame_number: u32,
    /// Frames since the last key frame.
    order: u32,
    key_frames: u32,
}

impl Encoder {
    /// An encoder of pictures of the given size in pixels; an odd size is rounded down to even.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            width: width & !1,
            height: height & !1,
            frame_number: 0,
            order: 0,
            key_frames: 0,
        }
    }

    fn macroblocks(&self) -> (u32, u32) {
        (self.width.div_ceil(16), self.height.div_ceil(16))
    }

    /// The sequence parameter set as a NAL unit (H.264 §7.3.2.1).
    #[must_use]
    pub fn sps(&self) -> Vec<u8> {
        let (columns, rows) = self.macroblocks();
        let mut bits = Bits::new();
        bits.put(66, 8).put(0xc0, 8).put(30, 8).ue(0);
        bits.ue(4); // frame_num of 8 bits
        bits.ue(0).ue(12); // order counted in 16 bits
        bits.ue(1).put(0, 1).ue(columns - 1).ue(rows - 1);
        bits.put(1, 1).put(1, 1); // frames only, direct_8x8_inference
        let crop = [
            (columns * 16 - self.width) / 2,
            (rows * 16 - self.height) / 2,
        ];
        bits.put(u64::from(crop != [0, 0]), 1);
        if crop != [0, 0] {
            bits.ue(0).ue(crop[0]).ue(0).ue(crop[1]);
        }
        bits.put(0, 1).trailing();
        nal(&[0x67], bits.bytes())
    }

    /// The picture parameter set as a NAL unit (H.264 §7.3.2.2).
    #[must_use]
    pub fn pps(&self) -> Vec<u8> {
        let mut bits = Bits::new();
        bits.ue(0).ue(0).put(0, 2).ue(0).ue(0).ue(0).put(0, 3);
        bits.ue(0).ue(0).ue(0).put(0b100, 3).trailing();
        nal(&[0x68], bits.bytes())
    }

    /// The `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 §5.3.3.1).
    #[must_use]
    pub fn config(&self) -> Vec<u8> {
        let (sps, pps) = (self.sps(), self.pps());
        let mut record = vec![1, 66, 0xc0, 30, 0xff, 0xe1];
        record.extend((sps.len() as u16).to_be_bytes());
        record.extend(sps);
        record.push(1);
        record.extend((pps.len() as u16).to_be_bytes());
        record.extend(pps);
        record
    }

    /// The NAL units of the next frame, each behind its size, about `bytes` long in all: `mark`
    /// and `filler` in an SEI, then the picture.
    pub fn frame(&mut self, kind: FrameKind, mark: Mark, filler: &[u8]) -> Vec<u8> {
        if kind == FrameKind::Key {
            self.frame_number = 0;
            self.order = 0;
            self.key_frames += 1;
        }
        let slice = self.slice(kind);
        self.order += 1;
        if kind != FrameKind::Disposable {
            self.frame_number = (self.frame_number + 1) % 256;
        }
        sized(&[sei(mark, filler), slice])
    }

    /// One slice that is the whole picture (H.264 §7.3.3, §7.3.4).
    fn slice(&self, kind: FrameKind) -> Vec<u8> {
        let (columns, rows) = self.macroblocks();
        let is_key = kind == FrameKind::Key;
        let mut bits = Bits::new();
        bits.ue(0).ue(if is_key { 7 } else { 5 }).ue(0);
        bits.put(self.frame_number.into(), 8);
        if is_key {
            bits.ue(self.key_frames % 2);
        }
        bits.put(u64::from(self.order) * 2, 16);
        if is_key {
            bits.put(0, 2);
        } else {
            bits.put(0, 2); // as many references as the PPS says, in their order
            if kind == FrameKind::Inter {
                bits.put(0, 1); // reference marking by sliding window
            }
        }
        bits.ue(0).ue(1); // quantiser as in the PPS, no deblocking
        if is_key {
            for _ in 0..columns * rows {
                // I_16x16 predicted from the mean, chroma likewise, no coefficients.
                bits.ue(3).ue(0).ue(0).put(1, 1);
            }
        } else {
            bits.ue(columns * rows);
        }
        bits.trailing();
        let header = match kind {
            FrameKind::Key => 0x65,
            FrameKind::Inter => 0x41,
            FrameKind::Disposable => 0x01,
        };
        nal(&[header], bits.bytes())
    }
}

fn sei(mark: Mark, filler: &[u8]) -> Vec<u8> {
    let mut data = b"greenroom-sei-id".to_vec();
    data.extend(mark.to_bytes());
    data.extend(filler);
    let mut message = vec![USER_DATA_UNREGISTERED];
    let mut len = data.len();
    while len >= 255 {
        message.push(255);
        len -= 255;
    }
    message.push(len as u8);
    message.extend(data);
    message.push(0x80);
    nal(&[0x06], &message)
}

#[cfg(test)]
mod tests {
    use super::Encoder;
    use crate::media::{FrameKind, Mark, MarkKind};

    #[test]
    fn a_record_frames_its_parameter_sets() {
        let record = Encoder::new(320, 240).config();
        let sps_len = usize::from(record[7]);
        assert_eq!(record[..6], [1, 66, 0xc0, 30, 0xff, 0xe1]);
        assert_eq!(record[8], 0x67);
        assert_eq!(record[8 + sps_len], 1);
        assert_eq!(record[8 + sps_len + 3], 0x68);
    }

    #[test]
    fn a_frame_is_an_sei_with_its_mark_and_one_slice() {
        let mark = Mark {
            kind: MarkKind::Key,
            number: 3,
        };
        let body = Encoder::new(16, 16).frame(FrameKind::Key, mark, &[0x80; 600]);
        let sei_len = u32::from_be_bytes([body[0], body[1], body[2], body[3]]) as usize;
        assert_eq!(body[4], 6);
        assert_eq!(body[4 + sei_len + 4], 0x65);
        assert_eq!(Mark::find(&body), Some(mark));
    }
}
