//! What must hold for all bytes: no panic, any split gives the same, and what was written is
//! read back.

use bytes::Bytes;
use flv::{Item, Limits, Reader, Tag, TagKind, audio, video, write_header, write_tag};
use proptest::collection::vec;
use proptest::prelude::*;

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
