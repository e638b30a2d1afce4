//! What is to be sent to a client: a part of the log that all subscribers share, or an answer of
//! its own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use amf::Str;
use bytes::{Bytes, BytesMut};
use rtmp::Encoding;
use rtmp::shared_object::{Event, Message, PROXIED, PROXIED_ANSWER};

use crate::item::{Item, What, Wire, index, wire_limits};

/// How an object is named to a client.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    /// The name as the client writes it.
    pub(crate) name: Str,
    /// [`rtmp::shared_object::PERSISTENT`] and [`PROXIED`].
    pub(crate) flags: u32,
}

/// A closed part of an object's log, shared by all who are told it.
pub struct Batch {
    address: Arc<Address>,
    version: u32,
    items: Vec<Arc<Item>>,
    /// The whole message, for those who get all of it under the common address.
    common: [OnceLock<Bytes>; 2],
}

/// What one client is to be sent of one object.
#[derive(Clone)]
pub struct Update {
    batch: Arc<Batch>,
    /// The client has been told the items before this one.
    from: usize,
    address: Arc<Address>,
    /// Whether it tells nothing about the object, so that its version is the client's own.
    notice: bool,
}

impl Batch {
    pub(crate) fn new(address: Arc<Address>, version: u32, items: Vec<Arc<Item>>) -> Arc<Self> {
        Arc::new(Self {
            address,
            version,
            items,
            common: [OnceLock::new(), OnceLock::new()],
        })
    }

    /// How many things happened in it.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing happened in it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl Update {
    /// The part of a shared batch behind the first `from` items, under the client's address.
    pub(crate) fn shared(batch: Arc<Batch>, from: usize, address: Arc<Address>) -> Self {
        Self {
            batch,
            from,
            address,
            notice: false,
        }
    }

    /// Items for one client only.
    pub(crate) fn own(address: Arc<Address>, version: u32, items: Vec<Arc<Item>>) -> Self {
        Self {
            batch: Batch::new(Arc::clone(&address), version, items),
            from: 0,
            address,
            notice: false,
        }
    }

    /// A refusal to a client that does not use the object. `version` is the client's own.
    pub(crate) fn notice(address: Arc<Address>, version: u32, items: Vec<Arc<Item>>) -> Self {
        Self {
            notice: true,
            ..Self::own(address, version, items)
        }
    }

    /// The object's name as the client writes it.
    pub fn name(&self) -> &Str {
        &self.address.name
    }

    /// The version of the object that the client has with it.
    pub fn version(&self) -> u32 {
        self.batch.version
    }

    /// The message, with the values that were overtaken left out.
    pub fn message(&self, encoding: Encoding) -> Message {
        message(
            &self.address,
            self.version(),
            &merged(self.items()),
            encoding,
        )
    }

    /// The body of the message. Written once for all who get the same.
    pub fn payload(&self, encoding: Encoding) -> Bytes {
        let batch = &self.batch;
        if self.from == 0 && Arc::ptr_eq(&self.address, &batch.address) {
            let common = batch.common[index(encoding)].get_or_init(|| self.write(encoding));
            return common.clone();
        }
        self.write(encoding)
    }

    fn write(&self, encoding: Encoding) -> Bytes {
        let items = merged(self.items());
        payload(&self.address, self.version(), &items, encoding)
    }

    pub(crate) fn items(&self) -> &[Arc<Item>] {
        self.batch.items.get(self.from..).unwrap_or_default()
    }

    pub(crate) fn is_notice(&self) -> bool {
        self.notice
    }

    pub(crate) fn address(&self) -> &Arc<Address> {
        &self.address
    }
}

/// Gathers items so that the last value of a slot takes the place of those before it, except
/// across what must keep its place: calls and answers. When all slots are cleared, what was said
/// about them before need not be said.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    items: Vec<Arc<Item>>,
    /// The first item behind the last one that keeps its place.
    start: usize,
    /// Where the slots of the items from `start` on are.
    slots: BTreeMap<Str, usize>,
    /// How many items keep their place.
    kept: usize,
}

