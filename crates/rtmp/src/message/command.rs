//! Commands and data messages: a name and values in AMF.

use amf::{Str, Value, amf0};
use bytes::{BufMut, Bytes, BytesMut};

use super::{Encoding, type_id};
use crate::bytes_at::u8_at;
use crate::error::{Error, Malformed};
use crate::limits::Limits;

/// A remote call, or an answer to one (RTMP 1.0 §7.1.1, §7.2).
///
/// A command is a name, a transaction number, a command object or null, and arguments. Clients
/// are not strict about it, and this is what reading one does:
///
/// - No transaction number: it is 0, and what stands in its place is not lost but read on.
/// - The value after it is the command object if it is an object, an array with named elements,
///   null or undefined. Any other value is the first argument already, as Gnash leaves the null
///   out, and the object is null.
/// - Gnash calling with an object as first argument cannot be told apart from a command object;
///   [`Command::values`] serves whoever expects that.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// What is called.
    pub name: Str,
    /// The caller's number for this call, which the answer repeats; 0 wants no answer.
    pub transaction: f64,
    /// The command object, or null.
    pub object: Value,
    /// The arguments.
    pub args: Vec<Value>,
    /// The form it came in or is to be written in.
    pub encoding: Encoding,
}

impl Command {
    /// A command without a command object, in AMF0.
    pub fn new(name: impl Into<Str>, transaction: f64, args: Vec<Value>) -> Self {
        Self {
            name: name.into(),
            transaction,
            object: Value::Null,
            args,
            encoding: Encoding::Amf0,
        }
    }

    /// The same with a command object.
    #[must_use]
    pub fn with_object(mut self, object: Value) -> Self {
        self.object = object;
        self
    }

    /// The same in another form.
    #[must_use]
    pub fn with_encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// The argument at `index`; undefined past the end, as in `ActionScript`.
    pub fn arg(&self, index: usize) -> &Value {
        self.args.get(index).unwrap_or(&Value::Undefined)
    }

    /// Everything after the transaction number that is not a mere placeholder: the command
    /// object unless it is null or undefined, then the arguments.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        let object = Some(&self.object).filter(|object| !object.is_nothing());
        object.into_iter().chain(&self.args)
    }

    /// Reads a body of type 20 or 17.
    pub(super) fn decode(type_id: u8, payload: &Bytes, limits: &Limits) -> Result<Self, Error> {
        let encoding = encoding_of(type_id);
        let no_name = || Error::malformed(Malformed::CommandName, 0);
        let mut values = decode_values(type_id, payload, limits)?
            .into_iter()
            .peekable();
        let name = values
            .next()
            .and_then(|v| v.as_text().cloned())
            .ok_or_else(no_name)?;
        let transaction = values.next_if(|value| value.as_f64().is_some());
        let transaction = transaction.and_then(|value| value.as_f64()).unwrap_or(0.0);
        let object = values.next_if(may_be_command_object).unwrap_or(Value::Null);
        Ok(Self {
            name,
            transaction,
            object,
            args: values.collect(),
            encoding,
        })
    }

    /// Writes a body of type 20 or 17.
    pub(super) fn encode(&self, limits: &amf::Limits) -> Result<Bytes, amf::EncodeError> {
        let mut values = Vec::with_capacity(3 + self.args.len());
        values.push(Value::String(self.name.clone()));
        values.push(Value::Number(self.transaction));
        values.push(self.object.clone());
        values.extend_from_slice(&self.args);
        encode_values(&values, self.encoding, limits)
    }
}

/// A message whose values are passed on to whoever plays the stream: metadata, and whatever a
/// publisher sends (RTMP 1.0 §7.1.2). The first value is usually a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// The values.
    pub values: Vec<Value>,
    /// The form it came in or is to be written in.
    pub encoding: Encoding,
    /// The body it was read from. If not empty, it is what is sent, so that a message can be
    /// passed on byte for byte.
    pub payload: Bytes,
}

impl Data {
    /// Values that have no bytes yet.
    pub const fn new(values: Vec<Value>, encoding: Encoding) -> Self {
        Self {
            values,
            encoding,
            payload: Bytes::new(),
        }
    }

    /// The first value, if it is text.
    pub fn name(&self) -> Option<&str> {
        self.values.first().and_then(Value::as_str)
    }

    /// Reads a body of type 18 or 15.
    pub(super) fn decode(type_id: u8, payload: &Bytes, limits: &Limits) -> Result<Self, Error> {
        Ok(Self {
            values: decode_values(type_id, payload, limits)?,
            encoding: encoding_of(type_id),
            payload: payload.clone(),
        })
    }

    /// The body of type 18 or 15.
    pub(super) fn encode(&self, limits: &amf::Limits) -> Result<Bytes, amf::EncodeError> {
        if self.payload.is_empty() {
            encode_values(&self.values, self.encoding, limits)
        } else {
            Ok(self.payload.clone())
        }
    }
}

/// What may stand where the command object belongs.
fn may_be_command_object(value: &Value) -> bool {
    value.is_nothing() || matches!(value.plain(), Value::Object(_) | Value::EcmaArray(_))
}

const fn encoding_of(type_id: u8) -> Encoding {
    match type_id {
        type_id::COMMAND_AMF3 | type_id::DATA_AMF3 => Encoding::Amf3,
        _ => Encoding::Amf0,
    }
}

/// Reads the values of a body. The AMF3 forms begin with one byte 0 and go on in AMF0; some
/// peers leave it out, and then the first byte is the marker of a string or of AMF3.
fn decode_values(type_id: u8, payload: &Bytes, limits: &Limits) -> Result<Vec<Value>, Error> {
    let values = match (encoding_of(type_id), u8_at(payload, 0)) {
        (Encoding::Amf3, Some(0)) => payload.get(1..).unwrap_or_default(),
        (Encoding::Amf0, _) | (Encoding::Amf3, None | Some(0x02 | 0x11)) => payload,
        (Encoding::Amf3, Some(lead)) => {
            return Err(Error::malformed(Malformed::Lead { lead }, 0));
        }
    };
    amf0::decode_all(values, &limits.amf).map_err(|source| Error::Amf { type_id, source })
}

/// Writes values in either form.
fn encode_values(
    values: &[Value],
    encoding: Encoding,
    limits: &amf::Limits,
) -> Result<Bytes, amf::EncodeError> {
    let mut out = BytesMut::with_capacity(128);
    if encoding == Encoding::Amf3 {
        out.put_u8(0);
    }
    let mut encoder = amf0::Encoder::new(&mut out, limits).avm_plus(encoding.avm_plus());
    for value in values {
        encoder.value(value)?;
    }
    Ok(out.freeze())
}
