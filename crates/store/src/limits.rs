//! The limits of a store.

use std::time::Duration;

/// What may wait for the writer, and what the store may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Writes that wait. One more is refused with
    /// [`StoreError::QueueFull`](crate::StoreError::QueueFull). Default 8 192.
    pub queue_writes: usize,
    /// Bytes of names and values that wait, likewise. A write larger than this is taken when
    /// nothing else waits. Default 64 MiB.
    pub queue_bytes: usize,
    /// Memory for pages of the file. Default 32 MiB.
    pub cache_bytes: usize,
    /// After a failure, how long to wait before the file is opened for writing again. Until
    /// then writes fail with what failed first, and reads are answered. Default one second.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_writes: 8_192,
            queue_bytes: 64 << 20,
            cache_bytes: 32 << 20,
            retry_after: Duration::from_secs(1),
        }
    }
}
