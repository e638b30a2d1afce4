//! Any samples: boxes nest exactly, and the tables lead to every sample.

use std::collections::BTreeMap;

use mp4writer::{Audio, AudioCodec, Format, Picture, Sample, VideoCodec, Writer};
use proptest::prelude::*;

type Found = BTreeMap<String, Vec<Vec<u8>>>;

const PARENTS: [&[u8]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"];

/// All boxes of a piece, by the path of their names; `None` where they do not fill it.
fn boxes(piece: &[u8], path: &str, found: &mut Found) -> Option<()> {
    let mut rest = piece;
    while !rest.is_empty() {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let name = rest.get(4..8)?;
        let contents = rest.get(8..length)?;
        let path = format!("{path}/{}", String::from_utf8_lossy(name));
        if PARENTS.contains(&name) {
            boxes(contents, &path, found)?;
        }
        found.entry(path).or_default().push(contents.to_vec());
        rest = &rest[length..];
    }
    Some(())
}

fn numbers(contents: &[u8]) -> Vec<u32> {
    let chunks = contents.chunks_exact(4);
    chunks
        .map(|four| u32::from_be_bytes(four.try_into().expect("four bytes")))
        .collect()
}

/// Where the samples of a track are, by its tables: position and length.
fn places(found: &Found, track: usize) -> Vec<(u64, u32)> {
    let table = |name| numbers(&found[&format!("/moov/trak/mdia/minf/stbl/{name}")][track]);
    let (chunks, sizes, positions) = (table("stsc"), table("stsz"), table("co64"));
    let mut sizes = sizes[3..].iter();
    let mut out = Vec::new();
    for (number, position) in (1..).zip(positions[2..].chunks_exact(2)) {
        let mut told = chunks[2..].chunks_exact(3);
        let samples = told.rfind(|told| told[0] <= number).expect("a first entry")[1];
        let mut at = u64::from(position[0]) << 32 | u64::from(position[1]);
        for _ in 0..samples {
            let size = *sizes.next().expect("a size for each");
            out.push((at, size));
            at += u64::from(size);
        }
    }
    assert_eq!(sizes.next(), None);
    out
}

fn format(track: usize, variant: u8) -> Format {
    if track == 0 {
        return Format::Video(Picture {
            codec: VideoCodec::Avc,
            config: vec![1, variant],
            width: 320,
            height: 240,
        });
    }
    Format::Audio(Audio {
        codec: AudioCodec::Aac(vec![0x12, variant]),
        channels: 2,
        rate_hz: 44_100,
    })
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Sample { track: usize, sample: Sample },
    Format { track: usize, variant: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let sample = (
        0..2_usize,
        0..100_000_u64,
        -50..50_i32,
        any::<bool>(),
        0..5_000_usize,
    );
    prop_oneof![
        9 => sample.prop_map(|(track, time_ms, composition_ms, is_key, bytes)| Step::Sample {
            track,
            sample: Sample { time_ms, composition_ms, is_key, bytes },
        }),
        1 => (0..2_usize, 0..3_u8).prop_map(|(track, variant)| Step::Format { track, variant }),
    ]
}

proptest! {
    #[test]
    fn tables_lead_to_every_sample(steps in prop::collection::vec(step(), 0..60)) {
        let mut writer = Writer::new();
        for track in 0..2 {
            assert_eq!(writer.add_track(format(track, 0)), track);
        }
        let start = Writer::start();
        let mut position = start.len() as u64;
        let mut written = [Vec::new(), Vec::new()];
        for step in steps {
            match step {
                Step::Sample { track, sample } => {
                    writer.add_sample(track, sample).unwrap();
                    written[track].push((position, sample.bytes as u32));
                    position += sample.bytes as u64;
                }
                Step::Format { track, variant } => {
                    writer.change_format(track, format(track, variant)).unwrap();
                }
            }
        }
        let end = writer.finish();
        // The media box ends where the samples do.
        let media_start = end.length_position - 8;
        prop_assert_eq!(media_start + u64::from_be_bytes(end.length), position);
        prop_assert_eq!(&start[media_start as usize + 4..][..4], b"mdat");
        let mut found = Found::new();
        prop_assert!(boxes(&end.tail, "", &mut found).is_some());
        let present: Vec<_> = written.iter().filter(|samples| !samples.is_empty()).collect();
        let tracks = found.get("/moov/trak").map_or(0, Vec::len);
        prop_assert_eq!(tracks, present.len());
        for (track, samples) in present.into_iter().enumerate() {
            prop_assert_eq!(&places(&found, track), samples);
            let times = numbers(&found["/moov/trak/mdia/minf/stbl/stts"][track]);
            let counted: u32 = times[2..].chunks_exact(2).map(|run| run[0]).sum();
            prop_assert_eq!(counted as usize, samples.len());
        }
    }
}

#[test]
fn what_cannot_be_told_is_refused() {
    let sample = Sample {
        time_ms: 0,
        composition_ms: 0,
        is_key: true,
        bytes: 1 << 33,
    };
    let mut writer = Writer::new();
    assert_eq!(
        writer.add_sample(0, sample),
        Err(mp4writer::Error::NoTrack(0))
    );
    let track = writer.add_track(format(0, 0));
    assert_eq!(
        writer.add_sample(track, sample),
        Err(mp4writer::Error::TooLong(1 << 33))
    );
}
