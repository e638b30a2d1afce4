//! Writing AMF3.

use std::collections::HashMap;
use std::sync::Arc;

use super::traits::{Example, WriteTraits};
use super::{INTEGERS, U28_MAX, U29_MAX, marker};
use crate::tables::WriteTable;
use crate::write::Writer;
use crate::{
    Dictionary, EcmaArray, EncodeError, ExternalBody, Externalizable, Limits, Object, ObjectVector,
    Output, Reference, Str, Value, Vector,
};

/// Writes the values of one sequence, one after the other.
///
/// Equal texts, equal classes and parts that several places share are written once. The marks
/// [`Value::Amf3`] have no meaning here and vanish; [`Value::Unsupported`], which AMF3 does not
/// have, becomes `undefined`. A value that cannot be written leaves nothing behind.
#[derive(Debug)]
pub struct Encoder<'a, O> {
    out: Writer<'a, O>,
    tables: WriteTables,
}

impl<'a, O: Output> Encoder<'a, O> {
    /// An encoder that appends to `out`, within [`Limits::depth`] and [`Limits::output_bytes`].
    pub fn new(out: &'a mut O, limits: &Limits) -> Self {
        Self {
            out: Writer::new(out, limits),
            tables: WriteTables::default(),
        }
    }

    /// Writes one value.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the output is then what it was before.
    pub fn value(&mut self, value: &Value) -> Result<(), EncodeError> {
        self.attempt(|printer| printer.element(value))
    }

    /// Writes a name: text without a marker.
    ///
    /// # Errors
    ///
    /// When it is longer than 2^28 − 1 bytes or the output is full.
    pub fn key(&mut self, key: &Str) -> Result<(), EncodeError> {
        self.attempt(|printer| printer.string(key))
    }

    /// Appends bytes that are no AMF.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.out.check_open()?;
        self.out.bytes(bytes)
    }

    fn attempt(
        &mut self,
        write: impl FnOnce(&mut Printer<'_, 'a, O>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.out.check_open()?;
        let (start, mark) = (self.out.written(), self.tables.mark());
        let written = write(&mut Printer {
            out: &mut self.out,
            tables: &mut self.tables,
        });
        if written.is_err() {
            self.out.rewind(start);
            self.tables.rewind(&mark);
        }
        written
    }
}

/// What references in the values to come can point to.
#[derive(Debug, Default)]
pub(crate) struct WriteTables {
    strings: HashMap<Str, u32>,
    string_count: u32,
    values: WriteTable,
    traits: WriteTraits,
    /// The first place of the value being written; references stay within it.
    first_value: u32,
    /// Whether texts and classes are written in full each time.
    in_full: bool,
}

/// The sizes of the tables at some point.
pub(crate) struct Mark {
    strings: u32,
    values: u32,
    traits: usize,
}

impl WriteTables {
    /// Prepares for a value inside an AMF0 message.
    ///
    /// Some readers keep the tables from one such value of a message to the next, others start
    /// again. So that both understand, only the first value uses the tables freely; later ones
    /// write texts and classes in full and refer, if they must, to values within themselves,
    /// numbered as a reader that keeps its tables does. With `repeat` they do not even that.
    /// With `in_full`, texts and classes are written in full from the first value on.
    pub(crate) fn start_switched(&mut self, repeat: bool, in_full: bool) {
        self.in_full = in_full || !self.are_empty();
        self.first_value = if repeat { u32::MAX } else { self.values.len() };
    }

    /// Whether nothing has been written that a reference could point to.
    pub(crate) fn are_empty(&self) -> bool {
        self.string_count == 0 && self.values.len() == 0 && self.traits.len() == 0
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            strings: self.string_count,
            values: self.values.len(),
            traits: self.traits.len(),
        }
    }

    /// Forgets what was added since `mark`.
    pub(crate) fn rewind(&mut self, mark: &Mark) {
        self.strings.retain(|_, index| *index < mark.strings);
        self.string_count = mark.strings;
        self.values.rewind(mark.values);
        self.traits.rewind(mark.traits);
    }
}

/// Writes values to an output that belongs to an encoder of either format.
pub(crate) struct Printer<'p, 'a, O> {
    pub(crate) out: &'p mut Writer<'a, O>,
    pub(crate) tables: &'p mut WriteTables,
}

