//! What players get from a ring: late joiners, laggards, pausers, selections, lengths.
//!
//! Media is the least that is classified as what it should be: two bytes of H.264 header and
//! a running number, so that loss and order can be seen.

use std::sync::Arc;

use amf::Value;
use bytes::Bytes;
use media::{
    Entry, Framing, Kind, Marker, Millis, Reader, ReaderLimits, Ring, RingLimits, Selection,
    VideoSelection,
};
use proptest::prelude::*;

const FRAME_MS: u32 = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Header,
    Key,
    Inter,
    Disposable,
    Audio,
    AudioHeader,
}

use Sent::{Audio, AudioHeader, Disposable, Header, Inter, Key};

/// A publisher with a clock: each message is `FRAME_MS` after the one before.
struct Publisher {
    ring: Ring,
    now: Millis,
    timestamp: u32,
    number: u8,
}

impl Publisher {
    fn new(limits: RingLimits) -> Self {
        let mut ring = Ring::new(limits);
        ring.append_marker(Millis(0), Marker::Published);
        Self {
            ring,
            now: Millis(0),
            timestamp: 0,
            number: 0,
        }
    }

    fn send(&mut self, what: Sent) {
        self.send_sized(what, 0);
    }

    fn send_sized(&mut self, what: Sent, filler: usize) {
        let (kind, head): (Kind, &[u8]) = match what {
            Header => (Kind::Video, &[0x17, 0, 0, 0, 0]),
            Key => (Kind::Video, &[0x17, 1, 0, 0, 0]),
            Inter => (Kind::Video, &[0x27, 1, 0, 0, 0]),
            Disposable => (Kind::Video, &[0x37, 1, 0, 0, 0]),
            Audio => (Kind::Audio, &[0xaf, 1]),
            AudioHeader => (Kind::Audio, &[0xaf, 0]),
        };
        let payload = [head, &[self.number], &vec![0; filler]].concat();
        self.number = self.number.wrapping_add(1);
        self.ring
            .append_media(self.now, kind, self.timestamp, payload.into());
        self.now = self.now + u64::from(FRAME_MS);
        self.timestamp = self.timestamp.wrapping_add(FRAME_MS);
    }

    fn send_all(&mut self, what: &[Sent]) {
        for what in what {
            self.send(*what);
        }
    }

    fn read(&self, reader: &mut Reader) -> Vec<Arc<Entry>> {
        let mut entries = Vec::new();
        reader.read(self.now, &self.ring, usize::MAX, &mut entries);
        entries
    }

    /// The numbers of the messages a reader gets now.
    fn numbers(&self, reader: &mut Reader) -> Vec<u8> {
        numbers(&self.read(reader))
    }
}

fn player() -> Reader {
    Reader::new(ReaderLimits::default(), None)
}

fn numbers(entries: &[Arc<Entry>]) -> Vec<u8> {
    let media = entries
        .iter()
        .filter(|e| matches!(e.kind, Kind::Audio | Kind::Video));
    media
        .map(|e| e.payload[if e.kind == Kind::Audio { 2 } else { 5 }])
        .collect()
}

fn is_marker(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Marker(_))
}

#[test]
fn a_late_player_gets_headers_and_the_current_group() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, AudioHeader, Key, Inter, Audio, Key, Inter, Audio]);
    let mut late = player();
    assert_eq!(publisher.numbers(&mut late), [0, 1, 5, 6, 7]);
    publisher.send(Inter);
    assert_eq!(publisher.numbers(&mut late), [8]);
    assert_eq!(publisher.numbers(&mut late), []);
    assert!(late.is_caught_up(&publisher.ring));
}

#[test]
fn without_the_cache_a_late_player_waits_for_a_key_frame_and_hears_sound() {
    let limits = RingLimits {
        gop_cache: false,
        ..RingLimits::default()
    };
    let mut publisher = Publisher::new(limits);
    publisher.send_all(&[Header, Key, Inter]);
    let mut late = player();
    assert_eq!(publisher.numbers(&mut late), [0]);
    publisher.send_all(&[Inter, Audio, Key, Inter]);
    assert_eq!(publisher.numbers(&mut late), [4, 5, 6]);
}

