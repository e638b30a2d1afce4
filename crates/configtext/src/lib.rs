//! How settings are written, whatever they set.
//!
//! Owns the types that a setting can have, with their units, ranges and complaints; the reading of
//! a TOML file with the line of every name in it; the name that somebody probably meant; and how
//! reference pages word all that. Knows no key: the server's keys and those of applications are declared by the crates that obey them.
//! Pure: no files, no environment.

mod choices;
mod document;
mod nearest;
mod page;
mod unit;
mod value;

pub use document::{Document, Named, SyntaxError};
pub use nearest::{nearest, nearest_at_least};
pub use page::{paragraph, range_words, value_words};
pub use unit::Unit;
pub use value::{Given, Setting, format_size, parse_size, read_address, read_setting};

/// For [`choices!`], which names the type in its caller's crate.
#[doc(hidden)]
pub use toml;