impl<O: Output> Printer<'_, '_, O> {
    pub(crate) fn element(&mut self, value: &Value) -> Result<(), EncodeError> {
        let value = value.plain();
        match value {
            Value::Undefined | Value::Unsupported => self.out.u8(marker::UNDEFINED),
            Value::Null => self.out.u8(marker::NULL),
            Value::Boolean(false) => self.out.u8(marker::FALSE),
            Value::Boolean(true) => self.out.u8(marker::TRUE),
            Value::Number(number) => self.double(*number),
            Value::Integer(number) => self.integer(*number),
            Value::String(text) => {
                self.out.u8(marker::STRING)?;
                self.string(text)
            }
            Value::Reference(reference) => self.reference(*reference),
            Value::Amf3(inner) => self.element(inner),
            Value::Date(_)
            | Value::XmlDocument(_)
            | Value::Xml(_)
            | Value::ByteArray(_)
            | Value::VectorInt(_)
            | Value::VectorUint(_)
            | Value::VectorNumber(_) => self.leaf(value),
            Value::Object(object) => self.container(value, marker::OBJECT, |p| p.object(object)),
            Value::EcmaArray(array) => self.container(value, marker::ARRAY, |p| p.array(array)),
            Value::StrictArray(items) => {
                self.container(value, marker::ARRAY, |p| p.dense_array(items))
            }
            Value::VectorObject(vector) => {
                self.container(value, marker::VECTOR_OBJECT, |p| p.object_vector(vector))
            }
            Value::Dictionary(dictionary) => {
                self.container(value, marker::DICTIONARY, |p| p.dictionary(dictionary))
            }
            Value::Externalizable(object) => {
                self.container(value, marker::OBJECT, |p| p.externalizable(object))
            }
        }
    }

    /// A complex value that holds no others.
    fn leaf(&mut self, value: &Value) -> Result<(), EncodeError> {
        let marker = match value {
            Value::Date(_) => marker::DATE,
            Value::XmlDocument(_) => marker::XML_DOCUMENT,
            Value::Xml(_) => marker::XML,
            Value::ByteArray(_) => marker::BYTE_ARRAY,
            Value::VectorInt(_) => marker::VECTOR_INT,
            Value::VectorUint(_) => marker::VECTOR_UINT,
            _ => marker::VECTOR_NUMBER,
        };
        self.out.u8(marker)?;
        if let Some(index) = self.known(value) {
            return self.u29(index << 1);
        }
        self.tables.values.add(value);
        match value {
            Value::Date(date) => {
                self.u29(1)?;
                self.out.f64(date.millis)
            }
            Value::XmlDocument(text) | Value::Xml(text) => self.blob(text.as_bytes(), "XML text"),
            Value::ByteArray(bytes) => self.blob(bytes, "byte array"),
            Value::VectorInt(vector) => self.numbers(vector, i32::to_be_bytes),
            Value::VectorUint(vector) => self.numbers(vector, u32::to_be_bytes),
            Value::VectorNumber(vector) => self.numbers(vector, f64::to_be_bytes),
            _ => Ok(()),
        }
    }

    fn numbers<T: Copy, const N: usize>(
        &mut self,
        vector: &Vector<T>,
        bytes: fn(T) -> [u8; N],
    ) -> Result<(), EncodeError> {
        self.count(vector.items.len(), "vector")?;
        self.out.u8(vector.fixed.into())?;
        vector
            .items
            .iter()
            .try_for_each(|number| self.out.bytes(&bytes(*number)))
    }

    fn known(&self, value: &Value) -> Option<u32> {
        self.tables
            .values
            .find(value, self.tables.first_value)
            .filter(|index| *index <= U28_MAX)
    }

    /// Writes a reference to a container that was written before, or the container by `write`.
    fn container(
        &mut self,
        value: &Value,
        marker: u8,
        write: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.out.u8(marker)?;
        if let Some(index) = self.known(value) {
            return self.u29(index << 1);
        }
        self.out.enter()?;
        self.tables.values.enter(self.tables.values.len(), marker);
        self.tables.values.add(value);
        write(self)?;
        self.tables.values.leave();
        self.out.leave();
        Ok(())
    }

    fn array(&mut self, array: &EcmaArray) -> Result<(), EncodeError> {
        self.count(array.dense().len(), "array")?;
        self.pairs(array.props())?;
        self.elements(array.dense())
    }

    fn dense_array(&mut self, items: &[Value]) -> Result<(), EncodeError> {
        self.count(items.len(), "array")?;
        self.string(&Str::EMPTY)?;
        self.elements(items)
    }

    fn object_vector(&mut self, vector: &ObjectVector) -> Result<(), EncodeError> {
        self.count(vector.items().len(), "vector")?;
        self.out.u8(vector.is_fixed().into())?;
        self.string(vector.type_name())?;
        self.elements(vector.items())
    }

    fn dictionary(&mut self, dictionary: &Dictionary) -> Result<(), EncodeError> {
        self.count(dictionary.entries().len(), "dictionary")?;
        self.out.u8(dictionary.has_weak_keys().into())?;
        for (key, value) in dictionary.entries() {
            self.element(key)?;
            self.element(value)?;
        }
        Ok(())
    }

    fn elements(&mut self, items: &[Value]) -> Result<(), EncodeError> {
        items.iter().try_for_each(|item| self.element(item))
    }

    /// Names and values, and the empty name that ends them.
    fn pairs(&mut self, pairs: &[(Str, Value)]) -> Result<(), EncodeError> {
        for (key, value) in pairs {
            if key.is_empty() {
                return Err(EncodeError::EmptyKey);
            }
            self.string(key)?;
            self.element(value)?;
        }
        self.string(&Str::EMPTY)
    }

