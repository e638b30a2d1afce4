//! Frames in any split, and the packets of ElectroServer 3: byte for byte, as real clients write
//! them, and as a movie sees them.

mod any;
mod client_golden;
mod lenient;
mod movie;
mod quirks;
mod server_golden;
mod session;
mod split;
mod world;
