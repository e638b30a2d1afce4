//! What the XML files say in vain.

use std::fmt;

/// One thing in a file that has no effect, or another than it says; to be logged once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The tag below `Application`, such as `JSEngine/RuntimeSize`, or the key of
    /// `application.toml`; empty for the file as a whole.
    pub path: String,
    /// What is the matter.
    pub what: What,
}

/// What is the matter with a tag or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// No server had this tag, or none that we know of.
    #[error("is not a tag we know and has no effect")]
    UnknownTag,
    /// The original had it; this server has nothing that it could set.
    #[error("has no effect: {0}")]
    NoEffect(&'static str),
    /// The key has nothing yet that it could set.
    #[error("has no effect yet: it comes with {0}")]
    NotYet(&'static str),
    /// It restricts who may do what; this server does not do that for it.
    #[error("is not enforced: {0}")]
    NotEnforced(&'static str),
    /// The virtual host does not let applications set it.
    #[error("has no effect: {file}:{line} says override=\"no\"")]
    Forbidden {
        /// The virtual host's file.
        file: String,
        /// The line of the tag that says so.
        line: usize,
    },
    /// The value means nothing.
    #[error("has no effect: it {complaint}; it is {given}")]
    Value {
        /// What it must be.
        complaint: String,
        /// The value as written.
        given: String,
    },
    /// The value is beyond what this server takes.
    #[error("is {given} in our units, which is out of range; {used} is used")]
    OutOfRange {
        /// The value in the key's unit.
        given: i64,
        /// The nearest possible one.
        used: u64,
    },
    /// A `${NAME}` stands for nothing.
    #[error("has no effect: ${{{0}}} has no value")]
    NoSubstitution(String),
    /// The text with its `${NAME}`s replaced is too long.
    #[error("has no effect: it is too long with its variables replaced")]
    TooLong,
    /// The application's file is not XML that we can read; none of it has an effect.
    #[error("is ignored: column {column}: {message}")]
    Malformed {
        /// The character in the line, from 1.
        column: usize,
        /// What is wrong with it.
        message: String,
    },
}

/// How loudly a finding should be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The original's own business; nothing to do.
    Info,
    /// The application may behave differently from what its owner expects.
    Warning,
    /// The whole file is ignored.
    Error,
}

impl Finding {
    /// How loudly it should be told.
    pub fn severity(&self) -> Severity {
        match self.what {
            What::NoEffect(_) => Severity::Info,
            What::Malformed { .. } => Severity::Error,
            _ => Severity::Warning,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            path,
            what,
        } = self;
        match path.as_str() {
            "" => write!(f, "{file}:{line}: the file {what}"),
            path => write!(f, "{file}:{line}: `{path}` {what}"),
        }
    }
}
