//! What one key of an application is, and the macro that declares all of them.
//!
//! Owns the shape of the declaration; the keys themselves are in [`crate::keys`].

use std::ops::RangeInclusive;

use configtext::{Given, Unit};

use crate::keys::ApplicationConfig;

/// One key: its name, what it takes, and how to reach its field in an [`ApplicationConfig`].
#[derive(Debug)]
pub struct Key {
    /// The section, such as `script`.
    pub section: &'static str,
    /// The name within the section, such as `max_time_ms`.
    pub name: &'static str,
    /// The documentation, one entry per source line.
    pub docs: &'static [&'static str],
    /// What happens when this limit is reached; `None` for keys that are not limits.
    pub reached: Option<&'static str>,
    /// What must be there before the key has an effect; `None` for keys that have one.
    pub later: Option<&'static str>,
    /// The server's own key that gives the default, such as `live.gop_cache`.
    pub server: Option<&'static str>,
    /// What is written as its value, such as `integer` or `list`.
    pub accepts: &'static str,
    /// The permitted numbers, the permitted length of a text in bytes, or of a list in entries.
    pub range: Option<RangeInclusive<u64>>,
    pub(crate) assign: fn(&mut ApplicationConfig, &Given, &Self) -> Result<(), String>,
    pub(crate) read: fn(&ApplicationConfig) -> toml::Value,
}

impl Key {
    /// The name used in messages and files: `script.max_time_ms`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The unit of its number.
    pub fn unit(&self) -> Unit {
        Unit::of(self.name)
    }
}

/// Declares the sections as structs, their defaults, and the table of keys.
///
/// A key reads `name: Type = default, original VALUE, server "KEY", range LOW..=HIGH, reached
/// "what happens", later "what is missing";` with all but the default optional, and takes its
/// documentation from the doc comment above it. `original` is the value of `FlashCom` 1.5 where it is another.
macro_rules! sections {
    ($(
        $(#[doc = $about:literal])+
        $section:ident: $Section:ident {$(
            $(#[doc = $doc:literal])+
            $name:ident: $Type:ty = $default:expr
                $(, original $original:expr)?
                $(, server $server:literal)?
                $(, range $range:expr)?
                $(, reached $reached:literal)?
                $(, later $later:literal)?;
        )+}
    )+) => {
        /// The settings of one application, a field per section.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct ApplicationConfig {
            $($(#[doc = $about])+ pub $section: $Section,)+
            /// What scripts see as `application.config`: an object, in the order it was written.
            pub config: ConfigTree,
        }

        impl ApplicationConfig {
            /// The defaults of `FlashCom` 1.5, for those who want its limits and not only its
            /// behaviour.
            pub fn original() -> Self {
                Self {
                    $($section: $Section {
                        $($name: sections!(@first $($original,)? $default),)+
                    },)+
                    config: ConfigTree::default(),
                }
            }
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
            later: sections!(@optional $($later)?),
            server: sections!(@optional $($server)?),
            accepts: <$Type as Setting>::ACCEPTS,
            range: sections!(@optional $($range)?),
            assign: |config, given, key| {
                config.$section.$name = read_setting(given, key.unit(), key.range.as_ref())?;
                Ok(())
            },
            read: |config| config.$section.$name.to_toml(),
        },)+)+];

        /// Every section there is and its documentation, in the order of the reference page.
        pub(crate) static SECTIONS: &[(&str, &[&str])] =
            &[$((stringify!($section), &[$($about),+]),)+];
    };
    (@optional) => { None };
    (@optional $value:expr) => { Some($value) };
    (@first $value:expr) => { $value };
    (@first $value:expr, $other:expr) => { $value };
}

pub(crate) use sections;
