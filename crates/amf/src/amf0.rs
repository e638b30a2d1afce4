//! AMF0: reading and writing the value format of the first RTMP and Flash Remoting clients.
//!
//! The source is Adobe's "Action Message Format – AMF 0" (December 2007), cited as "AMF 0".
//! One message body is one sequence of values with one table of references, so one [`Decoder`]
//! or [`Encoder`] serves one message.

mod decode;
mod encode;

pub use decode::Decoder;
pub use encode::{AvmPlus, Encoder};

use crate::read::Reader;
use crate::{DecodeError, EncodeError, Limits, Output, Str, Value};

/// The markers in front of values (AMF 0 §2.1).
mod marker {
    pub(super) const NUMBER: u8 = 0x00;
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const STRING: u8 = 0x02;
    pub(super) const OBJECT: u8 = 0x03;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const UNDEFINED: u8 = 0x06;
    pub(super) const REFERENCE: u8 = 0x07;
    pub(super) const ECMA_ARRAY: u8 = 0x08;
    pub(super) const OBJECT_END: u8 = 0x09;
    pub(super) const STRICT_ARRAY: u8 = 0x0a;
    pub(super) const DATE: u8 = 0x0b;
    pub(super) const LONG_STRING: u8 = 0x0c;
    pub(super) const UNSUPPORTED: u8 = 0x0d;
    pub(super) const XML_DOCUMENT: u8 = 0x0f;
    pub(super) const TYPED_OBJECT: u8 = 0x10;
    pub(super) const AVM_PLUS: u8 = 0x11;
}

/// Reads all values of a message body.
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

/// Writes `values` as one message body for a receiver that knows AMF0 only: with the default
/// [`Limits`], [`AvmPlus::Never`] and references for shared parts.
///
/// # Errors
///
/// See [`EncodeError`]; values that came out of a decoder can only exceed the output limit.
pub fn encode_all(values: &[Value]) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, &Limits::default());
    for value in values {
        encoder.value(value)?;
    }
    Ok(out)
}

/// Reads text behind a 16-bit length, without a marker, and moves `input` behind it: the form of
/// property names, of slot names in shared objects and of the names in packets.
///
/// # Errors
///
/// When `input` is too short or the text is not UTF-8; `input` is then left as it was.
pub fn read_key(input: &mut &[u8]) -> Result<Str, DecodeError> {
    let mut reader = Reader::new(input);
    let key = reader.short_text("a name")?;
    *input = reader.rest();
    Ok(key)
}

/// Writes `key` behind a 16-bit length, without a marker.
///
/// # Errors
///
/// When `key` is longer than 65 535 bytes; nothing is then written.
pub fn write_key(out: &mut impl Output, key: &str) -> Result<(), EncodeError> {
    let len = u16::try_from(key.len()).map_err(|_| EncodeError::TooLong {
        what: "name",
        len: key.len(),
        max: u16::MAX.into(),
    })?;
    out.append(&len.to_be_bytes());
    out.append(key.as_bytes());
    Ok(())
}
