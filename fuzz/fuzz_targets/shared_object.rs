//! Any bytes as the body of a shared-object message, in both forms. What can be read can be
//! written and then reads and writes the same.
#![no_main]

#[path = "../same.rs"]
mod same;

use amf::{Str, Value};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rtmp::message::type_id;
use rtmp::shared_object::{Event, Message};
use rtmp::{Encoding, Error, Limits};

fuzz_target!(|bytes: &[u8]| {
    let payload = Bytes::copy_from_slice(bytes);
    for type_id in [type_id::SHARED_OBJECT_AMF0, type_id::SHARED_OBJECT_AMF3] {
        let limits = Limits {
            shared_object_items: 100,
            ..Limits::default()
        };
        let Ok(message) = Message::decode(type_id, &payload, &limits) else {
            continue;
        };
        assert!(message.events.len() <= 100);
        let _ = format!("{message:?}");
        // A value that refers into a cycle outside itself has no meaning of its own.
        let Ok(written) = message.encode() else {
            continue;
        };
        match Message::decode(type_id, &written, &limits) {
            Ok(again) => {
                same_meaning(&message, &again);
                assert_eq!(again.encode().expect("written once"), written);
            }
            Err(Error::Amf {
                source: amf::DecodeError::Limit { .. },
                ..
            }) => {}
            Err(error) => panic!("{message:?}: {error}"),
        }
    }
});

fn same_meaning(message: &Message, again: &Message) {
    let head = |m: &Message| (m.name.clone(), m.version, m.flags, m.reserved, m.encoding);
    assert_eq!(head(again), head(message));
    assert_eq!(again.events.len(), message.events.len());
    for (written, read) in message.events.iter().zip(&again.events) {
        assert_eq!(read.kind(), written.kind());
        match (parts(written), parts(read)) {
            (Some((keys, written)), Some((keys_read, read))) => {
                assert_eq!(keys_read, keys);
                same::assert_same(&written, &read, message.encoding == Encoding::Amf3);
            }
            _ => assert_eq!(read, written),
        }
    }
}

/// The names and the values of an event that has values.
fn parts(event: &Event) -> Option<(Vec<&Str>, Vec<&Value>)> {
    match event {
        Event::RequestChange(slots) | Event::Change(slots) | Event::ChangeEcho(slots) => {
            Some(slots.iter().map(|(key, value)| (key, value)).unzip())
        }
        Event::SendMessage { handler, args } => Some((vec![handler], args.iter().collect())),
        _ => None,
    }
}
