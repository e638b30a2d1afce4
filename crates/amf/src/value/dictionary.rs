//! [`Dictionary`]: AMF3's map whose keys are values of any type.

use super::Value;

/// A map from any value to any value, as a list of entries in order, repeats included.
pub struct Dictionary {
    weak_keys: bool,
    pub(super) entries: Box<[(Value, Value)]>,
}

impl Dictionary {
    /// A dictionary with these entries. `weak_keys` says that its owner in the player does not
    /// keep the keys alive; here it is only a mark that is handed on.
    pub fn new(weak_keys: bool, entries: impl IntoIterator<Item = (Value, Value)>) -> Self {
        Self {
            weak_keys,
            entries: entries.into_iter().collect(),
        }
    }

    /// Whether the player holds the keys weakly.
    pub fn has_weak_keys(&self) -> bool {
        self.weak_keys
    }

    /// The entries in order.
    pub fn entries(&self) -> &[(Value, Value)] {
        &self.entries
    }
}
