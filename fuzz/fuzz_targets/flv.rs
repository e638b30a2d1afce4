//! Any bytes as an FLV file, as media messages and as codec records. A file gives the same tags
//! however it is cut, and what was read is written back as it was.
#![no_main]

use flv::codec::{
    AudioSpecificConfig, Av1Config, AvcConfig, AvcSps, FlacStreamInfo, HevcConfig, HevcSps,
    Mp3FrameHeader, OpusHead, SorensonPicture, Vp6KeyFrame, VpConfig,
};
use flv::{
    AudioFormat, ColorInfo, DataMessage, Error, Item, KeyframeIndex, Limits, Metadata, Reader, Tag,
    TagKind, VideoFormat, audio, video, write_tag,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (items, end) = read(bytes, bytes.len().max(1));
    assert_eq!(read(bytes, 3), (items.clone(), end));
    for item in &items {
        if let Item::Tag(tag) = item {
            tag_is_written_back(tag);
            message(tag.kind, &tag.payload);
        }
    }
    for kind in [TagKind::Audio, TagKind::Video, TagKind::Script] {
        message(kind, bytes);
    }
    records(bytes);
});

fn read(bytes: &[u8], step: usize) -> (Vec<Item>, Result<(), Error>) {
    let mut reader = Reader::new(Limits::default());
    let mut items = Vec::new();
    for part in bytes.chunks(step) {
        reader.push(part);
        while let Ok(Some(item)) = reader.poll() {
            items.push(item);
        }
    }
    (items, reader.finish())
}

fn tag_is_written_back(tag: &Tag) {
    let mut file = flv::write_header(true, true).to_vec();
    write_tag(tag.kind, tag.timestamp_ms, &tag.payload, &mut file).expect("it was small enough");
    let (items, end) = read(&file, file.len());
    let wanted = Tag {
        filtered: false,
        stream_id: 0,
        ..tag.clone()
    };
    assert_eq!((items.get(1), end), (Some(&Item::Tag(wanted)), Ok(())));
}

fn message(kind: TagKind, payload: &[u8]) {
    match kind {
        TagKind::Audio => {
            if let Ok(header) = audio::parse(payload) {
                assert!(header.body_offset <= payload.len());
                let _ = AudioFormat::of(&header, payload);
            }
            let tracks = audio::tracks(payload).ok().flatten();
            let _ = tracks.into_iter().flatten().count();
        }
        TagKind::Video => {
            if let Ok(header) = video::parse(payload) {
                assert!(header.body_offset <= payload.len());
                let _ = VideoFormat::of(&header, payload);
            }
            let tracks = video::tracks(payload).ok().flatten();
            let _ = tracks.into_iter().flatten().count();
        }
        _ => {
            let values = amf::amf0::decode_all(payload, &amf::Limits::default());
            let values = values.unwrap_or_default();
            let _ = DataMessage::of(&values);
            let _ = Metadata::of(&values);
            if let [_, properties, ..] = &values[..] {
                let _ = KeyframeIndex::of_properties(properties, 100);
            }
        }
    }
}

fn records(bytes: &[u8]) {
    let _ = AudioSpecificConfig::parse(bytes);
    let _ = AvcSps::parse(bytes);
    let _ = ColorInfo::parse(bytes);
    let _ = FlacStreamInfo::parse(bytes);
    let _ = HevcSps::parse(bytes);
    let _ = Mp3FrameHeader::parse(bytes);
    let _ = OpusHead::parse(bytes);
    let _ = SorensonPicture::parse(bytes);
    let _ = Vp6KeyFrame::parse(bytes);
    let _ = VpConfig::parse(bytes).map(|config| config.codec_string("vp09"));
    let _ = Av1Config::parse(bytes).map(|config| (config.codec_string(), config.size()));
    let _ = AvcConfig::parse(bytes).map(|config| (config.codec_string(), config.size()));
    let _ = HevcConfig::parse(bytes).map(|config| (config.codec_string(), config.size()));
}
