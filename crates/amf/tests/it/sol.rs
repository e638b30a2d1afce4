//! Files of local shared objects: what they hold beside the vectors, and what is no such file.

use amf::sol::{Sol, Version};
use amf::{DecodeError, EncodeError, Limits, Reference, Value};
use proptest::prelude::*;
use testkit::{hex, vectors};

use crate::arbitrary::{Peer, amf0_value, amf3_value};
use crate::config;

fn decode(bytes: &[u8]) -> Result<Sol, DecodeError> {
    Sol::decode(bytes, &Limits::default())
}

fn encode(sol: &Sol) -> Result<Vec<u8>, EncodeError> {
    sol.encode(&Limits::default())
}

fn vector(id: &str) -> Vec<u8> {
    let all = vectors::load_ours("sol.json");
    let mut list = all["vectors"].as_array().unwrap().iter();
    let found = list.find(|vector| vector["id"] == id).unwrap();
    hex::decode(found["hex"].as_str().unwrap()).unwrap()
}

fn of(version: Version, slots: &[(&str, Value)]) -> Sol {
    Sol {
        name: "name".into(),
        version,
        slots: slots
            .iter()
            .map(|(name, value)| ((*name).into(), value.clone()))
            .collect(),
    }
}

/// A file of AMF0 with one slot, whose value is `value`.
fn amf0_file(value: &[u8]) -> Vec<u8> {
    let body = [b"\0\x01a", value, b"\0"].concat();
    let length = 10 + 2 + 3 + 1 + body.len() as u32;
    [
        b"\0\xbf",
        &length.to_be_bytes()[..],
        b"TCSO\0\x04\0\0\0\0\0\0\0\0\0\0",
        &body,
    ]
    .concat()
}

#[test]
fn references_of_amf0_count_the_object_itself() {
    let sol = decode(&vector("flashlso-AS2-half-life-2-flash")).unwrap();
    let slot = |wanted: &str| {
        let mut slots = sol.slots.iter();
        slots
            .find(|(name, _)| name.as_str() == wanted)
            .unwrap()
            .1
            .clone()
    };
    // The weapon in the hand is one of those in the bag.
    let guns = slot("LAST_GUNS");
    let crowbar = guns.get("0").and_then(|list| list.get("0"));
    assert_eq!(Some(&slot("LAST_CURR")), crowbar);
}

#[test]
fn a_slot_cannot_be_the_object_itself() {
    let error = decode(&amf0_file(b"\x07\0\0")).unwrap_err();
    assert!(
        matches!(
            error,
            DecodeError::Reference {
                index: 0,
                len: 1,
                ..
            }
        ),
        "{error}"
    );
    let dangling = of(Version::Amf0, &[("a", Reference::Enclosing(0).into())]);
    assert_eq!(encode(&dangling), Err(EncodeError::DanglingReference));
}

#[test]
fn a_cycle_within_a_slot_is_kept() {
    let cycle = Value::object([("self", Reference::Enclosing(0).into())]);
    for version in [Version::Amf0, Version::Amf3] {
        let sol = of(
            version,
            &[
                ("a", Value::object([("x", 1.into())])),
                ("b", cycle.clone()),
            ],
        );
        assert_eq!(decode(&encode(&sol).unwrap()).unwrap(), sol);
    }
}

#[test]
fn what_amf0_cannot_say_is_written_in_amf3() {
    let sol = of(
        Version::Amf0,
        &[("bytes", Value::byte_array(b"\0\x01")), ("n", 1.into())],
    );
    let read = decode(&encode(&sol).unwrap()).unwrap();
    assert_eq!(read.version, Version::Amf0);
    assert_eq!(read.slots[0].1.plain(), &Value::byte_array(b"\0\x01"));
    assert_eq!(read.slots[1], sol.slots[1]);
}

#[test]
fn deep_files_end_at_the_limit() {
    let error = decode(&amf0_file(&b"\x0a\0\0\0\x01".repeat(70_000))).unwrap_err();
    assert!(
        matches!(error, DecodeError::Limit { limit: "depth", .. }),
        "{error}"
    );
    let many = of(Version::Amf3, &vec![("a", Value::Null); 100]);
    let few = Limits {
        elements: 99,
        ..Limits::default()
    };
    let error = Sol::decode(&encode(&many).unwrap(), &few).unwrap_err();
    assert!(
        matches!(
            error,
            DecodeError::Limit {
                limit: "elements",
                max: 99,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn writing_has_limits_too() {
    let text: Value = "x".repeat(2_000_000).as_str().into();
    let sol = of(Version::Amf0, &[("a", text)]);
    assert_eq!(
        encode(&sol),
        Err(EncodeError::OutputTooLong { max: 1 << 20 })
    );
    let mut named = of(Version::Amf3, &[]);
    named.name = "x".repeat(65_536).into();
    let error = encode(&named).unwrap_err();
    assert!(matches!(error, EncodeError::TooLong { what: "name", .. }));
}

#[test]
fn files_that_are_cut_off_or_too_long_are_refused() {
    for id in [
        "flashlso-AS2-TypedObject-Demo",
        "flashlso-AS3-Dictionary-Demo",
    ] {
        let whole = vector(id);
        for len in 0..whole.len() {
            assert!(decode(&whole[..len]).is_err(), "{len} bytes of {id}");
        }
        let longer = [&whole[..], b"\0"].concat();
        let error = decode(&longer).unwrap_err();
        assert!(
            matches!(error, DecodeError::Trailing { left: 1, .. }),
            "{error}"
        );
    }
    // Its length is right, but the value is missing.
    let error = decode(&amf0_file(b"")).unwrap_err();
    assert!(matches!(
        error,
        DecodeError::Marker { .. } | DecodeError::Truncated { .. }
    ));
    let error = decode(&amf0_file(b"\x05\x01")).unwrap_err();
    let what = "a slot does not end with zero";
    assert!(matches!(error, DecodeError::Sol { what: said, .. } if said == what));
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn everything_survives(
        amf0 in prop::collection::vec(("[a-z]{0,3}", amf0_value(Peer::This)), 0..6),
        amf3 in prop::collection::vec(("[a-z]{0,3}", amf3_value(Peer::This)), 0..6),
    ) {
        let named = |list: &[(String, Value)], version| {
            let slots: Vec<_> = list.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            of(version, &slots)
        };
        // A name that AMF3 takes for the end of a list cannot be written there.
        for sol in [named(&amf0, Version::Amf0), named(&amf3, Version::Amf3)] {
            match encode(&sol) {
                Ok(bytes) => prop_assert_eq!(decode(&bytes).unwrap(), sol),
                Err(error) => prop_assert_eq!(error, EncodeError::EmptyKey),
            }
        }
    }
}
