//! Shared parts and cycles.

use std::sync::Arc;

use amf::amf0::AvmPlus;
use amf::{
    Dictionary, EncodeError, ExternalBody, Externalizable, Limits, ObjectVector, Reference, Value,
    amf0, amf3,
};

use crate::{decode0, decode3, encode0, through_amf0, through_amf3};

/// Whether two values are the same object, not only equal ones.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        (Value::StrictArray(a), Value::StrictArray(b)) => Arc::ptr_eq(a, b),
        (Value::ByteArray(a), Value::ByteArray(b)) => Arc::ptr_eq(a, b),
        (Value::Xml(a), Value::Xml(b)) => Arc::ptr_eq(a, b),
        (Value::VectorInt(a), Value::VectorInt(b)) => Arc::ptr_eq(a, b),
        (Value::Dictionary(a), Value::Dictionary(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

#[test]
fn shared_parts_are_shared_again_and_equal_ones_are_not() {
    let shared = Value::object([("a", Value::Null)]);
    let equal = Value::object([("a", Value::Null)]);
    let values = [
        Value::array([shared.clone(), equal, shared.clone()]),
        shared,
    ];
    for read in [through_amf0(&values), through_amf3(&values)] {
        assert_eq!(read, values);
        let items = read[0].as_array().unwrap();
        assert!(same(&items[0], &items[2]) && same(&items[0], &read[1]));
        assert!(!same(&items[0], &items[1]));
    }
}

#[test]
fn everything_amf3_can_share_is_shared() {
    let shared = [
        Value::byte_array(b"abc"),
        Value::Xml("<a/>".into()),
        amf::Vector::new([1, 2, 3]).into(),
        Dictionary::new(false, [(Value::Null, Value::Null)]).into(),
        Value::array([]),
    ];
    for part in shared {
        let read = through_amf3(&[part.clone(), part]);
        assert!(same(&read[0], &read[1]), "{read:?}");
    }
}

#[test]
fn one_text_as_xml_and_as_xml_document_is_two_values() {
    let text: Arc<str> = "<a/>".into();
    let values = [
        Value::Xml(text.clone()),
        Value::XmlDocument(text.clone()),
        Value::Xml(text),
    ];
    assert_eq!(through_amf3(&values), values);
}

#[test]
fn a_cycle_is_a_reference_to_an_enclosing_container() {
    // {self: itself, list: [the object, the list]}
    let bytes = b"\x03\0\x04self\x07\0\0\0\x04list\x0a\0\0\0\x02\x07\0\0\x07\0\x01\0\0\x09";
    let enclosing = |levels| Value::Reference(Reference::Enclosing(levels));
    let value = Value::object([
        ("self", enclosing(0)),
        ("list", Value::array([enclosing(1), enclosing(0)])),
    ]);
    assert_eq!(decode0(bytes).unwrap(), [value.clone()]);
    assert_eq!(amf0::encode_all(&[value.clone()]).unwrap(), bytes);
    assert_eq!(through_amf3(std::slice::from_ref(&value)), [value.clone()]);
    // As a part of a larger value it is still the same cycle.
    let outer = [Value::array([Value::object([("x", Value::Null)]), value])];
    assert_eq!(through_amf0(&outer), outer);
    assert_eq!(through_amf3(&outer), outer);
    let switched = [Value::array([outer[0].clone().in_amf3(), Value::array([])])];
    assert_eq!(through_amf0(&switched), switched);
}

#[test]
fn every_container_of_amf3_can_hold_itself() {
    let inner = || Value::Reference(Reference::Enclosing(0));
    let values: [Value; 6] = [
        Value::object([("a", inner())]),
        Value::ecma_array([("a", inner())]),
        Value::array([inner()]),
        ObjectVector::new(false, "", [inner()]).into(),
        Dictionary::new(true, [(inner(), inner())]).into(),
        Externalizable::new(
            "flex.messaging.io.ObjectProxy",
            ExternalBody::Value(inner()),
        )
        .into(),
    ];
    assert_eq!(through_amf3(&values), values);
}

#[test]
fn a_shared_part_of_a_cycle_is_written_once() {
    // {b: B, c: {b: B}} where B refers to the outermost object.
    let b = Value::object([("up", Value::Reference(Reference::Enclosing(1)))]);
    let value = Value::object([("b", b.clone()), ("c", Value::object([("b", b)]))]);
    for read in [
        through_amf0(&[value.clone()]),
        through_amf3(&[value.clone()]),
    ] {
        assert_eq!(read, [value.clone()]);
        assert!(same(
            read[0].get("b").unwrap(),
            read[0].get("c").unwrap().get("b").unwrap()
        ));
    }
}

#[test]
fn a_reference_without_its_target_is_refused() {
    let dangling = [
        Value::Reference(Reference::Enclosing(0)),
        Value::array([Value::Reference(Reference::Enclosing(1))]),
        Value::Reference(Reference::Table {
            index: 0,
            marker: 0,
        }),
        // The target is on the other side of the switch to AMF3.
        Value::array([Value::array([Value::Reference(Reference::Enclosing(1))]).in_amf3()]),
    ];
    for value in dangling {
        let refused = Err(EncodeError::DanglingReference);
        assert_eq!(encode0(&[value], AvmPlus::Needed), refused);
    }
    let kept = Value::Reference(Reference::Table {
        index: 0,
        marker: 0,
    });
    let error = amf3::encode_all(&[Value::array([]), kept]);
    assert_eq!(error, Err(EncodeError::DanglingReference));
}

#[test]
fn without_references_shared_parts_are_repeated_and_cycles_refused() {
    let shared = Value::array([Value::Null]);
    let mut out = Vec::new();
    let mut encoder = amf0::Encoder::new(&mut out, &Limits::default()).references(false);
    encoder
        .value(&Value::array([shared.clone(), shared]))
        .unwrap();
    let cycle = Value::array([Value::Reference(Reference::Enclosing(0))]);
    assert_eq!(encoder.value(&cycle), Err(EncodeError::DanglingReference));
    assert_eq!(out, b"\x0a\0\0\0\x02\x0a\0\0\0\x01\x05\x0a\0\0\0\x01\x05");
}

#[test]
fn amf3_values_of_a_message_share_tables_when_read() {
    // Object 0 and its class and text, then references to all three from a second value.
    let bytes = [
        &b"\x11\x0a\x0b\x03c\x03k\x06\x03v\x01"[..],
        b"\x11\x09\x07\x01\x0a\x00\x06\x04",
    ];
    let bytes = [bytes[0], bytes[1], b"\x0a\x01\x01"].concat();
    let read = decode0(&bytes).unwrap();
    let items = read[1].as_array().unwrap();
    assert!(same(read[0].plain(), &items[0]));
    assert_eq!(items[1].as_str(), Some("v"));
    assert_eq!(items[2].as_object().unwrap().class().unwrap(), "c");
}

#[test]
fn amf3_values_of_a_message_do_not_refer_to_each_other_when_written() {
    let object = Value::typed_object("c", [("k", Value::from("v"))]);
    let twice = [object.clone().in_amf3(), object.clone().in_amf3()];
    let once = encode0(&twice[..1], AvmPlus::Needed).unwrap();
    assert_eq!(encode0(&twice, AvmPlus::Needed).unwrap(), once.repeat(2));
    // Inside one value references are numbered as a reader that keeps its tables does.
    let pair = Value::array([object.clone(), object]).in_amf3();
    let read = through_amf0(&[twice[0].clone(), pair.clone()]);
    assert_eq!(read[1], pair);
    let items = read[1].as_array().unwrap();
    assert!(same(&items[0], &items[1]));
    assert!(!same(&items[0], read[0].plain()));
}

#[test]
fn a_value_that_was_refused_is_not_remembered() {
    let part = Value::typed_object("c", [("k", "v".into())]);
    let bad = Value::array([part.clone(), Value::Reference(Reference::Enclosing(9))]);
    let good = Value::array([part.clone(), part]);
    let clean0 = encode0(&[good.clone().in_amf3(), good.clone()], AvmPlus::Needed).unwrap();
    let mut out = Vec::new();
    let mut encoder = amf0::Encoder::new(&mut out, &Limits::default()).avm_plus(AvmPlus::Needed);
    encoder.value(&bad.clone().in_amf3()).unwrap_err();
    encoder.value(&good.clone().in_amf3()).unwrap();
    encoder.value(&bad).unwrap_err();
    encoder.value(&good).unwrap();
    assert_eq!(out, clean0);
    let clean3 = amf3::encode_all(std::slice::from_ref(&good)).unwrap();
    let mut out = Vec::new();
    let mut encoder = amf3::Encoder::new(&mut out, &Limits::default());
    encoder.value(&bad).unwrap_err();
    encoder.value(&good).unwrap();
    assert_eq!(out, clean3);
}

#[test]
fn references_reach_as_far_as_their_index() {
    let limits = Limits {
        elements: 200_000,
        output_bytes: 10 << 20,
        ..Limits::default()
    };
    let message = |fill: usize| {
        let last = Value::array([]);
        let mut items: Vec<Value> = (0..fill).map(|_| Value::array([])).collect();
        items.extend([last.clone(), last]);
        Value::from(items)
    };
    // The array is place 0, its parts are the places after it.
    let value = message(65_534);
    let mut out = Vec::new();
    amf0::Encoder::new(&mut out, &limits).value(&value).unwrap();
    assert_eq!(amf0::decode_all(&out, &limits).unwrap(), [value]);
    let too_far = EncodeError::ReferenceTooFar {
        index: 65_536,
        max: 65_535,
    };
    let mut out = Vec::new();
    let written = amf0::Encoder::new(&mut out, &limits).value(&message(65_535));
    assert_eq!((written, out.len()), (Err(too_far), 0));
}

#[test]
fn kept_references_show_the_wire() {
    let bytes = b"\x0a\0\0\0\x02\x05\x07\0\0";
    let mut decoder = amf0::Decoder::new(bytes, &Limits::default()).keep_references();
    let value = decoder.value().unwrap().unwrap();
    let reference = Reference::Table {
        index: 0,
        marker: 0,
    };
    assert_eq!(value.as_array().unwrap()[1], Value::Reference(reference));
    assert_eq!(amf0::encode_all(&[value]).unwrap(), bytes);
    let bytes = b"\x09\x05\x01\x01\x09\x00";
    let mut decoder = amf3::Decoder::new(bytes, &Limits::default()).keep_references();
    let value = decoder.value().unwrap().unwrap();
    assert_eq!(amf3::encode_all(&[value]).unwrap(), bytes);
    assert!(decode3(bytes).is_ok());
}

#[test]
fn a_value_for_anywhere_has_no_references_and_a_cycle_is_refused() {
    let shared = Value::typed_object("app.Part", [("name", Value::from("name"))]);
    let value = Value::array([shared.clone(), shared]);
    for avm_plus in [AvmPlus::Never, AvmPlus::Objects] {
        let mut alone = Vec::new();
        let mut encoder = amf0::Encoder::new(&mut alone, &Limits::default()).avm_plus(avm_plus);
        encoder.value_anywhere(&value).unwrap();
        let cycle = Value::object([("me", Value::Reference(Reference::Enclosing(0)))]);
        let refused = encoder.value_anywhere(&cycle);
        assert_eq!(refused, Err(EncodeError::DanglingReference));
        // Behind others, the same bytes mean the same to a reader that keeps its tables.
        let before = amf0::encode_all(&[Value::object([("other", Value::array([]))])]).unwrap();
        let bytes = [before.as_slice(), &alone, &alone].concat();
        let read = amf0::decode_all(&bytes, &Limits::default()).unwrap();
        assert_eq!(read.len(), 3);
        for copy in &read[1..] {
            let items = copy.as_array().unwrap();
            assert_eq!(copy.plain(), &value);
            assert!(!same(items[0].plain(), items[1].plain()));
        }
    }
}
