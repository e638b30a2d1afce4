//! The file in which Flash Player keeps a local shared object, with the ending `.sol`.
//!
//! It is a header with the object's name and the version of AMF, and then name, value and one
//! zero byte for each slot. All slots share the tables of their format. No document of Adobe
//! describes the file; the layout is that of the files themselves.
//!
//! The crate of the Ruffle player reads and writes these files too, and the tests compare it with
//! this module in both directions. It is not used to do the work: it recurses as deep as a file
//! says, ends silently at the first slot it cannot read, knows no externalizable objects of Flex,
//! leaves references to its caller, and numbers those of AMF0 by all values instead of by the
//! containers (its issues 72 and 115). To be safe every file would be read here first, and then
//! nothing is left to do.

use crate::amf0::{self, AvmPlus};
use crate::read::Reader;
use crate::{DecodeError, EncodeError, Limits, Str, Value, amf3};

/// The first bytes of every file.
const MAGIC: [u8; 2] = [0x00, 0xbf];
/// What follows the length of the rest.
const SIGNATURE: [u8; 10] = *b"TCSO\x00\x04\x00\x00\x00\x00";
/// What lies between the name and the version of AMF.
const PADDING: [u8; 3] = [0; 3];
/// What follows each value.
const END: u8 = 0;
/// The bytes before those that the length counts.
const UNCOUNTED_BYTES: usize = MAGIC.len() + 4;

/// The format of a file's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// AMF0, of players before Flash Player 9 and of their scripts.
    Amf0,
    /// AMF3, of scripts in ActionScript 3.
    Amf3,
}

/// A local shared object.
#[derive(Clone, Debug, PartialEq)]
pub struct Sol {
    /// The object's name.
    pub name: Str,
    /// The format of the values.
    pub version: Version,
    /// The slots, in the order of the file.
    pub slots: Vec<(Str, Value)>,
}

impl Sol {
    /// Reads a file that fills `input`. All slots together share the limits. Offsets of errors
    /// count from the start of the file, and in the slots from the start of the first one.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with `input`, or the first of `limits` that it exceeds. A
    /// slot that refers to the object itself, which no slot can hold, is a reference to nothing.
    pub fn decode(input: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let mut header = Reader::new(input);
        expect(&mut header, &MAGIC, "the first bytes are others")?;
        let length = header.u32("the length")? as usize;
        match header.left() {
            left if left < length => {
                return Err(DecodeError::Truncated {
                    what: "a .sol file",
                    offset: UNCOUNTED_BYTES,
                    needed: length,
                    left,
                });
            }
            left if left > length => {
                let offset = UNCOUNTED_BYTES + length;
                let left = left - length;
                return Err(DecodeError::Trailing { offset, left });
            }
            _ => {}
        }
        expect(&mut header, &SIGNATURE, "the signature is missing")?;
        let name = header.short_text("the name")?;
        expect(&mut header, &PADDING, "the name is not followed by zeros")?;
        let (offset, version) = (header.position(), header.u8("the version of AMF")?);
        let body = header.rest();
        let (version, slots) = match version {
            0 => (Version::Amf0, amf0_slots(body, limits)),
            3 => (Version::Amf3, amf3_slots(body, limits)),
            _ => {
                let what = "the version of AMF is not known";
                return Err(DecodeError::Sol { what, offset });
            }
        };
        Ok(Self {
            name,
            version,
            slots: slots?,
        })
    }

    /// Writes the file, whose values take [`Limits::output_bytes`] at most.
    ///
    /// In a file of AMF0, parts that slots share are repeated, because readers number references
    /// in different ways, and what AMF0 cannot say is written in AMF3.
    ///
    /// # Errors
    ///
    /// When a value cannot be written, or the name or the whole is too long.
    pub fn encode(&self, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
        let body = match self.version {
            Version::Amf0 => self.amf0_body(limits)?,
            Version::Amf3 => self.amf3_body(limits)?,
        };
        let name = self.name.as_bytes();
        let too_long = |what, len, max| EncodeError::TooLong { what, len, max };
        let name_len =
            u16::try_from(name.len()).map_err(|_| too_long("name", name.len(), u16::MAX.into()))?;
        let counted = SIGNATURE.len() + 2 + name.len() + PADDING.len() + 1 + body.len();
        let length =
            u32::try_from(counted).map_err(|_| too_long("file", counted, u32::MAX as usize))?;
        let version = match self.version {
            Version::Amf0 => 0,
            Version::Amf3 => 3,
        };
        Ok([
            &MAGIC[..],
            &length.to_be_bytes(),
            &SIGNATURE,
            &name_len.to_be_bytes(),
            name,
            &PADDING,
            &[version],
            &body,
        ]
        .concat())
    }

    fn amf0_body(&self, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        let mut encoder = amf0::Encoder::new(&mut out, limits).avm_plus(AvmPlus::Needed);
        encoder.skip_place();
        for (name, value) in &self.slots {
            encoder.key(name)?;
            encoder.value_apart(value)?;
            encoder.bytes(&[END])?;
        }
        Ok(out)
    }

    fn amf3_body(&self, limits: &Limits) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        let mut encoder = amf3::Encoder::new(&mut out, limits);
        for (name, value) in &self.slots {
            encoder.key(name)?;
            encoder.value(value)?;
            encoder.bytes(&[END])?;
        }
        Ok(out)
    }
}

fn expect(header: &mut Reader<'_>, expected: &[u8], what: &'static str) -> Result<(), DecodeError> {
    let offset = header.position();
    if header.bytes(expected.len(), "the header")? == expected {
        Ok(())
    } else {
        Err(DecodeError::Sol { what, offset })
    }
}

/// The slots of AMF0. The object whose slots they are has the first place of the table: the
/// references of files that Flash Player wrote count it.
fn amf0_slots(body: &[u8], limits: &Limits) -> Result<Vec<(Str, Value)>, DecodeError> {
    let mut decoder = amf0::Decoder::new(body, limits);
    decoder.skip_place();
    let mut slots = Vec::new();
    while !decoder.rest().is_empty() {
        let name = decoder.key()?;
        let value = decoder.value()?;
        slots.push((name, there(value, decoder.position())?));
        ended(decoder.position(), decoder.byte("the end of a slot")?)?;
    }
    Ok(slots)
}

fn amf3_slots(body: &[u8], limits: &Limits) -> Result<Vec<(Str, Value)>, DecodeError> {
    let mut decoder = amf3::Decoder::new(body, limits);
    let mut slots = Vec::new();
    while !decoder.rest().is_empty() {
        let name = decoder.key()?;
        let value = decoder.value()?;
        slots.push((name, there(value, decoder.position())?));
        ended(decoder.position(), decoder.byte("the end of a slot")?)?;
    }
    Ok(slots)
}

/// A slot's value, which must be there.
fn there(value: Option<Value>, offset: usize) -> Result<Value, DecodeError> {
    value.ok_or(DecodeError::Truncated {
        what: "a slot",
        offset,
        needed: 1,
        left: 0,
    })
}

fn ended(offset: usize, end: u8) -> Result<(), DecodeError> {
    let what = "a slot does not end with zero";
    if end == END {
        Ok(())
    } else {
        Err(DecodeError::Sol { what, offset })
    }
}
