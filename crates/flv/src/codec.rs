//! Codec configuration records and the few frame headers that say as much.
//!
//! Each file reads one codec's record as far as a server needs it: what to tell a browser, what
//! to show in a listing. None decodes media.

mod aac;
mod av1;
mod avc;
mod flac;
mod hevc;
mod mp3;
mod opus;
mod sorenson;
mod vp6;
mod vp9;

pub use aac::AudioSpecificConfig;
pub use av1::Av1Config;
pub use avc::{AvcConfig, AvcSps};
pub use flac::FlacStreamInfo;
pub use hevc::{HevcConfig, HevcSps};
pub use mp3::{Mp3FrameHeader, Mp3Version};
pub use opus::OpusHead;
pub use sorenson::SorensonPicture;
pub use vp6::Vp6KeyFrame;
pub use vp9::VpConfig;

/// The size of a picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}
