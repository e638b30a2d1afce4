//! What a stream looks and sounds like, gathered from its headers: for listings, and to tell a
//! browser which decoder to ready.

use crate::codec::{
    AudioSpecificConfig, Av1Config, AvcConfig, FlacStreamInfo, HevcConfig, Mp3FrameHeader,
    Mp3Version, OpusHead, Size, SorensonPicture, Vp6KeyFrame, VpConfig,
};
use crate::{FourCc, audio, video};

/// What one video message tells about its stream; [`VideoFormat::of`] gathers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoFormat {
    /// The codec.
    pub codec: video::Codec,
    /// The codec as `MediaSource.isTypeSupported` takes it (RFC 6381), such as `avc1.42C01E`;
    /// `None` for codecs no browser has, and where the sequence header cannot be read.
    pub codec_string: Option<String>,
    /// The size of the pictures, where the message says it.
    pub size: Option<Size>,
}

impl VideoFormat {
    /// Gathers what `payload`, whose header is `header`, tells: a sequence header, or a key
    /// frame of a codec that has none. `None` for all other messages. Where a message has many
    /// tracks it is the first that counts.
    #[must_use]
    pub fn of(header: &video::Header, payload: &[u8]) -> Option<Self> {
        if !header.is_sequence_header() && !is_telling_frame(header) {
            return None;
        }
        let mut format = Self {
            codec: header.codec,
            codec_string: None,
            size: None,
        };
        if header.packet != video::PacketKind::Mpeg2TsStart {
            let body = match header.multitrack {
                None => payload.get(header.body_offset..)?,
                Some(_) => video::tracks(payload).ok()??.next()?.ok()?.body,
            };
            format.read_body(body);
        }
        Some(format)
    }

    fn read_body(&mut self, body: &[u8]) {
        use video::Codec;
        match self.codec {
            Codec::Avc | Codec::FourCc(FourCc::AVC1) => {
                if let Ok(config) = AvcConfig::parse(body) {
                    self.size = config.size();
                    self.codec_string = Some(config.codec_string());
                }
            }
            Codec::HevcLegacy | Codec::FourCc(FourCc::HVC1) => {
                if let Ok(config) = HevcConfig::parse(body) {
                    self.size = config.size();
                    self.codec_string = Some(config.codec_string());
                }
            }
            Codec::Av1Legacy | Codec::FourCc(FourCc::AV01) => {
                if let Ok(config) = Av1Config::parse(body) {
                    self.size = config.size();
                    self.codec_string = Some(config.codec_string());
                }
            }
            Codec::FourCc(FourCc::VP09) => self.codec_string = vp_codec_string(body, "vp09"),
            Codec::FourCc(FourCc::VP08) => self.codec_string = vp_codec_string(body, "vp08"),
            Codec::Sorenson => self.size = SorensonPicture::parse(body).ok().map(|p| p.size),
            Codec::Vp6 => self.size = Vp6KeyFrame::parse(body).ok().map(|p| p.size),
            // The size of the alpha plane stands between the trimming and the frame.
            Codec::Vp6Alpha => self.size = vp6_alpha_size(body),
            _ => {}
        }
    }
}

/// A key frame of a codec that has no sequence header.
fn is_telling_frame(header: &video::Header) -> bool {
    let has_size = matches!(
        header.codec,
        video::Codec::Sorenson | video::Codec::Vp6 | video::Codec::Vp6Alpha
    );
    header.is_key_frame() && has_size
}

fn vp_codec_string(body: &[u8], name: &str) -> Option<String> {
    Some(VpConfig::parse(body).ok()?.codec_string(name))
}

/// FLV 10.1 §E.4.3.3: trimming, then the 24-bit offset of the alpha plane, then the frame.
fn vp6_alpha_size(body: &[u8]) -> Option<Size> {
    let (trim, rest) = body.split_first()?;
    // A key frame's header and size take eight bytes at most.
    let frame = rest.get(3..)?;
    let start = frame.get(..frame.len().min(8))?;
    let key = Vp6KeyFrame::parse(&[&[*trim], start].concat()).ok()?;
    Some(key.size)
}

