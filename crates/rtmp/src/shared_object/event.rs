//! The events inside a shared-object message.

use amf::amf0::{Decoder, Encoder};
use amf::{EncodeError, Str, Value};
use bytes::{BufMut, Bytes, BytesMut};

use super::Budget;
use crate::bytes_at::u32_at;
use crate::error::{Error, Malformed};
use crate::message::Encoding;

/// What happened to a shared object, or is wanted. Numbers are those of the wire.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// 1, to the server: the client uses the object from now on.
    Use,
    /// 2, to the server: the client no longer uses it.
    Release,
    /// 3, to the server: these slots are to have these values.
    RequestChange(Vec<(Str, Value)>),
    /// 4, to the client: these slots now have these values.
    Change(Vec<(Str, Value)>),
    /// 5, to the client that asked: these slots were changed or removed as wanted.
    Success(Vec<Str>),
    /// 6, both ways: a call to everybody who uses the object.
    SendMessage {
        /// The function.
        handler: Str,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// 7, to the client: something was refused.
    Status {
        /// One of the `SharedObject` codes of [`crate::status::Code`].
        code: Str,
        /// `"error"`.
        level: Str,
    },
    /// 8, to the client: all slots are gone.
    Clear,
    /// 9, to the client: these slots are gone.
    Remove(Vec<Str>),
    /// 10, to the server: these slots are to be removed.
    RequestRemove(Vec<Str>),
    /// 11, to the client: it now uses the object.
    UseSuccess,
    /// 12, between servers: probably a slot's own version; follows a change and repeats its
    /// key.
    SlotVersion {
        /// The slot.
        key: Str,
        /// Its version.
        version: u32,
    },
    /// 13, between servers: instead of 5, with the values that were wanted.
    ChangeEcho(Vec<(Str, Value)>),
    /// 14, between servers: all slots are to be removed.
    RequestClear,
    /// What stands here instead of the events of a message that cannot be read, see
    /// [`Message::unreadable`](super::Message::unreadable). Never sent.
    Unreadable,
    /// Any other event. To be ignored.
    Unknown {
        /// Its number.
        event: u8,
        /// Its data.
        data: Bytes,
    },
}

/// The data of one event that is being read.
pub(super) struct Input<'a> {
    pub(super) type_id: u8,
    pub(super) kind: u8,
    pub(super) data: &'a Bytes,
    /// Where the data starts in the body.
    pub(super) start: usize,
    pub(super) budget: &'a mut Budget,
}

impl Event {
    /// The event's number.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Use => 1,
            Self::Release => 2,
            Self::RequestChange(_) => 3,
            Self::Change(_) => 4,
            Self::Success(_) => 5,
            Self::SendMessage { .. } => 6,
            Self::Status { .. } => 7,
            Self::Clear => 8,
            Self::Remove(_) => 9,
            Self::RequestRemove(_) => 10,
            Self::UseSuccess => 11,
            Self::SlotVersion { .. } => 12,
            Self::ChangeEcho(_) => 13,
            Self::RequestClear => 14,
            Self::Unreadable => 0,
            Self::Unknown { event, .. } => *event,
        }
    }

    /// The event as it stands in a message, with number and length, when it means the same at
    /// every place of every message; it can then be written once and sent to many.
    ///
    /// # Errors
    ///
    /// [`EncodeError::DanglingReference`] when a value needs references, see
    /// [`Encoder::value_anywhere`]: such an event is to be written with its message. Otherwise
    /// when AMF cannot write a value within `limits`.
    pub fn encode_anywhere(
        &self,
        encoding: Encoding,
        limits: &amf::Limits,
    ) -> Result<Bytes, EncodeError> {
        let mut out = BytesMut::new();
        out.put_u8(self.kind());
        out.put_u32(0);
        let mut encoder = Encoder::new(&mut out, limits).avm_plus(encoding.avm_plus());
        self.encode_with(&mut encoder, Encoder::value_anywhere)?;
        let len = (out.len() - 5) as u32;
        out[1..5].copy_from_slice(&len.to_be_bytes());
        Ok(out.freeze())
    }

    /// Writes the data, without number and length. `out` writes the data of all events of a
    /// message, one after the other.
    pub(super) fn encode_data(&self, out: &mut Encoder<'_, BytesMut>) -> Result<(), EncodeError> {
        self.encode_with(out, Encoder::value_apart)
    }

    fn encode_with<'a>(
        &self,
        out: &mut Encoder<'a, BytesMut>,
        write: impl Fn(&mut Encoder<'a, BytesMut>, &Value) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Use
            | Self::Release
            | Self::Clear
            | Self::UseSuccess
            | Self::RequestClear
            | Self::Unreadable => Ok(()),
            Self::RequestChange(slots) | Self::Change(slots) | Self::ChangeEcho(slots) => {
                slots.iter().try_for_each(|(key, value)| {
                    out.key(key)?;
                    write(out, value)
                })
            }
            Self::Success(keys) | Self::Remove(keys) | Self::RequestRemove(keys) => {
                keys.iter().try_for_each(|key| out.key(key))
            }
            Self::SendMessage { handler, args } => {
                out.value(&Value::String(handler.clone()))?;
                args.iter().try_for_each(|arg| write(out, arg))
            }
            Self::Status { code, level } => {
                out.key(code)?;
                out.key(level)
            }
            Self::SlotVersion { key, version } => {
                out.key(key)?;
                out.bytes(&version.to_be_bytes())
            }
            Self::Unknown { data, .. } => out.bytes(data),
        }
    }
}

