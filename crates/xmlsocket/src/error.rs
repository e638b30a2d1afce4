//! What can be wrong with a peer: bytes that mean nothing, or too much of them. Bytes that have
//! not arrived yet are never an error.

use thiserror::Error as ThisError;

/// Why a frame, and with it the connection, was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// Text that means nothing.
    #[error("malformed {what} at byte {offset} of the frame")]
    Malformed {
        /// What was being read.
        what: Malformed,
        /// Where it starts, in bytes of the frame after it was made UTF-8.
        offset: usize,
    },
    /// More than the [`crate::Limits`] allow.
    #[error("{which} over the limit of {max}")]
    Limit {
        /// The limit that was passed.
        which: Limit,
        /// Its configured value.
        max: usize,
    },
}

/// What could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Malformed {
    /// Bytes that are no UTF-8, and no other code page is configured.
    #[error("text")]
    Text,
    /// A character that no XML document may hold, such as most below 0x20: this is no text.
    #[error("character")]
    Character,
    /// The frame does not begin with an element.
    #[error("document")]
    Document,
    /// A document type declaration, where entities would be declared. They never are.
    #[error("document type declaration")]
    DocumentType,
    /// A tag, comment or processing instruction that does not end.
    #[error("tag")]
    Tag,
    /// An element that does not end.
    #[error("element")]
    Element,
    /// A packet without an `Action`.
    #[error("packet without an action")]
    Action,
    /// A packet whose parameters lack something it cannot do without.
    #[error("parameters")]
    Parameters,
}

/// Which of the [`crate::Limits`] was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Limit {
    /// [`crate::Limits::frame_bytes`].
    #[error("frame length")]
    FrameBytes,
    /// [`crate::Limits::elements`].
    #[error("number of elements")]
    Elements,
    /// [`crate::Limits::depth`].
    #[error("depth of elements")]
    Depth,
    /// [`crate::Limits::attributes`].
    #[error("number of attributes")]
    Attributes,
}

/// The families of [`Error`], for log levels and metric labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Text that means nothing.
    Malformed,
    /// Too much.
    Limit,
}

impl Family {
    /// A stable lower-case word for logs and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Limit => "limit",
        }
    }
}

impl Error {
    /// The family this error belongs to.
    pub const fn family(&self) -> Family {
        match self {
            Self::Malformed { .. } => Family::Malformed,
            Self::Limit { .. } => Family::Limit,
        }
    }

    pub(crate) const fn malformed(what: Malformed, offset: usize) -> Self {
        Self::Malformed { what, offset }
    }
}
