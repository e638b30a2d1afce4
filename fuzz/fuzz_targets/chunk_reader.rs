//! Any bytes as a chunk stream: never more held than allowed, the same in any split, and every
//! message can be written and read again.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use rtmp::chunk::{RawMessage, Reader, Writer, frame};
use rtmp::message::type_id;
use rtmp::{Error, Limits, Message};

fn limits() -> Limits {
    Limits {
        media_message_bytes: 3000,
        other_message_bytes: 2000,
        partial_messages: 4,
        partial_bytes: 4000,
        chunk_streams: 8,
        ..Limits::default()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let split = bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>() % (bytes.len() + 1);
    let (first, second) = bytes.split_at(split);
    let whole = read(&[bytes]);
    assert_eq!(read(&[first, second]), whole);
    assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>()), whole);
    let (messages, _) = whole;
    written_again(&messages);
    for raw in &messages {
        decoded(raw);
    }
});

fn read(pieces: &[&[u8]]) -> (Vec<RawMessage>, Option<Error>) {
    let mut reader = Reader::new(limits());
    let mut messages = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            let message = reader.read(&mut input);
            assert!(reader.partial_bytes() <= 4000 || message.is_err());
            match message {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        assert!(input.is_empty(), "bytes were left behind");
    }
    (messages, None)
}

fn written_again(messages: &[RawMessage]) {
    let mut writer = Writer::new();
    let (mut compressed, mut framed) = (BytesMut::new(), BytesMut::new());
    for m in messages {
        let size = writer.chunk_size() as usize;
        frame(
            m.csid,
            m.timestamp,
            m.type_id,
            m.stream_id,
            &m.payload,
            size,
            &mut framed,
        );
        writer.write(m, &mut compressed);
    }
    assert_eq!(read(&[&compressed]), (messages.to_vec(), None));
    assert_eq!(read(&[&framed]), (messages.to_vec(), None));
}

/// A message that can be read can be written, unless values that share parts grow too large
/// when they stand alone, and means the same afterwards.
fn decoded(raw: &RawMessage) {
    if raw.type_id == type_id::AGGREGATE {
        let _ = rtmp::message::split_aggregate(raw).count();
    }
    let Ok(message) = Message::decode(raw, &limits()) else {
        return;
    };
    let _ = format!("{message:?}");
    let Ok(written) = message.encode() else {
        return;
    };
    match Message::decode(&written, &limits()) {
        Ok(again) => {
            let twice = again
                .encode()
                .expect("what was written once can be written again");
            assert_eq!(twice.payload, written.payload);
        }
        Err(Error::Amf {
            source: amf::DecodeError::Limit { .. },
            ..
        }) => {}
        Err(error) => panic!("{message:?}: {error}"),
    }
}