#[test]
fn a_stream_that_marks_no_key_frames_is_not_waited_for() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Inter, Inter]);
    let mut late = player();
    assert_eq!(publisher.numbers(&mut late), [0]);
    publisher.send(Inter);
    assert_eq!(publisher.numbers(&mut late), [3]);
}

#[test]
fn a_stream_of_sound_alone_starts_at_once() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[AudioHeader, Audio, Audio]);
    let mut late = player();
    assert_eq!(publisher.numbers(&mut late), [0]);
    publisher.send(Audio);
    assert_eq!(publisher.numbers(&mut late), [3]);
}

#[test]
fn a_player_may_wait_before_the_publisher_comes_and_stays_when_it_goes() {
    let mut ring = Ring::new(RingLimits::default());
    let mut waiting = Reader::new(ReaderLimits::default(), None);
    let mut entries = Vec::new();
    waiting.read(Millis(0), &ring, usize::MAX, &mut entries);
    assert!(entries.is_empty());
    ring.append_marker(Millis(1), Marker::Published);
    ring.append_media(
        Millis(2),
        Kind::Video,
        0,
        Bytes::from_static(&[0x17, 1, 0, 0, 0, 1]),
    );
    ring.append_marker(Millis(3), Marker::Unpublished);
    ring.append_marker(Millis(4), Marker::Published);
    waiting.read(Millis(5), &ring, usize::MAX, &mut entries);
    let kinds: Vec<Kind> = entries.iter().map(|entry| entry.kind).collect();
    let published = Kind::Marker(Marker::Published);
    assert_eq!(
        kinds,
        [
            published,
            Kind::Video,
            Kind::Marker(Marker::Unpublished),
            published
        ]
    );
}

#[test]
fn a_publisher_that_comes_before_the_first_read_is_announced() {
    let mut ring = Ring::new(RingLimits::default());
    ring.append_marker(Millis(0), Marker::Unpublished);
    let (mut early, mut leaving) = (player(), player());
    early.joined_at(ring.head());
    leaving.joined_at(ring.head());
    ring.append_marker(Millis(1), Marker::Published);
    for payload in [&[0x17, 0, 0, 0, 0][..], &[0x17, 1, 0, 0, 0]] {
        let payload = Bytes::copy_from_slice(payload);
        ring.append_media(Millis(2), Kind::Video, 0, payload);
    }
    let kinds =
        |entries: &[Arc<Entry>]| -> Vec<Kind> { entries.iter().map(|entry| entry.kind).collect() };
    let published = Kind::Marker(Marker::Published);
    let mut entries = Vec::new();
    early.read(Millis(3), &ring, usize::MAX, &mut entries);
    assert_eq!(kinds(&entries), [published, Kind::Video, Kind::Video]);
    entries.clear();
    leaving.take_markers(&ring, &mut entries);
    assert_eq!(kinds(&entries), [published]);
}

#[test]
fn data_that_comes_before_the_first_read_is_delivered_once() {
    let mut ring = Ring::new(RingLimits::default());
    ring.append_marker(Millis(0), Marker::Published);
    ring.append_data(Millis(0), Kind::Data, 0, Bytes::from_static(b"before"));
    let mut player = player();
    player.joined_at(ring.head());
    ring.append_data(Millis(1), Kind::Data, 0, Bytes::from_static(b"passing"));
    let named = ("onMetaData".into(), &[][..]);
    ring.set_data_frame(Millis(2), Kind::Data, 0, named, Bytes::from_static(b"kept"));
    let mut entries = Vec::new();
    player.read(Millis(3), &ring, usize::MAX, &mut entries);
    let payloads: Vec<_> = entries.iter().map(|entry| &entry.payload[..]).collect();
    assert_eq!(payloads, [&b"passing"[..], b"kept"]);
}

