//! Values deeper than any stack, as programs may build them.

use amf::amf0::{AvmPlus, Encoder};
use amf::{
    Dictionary, EncodeError, ExternalBody, Externalizable, Limits, ObjectVector, Value, amf0, amf3,
};

const LEVELS: usize = 100_000;

/// Every way to put a value into another.
const WRAPS: [fn(Value) -> Value; 8] = [
    |part| Value::array([part]),
    |part| Value::object([("a", part)]),
    |part| Value::ecma_array([("a", part)]),
    |part| amf::EcmaArray::with_dense([("a", Value::Null)], [part]).into(),
    |part| ObjectVector::new(false, "", [part]).into(),
    |part| Dictionary::new(false, [(part, Value::Null)]).into(),
    |part| Externalizable::new("flex.messaging.io.ArrayList", ExternalBody::Value(part)).into(),
    |part| Value::Amf3(part.into()),
];

fn deep(wrap: fn(Value) -> Value) -> Value {
    (0..LEVELS).fold(Value::Null, |part, _| wrap(part))
}

#[test]
fn deep_values_are_dropped_counted_compared_and_shown() {
    for wrap in WRAPS {
        let (a, b) = (deep(wrap), deep(wrap));
        assert_eq!(a, a.clone());
        assert_ne!(a, b);
        assert!(format!("{a:?}").len() < 100_000);
        // The marks of AMF3 are no values of their own.
        assert!(matches!(a.count_up_to(1000), None | Some(1)));
        assert!(a.count_up_to(10 * LEVELS).is_some());
        let part = a.clone();
        drop(a);
        drop(part);
    }
}

#[test]
fn deep_values_are_refused_by_the_encoders() {
    let refused = Err(EncodeError::TooDeep { max: 64 });
    // Marks alone are not deep: they vanish.
    for wrap in &WRAPS[..7] {
        let value = deep(*wrap);
        assert_eq!(
            amf3::encode_all(std::slice::from_ref(&value)),
            refused.clone()
        );
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, &Limits::default()).avm_plus(AvmPlus::Objects);
        assert_eq!(encoder.value(&value).map(|()| Vec::new()), refused.clone());
    }
    for wrap in &WRAPS[..3] {
        assert_eq!(amf0::encode_all(&[deep(*wrap)]), refused.clone());
    }
}
