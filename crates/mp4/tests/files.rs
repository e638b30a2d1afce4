//! Small files that ffmpeg made, whole and damaged.

use std::sync::Arc;

use bytes::Bytes;
use flv::mp4::{Mp4File, Mp4Kind, Mp4Walker};
use flv::{Located, Read, TagKind};
use mp4::{Error, Mp4Limits, Mp4Scanner};
use proptest::prelude::*;

const FILM: &[u8] = include_bytes!("samples/film.mp4");
/// The same with `moov` in front, as `QuickTime` writes it.
const MOV: &[u8] = include_bytes!("samples/film.mov");
const SONG: &[u8] = include_bytes!("samples/song.m4a");
const FRAGMENTS: &[u8] = include_bytes!("samples/fragments.mp4");
const OTHER: &[u8] = include_bytes!("samples/other.mp4");
/// Pictures of the film, 25 in a second, every tenth a key frame.
const PICTURES: usize = 20;

fn scan(file: &[u8], limits: Mp4Limits) -> Result<Mp4File, Error> {
    let mut scanner = Mp4Scanner::new(file.len() as u64, limits);
    while let Some(Read { position, bytes }) = scanner.wants() {
        let from = file.len().min(position as usize);
        let to = file.len().min(from.saturating_add(bytes));
        scanner.read(&file[from..to])?;
    }
    scanner.finish()
}

fn walk(file: &Bytes, found: &Arc<Mp4File>, place: u64, piece: usize) -> Vec<Located> {
    let mut walker = Mp4Walker::from(found, place, 1 << 20);
    let mut tags = Vec::new();
    while let Some(Read { position, bytes }) = walker.wants() {
        let from = file.len().min(position as usize);
        let to = file.len().min(from.saturating_add(bytes.max(piece)));
        if walker.read(&file.slice(from..to), &mut tags).is_err() {
            break;
        }
    }
    tags
}

fn of_kind(tags: &[Located], kind: TagKind) -> Vec<&Located> {
    tags.iter().filter(|found| found.tag.kind == kind).collect()
}

#[test]
fn every_sample_is_a_tag_at_its_time() {
    for (bytes, name) in [(FILM, "mp4"), (MOV, "mov")] {
        let file = Bytes::from_static(bytes);
        let found = Arc::new(scan(bytes, Mp4Limits::default()).expect("a film"));
        let all = walk(&file, &found, 0, 1);
        for piece in [100, 1 << 20] {
            assert_eq!(walk(&file, &found, 0, piece), all, "{name}");
        }
        let pictures = of_kind(&all, TagKind::Video);
        assert_eq!(pictures.len(), 1 + PICTURES, "{name}");
        let mut shown = Vec::new();
        for (number, picture) in pictures.iter().skip(1).enumerate() {
            let head = flv::video::parse(&picture.tag.payload).expect("a picture");
            assert_eq!(
                head.is_key_frame(),
                number.is_multiple_of(10),
                "{name} {number}"
            );
            assert_eq!(picture.time_ms, pictures[1].time_ms + 40 * number as u64);
            let later = &picture.tag.payload[2..5];
            let later = u32::from_be_bytes([0, later[0], later[1], later[2]]);
            shown.push(picture.time_ms + u64::from(later));
        }
        shown.sort_unstable();
        let first = shown[0];
        let even: Vec<_> = (0..PICTURES as u64).map(|at| first + 40 * at).collect();
        assert_eq!(shown, even, "{name}");
        let sounds = of_kind(&all, TagKind::Audio);
        assert!(sounds.len() > 34, "{name}: {}", sounds.len());
        // The first sound that is heard is heard with the first picture.
        let heard = sounds[2].time_ms;
        assert!(heard.abs_diff(first) <= 1, "{name}: {heard} and {first}");
        let last = all.last().expect("tags");
        assert_eq!(
            (last.time_ms, found.has(Mp4Kind::Aac)),
            (found.duration_ms, true)
        );
    }
}

#[test]
fn a_walk_may_begin_at_each_key_frame_and_sound() {
    for (bytes, places) in [(FILM, 2), (SONG, 30)] {
        let file = Bytes::from_static(bytes);
        let found = Arc::new(scan(bytes, Mp4Limits::default()).expect("a file"));
        let all = walk(&file, &found, 0, 4096);
        assert!(found.index.entries().len() >= places);
        for place in found.index.entries() {
            let rest = walk(&file, &found, place.position, 4096);
            assert_eq!(rest, all[place.position as usize..]);
            assert_eq!(rest[0].time_ms, place.time_ms);
        }
    }
}

#[test]
fn what_is_not_played_is_named() {
    for (file, named) in [(FRAGMENTS, "fragments"), (OTHER, "the codec mp4v")] {
        let refused = scan(file, Mp4Limits::default());
        assert_eq!(refused, Err(Error::Unsupported(named.into())));
    }
    for file in [
        &b""[..],
        b"FLV\x01\x05\0\0\0\x09",
        &[0; 100],
        &FILM[..FILM.len() / 2],
    ] {
        let refused = scan(file, Mp4Limits::default());
        assert!(matches!(refused, Err(Error::Malformed(_))), "{refused:?}");
    }
}

#[test]
fn limits_hold() {
    let usual = Mp4Limits::default();
    for (limits, bound) in [
        (
            Mp4Limits {
                moov_bytes: 500,
                ..usual
            },
            "moov",
        ),
        (
            Mp4Limits {
                samples: 19,
                ..usual
            },
            "number of samples",
        ),
        (
            Mp4Limits {
                sample_bytes: 100,
                ..usual
            },
            "sample",
        ),
        (Mp4Limits { boxes: 1, ..usual }, "number of boxes"),
    ] {
        let refused = scan(FILM, limits);
        assert!(
            matches!(&refused, Err(Error::Limit { what, .. }) if *what == bound),
            "{bound}: {refused:?}"
        );
    }
}

proptest! {
    #[test]
    fn damage_is_an_error_or_ends_the_walk(
        which in 0usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut file = [FILM, MOV, SONG][which].to_vec();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if is_cut {
            file.truncate(cut.index(file.len()));
        }
        if let Ok(found) = scan(&file, Mp4Limits { samples: 10_000, ..Mp4Limits::default() }) {
            let found = Arc::new(found);
            let tags = walk(&file.into(), &found, 0, 64);
            prop_assert!(tags.len() < 20_100);
        }
    }
}