#[test]
fn a_player_that_leaves_learns_what_happened_before() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Key]);
    let (mut leaving, mut told) = (player(), player());
    publisher.read(&mut leaving);
    publisher.read(&mut told);
    publisher.send(Inter);
    publisher
        .ring
        .append_marker(publisher.now, Marker::Unpublished);
    publisher.read(&mut told);
    let last_words = |reader: &mut Reader| {
        let mut entries = Vec::new();
        reader.take_markers(&publisher.ring, &mut entries);
        entries.iter().map(|entry| entry.kind).collect::<Vec<_>>()
    };
    assert_eq!(
        last_words(&mut leaving),
        [Kind::Marker(Marker::Unpublished)]
    );
    assert_eq!(last_words(&mut leaving), [], "once is enough");
    assert_eq!(last_words(&mut told), [], "it knows already");
    assert!(publisher.read(&mut leaving).is_empty());
}

#[test]
fn a_new_publisher_starts_from_nothing() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, AudioHeader, Key]);
    let name = ("onMetaData".into(), &[][..]);
    publisher
        .ring
        .set_data_frame(publisher.now, Kind::Data, 0, name, Bytes::from_static(b"m"));
    publisher
        .ring
        .append_marker(publisher.now, Marker::Unpublished);
    publisher
        .ring
        .append_marker(publisher.now, Marker::Published);
    let mut late = player();
    assert!(publisher.read(&mut late).is_empty());
    assert_eq!(publisher.ring.info().video, None);
    assert!(!publisher.ring.has_keys());
}

#[test]
fn each_publisher_has_an_epoch_of_its_own() {
    let mut ring = Ring::new(RingLimits::default());
    assert_eq!(ring.epoch(), None);
    ring.append_marker(Millis(0), Marker::Published);
    let first = ring.epoch();
    assert!(first.is_some());
    ring.append_marker(Millis(1), Marker::Unpublished);
    assert_eq!(ring.epoch(), None);
    ring.append_marker(Millis(2), Marker::Published);
    assert!(ring.epoch().is_some_and(|second| Some(second) != first));
}

#[test]
fn data_frames_are_kept_by_name_until_cleared() {
    let mut publisher = Publisher::new(RingLimits::default());
    let metadata = [Value::object([
        ("width", 640.0.into()),
        ("height", 360.0.into()),
    ])];
    let set = |ring: &mut Ring, name: &str, body: &'static [u8]| {
        let named = (name.into(), &metadata[..]);
        ring.set_data_frame(Millis(0), Kind::Data, 0, named, Bytes::from_static(body))
    };
    assert!(set(&mut publisher.ring, "onMetaData", b"first").described);
    assert!(
        !set(&mut publisher.ring, "onMetaData", b"second").described,
        "same size"
    );
    set(&mut publisher.ring, "onCuePoint", b"cue");
    publisher
        .ring
        .append_data(Millis(0), Kind::Data, 0, Bytes::from_static(b"passing"));
    assert_eq!(publisher.ring.info().width, Some(640));
    let bodies = |publisher: &Publisher| -> Vec<Bytes> {
        let entries = publisher.read(&mut player());
        entries.iter().map(|entry| entry.payload.clone()).collect()
    };
    assert_eq!(bodies(&publisher), [&b"second"[..], b"cue"]);
    publisher.ring.clear_data_frame(Millis(0), "onMetaData");
    assert_eq!(bodies(&publisher), [&b"cue"[..]]);
}

