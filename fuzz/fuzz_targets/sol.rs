//! Any bytes as the file of a local shared object. What can be read can be written and reads the
//! same again.
#![no_main]

use amf::sol::Sol;
use amf::{EncodeError, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(sol) = Sol::decode(bytes, &limits) else {
        return;
    };
    match sol.encode(&limits) {
        Ok(again) => {
            let read = Sol::decode(&again, &limits).expect("our own output is readable");
            // Comparing gives up on values that are enormous when walked.
            let mut values = sol.slots.iter().map(|(_, value)| value);
            if values.all(|value| value.count_up_to(100_000).is_some()) {
                assert_eq!(read, sol);
            }
        }
        // An empty name ends a list in AMF3, so it cannot be written where AMF0 allows it.
        Err(EncodeError::OutputTooLong { .. } | EncodeError::EmptyKey) => {}
        Err(error) => panic!("{sol:?}: {error}"),
    }
});
