//! Values made by proptest: everything a format can say and reads back as it was.

use amf::{
    Date, Dictionary, EcmaArray, ExternalBody, Externalizable, Object, ObjectVector, Str, Value,
    Vector,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// What a peer of a test can cope with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Ourselves: everything.
    This,
    /// Another implementation, which takes repeated and empty names for something else and has
    /// no externalizable objects.
    Other,
}

/// A value of AMF0 that does not switch to AMF3.
pub(crate) fn amf0_value(peer: Peer) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        Just(Value::Unsupported),
        any::<bool>().prop_map(Value::Boolean),
        number().prop_map(Value::Number),
        text().prop_map(Value::String),
        (number(), any::<i16>()).prop_map(|(millis, zone)| Value::Date(Date { millis, zone })),
        text().prop_map(|text| Value::XmlDocument(text.as_str().into())),
    ];
    leaf.prop_recursive(4, 40, 6, move |value| {
        prop_oneof![
            pairs(value.clone(), peer, "").prop_map(|props| Object::new(props).into()),
            (name(), pairs(value.clone(), peer, ""))
                .prop_map(|(class, props)| Object::typed(class, props).into()),
            (pairs(value.clone(), peer, ""), any::<u32>())
                .prop_map(|(props, count)| { EcmaArray::new(props).with_count_hint(count).into() }),
            vec(value, 0..6).prop_map(Value::from),
        ]
    })
    .boxed()
}

/// A value of AMF3.
pub(crate) fn amf3_value(peer: Peer) -> BoxedStrategy<Value> {
    let scalar = prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        number().prop_map(Value::Number),
        (-(1 << 28)..1 << 28).prop_map(Value::Integer),
        text().prop_map(Value::String),
        number().prop_map(|millis| Date::from_millis(millis).into()),
    ];
    let blob = prop_oneof![
        text().prop_map(|text| Value::XmlDocument(text.as_str().into())),
        text().prop_map(|text| Value::Xml(text.as_str().into())),
        vec(any::<u8>(), 0..20).prop_map(|bytes| Value::byte_array(&bytes)),
        vector(any::<i32>()).prop_map(Value::from),
        vector(any::<u32>()).prop_map(Value::from),
        vector(number()).prop_map(Value::from),
    ];
    prop_oneof![2 => scalar, 1 => blob]
        .prop_recursive(4, 40, 6, move |value| amf3_container(value, peer))
        .boxed()
}

fn amf3_container(value: BoxedStrategy<Value>, peer: Peer) -> BoxedStrategy<Value> {
    let wrapped = (
        prop::sample::select(vec![
            "flex.messaging.io.ArrayCollection",
            "flex.messaging.io.ArrayList",
            "flex.messaging.io.ObjectProxy",
        ]),
        value.clone(),
    )
        .prop_map(|(class, body)| Externalizable::new(class, ExternalBody::Value(body)).into());
    let dictionary = (any::<bool>(), vec((value.clone(), value.clone()), 0..4))
        .prop_map(|(weak, entries)| Dictionary::new(weak, entries).into());
    let others = prop_oneof![
        object(value.clone(), peer),
        (pairs(value.clone(), peer, "x"), vec(value.clone(), 0..4)).prop_map(|(props, dense)| {
            // Without named elements AMF3 has one kind of array only.
            if props.is_empty() {
                dense.into()
            } else {
                EcmaArray::with_dense(props, dense).into()
            }
        }),
        vec(value.clone(), 0..6).prop_map(Value::from),
        (any::<bool>(), name(), vec(value, 0..4))
            .prop_map(|(fixed, class, items)| ObjectVector::new(fixed, class, items).into()),
        dictionary,
    ];
    match peer {
        Peer::This => prop_oneof![9 => others, 1 => wrapped].boxed(),
        Peer::Other => others.boxed(),
    }
}

/// Sealed and dynamic properties in all combinations.
fn object(value: BoxedStrategy<Value>, peer: Peer) -> BoxedStrategy<Value> {
    let class = prop_oneof![Just(None), name().prop_map(|name| Some(Str::from(name)))];
    (
        class,
        any::<bool>(),
        pairs(value.clone(), peer, "s"),
        pairs(value, peer, "x"),
    )
        .prop_map(|(class, dynamic, sealed, more)| {
            let count = sealed.len();
            let more = if dynamic { more } else { Vec::new() };
            Object::with_traits(class, count, dynamic, sealed.into_iter().chain(more)).into()
        })
        .boxed()
}

/// Names and values. For ourselves names repeat and, without a prefix, may be empty.
fn pairs(
    value: BoxedStrategy<Value>,
    peer: Peer,
    prefix: &str,
) -> BoxedStrategy<Vec<(Str, Value)>> {
    let prefix = prefix.to_owned();
    vec(
        (prop_oneof![Just(String::new()), name(), "[ab]"], value),
        0..6,
    )
    .prop_map(move |pairs| {
        let unique = |at: usize| {
            if peer == Peer::Other {
                format!("{at}")
            } else {
                String::new()
            }
        };
        pairs
            .into_iter()
            .enumerate()
            .map(|(at, (key, value))| (format!("{prefix}{key}{}", unique(at)).into(), value))
            .collect()
    })
    .boxed()
}

fn vector<T: std::fmt::Debug + 'static>(
    item: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Vector<T>> {
    (any::<bool>(), vec(item, 0..6))
        .prop_map(|(fixed, items)| Vector {
            fixed,
            items: items.into(),
        })
        .boxed()
}

fn name() -> BoxedStrategy<String> {
    "[a-zA-Z_.]{1,12}".boxed()
}

fn text() -> BoxedStrategy<Str> {
    prop_oneof![
        8 => "\\PC{0,12}".prop_map(Str::from),
        8 => "[ab]{0,2}".prop_map(Str::from),
        1 => Just(Str::from("é".repeat(40_000))),
    ]
    .boxed()
}

/// Any double, with all kinds of `NaN`.
fn number() -> BoxedStrategy<f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        any::<i32>().prop_map(f64::from),
        prop::sample::select(vec![
            f64::NAN,
            f64::INFINITY,
            -0.0,
            f64::MIN_POSITIVE,
            5e-324
        ]),
    ]
    .boxed()
}
