//! [`Value`], the one value type that messages, shared objects, scripts and stores share.
//!
//! It can hold everything AMF0 and AMF3 can say, keeps the order and the repetition of
//! properties, and is immutable: to change a value is to build another one. What the parts look
//! like on the wire is the business of `amf0` and `amf3`.

mod array;
mod convert;
mod dictionary;
mod discard;
mod equal;
mod externalizable;
mod object;
mod show;

use std::sync::Arc;

pub use array::{EcmaArray, ObjectVector, Vector};
pub use dictionary::Dictionary;
pub use externalizable::{ExternalBody, Externalizable};
pub use object::Object;

use crate::Str;

/// The largest value, counted in values, whose shared parts are repeated where a reference could
/// be misread. Larger ones are written with references.
const REPEATED_MAX: usize = 10_000;

/// One value of a Flash script. Cheap to clone, immutable, `Send` and `Sync`.
///
/// Parts that a message refers to twice share one [`Arc`] after decoding, so a few bytes can
/// describe a value that is enormous when walked. Code that walks a value must bound its work;
/// [`Value::count_up_to`] says in advance how much there is.
///
/// Equality looks at content: `NaN` equals `NaN`, and a comparison that would take more than a
/// million steps or go deeper than 512 containers answers "not equal". Dropping, counting and
/// showing a value use little stack however deep it is.
#[derive(Clone)]
pub enum Value {
    /// `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A double. The bits survive a round trip, whatever kind of `NaN` they are.
    Number(f64),
    /// An AMF3 integer. Written as a double by AMF0, and by AMF3 outside 29 bits.
    Integer(i32),
    /// Text of any length.
    String(Str),
    /// A moment.
    Date(Date),
    /// An anonymous or typed object.
    Object(Arc<Object>),
    /// An array with named elements: AMF0's ECMA array, AMF3's array with an associative part.
    EcmaArray(Arc<EcmaArray>),
    /// A dense array: AMF0's strict array, AMF3's array without an associative part.
    StrictArray(Arc<[Value]>),
    /// The legacy `XMLDocument` type, as its text.
    XmlDocument(Arc<str>),
    /// The E4X `XML` type of AMF3, as its text.
    Xml(Arc<str>),
    /// A `ByteArray` of AMF3.
    ByteArray(Arc<[u8]>),
    /// `Vector.<int>` of AMF3.
    VectorInt(Arc<Vector<i32>>),
    /// `Vector.<uint>` of AMF3.
    VectorUint(Arc<Vector<u32>>),
    /// `Vector.<Number>` of AMF3.
    VectorNumber(Arc<Vector<f64>>),
    /// `Vector.<T>` of AMF3 for any other type.
    VectorObject(Arc<ObjectVector>),
    /// A `Dictionary` of AMF3.
    Dictionary(Arc<Dictionary>),
    /// An AMF3 object whose class writes its own body.
    Externalizable(Arc<Externalizable>),
    /// AMF0's mark for something its sender could not write.
    Unsupported,
    /// A value that an AMF0 message carried in AMF3 (marker 0x11). Every accessor looks through
    /// it; it is kept so that the message is written the way it was read.
    Amf3(Arc<Value>),
    /// A place in a cycle, see [`Reference`].
    Reference(Reference),
}

/// A moment, in milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug)]
pub struct Date {
    /// Milliseconds since 1970-01-01 00:00 UTC; negative before, possibly `NaN`.
    pub millis: f64,
    /// AMF0's time-zone field. It is reserved (AMF 0 §2.13) and only kept, never applied to
    /// [`Date::millis`]. AMF3 has no such field.
    pub zone: i16,
}

impl Date {
    /// A moment without a zone.
    pub const fn from_millis(millis: f64) -> Self {
        Self { millis, zone: 0 }
    }
}

