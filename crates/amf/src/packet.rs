//! The envelope of Flash Remoting: what an HTTP body of type `application/x-amf` holds.
//!
//! It is a version, a list of headers and a list of messages, each with one AMF0 value that may
//! switch to AMF3 (AMF 0 §4, AMF 3 §4.1). Routing a message to a target is not done here.

use crate::amf0::{AvmPlus, Decoder, Encoder};
use crate::read::{Budget, Reader};
use crate::{DecodeError, EncodeError, Limits, Str, Value};

/// The length that stands for "not known".
const LENGTH_UNKNOWN: u32 = u32::MAX;

/// One packet: a request or its answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packet {
    /// 0 for a client with AMF0, 1 for Flash Communication Server, 3 for a client with AMF3.
    pub version: u16,
    /// Headers, which speak about all messages.
    pub headers: Vec<Header>,
    /// Calls or their results.
    pub messages: Vec<Message>,
}

/// A header of a [`Packet`].
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The name, for example `Credentials`.
    pub name: Str,
    /// Whether a receiver that does not know the name must refuse the packet.
    pub must_understand: bool,
    /// The length of the value in bytes as the sender declared it, `None` when it did not.
    pub length: Option<u32>,
    /// The value.
    pub value: Value,
}

/// A message of a [`Packet`].
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What is called, for example `Service.method`, or what an answer answers, for example
    /// `/1/onResult`.
    pub target: Str,
    /// What the answer shall be called, for example `/1`; empty or `null` in answers.
    pub response: Str,
    /// The length of the value in bytes as the sender declared it, `None` when it did not.
    pub length: Option<u32>,
    /// The value: for a call the list of its arguments.
    pub value: Value,
}

impl Packet {
    /// Reads a packet that fills `input`. Every value has its own tables of references, and all
    /// of them together share [`Limits::elements`].
    ///
    /// Declared lengths are kept but not believed: clients have sent wrong ones, and the values
    /// say themselves where they end.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with `input`, or the first of `limits` that it exceeds.
    pub fn decode(input: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut parser = Parser {
            input: Reader::new(input),
            budget: Budget::new(limits),
        };
        let version = parser.input.u16("a packet version")?;
        if !matches!(version, 0 | 1 | 3) {
            return Err(DecodeError::PacketVersion { version });
        }
        let headers = parser.list("packet_headers", limits.packet_headers, Parser::header)?;
        let messages = parser.list("packet_messages", limits.packet_messages, Parser::message)?;
        let (offset, left) = (parser.input.position(), parser.input.left());
        if left > 0 {
            return Err(DecodeError::Trailing { offset, left });
        }
        Ok(Self {
            version,
            headers,
            messages,
        })
    }

    /// Writes the packet. A length that is `Some` is replaced by the real one, one that is `None`
    /// is written as "not known".
    ///
    /// # Errors
    ///
    /// When a value cannot be written, a name or list is too long, or the packet exceeds
    /// [`Limits::output_bytes`].
    pub fn encode(&self, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
        let mut writer = PacketWriter::new(limits);
        writer.out.extend(self.version.to_be_bytes());
        writer.count(self.headers.len(), "list of headers")?;
        for header in &self.headers {
            writer.header(header)?;
        }
        writer.count(self.messages.len(), "list of messages")?;
        for message in &self.messages {
            writer.message(message)?;
        }
        Ok(writer.out)
    }

    /// Puts a packet together from headers and messages that [`Header::encode`] and
    /// [`Message::encode`] have written: for senders that collect calls and send them later.
    ///
    /// # Errors
    ///
    /// When a list is too long, or the packet exceeds [`Limits::output_bytes`].
    pub fn join<H: AsRef<[u8]>, M: AsRef<[u8]>>(
        version: u16,
        headers: &[H],
        messages: &[M],
        limits: &Limits,
    ) -> Result<Vec<u8>, EncodeError> {
        let mut writer = PacketWriter::new(limits);
        writer.out.extend(version.to_be_bytes());
        writer.count(headers.len(), "list of headers")?;
        for header in headers {
            writer.part(header.as_ref())?;
        }
        writer.count(messages.len(), "list of messages")?;
        for message in messages {
            writer.part(message.as_ref())?;
        }
        Ok(writer.out)
    }
}

