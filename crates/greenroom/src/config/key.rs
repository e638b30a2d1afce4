//! What one configuration key is, and the macro that declares all of them.
//!
//! Owns the shape of the declaration; the keys themselves are in [`super::keys`].

use std::ops::RangeInclusive;

use configtext::{Given, Unit};

use super::keys::Config;

/// One key: its name, what it takes, and how to reach its field in a [`Config`].
#[derive(Debug)]
pub struct Key {
    /// The section, such as `rtmp`.
    pub section: &'static str,
    /// The name within the section, such as `chunk_size_bytes`.
    pub name: &'static str,
    /// The documentation, one entry per source line.
    pub docs: &'static [&'static str],
    /// What happens when this limit is reached; `None` for keys that are not limits.
    pub reached: Option<&'static str>,
    /// What is written as its value, such as `integer` or `"text" or "json"`.
    pub accepts: &'static str,
    /// The permitted numbers, the permitted length of a text in bytes, or of a list in entries.
    pub range: Option<RangeInclusive<u64>>,
    pub(crate) assign: fn(&mut Config, &Given, &Self) -> Result<(), String>,
    pub(crate) read: fn(&Config) -> toml::Value,
    pub(super) copy: fn(&Config, &mut Config),
}

impl Key {
    /// The name used in messages, files and `--set`: `rtmp.listen`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The environment variable that sets it: `GREENROOM_RTMP_LISTEN`.
    pub fn variable(&self) -> String {
        format!("GREENROOM_{}_{}", self.section, self.name).to_ascii_uppercase()
    }

    /// The unit of its number.
    pub fn unit(&self) -> Unit {
        Unit::of(self.name)
    }
}

/// Declares the sections as structs, their defaults, and the table of keys.
///
/// A key reads `name: Type = default, range LOW..=HIGH, reached "what happens";` with the last
/// two parts optional, and takes its documentation from the doc comment above it.
macro_rules! sections {
    ($(
        $(#[doc = $about:literal])+
        $section:ident: $Section:ident {$(
            $(#[doc = $doc:literal])+
            $name:ident: $Type:ty = $default:expr
                $(, range $range:expr)?
                $(, reached $reached:literal)?;
        )+}
    )+) => {
        /// The effective configuration of one server, a field per section.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Config {
            $($(#[doc = $about])+ pub $section: $Section,)+
        }

        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Section {
                $($(#[doc = $doc])+ pub $name: $Type,)+
            }

            impl Default for $Section {
                fn default() -> Self {
                    Self { $($name: $default,)+ }
                }
            }
        )+

        /// Every key there is, in the order of the reference page.
        pub static KEYS: &[Key] = &[$($(Key {
            section: stringify!($section),
            name: stringify!($name),
            docs: &[$($doc),+],
            reached: sections!(@optional $($reached)?),
            accepts: <$Type as Setting>::ACCEPTS,
            range: sections!(@optional $($range)?),
            assign: |config, given, key| {
                config.$section.$name = read_setting(given, key.unit(), key.range.as_ref())?;
                Ok(())
            },
            read: |config| config.$section.$name.to_toml(),
            copy: |from, to| to.$section.$name = from.$section.$name.clone(),
        },)+)+];

        /// Every section there is and its documentation, in the order of the reference page.
        pub(super) static SECTIONS: &[(&str, &[&str])] =
            &[$((stringify!($section), &[$($about),+]),)+];
    };
    (@optional) => { None };
    (@optional $value:expr) => { Some($value) };
}

pub(super) use sections;
