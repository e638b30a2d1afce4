//! Applications, instances, clients and the stream directory, without sockets.
//!
//! An [`Instance`] is one room of one application: a state machine that is told one
//! [`Input`] at a time and answers with [`Effect`]s. It decides who may publish and play,
//! and what each client is told, in which order. It moves no media: publisher and players
//! meet in a ring that the server makes when an effect asks for it.
//!
//! A [`ScriptedInstance`] is an instance with a [script](scripting::Script): who comes in, and
//! every call that is not the server's own, is the script's affair.
//!
//! Time comes in with every input; what the instance must know of the media plane it asks
//! through [`Host`]. So a test can run an instance with no network and a clock of its own.

mod access;
mod bandwidth;
mod call;
mod clearing;
mod client;
mod close;
mod config;
mod effect;
mod instance;
mod name;
mod objects;
mod play;
mod publish;
mod rate;
mod record;
mod reject;
mod scripted;
pub mod scripting;
mod station;

pub use clearing::StreamPattern;
pub use client::ClientId;
pub use close::CloseReason;
pub use config::{AccessMatch, InstanceConfig, ScriptedConfig, Takeover, WriteRate};
pub use effect::{Effect, ObjectNote, Output};
pub use instance::{Host, Input, Instance, Origin};
pub use name::{FileKind, NameError, RecordingFile, StreamName};
pub use objects::{ObjectSaver, SharedObjects};
pub use play::data_start;
pub use rate::Bucket;
pub use record::RecordMode;
pub use reject::Rejection;
pub use rtmp::Millis;
pub use scripted::ScriptedInstance;
pub use station::{STUDIO, StationItem};
