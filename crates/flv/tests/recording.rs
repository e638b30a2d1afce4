//! Recordings: what is recorded is read back, at any moment and after any cut; what a cut file
//! lacks is found and written.

use amf::{Value, amf0};
use flv::{
    Error, Full, Item, KeyframeIndex, Limits, Patch, Read, Reader, Recorder, RecorderLimits,
    Recording, Repair, ScanLimits, Scanned, Scanner, Tag, TagKind,
};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::media::{self, Audio, FrameKind, Video};

/// A message as it is recorded.
type Message = (TagKind, u32, Vec<u8>);

fn data(name: &str, argument: Value) -> Vec<u8> {
    amf0::encode_all(&[name.into(), argument]).expect("it has one")
}

/// Pictures of 40 ms, every fifth a key frame, and a sound with each; metadata and headers first.
fn stream(pictures: u32, from_ms: u32) -> Vec<Message> {
    let at = |number: u32| from_ms.wrapping_add(number * 40);
    let metadata = media::on_meta_data(&[("width", 320.0)], false);
    let mut messages = vec![
        (TagKind::Script, 0, metadata),
        (
            TagKind::Video,
            from_ms,
            media::video_header(Video::H264).expect("it has one"),
        ),
        (
            TagKind::Audio,
            from_ms,
            media::audio_header(Audio::Aac).expect("it has one"),
        ),
    ];
    for number in 0..pictures {
        let kind = if number.is_multiple_of(5) {
            FrameKind::Key
        } else {
            FrameKind::Inter
        };
        let picture = media::video_frame(Video::H264, kind, number, 90);
        messages.push((TagKind::Video, at(number), picture));
        messages.push((
            TagKind::Audio,
            at(number) + 7,
            media::audio_frame(Audio::Aac, number, 30),
        ));
    }
    messages
}

fn record(recorder: &mut Recorder, messages: &[Message]) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, timestamp, payload) in messages {
        recorder
            .record(*kind, *timestamp, payload, &mut out)
            .expect("a short payload fits a tag");
    }
    out
}

