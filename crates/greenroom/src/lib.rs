//! The Greenroom server as a library, so that its parts can be tested; the binary is `main.rs`.
//!
//! Owns everything that touches the outside: configuration, command line, logs, sockets. What
//! the protocols and applications do is in the crates below it.

mod amf_json;
mod applications;
mod appsettings;
mod banner;
mod catalog;
pub mod cli;
mod clock;
pub mod config;
mod connection;
mod control;
mod hall;
mod http;
mod lateness;
mod links;
mod live;
pub mod logging;
pub mod metrics;
mod objects;
mod outbox;
pub mod outgoing;
mod pump;
mod rate;
mod recording;
pub mod reload;
mod runner;
mod scripts;
pub mod server;
mod settings;
mod shared;
pub mod startup;
mod throttle;
mod trust;
mod watch;
mod xml;
