//! One stream to 1,000 players: what the media plane itself costs, without sockets.
//!
//! One second of the stream (30 pictures and 43 sounds, about 4 Mbit/s) goes through the ring;
//! an item is one message handed to one player. The three ways to hand it over:
//!
//! - `follow`: players that are up to date take over a batch that is framed once for all. This
//!   is what the server's pumps do, and the case of nearly every player at nearly every moment.
//! - `read`: each player asks the ring for itself, as one does that has just come, lags, has
//!   paused, or wants only a part. The framed bytes are still shared.
//! - `frame_for_each`: the same, but each player has bytes of its own: what a server pays that
//!   frames per player. Here for comparison; nothing in the server works so.
//!
//! In one run on a quiet machine of two cores (AMD EPYC): `read` took 2.3 times as long as `follow`,
//! `frame_for_each` 10.8 times. A message handed over by `follow` cost 15 ns.

#![allow(missing_docs, reason = "the macros make functions nobody sees")]

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use media::{Entry, Framing, Kind, Marker, Millis, Reader, ReaderLimits, Ring, RingLimits};

const PLAYERS: usize = 1_000;
const PICTURES: u32 = 30;
const SOUNDS: u32 = 43;
const FRAMING: Framing = Framing::Rtmp {
    stream_id: 1,
    chunk_size: 4096,
    encoding: rtmp::Encoding::Amf0,
};

fn main() {
    divan::main();
}

/// One second of media in the order of time: kind, timestamp, payload.
fn media() -> Vec<(Kind, u32, Bytes)> {
    let picture = |number: u32| {
        let (head, len) = if number == 0 {
            (0x17, 60_000)
        } else {
            (0x27, 14_500)
        };
        let mut payload = vec![head, 1, 0, 0, 0];
        payload.resize(len, 0x55);
        (Kind::Video, number * 1000 / PICTURES, payload.into())
    };
    let sound = |number: u32| {
        let mut payload = vec![0xaf, 1];
        payload.resize(370, 0x55);
        (Kind::Audio, number * 1000 / SOUNDS, payload.into())
    };
    let mut messages: Vec<_> = (0..PICTURES)
        .map(picture)
        .chain((0..SOUNDS).map(sound))
        .collect();
    messages.sort_by_key(|(_, timestamp, _)| *timestamp);
    messages
}

fn handed_over() -> ItemsCount {
    ItemsCount::new(PLAYERS * (PICTURES + SOUNDS) as usize)
}

/// A published stream whose players have all taken what there is.
struct Audience {
    ring: Ring,
    readers: Vec<Reader>,
    now: Millis,
}

impl Audience {
    fn new() -> Self {
        let mut ring = Ring::new(RingLimits::default());
        let now = Millis(0);
        ring.append_marker(now, Marker::Published);
        let mut readers: Vec<_> = (0..PLAYERS)
            .map(|_| Reader::new(ReaderLimits::default(), None))
            .collect();
        let mut nothing = Vec::new();
        for reader in &mut readers {
            reader.read(now, &ring, usize::MAX, &mut nothing);
        }
        Self { ring, readers, now }
    }

    fn append(&mut self, (kind, timestamp, payload): &(Kind, u32, Bytes)) -> u64 {
        self.now = Millis(u64::from(*timestamp));
        self.ring
            .append_media(self.now, *kind, *timestamp, payload.clone())
            .seq
    }
}

#[divan::bench]
fn follow(bencher: Bencher<'_, '_>) {
    let messages = media();
    bencher
        .counter(handed_over())
        .with_inputs(Audience::new)
        .bench_local_values(|mut audience| {
            for message in &messages {
                let seq = audience.append(message);
                let bytes = audience
                    .ring
                    .get(seq)
                    .expect("just appended")
                    .framed(FRAMING);
                for reader in &mut audience.readers {
                    assert!(reader.follow(seq, seq + 1));
                    black_box(bytes.clone());
                }
            }
            audience
        });
}

#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    read_and(bencher, |entry| entry.framed(FRAMING));
}

#[divan::bench]
fn frame_for_each(bencher: Bencher<'_, '_>) {
    const VIDEO: (u32, u8) = (6, 9);
    const AUDIO: (u32, u8) = (7, 8);
    read_and(bencher, |entry| {
        let (csid, type_id) = if entry.kind == Kind::Video {
            VIDEO
        } else {
            AUDIO
        };
        let mut out = BytesMut::with_capacity(entry.payload.len() + 128);
        let payload = &entry.payload;
        rtmp::chunk::frame(csid, entry.timestamp, type_id, 1, payload, 4096, &mut out);
        out.freeze()
    });
}

fn read_and(bencher: Bencher<'_, '_>, framed: impl Fn(&Entry) -> Bytes) {
    let messages = media();
    bencher
        .counter(handed_over())
        .with_inputs(Audience::new)
        .bench_local_values(|mut audience| {
            let mut entries: Vec<Arc<Entry>> = Vec::new();
            for message in &messages {
                audience.append(message);
                for reader in &mut audience.readers {
                    reader.read(audience.now, &audience.ring, usize::MAX, &mut entries);
                    assert_eq!(entries.len(), 1);
                    black_box(framed(&entries[0]));
                    entries.clear();
                }
            }
            audience
        });
}
