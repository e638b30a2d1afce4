//! A client's and a server's session talking to each other, and a server facing peers that do
//! not play by the rules.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod conversation;
mod deadlines;
mod flow;
mod handshake;
mod hostile;
mod pair;
mod replay;
mod shared_objects;
mod split;
