//! From the script to the wire.

use std::collections::HashMap;
use std::sync::Arc;

use amf::{Date, Dictionary, EcmaArray, Object as AmfObject, Reference, Str, Value, Vector};
use rquickjs::object::Filter;
use rquickjs::{Array, Function, Object, Value as Js};

use super::{Budget, ConvertError, index};
use crate::config::ScriptConfig;
use crate::effects::TooMuch;
use crate::text;

/// Makes values for the wire of these, and tells how many bytes they take, roughly. What they
/// share stays shared. Nothing is copied that would take more than the `left` bytes.
pub(crate) fn from_js<'js>(
    host: &Object<'js>,
    config: &ScriptConfig,
    left: usize,
    values: impl IntoIterator<Item = Js<'js>>,
) -> Result<(Vec<Value>, usize), ConvertError> {
    let mut taker = Taker {
        host: host.get("values")?,
        budget: Budget::new(config),
        taken: HashMap::new(),
        path: Vec::new(),
        left,
        left_max: config.queued_bytes,
    };
    let mut made = Vec::new();
    for value in values {
        made.push(taker.take(&value)?);
    }
    Ok((made, left - taker.left))
}

struct Taker<'js> {
    /// The functions of `host/values.js`.
    host: Object<'js>,
    budget: Budget,
    /// What was made of each container.
    taken: HashMap<Js<'js>, Value>,
    /// The containers around the place that is being taken.
    path: Vec<Js<'js>>,
    /// Bytes that may still be made.
    left: usize,
    /// The limit that `left` is the rest of.
    left_max: usize,
}

type Taken = Result<Value, ConvertError>;

