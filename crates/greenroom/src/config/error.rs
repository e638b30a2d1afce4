//! What can be wrong with a configuration, each as one line for the operator.

use std::fmt;

use super::layers::Source;
use super::nearest::nearest_key;

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The file is not TOML.
    #[error("{file}:{line}: {message}")]
    Syntax {
        /// The file, as it was named.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the TOML parser says.
        message: String,
    },
    /// A key, section or variable that does not exist.
    #[error("unknown {kind} `{name}` in {place}{}", hint(suggestion.as_deref()))]
    Unknown {
        /// `key`, `section` or `variable`.
        kind: &'static str,
        /// The name as written.
        name: String,
        /// Where it was written.
        place: String,
        /// The existing name that is most like it.
        suggestion: Option<String>,
    },
    /// A value of the wrong type or out of range.
    #[error("`{key}` in {place} {complaint}; it is {given}")]
    Value {
        /// The key.
        key: String,
        /// Where the value was written.
        place: String,
        /// What it must be.
        complaint: String,
        /// The value as written.
        given: String,
    },
    /// A `--set` without `=`.
    #[error("`--set {text}` must have the form --set section.key=value")]
    Assignment {
        /// What was given.
        text: String,
    },
    /// Two keys whose values do not go together.
    #[error(
        "`{key}` ({value}, {place}) must be {relation} `{other}` ({other_value}, {other_place})"
    )]
    Conflict {
        /// The key that is too small.
        key: &'static str,
        /// Its value.
        value: u64,
        /// Where its value comes from.
        place: String,
        /// `at least` or `greater than`.
        relation: &'static str,
        /// The key it is held against.
        other: &'static str,
        /// The other key's value.
        other_value: u64,
        /// Where the other's value comes from.
        other_place: String,
    },
}

impl Problem {
    /// A key that does not exist, with the one that was probably meant.
    pub(super) fn unknown_key(path: &str, place: &Source) -> Self {
        Self::Unknown {
            kind: "key",
            name: path.to_owned(),
            place: place.to_string(),
            suggestion: nearest_key(path),
        }
    }
}

fn hint(suggestion: Option<&str>) -> String {
    match suggestion {
        Some(name) => format!("; did you mean `{name}`?"),
        None => "; `greenroom config reference` lists all keys".to_owned(),
    }
}

/// Everything that is wrong with a configuration; never empty. Displays one line per problem.
#[derive(Debug, Clone, PartialEq)]
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
