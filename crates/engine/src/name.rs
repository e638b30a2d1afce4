//! Stream names, as clients write them and as the directory knows them.

use std::fmt;

use amf::Str;
use thiserror::Error;

/// A stream's name within its instance.
///
/// What a client writes may carry a query (`key?token=…`, as encoders send it) and the
/// prefix `flv:`, which means the default kind; neither is part of the name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Str);

/// Why a stream name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing is left of the name.
    #[error("the stream name is empty")]
    Empty,
    /// The name is longer than the limit.
    #[error("the stream name is longer than {0} bytes")]
    TooLong(usize),
    /// The name has an empty, `.` or `..` part, or ends in a slash.
    #[error("the stream name has an empty or relative part")]
    BadPart,
    /// The name holds a control character or a backslash.
    #[error("the stream name holds a character that is not allowed")]
    BadCharacter,
}

impl StreamName {
    /// Reads a name as a client wrote it, at most `max_bytes` long.
    pub fn parse(written: &str, max_bytes: usize) -> Result<Self, NameError> {
        if written.len() > max_bytes {
            return Err(NameError::TooLong(max_bytes));
        }
        let (name, _query) = written.split_once('?').unwrap_or((written, ""));
        let name = name.strip_prefix("flv:").unwrap_or(name);
        let name = name.strip_prefix('/').unwrap_or(name);
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().any(|c| c.is_control() || c == '\\') {
            return Err(NameError::BadCharacter);
        }
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(NameError::BadPart);
        }
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_clients_write_them() {
        for (written, expected) in [
            ("cam", Ok("cam")),
            ("flv:cam", Ok("cam")),
            ("/cam", Ok("cam")),
            ("a/b", Ok("a/b")),
            ("key?token=a/../b", Ok("key")),
            ("mp4:movie", Ok("mp4:movie")),
            ("", Err(NameError::Empty)),
            ("?x", Err(NameError::Empty)),
            ("a/", Err(NameError::BadPart)),
            ("a//b", Err(NameError::BadPart)),
            ("../a", Err(NameError::BadPart)),
            ("a\0b", Err(NameError::BadCharacter)),
            ("a\\b", Err(NameError::BadCharacter)),
            ("123456789012345678901", Err(NameError::TooLong(20))),
        ] {
            let read = StreamName::parse(written, 20);
            assert_eq!(
                read.as_ref().map(StreamName::as_str),
                expected.as_ref().copied(),
                "{written}"
            );
        }
    }
}
