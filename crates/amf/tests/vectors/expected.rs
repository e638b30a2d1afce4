//! Compares values with the notation of the vector files.

use amf::packet::Packet;
use amf::sol::{Sol, Version};
use amf::{ExternalBody, Object, Reference, Str, Value};
use serde_json::Value as Json;
use testkit::hex;

/// Compares a list of values.
pub(crate) fn all(expected: &[Json], values: &[Value]) -> Result<(), String> {
    if expected.len() != values.len() {
        return Err(format!(
            "{} values expected, not {}",
            expected.len(),
            values.len()
        ));
    }
    expected
        .iter()
        .zip(values)
        .try_for_each(|(expected, value)| one(expected, value))
}

/// Compares a Flash Remoting packet.
pub(crate) fn packet(expected: &Json, packet: &Packet) -> Result<(), String> {
    let list = |key: &str| {
        expected[key]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    let length = |length: Option<u32>| length.unwrap_or(u32::MAX);
    let (headers, messages) = (list("headers"), list("messages"));
    let mut same = expected["version"] == packet.version
        && headers.len() == packet.headers.len()
        && messages.len() == packet.messages.len();
    for (expected, header) in headers.iter().zip(&packet.headers) {
        same &= expected["name"] == header.name.as_str()
            && expected["must_understand"] == header.must_understand
            && expected["length"] == length(header.length);
        one(&expected["value"], &header.value)?;
    }
    for (expected, message) in messages.iter().zip(&packet.messages) {
        same &= expected["target"] == message.target.as_str()
            && expected["response"] == message.response.as_str()
            && expected["length"] == length(message.length);
        one(&expected["value"], &message.value)?;
    }
    if same {
        Ok(())
    } else {
        Err(format!("{expected} expected, not {packet:?}"))
    }
}

/// Compares a local shared object. References in it are resolved, so of a slot that is one only the
/// kind is known.
pub(crate) fn sol(expected: &Json, sol: &Sol) -> Result<(), String> {
    let version = match sol.version {
        Version::Amf0 => 0,
        Version::Amf3 => 3,
    };
    let list = expected["props"].as_array().ok_or("no props")?;
    let same = expected["name"] == sol.name.as_str()
        && expected["amf"] == version
        && list.len() == sol.slots.len();
    if !same {
        return Err(format!("{expected} expected, not {sol:?}"));
    }
    for (expected, (name, value)) in list.iter().zip(&sol.slots) {
        check(expected[0] == name.as_str(), expected, value)?;
        if expected[1]["t"] == "reference" {
            check(value.as_object().is_some(), expected, value)?;
        } else {
            one(&expected[1], value)?;
        }
    }
    Ok(())
}

/// Compares one value.
pub(crate) fn one(expected: &Json, value: &Value) -> Result<(), String> {
    let v = &expected["v"];
    let same = match (expected["t"].as_str().unwrap_or_default(), value) {
        ("undefined", Value::Undefined)
        | ("null", Value::Null)
        | ("unsupported", Value::Unsupported)
        | ("true", Value::Boolean(true))
        | ("false", Value::Boolean(false)) => true,
        ("boolean", Value::Boolean(truth)) => v.as_bool() == Some(*truth),
        ("number" | "double", Value::Number(number)) => is_number(v, *number),
        ("integer", Value::Integer(number)) => v.as_i64() == Some((*number).into()),
        ("string" | "long-string", Value::String(text)) => {
            v.as_str().map_or_else(|| repeated(expected), str::to_owned) == text.as_str()
        }
        ("xml-document" | "xml-doc", Value::XmlDocument(text)) | ("xml", Value::Xml(text)) => {
            v.as_str() == Some(text)
        }
        ("date", Value::Date(date)) => {
            is_number(&expected["ms"], date.millis)
                && expected["tz"].as_i64().unwrap_or_default() == i64::from(date.zone)
        }
        ("byte-array", Value::ByteArray(bytes)) => {
            expected["hex"].as_str() == Some(&hex::encode(bytes))
        }
        ("reference", Value::Reference(Reference::Table { index, .. })) => {
            expected["index"].as_u64() == Some((*index).into())
        }
        _ => return container(expected, value),
    };
    check(same, expected, value)
}

fn container(expected: &Json, value: &Value) -> Result<(), String> {
    let list = |key: &str| {
        expected[key]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    match (expected["t"].as_str().unwrap_or_default(), value) {
        ("avmplus", Value::Amf3(inner)) => one(&expected["v"], inner),
        ("object", Value::Object(object)) if expected["props"].is_array() => {
            check(object.class().is_none(), expected, value)?;
            pairs(list("props"), object.props())
        }
        ("typed-object", Value::Object(object)) => {
            check(
                object.class().map(Str::as_str) == expected["class"].as_str(),
                expected,
                value,
            )?;
            pairs(list("props"), object.props())
        }
        ("object", Value::Object(object)) => traits_and_members(expected, object),
        ("ecma-array", Value::EcmaArray(array)) => {
            check(expected["count"] == array.count_hint(), expected, value)?;
            pairs(list("props"), array.props())
        }
        ("array", Value::EcmaArray(array)) => {
            pairs(list("assoc"), array.props())?;
            all(list("dense"), array.dense())
        }
        ("array", Value::StrictArray(items)) => {
            check(list("assoc").is_empty(), expected, value)?;
            all(list("dense"), items)
        }
        ("strict-array", Value::StrictArray(items)) => all(list("items"), items),
        _ => only_in_amf3(expected, value),
    }
}

/// The containers that AMF0 does not have.
fn only_in_amf3(expected: &Json, value: &Value) -> Result<(), String> {
    let list = |key: &str| {
        expected[key]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    match (expected["t"].as_str().unwrap_or_default(), value) {
        ("vector-int", Value::VectorInt(vector)) => {
            let items = vector.items.iter().map(|n| f64::from(*n));
            numbers(expected, vector.fixed, items)
        }
        ("vector-uint", Value::VectorUint(vector)) => {
            let items = vector.items.iter().map(|n| f64::from(*n));
            numbers(expected, vector.fixed, items)
        }
        ("vector-double", Value::VectorNumber(vector)) => {
            numbers(expected, vector.fixed, vector.items.iter().copied())
        }
        ("vector-object", Value::VectorObject(vector)) => {
            let same = expected["fixed"] == vector.is_fixed()
                && expected["type"] == vector.type_name().as_str();
            check(same, expected, value)?;
            all(list("items"), vector.items())
        }
        ("dictionary", Value::Dictionary(dictionary)) => {
            check(
                expected["weak"] == dictionary.has_weak_keys(),
                expected,
                value,
            )?;
            let flat: Vec<Value> = dictionary
                .entries()
                .iter()
                .cloned()
                .flat_map(|(k, v)| [k, v])
                .collect();
            let expected: Vec<Json> = list("entries")
                .iter()
                .flat_map(|entry| entry.as_array().cloned().unwrap_or_default())
                .collect();
            all(&expected, &flat)
        }
        ("object", Value::Externalizable(object)) => {
            check(expected["externalizable"] == true, expected, value)?;
            check(
                expected["class"] == object.class().as_str(),
                expected,
                value,
            )?;
            match object.body() {
                ExternalBody::Value(body) => one(&expected["body"], body),
                body @ ExternalBody::Opaque(_) => Err(format!("{body:?}")),
            }
        }
        _ => check(false, expected, value),
    }
}

fn traits_and_members(expected: &Json, object: &Object) -> Result<(), String> {
    let list = |key: &str| {
        expected[key]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    let class = object.class().map_or("", Str::as_str);
    if expected["class"] != class || expected["dynamic"] != object.is_dynamic() {
        return Err(format!("{expected} expected, not {object:?}"));
    }
    pairs(list("sealed"), object.sealed())?;
    pairs(list("dyn"), object.dynamic())
}

fn pairs(expected: &[Json], pairs: &[(Str, Value)]) -> Result<(), String> {
    if expected.len() != pairs.len() {
        return Err(format!(
            "{} properties expected, not {}",
            expected.len(),
            pairs.len()
        ));
    }
    for (expected, (key, value)) in expected.iter().zip(pairs) {
        if expected[0] != key.as_str() {
            return Err(format!("the key {} expected, not {key:?}", expected[0]));
        }
        one(&expected[1], value).map_err(|e| format!("{key}: {e}"))?;
    }
    Ok(())
}

fn numbers(
    expected: &Json,
    fixed: bool,
    items: impl ExactSizeIterator<Item = f64>,
) -> Result<(), String> {
    let list = expected["items"].as_array().ok_or("no items")?;
    let same = expected["fixed"] == fixed
        && list.len() == items.len()
        && list
            .iter()
            .zip(items)
            .all(|(expected, item)| is_number(expected, item));
    if same {
        Ok(())
    } else {
        Err(format!("{expected} expected"))
    }
}

fn check(same: bool, expected: &Json, value: &Value) -> Result<(), String> {
    if same {
        Ok(())
    } else {
        Err(format!("{expected} expected, not {value:?}"))
    }
}

/// `v_repeat` is a text and how many times it is repeated.
fn repeated(expected: &Json) -> String {
    let count = expected["v_repeat"][1].as_u64().unwrap_or_default() as usize;
    expected["v_repeat"][0]
        .as_str()
        .unwrap_or_default()
        .repeat(count)
}

/// Numbers that JSON cannot hold are text.
fn is_number(expected: &Json, number: f64) -> bool {
    match expected.as_str() {
        Some("NaN") => number.is_nan(),
        Some("Infinity") => number == f64::INFINITY,
        Some("-Infinity") => number == f64::NEG_INFINITY,
        Some("-0") => number.to_bits() == (-0.0_f64).to_bits(),
        Some(_) => false,
        None => expected.as_f64().map(f64::to_bits) == Some(number.to_bits()),
    }
}
