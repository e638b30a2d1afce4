//! Equality of values, bounded in work.
//!
//! Two messages of a few hundred bytes can describe values whose walks take years, and programs
//! can build values deeper than the stack, so a comparison has a budget of steps and of levels.
//! Parts that both sides share are equal without a walk.

use std::sync::Arc;

use super::{
    Date, Dictionary, EcmaArray, ExternalBody, Externalizable, Object, ObjectVector, Str, Value,
    Vector,
};

/// Values compared before a comparison gives up and answers "not equal".
const STEPS_MAX: u32 = 1_000_000;

/// Containers inside each other that a comparison follows before it gives up, too. Far more than
/// [`Limits::depth`](crate::Limits::depth) lets in.
const DEPTH_MAX: u32 = 512;

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        Comparison::default().values(self, other)
    }
}

impl PartialEq for Date {
    fn eq(&self, other: &Self) -> bool {
        same_number(self.millis, other.millis) && self.zone == other.zone
    }
}

impl PartialEq for Vector<i32> {
    fn eq(&self, other: &Self) -> bool {
        self.fixed == other.fixed && self.items == other.items
    }
}

impl PartialEq for Vector<u32> {
    fn eq(&self, other: &Self) -> bool {
        self.fixed == other.fixed && self.items == other.items
    }
}

impl PartialEq for Vector<f64> {
    fn eq(&self, other: &Self) -> bool {
        self.fixed == other.fixed
            && self.items.len() == other.items.len()
            && self
                .items
                .iter()
                .zip(&other.items)
                .all(|(a, b)| same_number(*a, *b))
    }
}

/// Implements `PartialEq` for a container by one method of [`Comparison`].
macro_rules! compare {
    ($($container:ty => $method:ident),+ $(,)?) => {$(
        impl PartialEq for $container {
            fn eq(&self, other: &Self) -> bool {
                Comparison::default().$method(self, other)
            }
        }
    )+};
}

compare! {
    Object => objects,
    EcmaArray => arrays,
    ObjectVector => vectors,
    Dictionary => dictionaries,
    Externalizable => externalizables,
}

