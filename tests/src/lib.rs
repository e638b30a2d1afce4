//! What the end-to-end tests are written with: the built server, real clients, a client of our
//! own, clips to publish, and comparisons packet by packet.
//!
//! Nothing here sleeps for a fixed time: every helper waits for a condition, within a limit.
//! Every process started is ended, by its id, when its handle goes out of scope.

pub mod browser;
pub mod callers;
pub mod client;
pub mod clip;
pub mod encoded;
pub mod feed;
pub mod http;
pub mod movie;
pub mod objects;
pub mod packets;
pub mod players;
pub mod process;
pub mod publishers;
pub mod ruffle;
pub mod server;
pub mod texts;
pub mod tls;
pub mod told;
pub mod wait;
