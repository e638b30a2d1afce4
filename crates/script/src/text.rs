//! Text of the script as text of Rust, and what others sent as text of the script.

use rquickjs::function::This;
use rquickjs::{Ctx, Error, Function, String};

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

/// Text that came from elsewhere: UTF-8, or Latin-1 if it is none.
pub(crate) fn of_bytes(bytes: &[u8]) -> std::string::String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// Bytes as a string of the script with one character for each, whose memory is the script's.
pub(crate) fn from_bytes<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<String<'js>> {
    let text: std::string::String = bytes.iter().copied().map(char::from).collect();
    String::from_str(ctx.clone(), &text)
}

/// The bytes of such a string. Of a character that is no byte the low one is taken.
pub(crate) fn to_bytes(string: &String<'_>) -> rquickjs::Result<Vec<u8>> {
    Ok(of(string)?.chars().map(|byte| byte as u8).collect())
}
