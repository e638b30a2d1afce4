//! One entry of an object's log, and its bytes, written once however many get it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use amf::amf0::{AvmPlus, Encoder};
use amf::{EncodeError, Str, Value};
use bytes::Bytes;
use rtmp::Encoding;
use rtmp::shared_object::Event;

/// The longest body that RTMP can say (RTMP 1.0 §5.3.1.2.1), less some room. What
/// [`crate::Limits`] lets in is far shorter, but limits may be raised.
pub(crate) const BODY_BYTES_MAX: usize = 0x00ff_0000;

/// Room for a short value in front of one that is measured.
const FIRST_BYTES: usize = 32;

/// What happened, as all who use the object are told, or as the answer to one of them.
#[derive(Debug)]
pub(crate) enum What {
    /// A slot has this value now.
    Change { key: Str, value: Value },
    /// A slot is gone.
    Remove(Str),
    /// All slots are gone.
    Clear,
    /// Anything that stays where it is in the order: a call, or an answer.
    Event(Event),
}

/// One entry of the log.
pub(crate) struct Item {
    what: What,
    wire: [OnceLock<Wire>; 2],
}

/// The bytes of an event in one encoding.
#[derive(Clone)]
pub(crate) enum Wire {
    /// With number and length; they mean the same in every message.
    Anywhere(Bytes),
    /// The event has references and must be written with its message. About so many bytes.
    WithMessage(usize),
}

impl Wire {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Anywhere(bytes) => bytes.len(),
            Self::WithMessage(len) => *len,
        }
    }
}

impl Item {
    pub(crate) fn new(what: What) -> Arc<Self> {
        Arc::new(Self {
            what,
            wire: [OnceLock::new(), OnceLock::new()],
        })
    }

    pub(crate) fn change(key: Str, value: Value) -> Arc<Self> {
        Self::new(What::Change { key, value })
    }

    pub(crate) fn event(event: Event) -> Arc<Self> {
        Self::new(What::Event(event))
    }

    pub(crate) fn what(&self) -> &What {
        &self.what
    }

    /// The value of a change.
    pub(crate) fn value(&self) -> Option<&Value> {
        match &self.what {
            What::Change { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The event that tells it.
    pub(crate) fn to_event(&self) -> Event {
        match &self.what {
            What::Change { key, value } => Event::Change(vec![(key.clone(), value.clone())]),
            What::Remove(key) => Event::Remove(vec![key.clone()]),
            What::Clear => Event::Clear,
            What::Event(event) => event.clone(),
        }
    }

    /// Its bytes, written when they are first asked for.
    pub(crate) fn wire(&self, encoding: Encoding) -> &Wire {
        self.wire[index(encoding)].get_or_init(|| self.write(encoding))
    }

    fn write(&self, encoding: Encoding) -> Wire {
        let event = self.to_event();
        match event.encode_anywhere(encoding, &wire_limits()) {
            Ok(bytes) => Wire::Anywhere(bytes),
            Err(EncodeError::DanglingReference) => {
                let message = rtmp::shared_object::Message {
                    encoding,
                    ..rtmp::shared_object::Message::new("", 0, false, vec![event])
                };
                let written = message.encode_within(&wire_limits());
                match written {
                    Ok(bytes) => Wire::WithMessage(bytes.len()),
                    Err(_) => self.instead(encoding),
                }
            }
            Err(_) => self.instead(encoding),
        }
    }

    /// What is sent of a value that can be stored and yet cannot be written in this encoding: the
    /// mark that AMF0 has for such values.
    fn instead(&self, encoding: Encoding) -> Wire {
        let event = match self.to_event() {
            Event::Change(slots) => {
                let unsupported = slots.into_iter().map(|(key, _)| (key, Value::Unsupported));
                Event::Change(unsupported.collect())
            }
            Event::SendMessage { handler, args } => Event::SendMessage {
                handler,
                args: vec![Value::Unsupported; args.len()],
            },
            event => event,
        };
        let bytes = event.encode_anywhere(encoding, &wire_limits());
        Wire::Anywhere(bytes.unwrap_or_default())
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)
    }
}

/// The place of an encoding among the two.
pub(crate) const fn index(encoding: Encoding) -> usize {
    match encoding {
        Encoding::Amf0 => 0,
        Encoding::Amf3 => 1,
    }
}

/// The limits for what is on its way out.
pub(crate) fn wire_limits() -> amf::Limits {
    amf::Limits {
        output_bytes: BODY_BYTES_MAX,
        ..amf::Limits::default()
    }
}

/// How many bytes these values take in a message, in the encoding that needs more, if that is no
/// more than `max`. What is stored says less: on the wire each value stands for itself, so texts
/// and shared parts are repeated.
///
/// # Errors
///
/// [`EncodeError::OutputTooLong`] when it is more. A value that an encoding cannot write at all is
/// no error: [`Item`] has a mark for it.
pub(crate) fn bytes_on_wire(values: &[Value], max: usize) -> Result<usize, EncodeError> {
    let mut most = 0;
    let mut out = Vec::new();
    for avm_plus in [AvmPlus::Never, AvmPlus::Objects] {
        let mut total = 0;
        for value in values {
            out.clear();
            total += bytes_of_one(value, avm_plus, max - total, &mut out)?;
        }
        most = most.max(total);
    }
    Ok(most)
}

fn bytes_of_one(
    value: &Value,
    avm_plus: AvmPlus,
    max: usize,
    out: &mut Vec<u8>,
) -> Result<usize, EncodeError> {
    let limits = amf::Limits {
        output_bytes: max,
        ..amf::Limits::default()
    };
    let written = Encoder::new(out, &limits)
        .avm_plus(avm_plus)
        .value_anywhere(value);
    match written {
        Ok(()) => Ok(out.len()),
        Err(EncodeError::DanglingReference) => bytes_behind_others(value, avm_plus, max, out),
        Err(EncodeError::OutputTooLong { .. }) => Err(EncodeError::OutputTooLong { max }),
        Err(_) => Ok(0),
    }
}

/// The same for a value that is written with its message, where it costs most behind another:
/// only the first one's texts are not repeated.
fn bytes_behind_others(
    value: &Value,
    avm_plus: AvmPlus,
    max: usize,
    out: &mut Vec<u8>,
) -> Result<usize, EncodeError> {
    let limits = amf::Limits {
        output_bytes: max.saturating_add(FIRST_BYTES),
        ..amf::Limits::default()
    };
    out.clear();
    let mut encoder = Encoder::new(out, &limits).avm_plus(avm_plus);
    encoder.value(&Value::array([Value::from("first")]).in_amf3())?;
    let before = encoder.written();
    match encoder.value_apart(value) {
        Ok(()) if encoder.written() - before <= max => Ok(encoder.written() - before),
        Ok(()) | Err(EncodeError::OutputTooLong { .. }) => Err(EncodeError::OutputTooLong { max }),
        Err(_) => Ok(0),
    }
}
