//! From JSON to AMF.

use amf::{
    Date, Dictionary, EcmaArray, ExternalBody, Externalizable, Object, ObjectVector, Reference,
    Str, Value, Vector,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json};

use super::{DEPTH_MAX, JsonError, TAG};

/// The value that the JSON says.
pub(crate) fn from_json(json: &Json) -> Result<Value, JsonError> {
    at(json, 0)
}

fn at(json: &Json, depth: usize) -> Result<Value, JsonError> {
    if depth > DEPTH_MAX {
        return Err(JsonError::TooDeep);
    }
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => list(items, depth)?.into(),
        Json::Object(members) => match members.get(TAG) {
            None => {
                let member = |(name, json): (&String, &Json)| {
                    Ok((Str::from(name.as_str()), at(json, depth + 1)?))
                };
                let props: Result<Vec<_>, JsonError> = members.iter().map(member).collect();
                Object::new(props?).into()
            }
            Some(kind) => {
                let kind = kind.as_str().unwrap_or_default();
                Tagged { kind, members }.value(depth)?
            }
        },
    })
}

fn list(items: &[Json], depth: usize) -> Result<Vec<Value>, JsonError> {
    items.iter().map(|item| at(item, depth + 1)).collect()
}

/// An object that says what it is.
struct Tagged<'a> {
    kind: &'a str,
    members: &'a Map<String, Json>,
}

impl<'a> Tagged<'a> {
    fn value(&self, depth: usize) -> Result<Value, JsonError> {
        Ok(match self.kind {
            "undefined" => Value::Undefined,
            "unsupported" => Value::Unsupported,
            "integer" => Value::Integer(self.whole("value")?),
            "number" => Value::Number(self.number()?),
            "date" => Value::Date(Date {
                millis: self.double(self.get("millis")?)?,
                zone: self.whole("zone")?,
            }),
            "xml-document" => Value::XmlDocument(self.text("text")?.into()),
            "xml" => Value::Xml(self.text("text")?.into()),
            "bytes" => Value::byte_array(&self.bytes()?),
            "object" => self.object(depth)?,
            "array" => {
                let dense = list(self.list("dense")?, depth)?;
                let array = EcmaArray::with_dense(self.pairs(depth)?, dense);
                array.with_count_hint(self.whole("count")?).into()
            }
            "amf3" => at(self.get("value")?, depth + 1)?.in_amf3(),
            "enclosing" => Reference::Enclosing(self.whole("levels")?).into(),
            "reference" => {
                let (index, marker) = (self.whole("index")?, self.whole("marker")?);
                Reference::Table { index, marker }.into()
            }
            _ => self.of_amf3(depth)?,
        })
    }

    fn of_amf3(&self, depth: usize) -> Result<Value, JsonError> {
        Ok(match self.kind {
            "vector-int" => self.vector(|item| self.whole_of::<i32>(item))?.into(),
            "vector-uint" => self.vector(|item| self.whole_of::<u32>(item))?.into(),
            "vector-number" => self.vector(|item| self.double(item))?.into(),
            "vector-object" => {
                let items = list(self.list("items")?, depth)?;
                ObjectVector::new(self.truth("fixed")?, self.text("class")?, items).into()
            }
            "dictionary" => {
                let entry = |json: &Json| match json.as_array().map(Vec::as_slice) {
                    Some([key, value]) => Ok((at(key, depth + 1)?, at(value, depth + 1)?)),
                    _ => Err(self.wrong("has an entry that is no pair")),
                };
                let entries: Result<Vec<_>, _> = self.list("entries")?.iter().map(entry).collect();
                Dictionary::new(self.truth("weak")?, entries?).into()
            }
            "externalizable" => {
                let body = match self.members.get("value") {
                    Some(value) => ExternalBody::Value(at(value, depth + 1)?),
                    None => ExternalBody::Opaque(self.bytes()?.into()),
                };
                Externalizable::new(self.text("class")?, body).into()
            }
            _ => return Err(self.wrong("is not known")),
        })
    }

