//! What a decoder is told of a track: the sample entry, and the codec's own box in it.

use crate::boxes::Boxes;

/// Of what a track's samples are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Pictures.
    Video(Picture),
    /// Sound.
    Audio(Audio),
}

/// What pictures are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The codec.
    pub codec: VideoCodec,
    /// The codec's configuration record.
    pub config: Vec<u8>,
    /// In pixels; 0 where it is not known.
    pub width: u16,
    /// In pixels; 0 where it is not known.
    pub height: u16,
}

/// Codecs of pictures that MP4 has a place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoCodec {
    /// H.264; the configuration is an `AVCDecoderConfigurationRecord`.
    Avc,
    /// H.265; an `HEVCDecoderConfigurationRecord`.
    Hevc,
    /// AV1; an `AV1CodecConfigurationRecord`.
    Av1,
    /// VP8; a `VPCodecConfigurationRecord` behind its version and flags.
    Vp8,
    /// VP9; the same.
    Vp9,
}

/// What sound is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// The codec, with its configuration.
    pub codec: AudioCodec,
    /// Channels.
    pub channels: u16,
    /// In hertz.
    pub rate_hz: u32,
}

/// Codecs of sound that MP4 has a place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudioCodec {
    /// AAC, with its `AudioSpecificConfig`.
    Aac(Vec<u8>),
    /// MP3 at 32 kHz or more.
    Mp3,
    /// MP3 at lower rates.
    Mp3Low,
    /// Opus.
    Opus {
        /// Samples at 48 kHz that a player drops at the start.
        pre_skip: u16,
        /// The rate of what was encoded, in hertz.
        input_rate_hz: u32,
    },
    /// FLAC, with its `STREAMINFO` block of 34 bytes.
    Flac(Vec<u8>),
}

impl VideoCodec {
    /// Names of the sample entry and of the box with the configuration.
    const fn names(self) -> ([u8; 4], [u8; 4]) {
        match self {
            Self::Avc => (*b"avc1", *b"avcC"),
            Self::Hevc => (*b"hvc1", *b"hvcC"),
            Self::Av1 => (*b"av01", *b"av1C"),
            Self::Vp8 => (*b"vp08", *b"vpcC"),
            Self::Vp9 => (*b"vp09", *b"vpcC"),
        }
    }
}

impl Format {
    pub(crate) fn write(&self, out: &mut Boxes) {
        match self {
            Self::Video(picture) => picture.write(out),
            Self::Audio(audio) => audio.write(out),
        }
    }
}

/// What every sample entry begins with: six reserved bytes, and where the data is.
fn entry_start(out: &mut Boxes) {
    out.zeros(6);
    out.u16(1);
}

impl Picture {
    /// ISO/IEC 14496-12 §12.1.3, 14496-15, and the bindings of AV1 and VP9.
    fn write(&self, out: &mut Boxes) {
        let (entry, config) = self.codec.names();
        out.make(entry, |out| {
            entry_start(out);
            out.zeros(16);
            out.u16(self.width);
            out.u16(self.height);
            // 72 dots per inch both ways.
            out.u32(0x0048_0000);
            out.u32(0x0048_0000);
            out.zeros(4);
            // One frame in a sample; no name of a compressor.
            out.u16(1);
            out.zeros(32);
            // Colour without alpha; no colour table.
            out.u16(0x0018);
            out.u16(0xffff);
            out.make(config, |out| out.bytes(&self.config));
        });
    }
}

impl Audio {
    /// ISO/IEC 14496-12 §12.2.3, 14496-14, and the bindings of Opus and FLAC.
    fn write(&self, out: &mut Boxes) {
        let entry = match self.codec {
            AudioCodec::Aac(_) | AudioCodec::Mp3 | AudioCodec::Mp3Low => *b"mp4a",
            AudioCodec::Opus { .. } => *b"Opus",
            AudioCodec::Flac(_) => *b"fLaC",
        };
        out.make(entry, |out| {
            entry_start(out);
            out.zeros(8);
            out.u16(self.channels);
            out.u16(16);
            out.zeros(4);
            // 16.16; what does not fit is in the codec's own box.
            out.u32(u32::from(u16::try_from(self.rate_hz).unwrap_or(0)) << 16);
            self.write_config(out);
        });
    }

    fn write_config(&self, out: &mut Boxes) {
        match &self.codec {
            AudioCodec::Aac(config) => elementary(out, 0x40, Some(config)),
            AudioCodec::Mp3 => elementary(out, 0x6b, None),
            AudioCodec::Mp3Low => elementary(out, 0x69, None),
            AudioCodec::Opus {
                pre_skip,
                input_rate_hz,
            } => out.make(*b"dOps", |out| {
                out.u8(0);
                out.u8(u8::try_from(self.channels).unwrap_or(u8::MAX));
                out.u16(*pre_skip);
                out.u32(*input_rate_hz);
                // No gain; channels in the order of one or two.
                out.zeros(3);
            }),
            AudioCodec::Flac(info) => out.make_full(*b"dfLa", (0, 0), |out| {
                // The last block, of type 0.
                out.u32(0x8000_0000 | info.len() as u32);
                out.bytes(info);
            }),
        }
    }
}

/// The descriptors of an elementary stream (ISO/IEC 14496-1 §7.2.6).
fn elementary(out: &mut Boxes, object_type: u8, config: Option<&[u8]>) {
    out.make_full(*b"esds", (0, 0), |out| {
        out.descriptor(0x03, |out| {
            out.zeros(3);
            out.descriptor(0x04, |out| {
                out.u8(object_type);
                // Audio, downstream.
                out.u8(0x15);
                // No buffer and no rates are told.
                out.zeros(11);
                if let Some(config) = config {
                    out.descriptor(0x05, |out| out.bytes(config));
                }
            });
            // As MP4 has it.
            out.descriptor(0x06, |out| out.u8(0x02));
        });
    });
}
