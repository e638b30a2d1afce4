//! Text of the script as text of Rust, and what others sent as text of the script.

use std::borrow::Cow;

use rquickjs::function::This;
use rquickjs::{Ctx, Error, Function, String};

type Text = std::string::String;

/// The text of a string. Halves of characters, which the wire cannot carry, become U+FFFD.
pub(crate) fn of(string: &String<'_>) -> rquickjs::Result<Text> {
    match string.to_string() {
        Err(Error::Utf8(_)) => {
            let prototype: rquickjs::Object<'_> = string.ctx().globals().get("String")?;
            let prototype: rquickjs::Object<'_> = prototype.get("prototype")?;
            let mend: Function<'_> = prototype.get("toWellFormed")?;
            let mended: String<'_> = mend.call((This(string.clone()),))?;
            mended.to_string().map_err(thrown)
        }
        text => text.map_err(thrown),
    }
}

/// Text that came from elsewhere: UTF-8, or Latin-1 if it is none.
pub(crate) fn of_bytes(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// There was no memory to make the text in, which the engine has thrown.
fn thrown(error: Error) -> Error {
    match error {
        Error::Unknown => Error::Exception,
        error => error,
    }
}

/// How many bytes the text of a string has. They are not copied out of the engine for it.
pub(crate) fn len(string: &String<'_>) -> rquickjs::Result<usize> {
    Ok(string.clone().to_cstring().map_err(thrown)?.len())
}

/// Bytes as a string of the script with one character for each, whose memory is the script's.
pub(crate) fn from_bytes<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<String<'js>> {
    let text: Text = bytes.iter().copied().map(char::from).collect();
    String::from_str(ctx.clone(), &text)
}

/// The bytes of such a string. Of a character that is no byte the low one is taken.
pub(crate) fn to_bytes(string: &String<'_>) -> rquickjs::Result<Vec<u8>> {
    Ok(of(string)?.chars().map(|byte| byte as u8).collect())
}

/// The text up to a number of bytes, without half a character at its end.
pub(crate) fn cut(mut text: Text, max_bytes: usize) -> Text {
    if text.len() > max_bytes {
        text.truncate(text.floor_char_boundary(max_bytes));
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn long_lines_are_cut_between_characters() {
        assert_eq!(cut("aäb".into(), 2), "a");
        assert_eq!(cut("aäb".into(), 3), "aä");
        assert_eq!(cut("aäb".into(), 9), "aäb");
    }
}
