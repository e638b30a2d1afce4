//! Dropping values of any depth without recursion.
//!
//! Decoders bound the depth of what they read, but programs build values level by level. The
//! drop that the compiler makes would use stack for each level.

use std::sync::Arc;

use super::{ExternalBody, Value};

impl Drop for Value {
    fn drop(&mut self) {
        if self.holds_values() {
            let mut waiting = Vec::new();
            self.give_up_parts(&mut waiting);
            while let Some(mut value) = waiting.pop() {
                value.give_up_parts(&mut waiting);
            }
        }
    }
}

impl Value {
    const fn holds_values(&self) -> bool {
        matches!(
            self,
            Self::Object(_)
                | Self::EcmaArray(_)
                | Self::StrictArray(_)
                | Self::VectorObject(_)
                | Self::Dictionary(_)
                | Self::Externalizable(_)
                | Self::Amf3(_)
        )
    }

    /// Moves the parts that hold values themselves to `waiting`, unless somebody else holds this
    /// value too. What stays can be dropped without going deeper.
    fn give_up_parts(&mut self, waiting: &mut Vec<Self>) {
        let mut take = |part: &mut Self| {
            if part.holds_values() {
                waiting.push(std::mem::replace(part, Self::Null));
            }
        };
        match self {
            Self::Object(part) => {
                let props = Arc::get_mut(part).map(|object| &mut object.props);
                props
                    .into_iter()
                    .flatten()
                    .for_each(|pair| take(&mut pair.1));
            }
            Self::EcmaArray(part) => {
                if let Some(array) = Arc::get_mut(part) {
                    array.props.iter_mut().for_each(|pair| take(&mut pair.1));
                    array.dense.iter_mut().for_each(take);
                }
            }
            Self::StrictArray(part) => Arc::get_mut(part).into_iter().flatten().for_each(take),
            Self::VectorObject(part) => {
                let items = Arc::get_mut(part).map(|vector| &mut vector.items);
                items.into_iter().flatten().for_each(take);
            }
            Self::Dictionary(part) => {
                let entries = Arc::get_mut(part).map(|dictionary| &mut dictionary.entries);
                for (key, value) in entries.into_iter().flatten() {
                    take(key);
                    take(value);
                }
            }
            Self::Externalizable(part) => {
                if let Some(ExternalBody::Value(value)) = Arc::get_mut(part).map(|o| &mut o.body) {
                    take(value);
                }
            }
            Self::Amf3(part) => {
                if let Some(value) = Arc::get_mut(part) {
                    take(value);
                }
            }
            _ => {}
        }
    }
}
