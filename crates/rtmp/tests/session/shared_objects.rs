//! Shared-object messages whose values share parts, and what they may cost.

use std::sync::Arc;

use amf::{DecodeError, Dictionary, Reference, Value, amf0};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rtmp::message::type_id;
use rtmp::shared_object::{Event, Message};
use rtmp::{Encoding, Error, Limits};

const ENCODINGS: [Encoding; 2] = [Encoding::Amf0, Encoding::Amf3];

fn message(encoding: Encoding, events: Vec<Event>) -> Message {
    Message {
        encoding,
        ..Message::new("so", 1, false, events)
    }
}

fn change(slots: &[(&str, Value)]) -> Event {
    let slots = slots
        .iter()
        .map(|(key, value)| ((*key).into(), value.clone()));
    Event::Change(slots.collect())
}

fn decode(encoding: Encoding, body: &Bytes, limits: &Limits) -> Result<Message, Error> {
    let type_id = match encoding {
        Encoding::Amf0 => type_id::SHARED_OBJECT_AMF0,
        Encoding::Amf3 => type_id::SHARED_OBJECT_AMF3,
    };
    Message::decode(type_id, body, limits)
}

/// What a receiver reads, without the marks of values that came in AMF3.
fn through(sent: &Message) -> Vec<Event> {
    let body = sent.encode().unwrap();
    let read = decode(sent.encoding, &body, &Limits::default()).unwrap();
    read.events.into_iter().map(unmarked).collect()
}

fn unmarked(event: Event) -> Event {
    match event {
        Event::Change(slots) => {
            let plain = slots
                .into_iter()
                .map(|(key, value)| (key, value.plain().clone()));
            Event::Change(plain.collect())
        }
        Event::SendMessage { handler, args } => Event::SendMessage {
            handler,
            args: args.iter().map(|arg| arg.plain().clone()).collect(),
        },
        other => other,
    }
}

fn named(name: &str) -> Value {
    Value::object([(name, Value::Null)])
}

#[test]
fn what_a_slot_shares_within_itself_reads_back() {
    let shared = named("bar");
    let event = change(&[
        ("a", named("foo")),
        ("b", Value::array([shared.clone(), shared])),
    ]);
    for encoding in ENCODINGS {
        let sent = message(encoding, vec![event.clone(), event.clone()]);
        assert_eq!(through(&sent), sent.events, "{encoding:?}");
    }
}

#[test]
fn a_cycle_in_a_later_slot_reads_back() {
    let cycle = Value::array([Value::array([Reference::Enclosing(1).into()])]);
    let event = change(&[("a", named("foo")), ("b", cycle)]);
    for encoding in ENCODINGS {
        let sent = message(encoding, vec![event.clone()]);
        assert_eq!(through(&sent), sent.events, "{encoding:?}");
    }
}

#[test]
fn a_large_value_with_shared_parts_stays_small() {
    let large = (0..20).fold(named("x"), |part, _| Value::array([part.clone(), part]));
    let event = change(&[("a", named("foo")), ("b", large)]);
    for encoding in ENCODINGS {
        let body = message(encoding, vec![event.clone()]).encode().unwrap();
        assert!(body.len() < 1000, "{encoding:?}: {}", body.len());
    }
}

/// Values that are made one after the other from parts of earlier ones.
fn values_that_share() -> impl Strategy<Value = Vec<Value>> {
    vec(
        (
            0_u8..5,
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
        ),
        1..12,
    )
    .prop_map(|steps| {
        let mut values = vec![named("first")];
        for (kind, a, b) in steps {
            let (a, b) = (a.get(&values).clone(), b.get(&values).clone());
            values.push(match kind {
                0 => Value::array([a, b]),
                1 => Value::object([("a", a), ("b", b)]),
                2 => Value::typed_object("a.B", [("a", a)]),
                3 => Value::array([Arc::<str>::from("text").as_ref().into(), a]),
                _ => named("other"),
            });
        }
        values
    })
}

proptest! {
    #[test]
    fn slots_and_arguments_that_share_parts_read_back(values in values_that_share()) {
        let slots = values.iter().map(|value| ("key".into(), value.clone())).collect();
        let events = vec![
            Event::Change(slots),
            Event::SendMessage { handler: "f".into(), args: values.clone() },
            change(&[("last", Value::array(values))]),
        ];
        for encoding in ENCODINGS {
            let sent = message(encoding, events.clone());
            prop_assert_eq!(through(&sent), events.clone());
        }
    }

    /// Whether a reader starts its table again with each slot or not makes no difference.
    #[test]
    fn a_slot_needs_no_other_slot_to_be_read(values in values_that_share(), switch: bool) {
        let encoding = if switch { Encoding::Amf3 } else { Encoding::Amf0 };
        let slots = values.iter().map(|value| (String::new().into(), value.clone())).collect();
        let body = message(encoding, vec![Event::Change(slots)]).encode().unwrap();
        let head = usize::from(switch) + 4 + 12 + 5;
        let mut rest = &body[head..];
        for value in &values {
            rest = &rest[2..];
            let limits = amf::Limits::default();
            let mut alone = amf0::Decoder::new(rest, &limits);
            let read = alone.value().unwrap().unwrap();
            prop_assert_eq!(read.plain(), value);
            rest = alone.rest();
        }
        prop_assert!(rest.is_empty());
    }
}

#[test]
fn the_values_of_all_events_together_are_limited() {
    let event = || change(&[("a", Value::array([Value::Null, Value::Null]))]);
    let limits = |elements| Limits {
        amf: amf::Limits {
            elements,
            ..amf::Limits::default()
        },
        ..Limits::default()
    };
    for encoding in ENCODINGS {
        let body = message(encoding, vec![event(), event()]).encode().unwrap();
        assert!(decode(encoding, &body, &limits(8)).is_ok());
        let refused = decode(encoding, &body, &limits(5)).unwrap_err();
        let Error::Amf {
            source: DecodeError::Limit {
                limit: "elements", ..
            },
            ..
        } = refused
        else {
            panic!("{refused:?}");
        };
    }
}

#[test]
fn the_bytes_of_all_events_together_are_limited() {
    let event = || {
        change(&[
            ("a", "x".repeat(400_000).into()),
            ("b", Dictionary::new(false, []).into()),
        ])
    };
    assert!(
        message(Encoding::Amf0, vec![event(), event()])
            .encode()
            .is_ok()
    );
    let refused = message(Encoding::Amf0, vec![event(), event(), event()]).encode();
    assert!(
        matches!(refused, Err(amf::EncodeError::OutputTooLong { .. })),
        "{refused:?}"
    );
}
