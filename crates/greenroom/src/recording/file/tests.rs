//! Files of recordings on a real disk: what is in them after every kind of end.

use std::fs::OpenOptions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use flv::{Item, Limits, Reader, Tag};
use media::{Ring, RingLimits};
use rtmp::Millis;
use testkit::media::{self as clip, FrameKind, Video};

use super::*;
use crate::recording::whole::scan;

fn settings() -> RecordingSettings {
    RecordingSettings {
        sync: Some(Duration::ZERO),
        ..RecordingSettings::default()
    }
}

/// So many pictures, from a time on; every fifth is a key frame.
fn pictures(count: u32, from_ms: u32) -> Vec<Arc<Entry>> {
    let mut ring = Ring::new(RingLimits::default());
    let header = clip::video_header(Video::H264).expect("it has one");
    let frames = (0..count).map(|number| {
        let kind = if number.is_multiple_of(5) {
            FrameKind::Key
        } else {
            FrameKind::Inter
        };
        clip::video_frame(Video::H264, kind, number, 100)
    });
    let mut at = from_ms;
    for payload in [header].into_iter().chain(frames) {
        ring.append_media(Millis(0), Kind::Video, at, Bytes::from(payload));
        at += 40;
    }
    ring.since(0).cloned().collect()
}

fn record(path: &Path, mode: RecordMode, entries: &[Arc<Entry>]) -> Writer {
    let mut writer = Writer::open(path.to_owned(), mode, &settings()).expect("a file");
    writer.write(entries).expect("room on the disk");
    writer
}

fn recorded(path: &Path, mode: RecordMode, entries: &[Arc<Entry>]) {
    record(path, mode, entries)
        .finish()
        .expect("room on the disk");
}

/// The tags of a file, its own metadata left out.
fn tags(path: &Path) -> Vec<Tag> {
    let mut reader = Reader::new(Limits::default());
    reader.push(&fs::read(path).expect("a file"));
    let mut tags = Vec::new();
    while let Ok(Some(item)) = reader.poll() {
        if let Item::Tag(tag) = item {
            tags.push(tag);
        }
    }
    assert_eq!(reader.finish(), Ok(()));
    tags.split_off(1)
}

fn is_finished(path: &Path) -> bool {
    let file = File::open(path).expect("a file");
    scan(&file, 1000, &mut |_, _| {})
        .expect("a recording")
        .is_finished()
}

fn open_error(path: &Path, mode: RecordMode) -> Problem {
    let opened = Writer::open(path.to_owned(), mode, &settings());
    opened.err().expect("it cannot be opened")
}

#[test]
fn a_recording_replaces_the_old_one_and_who_reads_that_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("users/ann/cam.flv");
    recorded(&path, RecordMode::Record, &pictures(9, 0));
    let old = File::open(&path).unwrap();
    recorded(&path, RecordMode::Record, &pictures(3, 0));
    assert_eq!(tags(&path).len(), 4);
    assert!(is_finished(&path));
    assert!(
        scan(&old, 1000, &mut |_, _| {}).unwrap().totals.file_bytes
            > fs::metadata(&path).unwrap().len()
    );
}

#[test]
fn what_is_appended_follows_with_and_without_a_gap() {
    for (mode, least_ms) in [(RecordMode::Append, 0), (RecordMode::AppendWithGap, 90_000)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cam.flv");
        recorded(&path, mode, &pictures(10, 5000));
        let ended = SystemTime::now() - Duration::from_secs(90);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(ended).unwrap();
        recorded(&path, mode, &pictures(10, 0));
        let tags = tags(&path);
        assert_eq!(tags.len(), 22);
        let joined = u64::from(tags[11].timestamp_ms) - 440;
        assert!((least_ms..least_ms + 60_000).contains(&joined), "{joined}");
        assert!(is_finished(&path));
    }
}

#[test]
fn one_that_was_cut_is_repaired_before_it_is_appended_to() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cam.flv");
    // Neither finished nor whole.
    let bytes = record(&path, RecordMode::Record, &pictures(10, 0)).bytes();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(bytes - 50).unwrap();
    assert!(!is_finished(&path));
    recorded(&path, RecordMode::Append, &pictures(10, 0));
    assert_eq!(tags(&path).len(), 10 + 11);
    assert!(is_finished(&path));
    // Cut before there was anything, and not even that.
    for len in [12, 0] {
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(len).unwrap();
        recorded(&path, RecordMode::Append, &pictures(4, 0));
        assert_eq!(tags(&path).len(), 5);
    }
}