impl Merge {
    pub(crate) fn push(&mut self, item: &Arc<Item>) -> Pushed {
        let key = match item.what() {
            What::Change { key, .. } | What::Remove(key) => key,
            What::Clear => {
                let dropped = self.items.split_off(self.start);
                self.slots.clear();
                self.items.push(Arc::clone(item));
                return Pushed { dropped };
            }
            What::Event(_) => {
                self.items.push(Arc::clone(item));
                self.start = self.items.len();
                self.slots.clear();
                self.kept += 1;
                return Pushed::default();
            }
        };
        if let Some(place) = self.slots.get(key).and_then(|at| self.items.get_mut(*at)) {
            let dropped = vec![std::mem::replace(place, Arc::clone(item))];
            return Pushed { dropped };
        }
        self.slots.insert(key.clone(), self.items.len());
        self.items.push(Arc::clone(item));
        Pushed::default()
    }

    pub(crate) fn items(&self) -> &[Arc<Item>] {
        &self.items
    }

    /// How many items keep their place: they do not merge.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    pub(crate) fn into_items(self) -> Vec<Arc<Item>> {
        self.items
    }
}

/// What a [`Merge::push`] made superfluous.
#[derive(Debug, Default)]
pub(crate) struct Pushed {
    pub(crate) dropped: Vec<Arc<Item>>,
}

fn merged(items: &[Arc<Item>]) -> Vec<Arc<Item>> {
    if items.len() < 2 {
        return items.to_vec();
    }
    let mut merge = Merge::default();
    for item in items {
        merge.push(item);
    }
    merge.into_items()
}

/// The message that carries these items.
pub(crate) fn message(
    address: &Address,
    version: u32,
    items: &[Arc<Item>],
    encoding: Encoding,
) -> Message {
    Message {
        name: address.name.clone(),
        version,
        flags: flags(address, items),
        reserved: 0,
        events: items.iter().map(|item| item.to_event()).collect(),
        encoding,
    }
}

/// The body of the message that carries these items.
pub(crate) fn payload(
    address: &Address,
    version: u32,
    items: &[Arc<Item>],
    encoding: Encoding,
) -> Bytes {
    let wires: Vec<_> = items.iter().map(|item| item.wire(encoding)).collect();
    if wires
        .iter()
        .any(|wire| matches!(wire, Wire::WithMessage(_)))
    {
        let written = message(address, version, items, encoding).encode_within(&wire_limits());
        if let Ok(bytes) = written {
            return bytes;
        }
    }
    let head = Message {
        flags: flags(address, items),
        ..message(address, version, &[], encoding)
    };
    let len = wires.iter().map(|wire| wire.len()).sum::<usize>();
    let mut out = BytesMut::with_capacity(len + address.name.len() + 16);
    // A name that came in a message, or is within the limit of names, is never too long.
    let _ = head.encode_head(&mut out);
    for wire in wires {
        if let Wire::Anywhere(bytes) = wire {
            out.extend_from_slice(bytes);
        }
    }
    out.freeze()
}

/// The flags of the message: servers that use an object of ours are told more.
fn flags(address: &Address, items: &[Arc<Item>]) -> u32 {
    let answers = |item: &Arc<Item>| {
        matches!(
            item.what(),
            What::Event(Event::UseSuccess | Event::Status { .. })
        )
    };
    if address.flags & PROXIED != 0 && items.iter().any(answers) {
        address.flags | PROXIED_ANSWER
    } else {
        address.flags
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("address", &self.address)
            .field("version", &self.version)
            .field("items", &self.items)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update")
            .field("address", &self.address)
            .field("version", &self.version())
            .field("items", &self.items())
            .finish_non_exhaustive()
    }
}
