//! Values of the wire and values of the script, made of each other.
//!
//! | on the wire | in the script |
//! |---|---|
//! | `undefined`, `null`, booleans, numbers, strings, dates | the same; integers are numbers |
//! | strict array, AMF3 array | `Array`, where holes are `undefined` |
//! | ECMA array | `Array` with named elements |
//! | object | `Object`, in the order of its properties |
//! | typed object | an instance of the class registered under its name, or a plain object |
//! | `ByteArray` | `ByteArray`; a `Uint8Array` is sent as one too |
//! | `Vector.<int>`, `<uint>`, `<Number>` | typed arrays |
//! | `Vector.<T>` | `Array` |
//! | `Dictionary` | `Map` |
//! | `XMLDocument`, `XML` | their text |
//! | externalizable object that holds one value | that value |
//!
//! The array that an ECMA array becomes has its own length: an element of that name is left out,
//! and the places that lie empty below an index count as values of `argument_elements`.
//!
//! What is the same object twice stays one object, and cycles stay cycles. Functions and symbols
//! do not travel: as properties they are left out, elsewhere they become `undefined`. A name on
//! the wire never selects code that was not registered under it.

mod from_js;
mod to_js;

pub(crate) use from_js::from_js;
pub(crate) use to_js::to_js;

use rquickjs::{Ctx, Exception};

use crate::config::ScriptConfig;
use crate::effects::TooMuch;

/// Why a value cannot be handed over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConvertError {
    /// It has too many parts.
    #[error("more than {0} values at once (limit argument_elements)")]
    TooMany(usize),
    /// It is nested too deep.
    #[error("values nested more than {0} deep (limit argument_depth)")]
    TooDeep(usize),
    /// It takes too much memory.
    #[error(transparent)]
    TooLong(#[from] TooMuch),
    /// Only the class knows what its bytes mean.
    #[error("an object of class {0} writes its own body, which a script cannot read")]
    Opaque(String),
    /// A reference to something that is not there.
    #[error("a reference that leads nowhere")]
    Dangling,
    /// The engine, or the script's own code.
    #[error(transparent)]
    Engine(#[from] rquickjs::Error),
}

impl ConvertError {
    /// As an exception of the script.
    pub(crate) fn throw(self, ctx: &Ctx<'_>) -> rquickjs::Error {
        match self {
            Self::Engine(error) => error,
            error => Exception::throw_range(ctx, &error.to_string()),
        }
    }
}

/// What is left of the limits while values are walked.
struct Budget {
    elements: usize,
    elements_max: usize,
    depth_max: usize,
}

impl Budget {
    fn new(config: &ScriptConfig) -> Self {
        Self {
            elements: config.argument_elements,
            elements_max: config.argument_elements,
            depth_max: config.argument_depth,
        }
    }

    fn spend(&mut self, elements: usize) -> Result<(), ConvertError> {
        self.elements = self
            .elements
            .checked_sub(elements)
            .ok_or(ConvertError::TooMany(self.elements_max))?;
        Ok(())
    }

    fn enter(&self, depth: usize) -> Result<(), ConvertError> {
        if depth >= self.depth_max {
            return Err(ConvertError::TooDeep(self.depth_max));
        }
        Ok(())
    }
}

/// The index that a name is in an array.
fn index(name: &str) -> Option<usize> {
    let index: u32 = name.parse().ok()?;
    let is_index = index != u32::MAX && index.to_string() == name;
    is_index.then(|| usize::try_from(index).unwrap_or(usize::MAX))
}