/// What one audio message tells about its stream; [`AudioFormat::of`] gathers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFormat {
    /// The codec.
    pub codec: audio::Codec,
    /// The codec as `MediaSource.isTypeSupported` takes it (RFC 6381), such as `mp4a.40.2`;
    /// `None` for codecs no browser has, and where the sequence header cannot be read.
    pub codec_string: Option<String>,
    /// The sample rate players end up with, in hertz, where the message says it.
    pub sample_rate_hz: Option<u32>,
    /// Channels, where the message says it.
    pub channels: Option<u8>,
}

impl AudioFormat {
    /// Gathers what `payload`, whose header is `header`, tells: a sequence header, or a frame of
    /// a codec that has none. `None` for all other messages. Where a message has many tracks it
    /// is the first that counts.
    #[must_use]
    pub fn of(header: &audio::Header, payload: &[u8]) -> Option<Self> {
        if !header.is_sequence_header() && !is_telling_sound(header) {
            return None;
        }
        let body = match header.multitrack {
            None => payload.get(header.body_offset..)?,
            Some(_) => audio::tracks(payload).ok()??.next()?.ok()?.body,
        };
        let mut format = Self {
            codec: header.codec,
            codec_string: None,
            sample_rate_hz: header.sample_rate_hz(),
            channels: None,
        };
        if !header.enhanced {
            let is_mono = matches!(
                header.codec,
                audio::Codec::Nelly16 | audio::Codec::Nelly8 | audio::Codec::Speex
            );
            format.channels = Some(if header.stereo && !is_mono { 2 } else { 1 });
        }
        format.read_body(body);
        Some(format)
    }

    fn read_body(&mut self, body: &[u8]) {
        use audio::Codec;
        match self.codec {
            Codec::Aac | Codec::FourCc(FourCc::MP4A) => self.read_aac(body),
            Codec::Mp3 | Codec::Mp3_8k | Codec::FourCc(FourCc::MP3) => self.read_mp3(body),
            Codec::FourCc(FourCc::OPUS) => {
                // Whatever was encoded, Opus decodes at 48 kHz (RFC 7845 §5.1).
                self.sample_rate_hz = Some(48_000);
                self.codec_string = Some("opus".to_owned());
                self.channels = OpusHead::parse(body).ok().map(|head| head.channels);
            }
            Codec::FourCc(FourCc::FLAC) => {
                self.codec_string = Some("flac".to_owned());
                if let Ok(info) = FlacStreamInfo::parse(body) {
                    self.sample_rate_hz = Some(info.sample_rate_hz);
                    self.channels = Some(info.channels);
                }
            }
            Codec::FourCc(code @ (FourCc::AC3 | FourCc::EAC3)) => {
                self.codec_string = Some(code.to_string());
            }
            _ => {}
        }
    }

    fn read_aac(&mut self, body: &[u8]) {
        // The bits of the header say stereo whatever is true; only the configuration counts.
        self.channels = None;
        if let Ok(config) = AudioSpecificConfig::parse(body) {
            self.codec_string = Some(config.codec_string());
            self.sample_rate_hz = Some(config.output_rate_hz());
            self.channels = config.channels;
        }
    }

    fn read_mp3(&mut self, body: &[u8]) {
        if let Ok(frame) = Mp3FrameHeader::parse(body) {
            // Object types of MPEG-1 and of MPEG-2 audio (ISO/IEC 14496-1 §7.2.6.6).
            let name = match frame.version {
                Mp3Version::Mpeg1 => "mp4a.6B",
                Mp3Version::Mpeg2 | Mp3Version::Mpeg25 => "mp4a.69",
            };
            self.codec_string = Some(name.to_owned());
            self.sample_rate_hz = Some(frame.sample_rate_hz);
            self.channels = Some(frame.channels);
        }
    }
}

/// A frame of a codec that has no sequence header.
fn is_telling_sound(header: &audio::Header) -> bool {
    let has_header = match header.codec {
        audio::Codec::Aac => true,
        audio::Codec::FourCc(code) => code != FourCc::MP3,
        _ => false,
    };
    header.is_frames() && !has_header
}

#[cfg(test)]
mod tests {
    use super::{AudioFormat, VideoFormat};
    use crate::{audio, video};
    use testkit::media::{self, Audio, FrameKind, Video, enhanced};

