//! Applications, instances, clients and the stream directory, without sockets.
//!
//! An [`Instance`] is one room of one application: a state machine that is told one
//! [`Input`] at a time and answers with [`Effect`]s. It decides who may publish and play,
//! and what each client is told, in which order. It moves no media: publisher and players
//! meet in a ring that the server makes when an effect asks for it.
//!
//! Time comes in with every input; what the instance must know of the media plane it asks
//! through [`Host`]. So a test can run an instance with no network and a clock of its own.

mod bandwidth;
mod call;
mod client;
mod close;
mod config;
mod effect;
mod instance;
mod name;
mod play;
mod publish;
mod reject;
pub mod scripting;

pub use client::ClientId;
pub use close::CloseReason;
pub use config::{InstanceConfig, Takeover};
pub use effect::{Effect, Output};
pub use instance::{Host, Input, Instance};
pub use name::{NameError, StreamName};
pub use play::data_start;
pub use reject::Rejection;
pub use rtmp::Millis;
