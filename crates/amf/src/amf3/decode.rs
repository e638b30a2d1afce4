//! Reading AMF3.

use std::sync::Arc;

use super::marker;
use crate::read::{Budget, Reader, capacity};
use crate::tables::ReadTable;
use crate::{
    Date, DecodeError, Dictionary, EcmaArray, ExternalBody, Externalizable, Limits, Object,
    ObjectVector, Reference, Str, UnknownExternalizable, Value, Vector,
};

/// Reads the values of one sequence, one after the other.
///
/// Parts that the sequence refers to twice come out sharing one `Arc`; a reference to a container
/// that is still being read comes out as [`Reference::Enclosing`]. After an error the rest of the
/// sequence has no meaning and the decoder is of no further use.
#[derive(Debug)]
pub struct Decoder<'a> {
    input: Reader<'a>,
    budget: Budget,
    tables: ReadTables,
    keep_references: bool,
}

impl<'a> Decoder<'a> {
    /// A decoder at the start of `input`.
    pub fn new(input: &'a [u8], limits: &Limits) -> Self {
        Self {
            input: Reader::new(input),
            budget: Budget::new(limits),
            tables: ReadTables::default(),
            keep_references: false,
        }
    }

    /// Leaves references to complex values as [`Reference::Table`] instead of resolving them: for
    /// tools that show what is on the wire.
    #[must_use]
    pub fn keep_references(mut self) -> Self {
        self.keep_references = true;
        self
    }

    /// The next value, or `None` at the end of the input.
    ///
    /// # Errors
    ///
    /// What is wrong with the value, or which limit it exceeds.
    pub fn value(&mut self) -> Result<Option<Value>, DecodeError> {
        if self.input.left() == 0 {
            Ok(None)
        } else {
            self.parser().element().map(Some)
        }
    }

    /// A name: text without a marker, new or from the table of texts. Local shared objects of
    /// AMF version 3 use it for the names of their properties.
    ///
    /// # Errors
    ///
    /// When the input is too short, the text is not UTF-8 or the table has no such entry.
    pub fn key(&mut self) -> Result<Str, DecodeError> {
        self.parser().string("a name")
    }

    /// A byte between values that is no AMF.
    pub(crate) fn byte(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.input.u8(what)
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.input.position()
    }

    /// The bytes that have not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.input.rest()
    }

    fn parser(&mut self) -> Parser<'_, 'a> {
        Parser {
            input: &mut self.input,
            budget: &mut self.budget,
            tables: &mut self.tables,
            keep_references: self.keep_references,
        }
    }
}

/// What references in a sequence of values can point to.
#[derive(Debug, Default)]
pub(crate) struct ReadTables {
    strings: Vec<Str>,
    values: ReadTable,
    traits: Vec<Arc<Traits>>,
}

/// What an object says about its class.
#[derive(Debug)]
struct Traits {
    class: Str,
    externalizable: bool,
    dynamic: bool,
    names: Vec<Str>,
}

/// The first number of a complex value: an inline one has a count in it.
enum Head {
    Inline(usize),
    Known(Value),
}

/// Reads values from an input that belongs to a decoder of either format.
pub(crate) struct Parser<'p, 'a> {
    pub(crate) input: &'p mut Reader<'a>,
    pub(crate) budget: &'p mut Budget,
    pub(crate) tables: &'p mut ReadTables,
    pub(crate) keep_references: bool,
}

impl Parser<'_, '_> {
    pub(crate) fn element(&mut self) -> Result<Value, DecodeError> {
        let offset = self.input.position();
        self.budget.element(offset)?;
        let marker = self.input.u8("a value")?;
        Ok(match marker {
            marker::UNDEFINED => Value::Undefined,
            marker::NULL => Value::Null,
            marker::FALSE => Value::Boolean(false),
            marker::TRUE => Value::Boolean(true),
            marker::INTEGER => Value::Integer(self.integer()?),
            marker::DOUBLE => Value::Number(self.input.f64("a double")?),
            marker::STRING => Value::String(self.string("a string")?),
            marker::OBJECT => self.object()?,
            marker::XML_DOCUMENT
            | marker::DATE
            | marker::ARRAY
            | marker::XML
            | marker::BYTE_ARRAY
            | marker::VECTOR_INT
            | marker::VECTOR_UINT
            | marker::VECTOR_NUMBER
            | marker::VECTOR_OBJECT
            | marker::DICTIONARY => match self.head(marker)? {
                Head::Known(value) => value,
                Head::Inline(len) => self.complex(marker, len)?,
            },
            marker => {
                return Err(DecodeError::Marker {
                    format: "AMF3",
                    marker,
                    offset,
                });
            }
        })
    }

