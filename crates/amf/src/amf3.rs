//! AMF3: reading and writing the value format of Flash Player 9 and later.
//!
//! The source is Adobe's "Action Message Format – AMF 3" (January 2013), cited as "AMF 3". One
//! sequence of values shares three tables of references (text, complex values, classes), so one
//! [`Decoder`] or [`Encoder`] serves one sequence. RTMP and Flash Remoting never send such a
//! sequence by itself: they switch single values of an AMF0 message, see `amf0`.

mod decode;
mod encode;
mod traits;

pub use decode::Decoder;
pub(crate) use decode::{Parser, ReadTables};
pub use encode::Encoder;
pub(crate) use encode::{Printer, WriteTables};

use crate::{DecodeError, EncodeError, Limits, Value};

/// The markers in front of values (AMF 3 §3.1).
mod marker {
    pub(super) const UNDEFINED: u8 = 0x00;
    pub(super) const NULL: u8 = 0x01;
    pub(super) const FALSE: u8 = 0x02;
    pub(super) const TRUE: u8 = 0x03;
    pub(super) const INTEGER: u8 = 0x04;
    pub(super) const DOUBLE: u8 = 0x05;
    pub(super) const STRING: u8 = 0x06;
    pub(super) const XML_DOCUMENT: u8 = 0x07;
    pub(super) const DATE: u8 = 0x08;
    pub(super) const ARRAY: u8 = 0x09;
    pub(super) const OBJECT: u8 = 0x0a;
    pub(super) const XML: u8 = 0x0b;
    pub(super) const BYTE_ARRAY: u8 = 0x0c;
    pub(super) const VECTOR_INT: u8 = 0x0d;
    pub(super) const VECTOR_UINT: u8 = 0x0e;
    pub(super) const VECTOR_NUMBER: u8 = 0x0f;
    pub(super) const VECTOR_OBJECT: u8 = 0x10;
    pub(super) const DICTIONARY: u8 = 0x11;
}

/// The largest number of the variable-length form: 29 bits (AMF 3 §1.3.1).
const U29_MAX: u32 = (1 << 29) - 1;
/// The largest length, count or index: one bit of the 29 says whether it is a reference.
const U28_MAX: u32 = U29_MAX >> 1;
/// The integers that fit into 29 bits with a sign.
const INTEGERS: std::ops::RangeInclusive<i32> = -(1 << 28)..=(1 << 28) - 1;

/// Reads all values of a sequence.
///
/// # Errors
///
/// The first thing that is wrong with `input`, or the first of `limits` that it exceeds.
pub fn decode_all(input: &[u8], limits: &Limits) -> Result<Vec<Value>, DecodeError> {
    let mut decoder = Decoder::new(input, limits);
    let mut values = Vec::new();
    while let Some(value) = decoder.value()? {
        values.push(value);
    }
    Ok(values)
}

/// Writes `values` as one sequence with the default [`Limits`].
///
/// # Errors
///
/// See [`EncodeError`].
pub fn encode_all(values: &[Value]) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, &Limits::default());
    for value in values {
        encoder.value(value)?;
    }
    Ok(out)
}