/// A reference that is not an [`Arc`] to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A container that holds this very place, so that the graph is a cycle: 0 is the innermost
    /// container around the reference, 1 the next one out, and so on. [`Value::Amf3`] does not
    /// count as a container.
    ///
    /// The levels count from the first place, in the order of the wire, at which the
    /// container around the reference occurs. Cut out of its target, the reference is dangling
    /// and an encoder refuses it.
    Enclosing(u32),
    /// An entry of the message's table of complex values, as read by a decoder that was told to
    /// keep references. It means something in that message only.
    Table {
        /// Position in the table, from 0, in the order in which the containers start.
        index: u32,
        /// The AMF3 marker before the reference; AMF0 has one of its own and writes 0 here.
        marker: u8,
    },
}

impl Value {
    /// An anonymous object with these properties, in this order.
    pub fn object<K: Into<Str>>(props: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Object(Arc::new(Object::new(props)))
    }

    /// An object of the named class with these properties, in this order.
    pub fn typed_object<K: Into<Str>>(
        class: impl Into<Str>,
        props: impl IntoIterator<Item = (K, Value)>,
    ) -> Self {
        Self::Object(Arc::new(Object::typed(class, props)))
    }

    /// An array with these named elements, in this order.
    pub fn ecma_array<K: Into<Str>>(props: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::EcmaArray(Arc::new(EcmaArray::new(props)))
    }

    /// A dense array of these elements.
    pub fn array(items: impl IntoIterator<Item = Value>) -> Self {
        Self::StrictArray(items.into_iter().collect())
    }

    /// A byte array with a copy of `bytes`.
    pub fn byte_array(bytes: &[u8]) -> Self {
        Self::ByteArray(bytes.into())
    }

    /// Marks this value to be written in AMF3 inside an AMF0 message.
    #[must_use]
    pub fn in_amf3(self) -> Self {
        match self {
            Self::Amf3(_) => self,
            value => Self::Amf3(Arc::new(value)),
        }
    }

    /// The value itself, without the mark that it was carried in AMF3.
    pub fn plain(&self) -> &Self {
        let mut value = self;
        while let Self::Amf3(inner) = value {
            value = inner;
        }
        value
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(Str::as_str)
    }

