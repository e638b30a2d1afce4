//! Shared-object messages (types 19 and 16): a name, a version, and what happened.
//!
//! Adobe published only the outline (RTMP 1.0 §7.1.3); the layout of the events is what Red5,
//! crtmpserver and other implementations read and write. Which events answer which, and what
//! versions mean, is the business of the engine.

mod event;

use amf::{EncodeError, Str, amf0};
use bytes::{BufMut, Bytes, BytesMut};

pub use event::Event;

use crate::bytes_at::{u8_at, u16_at, u32_at};
use crate::error::{Error, Limit, Malformed};
use crate::limits::Limits;
use crate::message::{Encoding, type_id};

/// The flag of an object that is kept when nobody uses it.
pub const PERSISTENT: u32 = 2;

/// The flag of requests between servers, as two Flash Media Servers were seen to use it.
pub const PROXIED: u32 = 0x10;

/// The flag that a server adds to [`PROXIED`] when it lets in or refuses another server.
pub const PROXIED_ANSWER: u32 = 0x20;

/// One message about one shared object.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The object's name, which may contain slashes.
    pub name: Str,
    /// The version of the object that the sender holds.
    pub version: u32,
    /// [`PERSISTENT`] and others.
    pub flags: u32,
    /// The second word of flags, which everybody sends as 0.
    pub reserved: u32,
    /// What happened or is wanted, in order.
    pub events: Vec<Event>,
    /// The form it came in or is to be written in.
    pub encoding: Encoding,
}

impl Message {
    /// A message in AMF0.
    pub fn new(name: impl Into<Str>, version: u32, persistent: bool, events: Vec<Event>) -> Self {
        Self {
            name: name.into(),
            version,
            flags: if persistent { PERSISTENT } else { 0 },
            reserved: 0,
            events,
            encoding: Encoding::Amf0,
        }
    }

    /// Whether the object is a persistent one.
    pub const fn is_persistent(&self) -> bool {
        self.flags & PERSISTENT != 0
    }

    /// Reads a body of type 19 or 16. Offsets in errors count from the start of `payload`.
    ///
    /// # Errors
    ///
    /// When the body is cut, an event's data does not fit the event, or there are more items
    /// than [`Limits::shared_object_items`]. [`Limits::amf`] holds for all events together.
    pub fn decode(type_id: u8, payload: &Bytes, limits: &Limits) -> Result<Self, Error> {
        let (head, start) = Self::decode_head(type_id, payload)?;
        let events = decode_events(type_id, payload, start, limits)?;
        Ok(Self { events, ..head })
    }

    /// What stands in for a body whose events cannot be read, so that whoever sent it can be
    /// answered: what comes before the events, and [`Event::Unreadable`].
    ///
    /// # Errors
    ///
    /// When that cannot be read either.
    pub fn unreadable(type_id: u8, payload: &Bytes) -> Result<Self, Error> {
        let (head, _) = Self::decode_head(type_id, payload)?;
        let events = vec![Event::Unreadable];
        Ok(Self { events, ..head })
    }

    /// Reads everything before the events, and where they start.
    fn decode_head(type_id: u8, payload: &Bytes) -> Result<(Self, usize), Error> {
        let (encoding, start) = match (type_id, u8_at(payload, 0)) {
            (type_id::SHARED_OBJECT_AMF3, Some(0)) => (Encoding::Amf3, 1),
            (type_id::SHARED_OBJECT_AMF3, Some(lead)) => {
                return Err(Error::malformed(Malformed::Lead { lead }, 0));
            }
            (type_id::SHARED_OBJECT_AMF3, None) => (Encoding::Amf3, 0),
            _ => (Encoding::Amf0, 0),
        };
        let cut = || Error::malformed(Malformed::SharedObjectHeader, start);
        let name_len = u16_at(payload, start).ok_or_else(cut)?;
        let name_end = start + 2 + usize::from(name_len);
        let name = payload.get(start + 2..name_end).ok_or_else(cut)?;
        let name =
            std::str::from_utf8(name).map_err(|_| Error::malformed(Malformed::Text, start + 2))?;
        let word = |index: usize| u32_at(payload, name_end + 4 * index).ok_or_else(cut);
        let head = Self {
            name: name.into(),
            version: word(0)?,
            flags: word(1)?,
            reserved: word(2)?,
            events: Vec::new(),
            encoding,
        };
        Ok((head, name_end + 12))
    }

