//! What makes an application's settings unusable, each as one line for the operator.

use std::fmt;

use configtext::{nearest, nearest_at_least};

use crate::key::Key;
use crate::keys::{KEYS, SECTIONS};
use crate::xml::XmlError;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// `application.toml` is not TOML.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The file, as it was named.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// The virtual host's file is not XML that we can read.
    #[error("{file}:{}:{}: {error}", error.line, error.column)]
    Xml {
        /// The file, as it was named.
        file: String,
        /// What is wrong with it, and where.
        error: XmlError,
    },
    /// A key or section that does not exist.
    #[error("unknown {kind} `{name}` in {file}:{line}{}", hint(suggestion.as_deref()))]
    Unknown {
        /// `key` or `section`.
        kind: &'static str,
        /// The name as written.
        name: String,
        /// The file, as it was named.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The existing name that is most like it.
        suggestion: Option<String>,
    },
    /// A value of the wrong type or out of range.
    #[error("`{key}` in {file}:{line} {complaint}; it is {given}")]
    Value {
        /// The key.
        key: String,
        /// The file, as it was named.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What it must be.
        complaint: String,
        /// The value as written.
        given: String,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The section or key most like `wrong`, a path or a single name.
pub(crate) fn suggest(wrong: &str) -> Option<String> {
    let paths: Vec<String> = KEYS.iter().map(Key::path).collect();
    let (section, name) = wrong.split_once('.').unwrap_or(("", wrong));
    if section.is_empty()
        && let Some(section) = nearest(name, SECTIONS.iter().map(|(section, _)| *section))
    {
        return Some(section.to_owned());
    }
    // The right name in a wrong section, or in none, is close however different the sections are.
    let same_name = paths.iter().zip(KEYS).filter(|(_, key)| key.name == name);
    nearest_at_least(wrong, same_name.map(|(path, _)| path.as_str()), 0.0)
        .or_else(|| nearest(wrong, paths.iter().map(String::as_str)))
        .map(str::to_owned)
}

/// Everything that is wrong; never empty. Displays one line per problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
