//! Values on their way to JSON and back.

use amf::sol::Sol;
use amf::{Limits, Reference, Value, amf0, amf3};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use testkit::{hex, vectors};

use super::{DEPTH_MAX, JsonError, from_json, to_json};

/// To JSON as text, and back.
fn there_and_back(value: &Value) -> Value {
    let text = to_json(value).unwrap().to_string();
    from_json(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[test]
fn common_values_are_plain_json() {
    let value = Value::object([
        ("name", "ann".into()),
        ("age", 7.into()),
        ("half", Value::Number(0.5)),
        ("here", true.into()),
        ("nothing", Value::Null),
        ("list", Value::array([1.into(), "x".into()])),
    ]);
    let expected = r#"{"name":"ann","age":7,"half":0.5,"here":true,"nothing":null,"list":[1,"x"]}"#;
    assert_eq!(to_json(&value).unwrap().to_string(), expected);
    assert_eq!(there_and_back(&value), value);
}

#[test]
fn numbers_keep_every_bit() {
    for number in [
        -0.0,
        1e300,
        f64::MIN_POSITIVE,
        9_007_199_254_740_993.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::from_bits(0x7ff8_0000_0000_0001),
        0.1 + 0.2,
    ] {
        let Value::Number(read) = there_and_back(&Value::Number(number)) else {
            panic!("{number} is no number any more");
        };
        assert_eq!(read.to_bits(), number.to_bits(), "{number}");
    }
}

#[test]
fn names_that_json_cannot_say_are_pairs() {
    for props in [
        vec![("a", 1.into()), ("a", Value::Null)],
        vec![("$", "date".into())],
    ] {
        let value = Value::object(props);
        assert!(to_json(&value).unwrap().get("$").is_some());
        assert_eq!(there_and_back(&value), value);
    }
}

#[test]
fn every_value_of_the_vectors_survives() {
    let mut count = 0;
    let mut same = |value: &Value, id: &Json| {
        assert_eq!(&there_and_back(value), value, "{id}");
        count += 1;
    };
    for file in ["amf0.json", "amf3.json", "sol.json"] {
        for vector in vectors::load_ours(file)["vectors"].as_array().unwrap() {
            let Some(text) = vector["hex"].as_str() else {
                continue;
            };
            let bytes = hex::decode(text).unwrap();
            let limits = Limits::default();
            let values = match file {
                "amf0.json" => amf0::decode_all(&bytes, &limits).ok(),
                "amf3.json" => amf3::decode_all(&bytes, &limits).ok(),
                _ => Sol::decode(&bytes, &limits)
                    .ok()
                    .map(|sol| sol.slots.into_iter().map(|(_, value)| value).collect()),
            };
            for value in values.unwrap_or_default() {
                same(&value, &vector["id"]);
            }
        }
    }
    same(&Reference::Enclosing(3).into(), &Json::Null);
    assert!(count > 200, "{count}");
}

#[test]
fn what_is_wrong_is_said() {
    for (json, said) in [
        (json!({ "$": "planet" }), "is not known"),
        (json!({ "$": 5 }), "is not known"),
        (json!({ "$": "date" }), "lacks one of its parts"),
        (json!({ "$": "bytes", "base64": "!" }), "base64"),
        (json!({ "$": "integer", "value": 1.5 }), "whole number"),
        (
            json!({ "$": "vector-uint", "fixed": false, "items": [-1] }),
            "whole number",
        ),
        (
            json!({ "$": "object", "sealed": 2, "props": [] }),
            "fewer props",
        ),
        (
            json!({ "$": "array", "props": [[1, 2]], "dense": [] }),
            "no pair",
        ),
    ] {
        let error = from_json(&json).unwrap_err().to_string();
        assert!(error.contains(said), "{json}: {error}");
    }
}

#[test]
fn depth_and_size_have_limits() {
    let nested = |levels: usize| (0..levels).fold(Value::Null, |value, _| Value::array([value]));
    assert_eq!(there_and_back(&nested(DEPTH_MAX)), nested(DEPTH_MAX));
    assert_eq!(to_json(&nested(DEPTH_MAX + 1)), Err(JsonError::TooDeep));
    let deep = (0..=DEPTH_MAX).fold(Json::Null, |json, _| json!([json]));
    assert_eq!(from_json(&deep), Err(JsonError::TooDeep));
    let mut large = Value::array([]);
    for _ in 0..8 {
        large = Value::array(vec![large; 10]);
    }
    assert_eq!(to_json(&large), Err(JsonError::TooLarge));
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i32>().prop_map(Into::into),
        "[a-z$]{0,4}".prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 32, 6, |json| {
        prop_oneof![
            prop::collection::vec(json.clone(), 0..5).prop_map(Json::Array),
            prop::collection::btree_map(
                "[a-z$]{0,2}|sealed|props|class|value|items|dense",
                json,
                0..5
            )
            .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_a_value_or_refused(json in json()) {
        if let Ok(value) = from_json(&json) {
            prop_assert_eq!(there_and_back(&value), value);
        }
    }
}
