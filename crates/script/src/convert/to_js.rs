//! From the wire into the script.

use std::collections::HashMap;
use std::sync::Arc;

use amf::{ExternalBody, Object as AmfObject, Reference, Value};
use rquickjs::function::This;
use rquickjs::object::Property;
use rquickjs::{Array, Ctx, Function, IntoJs, Object, TypedArray, Value as Js};

use super::{Budget, ConvertError, index};
use crate::config::ScriptConfig;

/// Makes the script's values of these. What they share stays shared.
pub(crate) fn to_js<'js>(
    ctx: &Ctx<'js>,
    host: &Object<'js>,
    config: &ScriptConfig,
    values: &[Value],
) -> Result<Vec<Js<'js>>, ConvertError> {
    let mut maker = Maker {
        ctx: ctx.clone(),
        host: host.get("values")?,
        budget: Budget::new(config),
        made: HashMap::new(),
        path: Vec::new(),
    };
    values.iter().map(|value| maker.make(value)).collect()
}

struct Maker<'js> {
    ctx: Ctx<'js>,
    /// The functions of `host/values.js`.
    host: Object<'js>,
    budget: Budget,
    /// What was made of each container, by its address.
    made: HashMap<usize, Js<'js>>,
    /// The containers around the place that is being made.
    path: Vec<Js<'js>>,
}

type Made<'js> = Result<Js<'js>, ConvertError>;

impl<'js> Maker<'js> {
    fn make(&mut self, value: &Value) -> Made<'js> {
        self.budget.spend(1)?;
        let ctx = self.ctx.clone();
        match value.plain() {
            Value::Undefined | Value::Unsupported | Value::Amf3(_) => Ok(Js::new_undefined(ctx)),
            Value::Null => Ok(Js::new_null(ctx)),
            Value::Boolean(truth) => Ok(Js::new_bool(ctx, *truth)),
            Value::Number(number) => Ok(Js::new_number(ctx, *number)),
            Value::Integer(number) => Ok(Js::new_int(ctx, *number)),
            Value::String(text) => self.text(text),
            Value::Date(date) => Ok(self.helper("makeDate")?.call((date.millis,))?),
            Value::XmlDocument(text) | Value::Xml(text) => self.text(text),
            Value::Reference(reference) => self.refer(*reference),
            container => self.container(container),
        }
    }

    fn text(&self, text: &str) -> Made<'js> {
        Ok(rquickjs::String::from_str(self.ctx.clone(), text)?.into_value())
    }

    fn helper(&self, name: &str) -> Result<Function<'js>, ConvertError> {
        Ok(self.host.get(name)?)
    }

    fn refer(&self, reference: Reference) -> Made<'js> {
        let Reference::Enclosing(up) = reference else {
            return Err(ConvertError::Dangling);
        };
        let index = self.path.len().checked_sub(up as usize + 1);
        let target = index.and_then(|index| self.path.get(index));
        target.cloned().ok_or(ConvertError::Dangling)
    }

    fn container(&mut self, value: &Value) -> Made<'js> {
        let address = address(value);
        if let Some(made) = self.made.get(&address) {
            return Ok(made.clone());
        }
        self.budget.enter(self.path.len())?;
        match value {
            Value::Object(object) => self.object(address, object),
            Value::StrictArray(items) => self.array(address, items, &[]),
            Value::VectorObject(vector) => self.array(address, vector.items(), &[]),
            Value::EcmaArray(array) => self.array(address, array.dense(), array.props()),
            Value::Dictionary(dictionary) => self.map(address, dictionary.entries()),
            Value::Externalizable(object) => match object.body() {
                ExternalBody::Value(body) => {
                    // The container counts for references inside the body.
                    self.path.push(Js::new_undefined(self.ctx.clone()));
                    let made = self.make(body);
                    self.path.pop();
                    let made = made?;
                    self.made.insert(address, made.clone());
                    Ok(made)
                }
                ExternalBody::Opaque(_) => Err(ConvertError::Opaque(object.class().to_string())),
            },
            numbers => self.numbers(address, numbers),
        }
    }

    /// A copy in the script's own memory, which its limit counts.
    fn numbers(&mut self, address: usize, value: &Value) -> Made<'js> {
        let ctx = self.ctx.clone();
        let made = match value {
            Value::ByteArray(bytes) => TypedArray::<u8>::new_copy(ctx, bytes)?.into_value(),
            Value::VectorInt(vector) => {
                TypedArray::<i32>::new_copy(ctx, &vector.items)?.into_value()
            }
            Value::VectorUint(vector) => {
                TypedArray::<u32>::new_copy(ctx, &vector.items)?.into_value()
            }
            Value::VectorNumber(vector) => {
                TypedArray::<f64>::new_copy(ctx, &vector.items)?.into_value()
            }
            _ => return Ok(Js::new_undefined(ctx)),
        };
        let mut made: Js<'js> = self.helper("copyNumbers")?.call((made,))?;
        if matches!(value, Value::ByteArray(_)) {
            made = self.helper("makeBytes")?.call((made,))?;
        }
        self.made.insert(address, made.clone());
        Ok(made)
    }

    fn object(&mut self, address: usize, object: &AmfObject) -> Made<'js> {
        let instance = match object.class() {
            Some(class) => self.instance(class)?,
            None => None,
        };
        let is_instance = instance.is_some();
        let made = match instance {
            Some(instance) => instance,
            None => Object::new(self.ctx.clone())?,
        };
        self.inside(address, made.as_value(), |maker| {
            for (name, value) in object.props() {
                let value = maker.make(value)?;
                if !maker.may_lengthen(&made, name)? {
                    continue;
                }
                if is_instance {
                    set(&made, name, value)?;
                } else {
                    define(&made, name, value)?;
                }
            }
            Ok(())
        })?;
        if is_instance {
            let initialize: Js<'js> = made.get("onInitialize")?;
            if let Some(initialize) = initialize.into_function() {
                initialize.call::<_, ()>((This(made.clone()),))?;
            }
        }
        Ok(made.into_value())
    }

    /// A new object of the class that was registered under this name.
    fn instance(&self, class: &str) -> Result<Option<Object<'js>>, ConvertError> {
        let made: Js<'js> = self.helper("construct")?.call((class,))?;
        Ok(made.into_object())
    }

    fn array(&mut self, address: usize, items: &[Value], named: &[(amf::Str, Value)]) -> Made<'js> {
        let made = Array::new(self.ctx.clone())?;
        self.inside(address, made.as_value(), |maker| {
            // The order of the wire: first the names, then the dense part.
            for (name, value) in named {
                let value = maker.make(value)?;
                if maker.may_lengthen(made.as_object(), name)? {
                    define(made.as_object(), name, value)?;
                }
            }
            for (index, item) in items.iter().enumerate() {
                made.set(index, maker.make(item)?)?;
            }
            Ok(())
        })?;
        Ok(made.into_value())
    }

    /// Whether a name on the wire becomes a property. An array has its own length, which the wire
    /// does not set. An index beyond the end makes the array longer; each place that is left empty
    /// costs as much as a value, since the engine's own functions walk all of them without looking
    /// at the clock.
    fn may_lengthen(&mut self, object: &Object<'js>, name: &str) -> Result<bool, ConvertError> {
        let Some(array) = object.as_array() else {
            return Ok(true);
        };
        if let Some(index) = index(name) {
            self.budget.spend(index.saturating_sub(array.len()))?;
        }
        Ok(name != "length")
    }

    fn map(&mut self, address: usize, entries: &[(Value, Value)]) -> Made<'js> {
        let made: Object<'js> = self.helper("makeMap")?.call(())?;
        let put = self.helper("putInMap")?;
        self.inside(address, made.as_value(), |maker| {
            for (key, value) in entries {
                let pair = (made.clone(), maker.make(key)?, maker.make(value)?);
                put.call::<_, ()>(pair)?;
            }
            Ok(())
        })?;
        Ok(made.into_value())
    }

    /// Fills a container that references may already lead to.
    fn inside(
        &mut self,
        address: usize,
        container: &Js<'js>,
        fill: impl FnOnce(&mut Self) -> Result<(), ConvertError>,
    ) -> Result<(), ConvertError> {
        self.made.insert(address, container.clone());
        self.path.push(container.clone());
        let filled = fill(self);
        self.path.pop();
        filled
    }
}

