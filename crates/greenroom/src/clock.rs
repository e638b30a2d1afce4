//! The server's one monotonic clock, in the milliseconds that the protocol crates take.

use std::sync::OnceLock;
use std::time::Duration;

use rtmp::Millis;
use tokio::time::Instant;

fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

/// Milliseconds since the server started, by a clock that is never set back.
pub(crate) fn now() -> Millis {
    Millis(origin().elapsed().as_millis() as u64)
}

/// The instant at which [`now`] reads `at`.
pub(crate) fn instant(at: Millis) -> Instant {
    origin() + Duration::from_millis(at.0)
}
