//! Development only: test vectors, makers of media, streams that split and stall, the eyes of a movie.
//!
//! Crates name this one under `[dev-dependencies]`; the product never links it.

pub mod hex;
pub mod media;
pub mod movie;
pub mod vectors;
