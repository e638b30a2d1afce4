//! Arrays with named elements, and the vectors of AMF3.

use super::{Str, Value, collect_pairs, last_named};

/// An array with named elements and, in AMF3 only, a dense part.
pub struct EcmaArray {
    count_hint: u32,
    pub(super) props: Box<[(Str, Value)]>,
    pub(super) dense: Box<[Value]>,
}

impl EcmaArray {
    /// An array with these named elements and no dense part.
    pub fn new<K: Into<Str>>(props: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::with_dense(props, [])
    }

    /// An array with named elements and a dense part, as AMF3 can write it.
    pub fn with_dense<K: Into<Str>>(
        props: impl IntoIterator<Item = (K, Value)>,
        dense: impl IntoIterator<Item = Value>,
    ) -> Self {
        let props = collect_pairs(props);
        let dense: Box<[Value]> = dense.into_iter().collect();
        let count_hint = u32::try_from(props.len() + dense.len()).unwrap_or(u32::MAX);
        Self {
            count_hint,
            props,
            dense,
        }
    }

    /// The same array with another count in front of its elements in AMF0.
    #[must_use]
    pub fn with_count_hint(self, count_hint: u32) -> Self {
        Self { count_hint, ..self }
    }

    /// The count that AMF0 writes in front of the elements. Senders use 0, the number of
    /// elements or the highest index plus one, so it is a hint only (AMF 0 §2.10), kept to write
    /// the array as it was read; equality ignores it.
    pub fn count_hint(&self) -> u32 {
        self.count_hint
    }

    /// The named elements in order, with repeats.
    pub fn props(&self) -> &[(Str, Value)] {
        &self.props
    }

    /// The elements 0, 1, 2 … of an AMF3 array. AMF0 writes them as named elements.
    pub fn dense(&self) -> &[Value] {
        &self.dense
    }

    /// The named element `key`, the last one when it is repeated.
    pub fn get(&self, key: &str) -> Option<&Value> {
        last_named(&self.props, key)
    }
}

/// A vector of numbers: `T` is `i32`, `u32` or `f64`.
#[derive(Clone, Debug)]
pub struct Vector<T> {
    /// Whether the length is fixed.
    pub fixed: bool,
    /// The elements.
    pub items: Box<[T]>,
}

impl<T> Vector<T> {
    /// A vector of variable length.
    pub fn new(items: impl IntoIterator<Item = T>) -> Self {
        Self {
            fixed: false,
            items: items.into_iter().collect(),
        }
    }
}

/// A vector whose elements are neither `int`, `uint` nor `Number`.
pub struct ObjectVector {
    fixed: bool,
    type_name: Str,
    pub(super) items: Box<[Value]>,
}

impl ObjectVector {
    /// A vector for elements of type `type_name`; the empty name stands for any type.
    pub fn new(
        fixed: bool,
        type_name: impl Into<Str>,
        items: impl IntoIterator<Item = Value>,
    ) -> Self {
        Self {
            fixed,
            type_name: type_name.into(),
            items: items.into_iter().collect(),
        }
    }

    /// Whether the length is fixed.
    pub fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// The declared type of the elements; the elements need not be of it.
    pub fn type_name(&self) -> &Str {
        &self.type_name
    }

    /// The elements.
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}
