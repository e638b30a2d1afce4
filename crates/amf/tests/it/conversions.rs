//! What becomes of values that a receiver does not know, and when AMF0 switches to AMF3.

use amf::amf0::AvmPlus;
use amf::{
    Date, Dictionary, EcmaArray, EncodeError, ExternalBody, Externalizable, Limits, ObjectVector,
    Reference, UnknownExternalizable, Value, Vector, amf0, amf3,
};

use crate::{decode0, decode3, encode0, through_amf3};

/// What a receiver that knows AMF0 only gets.
fn for_amf0(value: Value) -> Value {
    decode0(&encode0(&[value], AvmPlus::Never).unwrap())
        .unwrap()
        .remove(0)
}

fn opaque(class: &str) -> Value {
    Externalizable::new(class, ExternalBody::Opaque([1, 2, 3].into())).into()
}

fn proxy(body: Value) -> Value {
    Externalizable::new("flex.messaging.io.ObjectProxy", ExternalBody::Value(body)).into()
}

#[test]
fn amf0_gets_what_comes_closest() {
    let cases: [(Value, Value); 11] = [
        (Value::Integer(7), Value::Number(7.0)),
        (Value::Integer(7).in_amf3(), Value::Number(7.0)),
        (Value::Xml("<a/>".into()), Value::XmlDocument("<a/>".into())),
        (
            Vector::new([1, -2]).into(),
            Value::array([1.into(), (-2).into()]),
        ),
        (Vector::new([1_u32]).into(), Value::array([1.into()])),
        (Vector::new([0.5]).into(), Value::array([0.5.into()])),
        (
            ObjectVector::new(true, "T", [Value::Integer(1), Value::Null]).into(),
            Value::array([1.into(), Value::Null]),
        ),
        (Value::byte_array(b"abc"), Value::Unsupported),
        (Dictionary::new(false, []).into(), Value::Unsupported),
        (
            proxy(Value::array([Value::Integer(1)])),
            Value::array([1.into()]),
        ),
        (opaque("x"), Value::Unsupported),
    ];
    for (value, expected) in cases {
        let inside = Value::object([("a", value.clone())]).in_amf3();
        assert_eq!(
            for_amf0(inside),
            Value::object([("a", expected.clone())]),
            "{value:?}"
        );
        assert_eq!(for_amf0(value), expected);
    }
}

#[test]
fn amf0_gets_the_dense_part_of_an_array_by_name() {
    let array: Value =
        EcmaArray::with_dense([("k", Value::Null)], [Value::Integer(5), 6.into()]).into();
    let expected = [("k", Value::Null), ("0", 5.into()), ("1", 6.into())];
    assert_eq!(for_amf0(array), Value::ecma_array(expected));
}

#[test]
fn cycles_and_shared_parts_survive_a_vanishing_wrapper() {
    let cycle = proxy(Value::object([(
        "up",
        Value::Reference(Reference::Enclosing(1)),
    )]));
    let own = Value::object([("up", Value::Reference(Reference::Enclosing(0)))]);
    assert_eq!(for_amf0(cycle.clone()), own);
    let bytes = encode0(&[Value::array([cycle.clone(), cycle])], AvmPlus::Never).unwrap();
    assert_eq!(
        bytes,
        b"\x0a\0\0\0\x02\x03\0\x02up\x07\0\x01\0\0\x09\x07\0\x01"
    );
}

#[test]
fn amf3_gets_what_comes_closest() {
    let date = Value::Date(Date {
        millis: 1.0,
        zone: 60,
    });
    let values = [Value::Unsupported, date, Value::Null.in_amf3()];
    let expected = [Value::Undefined, Date::from_millis(1.0).into(), Value::Null];
    assert_eq!(through_amf3(&values), expected);
}

#[test]
fn the_switch_happens_when_it_was_asked_for() {
    let values = [
        Value::from("s"),
        Value::Integer(1),
        Value::object([("k", Value::Integer(1))]),
        Value::array([]),
        Value::byte_array(b"b"),
        Value::Null.in_amf3(),
    ];
    let switched = |avm_plus: AvmPlus| -> Vec<bool> {
        let one = |value: &Value| encode0(std::slice::from_ref(value), avm_plus).unwrap();
        values.iter().map(|value| one(value)[0] == 0x11).collect()
    };
    assert_eq!(switched(AvmPlus::Never), [false; 6]);
    assert_eq!(
        switched(AvmPlus::Needed),
        [false, false, false, false, true, true]
    );
    assert_eq!(
        switched(AvmPlus::Objects),
        [false, false, true, true, true, true]
    );
}

#[test]
fn an_opaque_object_is_kept_when_nothing_can_be_mistaken() {
    let limits = Limits {
        unknown_externalizable: UnknownExternalizable::KeepRest,
        ..Limits::default()
    };
    let bytes = b"\x0a\x07\x03x\x01\x02\x03";
    assert_eq!(amf3::decode_all(bytes, &limits).unwrap(), [opaque("x")]);
    assert_eq!(amf3::encode_all(&[opaque("x")]).unwrap(), bytes);
    assert!(decode3(bytes).is_err());
    let message = [&[0x05, 0x11], &bytes[..]].concat();
    let values = amf0::decode_all(&message, &limits).unwrap();
    assert_eq!(values, [Value::Null, opaque("x").in_amf3()]);
    assert_eq!(encode0(&values, AvmPlus::Needed).unwrap(), message);
    // Inside a container, or behind something that filled the tables, its end or its references
    // are not known.
    let array = [b"\x09\x03\x01", &bytes[..]].concat();
    let second = [b"\x06\x03a", &bytes[..]].concat();
    let object = [b"\x0a\0\0\0\x01\x11", &bytes[..]].concat();
    assert!(amf3::decode_all(&array, &limits).is_err());
    assert!(amf3::decode_all(&second, &limits).is_err());
    assert!(amf0::decode_all(&object, &limits).is_err());
}

#[test]
fn an_opaque_object_is_refused_where_it_would_be_misread() {
    let misplaced = || Err(EncodeError::MisplacedOpaque { class: "x".into() });
    assert_eq!(
        amf3::encode_all(&[Value::array([opaque("x")])]),
        misplaced()
    );
    assert_eq!(amf3::encode_all(&["a".into(), opaque("x")]), misplaced());
    assert_eq!(amf3::encode_all(&[opaque("x"), Value::Null]), misplaced());
    assert_eq!(
        encode0(&[opaque("x"), Value::Null], AvmPlus::Needed),
        misplaced()
    );
    let inside = Value::array([opaque("x").in_amf3()]);
    assert_eq!(encode0(&[inside], AvmPlus::Needed), misplaced());
}
