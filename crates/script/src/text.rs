//! Text of the script as text of Rust.

use rquickjs::function::This;
use rquickjs::{Error, Function, String};

/// The text of a string. Halves of characters, which the wire cannot carry, become U+FFFD.
pub(crate) fn of(string: &String<'_>) -> rquickjs::Result<std::string::String> {
    match string.to_string() {
        Err(Error::Utf8(_)) => {
            let prototype: rquickjs::Object<'_> = string.ctx().globals().get("String")?;
            let prototype: rquickjs::Object<'_> = prototype.get("prototype")?;
            let mend: Function<'_> = prototype.get("toWellFormed")?;
            let mended: String<'_> = mend.call((This(string.clone()),))?;
            mended.to_string()
        }
        text => text,
    }
}
