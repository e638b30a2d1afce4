//! The units of numbers.

/// The unit of a number, which its key's name ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain number, or no number at all.
    None,
    /// `…_ms`.
    Milliseconds,
    /// `…_bytes`; such keys also take text like `"4MiB"`.
    Bytes,
}

impl Unit {
    /// The unit that a key's name says.
    pub fn of(name: &str) -> Self {
        if name.ends_with("_ms") {
            Self::Milliseconds
        } else if name.ends_with("_bytes") {
            Self::Bytes
        } else {
            Self::None
        }
    }
}
