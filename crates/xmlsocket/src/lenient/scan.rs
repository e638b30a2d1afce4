//! Finding the next thing in a text, and its end.

use std::borrow::Cow;

use super::tag;
use crate::error::{Error, Malformed};
use crate::text;

const CDATA: &str = "<![CDATA[";
/// How writers that know the rules put `]]>` into a CDATA section: they end it between the two.
const CDATA_DIVIDED: &str = "]]]]><![CDATA[>";

/// The first place from `at` on that is no space.
pub(super) fn skip_space(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_ascii_start().len()
}

/// The next `<` from `at` on.
pub(super) fn next_tag(text: &str, at: usize) -> Option<usize> {
    memchr::memchr(b'<', &text.as_bytes()[at..]).map(|found| at + found)
}

/// The place after `word`, which is looked for from `at` on.
fn after(text: &str, at: usize, word: &str) -> Option<usize> {
    let found = memchr::memmem::find(&text.as_bytes()[at..], word.as_bytes())?;
    Some(at + found + word.len())
}

/// The place after a comment, an instruction or a CDATA section outside of text, if one begins at
/// `at`.
///
/// # Errors
///
/// When it does not end, or is a declaration.
pub(super) fn skip_aside(text: &str, at: usize) -> Result<Option<usize>, Error> {
    let rest = &text[at..];
    let end = if rest.starts_with("<!--") {
        after(text, at + 4, "-->")
    } else if rest.starts_with(CDATA) {
        after(text, at, "]]>")
    } else if rest.starts_with("<!") {
        return Err(Error::malformed(Malformed::DocumentType, at));
    } else if rest.starts_with("<?") {
        after(text, at, "?>")
    } else {
        return Ok(None);
    };
    end.map(Some)
        .ok_or_else(|| Error::malformed(Malformed::Tag, at))
}

/// The text of an element called `name` whose content begins at `at`, and the place after its end
/// tag. Nothing when it does not end.
pub(super) fn text_of<'a>(text: &'a str, at: usize, name: &str) -> Option<(Cow<'a, str>, usize)> {
    let start = skip_space(text, at);
    if !text[start..].starts_with(CDATA) {
        let (end, after) = end_of(text, at, name)?;
        return Some((text::unescape(&text[at..end]), after));
    }
    // Not the first `]]>` ends it but the first before the end tag: the message may hold others.
    let inside = start + CDATA.len();
    let mut from = inside;
    loop {
        let end = after(text, from, "]]>")?;
        let tag = skip_space(text, end);
        if let Some(after) = ends_here(text, tag, name) {
            let text = &text[inside..end - 3];
            return Some((undivided(text), after));
        }
        from = end - 2;
    }
}

fn undivided(text: &str) -> Cow<'_, str> {
    if text.contains(CDATA_DIVIDED) {
        Cow::Owned(text.replace(CDATA_DIVIDED, "]]>"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The first end tag of `name` from `at` on that another tag follows, or the end of the text: an
/// end tag with text behind it belongs to the text. Where it begins and ends.
fn end_of(text: &str, at: usize, name: &str) -> Option<(usize, usize)> {
    let mut from = at;
    loop {
        let found = next_tag(text, from)?;
        if let Some(after) = ends_here(text, found, name) {
            let next = skip_space(text, after);
            if next == text.len() || text[next..].starts_with('<') {
                return Some((found, after));
            }
        }
        from = found + 1;
    }
}

/// The place after the end tag of `name`, if it is at `at`.
fn ends_here(text: &str, at: usize, name: &str) -> Option<usize> {
    let rest = text[at..].strip_prefix("</")?;
    let (found, rest) = rest.split_at_checked(name.len())?;
    let closed = tag::skip_space(rest).starts_with('>');
    let end = text.len() - tag::skip_space(rest).len() + 1;
    (found.eq_ignore_ascii_case(name) && closed).then_some(end)
}
