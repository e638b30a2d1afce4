//! One start tag with its attributes, or one end tag.

use std::borrow::Cow;

use super::limit;
use crate::error::{Error, Limit, Malformed};
use crate::text;

/// What a `<` begins.
#[derive(Debug)]
pub(super) enum Start<'a> {
    /// A start tag.
    Tag(Tag<'a>),
    /// Nothing: it is text that nobody escaped.
    Text,
}

/// A start tag.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// Whether it is its own end tag: `<a/>`.
    pub(super) is_empty: bool,
    /// The place after it.
    pub(super) end: usize,
}

/// `text` without the space at its start.
pub(super) const fn skip_space(text: &str) -> &str {
    text.trim_ascii_start()
}

/// Whether an element called `name` begins at `at`, after space perhaps.
pub(super) fn begins(text: &str, at: usize, name: &str) -> bool {
    let rest = skip_space(&text[at..]).strip_prefix('<');
    rest.is_some_and(|rest| word(rest).0.eq_ignore_ascii_case(name))
}

/// Whether `rest`, which follows a `<`, makes a tag of it: it begins with a name, or is the end of
/// a tag without one (`<>8</>`, which a slip in the ElectroServer class writes).
fn begins_name(rest: &str) -> bool {
    rest.starts_with(|c: char| c == '>' || c == '_' || c.is_alphabetic())
}

/// Reads the tag at `at`.
///
/// # Errors
///
/// When it does not end, or has more than `attributes_max` attributes.
pub(super) fn start(text: &str, at: usize, attributes_max: usize) -> Result<Start<'_>, Error> {
    let Some(rest) = text[at..]
        .strip_prefix('<')
        .filter(|rest| begins_name(rest))
    else {
        return Ok(Start::Text);
    };
    let unended = || Error::malformed(Malformed::Tag, at);
    let (name, mut rest) = word(rest);
    let mut attributes = Vec::new();
    loop {
        rest = skip_space(rest);
        let (is_empty, end) = match rest.as_bytes() {
            [b'>', ..] => (false, 1),
            [b'/', b'>', ..] => (true, 2),
            [b'/', ..] => {
                rest = &rest[1..];
                continue;
            }
            [] | [b'<', ..] => return Err(unended()),
            _ => {
                limit(Limit::Attributes, attributes.len() + 1, attributes_max)?;
                let (attribute, after) = attribute(rest).ok_or_else(unended)?;
                attributes.push(attribute);
                rest = after;
                continue;
            }
        };
        return Ok(Start::Tag(Tag {
            name,
            attributes,
            is_empty,
            end: text.len() - rest.len() + end,
        }));
    }
}

/// Reads the end tag at `at`, if there is one: its name and the place after it.
///
/// # Errors
///
/// When it does not end.
pub(super) fn end(text: &str, at: usize) -> Result<Option<(&str, usize)>, Error> {
    let Some(rest) = text[at..].strip_prefix("</") else {
        return Ok(None);
    };
    let length = memchr::memchr(b'>', rest.as_bytes())
        .ok_or_else(|| Error::malformed(Malformed::Tag, at))?;
    Ok(Some((rest[..length].trim_ascii(), at + 2 + length + 1)))
}

/// The name at the start of `rest` and what follows.
fn word(rest: &str) -> (&str, &str) {
    let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<' | '=');
    rest.split_at(rest.find(ends).unwrap_or(rest.len()))
}

type Attribute<'a> = (&'a str, Cow<'a, str>);

/// One attribute at the start of `rest`, with its value in quotes of either kind, in none, or
/// missing, and what follows. Nothing when a quote does not end.
fn attribute(rest: &str) -> Option<(Attribute<'_>, &str)> {
    let (name, after) = word(rest);
    let Some(value) = skip_space(after).strip_prefix('=') else {
        return Some(((name, Cow::Borrowed("")), after));
    };
    let value = skip_space(value);
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let (value, after) = word(value);
        return Some(((name, Cow::Borrowed(value)), after));
    };
    let (value, after) = value[1..].split_once(quote)?;
    Some(((name, text::unescape(value)), after))
}
