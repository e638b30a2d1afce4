//! Development only: test vectors, makers of media, streams that split and stall, seeded numbers, the
//! eyes of a movie.
//!
//! Crates name this one under `[dev-dependencies]`; the product never links it.

pub mod hex;
pub mod media;
pub mod movie;
mod random;
pub mod vectors;

pub use random::Random;