/// Numbers are the same when they are equal or both `NaN`.
#[expect(
    clippy::float_cmp,
    reason = "values are kept and compared, never computed"
)]
fn same_number(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

struct Comparison {
    steps_left: u32,
    levels_left: u32,
}

impl Default for Comparison {
    fn default() -> Self {
        Self {
            steps_left: STEPS_MAX,
            levels_left: DEPTH_MAX,
        }
    }
}

impl Comparison {
    fn values(&mut self, a: &Value, b: &Value) -> bool {
        use Value as V;
        if self.steps_left == 0 {
            return false;
        }
        self.steps_left -= 1;
        match (a, b) {
            (V::Undefined, V::Undefined)
            | (V::Null, V::Null)
            | (V::Unsupported, V::Unsupported) => true,
            (V::Boolean(a), V::Boolean(b)) => a == b,
            (V::Number(a), V::Number(b)) => same_number(*a, *b),
            (V::Integer(a), V::Integer(b)) => a == b,
            (V::String(a), V::String(b)) => a == b,
            (V::XmlDocument(a), V::XmlDocument(b)) | (V::Xml(a), V::Xml(b)) => a == b,
            (V::Date(a), V::Date(b)) => a == b,
            (V::ByteArray(a), V::ByteArray(b)) => a == b,
            (V::VectorInt(a), V::VectorInt(b)) => a == b,
            (V::VectorUint(a), V::VectorUint(b)) => a == b,
            (V::VectorNumber(a), V::VectorNumber(b)) => a == b,
            (V::Reference(a), V::Reference(b)) => a == b,
            _ if self.levels_left == 0 => false,
            _ => {
                self.levels_left -= 1;
                let equal = self.containers(a, b);
                self.levels_left += 1;
                equal
            }
        }
    }

    fn containers(&mut self, a: &Value, b: &Value) -> bool {
        use Value as V;
        match (a, b) {
            (V::Object(a), V::Object(b)) => Arc::ptr_eq(a, b) || self.objects(a, b),
            (V::EcmaArray(a), V::EcmaArray(b)) => Arc::ptr_eq(a, b) || self.arrays(a, b),
            (V::StrictArray(a), V::StrictArray(b)) => Arc::ptr_eq(a, b) || self.lists(a, b),
            (V::VectorObject(a), V::VectorObject(b)) => Arc::ptr_eq(a, b) || self.vectors(a, b),
            (V::Dictionary(a), V::Dictionary(b)) => Arc::ptr_eq(a, b) || self.dictionaries(a, b),
            (V::Externalizable(a), V::Externalizable(b)) => {
                Arc::ptr_eq(a, b) || self.externalizables(a, b)
            }
            (V::Amf3(a), V::Amf3(b)) => Arc::ptr_eq(a, b) || self.values(a, b),
            _ => false,
        }
    }

    fn objects(&mut self, a: &Object, b: &Object) -> bool {
        a.class() == b.class()
            && a.sealed_count() == b.sealed_count()
            && a.is_dynamic() == b.is_dynamic()
            && self.pairs(a.props(), b.props())
    }

    fn arrays(&mut self, a: &EcmaArray, b: &EcmaArray) -> bool {
        self.pairs(a.props(), b.props()) && self.lists(a.dense(), b.dense())
    }

    fn vectors(&mut self, a: &ObjectVector, b: &ObjectVector) -> bool {
        a.is_fixed() == b.is_fixed()
            && a.type_name() == b.type_name()
            && self.lists(a.items(), b.items())
    }

    fn dictionaries(&mut self, a: &Dictionary, b: &Dictionary) -> bool {
        let (left, right) = (a.entries(), b.entries());
        a.has_weak_keys() == b.has_weak_keys()
            && left.len() == right.len()
            && left
                .iter()
                .zip(right)
                .all(|(a, b)| self.values(&a.0, &b.0) && self.values(&a.1, &b.1))
    }

    fn externalizables(&mut self, a: &Externalizable, b: &Externalizable) -> bool {
        a.class() == b.class()
            && match (a.body(), b.body()) {
                (ExternalBody::Value(a), ExternalBody::Value(b)) => self.values(a, b),
                (ExternalBody::Opaque(a), ExternalBody::Opaque(b)) => a == b,
                _ => false,
            }
    }

    fn pairs(&mut self, a: &[(Str, Value)], b: &[(Str, Value)]) -> bool {
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(a, b)| a.0 == b.0 && self.values(&a.1, &b.1))
    }

    fn lists(&mut self, a: &[Value], b: &[Value]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.values(a, b))
    }
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, EcmaArray, Value};

    fn bomb(levels: u32) -> Value {
        (0..levels).fold(Value::array([]), |value, _| Value::array(vec![value; 10]))
    }

    #[test]
    fn content_counts() {
        let value = |n: f64| Value::object([("a", Value::array([n.into(), "x".into()]))]);
        assert_eq!(value(f64::NAN), value(f64::NAN));
        assert_ne!(value(1.0), value(2.0));
        assert_ne!(value(1.0), value(1.0).in_amf3());
        assert_ne!(Value::Number(1.0), Value::Integer(1));
        assert_ne!(Value::Xml("a".into()), Value::XmlDocument("a".into()));
        assert_ne!(
            Value::object([("a", Value::Null)]),
            Value::ecma_array([("a", Value::Null)])
        );
    }

    #[test]
    fn the_count_hint_does_not_count() {
        let array = || EcmaArray::new([("a", Value::Null)]);
        assert!(array() == array().with_count_hint(77));
    }

    #[test]
    fn a_comparison_goes_so_deep_and_no_deeper() {
        let deep = |levels| (0..levels).fold(Value::Null, |part, _| Value::array([part]));
        assert_eq!(deep(DEPTH_MAX), deep(DEPTH_MAX));
        assert_ne!(deep(DEPTH_MAX + 1), deep(DEPTH_MAX + 1));
    }

    #[test]
    fn shared_parts_are_equal_at_once_and_bombs_are_not_walked() {
        let (a, b) = (bomb(12), bomb(12));
        assert_eq!(a, a.clone());
        assert_ne!(a, b);
        assert_eq!(bomb(3), bomb(3));
    }
}
