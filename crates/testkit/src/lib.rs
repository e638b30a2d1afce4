//! Development only: test vectors, makers of media, streams that split and stall, seeded numbers.
//!
//! Crates name this one under `[dev-dependencies]`; the product never links it.

pub mod hex;
pub mod media;
mod random;
pub mod vectors;

pub use random::Random;
