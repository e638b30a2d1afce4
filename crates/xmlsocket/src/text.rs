//! Characters: which may stand in XML, and how text is written so that it stays text.

use std::borrow::Cow;

/// Whether XML 1.0 allows the character (§2.2).
pub(crate) const fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// `text` without the characters that XML does not allow.
pub(crate) fn allowed(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_allowed) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|c| is_allowed(*c)).collect())
    }
}

/// Appends `text` with the characters written as entities that would end it or begin something
/// else, in an element and in an attribute between double quotes alike.
pub(crate) fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
}

/// `text` with its entities read: the five of XML and characters by number. Everything else
/// beginning with `&` stays as it is, since old clients escape nothing. Never longer than `text`.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        let (character, after) = entity(after).unwrap_or(('&', after));
        out.push(character);
        let next = after.find('&').unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    Cow::Owned(out)
}

/// The longest entity, without `&` and `;`: `#x10FFFF`.
const ENTITY_BYTES_MAX: usize = 8;

/// The character of the entity that `rest` continues after its `&`, and what follows it.
fn entity(rest: &str) -> Option<(char, &str)> {
    let end = rest
        .bytes()
        .take(ENTITY_BYTES_MAX + 1)
        .position(|byte| byte == b';')?;
    let character = match &rest[..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        name => by_number(name.strip_prefix('#')?)?,
    };
    Some((character, &rest[end + 1..]))
}

fn by_number(digits: &str) -> Option<char> {
    let (digits, radix) = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (digits, 10),
    };
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let number = u32::from_str_radix(digits, radix).ok()?;
    char::from_u32(number).filter(|character| is_allowed(*character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_entities_are_read_and_others_left() {
        for (text, read) in [
            ("a &amp;&lt;&gt;&quot;&apos; b", "a &<>\"' b"),
            ("&#65;&#x42;&#X1F600;", "AB😀"),
            ("a & b && c", "a & b && c"),
            ("&nbsp;&boom;&;", "&nbsp;&boom;&;"),
            ("&#0;&#x1;&#+5;&#x110000;", "&#0;&#x1;&#+5;&#x110000;"),
            ("&amp;amp;", "&amp;"),
            ("&é;", "&é;"),
        ] {
            assert_eq!(unescape(text), read);
        }
    }

    #[test]
    fn what_is_escaped_is_read_again() {
        let mut escaped = String::new();
        escape("<a b=\"c\">&amp;]]>", &mut escaped);
        assert_eq!(escaped, "&lt;a b=&quot;c&quot;&gt;&amp;amp;]]&gt;");
        assert_eq!(unescape(&escaped), "<a b=\"c\">&amp;]]>");
    }
}
