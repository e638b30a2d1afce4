//! What must hold for all bytes: no panic, any split gives the same, and what was written is
//! read back.

use bytes::Bytes;
use flv::codec::{
    AudioSpecificConfig, Av1Config, AvcConfig, AvcSps, FlacStreamInfo, HevcConfig, HevcSps,
    Mp3FrameHeader, OpusHead, SorensonPicture, Vp6KeyFrame, VpConfig,
};
use flv::{
    AudioFormat, ColorInfo, Item, Limits, Reader, Tag, TagKind, VideoFormat, audio, video,
    write_header, write_tag,
};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::media::{self, Audio, FrameKind, Video};

fn tag() -> impl Strategy<Value = Tag> {
    let payload = vec(any::<u8>(), 0..200);
    (0_u8..32, any::<u32>(), payload).prop_map(|(kind, timestamp_ms, payload)| Tag {
        kind: TagKind::from_id(kind),
        filtered: false,
        timestamp_ms,
        stream_id: 0,
        payload: Bytes::from(payload),
    })
}

fn file_of(tags: &[Tag]) -> Vec<u8> {
    let mut file = write_header(true, true).to_vec();
    for tag in tags {
        write_tag(tag.kind, tag.timestamp_ms, &tag.payload, &mut file)
            .expect("a short payload fits a tag");
    }
    file
}

/// Runs every parser of a codec's record over `bytes`.
fn parse_records(bytes: &[u8]) {
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

/// Runs everything that reads a media message over `payload`.
fn parse_message(payload: &[u8]) {
    if let Ok(header) = video::parse(payload) {
        let _ = VideoFormat::of(&header, payload);
    }
    if let Ok(header) = audio::parse(payload) {
        let _ = AudioFormat::of(&header, payload);
    }
}

/// Payloads that are right but for a few bytes.
fn damaged_payload() -> impl Strategy<Value = Vec<u8>> {
    let flips = vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    let headers = Video::ALL.map(|codec| media::video_header(codec).unwrap_or_default());
    let sounds = Audio::ALL.map(|codec| media::audio_header(codec).unwrap_or_default());
    let frames = Video::ALL.map(|codec| media::video_frame(codec, FrameKind::Key, 0, 60));
    let all = [&headers[..], &sounds, &frames].concat();
    (prop::sample::select(all), flips).prop_map(|(mut payload, flips)| {
        for (at, byte) in flips {
            if !payload.is_empty() {
                let at = at.index(payload.len());
                payload[at] = byte;
            }
        }
        payload
    })
}

/// The items of `bytes` cut into parts of the given lengths, and how it ends.
fn read(bytes: &[u8], cuts: &[usize]) -> (Vec<Item>, Result<(), flv::Error>) {
    let mut reader = Reader::new(Limits::default());
    let mut items = Vec::new();
    let mut rest = bytes;
    let mut cuts = cuts.iter().copied().cycle();
    while !rest.is_empty() {
        let (part, later) = rest.split_at(cuts.next().unwrap_or(rest.len()).min(rest.len()));
        rest = later;
        reader.push(part);
        while let Ok(Some(item)) = reader.poll() {
            items.push(item);
        }
    }
    (items, reader.finish())
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(tags in vec(tag(), 0..10)) {
        let (items, end) = read(&file_of(&tags), &[]);
        prop_assert_eq!(end, Ok(()));
        let found: Vec<_> = items.into_iter().filter_map(|item| match item {
            Item::Tag(tag) => Some(tag),
            _ => None,
        }).collect();
        prop_assert_eq!(found, tags);
    }

    #[test]
    fn any_split_of_a_damaged_file_gives_the_same(
        tags in vec(tag(), 0..5),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cuts in vec(1_usize..40, 1..20),
    ) {
        let mut file = file_of(&tags);
        for (at, byte) in flips {
            let at = at.index(file.len());
            file[at] = byte;
        }
        prop_assert_eq!(read(&file, &cuts), read(&file, &[]));
    }

    #[test]
    fn no_payload_panics_the_header_parsers(payload in vec(any::<u8>(), 0..64)) {
        if let Ok(header) = video::parse(&payload) {
            prop_assert!(header.body_offset <= payload.len());
        }
        if let Ok(header) = audio::parse(&payload) {
            prop_assert!(header.body_offset <= payload.len());
        }
    }

    #[test]
    fn no_bytes_panic_the_record_parsers(bytes in vec(any::<u8>(), 0..64)) {
        parse_records(&bytes);
        // Random bytes seldom get past the first field of these.
        parse_records(&[&[0x67, 100, 0, 30], &bytes[..]].concat());
        parse_records(&[&[0x42, 1], &bytes[..]].concat());
        parse_records(&[&[0x81, 0, 0, 0, 0x0a], &bytes[..]].concat());
    }

    #[test]
    fn no_damage_panics_the_format_readers(payload in damaged_payload()) {
        parse_message(&payload);
    }

    #[test]
    fn tracks_lie_in_order_inside_the_payload(
        is_audio: bool,
        layout in 0_u8..0x40,
        rest in vec(any::<u8>(), 0..64),
    ) {
        let mut payload = vec![if is_audio { 0x95 } else { 0x96 }, layout];
        payload.extend(rest);
        let spans: Vec<_> = if is_audio {
            audio::tracks(&payload).into_iter().flatten().flatten().flatten()
                .map(|track| (track.body_offset, track.body.len())).collect()
        } else {
            video::tracks(&payload).into_iter().flatten().flatten().flatten()
                .map(|track| (track.body_offset, track.body.len())).collect()
        };
        let mut end = 2;
        for (offset, len) in spans {
            prop_assert!(offset > end);
            end = offset + len;
        }
        prop_assert!(end <= payload.len());
    }
}
