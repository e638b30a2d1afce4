//! [`Externalizable`]: an AMF3 object whose class writes its own body.

use std::sync::Arc;

use super::{Str, Value};

/// The classes of Flex whose body is known to be exactly one AMF3 value.
const ONE_VALUE_CLASSES: [&str; 3] = [
    "flex.messaging.io.ArrayCollection",
    "flex.messaging.io.ArrayList",
    "flex.messaging.io.ObjectProxy",
];

/// An object of an externalizable class. Class names are never mapped to code.
pub struct Externalizable {
    class: Str,
    pub(super) body: ExternalBody,
}

/// What an externalizable object wrote.
#[derive(Clone, PartialEq)]
pub enum ExternalBody {
    /// One AMF3 value, for the classes of which that is known.
    Value(Value),
    /// Bytes of unknown meaning, see
    /// [`UnknownExternalizable::KeepRest`](crate::UnknownExternalizable::KeepRest).
    Opaque(Arc<[u8]>),
}

impl Externalizable {
    /// An object of class `class` with this body.
    pub fn new(class: impl Into<Str>, body: ExternalBody) -> Self {
        Self {
            class: class.into(),
            body,
        }
    }

    /// The class name.
    pub fn class(&self) -> &Str {
        &self.class
    }

    /// The body.
    pub fn body(&self) -> &ExternalBody {
        &self.body
    }

    /// Whether objects of class `class` are known to have one AMF3 value as their body.
    pub fn is_one_value_class(class: &str) -> bool {
        ONE_VALUE_CLASSES.contains(&class)
    }
}
