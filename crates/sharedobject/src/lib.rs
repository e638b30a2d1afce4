//! The shared objects of one instance: slots, versions, subscribers, locks, and what each client
//! is told.
//!
//! A [`Directory`] holds the objects. It is told what clients and the script want, loads what is
//! stored through a [`Loader`], and answers with [`Output`]s: an [`Update`] for one client,
//! [`Changes`] to be saved, news for the script. It opens no sockets or files, reads no clock and
//! writes no log; access rules come in as [`Rights`] with each message.
//!
//! ```text
//! message of a client -> Directory::handle -> Output::Update -> Backlog -> bytes of a message
//! call of the script  -> Directory::set, lock, send, ...
//! ```
//!
//! An object may be a proxy: the object belongs to another instance, and what is kept here is a
//! copy of it. What is asked of it goes out as [`Output::Upstream`], and what the owner says comes
//! in by [`Directory::hear`].
//!
//! What leaves an object is one ordered log, gathered for [`Config::batch_ms`] and sent as one
//! message to each subscriber. A client's own request is answered at once, behind everything
//! that the client has not been told yet, so that the version in a message always means
//! "everything up to here". The part of the log that all subscribers get is encoded once for all.
//! A client too slow for its object gets the latest value of each slot: see [`Backlog`].

mod administer;
mod backlog;
mod batch;
mod config;
mod directory;
mod dirty;
mod item;
mod limits;
mod loader;
mod name;
mod object;
mod output;
mod pattern;
mod proxy;
mod remote;
mod request;
mod script;
mod state;
mod stored;
#[cfg(test)]
mod tests;
mod user;

pub use administer::Inspected;
pub use backlog::{Backlog, Outgoing, Overflow};
pub use batch::{Batch, Update};
pub use config::{Config, Conflict, Dialect, Rights};
pub use directory::{Directory, Stats};
pub use limits::Limits;
pub use loader::{LoadError, Loader, NothingStored};
pub use name::{Kind, NameError, ObjectName};
pub use output::{Note, Output, Refusal, Save, SaveId, SyncCode, SyncEntry};
pub use pattern::Pattern;
pub use rtmp::Millis;
pub use script::{Clearing, OpenError, SlotError};
pub use stored::{Changes, Head, SlotChange, Snapshot, StoredError, decode_value, encode_value};
pub use user::{LinkId, ObjectId, UserId};