#[test]
fn a_file_of_another_program_is_appended_to_and_one_of_something_else_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cam.flv");
    let mut foreign = flv::write_header(false, true).to_vec();
    for entry in pictures(10, 0) {
        flv::write_tag(
            TagKind::Video,
            entry.timestamp,
            &entry.payload,
            &mut foreign,
        )
        .unwrap();
    }
    fs::write(&path, &foreign).unwrap();
    recorded(&path, RecordMode::Append, &pictures(10, 0));
    assert_eq!(tags(&path).len(), 22);
    assert!(is_finished(&path));
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    fs::write(&path, b"This is a text and not a recording.").unwrap();
    let problem = open_error(&path, RecordMode::Append);
    assert!(!problem.no_access);
    assert_eq!(
        problem.told(),
        "The file there is no recording to append to."
    );
    assert_eq!(
        fs::read(&path).unwrap(),
        b"This is a text and not a recording."
    );
}

#[test]
fn what_may_not_be_written_is_no_access() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cam.flv");
    recorded(&path, RecordMode::Record, &pictures(1, 0));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    for mode in [RecordMode::Record, RecordMode::Append] {
        assert!(open_error(&path, mode).no_access);
    }
    assert_eq!(tags(&path).len(), 2, "it is untouched");
    fs::create_dir(dir.path().join("folder.flv")).unwrap();
    assert!(open_error(&dir.path().join("folder.flv"), RecordMode::Record).no_access);
    let below_a_file = path.join("x.flv");
    assert!(open_error(&below_a_file, RecordMode::Record).no_access);
}

#[test]
fn a_limit_ends_it_and_the_file_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cam.flv");
    let mut settings = settings();
    settings.limits.max_duration_ms = Some(200);
    let mut writer = Writer::open(path.clone(), RecordMode::Record, &settings).unwrap();
    writer.write(&pictures(10, 0)).unwrap();
    assert_eq!(writer.full(), Some(Full::Duration));
    assert_eq!(writer.duration_ms(), 160);
    writer.finish().unwrap();
    assert!(is_finished(&path));
    assert_eq!(tags(&path).len(), 5);
}

#[test]
fn deleting_what_is_not_there_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cam.flv");
    recorded(&path, RecordMode::Record, &pictures(1, 0));
    erase(&path).unwrap();
    assert!(!path.exists());
    erase(&path).unwrap();
    assert!(erase(dir.path()).is_err());
}

#[test]
fn a_folder_that_was_cleared_away_is_made_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a/b/cam.flv");
    create_in_folder(&path).expect("a file");
    assert!(create_in_folder(&path).is_err(), "it is there");
}

/// Writes a long recording of key frames; all but their starts and ends are holes in the file.
fn record_long(path: &Path, is_finished: bool) -> File {
    let file = File::create_new(path).unwrap();
    let mut recorder = Recorder::new(flv::RecorderLimits::default());
    let mut payload = clip::video_frame(Video::H264, FrameKind::Key, 0, 100);
    payload.resize(flv::tag::MAX_PAYLOAD_BYTES, 0);
    let mut buffer = Vec::new();
    while recorder.position() < 2 << 30 {
        let position = recorder.position();
        buffer.clear();
        let at_ms = u32::try_from(position >> 10).unwrap();
        let _ = recorder.record(TagKind::Video, at_ms, &payload, &mut buffer);
        let end = buffer.len() - 64;
        file.write_all_at(&buffer[..64 << 10], position).unwrap();
        file.write_all_at(&buffer[end..], position + end as u64)
            .unwrap();
    }
    if is_finished {
        write_patches(&file, &recorder.finish(&mut Vec::new())).unwrap();
    }
    file
}

#[test]
fn two_gigabytes_with_an_index_are_not_read_and_without_one_tell_how_far_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for (name, is_finished) in [("indexed", true), ("cut", false)] {
        record_long(&dir.path().join(name), is_finished);
        let file = File::open(dir.path().join(name)).unwrap();
        let mut told = Vec::new();
        let found = scan(&file, 1000, &mut |at, of| told.push((at, of))).unwrap();
        assert_eq!(found.from_index, is_finished);
        assert_eq!(found.index.entries().len(), 128, "{name}");
        assert!(told.iter().all(|(_, of)| *of > 2 << 30), "{told:?}");
        if is_finished {
            assert!(told.len() < 8, "{told:?}");
        } else {
            assert!(told.is_sorted() && told.len() > 127, "{told:?}");
        }
    }
}
