//! Audio message payloads: header and sound together, codec by codec.

use super::enhanced::{self, Packet};
use super::{Mark, MarkKind};
use crate::Random;

/// An audio codec and the header that announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audio {
    /// AAC, 44.1 kHz stereo.
    Aac,
    /// MP3, 44.1 kHz stereo, 128 kbit/s.
    Mp3,
    /// Nellymoser, 22.05 kHz mono, two blocks a message.
    Nelly,
    /// Nellymoser, 8 kHz mono, one block a message.
    Nelly8,
    /// Speex, 16 kHz mono.
    Speex,
    /// G.711 µ-law, 8 kHz mono.
    G711U,
    /// AAC in the header of Enhanced RTMP.
    EnhancedAac,
    /// Opus in the header of Enhanced RTMP, 48 kHz stereo.
    Opus,
}

impl Audio {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Aac,
        Self::Mp3,
        Self::Nelly,
        Self::Nelly8,
        Self::Speex,
        Self::G711U,
        Self::EnhancedAac,
        Self::Opus,
    ];

    /// Samples a message stands for, and samples in a second.
    #[must_use]
    pub const fn timing(self) -> (u64, u64) {
        match self {
            Self::Aac | Self::EnhancedAac => (1024, 44_100),
            Self::Mp3 => (1152, 44_100),
            Self::Nelly => (512, 22_050),
            Self::Nelly8 => (256, 8_000),
            Self::Speex => (320, 16_000),
            Self::G711U => (160, 8_000),
            Self::Opus => (960, 48_000),
        }
    }
}

/// `AudioSpecificConfig` of AAC LC, 44.1 kHz, stereo.
const AAC_CONFIG: [u8; 2] = [0x12, 0x10];
/// A silent stereo frame of AAC LC.
const AAC_SILENCE: [u8; 9] = [0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80];
/// The most bytes one data stream element of AAC holds without an escape.
const AAC_DATA_BYTES: usize = 254;
/// Bytes of an MP3 frame of 128 kbit/s at 44.1 kHz without padding.
const MP3_FRAME_BYTES: usize = 417;
/// A Speex frame that codes nothing in either band, then the terminator: decoders stop there
/// (RFC 5574 §3.3).
const SPEEX_SILENCE: [u8; 2] = [0b0000_0100, 0b0011_1100];
/// `OpusHead` (RFC 7845 §5.1): stereo, 312 samples to skip, 48 kHz.
const OPUS_HEAD: &[u8; 19] = b"OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0";

/// Makes the payloads of one audio stream, its frames numbered from 0.
#[derive(Debug, Clone)]
pub struct SoundMaker {
    codec: Audio,
    number: u32,
    random: Random,
}

impl SoundMaker {
    /// A maker of silence. The same `seed` gives the same filler.
    #[must_use]
    pub fn new(codec: Audio, seed: u64) -> Self {
        Self {
            codec,
            number: 0,
            random: Random::new(seed),
        }
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
        match self.codec {
            Audio::Aac => Some([&[0xaf, 0], &AAC_CONFIG[..]].concat()),
            Audio::EnhancedAac => {
                Some(enhanced::audio(Packet::SequenceStart, b"mp4a", &AAC_CONFIG))
            }
            Audio::Opus => Some(enhanced::audio(Packet::SequenceStart, b"Opus", OPUS_HEAD)),
            _ => None,
        }
    }