/// Sets a property of an instance, so that its class may have a setter for it. The wire does not
/// choose an object's prototype.
fn set<'js>(object: &Object<'js>, name: &str, value: Js<'js>) -> rquickjs::Result<()> {
    if name == "__proto__" {
        return Ok(());
    }
    object.set(name, value)
}

/// Gives an object a property of its own, whatever it inherits.
fn define<'js>(object: &Object<'js>, name: &str, value: impl IntoJs<'js>) -> rquickjs::Result<()> {
    object.prop(
        name,
        Property::from(value).writable().enumerable().configurable(),
    )
}

/// Where a container is: the same address is the same object.
fn address(value: &Value) -> usize {
    match value {
        Value::Object(part) => Arc::as_ptr(part).addr(),
        Value::EcmaArray(part) => Arc::as_ptr(part).addr(),
        Value::StrictArray(part) => Arc::as_ptr(part).addr(),
        Value::ByteArray(part) => Arc::as_ptr(part).addr(),
        Value::VectorInt(part) => Arc::as_ptr(part).addr(),
        Value::VectorUint(part) => Arc::as_ptr(part).addr(),
        Value::VectorNumber(part) => Arc::as_ptr(part).addr(),
        Value::VectorObject(part) => Arc::as_ptr(part).addr(),
        Value::Dictionary(part) => Arc::as_ptr(part).addr(),
        Value::Externalizable(part) => Arc::as_ptr(part).addr(),
        _ => 0,
    }
}
