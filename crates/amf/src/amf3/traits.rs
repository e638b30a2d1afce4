//! The table of classes that an encoder has written.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;

use crate::{Object, Str};

/// What the objects written so far said about their classes.
#[derive(Debug, Default)]
pub(super) struct WriteTraits {
    /// One example for each entry of the table.
    entries: Vec<Example>,
    /// Entries by the hash of what they say. Of two with the same hash one is forgotten: the
    /// other is then written in full again, which costs bytes but is never wrong.
    by_hash: HashMap<u64, u32>,
    hasher: RandomState,
}

/// Something that has the traits of an entry.
#[derive(Clone, Debug)]
pub(super) enum Example {
    /// An object that is not externalizable.
    Object(Arc<Object>),
    /// An externalizable object of this class.
    External(Str),
}

impl Example {
    fn hash(&self, hasher: &RandomState) -> u64 {
        let mut hash = hasher.build_hasher();
        match self {
            Self::External(class) => class.hash(&mut hash),
            Self::Object(object) => {
                object.class().hash(&mut hash);
                object.is_dynamic().hash(&mut hash);
                for (name, _) in object.sealed() {
                    name.hash(&mut hash);
                }
            }
        }
        hash.finish()
    }

    fn has_traits_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::External(a), Self::External(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => {
                let names = |object: &'_ Object| object.sealed().len();
                a.class() == b.class()
                    && a.is_dynamic() == b.is_dynamic()
                    && names(a) == names(b)
                    && a.sealed().iter().zip(b.sealed()).all(|(a, b)| a.0 == b.0)
            }
            _ => false,
        }
    }
}

impl WriteTraits {
    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry with the traits of `example`.
    pub(super) fn find(&self, example: &Example) -> Option<u32> {
        let index = *self.by_hash.get(&example.hash(&self.hasher))?;
        self.entries
            .get(index as usize)?
            .has_traits_of(example)
            .then_some(index)
    }

    /// Adds an entry.
    pub(super) fn add(&mut self, example: Example) {
        self.by_hash
            .insert(example.hash(&self.hasher), self.entries.len() as u32);
        self.entries.push(example);
    }

    /// Forgets every entry from `len` on.
    pub(super) fn rewind(&mut self, len: usize) {
        self.entries.truncate(len);
        self.by_hash.retain(|_, index| (*index as usize) < len);
    }
}