impl<'js> Taker<'js> {
    /// Counts bytes that are about to be made.
    fn charge(&mut self, bytes: usize) -> Result<(), ConvertError> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(TooMuch::Bytes(self.left_max))?;
        Ok(())
    }

    fn text(&mut self, string: &rquickjs::String<'js>) -> Result<String, ConvertError> {
        self.charge(text::len(string)?)?;
        Ok(text::of(string)?)
    }

    fn take(&mut self, value: &Js<'js>) -> Taken {
        self.budget.spend(1)?;
        self.charge(size_of::<Value>())?;
        if let Some(truth) = value.as_bool() {
            return Ok(Value::Boolean(truth));
        }
        if let Some(number) = value.as_number() {
            return Ok(Value::Number(number));
        }
        if value.is_null() {
            return Ok(Value::Null);
        }
        if let Some(string) = value.as_string() {
            return Ok(Value::String(self.text(string)?.into()));
        }
        if value.is_function() {
            return Ok(Value::Undefined);
        }
        match value.as_object() {
            Some(object) => self.container(value, object),
            None => Ok(Value::Undefined),
        }
    }

    fn container(&mut self, value: &Js<'js>, object: &Object<'js>) -> Taken {
        if let Some(taken) = self.taken.get(value) {
            return Ok(taken.clone());
        }
        if let Some(index) = self.path.iter().rposition(|outer| outer == value) {
            let up = u32::try_from(self.path.len() - 1 - index).unwrap_or(u32::MAX);
            return Ok(Value::Reference(Reference::Enclosing(up)));
        }
        self.budget.enter(self.path.len())?;
        self.path.push(value.clone());
        let taken = self.contents(object);
        self.path.pop();
        let taken = taken?;
        self.taken.insert(value.clone(), taken.clone());
        Ok(taken)
    }

    fn contents(&mut self, object: &Object<'js>) -> Taken {
        if let Some(array) = object.as_array() {
            return self.array(array);
        }
        if object.is_typed_array::<u8>() {
            return self.bytes(object);
        }
        if object.is_typed_array::<i32>() {
            return Ok(Value::VectorInt(self.numbers(object)?));
        }
        if object.is_typed_array::<u32>() {
            return Ok(Value::VectorUint(self.numbers(object)?));
        }
        if object.is_typed_array::<f64>() {
            return Ok(Value::VectorNumber(self.numbers(object)?));
        }
        let describe: Function<'js> = self.host.get("describe")?;
        let kind: Js<'js> = describe.call((object.clone(),))?;
        if let Some(millis) = kind.as_number() {
            return Ok(Value::Date(Date::from_millis(millis)));
        }
        if let Some(class) = kind.as_string() {
            let props = self.props(object)?;
            let class = self.text(class)?;
            return Ok(Value::Object(Arc::new(AmfObject::typed(class, props))));
        }
        if kind.as_bool() == Some(true) {
            return self.map(object);
        }
        if let Some(bytes) = kind.as_object().filter(|kind| kind.is_typed_array::<u8>()) {
            return self.bytes(bytes);
        }
        if let Some(boxed) = kind.as_array() {
            let inner: Js<'js> = boxed.get(0)?;
            // A view of an array is that array; it is the container already.
            return match inner.as_array() {
                Some(array) => self.array(array),
                None => self.take(&inner),
            };
        }
        Ok(Value::Object(Arc::new(AmfObject::new(self.props(object)?))))
    }

    fn props(&mut self, object: &Object<'js>) -> Result<Vec<(Str, Value)>, ConvertError> {
        let mut props = Vec::new();
        for pair in object.own_props::<rquickjs::String<'js>, Js<'js>>(names()) {
            let (name, value) = pair?;
            if value.is_function() || value.is_symbol() {
                continue;
            }
            self.charge(size_of::<Str>())?;
            let name = self.text(&name)?;
            props.push((Str::from(name), self.take(&value)?));
        }
        Ok(props)
    }

    fn array(&mut self, array: &Array<'js>) -> Taken {
        let length = array.len();
        let mut names = array.as_object().own_keys::<rquickjs::String<'js>>(names());
        let count = names.len();
        // Indices come first, so the last name tells whether there is any other.
        let last = names.next_back().transpose()?;
        let last = last.as_ref().map(text::of).transpose()?;
        let indices_only = last.is_none_or(|name| index(&name).is_some());
        if !indices_only || count < length / 2 {
            let array = EcmaArray::new(self.props(array.as_object())?);
            let hint = u32::try_from(length).unwrap_or(u32::MAX);
            return Ok(Value::EcmaArray(Arc::new(array.with_count_hint(hint))));
        }
        let mut items = Vec::new();
        for index in 0..length {
            items.push(self.take(&array.get(index)?)?);
        }
        Ok(Value::StrictArray(items.into()))
    }

    fn bytes(&mut self, array: &Object<'js>) -> Taken {
        let latin1: Function<'js> = self.host.get("latin1")?;
        let text: rquickjs::String<'js> = latin1.call((array.clone(),))?;
        // At least as long as the bytes.
        self.charge(text::len(&text)?)?;
        let bytes = text::to_bytes(&text)?;
        Ok(Value::ByteArray(bytes.into()))
    }

    fn numbers<T: rquickjs::FromJs<'js>>(
        &mut self,
        array: &Object<'js>,
    ) -> Result<Arc<Vector<T>>, ConvertError> {
        let length: usize = array.get("length")?;
        self.budget.spend(length)?;
        self.charge(length.saturating_mul(size_of::<T>()))?;
        let items: rquickjs::Result<Vec<T>> =
            (0..length).map(|index| array.get(index as u32)).collect();
        Ok(Arc::new(Vector::new(items?)))
    }

    fn map(&mut self, map: &Object<'js>) -> Taken {
        let list: Function<'js> = self.host.get("listMap")?;
        let flat: Array<'js> = list.call((map.clone(),))?;
        let mut entries = Vec::new();
        for index in (0..flat.len()).step_by(2) {
            let key = self.take(&flat.get(index)?)?;
            entries.push((key, self.take(&flat.get(index + 1)?)?));
        }
        Ok(Value::Dictionary(Arc::new(Dictionary::new(false, entries))))
    }
}

/// The properties that travel.
fn names() -> Filter {
    Filter::new().string().enum_only()
}
