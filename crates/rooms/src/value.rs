//! Values of variables, and the short lists of named values that messages and users carry.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a variable holds. `ElectroServer` knows texts only; other dialects and scripts have more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Arc<str>),
}

impl Value {
    /// The bytes it counts for in the limits.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 1,
            Self::Number(_) => 8,
            Self::Text(text) => text.len(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// Named values in the order in which the names first came; a name is there once. A copy costs
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pairs(Arc<[(Arc<str>, Value)]>);

impl Pairs {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| &**known == name);
        found.map(|(_, value)| value)
    }

    /// The names and values in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Arc<str>, Value)> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These with one more, or another value for a name they have.
    pub(crate) fn with(&self, name: &Arc<str>, value: &Value) -> Self {
        let mut all = self.0.to_vec();
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value.clone(),
            None => all.push((name.clone(), value.clone())),
        }
        Self(all.into())
    }

    /// These without one.
    pub(crate) fn without(&self, name: &str) -> Self {
        let kept = self.0.iter().filter(|(known, _)| &**known != name);
        Self(kept.cloned().collect())
    }
}

impl FromIterator<(Arc<str>, Value)> for Pairs {
    /// Of values with the same name the last counts.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(pairs: I) -> Self {
        let mut all: Vec<(Arc<str>, Value)> = Vec::new();
        let mut places: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for (name, value) in pairs {
            if let Some(&place) = places.get(&name) {
                all[place].1 = value;
            } else {
                places.insert(name.clone(), all.len());
                all.push((name, value));
            }
        }
        Self(all.into())
    }
}

impl<'a> IntoIterator for &'a Pairs {
    type Item = &'a (Arc<str>, Value);
    type IntoIter = std::slice::Iter<'a, (Arc<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
