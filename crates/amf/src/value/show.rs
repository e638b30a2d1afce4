//! How values look in logs and test failures: close to JSON, bounded in length.

use std::fmt::{self, Formatter, Write as _};

use super::{
    Dictionary, EcmaArray, ExternalBody, Externalizable, Object, ObjectVector, Str, Value,
};

/// Values shown before the rest is left out.
const VALUES_MAX: u32 = 1_000;
/// Bytes of one text or byte array shown.
const BYTES_MAX: usize = 200;

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Printer {
            f,
            left: VALUES_MAX,
        }
        .value(self)
    }
}

/// Implements `Debug` for a container by one method of [`Printer`].
macro_rules! show {
    ($($container:ty => $method:ident),+ $(,)?) => {$(
        impl fmt::Debug for $container {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                Printer { f, left: VALUES_MAX }.$method(self)
            }
        }
    )+};
}

show! {
    Object => object,
    EcmaArray => ecma_array,
    ObjectVector => vector,
    Dictionary => dictionary,
    Externalizable => externalizable,
    ExternalBody => body,
}

struct Printer<'a, 'b> {
    f: &'a mut Formatter<'b>,
    left: u32,
}

impl Printer<'_, '_> {
    fn value(&mut self, value: &Value) -> fmt::Result {
        if self.left == 0 {
            return self.f.write_char('…');
        }
        self.left -= 1;
        match value {
            Value::Undefined => self.f.write_str("undefined"),
            Value::Null => self.f.write_str("null"),
            Value::Boolean(truth) => write!(self.f, "{truth}"),
            Value::Number(number) => write!(self.f, "{number:?}"),
            Value::Integer(number) => write!(self.f, "int({number})"),
            Value::String(text) => self.text(text),
            Value::Date(date) => write!(self.f, "date({}, {})", date.millis, date.zone),
            Value::XmlDocument(text) => self.call("xmlDocument", |p| p.text(text)),
            Value::Xml(text) => self.call("xml", |p| p.text(text)),
            Value::ByteArray(bytes) => self.bytes(bytes),
            Value::VectorInt(vector) => self.numbers("int", &vector.items),
            Value::VectorUint(vector) => self.numbers("uint", &vector.items),
            Value::VectorNumber(vector) => self.numbers("Number", &vector.items),
            Value::Unsupported => self.f.write_str("unsupported"),
            Value::Reference(reference) => write!(self.f, "{reference:?}"),
            Value::Object(object) => self.object(object),
            Value::EcmaArray(array) => self.ecma_array(array),
            Value::StrictArray(items) => self.items(items),
            Value::VectorObject(vector) => self.vector(vector),
            Value::Dictionary(dictionary) => self.dictionary(dictionary),
            Value::Externalizable(object) => self.externalizable(object),
            Value::Amf3(inner) => self.call("amf3", |p| p.value(inner)),
        }
    }

    fn call(&mut self, name: &str, inside: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        write!(self.f, "{name}(")?;
        inside(self)?;
        self.f.write_char(')')
    }

    fn text(&mut self, text: &str) -> fmt::Result {
        let end = text.floor_char_boundary(BYTES_MAX);
        write!(self.f, "{:?}", &text[..end])?;
        if end < text.len() {
            write!(self.f, "…{}", text.len())
        } else {
            Ok(())
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> fmt::Result {
        self.f.write_str("bytes(")?;
        for byte in bytes.iter().take(BYTES_MAX) {
            write!(self.f, "{byte:02x}")?;
        }
        if bytes.len() > BYTES_MAX {
            write!(self.f, "…{}", bytes.len())?;
        }
        self.f.write_char(')')
    }

    fn numbers<T: fmt::Debug>(&mut self, name: &str, items: &[T]) -> fmt::Result {
        let shown = &items[..items.len().min(BYTES_MAX)];
        write!(self.f, "vector.<{name}>({shown:?}")?;
        if shown.len() < items.len() {
            write!(self.f, "…{}", items.len())?;
        }
        self.f.write_char(')')
    }

    fn object(&mut self, object: &Object) -> fmt::Result {
        if let Some(class) = object.class() {
            self.text(class)?;
            self.f.write_char(' ')?;
        }
        self.list('{', '}', object.props(), Self::pair)
    }

    fn ecma_array(&mut self, array: &EcmaArray) -> fmt::Result {
        self.list('[', ']', array.props(), Self::pair)?;
        if array.dense().is_empty() {
            Ok(())
        } else {
            self.items(array.dense())
        }
    }

    fn vector(&mut self, vector: &ObjectVector) -> fmt::Result {
        self.f.write_str("vector.<")?;
        self.text(vector.type_name())?;
        self.f.write_char('>')?;
        self.items(vector.items())
    }

    fn dictionary(&mut self, dictionary: &Dictionary) -> fmt::Result {
        self.f.write_str("dictionary")?;
        self.list('{', '}', dictionary.entries(), |p, (key, value)| {
            p.value(key)?;
            p.f.write_str(": ")?;
            p.value(value)
        })
    }

    fn externalizable(&mut self, object: &Externalizable) -> fmt::Result {
        self.text(object.class())?;
        self.call(" external", |p| p.body(object.body()))
    }

    fn body(&mut self, body: &ExternalBody) -> fmt::Result {
        match body {
            ExternalBody::Value(value) => self.value(value),
            ExternalBody::Opaque(bytes) => self.bytes(bytes),
        }
    }

    fn items(&mut self, items: &[Value]) -> fmt::Result {
        self.list('[', ']', items, Self::value)
    }

    fn pair(&mut self, (key, value): &(Str, Value)) -> fmt::Result {
        self.text(key)?;
        self.f.write_str(": ")?;
        self.value(value)
    }

    fn list<T>(
        &mut self,
        open: char,
        close: char,
        items: &[T],
        mut each: impl FnMut(&mut Self, &T) -> fmt::Result,
    ) -> fmt::Result {
        self.f.write_char(open)?;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.f.write_str(", ")?;
            }
            if self.left == 0 {
                self.f.write_char('…')?;
                break;
            }
            each(self, item)?;
        }
        self.f.write_char(close)
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn values_look_like_json() {
        let value = Value::object([
            ("level", "status".into()),
            ("n", 1.into()),
            ("list", Value::array([Value::Integer(2), Value::Undefined])),
            ("x", Value::ecma_array([("a", true.into())]).in_amf3()),
            ("b", Value::byte_array(&[0, 255])),
        ]);
        let shown = concat!(
            r#"{"level": "status", "n": 1.0, "list": [int(2), undefined], "#,
            r#""x": amf3(["a": true]), "b": bytes(00ff)}"#
        );
        assert_eq!(format!("{value:?}"), shown);
    }

    #[test]
    fn long_values_are_cut() {
        let bomb = (0..12).fold(Value::array([]), |value, _| Value::array(vec![value; 10]));
        assert!(format!("{bomb:?}").len() < 10_000);
        let text = Value::from("ä".repeat(5_000));
        assert!(format!("{text:?}").len() < 300);
    }
}
