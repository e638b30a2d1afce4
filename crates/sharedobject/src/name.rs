//! The names of objects: which are allowed, and when two spellings mean the same.

use std::fmt;

use amf::Str;
use thiserror::Error;

/// The characters that no name may hold, beside control characters (FlashCom's server-side
/// dictionary, `SharedObject.get`).
const FORBIDDEN: &[char] = &[
    ' ', '~', '%', '&', '\\', ';', ':', '"', '\'', ',', '<', '>', '?', '#',
];

/// The two kinds of objects, which are two name spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Saved, and kept when nobody uses it.
    Persistent,
    /// Gone with its last user.
    Temporary,
}

impl Kind {
    /// The kind that the flag "persistent" of a message or a call means.
    pub const fn of(persistent: bool) -> Self {
        if persistent {
            Self::Persistent
        } else {
            Self::Temporary
        }
    }

    /// The other kind.
    #[must_use]
    pub const fn other(self) -> Self {
        Self::of(matches!(self, Self::Temporary))
    }

    /// Whether it is saved.
    pub const fn is_persistent(self) -> bool {
        matches!(self, Self::Persistent)
    }
}

/// The name of an object in its instance, without the slash that may stand in front of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName(Str);

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing is left of the name.
    #[error("the name of the shared object is empty")]
    Empty,
    /// The name is longer than the limit.
    #[error("the name of the shared object is longer than {0} bytes")]
    TooLong(usize),
    /// The name has an empty, `.` or `..` part, or ends in a slash.
    #[error("the name of the shared object has an empty or relative part")]
    BadPart,
    /// The name holds a character that is not allowed.
    #[error("the name of the shared object holds {0:?}, which is not allowed")]
    BadCharacter(char),
}

impl ObjectName {
    /// Reads a name as a client or a script wrote it, at most `max_bytes` long.
    pub fn parse(written: &str, max_bytes: usize) -> Result<Self, NameError> {
        if written.len() > max_bytes {
            return Err(NameError::TooLong(max_bytes));
        }
        let name = written.strip_prefix('/').unwrap_or(written);
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        let bad = |c: &char| c.is_control() || FORBIDDEN.contains(c);
        if let Some(bad) = name.chars().find(bad) {
            return Err(NameError::BadCharacter(bad));
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

    /// The name, in the form that is cheap to keep.
    pub fn text(&self) -> &Str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for (written, expected) in [
            ("chat", Ok("chat")),
            ("/chat", Ok("chat")),
            ("room/42/users", Ok("room/42/users")),
            ("FCChat.chat_mc.history", Ok("FCChat.chat_mc.history")),
            ("чат", Ok("чат")),
            ("", Err(NameError::Empty)),
            ("/", Err(NameError::Empty)),
            ("a b", Err(NameError::BadCharacter(' '))),
            ("a:b", Err(NameError::BadCharacter(':'))),
            ("a\nb", Err(NameError::BadCharacter('\n'))),
            ("a//b", Err(NameError::BadPart)),
            ("a/", Err(NameError::BadPart)),
            ("../a", Err(NameError::BadPart)),
            ("a/./b", Err(NameError::BadPart)),
            (
                "12345678901234567890123456789x",
                Err(NameError::TooLong(29)),
            ),
        ] {
            let read = ObjectName::parse(written, 29);
            let read = read.as_ref().map(ObjectName::as_str);
            assert_eq!(read, expected.as_ref().copied(), "{written}");
        }
        for c in FORBIDDEN {
            assert!(ObjectName::parse(&format!("a{c}b"), 29).is_err(), "{c:?}");
        }
    }
}
