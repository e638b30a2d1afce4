//! [`Object`]: named properties, an optional class and what AMF3 says about that class.

use super::{Str, Value, collect_pairs, last_named};

/// An object with properties in order. The same name may occur more than once; the last wins.
///
/// AMF3 divides the properties into *sealed* members, which the class declares, and *dynamic*
/// ones. AMF0 knows no such thing, so its objects are entirely dynamic.
pub struct Object {
    class: Option<Str>,
    sealed: usize,
    dynamic: bool,
    pub(super) props: Box<[(Str, Value)]>,
}

impl Object {
    /// An anonymous object, all of it dynamic.
    pub fn new<K: Into<Str>>(props: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self {
            class: None,
            sealed: 0,
            dynamic: true,
            props: collect_pairs(props),
        }
    }

    /// An object of class `class`, all of it dynamic.
    pub fn typed<K: Into<Str>>(
        class: impl Into<Str>,
        props: impl IntoIterator<Item = (K, Value)>,
    ) -> Self {
        Self {
            class: Some(class.into()),
            ..Self::new(props)
        }
    }

    /// An object whose first `sealed` properties are members its class declares and whose other
    /// properties are dynamic. `dynamic` says whether the class allows the latter; when it does
    /// not, all properties are sealed whatever `sealed` says.
    pub fn with_traits<K: Into<Str>>(
        class: Option<Str>,
        sealed: usize,
        dynamic: bool,
        props: impl IntoIterator<Item = (K, Value)>,
    ) -> Self {
        let props = collect_pairs(props);
        let sealed = if dynamic {
            sealed.min(props.len())
        } else {
            props.len()
        };
        Self {
            class,
            sealed,
            dynamic,
            props,
        }
    }

    /// The class name; `None` for an anonymous object.
    pub fn class(&self) -> Option<&Str> {
        self.class.as_ref()
    }

    /// How many of the properties, from the first, are sealed members.
    pub fn sealed_count(&self) -> usize {
        self.sealed
    }

    /// Whether the class allows dynamic properties, be there any or not.
    pub fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    /// All properties: first the sealed ones, then the dynamic ones.
    pub fn props(&self) -> &[(Str, Value)] {
        &self.props
    }

    /// The members that the class declares.
    pub fn sealed(&self) -> &[(Str, Value)] {
        // The constructors keep `sealed` within the properties.
        self.props.get(..self.sealed).unwrap_or_default()
    }

    /// The properties that the class does not declare.
    pub fn dynamic(&self) -> &[(Str, Value)] {
        self.props.get(self.sealed..).unwrap_or_default()
    }

    /// The property `key`, the last one when it is repeated.
    pub fn get(&self, key: &str) -> Option<&Value> {
        last_named(&self.props, key)
    }
}

#[cfg(test)]
mod tests {
    use super::{Object, Value};

    #[test]
    fn the_sealed_part_stays_within_the_properties() {
        let pairs = || [("a", Value::Null), ("b", Value::Null)];
        let object = Object::with_traits(None, 9, true, pairs());
        assert_eq!((object.sealed().len(), object.dynamic().len()), (2, 0));
        let object = Object::with_traits(None, 0, false, pairs());
        assert_eq!((object.sealed().len(), object.dynamic().len()), (2, 0));
        let object = Object::with_traits(None, 1, true, pairs());
        assert_eq!((object.sealed().len(), object.dynamic().len()), (1, 1));
    }
}