    fn object(&mut self, object: &Arc<Object>) -> Result<(), EncodeError> {
        let example = Example::Object(object.clone());
        match self.known_traits(&example) {
            Some(index) => self.u29(index << 2 | 1)?,
            None => self.object_traits(object, example)?,
        }
        for (_, value) in object.sealed() {
            self.element(value)?;
        }
        if object.is_dynamic() {
            self.pairs(object.dynamic())
        } else {
            Ok(())
        }
    }

    /// See the decoder for the bits.
    fn object_traits(&mut self, object: &Object, example: Example) -> Result<(), EncodeError> {
        self.tables.traits.add(example);
        let (len, max) = (object.sealed().len(), U29_MAX >> 4);
        let count = length(len, max, "class")?;
        self.u29(count << 4 | u32::from(object.is_dynamic()) << 3 | 3)?;
        self.string(object.class().unwrap_or(&Str::EMPTY))?;
        object
            .sealed()
            .iter()
            .try_for_each(|(name, _)| self.string(name))
    }

    fn externalizable(&mut self, object: &Externalizable) -> Result<(), EncodeError> {
        // An opaque body has the numbers of its entries in it, as they were when it was read.
        let first = self.tables.values.len() == 1
            && self.tables.string_count == 0
            && self.tables.traits.len() == 0
            && self.out.is_at_depth(1);
        let example = Example::External(object.class().clone());
        if let Some(index) = self.known_traits(&example) {
            self.u29(index << 2 | 1)?;
        } else {
            self.tables.traits.add(example);
            self.u29(7)?;
            self.string(object.class())?;
        }
        match object.body() {
            ExternalBody::Value(value) => self.element(value),
            ExternalBody::Opaque(bytes) if first => {
                self.out.bytes(bytes)?;
                self.out.close(object.class());
                Ok(())
            }
            ExternalBody::Opaque(_) => Err(EncodeError::MisplacedOpaque {
                class: object.class().clone(),
            }),
        }
    }

    fn known_traits(&self, example: &Example) -> Option<u32> {
        if self.tables.in_full {
            return None;
        }
        self.tables
            .traits
            .find(example)
            .filter(|index| *index <= U29_MAX >> 2)
    }

    /// Text without a marker. The empty text never enters the table (AMF 3 §1.3.2).
    fn string(&mut self, text: &Str) -> Result<(), EncodeError> {
        if text.is_empty() {
            return self.u29(1);
        }
        if let Some(index) = self.tables.strings.get(text)
            && !self.tables.in_full
        {
            return self.u29(index << 1);
        }
        if self.tables.string_count <= U28_MAX {
            self.tables
                .strings
                .insert(text.clone(), self.tables.string_count);
        }
        self.tables.string_count += 1;
        self.blob(text.as_bytes(), "string")
    }

    fn blob(&mut self, bytes: &[u8], what: &'static str) -> Result<(), EncodeError> {
        self.count(bytes.len(), what)?;
        self.out.bytes(bytes)
    }

    /// A length or count with the bit that says that no reference is meant.
    fn count(&mut self, len: usize, what: &'static str) -> Result<(), EncodeError> {
        let count = length(len, U28_MAX, what)?;
        self.u29(count << 1 | 1)
    }

    fn reference(&mut self, reference: Reference) -> Result<(), EncodeError> {
        let (index, marker) = self.tables.values.target(reference)?;
        if marker == 0 {
            // Kept from an AMF0 message, whose table is another one.
            return Err(EncodeError::DanglingReference);
        }
        if index > U28_MAX {
            return Err(EncodeError::ReferenceTooFar {
                index,
                max: U28_MAX,
            });
        }
        self.out.u8(marker)?;
        self.u29(index << 1)
    }

    fn double(&mut self, number: f64) -> Result<(), EncodeError> {
        self.out.u8(marker::DOUBLE)?;
        self.out.f64(number)
    }

    fn integer(&mut self, number: i32) -> Result<(), EncodeError> {
        if !INTEGERS.contains(&number) {
            return self.double(f64::from(number));
        }
        self.out.u8(marker::INTEGER)?;
        self.u29(number as u32 & U29_MAX)
    }

    /// Writes the lower 29 bits in as few bytes as they take.
    fn u29(&mut self, number: u32) -> Result<(), EncodeError> {
        let seven = |shift: u32| (number >> shift) as u8 | 0x80;
        let last = number as u8 & 0x7f;
        match number {
            0..0x80 => self.out.u8(last),
            0x80..0x4000 => self.out.bytes(&[seven(7), last]),
            0x4000..0x20_0000 => self.out.bytes(&[seven(14), seven(7), last]),
            _ => self
                .out
                .bytes(&[seven(22), seven(15), seven(8), number as u8]),
        }
    }
}

fn length(len: usize, max: u32, what: &'static str) -> Result<u32, EncodeError> {
    match u32::try_from(len) {
        Ok(short) if short <= max => Ok(short),
        _ => Err(EncodeError::TooLong {
            what,
            len,
            max: max as usize,
        }),
    }
}
