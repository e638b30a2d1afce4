//! Codec configuration records of the codecs whose frames are opaque here.

use super::bits::{Bits, nal};

/// An `HEVCDecoderConfigurationRecord` with one sequence parameter set (ISO/IEC 14496-15
/// §8.3.3.1): main profile, level 3.1, pictures of the given size in pixels, a multiple of 8.
#[must_use]
pub fn hevc_config(width: u32, height: u32) -> Vec<u8> {
    let sps = hevc_sps(width, height);
    let mut record = vec![1];
    record.extend(HEVC_PROFILE_TIER_LEVEL);
    record.extend([0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 1]);
    record.extend([0xa1, 0, 1]);
    record.extend((sps.len() as u16).to_be_bytes());
    record.extend(sps);
    record
}

/// Main profile and what it is compatible with, progressive frames only, level 93 (3.1).
const HEVC_PROFILE_TIER_LEVEL: [u8; 12] = [0x01, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93];

/// The start of a sequence parameter set (H.265 §7.3.2.2), up to the bit depths.
fn hevc_sps(width: u32, height: u32) -> Vec<u8> {
    let mut bits = Bits::new();
    bits.put(0, 4).put(0, 3).put(1, 1);
    for byte in HEVC_PROFILE_TIER_LEVEL {
        bits.put(byte.into(), 8);
    }
    bits.ue(0).ue(1).ue(width).ue(height).put(0, 1);
    bits.ue(0).ue(0).ue(4).put(1, 1).trailing();
    nal(&[0x42, 0x01], bits.bytes())
}

/// An `AV1CodecConfigurationRecord` with its sequence header (AV1 in ISO BMFF §2.3): main
/// profile, level 3.1, 8 bits, pictures of the given size in pixels, at most 65,536 a side.
#[must_use]
pub fn av1_config(width: u32, height: u32) -> Vec<u8> {
    let header = av1_sequence_header(width, height);
    // Marker and version, then profile and level, then 4:2:0.
    let mut record = vec![0x81, AV1_LEVEL, 0x0c, 0];
    record.extend([0x0a, header.len() as u8]);
    record.extend(header);
    record
}

/// `seq_level_idx` of level 3.1.
const AV1_LEVEL: u8 = 5;

/// `sequence_header_obu`, AV1 §5.5.1.
fn av1_sequence_header(width: u32, height: u32) -> Vec<u8> {
    let mut bits = Bits::new();
    bits.put(0, 3).put(0, 4); // profile; not still; no timing; no delay
    bits.put(0, 5).put(0, 12).put(AV1_LEVEL.into(), 5);
    bits.put(15, 4).put(15, 4);
    bits.put(u64::from(width - 1), 16)
        .put(u64::from(height - 1), 16);
    bits.put(0, 9); // no frame ids, superblocks of 64, none of the tools up to order hint
    bits.put(1, 1).put(1, 1); // screen content and integer vectors are chosen per frame
    bits.put(0, 3); // no superres, cdef, restoration
    bits.put(0, 7).put(0, 1); // 8 bits, colours unsaid, 4:2:0; no film grain
    bits.trailing();
    bits.bytes().to_vec()
}

/// A `VPCodecConfigurationRecord` with the version and flags of its box (VP codec in ISO BMFF
/// §2.2): profile 0, level 3.1, 8 bits, 4:2:0.
#[must_use]
pub fn vp9_config() -> Vec<u8> {
    vec![1, 0, 0, 0, 0, 31, 0x82, 2, 2, 2, 0, 0]
}
