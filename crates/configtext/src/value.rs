//! The types a key can have: how each is read from a file, a variable or an option, and written.
//!
//! Owns the wording of complaints about a value; names and places are added by who reads it.

mod address;
mod size;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

pub use address::read_address;
pub use size::{format_size, parse_size};

use crate::{Unit, document};

/// A value as somebody wrote it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Unquoted text of a variable or an option, which its key's type gives a meaning.
    Word(String),
    /// A TOML string.
    Text(String),
    /// A TOML integer.
    Integer(i64),
    /// A TOML boolean.
    Flag(bool),
    /// A TOML array.
    List(Vec<Given>),
    /// A TOML number with a fraction.
    Fraction(f64),
    /// Something no key takes, by what it is called in TOML: a table, a date.
    Other(&'static str),
}

impl Given {
    /// What it is called in a complaint.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fraction(_) => "a number with a fraction",
            Self::Word(_) | Self::Text(_) => "text",
            Self::Integer(_) => "an integer",
            Self::Flag(_) => "a boolean",
            Self::List(_) => "a list",
            Self::Other(kind) => kind,
        }
    }

    /// The text, when the key wants text.
    pub fn text(&self) -> Result<&str, String> {
        match self {
            Self::Word(text) | Self::Text(text) => Ok(text),
            other => Err(format!("must be text in quotes, not {}", other.kind())),
        }
    }

    /// The number, when the key wants one of this unit.
    pub fn integer(&self, unit: Unit) -> Result<u64, String> {
        let wrong = || match unit {
            Unit::Bytes => "must be a number of bytes, such as 65536 or \"64KiB\"".to_owned(),
            Unit::Milliseconds => "must be a whole number of milliseconds".to_owned(),
            Unit::None => "must be a whole number".to_owned(),
        };
        match self {
            Self::Integer(number) => {
                u64::try_from(*number).map_err(|_| "must not be negative".to_owned())
            }
            Self::Word(text) | Self::Text(text) if unit == Unit::Bytes => {
                parse_size(text).ok_or_else(wrong)
            }
            Self::Word(text) => text.trim().parse().map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

/// As it stands in a message.
impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Text(text) => write!(f, "`{}`", text.escape_debug()),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(list) => {
                let entries: Vec<String> = list.iter().map(Self::to_string).collect();
                write!(f, "[{}]", entries.join(", "))
            }
            Self::Fraction(_) | Self::Other(_) => f.write_str(self.kind()),
        }
    }
}

/// A type that a key can have.
pub trait Setting: Sized {
    /// What the reference page says is written here.
    const ACCEPTS: &'static str;

    /// Understands what was written, or says what would have been understood.
    fn from_given(given: &Given, unit: Unit) -> Result<Self, String>;

    /// What the key's range is about: the number itself, the bytes of a text, the entries of a
    /// list.
    fn measure(&self) -> u64;

    /// The value as it is written in a file.
    fn to_toml(&self) -> toml::Value;
}

/// Understands a value of this unit and holds it against the range.
pub fn read_setting<T: Setting>(
    given: &Given,
    unit: Unit,
    range: Option<&RangeInclusive<u64>>,
) -> Result<T, String> {
    let value = T::from_given(given, unit)?;
    match range {
        Some(range) if !range.contains(&value.measure()) => {
            Err(out_of_range::<T>(given, unit, range))
        }
        _ => Ok(value),
    }
}

fn out_of_range<T: Setting>(given: &Given, unit: Unit, range: &RangeInclusive<u64>) -> String {
    let (low, high) = (range.start(), range.end());
    match (given, unit) {
        (Given::List(_), _) => format!("must have {low} to {high} entries"),
        _ if T::ACCEPTS == String::ACCEPTS => format!("must be {low} to {high} bytes long"),
        (_, Unit::Bytes) => {
            format!(
                "must be between {} and {} (bytes)",
                format_size(*low),
                format_size(*high)
            )
        }
        (_, Unit::Milliseconds) => format!("must be between {low} and {high} (milliseconds)"),
        _ => format!("must be between {low} and {high}"),
    }
}

macro_rules! whole_number {
    ($($Type:ty),+) => {$(
        impl Setting for $Type {
            const ACCEPTS: &'static str = "integer";

            fn from_given(given: &Given, unit: Unit) -> Result<Self, String> {
                Self::try_from(given.integer(unit)?)
                    .map_err(|_| format!("must be at most {}", Self::MAX))
            }

            fn measure(&self) -> u64 {
                u64::try_from(*self).unwrap_or(u64::MAX)
            }

            fn to_toml(&self) -> toml::Value {
                toml::Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )+};
}

whole_number!(u32, u64, usize);

impl Setting for bool {
    const ACCEPTS: &'static str = "`true` or `false`";

    fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
        match given {
            Given::Flag(flag) => Ok(*flag),
            Given::Word(word) if word == "true" => Ok(true),
            Given::Word(word) if word == "false" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        }
    }

    fn measure(&self) -> u64 {
        u64::from(*self)
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::Boolean(*self)
    }
}

impl Setting for String {
    const ACCEPTS: &'static str = "text";

    fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
        given.text().map(str::to_owned)
    }

    fn measure(&self) -> u64 {
        self.len() as u64
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::String(self.clone())
    }
}

impl Setting for PathBuf {
    const ACCEPTS: &'static str = "path";

    fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
        match given.text()? {
            "" => Err("must not be empty".to_owned()),
            path if path.contains('\0') => Err("must not contain a NUL character".to_owned()),
            path => Ok(Self::from(path)),
        }
    }

    fn measure(&self) -> u64 {
        self.as_os_str().len() as u64
    }

    fn to_toml(&self) -> toml::Value {
        // Lossless: paths come from text, see `from_given`.
        toml::Value::String(self.to_string_lossy().into_owned())
    }
}

/// Several values: a TOML array, or a comma-separated word.
impl<T: Setting> Setting for Vec<T> {
    const ACCEPTS: &'static str = "list";

    fn from_given(given: &Given, unit: Unit) -> Result<Self, String> {
        let entry = |given: &Given| T::from_given(given, unit);
        // Entries with commas in them are written as in a file.
        if let Given::Word(word) = given
            && let Some(list) = document::list(word)
        {
            return Self::from_given(&list, unit);
        }
        match given {
            Given::List(list) => list.iter().map(entry).collect(),
            Given::Word(word) if word.trim().is_empty() => Ok(Self::new()),
            Given::Word(word) => word
                .split(',')
                .map(|part| entry(&Given::Word(part.trim().to_owned())))
                .collect(),
            other => Err(format!(
                "must be a list such as [\"a\", \"b\"], not {}",
                other.kind()
            )),
        }
    }

    fn measure(&self) -> u64 {
        self.len() as u64
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::Array(self.iter().map(Setting::to_toml).collect())
    }
}
