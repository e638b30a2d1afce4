//! What things are called inside the kernel: numbers that are never used twice, and times.

use serde::{Deserialize, Serialize};

/// A connection, and the user it becomes when it logs in. The server chooses it and never
/// uses one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub u64);

/// A room. The kernel numbers rooms from 1 and uses no number twice in its life; after a restart
/// the stored rooms have new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub u64);

/// Something the kernel has asked the server for; it comes back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// A ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BanId(pub u64);

/// Milliseconds since 1970, as the server's clock has them. Bans end at such a time, also after
/// a restart, so this is not the time since the server was started.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// This time and `ms` milliseconds; the last there is if that is too far.
    #[must_use]
    pub fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; 0 if the clock was set back in between.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
