//! Why bytes could not be read as AMF, and why a value could not be written.

use crate::Str;

/// Input that cannot be read. Offsets count from the start of the decoder's input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The input ends inside something.
    #[error("AMF ends inside {what} at byte {offset}: {needed} bytes needed, {left} left")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it starts.
        offset: usize,
        /// Bytes it takes.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// A count promises more than the rest of the input can hold.
    #[error("AMF {what} at byte {offset} counts {count} elements in {left} bytes")]
    Count {
        /// What was being read.
        what: &'static str,
        /// Where the count ends.
        offset: usize,
        /// The count.
        count: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// A marker that is not assigned, is reserved, or has no place here.
    #[error("{format} has no marker {marker:#04x} for a value, at byte {offset}")]
    Marker {
        /// `"AMF0"` or `"AMF3"`.
        format: &'static str,
        /// The marker.
        marker: u8,
        /// Where it stands.
        offset: usize,
    },
    /// Text that is not UTF-8.
    #[error("AMF {what} at byte {offset} is not UTF-8")]
    Utf8 {
        /// What was being read.
        what: &'static str,
        /// Where the text starts.
        offset: usize,
    },
    /// A reference to an entry that its table does not have.
    #[error("AMF reference {index} to a table of {len} {table}, at byte {offset}")]
    Reference {
        /// What the table holds.
        table: &'static str,
        /// The entry referred to, from 0.
        index: u32,
        /// Entries the table has so far.
        len: usize,
        /// Where the reference ends.
        offset: usize,
    },
    /// An object of an externalizable class that nobody knows: it cannot be told where it ends.
    #[error("AMF3 externalizable class {class:?} is unknown, at byte {offset}")]
    UnknownExternalizable {
        /// The class.
        class: Str,
        /// Where its body starts.
        offset: usize,
    },
    /// A Flash Remoting packet of a version other than 0, 1 and 3.
    #[error("AMF packet version {version} is unknown")]
    PacketVersion {
        /// The version.
        version: u16,
    },
    /// Something of a local shared object's file that is always the same is not so.
    #[error("this is no file of a local shared object: {what} at byte {offset}")]
    Sol {
        /// What is wrong.
        what: &'static str,
        /// Where it stands.
        offset: usize,
    },
    /// Bytes after the end of something that fills its input.
    #[error("{left} bytes follow the end of the AMF packet or file at byte {offset}")]
    Trailing {
        /// Where it ends.
        offset: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// More than a limit allows.
    #[error("AMF exceeds the limit of {max} {limit}, at byte {offset}")]
    Limit {
        /// The field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// Its value.
        max: u32,
        /// Where it was exceeded.
        offset: usize,
    },
}

impl DecodeError {
    /// Where in the input it happened, in bytes.
    pub fn offset(&self) -> usize {
        match self {
            Self::Truncated { offset, .. }
            | Self::Count { offset, .. }
            | Self::Marker { offset, .. }
            | Self::Utf8 { offset, .. }
            | Self::Reference { offset, .. }
            | Self::UnknownExternalizable { offset, .. }
            | Self::Sol { offset, .. }
            | Self::Trailing { offset, .. }
            | Self::Limit { offset, .. } => *offset,
            Self::PacketVersion { .. } => 0,
        }
    }
}

/// A value that cannot be written. Nothing of it is left in the output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The output would grow beyond [`Limits::output_bytes`](crate::Limits::output_bytes).
    #[error("the AMF output exceeds the limit of {max} bytes")]
    OutputTooLong {
        /// The limit in bytes.
        max: usize,
    },
    /// The value is nested deeper than [`Limits::depth`](crate::Limits::depth).
    #[error("the AMF value is nested deeper than {max} containers")]
    TooDeep {
        /// The limit.
        max: u32,
    },
    /// A text, name or list is longer than the format's length field can say.
    #[error("the AMF {what} of length {len} exceeds {max}")]
    TooLong {
        /// What it is.
        what: &'static str,
        /// Its length in bytes or elements.
        len: usize,
        /// The longest that can be written.
        max: usize,
    },
    /// A dynamic property or named element with an empty name: in AMF3 it would end the list.
    #[error("AMF3 cannot write a property with an empty name")]
    EmptyKey,
    /// A [`Reference`](crate::Reference) whose target is not part of what is being written, or
    /// lies on the other side of a change between AMF0 and AMF3, or is to be written again and
    /// again because references are off.
    #[error("an AMF reference has no target in this message")]
    DanglingReference,
    /// The target has a position in the table of references that the format cannot write.
    #[error("AMF reference {index} exceeds {max}")]
    ReferenceTooFar {
        /// The position.
        index: u32,
        /// The last position that can be written.
        max: u32,
    },
    /// Opaque bytes of an externalizable object, in a place where they would be misread: they
    /// may refer to the tables of AMF3 and must come first, outside of any container.
    #[error("an opaque AMF3 object of class {class:?} must be the only AMF3 value of a message")]
    MisplacedOpaque {
        /// The class.
        class: Str,
    },
}
