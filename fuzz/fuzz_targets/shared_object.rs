//! Any bytes as the body of a shared-object message, in both forms. What can be read can be
//! written and then reads and writes the same.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rtmp::message::type_id;
use rtmp::shared_object::Message;
use rtmp::{Error, Limits};

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
        // References from one slot into another cannot be kept.
        let Ok(written) = message.encode() else {
            continue;
        };
        match Message::decode(type_id, &written, &limits) {
            Ok(again) => {
                assert_eq!(again.events.len(), message.events.len());
                assert_eq!(
                    (&again.name, again.version),
                    (&message.name, message.version)
                );
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
