//! What must survive a restart: the store of shared objects.
//!
//! [`Store`] is what the server needs of a store; [`FileStore`] is the embedded one, a single file
//! with one writer, and [`MemoryStore`] keeps everything in memory for tests. This crate knows
//! keys, versions and opaque bytes. What the bytes of a slot say, when something is saved and what
//! a client is told is the business of the crates above.
//!
//! - Reads ([`Store::load`], [`Store::list`]) are answered at once, on the caller's thread.
//! - Writes ([`Write`]) are queued for one writer, which commits all that wait in one durable
//!   transaction and then acknowledges each ([`Acknowledge`]). A write is done or not done as a
//!   whole, and what is acknowledged is on the disk.
//! - A read sees what was committed, not what still waits: whoever drops an object from memory
//!   waits for the acknowledgement of its last write first.
//! - A write carries the [`Epoch`] of the instance's owner, so that an owner that was replaced
//!   cannot write any more.
//!
//! ```
//! use std::time::Duration;
//! use store::{Changes, InstanceKey, Kind, MemoryStore, ObjectKey, SlotChange, Store, Write};
//!
//! let store = MemoryStore::default();
//! let key = ObjectKey::new(InstanceKey::new("chat", "lobby"), Kind::Persistent, "users");
//! let mut changes = Changes::new(key.clone(), 1);
//! changes.slots.push(SlotChange::set("ann", 1, b"away".as_slice()));
//! store.write(Write::Commit(changes), Duration::from_secs(5))?;
//!
//! let object = store.load(&key)?.ok_or("not there")?;
//! assert_eq!(object.slots["ann"].value.as_ref(), b"away");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod acknowledge;
mod error;
mod file;
mod key;
mod limits;
mod memory;
mod object;
mod queue;
mod store;
mod write;

pub use acknowledge::Acknowledge;
pub use error::StoreError;
pub use file::{FileStore, SCHEMA};
pub use key::{DEFAULT_HOST, InstanceKey, Kind, ObjectKey, Scope};
pub use limits::Limits;
pub use memory::MemoryStore;
pub use object::{Changes, Head, SlotChange, StoredObject, StoredSlot};
pub use store::{Listed, Store};
pub use write::{Epoch, Forgotten, Stats, Write};
