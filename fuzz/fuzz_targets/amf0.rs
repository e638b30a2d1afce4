//! Any bytes as an AMF0 message. What can be read can be written and reads the same again.
#![no_main]

use amf::amf0::{AvmPlus, Encoder, decode_all};
use amf::{EncodeError, Limits, UnknownExternalizable, Value};
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
    for avm_plus in [AvmPlus::Never, AvmPlus::Objects] {
        let _ = write(&values, avm_plus, &limits);
    }
    match write(&values, AvmPlus::Needed, &limits) {
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
        // A second AMF3 value of a message may have referred into a cycle of the first, and text
        // that was referred to is written each time. What is opaque cannot be taken apart.
        Err(
            EncodeError::DanglingReference
            | EncodeError::MisplacedOpaque { .. }
            | EncodeError::OutputTooLong { .. },
        ) => {}
        Err(error) => panic!("{values:?}: {error}"),
    }
});

fn write(values: &[Value], avm_plus: AvmPlus, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, limits).avm_plus(avm_plus);
    values.iter().try_for_each(|value| encoder.value(value))?;
    Ok(out)
}
