//! The settings of one application.
//!
//! Owns what an application may say about itself, where it may say it and which saying wins: the
//! server's defaults, then the virtual host's `Application.xml`, then the application's own
//! `Application.xml`, then its `application.toml`. Every key is declared once, in [`keys`]; every
//! tag of the XML files once, in `tags`. Loading is pure: callers hand in the files' text.
//!
//! What is wrong with `application.toml` is an error, since it was written for this server. The
//! XML files were written for another: what they ask for in vain comes back as a [`Finding`], to
//! be logged.
//!
//! ```
//! use appconfig::{Layers, Text, load};
//!
//! let xml = "<Application><JSEngine><MaxTimeOut>2</MaxTimeOut></JSEngine></Application>";
//! let loaded = load(&Layers {
//!     application_xml: Some(Text::new("Application.xml", xml)),
//!     ..Layers::default()
//! })?;
//! assert_eq!(loaded.config.script.max_time_ms, 2_000);
//! # Ok::<(), appconfig::ConfigErrors>(())
//! ```

mod convert;
mod error;
mod finding;
mod key;
pub mod keys;
mod layers;
mod legacy;
mod overriding;
mod reference;
mod substitutions;
mod tags;
mod toml_file;
mod tree;
mod value;
mod xml;

pub use error::{ConfigErrors, Problem};
pub use finding::{Finding, Severity, What};
pub use key::Key;
pub use keys::{ApplicationConfig, KEYS};
pub use layers::{Layers, Loaded, Source, Text, load};
pub use reference::reference;
pub use substitutions::Substitutions;
pub use value::{Host, Limit, ObjectEncoding, RecordLive, RepeatMetadata, VirtualDirectory};
pub use xml::{XmlError, XmlLimits};

#[cfg(test)]
mod tests;
