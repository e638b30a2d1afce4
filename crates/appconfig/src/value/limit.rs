//! A number that can be missing.

use configtext::{Given, Setting, Unit};

/// A limit that need not be there. 0 is a limit like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// No limit.
    Unlimited,
    /// At most so much, in the unit of the key.
    At(u64),
}

/// How no limit is written.
const UNLIMITED: &str = "unlimited";

impl Limit {
    /// The number, if there is a limit.
    pub fn number(self) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::At(number) => Some(number),
        }
    }

    /// Whether an amount is within the limit.
    pub fn allows(self, amount: u64) -> bool {
        self.number().is_none_or(|most| amount <= most)
    }
}

impl Setting for Limit {
    const ACCEPTS: &'static str = "integer or `\"unlimited\"`";

    fn from_given(given: &Given, unit: Unit) -> Result<Self, String> {
        match given {
            Given::Word(text) | Given::Text(text) if text == UNLIMITED => Ok(Self::Unlimited),
            other => other
                .integer(unit)
                .map(Self::At)
                .map_err(|complaint| format!("{complaint}, or \"{UNLIMITED}\"")),
        }
    }

    fn measure(&self) -> u64 {
        self.number().unwrap_or(u64::MAX)
    }

    fn to_toml(&self) -> toml::Value {
        match self {
            Self::Unlimited => toml::Value::String(UNLIMITED.to_owned()),
            Self::At(number) => toml::Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_and_zero_are_different_limits() {
        assert!(Limit::Unlimited.allows(u64::MAX));
        assert!(Limit::At(5).allows(5));
        assert!(!Limit::At(5).allows(6));
        assert!(!Limit::At(0).allows(1));
        assert_eq!(Limit::At(0).number(), Some(0));
        assert_eq!(Limit::Unlimited.number(), None);
    }
}
