//! The same values through another implementation: the crate of the Ruffle player.
//!
//! Nesting is shallow, because that crate recurses without a limit.

use amf::packet::{Message, Packet};
use amf::sol::{Sol, Version};
use amf::{
    Date, Dictionary, EcmaArray, Limits, Object, ObjectVector, Str, Value, Vector, amf0, amf3,
};
use flash_lso::amf0::read::AMF0Decoder;
use flash_lso::amf3::read::AMF3Decoder;
use flash_lso::packet as theirs;
use flash_lso::read::Reader;
use flash_lso::types::{Attribute, Element, Value as Theirs};
use proptest::prelude::*;
use testkit::{hex, vectors};

use crate::arbitrary::{Peer, amf0_value, amf3_value};
use crate::config;

/// What a value of theirs is in our terms. `amf3` says which format it was read from.
// tidy: allow long: one arm per kind of value, and nothing else
fn ours(value: &Theirs, amf3: bool) -> Value {
    let list = |values: &[Theirs]| -> Vec<Value> { values.iter().map(|v| ours(v, amf3)).collect() };
    let pairs = |elements: &[Element]| -> Vec<(Str, Value)> {
        elements
            .iter()
            .map(|e| (e.name.as_str().into(), ours(&e.value, amf3)))
            .collect()
    };
    match value {
        Theirs::Number(number) => Value::Number(*number),
        Theirs::Bool(truth) => Value::Boolean(*truth),
        Theirs::String(text) => text.as_str().into(),
        Theirs::Null => Value::Null,
        Theirs::Undefined => Value::Undefined,
        Theirs::Unsupported => Value::Unsupported,
        Theirs::Integer(number) => Value::Integer(*number),
        Theirs::XML {
            value,
            is_string: true,
        } if amf3 => Value::Xml(value.as_str().into()),
        Theirs::XML { value, .. } => Value::XmlDocument(value.as_str().into()),
        Theirs::Date {
            time,
            timezone_or_utc,
        } => {
            let zone = timezone_or_utc.map_or(0, u16::cast_signed);
            Value::Date(Date {
                millis: *time,
                zone,
            })
        }
        Theirs::Object { data, .. } => {
            let props = pairs(&data.elements);
            match &data.class_definition {
                None => Object::new(props).into(),
                Some(class) if !amf3 => Object::typed(class.name.as_str(), props).into(),
                Some(class) => {
                    let name = (!class.name.is_empty()).then(|| Str::from(&class.name));
                    let dynamic = class.attributes.contains(Attribute::Dynamic);
                    let sealed = class.static_properties.len();
                    Object::with_traits(name, sealed, dynamic, props).into()
                }
            }
        }
        Theirs::ECMAArray { data, .. } => {
            EcmaArray::with_dense(pairs(&data.elements), list(&data.dense)).into()
        }
        Theirs::StrictArray { values, .. } => list(values).into(),
        Theirs::AMF3(inner) => ours(inner, true).in_amf3(),
        Theirs::ByteArray(bytes) => Value::byte_array(bytes),
        Theirs::VectorInt(v) => Vector {
            fixed: v.fixed_length,
            items: v.values[..].into(),
        }
        .into(),
        Theirs::VectorUInt(v) => Vector {
            fixed: v.fixed_length,
            items: v.values[..].into(),
        }
        .into(),
        Theirs::VectorDouble(v) => Vector {
            fixed: v.fixed_length,
            items: v.values[..].into(),
        }
        .into(),
        Theirs::VectorObject { data, .. } => {
            let name = data.object_type_name.as_str();
            ObjectVector::new(data.fixed_length, name, list(&data.values)).into()
        }
        Theirs::Dictionary { data, .. } => {
            let entry =
                |e: &flash_lso::types::DictionaryEntry| (ours(&e.key, amf3), ours(&e.value, amf3));
            Dictionary::new(data.weak_keys, data.elements.iter().map(entry)).into()
        }
        other => panic!("nothing here makes {other:?}"),
    }
}