#[test]
fn every_kind_of_message_shows_that_the_publisher_is_there() {
    let mut ring = Ring::new(RingLimits::default());
    ring.append_marker(Millis(1), Marker::Published);
    assert_eq!(ring.last_media(), None);
    ring.append_media(Millis(2), Kind::Audio, 0, Bytes::from_static(&[0xaf, 1]));
    assert_eq!(ring.last_media(), Some(Millis(2)));
    ring.append_data(Millis(3), Kind::Data, 0, Bytes::from_static(b"chat"));
    assert_eq!(ring.last_media(), Some(Millis(3)));
    let named = ("onMetaData".into(), &[][..]);
    ring.set_data_frame(Millis(4), Kind::Data, 0, named, Bytes::from_static(b"m"));
    assert_eq!(ring.last_media(), Some(Millis(4)));
    ring.clear_data_frame(Millis(5), "onMetaData");
    assert_eq!(ring.last_media(), Some(Millis(5)));
    ring.append_marker(Millis(6), Marker::Unpublished);
    assert_eq!(ring.last_media(), None);
}

#[test]
fn data_frames_past_the_limits_are_passed_on_but_not_kept() {
    let limits = RingLimits {
        data_frames: 2,
        data_frame_bytes: 8,
        ..RingLimits::default()
    };
    let mut publisher = Publisher::new(limits);
    let mut present = player();
    publisher.read(&mut present);
    for (name, body) in [("a", "12345"), ("b", "6789"), ("c", "1"), ("d", "2")] {
        let named = (name.into(), &[][..]);
        publisher
            .ring
            .set_data_frame(Millis(0), Kind::Data, 0, named, body.into());
    }
    assert_eq!(publisher.read(&mut present).len(), 4);
    let kept = publisher.read(&mut player());
    let bodies: Vec<&[u8]> = kept.iter().map(|entry| &entry.payload[..]).collect();
    assert_eq!(
        bodies,
        [&b"12345"[..], b"1"],
        "b is too long, d one too many"
    );
}

#[test]
fn codec_headers_past_the_limit_are_passed_on_but_not_kept() {
    let limits = RingLimits {
        header_bytes: 1000,
        ..RingLimits::default()
    };
    let mut publisher = Publisher::new(limits);
    let mut present = player();
    publisher.read(&mut present);
    publisher.send_sized(Header, 900);
    publisher.send_sized(AudioHeader, 90);
    assert_eq!(publisher.numbers(&mut player()), [0, 1]);
    publisher.send_sized(AudioHeader, 200);
    assert_eq!(publisher.numbers(&mut player()), [0], "no old one either");
    publisher.send_sized(Header, 100);
    publisher.send_sized(AudioHeader, 200);
    assert_eq!(publisher.numbers(&mut player()), [3, 4]);
    assert_eq!(publisher.numbers(&mut present), [0, 1, 2, 3, 4]);
}

#[test]
fn a_laggard_by_bytes_skips_to_the_newest_key_frame() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Key]);
    let limits = ReaderLimits {
        lag_bytes: 1000,
        lag_ms: 1_000_000,
    };
    let mut slow = Reader::new(limits, None);
    assert_eq!(publisher.numbers(&mut slow), [0, 1]);
    for what in [Inter, Audio, Key, Inter] {
        publisher.send_sized(what, 400);
    }
    assert_eq!(publisher.numbers(&mut slow), [4, 5]);
    assert_eq!((slow.stats().skips, slow.stats().skipped_entries), (1, 2));
    assert!(slow.stats().skipped_bytes > 800);
}

#[test]
fn a_reader_of_everything_starts_at_its_place_and_skips_only_what_is_gone() {
    let mut publisher = Publisher::new(RingLimits {
        window_bytes: 1000,
        ..RingLimits::default()
    });
    let mark = publisher.ring.head();
    publisher
        .ring
        .append_marker(publisher.now, Marker::Published);
    let mut all = Reader::of_everything(mark);
    publisher.send_all(&[Header, Inter, Audio, Key, Inter, Key]);
    let entries = publisher.read(&mut all);
    assert!(is_marker(&entries[0]));
    assert_eq!(numbers(&entries), [0, 1, 2, 3, 4, 5]);
    for what in [Inter, Audio, Key, Inter, Key, Inter] {
        publisher.send_sized(what, 600);
    }
    publisher
        .ring
        .append_marker(publisher.now, Marker::Unpublished);
    let entries = publisher.read(&mut all);
    assert_eq!(all.stats().skips, 1);
    assert!(entries.last().is_some_and(|entry| is_marker(entry)));
    assert!(
        numbers(&entries).is_empty(),
        "the group has gone with its publisher"
    );
}

