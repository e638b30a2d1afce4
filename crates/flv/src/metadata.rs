//! The metadata of a stream: what a publisher's data message asks for, and what `onMetaData`
//! says.
//!
//! Works on the values of data messages; their bytes are the business of the `amf` crate.

use amf::Value;

use crate::{FourCc, audio, video};

/// The handler that metadata is sent to.
pub const ON_META_DATA: &str = "onMetaData";

/// A string marker, a length of 13, and `@setDataFrame`, as AMF0 has them.
const SET_DATA_FRAME_AMF0: &[u8; 16] = b"\x02\x00\x0d@setDataFrame";
const ON_META_DATA_AMF0: &[u8; 13] = b"\x02\x00\x0aonMetaData";

/// What a data message asks of the metadata a server keeps with a live stream.
///
/// A *frame* is what players are sent: the name of their handler and its arguments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DataMessage<'a> {
    /// `@setDataFrame`: keep this frame under its name in place of the one before, send it to
    /// players now and to those who come later.
    Set {
        /// The handler, usually [`ON_META_DATA`].
        name: &'a str,
        /// Name and arguments.
        frame: &'a [Value],
    },
    /// `@clearDataFrame`: forget the frame of this name.
    Clear {
        /// The handler.
        name: &'a str,
    },
    /// `onMetaData` sent directly, as some encoders do and files have it. It describes the
    /// stream as well as a frame that was set.
    Bare {
        /// Name and arguments.
        frame: &'a [Value],
    },
    /// Anything else: for the players there are now.
    Other,
}

impl<'a> DataMessage<'a> {
    /// Tells what the values of a data message ask for. A command that lacks its name is
    /// [`DataMessage::Other`].
    #[must_use]
    pub fn of(values: &'a [Value]) -> Self {
        let text = |at: usize| values.get(at).and_then(Value::as_str);
        match (text(0), text(1)) {
            (Some("@setDataFrame"), Some(name)) => Self::Set {
                name,
                frame: &values[1..],
            },
            (Some("@clearDataFrame"), Some(name)) => Self::Clear { name },
            (Some(ON_META_DATA), _) => Self::Bare { frame: values },
            _ => Self::Other,
        }
    }
}

/// The body of a data message in AMF0 without the `@setDataFrame` it starts with, so that it
/// can be sent on byte for byte. `None` when it does not start so.
#[must_use]
pub fn strip_set_data_frame(body: &[u8]) -> Option<&[u8]> {
    body.strip_prefix(SET_DATA_FRAME_AMF0)
}

/// Whether the body of a data message in AMF0 begins with the name `onMetaData`.
#[must_use]
pub fn begins_with_metadata(body: &[u8]) -> bool {
    body.starts_with(ON_META_DATA_AMF0)
}

/// The body of a data message with `@setDataFrame` before it, as a publisher sends it for players
/// that come later.
#[must_use]
pub fn with_set_data_frame(body: &[u8]) -> Vec<u8> {
    [SET_DATA_FRAME_AMF0, body].concat()
}

/// What `onMetaData` says, as far as a server is interested (FLV 10.1 Annex E.5; codec numbers
/// also as Enhanced RTMP v2, "Enhancing onMetaData").
///
/// It is a claim of the publisher, made before there was media, and often wrong or absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// `width`, in pixels.
    pub width: Option<u32>,
    /// `height`, in pixels.
    pub height: Option<u32>,
    /// `framerate`, or `fps` as some encoders call it, in frames a second.
    pub frame_rate: Option<f64>,
    /// `videocodecid`.
    pub video_codec: Option<video::Codec>,
    /// `audiocodecid`.
    pub audio_codec: Option<audio::Codec>,
    /// `videodatarate`, in kilobits a second.
    pub video_kbits_per_s: Option<f64>,
    /// `audiodatarate`, in kilobits a second.
    pub audio_kbits_per_s: Option<f64>,
    /// `audiosamplerate`, in hertz.
    pub audio_sample_rate_hz: Option<u32>,
    /// `stereo`, or whether `audiochannels` is more than one.
    pub stereo: Option<bool>,
    /// `duration`, in seconds; 0 for live streams.
    pub duration_s: Option<f64>,
    /// `encoder`, or `metadatacreator`.
    pub encoder: Option<String>,
}

impl Metadata {
    /// The most bytes of an encoder's name that are kept.
    pub const MAX_ENCODER_BYTES: usize = 256;

    /// Reads the frame of an `onMetaData`: its name, then an object or an array with names.
    /// `None` for other frames.
    #[must_use]
    pub fn of(frame: &[Value]) -> Option<Self> {
        match frame {
            [name, properties, ..] if name.as_str() == Some(ON_META_DATA) => {
                Some(Self::of_properties(properties))
            }
            _ => None,
        }
    }