/// Our bytes read and written by them, then read by us.
fn there_and_back(value: &Value) -> Value {
    let message = Message {
        target: "t".into(),
        response: "/1".into(),
        length: Some(0),
        value: value.clone(),
    };
    let packet = Packet {
        version: 3,
        headers: vec![],
        messages: vec![message],
    };
    let limits = Limits {
        output_bytes: 16 << 20,
        ..Limits::default()
    };
    let bytes = packet.encode(&limits).unwrap();
    let parsed = theirs::read::parse(&bytes).unwrap();
    let again = theirs::write::write_to_bytes(&parsed, true).unwrap();
    Packet::decode(&again, &limits)
        .unwrap()
        .messages
        .remove(0)
        .value
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn they_read_our_amf0(value in amf0_value(Peer::Other)) {
        let bytes = amf0::encode_all(std::slice::from_ref(&value)).unwrap();
        let (rest, read) = AMF0Decoder::default().parse_single_element(&bytes).unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(ours(&read, false), value);
    }

    #[test]
    fn they_read_our_amf3(value in amf3_value(Peer::Other)) {
        let bytes = amf3::encode_all(std::slice::from_ref(&value)).unwrap();
        let (rest, read) = AMF3Decoder::default().parse_single_element(&bytes).unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(ours(&read, true), value);
    }

    #[test]
    fn we_read_their_amf0(value in amf0_value(Peer::Other)) {
        prop_assert_eq!(there_and_back(&value), value);
    }

    #[test]
    fn we_read_their_amf3(value in amf3_value(Peer::Other)) {
        let value = value.in_amf3();
        prop_assert_eq!(there_and_back(&value), value);
    }
}

/// Slots with names of their own, of either version. At least one: they refuse a file of AMF3
/// without any.
fn sol() -> impl Strategy<Value = Sol> {
    let of = |version, value: BoxedStrategy<Value>| {
        prop::collection::vec(value, 1..5).prop_map(move |values| Sol {
            name: "lobby/x".into(),
            version,
            slots: (0..)
                .zip(values)
                .map(|(at, value)| (format!("slot {at}").into(), value))
                .collect(),
        })
    };
    prop_oneof![
        of(Version::Amf0, amf0_value(Peer::Other)),
        of(Version::Amf3, amf3_value(Peer::Other)),
    ]
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn local_shared_objects_are_the_same_there_and_back(sol in sol()) {
        let bytes = sol.encode(&Limits::default()).unwrap();
        let mut theirs = Reader::default().parse(&bytes).unwrap();
        let amf3 = sol.version == Version::Amf3;
        let read: Vec<(Str, Value)> = theirs
            .body
            .iter()
            .map(|slot| (slot.name.as_str().into(), ours(&slot.value, amf3)))
            .collect();
        prop_assert_eq!(&theirs.header.name, sol.name.as_str());
        prop_assert_eq!(&read, &sol.slots);
        let again = flash_lso::write::write_to_bytes(&mut theirs).unwrap();
        prop_assert_eq!(Sol::decode(&again, &Limits::default()).unwrap(), sol);
    }
}

#[test]
fn both_read_the_vectors_alike() {
    let mut compared = 0;
    for (file, amf3) in [("amf0.json", false), ("amf3.json", true)] {
        for vector in vectors::load_ours(file)["vectors"].as_array().unwrap() {
            let Some(bytes) = vector["hex"]
                .as_str()
                .map(|text| hex::decode(text).unwrap())
            else {
                continue;
            };
            let limits = Limits::default();
            let mine = if amf3 {
                amf3::decode_all(&bytes, &limits)
            } else {
                amf0::decode_all(&bytes, &limits)
            };
            let first = mine.unwrap().remove(0);
            let read = if amf3 {
                AMF3Decoder::default().parse_single_element(&bytes)
            } else {
                AMF0Decoder::default().parse_single_element(&bytes)
            };
            // They leave references to the caller and know no class of Flex by default.
            if !vector.to_string().contains("\"reference\"")
                && !vector.to_string().contains("flex.")
            {
                assert_eq!(ours(&read.unwrap().1, amf3), first, "{}", vector["id"]);
                compared += 1;
            }
        }
    }
    assert!(compared > 150, "{compared}");
}