impl Header {
    /// Writes the header as [`Packet::encode`] does; for [`Packet::join`].
    ///
    /// # Errors
    ///
    /// As [`Packet::encode`].
    pub fn encode(&self, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
        let mut writer = PacketWriter::new(limits);
        writer.header(self)?;
        Ok(writer.out)
    }
}

impl Message {
    /// Writes the message as [`Packet::encode`] does; for [`Packet::join`].
    ///
    /// # Errors
    ///
    /// As [`Packet::encode`].
    pub fn encode(&self, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
        let mut writer = PacketWriter::new(limits);
        writer.message(self)?;
        Ok(writer.out)
    }
}

struct Parser<'a> {
    input: Reader<'a>,
    budget: Budget,
}

impl Parser<'_> {
    fn list<T>(
        &mut self,
        limit: &'static str,
        max: u16,
        each: fn(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let offset = self.input.position();
        let count = self.input.u16("a packet")?;
        if count > max {
            return Err(DecodeError::Limit {
                limit,
                max: max.into(),
                offset,
            });
        }
        (0..count).map(|_| each(self)).collect()
    }

    fn header(&mut self) -> Result<Header, DecodeError> {
        let name = self.input.short_text("a header name")?;
        let must_understand = self.input.u8("a header")? != 0;
        let length = self.length()?;
        Ok(Header {
            name,
            must_understand,
            length,
            value: self.value()?,
        })
    }

    fn message(&mut self) -> Result<Message, DecodeError> {
        let target = self.input.short_text("a message target")?;
        let response = self.input.short_text("a response name")?;
        let length = self.length()?;
        Ok(Message {
            target,
            response,
            length,
            value: self.value()?,
        })
    }

    fn length(&mut self) -> Result<Option<u32>, DecodeError> {
        let length = self.input.u32("a length")?;
        Ok((length != LENGTH_UNKNOWN).then_some(length))
    }

    fn value(&mut self) -> Result<Value, DecodeError> {
        let mut decoder = Decoder::with_budget(self.input.clone(), self.budget.clone());
        let value = decoder.element()?;
        (self.input, self.budget) = decoder.into_parts();
        Ok(value)
    }
}

struct PacketWriter {
    out: Vec<u8>,
    limits: Limits,
}

impl PacketWriter {
    fn new(limits: &Limits) -> Self {
        Self {
            out: Vec::new(),
            limits: *limits,
        }
    }

    fn header(&mut self, header: &Header) -> Result<(), EncodeError> {
        self.name(&header.name)?;
        self.out.push(header.must_understand.into());
        self.value(&header.value, header.length)
    }

    fn message(&mut self, message: &Message) -> Result<(), EncodeError> {
        self.name(&message.target)?;
        self.name(&message.response)?;
        self.value(&message.value, message.length)
    }

    /// A header or message that is written already.
    fn part(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let max = self.limits.output_bytes;
        if bytes.len() > max.saturating_sub(self.out.len()) {
            return Err(EncodeError::OutputTooLong { max });
        }
        self.out.extend(bytes);
        Ok(())
    }

    /// An encoder, with tables of its own, that may write what is left of the budget.
    fn encoder(&mut self) -> Encoder<'_, Vec<u8>> {
        let output_bytes = self.limits.output_bytes.saturating_sub(self.out.len());
        let limits = Limits {
            output_bytes,
            ..self.limits
        };
        Encoder::new(&mut self.out, &limits).avm_plus(AvmPlus::Needed)
    }

    fn name(&mut self, name: &str) -> Result<(), EncodeError> {
        let max = self.limits.output_bytes;
        self.encoder().key(name).map_err(|e| whole_budget(e, max))
    }

    fn count(&mut self, len: usize, what: &'static str) -> Result<(), EncodeError> {
        let max = usize::from(u16::MAX);
        let count = u16::try_from(len).map_err(|_| EncodeError::TooLong { what, len, max })?;
        self.out.extend(count.to_be_bytes());
        Ok(())
    }

    fn value(&mut self, value: &Value, length: Option<u32>) -> Result<(), EncodeError> {
        let at = self.out.len();
        self.out.extend(LENGTH_UNKNOWN.to_be_bytes());
        let max = self.limits.output_bytes;
        self.encoder()
            .value(value)
            .map_err(|e| whole_budget(e, max))?;
        if length.is_some()
            && let Ok(length) = u32::try_from(self.out.len() - at - 4)
            && let Some(place) = self.out.get_mut(at..at + 4)
        {
            place.copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }
}

