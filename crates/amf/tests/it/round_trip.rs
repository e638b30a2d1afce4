//! What is written reads back as it was, and is then written as the same bytes.

use amf::amf0::AvmPlus;
use amf::packet::{Header, Message, Packet};
use amf::{Date, EcmaArray, ExternalBody, Externalizable, Limits, Object, Str, Value, amf0, amf3};
use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::arbitrary::{Peer, amf0_value, amf3_value};
use crate::{config, decode0, decode3, encode0, through_amf0, through_amf3};

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn amf0(values in vec(amf0_value(Peer::This), 0..4)) {
        let bytes = amf0::encode_all(&values).unwrap();
        let read = decode0(&bytes).unwrap();
        prop_assert_eq!(&read, &values);
        prop_assert_eq!(amf0::encode_all(&read).unwrap(), bytes);
    }

    #[test]
    fn amf3(values in vec(amf3_value(Peer::This), 0..4)) {
        let bytes = amf3::encode_all(&values).unwrap();
        let read = decode3(&bytes).unwrap();
        prop_assert_eq!(&read, &values);
        prop_assert_eq!(amf3::encode_all(&read).unwrap(), bytes);
    }

    #[test]
    fn amf3_inside_amf0(plain in amf0_value(Peer::This), values in vec(amf3_value(Peer::This), 1..4)) {
        let switched = values.iter().cloned().map(Value::in_amf3);
        let values: Vec<Value> = [plain].into_iter().chain(switched).collect();
        let bytes = encode0(&values, AvmPlus::Needed).unwrap();
        let read = decode0(&bytes).unwrap();
        prop_assert_eq!(&read, &values);
        prop_assert_eq!(encode0(&read, AvmPlus::Needed).unwrap(), bytes);
    }

    #[test]
    fn packets(header in amf0_value(Peer::This), values in vec(amf3_value(Peer::This), 0..3)) {
        let message = |value: Value| Message {
            target: "a.b".into(),
            response: "/1".into(),
            length: None,
            value: value.in_amf3(),
        };
        let headers =
            vec![Header { name: "h".into(), must_understand: false, length: None, value: header }];
        let packet =
            Packet { version: 3, headers, messages: values.into_iter().map(message).collect() };
        let bytes = packet.encode(&Limits::default()).unwrap();
        prop_assert_eq!(Packet::decode(&bytes, &Limits::default()).unwrap(), packet);
    }
}

#[test]
fn every_bit_of_a_number_survives() {
    for bits in [
        0x7ff8_0000_0000_0001,
        0xfff0_0000_0000_0001,
        0x8000_0000_0000_0000_u64,
    ] {
        let value = [Value::Number(f64::from_bits(bits))];
        for read in [through_amf0(&value), through_amf3(&value)] {
            assert_eq!(read[0].as_f64().map(f64::to_bits), Some(bits));
        }
    }
}

#[test]
fn order_and_repeats_of_properties_survive() {
    let pairs = || [("b", 1.into()), ("a", 2.into()), ("b", 3.into())];
    let keys = |value: &Value| -> Vec<String> {
        value
            .props()
            .unwrap()
            .iter()
            .map(|(key, _)| key.to_string())
            .collect()
    };
    for value in [Value::object(pairs()), Value::ecma_array(pairs())] {
        for read in [
            through_amf0(&[value.clone()]),
            through_amf3(&[value.clone()]),
        ] {
            assert_eq!(keys(&read[0]), ["b", "a", "b"]);
            assert_eq!(read[0].get("b"), Some(&Value::Number(3.0)));
        }
    }
}

#[test]
fn the_length_of_text_chooses_the_marker() {
    let text = |len: usize| Value::from("a".repeat(len));
    let bytes = amf0::encode_all(&[text(65_535)]).unwrap();
    assert_eq!(bytes[..3], [0x02, 0xff, 0xff]);
    let bytes = amf0::encode_all(&[text(65_536)]).unwrap();
    assert_eq!(bytes[..5], [0x0c, 0x00, 0x01, 0x00, 0x00]);
    assert_eq!(decode0(&bytes).unwrap(), [text(65_536)]);
}

#[test]
fn integers_take_as_few_bytes_as_they_can() {
    let cases: [(i32, &[u8]); 7] = [
        (0x7f, &[0x04, 0x7f]),
        (0x80, &[0x04, 0x81, 0x00]),
        (0x3fff, &[0x04, 0xff, 0x7f]),
        (0x4000, &[0x04, 0x81, 0x80, 0x00]),
        (0x1f_ffff, &[0x04, 0xff, 0xff, 0x7f]),
        (0x20_0000, &[0x04, 0x80, 0xc0, 0x80, 0x00]),
        (-1, &[0x04, 0xff, 0xff, 0xff, 0xff]),
    ];
    for (number, bytes) in cases {
        assert_eq!(
            amf3::encode_all(&[Value::Integer(number)]).unwrap(),
            bytes,
            "{number}"
        );
        assert_eq!(decode3(bytes).unwrap(), [Value::Integer(number)]);
    }
    // Outside 29 bits only a double is left.
    for number in [1 << 28, -(1 << 28) - 1, i32::MAX, i32::MIN] {
        let read = through_amf3(&[Value::Integer(number)]);
        assert_eq!(read, [Value::Number(f64::from(number))]);
    }
}

