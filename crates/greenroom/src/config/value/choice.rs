//! Keys that take one of a few words.

use super::{Given, Setting};
use crate::config::key::Unit;

macro_rules! choices {
    (
        $(#[$about:meta])*
        $Name:ident, $accepts:literal { $($(#[$doc:meta])* $Variant:ident = $word:literal),+ }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $Name { $($(#[$doc])* $Variant),+ }

        impl $Name {
            /// The word that stands for it in files and options.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $word),+ }
            }
        }

        impl Setting for $Name {
            const ACCEPTS: &'static str = $accepts;

            fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
                match given.text()? {
                    $($word => Ok(Self::$Variant),)+
                    _ => Err(format!("must be {}", $accepts.replace('`', ""))),
                }
            }

            fn measure(&self) -> u64 {
                self.as_str().len() as u64
            }

            fn to_toml(&self) -> toml::Value {
                toml::Value::String(self.as_str().to_owned())
            }
        }
    };
}

choices! {
    /// How log lines are written.
    LogFormat, "`text` or `json`" {
        /// One line for people.
        Text = "text",
        /// One JSON object per line.
        Json = "json"
    }
}

choices! {
    /// What happens when a name is published that already has a publisher.
    PublishTakeover, "`reject`, `replace-if-stalled` or `replace`" {
        /// The second publisher is refused.
        Reject = "reject",
        /// The second publisher takes over when the first has stalled, and is refused otherwise.
        ReplaceIfStalled = "replace-if-stalled",
        /// The second publisher takes over.
        Replace = "replace"
    }
}
