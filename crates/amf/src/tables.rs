//! The table of complex values that references point into, for reading and for writing.

use std::collections::HashMap;

use crate::{DecodeError, EncodeError, Reference, Value};

/// The complex values of a message, in the order in which they start.
#[derive(Debug, Default)]
pub(crate) struct ReadTable {
    slots: Vec<Slot>,
}

#[derive(Debug)]
enum Slot {
    /// Still being read; this many containers were around its start.
    Open {
        depth: u32,
    },
    Done(Value),
    /// Of something that is not in the input.
    Missing,
}

impl ReadTable {
    /// Takes the next place for a value that starts inside `depth` containers.
    pub(crate) fn open(&mut self, depth: u32) -> usize {
        self.slots.push(Slot::Open { depth });
        self.slots.len() - 1
    }

    /// The value that starts at place `slot` is complete.
    pub(crate) fn close(&mut self, slot: usize, value: &Value) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Slot::Done(value.clone());
        }
    }

    /// Takes the next place for a value that holds no others.
    pub(crate) fn add(&mut self, value: &Value) {
        self.slots.push(Slot::Done(value.clone()));
    }

    /// Gives the next place to something that is not in the input.
    pub(crate) fn skip(&mut self) {
        self.slots.push(Slot::Missing);
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The value at `index`, or the way back to it when the reference, which is inside `depth`
    /// containers, is part of it. `offset` is where the reference ends.
    pub(crate) fn resolve(
        &self,
        index: u32,
        depth: u32,
        offset: usize,
    ) -> Result<Value, DecodeError> {
        match self.slots.get(index as usize) {
            Some(Slot::Done(value)) => Ok(value.clone()),
            Some(Slot::Open { depth: start }) => {
                // The container itself is one of the `depth`, so the difference is at least 1.
                Ok(Reference::Enclosing(depth.saturating_sub(start + 1)).into())
            }
            Some(Slot::Missing) | None => Err(DecodeError::Reference {
                table: "values",
                index,
                len: self.len(),
                offset,
            }),
        }
    }
}

/// The positions of the complex values written so far.
///
/// Only values that have several holders are remembered by their address: others cannot occur
/// twice. A remembered value is kept alive, so that its address stays its own.
#[derive(Debug, Default)]
pub(crate) struct WriteTable {
    next: u32,
    seen: HashMap<Identity, (u32, Value)>,
    /// Position and marker of the containers around the current one, from the outermost.
    around: Vec<(u32, u8)>,
}

/// The address and kind of a shared part: an `XML` and an `XMLDocument` may share their text.
type Identity = (usize, std::mem::Discriminant<Value>);

impl WriteTable {
    /// The position of `value` when it was written before, at `first` or later.
    pub(crate) fn find(&self, value: &Value, first: u32) -> Option<u32> {
        let (index, _) = self.seen.get(&identity(value)?)?;
        (*index >= first).then_some(*index)
    }

    /// Gives `value` the next position.
    pub(crate) fn add(&mut self, value: &Value) {
        self.add_alias(value, self.next);
        self.next += 1;
    }

    /// References to `value` shall point to `index`.
    pub(crate) fn add_alias(&mut self, value: &Value, index: u32) {
        if let Some(identity) = identity(value) {
            self.seen.insert(identity, (index, value.clone()));
        }
    }

    /// Gives the next position to something that is not written.
    pub(crate) fn skip(&mut self) {
        self.next += 1;
    }

    /// How many positions are taken.
    pub(crate) fn len(&self) -> u32 {
        self.next
    }

    /// Goes into the container that has position `index` or, when the format has no position for
    /// it, stands for its only part.
    pub(crate) fn enter(&mut self, index: u32, marker: u8) {
        self.around.push((index, marker));
    }

    pub(crate) fn leave(&mut self) {
        self.around.pop();
    }

    /// The position that `reference` points to, and the marker of what is there.
    pub(crate) fn target(&self, reference: Reference) -> Result<(u32, u8), EncodeError> {
        let target = match reference {
            Reference::Table { index, marker } => Some((index, marker)),
            Reference::Enclosing(levels) => self.around.iter().rev().nth(levels as usize).copied(),
        };
        target
            .filter(|(index, _)| *index < self.next)
            .ok_or(EncodeError::DanglingReference)
    }

    /// Forgets every value from position `len` on, and every container that was not left.
    pub(crate) fn rewind(&mut self, len: u32) {
        self.seen.retain(|_, (index, _)| *index < len);
        self.next = len;
        self.around.clear();
    }
}

fn identity(value: &Value) -> Option<Identity> {
    use std::sync::Arc;
    /// The address of a part that has several holders.
    fn address<T: ?Sized>(part: &Arc<T>) -> Option<usize> {
        (Arc::strong_count(part) > 1).then(|| Arc::as_ptr(part).cast::<u8>().addr())
    }
    let address = match value {
        Value::Object(part) => address(part),
        Value::EcmaArray(part) => address(part),
        Value::StrictArray(part) => address(part),
        Value::XmlDocument(text) | Value::Xml(text) => address(text),
        Value::ByteArray(part) => address(part),
        Value::VectorInt(part) => address(part),
        Value::VectorUint(part) => address(part),
        Value::VectorNumber(part) => address(part),
        Value::VectorObject(part) => address(part),
        Value::Dictionary(part) => address(part),
        Value::Externalizable(part) => address(part),
        _ => None,
    };
    address.map(|address| (address, std::mem::discriminant(value)))
}
