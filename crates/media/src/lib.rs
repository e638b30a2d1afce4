//! The media plane: what a publisher sends, kept once and read by many.
//!
//! A publisher [appends](Ring::append) messages to a [`Ring`]; every player owns a
//! [`Reader`], which is little more than a cursor into that ring. The ring keeps the
//! current group of pictures, the codec headers and the kept data frames, so that a late
//! player starts at once; the reader decides what *its* player gets next: filtered, skipped
//! to a key frame when it lags, paused, or ended.
//!
//! Each [`Entry`] is framed once per [`Framing`] and shared by all players that need it so.
//!
//! A recording is played by [`Playback`], which says what to read of the file and what of it
//! the player gets, and when.
//!
//! A stream made of several has the times that [`Splice`] gives it.
//!
//! This crate holds no sockets, tasks or clocks: time comes in as [`Millis`], waking and
//! writing are the server's business.

mod entry;
mod framing;
mod playback;
mod reader;
mod ring;
mod splice;

pub use entry::{Entry, Kind, Marker, Weight};
pub use framing::{DATA_CSID, Framing, frame_tag};
pub use playback::{BATCH_MS, Frame, Length, Next, Playback, Recorded, Role, Window};
pub use reader::{Reader, ReaderLimits, ReaderStats, Selection, VideoSelection};
pub use ring::{Appended, Ring, RingLimits, StreamInfo};
pub use rtmp::Millis;
pub use splice::Splice;
