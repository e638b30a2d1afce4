//! Plays of recordings on a virtual clock: what is sent, when, and where it ends.

use std::sync::Arc;

use bytes::Bytes;
use flv::{Read, Recorder, RecorderLimits, ScanLimits, Scanner, TagKind, Walker};
use media::{BATCH_MS, Frame, Length, Next, Playback, Recorded, Role, Window};
use proptest::prelude::*;
use rtmp::Millis;
use testkit::media::{self as clip, Audio, FrameKind, Video};

/// Between two pictures, and two sounds.
const STEP_MS: u64 = 40;
/// Pictures in a group.
const GROUP: u64 = 10;

/// A recording of so many pictures and sounds, and what those who play it know of it. `room` is
/// how many key frames its index has at most.
fn recorded(pictures: u32, (video, audio): (bool, bool), room: usize) -> (Bytes, Recorded) {
    let limits = RecorderLimits {
        index_entries: room,
        ..RecorderLimits::default()
    };
    let mut recorder = Recorder::new(limits);
    let mut file = Vec::new();
    let mut put = |kind, at: u32, payload: Vec<u8>| {
        if (kind == TagKind::Video && video) || (kind == TagKind::Audio && audio) {
            let put = recorder.record(kind, at, &payload, &mut file);
            put.expect("a short payload fits a tag");
        }
    };
    for (kind, payload) in [
        (TagKind::Video, clip::video_header(Video::H264)),
        (TagKind::Audio, clip::audio_header(Audio::Aac)),
    ] {
        put(kind, 0, payload.expect("it has one"));
    }
    for number in 0..pictures {
        let kind = if u64::from(number).is_multiple_of(GROUP) {
            FrameKind::Key
        } else {
            FrameKind::Inter
        };
        let at = number * STEP_MS as u32;
        put(
            TagKind::Video,
            at,
            clip::video_frame(Video::H264, kind, number, 80),
        );
        put(
            TagKind::Audio,
            at + 5,
            clip::audio_frame(Audio::Aac, number, 40),
        );
    }
    for patch in recorder.finish(&mut file) {
        let at = patch.position as usize;
        file[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    let file = Bytes::from(file);
    let known = known(&file, room);
    assert_eq!((known.has_video, known.has_audio), (video, audio));
    (file, known)
}

/// What is known of a file after a look through it.
fn known(file: &Bytes, room: usize) -> Recorded {
    let limits = ScanLimits {
        index_entries: room,
        ..ScanLimits::default()
    };
    let mut scanner = Scanner::new(file.len() as u64, limits);
    while let Some(Read { position, .. }) = scanner.wants() {
        let read = scanner.read(&file[position as usize..]);
        read.expect("a recording");
    }
    let found = scanner.finish().expect("a recording");
    let headers = found.index.headers().iter().map(|place| {
        let mut walker = Walker::from(place.position, place.time_ms, 1000);
        let mut tags = Vec::new();
        let rest = file.slice(place.position as usize..);
        walker.read(&rest, &mut tags).expect("tags");
        tags.remove(0)
    });
    Recorded {
        container: flv::Container::Flv,
        headers: headers.collect(),
        index: Arc::new(found.index),
        first_tag: 13,
        has_video: found.totals.has_video,
        has_audio: found.totals.has_audio,
    }
}

/// A player with a clock.
struct World {
    file: Bytes,
    play: Playback,
    now: u64,
    frames: Vec<(u64, Frame)>,
    read_bytes: usize,
}

impl World {
    fn new((file, known): &(Bytes, Recorded), window: Window, ahead_ms: Option<u64>) -> Self {
        Self {
            file: file.clone(),
            play: Playback::new(known.clone(), window, ahead_ms),
            now: 1000,
            frames: Vec::new(),
            read_bytes: 0,
        }
    }

    /// Goes on until a time, or until it ends or is paused; says whether it has ended.
    fn run(&mut self, until: u64) -> bool {
        loop {
            match self.play.next(Millis(self.now)) {
                Next::Read(Read { position, bytes }) => {
                    let from = (position as usize).min(self.file.len());
                    let to = self.file.len().min(from + bytes.max(700));
                    self.read_bytes += to - from;
                    self.play.take(&self.file.slice(from..to));
                }
                Next::Send(frame) => self.frames.push((self.now, frame)),
                Next::Wait(at) if at.0 <= until => {
                    assert!(at.0 > self.now, "it waits for what is now");
                    self.now = at.0;
                }
                Next::Wait(_) | Next::Paused => {
                    self.now = until;
                    return false;
                }
                Next::Ended => return true,
            }
        }
    }

    fn all(&mut self) {
        assert!(self.run(u64::MAX), "it does not end");
    }

    /// The times of what is shown of a kind.
    fn shown(&self, kind: TagKind) -> Vec<u64> {
        let shown = self.frames.iter().map(|(_, frame)| frame);
        let shown = shown.filter(|frame| frame.role == Role::Shown && frame.tag.kind == kind);
        shown.map(|frame| frame.time_ms).collect()
    }

    fn leading(&self) -> usize {
        let frames = self.frames.iter();
        frames
            .filter(|(_, frame)| frame.role == Role::Leading)
            .count()
    }
}

fn window(start_ms: u64, length: Length, is_exact: bool) -> Window {
    Window {
        start_ms,
        length,
        is_exact,
    }
}

/// The times of pictures from one to before another.
fn pictures(from_ms: u64, to_ms: u64) -> Vec<u64> {
    (0..)
        .map(|at| at * STEP_MS)
        .skip_while(|at| *at < from_ms)
        .take_while(|at| *at < to_ms)
        .collect()
}

#[test]
fn a_whole_recording_is_sent_in_order() {
    let file = recorded(100, (true, true), 1000);
    let mut world = World::new(&file, window(0, Length::All, false), Some(2000));
    world.all();
    assert_eq!(world.shown(TagKind::Video), pictures(0, 4000));
    assert_eq!(world.shown(TagKind::Audio).len(), 100);
    let first = &world.frames[0].1;
    assert_eq!((first.tag.kind, first.role), (TagKind::Script, Role::Shown));
    assert_eq!(world.frames[1].1.role, Role::Header);
}

#[test]
fn a_start_is_the_key_frame_before_or_the_very_frame() {
    for room in [1000, 2] {
        let file = recorded(100, (true, true), room);
        // Between two key frames, on one, before the second, behind the last.
        for (start_ms, key_ms) in [(1000, 800), (1200, 1200), (30, 0), (3999, 3600)] {
            let mut early = World::new(&file, window(start_ms, Length::All, false), None);
            early.all();
            assert_eq!(
                early.shown(TagKind::Video),
                pictures(key_ms, 4000),
                "{start_ms}"
            );
            assert_eq!(early.leading(), 0);
            let mut exact = World::new(&file, window(start_ms, Length::All, true), None);
            exact.all();
            assert_eq!(
                exact.shown(TagKind::Video),
                pictures(start_ms, 4000),
                "{start_ms}"
            );
            let leading = pictures(key_ms, start_ms).len();
            assert_eq!(exact.leading(), leading, "{start_ms}");
            assert!(exact.shown(TagKind::Audio).iter().all(|at| *at >= start_ms));
            let headers = exact
                .frames
                .iter()
                .take_while(|(_, frame)| frame.role == Role::Header);
            let wanted = if key_ms > 0 { 2 } else { 0 };
            assert!(headers.count() >= wanted, "{start_ms}");
        }
    }
}

#[test]
fn a_length_ends_between_two_frames() {
    let file = recorded(100, (true, true), 1000);
    for (start_ms, length, is_exact) in [(0, 1000, false), (1000, 1000, true), (1200, 1, true)] {
        let window = window(start_ms, Length::Millis(length), is_exact);
        let mut world = World::new(&file, window, Some(100));
        world.all();
        let end_ms = start_ms + length;
        assert_eq!(world.shown(TagKind::Video), pictures(start_ms, end_ms));
        let sounds = world.shown(TagKind::Audio);
        let wanted = pictures(0, 4000).into_iter().map(|at| at + 5);
        let wanted: Vec<_> = wanted
            .filter(|at| (start_ms..end_ms).contains(at))
            .collect();
        assert_eq!(sounds, wanted);
    }
    let mut past = World::new(&file, window(9000, Length::Millis(5), true), Some(100));
    past.all();
    assert!(past.shown(TagKind::Video).is_empty());
}

#[test]
fn one_frame_is_one_picture_or_one_sound() {
    for (tracks, kind, wanted) in [
        ((true, true), TagKind::Video, 1000),
        ((false, true), TagKind::Audio, 1005),
    ] {
        let file = recorded(100, tracks, 1000);
        let mut world = World::new(&file, window(1000, Length::OneFrame, true), Some(100));
        world.all();
        assert_eq!(world.shown(kind), [wanted]);
    }
}

#[test]
fn a_player_is_sent_ahead_and_then_in_real_time() {
    let file = recorded(200, (true, true), 1000);
    let mut world = World::new(&file, window(0, Length::All, false), Some(1000));
    assert!(!world.run(1000));
    world.has_shown(1000);
    assert!(!world.run(1500));
    world.has_shown(1500);
    // A larger buffer is filled at once, a smaller one waits until it is used up.
    world.play.set_ahead(3000);
    assert!(!world.run(1500));
    world.has_shown(3500);
    let before = world.frames.len();
    world.play.set_ahead(500);
    assert!(!world.run(3900));
    assert_eq!(world.frames.len(), before);
    assert!(!world.run(4300));
    world.has_shown(3800);
}

#[test]
fn a_pause_stops_the_clock() {
    let file = recorded(200, (true, true), 1000);
    let mut world = World::new(&file, window(0, Length::All, false), Some(100));
    assert!(!world.run(2000));
    let sent = world.frames.len();
    world.play.pause(Millis(2000));
    assert!(!world.run(60_000));
    assert_eq!(world.frames.len(), sent);
    world.play.unpause(Millis(60_000));
    assert!(!world.run(60_500));
    world.has_shown(1600);
}

#[test]
fn a_seek_begins_anew_and_keeps_the_end() {
    let file = recorded(100, (true, true), 1000);
    let mut world = World::new(&file, window(0, Length::Millis(3000), false), Some(100));
    assert!(!world.run(1200));
    world.frames.clear();
    world.play.seek(2000);
    world.all();
    assert_eq!(world.shown(TagKind::Video), pictures(2000, 3000));
    // Also after its end, backwards, and while it is paused.
    world.frames.clear();
    world.play.pause(Millis(world.now));
    world.play.seek(800);
    assert!(!world.run(world.now + 500));
    assert!(world.frames.is_empty());
    world.play.unpause(Millis(world.now));
    world.all();
    assert_eq!(world.shown(TagKind::Video), pictures(800, 3000));
}

#[test]
fn an_index_spares_reading_what_is_before() {
    let file = recorded(5000, (true, true), 1000);
    let mut world = World::new(&file, window(190_000, Length::Millis(40), true), None);
    world.all();
    assert!(
        world.read_bytes < 10_000,
        "{} of {}",
        world.read_bytes,
        file.0.len()
    );
}

#[test]
fn the_codec_headers_are_those_that_hold_at_the_place() {
    let header = clip::video_header(Video::H264).expect("it has one");
    let mut other = header.clone();
    other.push(0);
    // An index with every key frame, and one that leads to the first only.
    for room in [100, 2] {
        let limits = RecorderLimits {
            index_entries: room,
            ..RecorderLimits::default()
        };
        let mut recorder = Recorder::new(limits);
        let mut file = Vec::new();
        for number in 0..60_u32 {
            let at = number * STEP_MS as u32;
            let (kind, is_first) = (TagKind::Video, number == 0);
            if number.is_multiple_of(20) {
                let header = if is_first { &header } else { &other };
                recorder.record(kind, at, header, &mut file).unwrap();
            }
            let frame = if number.is_multiple_of(10) {
                FrameKind::Key
            } else {
                FrameKind::Inter
            };
            let picture = clip::video_frame(Video::H264, frame, number, 80);
            recorder.record(kind, at, &picture, &mut file).unwrap();
        }
        for patch in recorder.finish(&mut file) {
            let at = patch.position as usize;
            file[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
        }
        let file = Bytes::from(file);
        let file = (file.clone(), known(&file, room));
        assert_eq!(file.1.headers.len(), 2, "the third tells nothing new");
        // Before the change, at it, and in the groups behind it.
        for (start_ms, wanted) in [
            (799, &header),
            (800, &other),
            (1500, &other),
            (2399, &other),
        ] {
            let mut world = World::new(&file, window(start_ms, Length::OneFrame, true), None);
            world.all();
            let frames = world.frames.iter().map(|(_, frame)| frame);
            let first = frames.clone().position(|frame| frame.role != Role::Header);
            let headers: Vec<_> = frames.take(first.expect("a picture")).collect();
            let last = headers.last().expect("a header");
            assert_eq!(last.tag.payload, wanted, "{start_ms} with {room}");
            assert_eq!(headers.len(), 1, "{start_ms} with {room}");
        }
    }
}

#[test]
fn a_file_that_is_cut_while_it_is_played_ends() {
    let file = recorded(100, (true, true), 1000);
    let mut world = World::new(&file, window(0, Length::All, false), Some(100));
    assert!(!world.run(1500));
    let half = world.file.len() / 2;
    world.file = world.file.slice(..half);
    world.all();
    let shown = world.shown(TagKind::Video);
    assert_eq!(shown, pictures(0, shown.len() as u64 * STEP_MS));
}

impl World {
    /// All pictures up to this time have come, and none that lies more than a batch behind it.
    fn has_shown(&self, to_ms: u64) {
        let shown = self.shown(TagKind::Video);
        let last = shown.last().copied().unwrap_or_default();
        assert_eq!(shown, pictures(0, last + 1));
        assert!(
            (to_ms..=to_ms + BATCH_MS).contains(&last),
            "{last}, not {to_ms}"
        );
    }
}

/// What a player does.
#[derive(Clone, Debug)]
enum Act {
    Run(u64),
    Seek(u64),
    Pause,
    Unpause,
    Ahead(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0_u64..3000).prop_map(Act::Run),
        2 => (0_u64..9000).prop_map(Act::Seek),
        1 => Just(Act::Pause),
        1 => Just(Act::Unpause),
        1 => (0_u64..5000).prop_map(Act::Ahead),
    ]
}

proptest! {
    #[test]
    fn nothing_comes_out_of_order_too_early_or_before_its_key_frame(
        acts in proptest::collection::vec(act(), 1..20),
        is_exact: bool,
        room in 2_usize..30,
    ) {
        let file = recorded(150, (true, true), room);
        let mut world = World::new(&file, window(0, Length::All, is_exact), Some(500));
        let mut most_ahead = 500;
        for act in acts {
            match act {
                Act::Run(ms) => drop(world.run(world.now + ms)),
                Act::Seek(to_ms) => {
                    world.play.seek(to_ms);
                    world.frames.clear();
                }
                Act::Pause => world.play.pause(Millis(world.now)),
                Act::Unpause => world.play.unpause(Millis(world.now)),
                Act::Ahead(ms) => {
                    most_ahead = most_ahead.max(ms);
                    world.play.set_ahead(ms);
                }
            }
            check(&world, most_ahead)?;
        }
    }
}

fn check(world: &World, most_ahead: u64) -> Result<(), TestCaseError> {
    let coded = world
        .frames
        .iter()
        .filter(|(_, frame)| frame.role != Role::Header && frame.tag.kind == TagKind::Video);
    let begins_ms = coded.clone().next().map(|(_, frame)| frame.time_ms);
    for (_, header) in world
        .frames
        .iter()
        .take_while(|(_, frame)| frame.role == Role::Header)
    {
        prop_assert!(begins_ms.is_none_or(|begins_ms| header.time_ms <= begins_ms));
    }
    let mut last = None;
    let mut first_shown: Option<(u64, u64)> = None;
    for (at, frame) in coded {
        let header = flv::video::parse(&frame.tag.payload);
        let is_key = header.is_ok_and(|header| header.is_key_frame());
        let in_file = u64::from(frame.tag.timestamp_ms);
        match last {
            None => prop_assert!(is_key, "it begins at {in_file} ms"),
            Some(last) => prop_assert_eq!(in_file, last + STEP_MS),
        }
        last = Some(in_file);
        if frame.role == Role::Shown {
            let (began, from) = *first_shown.get_or_insert((*at, frame.time_ms));
            prop_assert!(frame.time_ms <= from + (at - began) + most_ahead + BATCH_MS);
        }
    }
    Ok(())
}