#[test]
fn a_laggard_by_time_waits_for_the_next_key_frame_if_there_is_no_newer_one() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Key, Inter]);
    let limits = ReaderLimits {
        lag_bytes: 1 << 20,
        lag_ms: 200,
    };
    let mut slow = Reader::new(limits, None);
    publisher.numbers(&mut slow);
    publisher.send_all(&[Inter; 10]);
    assert_eq!(publisher.numbers(&mut slow), []);
    publisher.send_all(&[Inter, Audio, Key, Inter]);
    assert_eq!(
        publisher.numbers(&mut slow),
        [13, 14, 15],
        "sound goes on, pictures wait"
    );
}

#[test]
fn what_must_not_be_missed_survives_a_skip() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Key]);
    let limits = ReaderLimits {
        lag_bytes: 1 << 20,
        lag_ms: 100,
    };
    let mut slow = Reader::new(limits, None);
    publisher.numbers(&mut slow);
    publisher.send_all(&[Inter, Header]);
    publisher
        .ring
        .append_data(publisher.now, Kind::Data, 0, Bytes::from_static(b"chat"));
    publisher
        .ring
        .append_marker(publisher.now, Marker::Unpublished);
    publisher
        .ring
        .append_marker(publisher.now, Marker::Published);
    publisher.send_all(&[Header, Key, Inter, Inter, Inter]);
    let entries = publisher.read(&mut slow);
    assert_eq!(numbers(&entries), [3, 4, 5, 6, 7, 8]);
    assert_eq!(entries.iter().filter(|e| e.kind == Kind::Data).count(), 1);
    assert_eq!(entries.iter().filter(|e| is_marker(e)).count(), 2);
    assert!(entries.is_sorted_by_key(|entry| entry.seq));
}

#[test]
fn the_burst_of_a_joiner_is_no_lag() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send(Key);
    publisher.send_all(&[Inter; 100]);
    let limits = ReaderLimits {
        lag_bytes: 1 << 20,
        lag_ms: 1000,
    };
    let mut joiner = Reader::new(limits, None);
    let mut some = Vec::new();
    joiner.read(publisher.now, &publisher.ring, 60, &mut some);
    let rest = publisher.read(&mut joiner);
    assert_eq!(
        some.len() + rest.len(),
        101,
        "a group 4 s long, taken in two reads"
    );
    assert_eq!(joiner.stats().skips, 0);
}

#[test]
fn headers_that_left_the_ring_still_reach_a_laggard() {
    let limits = RingLimits {
        bytes: 2000,
        window_bytes: 1000,
        ..RingLimits::default()
    };
    let mut publisher = Publisher::new(limits);
    publisher.send_all(&[Header, Key]);
    let mut slow = player();
    publisher.numbers(&mut slow);
    publisher.send(Header);
    publisher.send_sized(Key, 900);
    publisher.send_sized(Inter, 900);
    publisher.send_sized(Key, 900);
    publisher.send_sized(Inter, 900);
    assert!(
        publisher.ring.tail() > 3,
        "the second header has left the ring"
    );
    assert_eq!(publisher.numbers(&mut slow), [2, 5, 6]);
}

#[test]
fn a_group_longer_than_the_ring_is_not_offered() {
    let limits = RingLimits {
        bytes: 3000,
        ..RingLimits::default()
    };
    let mut publisher = Publisher::new(limits);
    publisher.send(Key);
    for _ in 0..5 {
        publisher.send_sized(Inter, 1000);
    }
    assert_eq!(publisher.ring.group(), None);
    let mut late = player();
    assert_eq!(publisher.numbers(&mut late), []);
    publisher.send(Inter);
    publisher.send(Key);
    assert_eq!(publisher.numbers(&mut late), [7]);
}

