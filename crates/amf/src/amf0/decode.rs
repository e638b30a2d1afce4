//! Reading AMF0.

use super::marker;
use crate::read::{Budget, Names, Reader, capacity};
use crate::tables::ReadTable;
use crate::{Date, DecodeError, EcmaArray, Limits, Object, Reference, Str, Value, amf3};

/// Reads the values of one message body, one after the other.
///
/// Parts that the message refers to twice come out sharing one `Arc`; a reference to a container
/// that is still being read comes out as [`Reference::Enclosing`]. After an error the rest of the
/// message has no meaning and the decoder is of no further use.
#[derive(Debug)]
pub struct Decoder<'a> {
    input: Reader<'a>,
    budget: Budget,
    table: ReadTable,
    amf3: amf3::ReadTables,
    names: Names,
    keep_references: bool,
}

impl<'a> Decoder<'a> {
    /// A decoder at the start of `input`.
    pub fn new(input: &'a [u8], limits: &Limits) -> Self {
        Self::with_budget(Reader::new(input), Budget::new(limits))
    }

    pub(crate) fn with_budget(input: Reader<'a>, budget: Budget) -> Self {
        Self {
            input,
            budget,
            table: ReadTable::default(),
            amf3: amf3::ReadTables::default(),
            names: Names::default(),
            keep_references: false,
        }
    }

    /// Hands the input and the budget on to whoever reads what follows.
    pub(crate) fn into_parts(self) -> (Reader<'a>, Budget) {
        (self.input, self.budget)
    }

    /// Leaves references as [`Reference::Table`] instead of resolving them: for tools that show
    /// what is on the wire.
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
            self.element().map(Some)
        }
    }

    /// A name: text behind a 16-bit length, without a marker.
    ///
    /// # Errors
    ///
    /// When the input is too short or the text is not UTF-8.
    pub fn key(&mut self) -> Result<Str, DecodeError> {
        self.input.short_text("a name")
    }

    /// Goes on with another part of the same message: the tables of references and what is left
    /// of the limits stay as they are. Positions count from the start of `input`.
    pub fn go_on(&mut self, input: &'a [u8]) {
        self.input = Reader::new(input);
    }

    /// A byte between values that is no AMF.
    pub(crate) fn byte(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.input.u8(what)
    }

    /// Leaves the next place of the table of references to something that is not in the input.
    /// A reference to it is refused.
    pub(crate) fn skip_place(&mut self) {
        self.table.skip();
    }

    /// How many bytes of the input have been read.
    pub fn position(&self) -> usize {
        self.input.position()
    }

    /// The bytes that have not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.input.rest()
    }

    pub(crate) fn element(&mut self) -> Result<Value, DecodeError> {
        let offset = self.input.position();
        self.budget.element(offset)?;
        let input = &mut self.input;
        Ok(match input.u8("a value")? {
            marker::NUMBER => Value::Number(input.f64("a number")?),
            marker::BOOLEAN => Value::Boolean(input.u8("a boolean")? != 0),
            marker::STRING => Value::String(input.short_text("a string")?),
            marker::OBJECT => self.container(Self::object)?,
            marker::NULL => Value::Null,
            marker::UNDEFINED => Value::Undefined,
            marker::REFERENCE => self.reference()?,
            marker::ECMA_ARRAY => self.container(Self::ecma_array)?,
            marker::STRICT_ARRAY => self.container(Self::strict_array)?,
            marker::DATE => Value::Date(self.date()?),
            marker::LONG_STRING => Value::String(self.long_text("a long string")?.into()),
            marker::UNSUPPORTED => Value::Unsupported,
            marker::XML_DOCUMENT => Value::XmlDocument(self.long_text("an XML document")?.into()),
            marker::TYPED_OBJECT => self.container(Self::typed_object)?,
            marker::AVM_PLUS => self.amf3()?.in_amf3(),
            // 04 (MovieClip) and 0E (RecordSet) are reserved and never sent (AMF 0 §2.6, §2.16).
            marker => {
                return Err(DecodeError::Marker {
                    format: "AMF0",
                    marker,
                    offset,
                });
            }
        })
    }

    /// Reads a value that takes a place in the table of references where it starts.
    fn container(
        &mut self,
        read: fn(&mut Self) -> Result<Value, DecodeError>,
    ) -> Result<Value, DecodeError> {
        let slot = self.table.open(self.budget.depth);
        self.budget.enter(self.input.position())?;
        let value = read(self)?;
        self.budget.leave();
        self.table.close(slot, &value);
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, DecodeError> {
        Ok(Object::new(self.props()?).into())
    }

    fn typed_object(&mut self) -> Result<Value, DecodeError> {
        let class = self.input.short_text("a class name")?;
        Ok(Object::typed(class, self.props()?).into())
    }

    fn ecma_array(&mut self) -> Result<Value, DecodeError> {
        let count_hint = self.input.u32("an ECMA array")?;
        Ok(EcmaArray::new(self.props()?)
            .with_count_hint(count_hint)
            .into())
    }

    fn strict_array(&mut self) -> Result<Value, DecodeError> {
        let count = self.input.u32("a strict array")? as usize;
        let count = self.input.check_count(count, 1, "strict array")?;
        let mut items = Vec::with_capacity(capacity(count));
        for _ in 0..count {
            items.push(self.element()?);
        }
        Ok(items.into())
    }

    /// Properties up to the end mark. An empty name is legal unless the end mark follows it.
    fn props(&mut self) -> Result<Vec<(Str, Value)>, DecodeError> {
        let mut props = Vec::new();
        loop {
            let len = self.input.u16("a property name")?;
            if len == 0 && self.input.rest().first() == Some(&marker::OBJECT_END) {
                self.input.u8("an object end")?;
                return Ok(props);
            }
            let offset = self.input.position();
            let bytes = self.input.bytes(len.into(), "a property name")?;
            let key = self.names.name(bytes, offset)?;
            props.push((key, self.element()?));
        }
    }

    fn long_text(&mut self, what: &'static str) -> Result<&'a str, DecodeError> {
        let len = self.input.u32(what)? as usize;
        self.input.text(len, what)
    }

    fn date(&mut self) -> Result<Date, DecodeError> {
        let millis = self.input.f64("a date")?;
        Ok(Date {
            millis,
            zone: self.input.i16("a date")?,
        })
    }

    fn reference(&mut self) -> Result<Value, DecodeError> {
        let index = self.input.u16("a reference")?.into();
        let value = self
            .table
            .resolve(index, self.budget.depth, self.input.position())?;
        if self.keep_references {
            return Ok(Reference::Table { index, marker: 0 }.into());
        }
        Ok(value)
    }

    fn amf3(&mut self) -> Result<Value, DecodeError> {
        let keep_references = self.keep_references;
        let (input, budget, tables) = (&mut self.input, &mut self.budget, &mut self.amf3);
        amf3::Parser {
            input,
            budget,
            tables,
            keep_references,
        }
        .element()
    }
}
