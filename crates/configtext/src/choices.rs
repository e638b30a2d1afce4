//! Keys that take one of a few words.

/// Declares a type for a key that takes one of a few words, and how it is read and written.
#[macro_export]
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

        impl $crate::Setting for $Name {
            const ACCEPTS: &'static str = $accepts;

            fn from_given(given: &$crate::Given, _: $crate::Unit) -> Result<Self, String> {
                match given.text()? {
                    $($word => Ok(Self::$Variant),)+
                    _ => Err(format!("must be {}", $accepts.replace('`', ""))),
                }
            }

            fn measure(&self) -> u64 {
                self.as_str().len() as u64
            }

            fn to_toml(&self) -> $crate::toml::Value {
                $crate::toml::Value::String(self.as_str().to_owned())
            }
        }
    };
}