#[test]
fn names_stand_alone_between_values() {
    let mut bytes = Vec::new();
    amf0::write_key(&mut bytes, "slot").unwrap();
    bytes.extend(amf0::encode_all(&[Value::Null]).unwrap());
    let mut decoder = amf0::Decoder::new(&bytes, &Limits::default());
    assert_eq!(decoder.key().unwrap(), "slot");
    assert_eq!((decoder.position(), decoder.rest()), (6, &[0x05][..]));
    assert_eq!(decoder.value(), Ok(Some(Value::Null)));
    assert_eq!(decoder.value(), Ok(None));
    let mut input = &bytes[..];
    assert_eq!(amf0::read_key(&mut input).unwrap(), "slot");
    assert_eq!(input, [0x05]);
    assert!(amf0::read_key(&mut input).is_err());
    assert_eq!(input, [0x05]);
    assert!(amf0::write_key(&mut bytes, &"a".repeat(65_536)).is_err());
}

#[test]
fn amf3_names_use_the_table_of_texts() {
    let mut bytes = BytesMut::new();
    let mut encoder = amf3::Encoder::new(&mut bytes, &Limits::default());
    let slot = Str::from("slot");
    encoder.key(&slot).unwrap();
    encoder.value(&Value::String(slot.clone())).unwrap();
    assert_eq!(&bytes[..], b"\x09slot\x06\x00");
    let mut decoder = amf3::Decoder::new(&bytes, &Limits::default());
    assert_eq!(decoder.key().unwrap(), slot);
    assert_eq!(decoder.value(), Ok(Some(Value::String(slot))));
}

#[test]
fn classes_are_told_apart_and_written_once() {
    let object = |class: Option<Str>, sealed, dynamic, key: &str| -> Value {
        Object::with_traits(class, sealed, dynamic, [(key, Value::Null)]).into()
    };
    let class = || Some(Str::from("c"));
    let values = [
        object(class(), 1, true, "a"),
        object(class(), 1, false, "a"),
        object(class(), 0, true, "a"),
        object(class(), 1, true, "b"),
        object(None, 1, true, "a"),
        object(class(), 1, true, "a"),
        Externalizable::new(
            "flex.messaging.io.ObjectProxy",
            ExternalBody::Value(Value::Null),
        )
        .into(),
        Externalizable::new(
            "flex.messaging.io.ObjectProxy",
            ExternalBody::Value(Value::Null),
        )
        .into(),
    ];
    assert_eq!(through_amf3(&values), values);
    let one = amf3::encode_all(&values[..1]).unwrap().len();
    let two = amf3::encode_all(&[values[0].clone(), values[5].clone()])
        .unwrap()
        .len();
    // Marker, class reference, null and the end of the dynamic part.
    assert_eq!(two - one, 4);
}

#[test]
fn an_empty_name_needs_a_class_in_amf3() {
    let empty = || [("", Value::Null)];
    let sealed: Value = Object::with_traits(None, 1, true, empty()).into();
    assert_eq!(through_amf3(std::slice::from_ref(&sealed)), [sealed]);
    for value in [Value::object(empty()), Value::ecma_array(empty())] {
        assert_eq!(through_amf0(std::slice::from_ref(&value)), [value.clone()]);
        assert_eq!(amf3::encode_all(&[value]), Err(amf::EncodeError::EmptyKey));
    }
}

#[test]
fn dates_keep_their_zone_in_amf0_only() {
    let date = Value::Date(Date {
        millis: 1.5,
        zone: -300,
    });
    assert_eq!(through_amf0(std::slice::from_ref(&date)), [date.clone()]);
    assert_eq!(through_amf3(&[date]), [Value::from(Date::from_millis(1.5))]);
}

#[test]
fn the_count_of_an_ecma_array_is_written_as_it_was_read() {
    let bytes = [0x08, 0, 0, 0, 77, 0, 1, b'a', 0x05, 0, 0, 0x09];
    let values = decode0(&bytes).unwrap();
    assert_eq!(amf0::encode_all(&values).unwrap(), bytes);
    let made: Value = EcmaArray::new([("a", Value::Null), ("b", Value::Null)]).into();
    assert_eq!(amf0::encode_all(&[made]).unwrap()[..5], [0x08, 0, 0, 0, 2]);
}