    fn object(&self, depth: usize) -> Result<Value, JsonError> {
        let class = match self.members.get("class") {
            None | Some(Json::Null) => None,
            Some(_) => Some(Str::from(self.text("class")?)),
        };
        let props = self.pairs(depth)?;
        let sealed: usize = match self.members.get("sealed") {
            None => 0,
            Some(sealed) => self.whole_of(sealed)?,
        };
        if sealed > props.len() {
            return Err(self.wrong("has fewer props than it says are sealed"));
        }
        let dynamic = match self.members.get("dynamic") {
            None => true,
            Some(_) => self.truth("dynamic")?,
        };
        if !dynamic && sealed < props.len() {
            return Err(self.wrong("has props that are not sealed and is not dynamic"));
        }
        Ok(Object::with_traits(class, sealed, dynamic, props).into())
    }

    fn pairs(&self, depth: usize) -> Result<Vec<(Str, Value)>, JsonError> {
        let pair = |json: &Json| match json.as_array().map(Vec::as_slice) {
            Some([Json::String(name), value]) => {
                Ok((Str::from(name.as_str()), at(value, depth + 1)?))
            }
            _ => Err(self.wrong("has a prop that is no pair of a name and a value")),
        };
        self.list("props")?.iter().map(pair).collect()
    }

    fn vector<T>(
        &self,
        item: impl Fn(&Json) -> Result<T, JsonError>,
    ) -> Result<Vector<T>, JsonError> {
        let items: Result<_, JsonError> = self.list("items")?.iter().map(item).collect();
        Ok(Vector {
            fixed: self.truth("fixed")?,
            items: items?,
        })
    }

    fn number(&self) -> Result<f64, JsonError> {
        let bits = u64::from_str_radix(self.text("bits")?, 16);
        let bits = bits.map_err(|_| self.wrong("has bits that are no hexadecimal number"))?;
        Ok(f64::from_bits(bits))
    }

    /// A number that may be none of JSON's.
    fn double(&self, json: &Json) -> Result<f64, JsonError> {
        match at(json, DEPTH_MAX)? {
            Value::Number(number) => Ok(number),
            _ => Err(self.wrong("has something where a number belongs")),
        }
    }

    fn get(&self, name: &str) -> Result<&'a Json, JsonError> {
        let found = self.members.get(name);
        found.ok_or_else(|| self.wrong("lacks one of its parts"))
    }

    fn text(&self, name: &str) -> Result<&'a str, JsonError> {
        let text = self.get(name)?.as_str();
        text.ok_or_else(|| self.wrong("has something where text belongs"))
    }

    fn truth(&self, name: &str) -> Result<bool, JsonError> {
        let truth = self.get(name)?.as_bool();
        truth.ok_or_else(|| self.wrong("has something where true or false belongs"))
    }

    fn list(&self, name: &str) -> Result<&'a [Json], JsonError> {
        let list = self.get(name)?.as_array();
        let list = list.ok_or_else(|| self.wrong("has something where a list belongs"))?;
        Ok(list)
    }

    fn whole<T: TryFrom<i64>>(&self, name: &str) -> Result<T, JsonError> {
        self.whole_of(self.get(name)?)
    }

    fn whole_of<T: TryFrom<i64>>(&self, json: &Json) -> Result<T, JsonError> {
        let whole = json.as_i64().and_then(|number| number.try_into().ok());
        whole.ok_or_else(|| self.wrong("has a whole number that is none or does not fit"))
    }

    fn bytes(&self) -> Result<Vec<u8>, JsonError> {
        let bytes = BASE64.decode(self.text("base64")?);
        bytes.map_err(|_| self.wrong("has base64 that is none"))
    }

    fn wrong(&self, what: &'static str) -> JsonError {
        let kind = self.kind.chars().take(64).collect();
        JsonError::Tagged { kind, what }
    }
}