    fn video_format(payload: &[u8]) -> Option<VideoFormat> {
        VideoFormat::of(&video::parse(payload).unwrap(), payload)
    }

    fn audio_format(payload: &[u8]) -> Option<AudioFormat> {
        AudioFormat::of(&audio::parse(payload).unwrap(), payload)
    }

    #[test]
    fn every_video_codec_tells_what_it_can() {
        for (codec, string, has_size) in [
            (Video::H264, Some("avc1.42C01E"), true),
            (Video::EnhancedH264, Some("avc1.42C01E"), true),
            (Video::Hevc, Some("hvc1.1.6.L93.B0"), true),
            (Video::Av1, Some("av01.0.05M.08"), true),
            (Video::Vp9, Some("vp09.00.31.08"), false),
            (Video::Sorenson, None, true),
            (Video::Vp6, None, true),
        ] {
            let frame = media::video_frame(codec, FrameKind::Key, 0, 500);
            let payload = media::video_header(codec).unwrap_or(frame);
            let format = video_format(&payload).unwrap();
            assert_eq!(format.codec_string.as_deref(), string, "{codec:?}");
            let size = format.size.map(|size| (size.width, size.height));
            assert_eq!(size, has_size.then_some((320, 240)), "{codec:?}");
            let inter = media::video_frame(codec, FrameKind::Inter, 0, 500);
            assert_eq!(video_format(&inter), None, "{codec:?}");
        }
        let frame = media::video_frame(Video::H264, FrameKind::Key, 0, 500);
        assert_eq!(video_format(&frame), None);
    }

    #[test]
    fn every_audio_codec_tells_what_it_can() {
        for (codec, string, rate, channels) in [
            (Audio::Aac, Some("mp4a.40.2"), 44_100, 2),
            (Audio::EnhancedAac, Some("mp4a.40.2"), 44_100, 2),
            (Audio::Opus, Some("opus"), 48_000, 2),
            (Audio::Mp3, Some("mp4a.6B"), 44_100, 2),
            (Audio::Nelly, None, 22_050, 1),
            (Audio::Nelly8, None, 8_000, 1),
            (Audio::Speex, None, 16_000, 1),
            (Audio::G711U, None, 8_000, 1),
        ] {
            let frame = media::audio_frame(codec, 0, 200);
            let payload = media::audio_header(codec).unwrap_or(frame);
            let format = audio_format(&payload).unwrap();
            assert_eq!(format.codec_string.as_deref(), string, "{codec:?}");
            assert_eq!(format.sample_rate_hz, Some(rate), "{codec:?}");
            assert_eq!(format.channels, Some(channels), "{codec:?}");
        }
        for codec in [Audio::Aac, Audio::Opus] {
            assert_eq!(audio_format(&media::audio_frame(codec, 0, 200)), None);
        }
    }

    #[test]
    fn the_first_of_many_tracks_counts() {
        let config = media::h264::Encoder::new(640, 360).config();
        let track = |id, body| enhanced::Track {
            id,
            fourcc: b"avc1",
            body,
        };
        let payload = enhanced::video_tracks(
            FrameKind::Key,
            enhanced::Packet::SequenceStart,
            enhanced::Layout::ManyTracks,
            &[track(0, &config), track(1, b"junk")],
        );
        let format = video_format(&payload).unwrap();
        assert_eq!(format.size.map(|size| size.width), Some(640));
    }

    #[test]
    fn alpha_has_its_offset_before_the_frame() {
        let plain = media::video_frame(Video::Vp6, FrameKind::Key, 0, 100);
        let alpha = [&[0x15, plain[1], 0, 0, 50], &plain[2..]].concat();
        let format = video_format(&alpha).unwrap();
        assert_eq!(format.size.map(|size| size.height), Some(240));
    }

    #[test]
    fn a_header_that_cannot_be_read_still_names_its_codec() {
        let format = video_format(&[0x17, 0, 0, 0, 0, 9]).unwrap();
        assert_eq!((format.codec, format.size), (video::Codec::Avc, None));
        assert_eq!(format.codec_string, None);
        let format = audio_format(&[0xaf, 0]).unwrap();
        assert_eq!((format.sample_rate_hz, format.channels), (None, None));
    }
}