#[test]
fn the_ring_holds_no_more_than_it_may() {
    let limits = RingLimits {
        bytes: 10_000,
        entries: 50,
        ..RingLimits::default()
    };
    let mut publisher = Publisher::new(limits);
    for _ in 0..500 {
        publisher.send(Key);
        publisher.send_sized(Inter, 700);
        publisher.send(Audio);
        let held: usize = publisher
            .ring
            .since(0)
            .map(|entry| entry.payload.len())
            .sum();
        assert!(held <= 10_000, "{held} bytes");
        assert!(publisher.ring.since(0).count() <= 50);
    }
}

#[test]
fn pictures_switched_off_come_back_with_a_key_frame() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Key]);
    let mut player = player();
    publisher.numbers(&mut player);
    player.select(Selection {
        audio: true,
        video: VideoSelection::None,
    });
    publisher.send_all(&[Inter, Audio, Key]);
    assert_eq!(publisher.numbers(&mut player), [3]);
    player.select(Selection {
        audio: false,
        video: VideoSelection::All,
    });
    publisher.send_all(&[Inter, Audio, Key, Inter]);
    assert_eq!(publisher.numbers(&mut player), [7, 8]);
}

/// What a player that asks for `fps` gets of these frames, as their indexes.
fn thinned(fps: f64, frames: &[Sent]) -> Vec<usize> {
    let mut publisher = Publisher::new(RingLimits::default());
    let mut player = player();
    publisher.numbers(&mut player);
    let video = VideoSelection::FramesPerSecond(fps);
    player.select(Selection { audio: true, video });
    let mut passed = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        publisher.send(*frame);
        passed.extend((!publisher.read(&mut player).is_empty()).then_some(index));
    }
    passed
}

/// How many of the frames at these indexes fall into each second.
fn per_second(passed: &[usize], seconds: usize) -> Vec<usize> {
    let second = 1000 / FRAME_MS as usize;
    let count = |at| passed.iter().filter(|index| **index / second == at).count();
    (0..seconds).map(count).collect()
}

/// A group of `seconds`, a key frame and then `pattern` again and again.
fn group(seconds: usize, pattern: &[Sent]) -> Vec<Sent> {
    let frames = seconds * 1000 / FRAME_MS as usize;
    let rest = pattern.iter().copied().cycle();
    std::iter::once(Key).chain(rest).take(frames).collect()
}

#[test]
fn a_frame_rate_keeps_the_start_of_each_group() {
    let passed = thinned(5.0, &group(1, &[Inter]).repeat(4));
    let counts = per_second(&passed, 4);
    assert!(
        counts.iter().all(|count| (4..=6).contains(count)),
        "{counts:?}"
    );
    for (second, count) in counts.iter().enumerate() {
        let here = passed.iter().filter(|index| **index / 25 == second);
        let expected = second * 25..second * 25 + count;
        assert!(here.copied().eq(expected), "a leading run: {passed:?}");
    }
}

#[test]
fn a_long_chain_of_frames_is_bounded_in_every_second() {
    let passed = thinned(5.0, &group(10, &[Inter]).repeat(2));
    let counts = per_second(&passed, 20);
    assert!(counts.iter().all(|count| *count <= 6), "{counts:?}");
    assert_eq!(
        (counts[1..10].iter().sum::<usize>(), passed.contains(&250)),
        (0, true)
    );
    let all = thinned(25.0, &group(10, &[Inter]));
    assert_eq!(all.len(), 250, "a rate the stream keeps to leaves it whole");
}

