//! What can be wrong with media bytes.

/// Why bytes could not be read.
///
/// The families follow the other protocol crates: *malformed* bytes contradict the format,
/// *unsupported* ones use a value the format keeps for later, *limit* means a bound of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes end inside a field.
    #[error("{what} is cut short at byte {offset}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where the field starts, in bytes from the start of the input.
        offset: usize,
    },
    /// A field holds a value the format forbids.
    #[error("{what} at byte {offset} is not valid")]
    Malformed {
        /// What was being read.
        what: &'static str,
        /// Where the field starts, in bytes from the start of the input.
        offset: usize,
    },
    /// A field holds a value that is reserved for later versions of the format, so that what
    /// follows it cannot be read. A relay may still forward such a payload untouched.
    #[error("{what} {value} at byte {offset} is not known")]
    Unsupported {
        /// What was being read.
        what: &'static str,
        /// The value found.
        value: u32,
        /// Where the field starts, in bytes from the start of the input.
        offset: usize,
    },
    /// A bound of ours was passed.
    #[error("{what} of {found} is over the limit of {max}")]
    Limit {
        /// What is bounded.
        what: &'static str,
        /// What the bytes ask for.
        found: usize,
        /// The bound.
        max: usize,
    },
}

impl Error {
    /// The same error with its offset counted from `base` bytes earlier.
    pub(crate) fn shifted(mut self, base: usize) -> Self {
        if let Self::Truncated { offset, .. }
        | Self::Malformed { offset, .. }
        | Self::Unsupported { offset, .. } = &mut self
        {
            *offset += base;
        }
        self
    }
}