    /// The text of a string, in the form that is cheap to keep.
    pub fn as_text(&self) -> Option<&Str> {
        match self.plain() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a double or an integer.
    pub fn as_f64(&self) -> Option<f64> {
        match *self.plain() {
            Self::Number(number) => Some(number),
            Self::Integer(number) => Some(f64::from(number)),
            _ => None,
        }
    }

    /// The truth of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match *self.plain() {
            Self::Boolean(truth) => Some(truth),
            _ => None,
        }
    }

    /// The object, when it is one.
    pub fn as_object(&self) -> Option<&Arc<Object>> {
        match self.plain() {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements of a dense array, or the dense part of an array with named elements.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self.plain() {
            Self::StrictArray(items) => Some(items),
            Self::EcmaArray(array) => Some(array.dense()),
            _ => None,
        }
    }

    /// The properties of an object or the named elements of an array, in order, with repeats.
    pub fn props(&self) -> Option<&[(Str, Value)]> {
        match self.plain() {
            Self::Object(object) => Some(object.props()),
            Self::EcmaArray(array) => Some(array.props()),
            _ => None,
        }
    }

    /// The property or named element `key`; the last one when it is repeated, as in the players.
    pub fn get(&self, key: &str) -> Option<&Value> {
        last_named(self.props()?, key)
    }

    /// Whether this is `undefined`.
    pub fn is_undefined(&self) -> bool {
        matches!(self.plain(), Self::Undefined)
    }

    /// Whether this is `null` or `undefined`.
    pub fn is_nothing(&self) -> bool {
        matches!(self.plain(), Self::Undefined | Self::Null)
    }

    /// How many values there are in this one, itself included and shared parts counted each time
    /// they occur, or `None` when there are more than `max`.
    pub fn count_up_to(&self, max: usize) -> Option<usize> {
        self.visit_up_to(max, &mut |_| {})
    }

    /// Whether it can be written with its shared parts repeated: it is no part of a cycle, holds
    /// none, and has at most [`REPEATED_MAX`] values when walked.
    pub(crate) fn can_repeat_parts(&self) -> bool {
        let mut refers = false;
        let counted = self.visit_up_to(REPEATED_MAX, &mut |value| {
            refers |= matches!(value.plain(), Self::Reference(_));
        });
        counted.is_some() && !refers
    }

    /// Calls `each` with this value and all its parts, in no particular order, and answers how
    /// many there were, or `None` when there are more than `max`. Values that programs build may
    /// be deeper than the stack, so this does not recurse.
    fn visit_up_to(&self, max: usize, each: &mut dyn FnMut(&Self)) -> Option<usize> {
        let mut left = max.checked_sub(1)?;
        let mut waiting = vec![self];
        while let Some(value) = waiting.pop() {
            each(value);
            let all_fit = value.children(&mut |child| {
                let fits = left > 0;
                if fits {
                    left -= 1;
                    waiting.push(child);
                }
                fits
            });
            if !all_fit {
                return None;
            }
        }
        Some(max - left)
    }

    /// Calls `each` with every direct part of a container, in order, until it answers `false`.
    /// Answers whether it never did.
    pub(crate) fn children<'a>(&'a self, each: &mut dyn FnMut(&'a Value) -> bool) -> bool {
        match self.plain() {
            Self::Object(object) => object.props().iter().all(|(_, value)| each(value)),
            Self::EcmaArray(array) => {
                array.props().iter().all(|(_, value)| each(value)) && array.dense().iter().all(each)
            }
            Self::StrictArray(items) => items.iter().all(each),
            Self::VectorObject(vector) => vector.items().iter().all(each),
            Self::Dictionary(dictionary) => dictionary
                .entries()
                .iter()
                .all(|(key, value)| each(key) && each(value)),
            Self::Externalizable(object) => match object.body() {
                ExternalBody::Value(value) => each(value),
                ExternalBody::Opaque(_) => true,
            },
            _ => true,
        }
    }
}

/// The value of the last pair named `key`.
fn last_named<'a>(pairs: &'a [(Str, Value)], key: &str) -> Option<&'a Value> {
    pairs
        .iter()
        .rev()
        .find(|(name, _)| name.as_str() == key)
        .map(|(_, value)| value)
}

/// Collects pairs into the form the containers keep.
fn collect_pairs<K: Into<Str>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Box<[(Str, Value)]> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.into(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Str, Value};

    #[test]
    fn a_value_is_three_words() {
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<Str>(), 24);
    }

    #[test]
    fn the_last_of_repeated_keys_wins() {
        let value = Value::object([("a", 1.into()), ("b", 2.into()), ("a", 3.into())]);
        assert_eq!(value.get("a"), Some(&Value::Number(3.0)));
        assert_eq!(value.get("c"), None);
        assert_eq!(value.props().map(<[_]>::len), Some(3));
    }

    #[test]
    fn accessors_look_through_the_amf3_mark() {
        let value = Value::object([("a", Value::Integer(7))]).in_amf3();
        assert_eq!(value.get("a").and_then(Value::as_f64), Some(7.0));
        assert_eq!(Value::from("x").in_amf3().in_amf3().as_str(), Some("x"));
        assert_eq!(Value::from(true).in_amf3().as_bool(), Some(true));
        assert!(Value::Null.in_amf3().is_nothing());
    }

    #[test]
    fn counting_stops_at_the_limit() {
        let mut value = Value::array([]);
        for _ in 0..10 {
            value = Value::array(vec![value; 10]);
        }
        assert_eq!(value.count_up_to(1_000), None);
        let shared: Value = Arc::new(super::Object::new([("a", Value::Null)])).into();
        assert_eq!(
            Value::array([shared.clone(), shared]).count_up_to(1_000),
            Some(5)
        );
    }
}
