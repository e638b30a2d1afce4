//! What is left of a value when a message is written again in its own form.

use amf::{Dictionary, EcmaArray, ExternalBody, Externalizable, Object, ObjectVector, Str, Value};

/// Values of one message that are compared; larger ones would take too long, and comparing gives
/// up on the largest.
const VALUES_MAX: usize = 20_000;

/// Asserts that `read` says what `written` said, as far as the form, with AMF3 or without, can
/// say it.
pub fn assert_same(written: &[&Value], read: &[&Value], amf3: bool) {
    assert_eq!(written.len(), read.len());
    for (written, read) in written.iter().zip(read) {
        if written.count_up_to(VALUES_MAX).is_none() {
            continue;
        }
        // What was read may be more than was written only by the marks of AMF3.
        if let Some(wanted) = plain(written, amf3, true) {
            assert_eq!(plain(read, amf3, true), Some(wanted));
        }
    }
}

/// `value` without the marks that it was carried in AMF3, or nothing when the form has to say
/// something else in its place. `outside` says that it is in no container.
fn plain(value: &Value, amf3: bool, outside: bool) -> Option<Value> {
    let list = |items: &[Value]| -> Option<Vec<Value>> {
        items.iter().map(|item| plain(item, amf3, false)).collect()
    };
    let pairs = |pairs: &[(Str, Value)]| -> Option<Vec<(Str, Value)>> {
        let pair = |(key, value): &(Str, Value)| Some((key.clone(), plain(value, amf3, false)?));
        pairs.iter().map(pair).collect()
    };
    Some(match value {
        Value::Amf3(inner) => plain(inner, amf3, outside)?,
        Value::Undefined
        | Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::XmlDocument(_)
        | Value::Reference(_) => value.clone(),
        Value::Date(date) if amf3 => amf::Date::from_millis(date.millis).into(),
        Value::Date(_) => value.clone(),
        Value::Unsupported => return (outside || !amf3).then_some(Value::Unsupported),
        Value::Object(object) => {
            let all_dynamic = object.sealed_count() == 0 && object.is_dynamic();
            let class = object.class().cloned();
            if (!amf3 && !all_dynamic) || class.as_ref().is_some_and(|class| class.is_empty()) {
                return None;
            }
            let (sealed, dynamic) = (object.sealed_count(), object.is_dynamic());
            Object::with_traits(class, sealed, dynamic, pairs(object.props())?).into()
        }
        Value::EcmaArray(array) if amf3 && array.props().is_empty() => return None,
        Value::EcmaArray(array) if !amf3 && !array.dense().is_empty() => return None,
        Value::EcmaArray(array) => {
            EcmaArray::with_dense(pairs(array.props())?, list(array.dense())?).into()
        }
        Value::StrictArray(items) => list(items)?.into(),
        // The rest is known to AMF3 only.
        _ if !amf3 => return None,
        Value::VectorObject(vector) => {
            let items = list(vector.items())?;
            ObjectVector::new(vector.is_fixed(), vector.type_name().clone(), items).into()
        }
        Value::Dictionary(dictionary) => {
            let entry = |(key, value): &(Value, Value)| {
                Some((plain(key, true, false)?, plain(value, true, false)?))
            };
            let entries: Option<Vec<_>> = dictionary.entries().iter().map(entry).collect();
            Dictionary::new(dictionary.has_weak_keys(), entries?).into()
        }
        Value::Externalizable(object) => {
            let body = match object.body() {
                ExternalBody::Value(value) => ExternalBody::Value(plain(value, true, false)?),
                opaque => opaque.clone(),
            };
            Externalizable::new(object.class().clone(), body).into()
        }
        other => other.clone(),
    })
}
