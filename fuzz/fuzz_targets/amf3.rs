//! Any bytes as a sequence of AMF3 values. What can be read can be written and reads the same.
#![no_main]

use amf::amf3::{decode_all, encode_all};
use amf::{EncodeError, Limits, UnknownExternalizable, amf0};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits {
        unknown_externalizable: UnknownExternalizable::KeepRest,
        ..Limits::default()
    };
    let Ok(values) = decode_all(bytes, &limits) else {
        return;
    };
    let _ = format!("{values:?}");
    let _ = amf0::encode_all(&values);
    match encode_all(&values) {
        Ok(again) => {
            let read = decode_all(&again, &limits).expect("our own output is readable");
            // Comparing gives up on values that are enormous when walked.
            if values
                .iter()
                .all(|value| value.count_up_to(100_000).is_some())
            {
                assert_eq!(read, values);
            }
        }
        // What is opaque cannot be written beside other values.
        Err(EncodeError::OutputTooLong { .. } | EncodeError::MisplacedOpaque { .. }) => {}
        Err(error) => panic!("{values:?}: {error}"),
    }
});