    /// The next frame, its payload about `bytes` long, or as short as the codec allows. MP3,
    /// Nellymoser and G.711 have frames of a fixed size and leave `bytes` aside.
    pub fn frame(&mut self, bytes: usize) -> Vec<u8> {
        let mark = Mark {
            kind: MarkKind::Audio,
            number: self.number,
        };
        self.number = self.number.wrapping_add(1);
        let mut opaque = |len: usize| {
            let mut content = mark.to_bytes();
            content.extend(self.random.filler(len.saturating_sub(Mark::BYTES)));
            content
        };
        match self.codec {
            Audio::Aac => [&[0xaf, 1], &aac_frame(&opaque(bytes))[..]].concat(),
            Audio::EnhancedAac => {
                enhanced::audio(Packet::Frames, b"mp4a", &aac_frame(&opaque(bytes)))
            }
            Audio::Mp3 => mp3_payload(&opaque(MP3_FRAME_BYTES - 4 - 32)),
            Audio::Nelly => [&[0x6a], &opaque(128)[..]].concat(),
            Audio::Nelly8 => [&[0x52], &opaque(64)[..]].concat(),
            Audio::Speex => [&[0xb2], &SPEEX_SILENCE[..], &opaque(bytes)].concat(),
            Audio::G711U => [&[0x82], &opaque(160)[..]].concat(),
            Audio::Opus => enhanced::audio(Packet::Frames, b"Opus", &opus_packet(&opaque(bytes))),
        }
    }
}

/// The sequence header of a stream; `None` for codecs without one.
#[must_use]
pub fn audio_header(codec: Audio) -> Option<Vec<u8>> {
    SoundMaker::new(codec, 0).header()
}

/// One frame, marked with `number`, about `bytes` long, as [`SoundMaker::frame`] says.
#[must_use]
pub fn audio_frame(codec: Audio, number: u32, bytes: usize) -> Vec<u8> {
    SoundMaker::new(codec, number.into())
        .starting_at(number)
        .frame(bytes)
}

/// `opaque` in data stream elements, which decoders skip, then silence (ISO/IEC 14496-3
/// §4.4.2.1). An element starts with its id, a tag, and "aligned": one byte in all.
fn aac_frame(opaque: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    for part in opaque.chunks(AAC_DATA_BYTES) {
        frame.extend([0x81, part.len() as u8]);
        frame.extend(part);
    }
    frame.extend(AAC_SILENCE);
    frame
}

/// A frame whose side information says that no bits of the main data are used (ISO/IEC 11172-3
/// §2.4.1): all of `opaque` is ancillary data.
fn mp3_payload(opaque: &[u8]) -> Vec<u8> {
    [&[0x2f, 0xff, 0xfb, 0x90, 0x04], &[0; 32][..], opaque].concat()
}

/// A packet of one silent frame padded with `opaque` (RFC 6716 §3.2.5, code 3 with padding).
fn opus_packet(opaque: &[u8]) -> Vec<u8> {
    let mut packet = vec![0xff, 0x41];
    let mut padding = opaque.len();
    while padding > 254 {
        packet.push(255);
        padding -= 254;
    }
    packet.push(padding as u8);
    packet.extend([0xff, 0xfe]);
    packet.extend(opaque);
    packet
}

#[cfg(test)]
mod tests {
    use super::{Audio, SoundMaker, audio_frame, audio_header};
    use crate::media::{Mark, MarkKind};

    #[test]
    fn every_frame_has_its_own_mark() {
        for codec in Audio::ALL {
            let mut maker = SoundMaker::new(codec, 1);
            for number in 0..3 {
                let found = Mark::find(&maker.frame(300));
                let kind = MarkKind::Audio;
                assert_eq!(found, Some(Mark { kind, number }), "{codec:?}");
            }
        }
    }

    #[test]
    fn fixed_frames_have_their_size() {
        assert_eq!(audio_frame(Audio::Mp3, 0, 9).len(), 1 + 417);
        assert_eq!(audio_frame(Audio::Nelly, 0, 9).len(), 1 + 128);
        assert_eq!(audio_frame(Audio::Nelly8, 0, 9).len(), 1 + 64);
        assert_eq!(audio_frame(Audio::G711U, 0, 9).len(), 1 + 160);
    }

    #[test]
    fn headers_are_those_of_the_codec() {
        assert_eq!(audio_header(Audio::Aac).unwrap(), [0xaf, 0, 0x12, 0x10]);
        let opus = audio_header(Audio::Opus).unwrap();
        assert_eq!(opus[..13], *b"\x90OpusOpusHead");
        assert_eq!(audio_header(Audio::Speex), None);
    }
}