/// Names the limit of the packet instead of what was left of it.
fn whole_budget(error: EncodeError, max: usize) -> EncodeError {
    match error {
        EncodeError::OutputTooLong { .. } => EncodeError::OutputTooLong { max },
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::{Header, Message, Packet};
    use crate::{DecodeError, EncodeError, Limits, Value};

    fn message(value: Value) -> Message {
        Message {
            target: "a.b".into(),
            response: "/1".into(),
            length: None,
            value,
        }
    }

    #[test]
    fn declared_lengths_are_made_true() {
        let header = Header {
            name: "h".into(),
            must_understand: true,
            length: Some(77),
            value: Value::Boolean(true),
        };
        let packet = Packet {
            version: 0,
            headers: vec![header],
            messages: vec![],
        };
        let bytes = packet.encode(&Limits::default()).unwrap();
        let read = Packet::decode(&bytes, &Limits::default()).unwrap();
        assert_eq!(read.headers[0].length, Some(2));
    }

    #[test]
    fn versions_and_trailing_bytes_are_checked() {
        let packet = Packet {
            version: 2,
            ..Packet::default()
        };
        let mut bytes = packet.encode(&Limits::default()).unwrap();
        let version = DecodeError::PacketVersion { version: 2 };
        assert_eq!(Packet::decode(&bytes, &Limits::default()), Err(version));
        bytes[1] = 1;
        assert!(Packet::decode(&bytes, &Limits::default()).is_ok());
        bytes.push(0);
        let trailing = DecodeError::Trailing { offset: 6, left: 1 };
        assert_eq!(Packet::decode(&bytes, &Limits::default()), Err(trailing));
    }

    #[test]
    fn the_limits_hold_for_the_whole_packet() {
        let messages = vec![message(Value::array([Value::Null, Value::Null])); 3];
        let packet = Packet {
            version: 3,
            headers: vec![],
            messages,
        };
        let bytes = packet.encode(&Limits::default()).unwrap();
        let decode = |limits| Packet::decode(&bytes, &limits).map_err(|e| e.to_string());
        assert!(
            decode(Limits {
                elements: 9,
                ..Limits::default()
            })
            .is_ok()
        );
        let error = decode(Limits {
            elements: 8,
            ..Limits::default()
        })
        .unwrap_err();
        assert!(error.contains("8 elements"), "{error}");
        let error = decode(Limits {
            packet_messages: 2,
            ..Limits::default()
        })
        .unwrap_err();
        assert!(error.contains("2 packet_messages"), "{error}");
        let limits = Limits {
            output_bytes: bytes.len(),
            ..Limits::default()
        };
        assert_eq!(packet.encode(&limits), Ok(bytes.clone()));
        let limits = Limits {
            output_bytes: bytes.len() - 1,
            ..Limits::default()
        };
        let error = EncodeError::OutputTooLong {
            max: bytes.len() - 1,
        };
        assert_eq!(packet.encode(&limits), Err(error));
    }

    #[test]
    fn parts_make_the_same_packet() {
        let header = Header {
            name: "h".into(),
            must_understand: false,
            length: None,
            value: 1.into(),
        };
        let packet = Packet {
            version: 3,
            headers: vec![header],
            messages: vec![message("a".into()), message(Value::array([]).in_amf3())],
        };
        let mut limits = Limits::default();
        let whole = packet.encode(&limits).unwrap();
        let headers: Result<Vec<_>, _> = packet.headers.iter().map(|h| h.encode(&limits)).collect();
        let messages: Result<Vec<_>, _> =
            packet.messages.iter().map(|m| m.encode(&limits)).collect();
        let (headers, messages) = (headers.unwrap(), messages.unwrap());
        let joined = |limits| Packet::join(3, &headers, &messages, &limits);
        assert_eq!(joined(limits), Ok(whole.clone()));
        limits.output_bytes = whole.len() - 1;
        let max = limits.output_bytes;
        assert_eq!(joined(limits), Err(EncodeError::OutputTooLong { max }));
    }

    #[test]
    fn headers_are_limited() {
        let bytes = [0, 0, 0, 65];
        let error = DecodeError::Limit {
            limit: "packet_headers",
            max: 64,
            offset: 2,
        };
        assert_eq!(Packet::decode(&bytes, &Limits::default()), Err(error));
    }
}