impl Input<'_> {
    /// Reads the event. Keys may repeat where peers were seen to repeat them; `use` and
    /// `release` may carry data, which is ignored.
    ///
    /// `values` stands at the start of the data. It has read the events before this one: a
    /// message has one table of references and one budget.
    pub(super) fn decode(&mut self, values: &mut Decoder<'_>) -> Result<Event, Error> {
        Ok(match self.kind {
            1 => Event::Use,
            2 => Event::Release,
            3 => Event::RequestChange(self.slots(values)?),
            4 => Event::Change(self.slots(values)?),
            5 => Event::Success(self.keys(values)?),
            6 => self.send_message(values)?,
            7 => Event::Status {
                code: self.key(values)?,
                level: self.key(values)?,
            },
            8 => self.empty(Event::Clear)?,
            9 => Event::Remove(self.keys(values)?),
            10 => Event::RequestRemove(self.keys(values)?),
            11 => self.empty(Event::UseSuccess)?,
            12 => {
                let key = self.key(values)?;
                let version = u32_at(values.rest(), 0).ok_or_else(|| self.unfit())?;
                Event::SlotVersion { key, version }
            }
            13 => Event::ChangeEcho(self.slots(values)?),
            14 => self.empty(Event::RequestClear)?,
            event => Event::Unknown {
                event,
                data: self.data.clone(),
            },
        })
    }

    fn slots(&mut self, values: &mut Decoder<'_>) -> Result<Vec<(Str, Value)>, Error> {
        let mut slots = Vec::new();
        while !values.rest().is_empty() {
            let key = self.key(values)?;
            let value = values.value().map_err(|source| self.bad_value(source))?;
            slots.push((key, value.ok_or_else(|| self.unfit())?));
        }
        Ok(slots)
    }

    /// One key or more.
    fn keys(&mut self, values: &mut Decoder<'_>) -> Result<Vec<Str>, Error> {
        let mut keys = vec![self.key(values)?];
        while !values.rest().is_empty() {
            keys.push(self.key(values)?);
        }
        Ok(keys)
    }

    fn key(&mut self, values: &mut Decoder<'_>) -> Result<Str, Error> {
        self.budget.spend(self.start + values.position())?;
        values.key().map_err(|source| self.bad_value(source))
    }

    fn send_message(&mut self, values: &mut Decoder<'_>) -> Result<Event, Error> {
        let handler = values.value().map_err(|source| self.bad_value(source))?;
        let handler = handler.as_ref().and_then(Value::as_text).cloned();
        let handler = handler.ok_or_else(|| self.unfit())?;
        let mut args = Vec::new();
        while let Some(value) = values.value().map_err(|source| self.bad_value(source))? {
            self.budget.spend(self.start + values.position())?;
            args.push(value);
        }
        Ok(Event::SendMessage { handler, args })
    }

    /// `event`, which carries no data.
    fn empty(&self, event: Event) -> Result<Event, Error> {
        if self.data.is_empty() {
            Ok(event)
        } else {
            Err(self.unfit())
        }
    }

    fn unfit(&self) -> Error {
        Error::malformed(
            Malformed::SharedObjectEvent { event: self.kind },
            self.start,
        )
    }

    fn bad_value(&self, source: amf::DecodeError) -> Error {
        Error::Amf {
            type_id: self.type_id,
            source,
        }
    }
}
