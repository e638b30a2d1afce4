//! How many bytes per second of media go into chunks and out of them.
//!
//! The stream is one second at about 4 Mbit/s: 30 video messages and 43 audio messages, with
//! one key frame. Chunk sizes are the default (128), the one servers use (4096), and one that
//! fits every message (65536).

#![allow(missing_docs, reason = "the macros make functions nobody sees")]

use bytes::{Bytes, BytesMut};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use rtmp::chunk::{RawMessage, Reader, Writer, csid, frame};
use rtmp::message::type_id;
use rtmp::{Input, Limits, Millis, Output, Session, SessionConfig};

const CHUNK_SIZES: [u32; 3] = [128, 4096, 65_536];

/// What one read from a socket gives.
const READ_BYTES: usize = 16 * 1024;

fn main() {
    divan::main();
}

/// One second of media in the order of time.
fn media() -> Vec<RawMessage> {
    let video = (0..30).map(|i| {
        let len = if i == 0 { 60_000 } else { 14_500 };
        message(csid::VIDEO, type_id::VIDEO, i * 1000 / 30, len)
    });
    let audio = (0..43).map(|i| message(csid::AUDIO, type_id::AUDIO, i * 1000 / 43, 370));
    let mut messages: Vec<_> = video.chain(audio).collect();
    messages.sort_by_key(|message| message.timestamp);
    messages
}

fn message(csid: u32, type_id: u8, timestamp: u32, len: usize) -> RawMessage {
    let payload = Bytes::from(vec![0x27; len]);
    RawMessage {
        csid,
        timestamp,
        type_id,
        stream_id: 1,
        payload,
    }
}

fn payload_bytes(messages: &[RawMessage]) -> BytesCount {
    BytesCount::new(
        messages
            .iter()
            .map(|message| message.payload.len())
            .sum::<usize>(),
    )
}

fn written(messages: &[RawMessage], chunk_size: u32) -> BytesMut {
    let mut out = BytesMut::new();
    let mut writer = Writer::new();
    writer.set_chunk_size(chunk_size);
    for message in messages {
        writer.write(message, &mut out);
    }
    out
}

#[divan::bench(args = CHUNK_SIZES)]
fn write(bencher: Bencher<'_, '_>, chunk_size: u32) {
    let messages = media();
    let mut out = BytesMut::with_capacity(1 << 20);
    bencher.counter(payload_bytes(&messages)).bench_local(|| {
        let mut writer = Writer::new();
        writer.set_chunk_size(chunk_size);
        out.clear();
        for message in &messages {
            writer.write(message, &mut out);
        }
        black_box(out.len())
    });
}

#[divan::bench(args = CHUNK_SIZES)]
fn frame_once(bencher: Bencher<'_, '_>, chunk_size: u32) {
    let messages = media();
    let mut out = BytesMut::with_capacity(1 << 20);
    bencher.counter(payload_bytes(&messages)).bench_local(|| {
        out.clear();
        for m in &messages {
            let size = chunk_size as usize;
            frame(
                m.csid,
                m.timestamp,
                m.type_id,
                m.stream_id,
                &m.payload,
                size,
                &mut out,
            );
        }
        black_box(out.len())
    });
}

#[divan::bench(args = CHUNK_SIZES)]
fn read(bencher: Bencher<'_, '_>, chunk_size: u32) {
    let messages = media();
    let bytes = written(&messages, chunk_size);
    bencher.counter(payload_bytes(&messages)).bench_local(|| {
        let mut reader = Reader::new(Limits::default());
        reader.set_chunk_size(chunk_size);
        let mut count = 0;
        for mut piece in bytes.chunks(READ_BYTES) {
            while let Ok(Some(message)) = reader.read(&mut piece) {
                black_box(message);
                count += 1;
            }
        }
        assert_eq!(count, messages.len());
    });
}

/// The whole way through a session: reading, decoding, events.
#[divan::bench]
fn session(bencher: Bencher<'_, '_>) {
    let messages = media();
    let mut bytes = BytesMut::from(&[3][..]);
    bytes.resize(1 + 2 * 1536, 0);
    bytes.extend_from_slice(&written(&messages, 128));
    bencher.counter(payload_bytes(&messages)).bench_local(|| {
        let mut session = Session::server(SessionConfig::default(), [0; 32], Millis(0));
        let mut count = 0;
        for bytes in bytes.chunks(READ_BYTES) {
            session
                .handle(Input::Receive {
                    now: Millis(1),
                    bytes,
                })
                .expect("good bytes");
            loop {
                match session.poll() {
                    Output::Event(event) => {
                        black_box(event);
                        count += 1;
                    }
                    Output::Transmit(bytes) => {
                        black_box(bytes);
                    }
                    Output::Timeout(_) => break,
                }
            }
        }
        assert_eq!(count, messages.len() + 1);
    });
}

/// What a new connection costs: a digest handshake on both sides.
#[divan::bench]
fn handshake() -> u64 {
    let config = SessionConfig::default();
    let mut client = Session::client(config.clone(), [1; 32], Millis(0));
    let mut server = Session::server(config, [2; 32], Millis(0));
    loop {
        let there = carry(&mut client, &mut server);
        let back = carry(&mut server, &mut client);
        if !there && !back {
            return server.bytes_received();
        }
    }
}

/// Moves what one side has to send to the other; whether there was anything.
fn carry(from: &mut Session, to: &mut Session) -> bool {
    let mut moved = false;
    while let Output::Transmit(bytes) = from.poll() {
        to.handle(Input::Receive {
            now: Millis(1),
            bytes: &bytes,
        })
        .expect("good bytes");
        moved = true;
    }
    moved
}
