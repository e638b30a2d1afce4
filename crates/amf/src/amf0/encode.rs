//! Writing AMF0.

use super::marker;
use crate::tables::WriteTable;
use crate::write::Writer;
use crate::{
    EcmaArray, EncodeError, ExternalBody, Externalizable, Limits, Object, Output, Reference, Str,
    Value, amf3,
};

/// The first place of the table when references may point nowhere.
const NOTHING: u32 = u32::MAX;

/// When an AMF0 message switches to AMF3 for one value (marker 0x11, AMF 0 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AvmPlus {
    /// Never: the receiver knows AMF0 only. Values of AMF3 are converted: integers become
    /// numbers, vectors become strict arrays, `XML` becomes `XMLDocument`, externalizable objects
    /// become the value they wrap, and byte arrays, dictionaries and opaque objects become
    /// [`Value::Unsupported`], AMF0's own mark for what cannot be said.
    #[default]
    Never,
    /// For values marked by [`Value::Amf3`] and for those that AMF0 does not know.
    Needed,
    /// For these and for every object, array and typed object: what servers send to clients that
    /// connected with object encoding 3, while scalars stay AMF0.
    Objects,
}

/// Writes the values of one message body, one after the other.
///
/// A part that several places share is written once; the other places refer to it. A value that
/// cannot be written leaves nothing behind.
#[derive(Debug)]
pub struct Encoder<'a, O> {
    out: Writer<'a, O>,
    table: WriteTable,
    amf3: amf3::WriteTables,
    avm_plus: AvmPlus,
    references: bool,
    /// References to written values point to this place of the table or a later one.
    first: u32,
    /// Whether AMF3 writes texts and classes in full, too.
    in_full: bool,
}

impl<'a, O: Output> Encoder<'a, O> {
    /// An encoder that appends to `out`, within [`Limits::depth`] and [`Limits::output_bytes`].
    pub fn new(out: &'a mut O, limits: &Limits) -> Self {
        Self {
            out: Writer::new(out, limits),
            table: WriteTable::default(),
            amf3: amf3::WriteTables::default(),
            avm_plus: AvmPlus::Never,
            references: true,
            first: 0,
            in_full: false,
        }
    }

    /// When to switch to AMF3. Default [`AvmPlus::Never`].
    #[must_use]
    pub fn avm_plus(mut self, avm_plus: AvmPlus) -> Self {
        self.avm_plus = avm_plus;
        self
    }

    /// Whether AMF0 references are written. Default `true`. Without them a shared part is
    /// repeated, for receivers other than Flash, many of which cannot read references; a cycle is
    /// then refused.
    #[must_use]
    pub fn references(mut self, references: bool) -> Self {
        self.references = references;
        self
    }

    /// Writes one value.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the output is then what it was before.
    pub fn value(&mut self, value: &Value) -> Result<(), EncodeError> {
        self.out.check_open()?;
        let (start, places, amf3) = (self.out.written(), self.table.len(), self.amf3.mark());
        let written = self.element(value);
        if written.is_err() {
            self.out.rewind(start);
            self.table.rewind(places);
            self.amf3.rewind(&amf3);
        }
        written
    }

    /// Writes one value without references to those before it.
    ///
    /// Readers disagree about where a table of references starts again: with the message or with
    /// each part of it. The first value that takes a place in a table means the same to both.
    /// Later ones have their shared parts repeated, so that they need no table; only cycles and
    /// very large values are written with references, within themselves, as a reader numbers
    /// them that keeps its table for the whole message.
    ///
    /// # Errors
    ///
    /// See [`Self::value`].
    pub fn value_apart(&mut self, value: &Value) -> Result<(), EncodeError> {
        let is_first = self.table.len() == 0 && self.amf3.are_empty();
        self.first = if !is_first && value.can_repeat_parts() {
            NOTHING
        } else {
            self.table.len()
        };
        let written = self.value(value);
        self.first = 0;
        written
    }

    /// Writes one value without any reference, so that its bytes mean the same at every place of
    /// every message: they can be kept and sent again among others.
    ///
    /// # Errors
    ///
    /// [`EncodeError::DanglingReference`] for a value that needs references: one with a cycle,
    /// or with more than 10,000 values when walked. Otherwise see [`Self::value`].
    pub fn value_anywhere(&mut self, value: &Value) -> Result<(), EncodeError> {
        if !value.can_repeat_parts() {
            return Err(EncodeError::DanglingReference);
        }
        (self.first, self.in_full) = (NOTHING, true);
        let written = self.value(value);
        (self.first, self.in_full) = (0, false);
        written
    }

