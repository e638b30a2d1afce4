//! Makers of media: message payloads and whole streams, the same for the same settings.
//!
//! Nothing here encodes pictures or sound. H.264, Sorenson, AAC, MP3, Speex and Opus frames are
//! whole and decodable all the same, as a grey picture and silence, so that real players can be
//! pointed at them; VP6, Nellymoser and G.711 decode to noise; the other codecs are right in
//! their headers and opaque behind them. Every frame carries a [`Mark`] of its own, so that a
//! test can tell which frames arrived, in which order, and which are missing.
//!
//! The makers write bytes by hand and use none of the product's crates, which makes them an
//! independent witness in the tests of those.

mod bits;
pub mod enhanced;
pub mod h264;
mod mark;
mod sequence;
mod sound;
mod stream;
mod video;

pub use mark::{Mark, MarkKind};
pub use sequence::{av1_config, hevc_config, vp9_config};
pub use sound::{Audio, SoundMaker, audio_frame, audio_header};
pub use stream::{Settings, Stream};
pub use video::{FrameKind, PictureMaker, Video, video_frame, video_header};

/// What a message carries, as the RTMP message type and the FLV tag type number it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 8.
    Audio,
    /// 9.
    Video,
    /// 18: AMF0 values.
    Data,
}

impl Kind {
    /// The number of the RTMP message type and of the FLV tag type.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Audio => 8,
            Self::Video => 9,
            Self::Data => 18,
        }
    }
}

/// One message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it carries.
    pub kind: Kind,
    /// When, in milliseconds; wraps after 2^32.
    pub timestamp_ms: u32,
    /// What an RTMP message or an FLV tag has as its data.
    pub payload: Vec<u8>,
}

impl Message {
    /// The mark in the payload; headers and metadata have none.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        Mark::find(&self.payload)
    }
}

/// An `onMetaData` message body in AMF0: the name, then an ECMA array of numbers. With
/// `"@setDataFrame"` before it when `publishing`, as encoders send it to a server.
#[must_use]
pub fn on_meta_data(properties: &[(&str, f64)], publishing: bool) -> Vec<u8> {
    let mut body = Vec::new();
    if publishing {
        body.push(0x02);
        put_amf0_name(&mut body, "@setDataFrame");
    }
    body.push(0x02);
    put_amf0_name(&mut body, "onMetaData");
    body.push(0x08);
    body.extend((properties.len() as u32).to_be_bytes());
    for (name, number) in properties {
        put_amf0_name(&mut body, name);
        body.push(0x00);
        body.extend(number.to_be_bytes());
    }
    body.extend([0, 0, 9]);
    body
}

fn put_amf0_name(body: &mut Vec<u8>, name: &str) {
    body.extend((name.len() as u16).to_be_bytes());
    body.extend(name.as_bytes());
}

/// A whole FLV file of `messages`, its header saying it has both audio and video.
#[must_use]
pub fn flv_file(messages: &[Message]) -> Vec<u8> {
    let mut file = b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec();
    for message in messages {
        let size = message.payload.len() as u32;
        let time = message.timestamp_ms.to_be_bytes();
        file.push(message.kind.id());
        file.extend(&size.to_be_bytes()[1..]);
        file.extend(&time[1..]);
        file.extend([time[0], 0, 0, 0]);
        file.extend(&message.payload);
        file.extend((size + 11).to_be_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::{Kind, Message, flv_file, on_meta_data};

    #[test]
    fn metadata_is_amf0() {
        let body = on_meta_data(&[("fps", 1.0)], true);
        let wanted = b"\x02\0\x0d@setDataFrame\x02\0\x0aonMetaData\x08\0\0\0\x01\0\x03fps\0\
            \x3f\xf0\0\0\0\0\0\0\0\0\x09";
        assert_eq!(body, wanted);
    }

    #[test]
    fn a_file_has_a_back_pointer_behind_each_tag() {
        let message = Message {
            kind: Kind::Audio,
            timestamp_ms: 0x0102_0304,
            payload: vec![7],
        };
        let file = flv_file(&[message]);
        assert_eq!(
            file[13..],
            [8, 0, 0, 1, 2, 3, 4, 1, 0, 0, 0, 7, 0, 0, 0, 12]
        );
    }
}
