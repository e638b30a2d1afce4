//! Making values from plain Rust ones.

use std::sync::Arc;

use super::{
    Date, Dictionary, EcmaArray, Externalizable, Object, ObjectVector, Reference, Str, Value,
    Vector,
};

/// Implements `From` for types that a variant simply wraps.
macro_rules! wrap {
    ($($from:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from(part: $from) -> Self {
                Self::$variant(part)
            }
        }
    )+};
}

/// Implements `From` for types that a variant shares.
macro_rules! share {
    ($($from:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from(part: $from) -> Self {
                Self::$variant(Arc::new(part))
            }
        }

        impl From<Arc<$from>> for Value {
            fn from(part: Arc<$from>) -> Self {
                Self::$variant(part)
            }
        }
    )+};
}

wrap! {
    bool => Boolean,
    f64 => Number,
    Str => String,
    Date => Date,
    Reference => Reference,
    Arc<[Value]> => StrictArray,
}

share! {
    Object => Object,
    EcmaArray => EcmaArray,
    Vector<i32> => VectorInt,
    Vector<u32> => VectorUint,
    Vector<f64> => VectorNumber,
    ObjectVector => VectorObject,
    Dictionary => Dictionary,
    Externalizable => Externalizable,
}

/// A `Number`, which both formats know: use [`Value::Integer`] for AMF3's own integers.
impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(f64::from(number))
    }
}

/// A `Number`.
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<&Str> for Value {
    fn from(text: &Str) -> Self {
        Self::String(text.clone())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::StrictArray(items.into())
    }
}

/// `None` is `null`.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(part: Option<T>) -> Self {
        part.map_or(Self::Null, Into::into)
    }
}