    /// Leaves the next place of the table of references to something that is not written.
    pub(crate) fn skip_place(&mut self) {
        self.table.skip();
    }

    /// Appends bytes that are no AMF: other fields of the message between its values.
    ///
    /// # Errors
    ///
    /// When the output is full.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.out.check_open()?;
        self.out.bytes(bytes)
    }

    /// How many bytes the output holds.
    pub fn written(&self) -> usize {
        self.out.written()
    }

    /// Writes a name: text behind a 16-bit length, without a marker.
    ///
    /// # Errors
    ///
    /// When it is longer than 65 535 bytes or the output is full.
    pub fn key(&mut self, key: &str) -> Result<(), EncodeError> {
        self.out.check_open()?;
        let start = self.out.written();
        let written = self.out.short_text(key, "name");
        if written.is_err() {
            self.out.rewind(start);
        }
        written
    }

    fn element(&mut self, value: &Value) -> Result<(), EncodeError> {
        match value {
            Value::Undefined => self.out.u8(marker::UNDEFINED),
            Value::Null => self.out.u8(marker::NULL),
            Value::Boolean(truth) => self.out.bytes(&[marker::BOOLEAN, u8::from(*truth)]),
            Value::Number(number) => self.number(*number),
            Value::Integer(number) => self.number(f64::from(*number)),
            Value::String(text) => self.string(text),
            Value::Date(date) => {
                self.out.u8(marker::DATE)?;
                self.out.f64(date.millis)?;
                self.out.u16(date.zone as u16)
            }
            Value::XmlDocument(text) => self.long_text(marker::XML_DOCUMENT, text),
            Value::Unsupported => self.out.u8(marker::UNSUPPORTED),
            Value::Reference(reference) => self.reference(*reference),
            Value::Amf3(inner) if self.avm_plus == AvmPlus::Never => self.element(inner.plain()),
            Value::Amf3(inner) => self.switched(inner),
            Value::Object(_) | Value::EcmaArray(_) | Value::StrictArray(_)
                if self.avm_plus == AvmPlus::Objects =>
            {
                self.switched(value)
            }
            Value::Object(object) => self.container(value, |e| e.object(object)),
            Value::EcmaArray(array) => self.container(value, |e| e.ecma_array(array)),
            Value::StrictArray(items) => self.container(value, |e| e.strict_array(items)),
            _ if self.avm_plus == AvmPlus::Never => self.converted(value),
            _ => self.switched(value),
        }
    }

    /// Writes what comes closest to a value that only AMF3 knows.
    fn converted(&mut self, value: &Value) -> Result<(), EncodeError> {
        match value {
            Value::Xml(text) => self.long_text(marker::XML_DOCUMENT, text),
            Value::VectorInt(vector) => {
                let items = &vector.items;
                self.container(value, |e| e.numbers(items.iter().map(|n| f64::from(*n))))
            }
            Value::VectorUint(vector) => {
                let items = &vector.items;
                self.container(value, |e| e.numbers(items.iter().map(|n| f64::from(*n))))
            }
            Value::VectorNumber(vector) => {
                self.container(value, |e| e.numbers(vector.items.iter().copied()))
            }
            Value::VectorObject(vector) => {
                self.container(value, |e| e.strict_array(vector.items()))
            }
            Value::Externalizable(object) => self.externalizable(value, object),
            _ => self.out.u8(marker::UNSUPPORTED),
        }
    }

    fn switched(&mut self, value: &Value) -> Result<(), EncodeError> {
        self.out.u8(marker::AVM_PLUS)?;
        self.amf3
            .start_switched(self.first == NOTHING, self.in_full);
        amf3::Printer {
            out: &mut self.out,
            tables: &mut self.amf3,
        }
        .element(value)
    }

    /// Writes a reference to a container that was written before, or the container by `write`.
    fn container(
        &mut self,
        value: &Value,
        write: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let index = self.table.len();
        if self.references {
            if let Some(index) = self.table.find(value, self.first) {
                return self.refer_to(index);
            }
            self.table.add(value);
        }
        self.out.enter()?;
        self.table.enter(index, 0);
        write(self)?;
        self.table.leave();
        self.out.leave();
        Ok(())
    }

    fn object(&mut self, object: &Object) -> Result<(), EncodeError> {
        match object.class() {
            None => self.out.u8(marker::OBJECT)?,
            Some(class) => {
                self.out.u8(marker::TYPED_OBJECT)?;
                self.out.short_text(class, "class name")?;
            }
        }
        self.props(object.props())?;
        self.object_end()
    }

    fn ecma_array(&mut self, array: &EcmaArray) -> Result<(), EncodeError> {
        self.out.u8(marker::ECMA_ARRAY)?;
        self.out.u32(array.count_hint())?;
        self.props(array.props())?;
        for (index, item) in array.dense().iter().enumerate() {
            self.out.short_text(&index.to_string(), "property name")?;
            self.element(item)?;
        }
        self.object_end()
    }

    fn strict_array(&mut self, items: &[Value]) -> Result<(), EncodeError> {
        self.strict_array_start(items.len())?;
        items.iter().try_for_each(|item| self.element(item))
    }

    fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = f64>) -> Result<(), EncodeError> {
        self.strict_array_start(numbers.len())?;
        for number in numbers {
            self.number(number)?;
        }
        Ok(())
    }

    fn strict_array_start(&mut self, len: usize) -> Result<(), EncodeError> {
        self.out.u8(marker::STRICT_ARRAY)?;
        let count = length(len, "strict array")?;
        self.out.u32(count)
    }

    fn props(&mut self, props: &[(Str, Value)]) -> Result<(), EncodeError> {
        for (key, value) in props {
            self.out.short_text(key, "property name")?;
            self.element(value)?;
        }
        Ok(())
    }

    fn object_end(&mut self) -> Result<(), EncodeError> {
        self.out.bytes(&[0, 0, marker::OBJECT_END])
    }

    /// The wrapper vanishes: references to it become references to the value it wraps, which
    /// takes the next place of the table when it is a container.
    fn externalizable(
        &mut self,
        value: &Value,
        object: &Externalizable,
    ) -> Result<(), EncodeError> {
        let ExternalBody::Value(body) = object.body() else {
            return self.out.u8(marker::UNSUPPORTED);
        };
        if let Some(index) = self.table.find(value, self.first) {
            return self.refer_to(index);
        }
        let index = self.table.len();
        self.out.enter()?;
        self.table.enter(index, 0);
        self.element(body)?;
        self.table.leave();
        self.out.leave();
        if self.table.len() > index {
            self.table.add_alias(value, index);
        }
        Ok(())
    }

    fn number(&mut self, number: f64) -> Result<(), EncodeError> {
        self.out.u8(marker::NUMBER)?;
        self.out.f64(number)
    }

    fn string(&mut self, text: &Str) -> Result<(), EncodeError> {
        if text.len() > usize::from(u16::MAX) {
            return self.long_text(marker::LONG_STRING, text);
        }
        self.out.u8(marker::STRING)?;
        self.out.short_text(text, "string")
    }

    fn long_text(&mut self, marker: u8, text: &str) -> Result<(), EncodeError> {
        let len = length(text.len(), "long string")?;
        self.out.u8(marker)?;
        self.out.u32(len)?;
        self.out.bytes(text.as_bytes())
    }

    fn reference(&mut self, reference: Reference) -> Result<(), EncodeError> {
        match self.table.target(reference)? {
            (index, 0) => self.refer_to(index),
            _ => Err(EncodeError::DanglingReference),
        }
    }

    fn refer_to(&mut self, index: u32) -> Result<(), EncodeError> {
        let max = u16::MAX;
        let short = u16::try_from(index).map_err(|_| EncodeError::ReferenceTooFar {
            index,
            max: max.into(),
        })?;
        self.out.u8(marker::REFERENCE)?;
        self.out.u16(short)
    }
}

/// A length as AMF0 writes it.
fn length(len: usize, what: &'static str) -> Result<u32, EncodeError> {
    u32::try_from(len).map_err(|_| EncodeError::TooLong {
        what,
        len,
        max: u32::MAX as usize,
    })
}
