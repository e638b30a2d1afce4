//! The one clock of this crate: monotonic milliseconds that the caller passes in.
//!
//! RTMP message timestamps are something else: plain `u32` milliseconds of media time that wrap.

use std::ops::Add;

/// A point on the caller's monotonic clock, in milliseconds since a start of its choosing.
///
/// Nothing in this crate reads a clock; every call that depends on time is handed one of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// Milliseconds from `earlier` to `self`; zero when `earlier` is the later of the two.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Adds a duration in milliseconds, stopping at the end of the clock instead of wrapping.
impl Add<u64> for Millis {
    type Output = Self;

    fn add(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}