    fn complex(&mut self, marker: u8, len: usize) -> Result<Value, DecodeError> {
        match marker {
            marker::ARRAY => self.container(|p| p.array(len)),
            marker::VECTOR_OBJECT => self.container(|p| p.object_vector(len)),
            marker::DICTIONARY => self.container(|p| p.dictionary(len)),
            _ => {
                let value = self.leaf(marker, len)?;
                self.tables.values.add(&value);
                Ok(value)
            }
        }
    }

    /// A complex value that holds no others.
    fn leaf(&mut self, marker: u8, len: usize) -> Result<Value, DecodeError> {
        Ok(match marker {
            marker::XML_DOCUMENT => {
                Value::XmlDocument(self.input.text(len, "an XML document")?.into())
            }
            marker::XML => Value::Xml(self.input.text(len, "an XML value")?.into()),
            marker::BYTE_ARRAY => Value::byte_array(self.input.bytes(len, "a byte array")?),
            marker::VECTOR_INT => self.vector(len, i32::from_be_bytes)?.into(),
            marker::VECTOR_UINT => self.vector(len, u32::from_be_bytes)?.into(),
            marker::VECTOR_NUMBER => self.vector(len, f64::from_be_bytes)?.into(),
            _ => Value::Date(Date::from_millis(self.input.f64("a date")?)),
        })
    }

    fn vector<T, const N: usize>(
        &mut self,
        count: usize,
        number: fn([u8; N]) -> T,
    ) -> Result<Vector<T>, DecodeError> {
        let fixed = self.input.u8("a vector")? != 0;
        let count = self.input.check_count(count, N, "vector")?;
        let (numbers, _) = self.input.bytes(count * N, "a vector")?.as_chunks();
        Ok(Vector {
            fixed,
            items: numbers.iter().map(|bytes| number(*bytes)).collect(),
        })
    }

    /// Reads a value that holds others; it takes its place in the table where it starts.
    fn container(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value, DecodeError>,
    ) -> Result<Value, DecodeError> {
        let slot = self.tables.values.open(self.budget.depth);
        self.budget.enter(self.input.position())?;
        let value = read(self)?;
        self.budget.leave();
        self.tables.values.close(slot, &value);
        Ok(value)
    }

    fn array(&mut self, count: usize) -> Result<Value, DecodeError> {
        let mut props = Vec::new();
        self.pairs_into(&mut props)?;
        let items = self.elements(count, "array")?;
        Ok(if props.is_empty() {
            items.into()
        } else {
            EcmaArray::with_dense(props, items).into()
        })
    }

    fn object_vector(&mut self, count: usize) -> Result<Value, DecodeError> {
        let fixed = self.input.u8("a vector")? != 0;
        let type_name = self.string("a type name")?;
        let items = self.elements(count, "vector")?;
        Ok(ObjectVector::new(fixed, type_name, items).into())
    }

    fn dictionary(&mut self, count: usize) -> Result<Value, DecodeError> {
        let weak_keys = self.input.u8("a dictionary")? != 0;
        let count = self.input.check_count(count, 2, "dictionary")?;
        let mut entries = Vec::with_capacity(capacity(count));
        for _ in 0..count {
            entries.push((self.element()?, self.element()?));
        }
        Ok(Dictionary::new(weak_keys, entries).into())
    }

    fn elements(&mut self, count: usize, what: &'static str) -> Result<Vec<Value>, DecodeError> {
        let count = self.input.check_count(count, 1, what)?;
        let mut items = Vec::with_capacity(capacity(count));
        for _ in 0..count {
            items.push(self.element()?);
        }
        Ok(items)
    }

    /// Names and values up to an empty name.
    fn pairs_into(&mut self, props: &mut Vec<(Str, Value)>) -> Result<(), DecodeError> {
        loop {
            let key = self.string("a property name")?;
            if key.is_empty() {
                return Ok(());
            }
            props.push((key, self.element()?));
        }
    }

    fn object(&mut self) -> Result<Value, DecodeError> {
        let head = self.u29("an object")?;
        if head & 1 == 0 {
            return self.reference(head >> 1, marker::OBJECT);
        }
        let traits = if head & 2 == 0 {
            self.known_traits(head >> 2)?
        } else {
            self.new_traits(head)?
        };
        self.container(|p| {
            if traits.externalizable {
                p.externalizable(&traits.class)
            } else {
                p.members(&traits)
            }
        })
    }

