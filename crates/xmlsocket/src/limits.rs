//! Everything that is bounded, with the values used when nobody says otherwise.

/// Bounds on what one peer may make us hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest frame in bytes, its zero byte left out. Default 64 KiB.
    pub frame_bytes: usize,
    /// Elements in one document. Default 4,096: a frame of users to write to has one for each.
    pub elements: usize,
    /// Depth of elements within each other, the root counted. Default 16; no packet we know has
    /// more than 8.
    pub depth: usize,
    /// Attributes of one element. Default 16; no packet we know has more than 5.
    pub attributes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 64 * 1024,
            elements: 4096,
            depth: 16,
            attributes: 16,
        }
    }
}