#[test]
fn frames_that_nothing_needs_are_thinned_evenly_over_a_long_group() {
    let passed = thinned(5.0, &group(10, &[Disposable]));
    let counts = per_second(&passed, 10);
    assert!(
        counts.iter().all(|count| (4..=6).contains(count)),
        "{counts:?}"
    );
    // Every fourth frame is needed: six a second, which ten leave room for.
    let pattern = [Disposable, Disposable, Disposable, Inter];
    let frames = group(10, &pattern);
    let passed = thinned(10.0, &frames);
    let needed: Vec<usize> = (0..frames.len())
        .filter(|i| frames[*i] != Disposable)
        .collect();
    assert!(
        needed.iter().all(|index| passed.contains(index)),
        "{passed:?}"
    );
    assert!((100..=110).contains(&passed.len()), "{passed:?}");
}

#[test]
fn key_frames_alone_keep_to_the_rate_too() {
    let passed = thinned(5.0, &vec![Key; 250]);
    let counts = per_second(&passed, 10);
    assert!(counts[1..].iter().all(|count| *count == 5), "{counts:?}");
    let passed = thinned(0.2, &group(1, &[Inter]).repeat(20));
    assert_eq!(passed, [0, 125, 250, 375]);
    assert_eq!(thinned(0.0, &[Key, Key]), [0_usize; 0]);
}

#[test]
fn a_paused_player_goes_on_at_the_live_edge() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Key, Inter]);
    let mut player = player();
    publisher.numbers(&mut player);
    player.pause();
    publisher.send_all(&[Inter, Header, Key, Inter, Audio]);
    assert_eq!(publisher.numbers(&mut player), []);
    let mut entries = Vec::new();
    player.unpause(publisher.now, &publisher.ring, &mut entries);
    entries.extend(publisher.read(&mut player));
    assert_eq!(
        numbers(&entries),
        [4, 5, 6, 7],
        "the newer header, then the newest group"
    );
}

#[test]
fn a_pause_within_a_group_loses_nothing() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Key, Inter]);
    let mut player = player();
    publisher.numbers(&mut player);
    player.pause();
    publisher.send_all(&[Inter, Inter]);
    publisher.numbers(&mut player);
    player.unpause(publisher.now, &publisher.ring, &mut Vec::new());
    assert_eq!(publisher.numbers(&mut player), [3, 4]);
}

#[test]
fn markers_come_through_a_pause() {
    let mut publisher = Publisher::new(RingLimits::default());
    let mut player = player();
    publisher.read(&mut player);
    player.pause();
    publisher.send(Key);
    publisher
        .ring
        .append_marker(publisher.now, Marker::Unpublished);
    let entries = publisher.read(&mut player);
    assert!(entries.len() == 1 && is_marker(&entries[0]));
}

#[test]
fn a_length_ends_the_play_at_its_time_across_the_wrap() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.timestamp = u32::MAX - 50;
    let mut player = Reader::new(ReaderLimits::default(), Some(3 * FRAME_MS));
    publisher.read(&mut player);
    publisher.send_all(&[Header, Key, Inter, Audio, Inter, Inter]);
    assert_eq!(publisher.numbers(&mut player), [0, 1, 2, 3]);
    assert!(player.is_finished());
    publisher.send(Key);
    assert_eq!(publisher.numbers(&mut player), []);
}

#[test]
fn a_length_of_nothing_is_one_frame() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Key, Inter]);
    let mut player = Reader::new(ReaderLimits::default(), Some(0));
    assert_eq!(publisher.numbers(&mut player), [0, 1]);
    assert!(player.is_finished());
}

#[test]
fn plain_players_follow_batches_and_others_do_not() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_all(&[Header, Key]);
    let head = publisher.ring.head();
    let mut plain = player();
    assert!(!plain.follow(head, head), "it has not started");
    publisher.numbers(&mut plain);
    let mut choosy = player();
    publisher.numbers(&mut choosy);
    choosy.select(Selection {
        audio: false,
        video: VideoSelection::All,
    });
    publisher.send(Inter);
    assert!(plain.follow(head, head + 1));
    assert!(!plain.follow(head, head + 1), "it is ahead of that");
    assert!(!choosy.follow(head, head + 1));
    assert_eq!(publisher.numbers(&mut plain), []);
    assert_eq!(publisher.numbers(&mut choosy), [2]);
}