    fn members(&mut self, traits: &Traits) -> Result<Value, DecodeError> {
        let mut props = Vec::with_capacity(capacity(traits.names.len()));
        for name in &traits.names {
            props.push((name.clone(), self.element()?));
        }
        if traits.dynamic {
            self.pairs_into(&mut props)?;
        }
        let class = (!traits.class.is_empty()).then(|| traits.class.clone());
        Ok(Object::with_traits(class, traits.names.len(), traits.dynamic, props).into())
    }

    fn externalizable(&mut self, class: &Str) -> Result<Value, DecodeError> {
        let body = if Externalizable::is_one_value_class(class) {
            ExternalBody::Value(self.element()?)
        } else if self.may_keep_rest() {
            ExternalBody::Opaque(self.input.bytes(self.input.left(), "an object")?.into())
        } else {
            let offset = self.input.position();
            return Err(DecodeError::UnknownExternalizable {
                class: class.clone(),
                offset,
            });
        };
        Ok(Externalizable::new(class.clone(), body).into())
    }

    /// Whether the object being read is the whole value and the first entry of every table.
    fn may_keep_rest(&self) -> bool {
        self.budget.limits.unknown_externalizable == UnknownExternalizable::KeepRest
            && self.budget.depth == 1
            && self.tables.values.len() == 1
            && self.tables.traits.len() == 1
            && self.tables.strings.len() <= 1
    }

    fn known_traits(&self, index: u32) -> Result<Arc<Traits>, DecodeError> {
        let traits = &self.tables.traits;
        traits
            .get(index as usize)
            .cloned()
            .ok_or_else(|| DecodeError::Reference {
                table: "classes",
                index,
                len: traits.len(),
                offset: self.input.position(),
            })
    }

    /// Bit 2 says that the class writes its own body, bit 3 that it allows more properties than
    /// it declares, the bits above count those that it declares (AMF 3 §3.12).
    fn new_traits(&mut self, head: u32) -> Result<Arc<Traits>, DecodeError> {
        let class = self.string("a class name")?;
        let externalizable = head & 4 != 0;
        let mut names = Vec::new();
        if !externalizable {
            let count = self.input.check_count((head >> 4) as usize, 1, "class")?;
            names.reserve(capacity(count));
            for _ in 0..count {
                self.budget.element(self.input.position())?;
                names.push(self.string("a member name")?);
            }
        }
        let dynamic = !externalizable && head & 8 != 0;
        let traits = Arc::new(Traits {
            class,
            externalizable,
            dynamic,
            names,
        });
        self.tables.traits.push(traits.clone());
        Ok(traits)
    }

    fn head(&mut self, marker: u8) -> Result<Head, DecodeError> {
        let head = self.u29("a complex value")?;
        if head & 1 == 0 {
            return self.reference(head >> 1, marker).map(Head::Known);
        }
        Ok(Head::Inline((head >> 1) as usize))
    }

    /// The marker in front of a reference is not compared with what it refers to: the entry
    /// speaks for itself.
    fn reference(&self, index: u32, marker: u8) -> Result<Value, DecodeError> {
        let offset = self.input.position();
        let value = self
            .tables
            .values
            .resolve(index, self.budget.depth, offset)?;
        if self.keep_references {
            return Ok(Reference::Table { index, marker }.into());
        }
        Ok(value)
    }

    /// Text, new or from the table. The empty text never enters the table (AMF 3 §1.3.2).
    pub(crate) fn string(&mut self, what: &'static str) -> Result<Str, DecodeError> {
        let head = self.u29(what)?;
        let number = head >> 1;
        if head & 1 == 0 {
            let strings = &self.tables.strings;
            return strings
                .get(number as usize)
                .cloned()
                .ok_or_else(|| DecodeError::Reference {
                    table: "strings",
                    index: number,
                    len: strings.len(),
                    offset: self.input.position(),
                });
        }
        if number == 0 {
            return Ok(Str::EMPTY);
        }
        let text = Str::from(self.input.text(number as usize, what)?);
        self.tables.strings.push(text.clone());
        Ok(text)
    }

    /// The sign of an integer is the highest of its 29 bits.
    fn integer(&mut self) -> Result<i32, DecodeError> {
        let bits = self.u29("an integer")?;
        Ok(((bits << 3) as i32) >> 3)
    }

    /// Seven bits a byte while the high bit is set; the fourth byte gives eight (AMF 3 §1.3.1).
    fn u29(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        let mut number = 0;
        for _ in 0..3 {
            let byte = self.input.u8(what)?;
            number = number << 7 | u32::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Ok(number << 8 | u32::from(self.input.u8(what)?))
    }
}