    /// Writes a body of type 19 or 16 within AMF's default limits.
    ///
    /// # Errors
    ///
    /// When AMF cannot write a value, a name is longer than 65,535 bytes, or the data of all
    /// events together exceeds [`amf::Limits::output_bytes`].
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        self.encode_within(&amf::Limits::default())
    }

    /// Writes a body of type 19 or 16. `limits` bounds the data of all events together.
    ///
    /// # Errors
    ///
    /// When AMF cannot write a value within `limits`, or a name is longer than 65,535 bytes.
    pub fn encode_within(&self, limits: &amf::Limits) -> Result<Bytes, EncodeError> {
        let mut out = BytesMut::with_capacity(64);
        self.encode_head(&mut out)?;
        self.encode_events(limits, &mut out)?;
        Ok(out.freeze())
    }

    /// Appends everything before the events, for bodies put together from events that were
    /// written before, see [`Event::encode_anywhere`].
    ///
    /// # Errors
    ///
    /// When the name is longer than 65,535 bytes.
    pub fn encode_head(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        if self.encoding == Encoding::Amf3 {
            out.put_u8(0);
        }
        amf0::write_key(out, &self.name)?;
        for word in [self.version, self.flags, self.reserved] {
            out.put_u32(word);
        }
        Ok(())
    }

    /// Appends number, length and data of every event.
    fn encode_events(&self, limits: &amf::Limits, out: &mut BytesMut) -> Result<(), EncodeError> {
        let mut data = BytesMut::new();
        let mut encoder = amf0::Encoder::new(&mut data, limits).avm_plus(self.encoding.avm_plus());
        let mut ends = Vec::with_capacity(self.events.len());
        for event in &self.events {
            event.encode_data(&mut encoder)?;
            ends.push(encoder.written());
        }
        let mut start = 0;
        for (event, end) in self.events.iter().zip(ends) {
            let data = data.split_to(end - start);
            out.put_u8(event.kind());
            out.put_u32(data.len() as u32);
            out.extend_from_slice(&data);
            start = end;
        }
        Ok(())
    }
}

/// How many more events, slots and keys a message may hold.
#[derive(Debug)]
struct Budget {
    left: usize,
    max: usize,
}

impl Budget {
    /// Counts one item, which stands at `offset`.
    fn spend(&mut self, offset: usize) -> Result<(), Error> {
        let which = Limit::SharedObjectItems;
        let over = Error::Limit {
            which,
            max: self.max as u64,
            offset: offset as u64,
        };
        self.left = self.left.checked_sub(1).ok_or(over)?;
        Ok(())
    }
}

/// Reads the events from `at` to the end.
fn decode_events(
    type_id: u8,
    payload: &Bytes,
    mut at: usize,
    limits: &Limits,
) -> Result<Vec<Event>, Error> {
    let max = limits.shared_object_items;
    let mut budget = Budget { left: max, max };
    let mut events = Vec::new();
    let mut values = amf0::Decoder::new(&[], &limits.amf);
    while at < payload.len() {
        let cut = || Error::malformed(Malformed::SharedObjectEventHeader, at);
        budget.spend(at)?;
        let kind = u8_at(payload, at).ok_or_else(cut)?;
        let length = u32_at(payload, at + 1).ok_or_else(cut)?;
        let start = at + 5;
        let end = start.checked_add(length as usize).ok_or_else(cut)?;
        if end > payload.len() {
            return Err(cut());
        }
        let data = payload.slice(start..end);
        values.go_on(payload.get(start..end).unwrap_or_default());
        let mut input = event::Input {
            type_id,
            kind,
            data: &data,
            start,
            budget: &mut budget,
        };
        events.push(input.decode(&mut values)?);
        at = end;
    }
    Ok(events)
}
