//! MP3 files of every make: exactly as long as they sound, wherever they are entered.

use bytes::Bytes;
use flv::mp3::{Mp3File, Mp3Scanner, Mp3Walker};
use flv::{Error, Located, Read};
use proptest::prelude::*;

/// Samples of a frame of MPEG-1, and in a second.
const SAMPLES: u64 = 1152;
const RATE: u64 = 44_100;

/// A frame of MPEG-1 at 44.1 kHz, with this number of a bit rate (1 to 14).
fn frame(bit_rate: u8, is_stereo: bool) -> Vec<u8> {
    const KBITS: [usize; 15] = [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    let bytes = 144_000 * KBITS[usize::from(bit_rate)] / 44_100;
    let mut frame = vec![0x55; bytes];
    let mode = if is_stereo { 0 } else { 0xc0 };
    frame[..4].copy_from_slice(&[0xff, 0xfb, bit_rate << 4, mode]);
    frame
}

/// A first frame with a table of this name.
fn table(mark: &[u8]) -> Vec<u8> {
    let mut frame = frame(9, true);
    frame[4..].fill(0);
    frame[36..40].copy_from_slice(mark);
    frame
}

fn titles(bytes: usize) -> Vec<u8> {
    let size = [
        0,
        (bytes >> 14) as u8,
        (bytes >> 7 & 0x7f) as u8,
        (bytes & 0x7f) as u8,
    ];
    let mut tag = [&b"ID3\x03\0\0"[..], &size, b"TIT2\0\0\0\x05\0\0\0Song"].concat();
    // A picture may look like frames.
    tag.resize(10 + bytes, 0xff);
    tag
}

fn old_titles() -> Vec<u8> {
    let mut tag = b"TAGOld song".to_vec();
    tag.resize(128, 0);
    tag
}

fn scan(file: &[u8], piece: usize) -> Result<Mp3File, Error> {
    let mut scanner = Mp3Scanner::new(file.len() as u64, 50);
    let mut looks = 3 * file.len() + 10;
    while let Some(Read { position, bytes }) = scanner.wants() {
        let from = file.len().min(position as usize);
        let to = file.len().min(from + bytes.max(piece));
        scanner.read(&file[from..to]);
        looks = looks.checked_sub(1).expect("the scan ends");
    }
    scanner.finish()
}

fn walk(file: &Bytes, found: &Mp3File, at: (u64, u64), piece: usize) -> Vec<Located> {
    let mut walker = Mp3Walker::from(found, at.0, at.1);
    let mut tags = Vec::new();
    let mut looks = 3 * file.len() + 10;
    while let Some(Read { position, bytes }) = walker.wants() {
        let from = file.len().min(position as usize);
        let to = file.len().min(from + bytes.max(piece));
        walker.read(&file.slice(from..to), &mut tags);
        looks = looks.checked_sub(1).expect("the walk ends");
    }
    tags
}

/// A file with tags around it and rates that change, and its frames.
fn made(table_mark: Option<&[u8]>, titles_bytes: usize, rates: &[u8]) -> (Bytes, Vec<Vec<u8>>) {
    let frames: Vec<_> = rates
        .iter()
        .map(|rate| frame(*rate, rate % 2 == 0))
        .collect();
    let mut file = titles(titles_bytes);
    file.extend(table_mark.map(table).unwrap_or_default());
    file.extend(frames.concat());
    file.extend(old_titles());
    (file.into(), frames)
}

#[test]
fn every_make_is_as_long_as_it_sounds() {
    let constant = [9; 200];
    let changing: Vec<u8> = (0..200).map(|at| 1 + at % 14).collect();
    for (mark, rates) in [
        (None, &constant[..]),
        (Some(&b"Info"[..]), &constant),
        (None, &changing),
        (Some(b"Xing"), &changing),
        (Some(b"VBRI"), &changing),
    ] {
        let (file, frames) = made(mark, 30_000, rates);
        for piece in [1, 500, 4096, 1 << 20] {
            let found = scan(&file, piece).expect("an MP3 file");
            assert_eq!(found.frames, 200, "{mark:?}, {piece} at a time");
            assert_eq!(found.duration_ms(), 200 * SAMPLES * 1000 / RATE);
            assert_eq!(found.end, file.len() as u64 - 128);
            assert_eq!(found.id3.song, "Song");
            let tags = walk(&file, &found, (found.first_frame, 0), piece);
            assert_eq!(tags.len(), 200);
            for ((tag, frame), number) in tags.iter().zip(&frames).zip(0..) {
                assert_eq!(tag.time_ms, number * SAMPLES * 1000 / RATE);
                assert_eq!(&tag.tag.payload[1..], frame);
                assert_eq!(tag.tag.payload[0], 0x2e | u8::from(frame[3] == 0));
            }
        }
    }
}

#[test]
fn every_place_of_the_index_is_a_frame_with_its_time() {
    let rates: Vec<u8> = (0..333u16).map(|at| 1 + (at % 14) as u8).collect();
    let (file, _) = made(Some(b"Xing"), 100, &rates);
    let found = scan(&file, 4096).expect("an MP3 file");
    let all = walk(&file, &found, (found.first_frame, 0), 4096);
    assert!(found.index.entries().len() > 20);
    for place in found.index.entries() {
        let rest = walk(&file, &found, (place.position, place.time_ms), 4096);
        assert_eq!(rest, all[all.len() - rest.len()..]);
        assert_eq!(rest[0].time_ms, place.time_ms);
    }
}

#[test]
fn what_is_between_frames_is_passed_over() {
    let (one, two) = (frame(9, true).repeat(3), frame(9, true).repeat(4));
    // The second of these looks like a frame of another kind.
    for junk in [
        &[0; 700][..],
        &[0xff, 0xf3, 0x40, 0xc0, 0].repeat(50),
        &titles(900),
    ] {
        let file = Bytes::from([junk, &one, junk, &two].concat());
        let found = scan(&file, 64).expect("an MP3 file");
        assert_eq!(found.frames, 7, "{:?}", &junk[..4]);
        assert_eq!(walk(&file, &found, (found.first_frame, 0), 64).len(), 7);
    }
}

#[test]
fn what_looks_like_a_frame_up_to_the_last_one_is_none() {
    let (short, long) = (frame(9, true), frame(14, true));
    // Behind something else a header, of a frame that would end where the last one does; behind
    // that one lies something that is no frame.
    let junk = &long[..long.len() - 2 * short.len()];
    let file = [&short.repeat(3), &[0][..], junk, &short.repeat(2), &[0; 50]].concat();
    let file = Bytes::from(file);
    let found = scan(&file, 4096).expect("an MP3 file");
    assert_eq!(found.frames, 5);
    assert_eq!(walk(&file, &found, (0, 0), 4096).len(), 5);
}

#[test]
fn a_file_that_is_cut_ends_with_its_last_whole_frame() {
    let file = Bytes::from(frame(9, true).repeat(10));
    let bytes = frame(9, true).len();
    for cut in 1..2 * bytes {
        let cut = file.slice(..file.len() - cut);
        let found = scan(&cut, 4096).expect("an MP3 file");
        assert_eq!(found.frames as usize, cut.len() / bytes);
        let walked = walk(&cut, &found, (0, 0), 4096);
        assert_eq!(walked.len() as u64, found.frames);
    }
}

#[test]
fn what_is_no_mp3_file_is_refused() {
    for file in [
        Vec::new(),
        vec![0; 1000],
        vec![0xff; 300_000],
        titles(5000),
        old_titles(),
        table(b"Xing"),
        b"FLV\x01\x05\0\0\0\x09".repeat(50),
    ] {
        let refused = scan(&file, 4096);
        assert!(
            matches!(refused, Err(Error::Malformed { .. })),
            "{}",
            file.len()
        );
    }
}

proptest! {
    #[test]
    fn the_size_of_the_pieces_does_not_matter(
        parts in prop::collection::vec(
            prop_oneof![
                (1u8..15, any::<bool>()).prop_map(|(rate, stereo)| frame(rate, stereo)),
                prop::collection::vec(any::<u8>(), 0..40),
                (0usize..400).prop_map(titles),
                Just(old_titles()),
            ],
            0..12,
        ),
        piece in 1usize..3000,
    ) {
        let file = Bytes::from(parts.concat());
        let found = scan(&file, piece);
        prop_assert_eq!(&found, &scan(&file, 1));
        let Ok(found) = found else { return Ok(()) };
        let at = (found.first_frame, 0);
        let tags = walk(&file, &found, at, piece);
        prop_assert_eq!(&tags, &walk(&file, &found, at, 1));
        prop_assert_eq!(tags.len() as u64, found.frames);
    }
}