fn apply(file: &mut [u8], patches: &[Patch]) {
    for Patch { position, bytes } in patches {
        let at = *position as usize;
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

/// A file of these messages, finished.
fn recorded(messages: &[Message]) -> Vec<u8> {
    let mut recorder = Recorder::new(RecorderLimits::default());
    let mut file = record(&mut recorder, messages);
    let patches = recorder.finish(&mut file);
    apply(&mut file, &patches);
    file
}

fn tags(file: &[u8]) -> Vec<Tag> {
    let mut reader = Reader::new(Limits::default());
    reader.push(file);
    let mut tags = Vec::new();
    while let Ok(Some(item)) = reader.poll() {
        match item {
            Item::Tag(tag) => tags.push(tag),
            Item::FileHeader(_) => {}
            Item::WrongBackPointer { .. } => panic!("{item:?}"),
        }
    }
    assert_eq!(reader.finish(), Ok(()));
    tags
}

/// Scans, handing over `piece` bytes at a time or what is needed if that is more. Also says how
/// many bytes were looked at.
fn scan(file: &[u8], piece: usize, limits: ScanLimits) -> (Result<Scanned, Error>, usize) {
    let mut scanner = Scanner::new(file.len() as u64, limits);
    let mut looked = 0;
    while let Some(Read { position, bytes }) = scanner.wants() {
        let from = position as usize;
        let to = (from + bytes.max(piece)).min(file.len());
        looked += to - from;
        assert!(looked <= 2 * file.len() + 100_000, "the scan does not end");
        if let Err(error) = scanner.read(&file[from..to]) {
            return (Err(error), looked);
        }
    }
    (scanner.finish(), looked)
}

fn scanned(file: &[u8]) -> Scanned {
    let (found, _) = scan(file, 4096, ScanLimits::default());
    found.expect("a file")
}

fn repaired(file: &[u8]) -> (Vec<u8>, Recording) {
    let (recording, repair) = scanned(file).repair(1000);
    let file = match repair {
        None => file.to_vec(),
        Some(Repair::InPlace {
            file_bytes,
            patches,
        }) => {
            let mut file = file[..file_bytes as usize].to_vec();
            apply(&mut file, &patches);
            file
        }
        Some(Repair::Anew { mut start, rest }) => {
            start.extend(&file[rest.start as usize..rest.end as usize]);
            start
        }
    };
    (file, recording)
}

/// Checks that the index leads to key frames, at their times, and leaves none out.
fn assert_index(file: &[u8], index: &KeyframeIndex) {
    let mut found = Vec::new();
    for entry in index.entries() {
        let at = entry.position as usize;
        let rest = [&flv::write_header(true, true)[..], &file[at..]].concat();
        let first = tags(&rest).remove(0);
        assert!(flv::video::parse(&first.payload).is_ok_and(|header| header.is_key_frame()));
        assert_eq!(first.timestamp_ms, entry.time_ms as u32);
        found.push(first.payload);
    }
    let all = tags(file).into_iter().filter(|tag| {
        let header = flv::video::parse(&tag.payload);
        tag.kind == TagKind::Video && header.is_ok_and(|header| header.is_key_frame())
    });
    assert_eq!(found, all.map(|tag| tag.payload).collect::<Vec<_>>());
}

fn property(file: &[u8], name: &str) -> Value {
    let values = amf0::decode_all(&tags(file)[0].payload, &amf::Limits::default());
    let values = values.expect("values");
    assert_eq!(values[0].as_str(), Some("onMetaData"));
    values[1].get(name).cloned().unwrap_or(Value::Undefined)
}

#[test]
fn a_recording_holds_every_message_and_says_what_it_is() {
    let messages = stream(23, 1000);
    let file = recorded(&messages);
    let found = tags(&file);
    assert_eq!(
        found.len(),
        messages.len(),
        "the metadata is the file's own"
    );
    for (tag, (kind, timestamp, payload)) in found.iter().zip(&messages).skip(1) {
        assert_eq!((tag.kind, &tag.payload[..]), (*kind, &payload[..]));
        assert_eq!(tag.timestamp_ms, timestamp - 1000);
    }
    assert_eq!(property(&file, "width"), 320.0.into());
    assert_eq!(property(&file, "duration"), 0.887.into());
    assert_eq!(property(&file, "filesize"), (file.len() as f64).into());
    assert_index(
        &file,
        &KeyframeIndex::of_properties(
            &Value::object([("keyframes", property(&file, "keyframes"))]),
            99,
        )
        .unwrap(),
    );
    let whole = scanned(&file);
    assert!(whole.is_finished() && whole.from_index);
    assert_eq!(whole.repair(1000).1, None);
}

#[test]
fn sound_alone_and_nothing_at_all_are_files_too() {
    let sound: Vec<_> = stream(9, 0)
        .into_iter()
        .filter(|(kind, ..)| *kind == TagKind::Audio)
        .collect();
    let file = recorded(&sound);
    assert_eq!((file[4], tags(&file).len()), (4, sound.len() + 1));
    assert_eq!(property(&file, "hasKeyframes"), false.into());
    let file = recorded(&[]);
    assert_eq!((file[4], tags(&file).len()), (0, 1));
    assert_eq!(scanned(&file).repair(1000).1, None);
}

#[test]
fn data_and_later_metadata_are_recorded_where_they_came() {
    let mut messages = stream(5, 0);
    messages.insert(7, (TagKind::Script, 80, data("onCuePoint", "one".into())));
    messages.insert(8, (TagKind::ScriptAmf3, 80, vec![0, 2, 0, 1, b'x']));
    messages.insert(
        9,
        (
            TagKind::Script,
            90,
            media::on_meta_data(&[("width", 640.0)], false),
        ),
    );
    let file = recorded(&messages);
    let found = tags(&file);
    for at in 7..10 {
        let (kind, timestamp, payload) = &messages[at];
        assert_eq!(
            (found[at].kind, found[at].timestamp_ms),
            (*kind, *timestamp)
        );
        assert_eq!(found[at].payload, payload);
    }
    assert_eq!(property(&file, "width"), 320.0.into());
}

#[test]
fn every_codec_of_enhanced_rtmp_is_recorded_as_it_came() {
    for codec in Video::ALL {
        let header = media::video_header(codec).map(|payload| (TagKind::Video, 0, payload));
        let frames = [FrameKind::Key, FrameKind::Inter, FrameKind::Key];
        let frames = frames.iter().zip(0..).map(|(kind, number)| {
            (
                TagKind::Video,
                number * 40,
                media::video_frame(codec, *kind, number, 60),
            )
        });
        let messages: Vec<_> = header.into_iter().chain(frames).collect();
        let file = recorded(&messages);
        let payloads: Vec<_> = tags(&file)
            .into_iter()
            .skip(1)
            .map(|tag| tag.payload)
            .collect();
        let wanted: Vec<_> = messages
            .iter()
            .map(|(.., payload)| payload.clone())
            .collect();
        assert_eq!(payloads, wanted, "{codec:?}");
        assert_eq!(scanned(&file).index.entries().len(), 2, "{codec:?}");
    }
}

#[test]
fn times_past_every_wrap_are_recorded_and_found() {
    let step = 1 << 30;
    let messages: Vec<_> = (0_u32..9)
        .map(|number| {
            let frame = media::video_frame(Video::H264, FrameKind::Key, number, 60);
            (TagKind::Video, number.wrapping_mul(step), frame)
        })
        .collect();
    let file = recorded(&messages);
    let times: Vec<_> = tags(&file)
        .iter()
        .skip(1)
        .map(|tag| tag.timestamp_ms)
        .collect();
    let wanted: Vec<_> = messages
        .iter()
        .map(|(_, timestamp, _)| *timestamp)
        .collect();
    assert_eq!(times, wanted);
    let last_ms = 8 * u64::from(step);
    for from_index in [true, false] {
        let mut file = file.clone();
        if !from_index {
            // An index that leads nowhere is not believed.
            let found = scanned(&file);
            let tag = found.index.entries()[8].position as usize;
            file[tag + 4] ^= 1;
        }
        let found = scanned(&file);
        assert_eq!(found.from_index, from_index);
        let found_ms = found.totals.duration_ms;
        assert!(found_ms.abs_diff(last_ms) < 1 << 17, "{found_ms}");
    }
}

#[test]
fn positions_past_four_gigabytes_are_kept() {
    let mut recorder = Recorder::new(RecorderLimits::default());
    let mut file = record(&mut recorder, &stream(1, 0));
    recorder.finish(&mut file);
    let (mut recording, _) = scanned(&recorded(&stream(1, 0))).repair(1000);
    recording.totals.file_bytes = 5 << 30;
    let mut recorder = Recorder::append(RecorderLimits::default(), recording, 0);
    let added = record(&mut recorder, &stream(1, 0));
    assert_eq!(recorder.position(), (5 << 30) + added.len() as u64);
    let patches = recorder.finish(&mut Vec::new());
    apply(&mut file, &patches);
    assert_eq!(
        property(&file, "filesize"),
        (recorder.position() as f64).into()
    );
    let positions = property(&file, "keyframes")
        .get("filepositions")
        .cloned()
        .unwrap();
    let last = positions
        .as_array()
        .unwrap()
        .last()
        .and_then(Value::as_f64)
        .unwrap();
    assert!(last > (5_u64 << 30) as f64);
}

#[test]
fn what_is_appended_goes_on_in_time() {
    let (first, second) = (stream(10, 0), stream(10, 777_000));
    for gap_ms in [0, 5000] {
        let (mut file, recording) = repaired(&recorded(&first));
        let end_ms = recording.totals.duration_ms as u32;
        let mut recorder = Recorder::append(RecorderLimits::default(), recording, gap_ms);
        file.extend(record(&mut recorder, &second));
        let patches = recorder.finish(&mut file);
        apply(&mut file, &patches);
        let found = tags(&file);
        assert_eq!(found.len(), first.len() + second.len());
        let joined = &found[first.len()..];
        assert_eq!(joined[0].timestamp_ms, end_ms + 40 + gap_ms as u32);
        for (tag, (_, timestamp, payload)) in joined.iter().zip(&second).skip(1) {
            assert_eq!(
                tag.timestamp_ms,
                joined[0].timestamp_ms + timestamp - 777_000
            );
            assert_eq!(tag.payload, payload);
        }
        let found = scanned(&file);
        assert_index(&file, &found.index);
        assert_eq!(found.index.entries().len(), 4);
        assert_eq!(found.repair(1000).1, None);
    }
}

#[test]
fn the_places_of_codec_headers_are_kept_where_they_tell_something_new() {
    let mut messages = stream(10, 0);
    let [video, audio] = [messages[1].clone(), messages[2].clone()];
    let mut other = video.2.clone();
    other.push(0);
    messages.push((TagKind::Video, 400, video.2.clone()));
    messages.push((TagKind::Video, 400, other.clone()));
    messages.push((TagKind::Audio, 400, audio.2.clone()));
    messages.push((TagKind::Video, 400, video.2.clone()));
    messages.extend(stream(5, 400).split_off(3));
    let wanted = [&video.2, &audio.2, &other, &video.2];
    let file = recorded(&messages);
    let mut unfinished = record(&mut Recorder::new(RecorderLimits::default()), &messages);
    unfinished.extend([0; 5]);
    let mut foreign = flv::write_header(true, true).to_vec();
    for (kind, timestamp, payload) in &messages {
        flv::write_tag(*kind, *timestamp, payload, &mut foreign).unwrap();
    }
    for (file, is_whole) in [(file, true), (unfinished, false), (foreign, false)] {
        let (repaired, recording) = repaired(&file);
        assert_eq!(repaired == file, is_whole);
        let found = scanned(&repaired);
        assert!(found.from_index);
        assert_eq!(found.index.headers(), recording.index.headers());
        let headers = found.index.headers().iter().map(|place| {
            let rest = &repaired[place.position as usize..];
            let rest = [&flv::write_header(true, true)[..], rest].concat();
            tags(&rest).remove(0).payload.to_vec()
        });
        let headers: Vec<_> = headers.collect();
        assert_eq!(headers.iter().collect::<Vec<_>>(), wanted);
    }
}

#[test]
fn limits_end_a_recording_at_a_tag() {
    let messages = stream(50, 0);
    let whole = recorded(&messages).len() as u64;
    let by_bytes = RecorderLimits {
        max_bytes: Some(whole - 1),
        ..RecorderLimits::default()
    };
    let by_time = RecorderLimits {
        max_duration_ms: Some(1000),
        ..RecorderLimits::default()
    };
    let exactly = RecorderLimits {
        max_bytes: Some(whole),
        ..RecorderLimits::default()
    };
    for (limits, full) in [
        (by_bytes, Some(Full::Bytes)),
        (by_time, Some(Full::Duration)),
        (exactly, None),
    ] {
        let mut recorder = Recorder::new(limits);
        let mut file = record(&mut recorder, &messages);
        assert_eq!(recorder.full(), full);
        let patches = recorder.finish(&mut file);
        apply(&mut file, &patches);
        assert!(file.len() as u64 <= whole);
        assert_eq!(file.len() as u64, recorder.position());
        let last = tags(&file).last().unwrap().timestamp_ms;
        assert!(last < limits.max_duration_ms.unwrap_or(u64::MAX) as u32);
        assert!(scanned(&file).is_finished());
    }
}

#[test]
fn a_file_of_another_program_is_written_anew_to_be_appended_to() {
    let messages = stream(12, 0);
    let mut foreign = flv::write_header(false, true).to_vec();
    for (kind, timestamp, payload) in &messages {
        flv::write_tag(*kind, *timestamp, payload, &mut foreign).unwrap();
    }
    let (file, recording) = repaired(&foreign);
    let (old, new) = (tags(&foreign), tags(&file));
    assert_eq!(old[1..], new[1..]);
    assert_eq!(property(&file, "width"), 320.0.into());
    assert_index(&file, &recording.index);
    assert_eq!(recording.totals.file_bytes, file.len() as u64);
    assert_eq!(repaired(&file), (file, recording));
}

#[test]
fn an_index_spares_reading_the_file() {
    let file = recorded(&stream(5000, 0));
    let (found, looked) = scan(&file, 4096, ScanLimits::default());
    assert!(found.unwrap().from_index);
    assert!(looked < 40_000, "{looked} of {}", file.len());
}

#[test]
fn a_file_with_an_index_that_was_cut_later_is_gone_through_from_there() {
    let (mut file, recording) = repaired(&recorded(&stream(500, 0)));
    let mut recorder = Recorder::append(RecorderLimits::default(), recording, 0);
    file.extend(record(&mut recorder, &stream(100, 0)));
    let position = recorder.position();
    file.extend([9, 0, 1]);
    let (found, looked) = scan(&file, 4096, ScanLimits::default());
    let found = found.unwrap();
    assert!(found.from_index && !found.is_finished());
    assert_eq!((found.totals.file_bytes, found.cut_bytes), (position, 3));
    assert!(looked < file.len() / 2);
    let (whole, _) = repaired(&file);
    assert_index(&whole, &scanned(&whole).index);
}

#[test]
fn zeros_behind_the_last_tag_are_cut() {
    let mut recorder = Recorder::new(RecorderLimits::default());
    let mut file = record(&mut recorder, &stream(20, 0));
    let whole = file.len();
    file.extend([0; 9000]);
    let found = scanned(&file);
    assert_eq!(
        (found.totals.file_bytes, found.cut_bytes),
        (whole as u64, 9000)
    );
    let limits = ScanLimits {
        max_cut_bytes: 8999,
        ..ScanLimits::default()
    };
    let (found, _) = scan(&file, 4096, limits);
    let (what, offset) = ("tag", whole);
    assert_eq!(found, Err(Error::Malformed { what, offset }));
}

#[test]
fn what_is_no_file_is_refused() {
    for (bytes, wanted) in [
        (&b""[..], "file header is cut short at byte 0"),
        (b"FLV\x01", "file header is cut short at byte 4"),
        (
            b"FLV\x01\x05\0\0\0\x0a",
            "file header is cut short at byte 9",
        ),
        (b"FLV\x01\x05\0\0\0\x09", "file is cut short at byte 0"),
        (
            b"ID3\x04 and so on and on",
            "signature at byte 0 is not valid",
        ),
    ] {
        let (found, _) = scan(bytes, 4096, ScanLimits::default());
        assert_eq!(found.unwrap_err().to_string(), wanted);
    }
}

/// A small file, so that most cuts lie between its tags.
fn few_entries() -> RecorderLimits {
    RecorderLimits {
        index_entries: 20,
        ..RecorderLimits::default()
    }
}

fn cut_of() -> impl Strategy<Value = (Vec<Message>, usize)> {
    (0_u32..30, any::<u32>(), any::<prop::sample::Index>()).prop_map(|(pictures, from_ms, cut)| {
        let messages = stream(pictures, from_ms);
        let bytes = record(&mut Recorder::new(few_entries()), &messages).len();
        (messages, cut.index(bytes + 1))
    })
}

proptest! {
    #[test]
    fn a_file_cut_anywhere_is_repaired_up_to_its_last_whole_tag((messages, cut) in cut_of(), piece in 1_usize..9000) {
        let whole = record(&mut Recorder::new(few_entries()), &messages);
        let file = &whole[..cut];
        let (found, _) = scan(file, piece, ScanLimits::default());
        let start = whole.len() - whole_tags_bytes(&messages[1..]);
        if cut < start {
            // Not even the metadata is there: nothing was recorded.
            prop_assert!(found.is_err() || found.unwrap().totals.duration_ms == 0);
            return Ok(());
        }
        let (file, recording) = repaired(file);
        prop_assert_eq!(recording.totals.file_bytes, file.len() as u64);
        let (all, kept) = (tags(&whole), tags(&file));
        prop_assert_eq!(&kept[1..], &all[1..kept.len()]);
        let lost = whole_tags_bytes(&messages[kept.len()..]);
        prop_assert!(whole.len() - lost <= cut);
        assert_index(&file, &scanned(&file).index);
        prop_assert_eq!(scanned(&file).repair(1000).1, None);
    }

    #[test]
    fn any_bytes_are_scanned_to_an_end(
        messages in 0_u32..12,
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        piece in 1_usize..300,
    ) {
        let mut file = recorded(&stream(messages, 0));
        for (at, byte) in flips {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let (found, _) = scan(&file, piece, ScanLimits::default());
        prop_assert_eq!(&found, &scan(&file, usize::MAX / 2, ScanLimits::default()).0);
        if let Ok(found) = found {
            prop_assert_eq!(found.totals.file_bytes + found.cut_bytes, file.len() as u64);
            let _ = found.repair(1000);
        }
    }
}

fn whole_tags_bytes(messages: &[Message]) -> usize {
    messages
        .iter()
        .map(|(.., payload)| payload.len() + 15)
        .sum()
}