    /// Reads the properties of an `onMetaData`. What is absent, of the wrong type or absurd is
    /// `None`.
    #[must_use]
    pub fn of_properties(properties: &Value) -> Self {
        let value = |name: &str| properties.get(name);
        let positive = |name: &str| value(name).and_then(number).filter(|n| *n > 0.0);
        let whole = |name: &str| positive(name).and_then(to_u32);
        let is_stereo = value("stereo").and_then(Value::as_bool);
        let encoder = value("encoder").or(value("metadatacreator"));
        Self {
            width: whole("width"),
            height: whole("height"),
            frame_rate: positive("framerate").or(positive("fps")),
            video_codec: value("videocodecid").and_then(video_codec),
            audio_codec: value("audiocodecid").and_then(audio_codec),
            video_kbits_per_s: positive("videodatarate"),
            audio_kbits_per_s: positive("audiodatarate"),
            audio_sample_rate_hz: whole("audiosamplerate"),
            stereo: is_stereo.or(positive("audiochannels").map(|channels| channels > 1.0)),
            duration_s: value("duration").and_then(number).filter(|n| *n >= 0.0),
            encoder: encoder.and_then(Value::as_str).map(shortened),
        }
    }
}

/// A finite number, also where an encoder wrote it as text.
fn number(value: &Value) -> Option<f64> {
    let number = match value.as_str() {
        Some(text) => text.trim().parse().ok(),
        None => value.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}

/// The nearest whole number, up to what a `u32` holds.
fn to_u32(number: f64) -> Option<u32> {
    let rounded = number.round();
    (0.0..=f64::from(u32::MAX))
        .contains(&rounded)
        .then_some(rounded as u32)
}

fn shortened(text: &str) -> String {
    let mut end = text.len().min(Metadata::MAX_ENCODER_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// A codec id: below 16 the number in FLV headers, else a `FourCC` as a big-endian number.
enum CodecId {
    Legacy(u8),
    FourCc(FourCc),
}

fn codec_number(value: &Value) -> Option<CodecId> {
    let number = value
        .as_f64()
        .filter(|n| n.fract() == 0.0)
        .and_then(to_u32)?;
    Some(match u8::try_from(number) {
        Ok(id) if id < 16 => CodecId::Legacy(id),
        _ => CodecId::FourCc(FourCc::from_u32(number)),
    })
}

/// `videocodecid`: a number, or a name as Flash Media Live Encoder and others write it.
fn video_codec(value: &Value) -> Option<video::Codec> {
    let Some(text) = value.as_str() else {
        return codec_number(value).map(|id| match id {
            CodecId::Legacy(id) => video::Codec::from_id(id),
            CodecId::FourCc(code) => video::Codec::FourCc(code),
        });
    };
    match text.to_ascii_lowercase().as_str() {
        "avc1" | "h264" | "h.264" | "avc" => Some(video::Codec::Avc),
        "flv1" | "h263" | "h.263" | "sorenson" => Some(video::Codec::Sorenson),
        "vp6" | "vp6f" | "vp60" | "vp61" | "vp62" => Some(video::Codec::Vp6),
        "vp6a" => Some(video::Codec::Vp6Alpha),
        "hevc" | "h265" | "h.265" => Some(video::Codec::FourCc(FourCc::HVC1)),
        "av1" => Some(video::Codec::FourCc(FourCc::AV01)),
        "vp8" => Some(video::Codec::FourCc(FourCc::VP08)),
        "vp9" => Some(video::Codec::FourCc(FourCc::VP09)),
        _ => FourCc::from_text(text).map(video::Codec::FourCc),
    }
}

/// `audiocodecid`: a number, or a name as Flash Media Live Encoder and others write it.
fn audio_codec(value: &Value) -> Option<audio::Codec> {
    let Some(text) = value.as_str() else {
        return codec_number(value).map(|id| match id {
            CodecId::Legacy(id) => audio::Codec::from_id(id),
            CodecId::FourCc(code) => audio::Codec::FourCc(code),
        });
    };
    match text.to_ascii_lowercase().as_str() {
        "mp4a" | "aac" => Some(audio::Codec::Aac),
        ".mp3" | "mp3" => Some(audio::Codec::Mp3),
        "nelly" | "nellymoser" | "nmos" => Some(audio::Codec::Nelly),
        "speex" | "spx" => Some(audio::Codec::Speex),
        "opus" => Some(audio::Codec::FourCc(FourCc::OPUS)),
        "flac" => Some(audio::Codec::FourCc(FourCc::FLAC)),
        _ => FourCc::from_text(text).map(audio::Codec::FourCc),
    }
}

#[cfg(test)]
mod tests {
    use amf::Value;

    use super::{DataMessage, Metadata, strip_set_data_frame};
    use crate::{FourCc, audio, video};

    fn metadata(properties: Value) -> Metadata {
        Metadata::of(&["onMetaData".into(), properties]).unwrap()
    }

    #[test]
    fn data_messages_are_told_apart() {
        let set = ["@setDataFrame".into(), "onMetaData".into(), Value::Null];
        let name = "onMetaData";
        let frame = &set[1..];
        assert_eq!(DataMessage::of(&set), DataMessage::Set { name, frame });
        let clear = ["@clearDataFrame".into(), "onMetaData".into()];
        assert_eq!(DataMessage::of(&clear), DataMessage::Clear { name });
        assert_eq!(DataMessage::of(frame), DataMessage::Bare { frame });
        for other in [&[][..], &set[..1], &["@setDataFrame".into(), 1.into()]] {
            assert_eq!(DataMessage::of(other), DataMessage::Other);
        }
    }

    #[test]
    fn the_command_is_stripped_byte_for_byte() {
        let body = testkit::media::on_meta_data(&[("width", 320.0)], true);
        let bare = testkit::media::on_meta_data(&[("width", 320.0)], false);
        assert_eq!(strip_set_data_frame(&body), Some(&bare[..]));
        assert_eq!(strip_set_data_frame(&bare), None);
    }

    #[test]
    fn what_encoders_send_is_read() {
        let found = metadata(Value::ecma_array([
            ("width", 1280.0.into()),
            ("height", 720.0.into()),
            ("framerate", 29.97.into()),
            ("videocodecid", 7.0.into()),
            ("audiocodecid", 10.0.into()),
            ("videodatarate", 2500.0.into()),
            ("audiosamplerate", 48_000.0.into()),
            ("stereo", true.into()),
            ("encoder", "test".into()),
            ("duration", 0.0.into()),
        ]));
        let wanted = Metadata {
            width: Some(1280),
            height: Some(720),
            frame_rate: Some(29.97),
            video_codec: Some(video::Codec::Avc),
            audio_codec: Some(audio::Codec::Aac),
            video_kbits_per_s: Some(2500.0),
            audio_kbits_per_s: None,
            audio_sample_rate_hz: Some(48_000),
            stereo: Some(true),
            duration_s: Some(0.0),
            encoder: Some("test".to_owned()),
        };
        assert_eq!(found, wanted);
    }

    #[test]
    fn codecs_are_named_in_three_ways() {
        let codecs = |video: Value, audio: Value| {
            let found = metadata(Value::object([
                ("videocodecid", video),
                ("audiocodecid", audio),
            ]));
            (found.video_codec, found.audio_codec)
        };
        let av1 = Some(video::Codec::FourCc(FourCc::AV01));
        let opus = Some(audio::Codec::FourCc(FourCc::OPUS));
        let opus_number = f64::from(FourCc::OPUS.to_u32());
        assert_eq!(
            codecs(1_635_135_537.0.into(), opus_number.into()),
            (av1, opus)
        );
        assert_eq!(codecs("av01".into(), "Opus".into()), (av1, opus));
        let legacy = (Some(video::Codec::Vp6), Some(audio::Codec::Mp3));
        assert_eq!(codecs("VP62".into(), ".mp3".into()), legacy);
        assert_eq!(codecs(4.0.into(), 2.0.into()), legacy);
        assert_eq!(codecs("what is this".into(), Value::Null), (None, None));
        assert_eq!(codecs(7.5.into(), (-1.0).into()), (None, None));
    }

    #[test]
    fn absurd_values_are_left_out() {
        let found = metadata(Value::object([
            ("width", f64::NAN.into()),
            ("height", (-240.0).into()),
            ("framerate", f64::INFINITY.into()),
            ("audiosamplerate", 1e300.into()),
            ("duration", Value::Null),
        ]));
        assert_eq!(found, Metadata::default());
        assert_eq!(metadata(Value::Null), Metadata::default());
        assert_eq!(Metadata::of(&["onCuePoint".into(), Value::Null]), None);
    }

    #[test]
    fn text_numbers_other_names_and_long_encoders_are_taken() {
        let found = metadata(Value::object([
            ("width", " 640 ".into()),
            ("fps", 25.0.into()),
            ("audiochannels", 1.0.into()),
            ("metadatacreator", "é".repeat(200).into()),
        ]));
        assert_eq!((found.width, found.frame_rate), (Some(640), Some(25.0)));
        assert_eq!(found.stereo, Some(false));
        assert_eq!(found.encoder.unwrap().len(), Metadata::MAX_ENCODER_BYTES);
    }
}