#[test]
fn an_entry_is_framed_once_per_framing() {
    let mut publisher = Publisher::new(RingLimits::default());
    publisher.send_sized(Key, 300);
    let entry = publisher.ring.get(1).expect("the key frame").clone();
    let chunks = Framing::Rtmp {
        stream_id: 1,
        chunk_size: 128,
        encoding: rtmp::Encoding::Amf0,
    };
    let first = entry.framed(chunks);
    assert_eq!(first.as_ptr(), entry.framed(chunks).as_ptr());
    // 306 bytes in chunks of 128: a header of 12 bytes and two of 1.
    assert_eq!(first.len(), 306 + 12 + 2);
    let flv = entry.framed(Framing::Flv);
    assert_eq!(flv.len(), 11 + 306 + 4);
    assert_eq!(flv[0], 9);
    for stream_id in 2..40 {
        entry.framed(Framing::Rtmp {
            stream_id,
            chunk_size: 128,
            encoding: rtmp::Encoding::Amf0,
        });
    }
    let odd = Framing::Rtmp {
        stream_id: 39,
        chunk_size: 128,
        encoding: rtmp::Encoding::Amf0,
    };
    assert_ne!(
        entry.framed(odd).as_ptr(),
        entry.framed(odd).as_ptr(),
        "odd ones are not kept"
    );
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        1 => Just(Header), 1 => Just(AudioHeader), 2 => Just(Key),
        6 => Just(Inter), 1 => Just(Disposable), 4 => Just(Audio),
    ]
}

proptest! {
    /// Whatever is sent and whenever it is read, a player gets messages in order, none twice,
    /// no picture before a key frame after a gap, and a player that keeps up misses nothing.
    #[test]
    fn players_get_an_ordered_decodable_stream(
        steps in prop::collection::vec((sent(), 0_usize..400, any::<bool>(), 0_usize..4), 1..200),
        joins_at in 0_usize..50,
    ) {
        let limits = RingLimits { bytes: 4000, window_bytes: 1500, ..RingLimits::default() };
        let mut publisher = Publisher::new(limits);
        let mut prompt = player();
        let mut prompt_got = 0;
        publisher.read(&mut prompt);
        let slow_limits = ReaderLimits { lag_bytes: 1500, lag_ms: 400 };
        let mut slow = Reader::new(slow_limits, None);
        let mut slow_got: Vec<Arc<Entry>> = Vec::new();
        for (index, (what, size, reads, most)) in steps.iter().enumerate() {
            publisher.send_sized(*what, *size);
            prompt_got += publisher.read(&mut prompt).len();
            if index >= joins_at && *reads {
                slow.read(publisher.now, &publisher.ring, most * 300, &mut slow_got);
            }
        }
        prop_assert_eq!(prompt_got, steps.len());
        let seqs: Vec<u64> = slow_got.iter().map(|entry| entry.seq).collect();
        prop_assert!(seqs.is_sorted_by(|a, b| a < b), "{:?}", seqs);
        let mut decodable = None;
        for entry in slow_got.iter().filter(|entry| entry.kind == Kind::Video) {
            use media::Weight::{Disposable, Inter, Key};
            match entry.weight {
                Key => decodable = Some(entry.seq),
                Inter | Disposable => {
                    let from = decodable;
                    // Every picture since the last one shown has been shown.
                    let shown = |seq: u64| slow_got.iter().any(|e| e.seq == seq);
                    for seq in from.unwrap_or(entry.seq)..entry.seq {
                        let skipped = publisher.ring.get(seq).is_some_and(|e| {
                            e.weight == Inter && !shown(seq)
                        });
                        prop_assert!(!skipped, "picture {} is missing", seq);
                    }
                    decodable = Some(entry.seq);
                }
                _ => {}
            }
        }
    }
}
