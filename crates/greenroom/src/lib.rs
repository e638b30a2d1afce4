//! The Greenroom server as a library, so that its parts can be tested; the binary is `main.rs`.
//!
//! Owns everything that touches the outside: configuration, command line, logs, sockets. What
//! the protocols and applications do is in the crates below it.

pub mod cli;
pub mod config;
pub mod logging;
pub mod startup;
