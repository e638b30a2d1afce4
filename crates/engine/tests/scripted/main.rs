//! An instance with a script, without sockets: scripts written in Rust that are told what
//! happens and say what they want.

#[path = "../common/lines.rs"]
mod lines;
mod world;

mod admission;
mod calls;
mod lifecycle;
mod links;
mod objects;
mod ports;
mod proxies;
mod random;
mod sockets;
mod stations;
mod streams;
