//! AMF values as JSON and back, without loss, for `greenroom so` and the control socket.
//!
//! What JSON can say is said in JSON: `null`, booleans, finite numbers, strings, dense arrays, and
//! anonymous objects whose names are all different and do not begin with `$`. Everything else is
//! an object whose `$` says what it is; `docs/shared-objects.md` lists them. Shared
//! parts are repeated.

mod read;
mod write;

use thiserror::Error;

pub(crate) use read::from_json;
pub(crate) use write::to_json;

/// The name under which an object says what it is.
const TAG: &str = "$";

/// Values that are written at most, shared parts counted each time.
const VALUES_MAX: usize = 1_000_000;

/// Containers inside each other, as in AMF.
const DEPTH_MAX: usize = 64;

/// Why a value cannot be written as JSON or read from it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum JsonError {
    /// It is nested too deep.
    #[error("the value is nested deeper than {DEPTH_MAX} containers")]
    TooDeep,
    /// It is too large when its shared parts are repeated.
    #[error("the value has more than {VALUES_MAX} parts")]
    TooLarge,
    /// An object with `$` lacks something or says something that is not known.
    #[error("an object with \"$\": {kind:?} {what}")]
    Tagged {
        /// What it says it is.
        kind: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

#[cfg(test)]
mod tests;
