//! From AMF to JSON.

use amf::{EcmaArray, ExternalBody, Object, Reference, Str, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustc_hash::FxHashSet;
use serde_json::{Map, Number, Value as Json, json};

use super::{DEPTH_MAX, JsonError, TAG, VALUES_MAX};

/// Whole numbers up to here are written without a fraction, and every one of them exactly.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The value as JSON.
pub(crate) fn to_json(value: &Value) -> Result<Json, JsonError> {
    if value.count_up_to(VALUES_MAX).is_none() {
        return Err(JsonError::TooLarge);
    }
    at(value, 0)
}

fn at(value: &Value, depth: usize) -> Result<Json, JsonError> {
    if depth > DEPTH_MAX {
        return Err(JsonError::TooDeep);
    }
    Ok(match value {
        Value::Undefined => json!({ TAG: "undefined" }),
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Number(number) => number_json(*number),
        Value::Integer(number) => json!({ TAG: "integer", "value": number }),
        Value::String(text) => Json::String(text.as_str().to_owned()),
        Value::Date(date) => json!({
            TAG: "date", "millis": number_json(date.millis), "zone": date.zone,
        }),
        Value::Object(object) => object_json(object, depth)?,
        Value::EcmaArray(array) => array_json(array, depth)?,
        Value::StrictArray(items) => Json::Array(list(items, depth)?),
        Value::XmlDocument(text) => json!({ TAG: "xml-document", "text": &**text }),
        Value::Xml(text) => json!({ TAG: "xml", "text": &**text }),
        Value::ByteArray(bytes) => json!({ TAG: "bytes", "base64": BASE64.encode(bytes) }),
        Value::VectorInt(vector) => json!({
            TAG: "vector-int", "fixed": vector.fixed, "items": &*vector.items,
        }),
        Value::VectorUint(vector) => json!({
            TAG: "vector-uint", "fixed": vector.fixed, "items": &*vector.items,
        }),
        Value::VectorNumber(vector) => {
            let items: Vec<Json> = vector.items.iter().map(|item| number_json(*item)).collect();
            json!({ TAG: "vector-number", "fixed": vector.fixed, "items": items })
        }
        _ => rare(value, depth)?,
    })
}

/// The kinds that hardly occur.
fn rare(value: &Value, depth: usize) -> Result<Json, JsonError> {
    Ok(match value {
        Value::VectorObject(vector) => json!({
            TAG: "vector-object", "fixed": vector.is_fixed(),
            "class": vector.type_name().as_str(), "items": list(vector.items(), depth)?,
        }),
        Value::Dictionary(dictionary) => {
            let entry = |(key, value): &(Value, Value)| {
                Ok(json!([at(key, depth + 1)?, at(value, depth + 1)?]))
            };
            let entries = dictionary.entries().iter().map(entry);
            let entries: Result<Vec<Json>, JsonError> = entries.collect();
            json!({ TAG: "dictionary", "weak": dictionary.has_weak_keys(), "entries": entries? })
        }
        Value::Externalizable(object) => {
            let class = object.class().as_str();
            match object.body() {
                ExternalBody::Value(body) => json!({
                    TAG: "externalizable", "class": class, "value": at(body, depth + 1)?,
                }),
                ExternalBody::Opaque(bytes) => json!({
                    TAG: "externalizable", "class": class, "base64": BASE64.encode(bytes),
                }),
            }
        }
        Value::Amf3(inner) => json!({ TAG: "amf3", "value": at(inner, depth + 1)? }),
        Value::Reference(Reference::Enclosing(levels)) => {
            json!({ TAG: "enclosing", "levels": levels })
        }
        Value::Reference(Reference::Table { index, marker }) => {
            json!({ TAG: "reference", "index": index, "marker": marker })
        }
        _ => json!({ TAG: "unsupported" }),
    })
}

fn list(items: &[Value], depth: usize) -> Result<Vec<Json>, JsonError> {
    items.iter().map(|item| at(item, depth + 1)).collect()
}

fn number_json(number: f64) -> Json {
    let whole = number.fract() == 0.0 && number.abs() <= WHOLE_MAX;
    if whole && !(number == 0.0 && number.is_sign_negative()) {
        return Json::Number((number as i64).into());
    }
    match Number::from_f64(number) {
        Some(finite) => Json::Number(finite),
        None => json!({ TAG: "number", "bits": format!("{:016x}", number.to_bits()) }),
    }
}

/// Names and values in order, with repeats.
fn pairs(props: &[(Str, Value)], depth: usize) -> Result<Vec<Json>, JsonError> {
    let pair = |(key, value): &(Str, Value)| Ok(json!([key.as_str(), at(value, depth + 1)?]));
    props.iter().map(pair).collect()
}

fn object_json(object: &Object, depth: usize) -> Result<Json, JsonError> {
    let props = object.props();
    let plain = object.class().is_none() && object.sealed_count() == 0 && object.is_dynamic();
    let mut names = FxHashSet::default();
    let said = |(name, _): &(Str, Value)| !name.starts_with(TAG);
    if plain && props.iter().all(|prop| said(prop) && names.insert(&prop.0)) {
        let member =
            |(name, value): &(Str, Value)| Ok((name.as_str().to_owned(), at(value, depth + 1)?));
        let members: Result<Map<String, Json>, JsonError> = props.iter().map(member).collect();
        return Ok(Json::Object(members?));
    }
    Ok(json!({
        TAG: "object", "class": object.class().map(Str::as_str),
        "sealed": object.sealed_count(), "dynamic": object.is_dynamic(),
        "props": pairs(props, depth)?,
    }))
}

fn array_json(array: &EcmaArray, depth: usize) -> Result<Json, JsonError> {
    Ok(json!({
        TAG: "array", "count": array.count_hint(), "props": pairs(array.props(), depth)?,
        "dense": list(array.dense(), depth)?,
    }))
}
