//! The stored form of objects: what is saved, what is read back, and a slot's value as bytes.
//!
//! Where the parts lie in a store is the store's business.

use amf::amf0::{self, AvmPlus};
use amf::{EncodeError, Str, Value};
use thiserror::Error;

/// The first byte of a stored value: AMF0 with AMF3 behind marker 0x11 where it is needed.
const FORMAT: u8 = 1;

/// So many parts of a value are looked at before it is written in AMF3 to be sure.
const LOOKED_AT_MAX: usize = 65_536;

/// What is stored of an object beside its slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The version. While the object is in use it is stored with a higher one than it has, so
    /// that no version is given twice after a crash: one that is higher than those of all slots,
    /// deletion records and [`Self::floor`] says so.
    pub version: u32,
    /// Clients with an older version than this must get everything anew: deletions since then
    /// may have been forgotten.
    pub floor: u32,
    /// For so many versions deletions are remembered; `None` for ever.
    pub resync_depth: Option<u32>,
}

/// A stored object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Its version and the like.
    pub head: Head,
    /// Its slots: name, version of the last change, and value as [`encode_value`] writes it.
    pub slots: Vec<(Str, u32, Vec<u8>)>,
    /// The slots that were deleted, and in which version.
    pub removed: Vec<(Str, u32)>,
}

/// What changed in an object since it was saved before. To be stored together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The new version and the like.
    pub head: Head,
    /// All slots and deletion records stored so far are to be dropped first.
    pub clear: bool,
    /// What is to be stored of each changed slot instead of what was stored.
    pub slots: Vec<(Str, SlotChange)>,
    /// Nothing is left, and nobody uses the object: it need not be stored any more, if only
    /// [`Loader::first_version`](crate::Loader::first_version) knows of its version.
    pub forget: bool,
}

/// What is to be stored of one slot.
#[derive(Clone, Debug, PartialEq)]
pub enum SlotChange {
    /// This value.
    Set {
        /// The version of the change.
        version: u32,
        /// The value as [`encode_value`] writes it.
        value: Vec<u8>,
    },
    /// A deletion record.
    Removed {
        /// The version of the deletion.
        version: u32,
    },
    /// Nothing: the deletion record is no longer needed.
    Forgotten,
}

impl Head {
    /// The floor that holds once the server has ended; `newest` is the highest version of a slot
    /// or a deletion record. An object that was in use then, by its version, may have told clients
    /// versions whose changes were not saved: whatever they hold, they start anew.
    pub fn floor_at_rest(&self, newest: u32) -> u32 {
        if self.version > newest.max(self.floor) {
            self.version
        } else {
            self.floor
        }
    }
}

impl Snapshot {
    /// Makes the changes in the snapshot, as a store does. Costs a walk through all slots.
    pub fn apply(&mut self, changes: &Changes) {
        self.head = changes.head;
        if changes.clear {
            self.slots.clear();
            self.removed.clear();
        }
        for (name, change) in &changes.slots {
            self.slots.retain(|(slot, ..)| slot != name);
            self.removed.retain(|(slot, _)| slot != name);
            match change {
                SlotChange::Set { version, value } => {
                    self.slots.push((name.clone(), *version, value.clone()));
                }
                SlotChange::Removed { version } => self.removed.push((name.clone(), *version)),
                SlotChange::Forgotten => {}
            }
        }
    }
}

/// Why a stored value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoredError {
    /// The first byte is that of another version of the form.
    #[error("the stored value has the unknown form {0:?}")]
    Format(Option<u8>),
    /// It is no AMF.
    #[error(transparent)]
    Amf(#[from] amf::DecodeError),
    /// It holds no value, or more than one.
    #[error("the stored bytes hold {0} values")]
    Count(usize),
}

/// A slot's value as bytes: one byte for the form, then AMF0 where that can say everything, else
/// AMF3. At most `max_bytes` of AMF are written.
///
/// # Errors
///
/// When the value is too long, too deep or cannot be written at all.
pub fn encode_value(value: &Value, max_bytes: usize) -> Result<Vec<u8>, EncodeError> {
    let limits = amf::Limits {
        output_bytes: max_bytes,
        ..amf::Limits::default()
    };
    let mut out = vec![FORMAT];
    let mut encoder = amf0::Encoder::new(&mut out, &limits).avm_plus(AvmPlus::Needed);
    if amf0_says(value) {
        encoder.value(value)?;
    } else {
        encoder.value(&value.clone().in_amf3())?;
    }
    Ok(out)
}

/// Reads what [`encode_value`] wrote.
///
/// # Errors
///
/// When the bytes are of another form or damaged.
pub fn decode_value(bytes: &[u8]) -> Result<Value, StoredError> {
    let Some((&FORMAT, amf)) = bytes.split_first() else {
        return Err(StoredError::Format(bytes.first().copied()));
    };
    // The bytes were written within limits of size and depth; they need no others to be read.
    let limits = amf::Limits {
        elements: u32::MAX,
        ..amf::Limits::default()
    };
    let mut values = amf0::decode_all(amf, &limits)?;
    match (values.pop(), values.len()) {
        (Some(value), 0) => Ok(value),
        (last, before) => Err(StoredError::Count(before + usize::from(last.is_some()))),
    }
}

/// Whether AMF0, with its switch to AMF3 for values it does not know, loses nothing: it would
/// turn integers into numbers and elements of arrays into properties.
fn amf0_says(value: &Value) -> bool {
    let mut waiting = vec![value];
    let mut seen = 0;
    while let Some(value) = waiting.pop() {
        seen += 1;
        match value {
            Value::Integer(_) => return false,
            Value::EcmaArray(array) if !array.dense().is_empty() => return false,
            Value::StrictArray(items) => waiting.extend(items.iter()),
            Value::Object(_) | Value::EcmaArray(_) => {
                let props = value.props().unwrap_or_default();
                waiting.extend(props.iter().map(|(_, value)| value));
            }
            _ => {}
        }
        if seen + waiting.len() > LOOKED_AT_MAX {
            return false;
        }
    }
    true
}
