//! Where single tokens end, whatever stands around them.

/// Whether a word may begin with this. Everything beyond ASCII that is no blank counts; the
/// engine knows better.
pub(super) fn begins_word(first: char) -> bool {
    first.is_ascii_alphabetic()
        || matches!(first, '_' | '$' | '\\')
        || (!first.is_ascii() && !is_blank(first))
}

/// A blank or a line end.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

/// Characters that end a line, for the syntax.
pub(super) fn ends_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

pub(super) fn word_end(text: &str, start: usize) -> usize {
    end_of_run(text, start, |c| begins_word(c) || c.is_ascii_digit())
}

fn digits_end(text: &str, start: usize) -> usize {
    end_of_run(text, start, |c| c.is_ascii_digit())
}

fn end_of_run(text: &str, start: usize, wanted: impl Fn(char) -> bool) -> usize {
    text[start..]
        .find(|character| !wanted(character))
        .map_or(text.len(), |length| start + length)
}

/// The end of a number in any base. Letters that follow belong to it: the engine refuses them.
pub(super) fn number_end(text: &str, start: usize) -> usize {
    let byte = |at: usize| text.as_bytes().get(at).copied().unwrap_or(b' ');
    let digits = digits_end(text, start);
    let zero = byte(start) == b'0';
    let octal = zero && digits > start + 1 && text[start..digits].bytes().all(|b| b < b'8');
    if octal || (zero && byte(start + 1).is_ascii_alphabetic() && byte(start + 1) | 32 != b'e') {
        return word_end(text, digits);
    }
    let mut end = digits;
    if byte(end) == b'.' {
        end = digits_end(text, end + 1);
    }
    if byte(end) | 32 == b'e' && matches!(byte(end + 1), b'+' | b'-') {
        end = digits_end(text, end + 2);
    }
    word_end(text, end)
}

/// The end of a string that opens at `start`; none if its line or the text ends first.
pub(super) fn text_end(text: &str, start: usize, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text[start + 1..].char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' | '\r' => return None,
            _ if character == quote => return Some(start + 1 + at + 1),
            _ => {}
        }
    }
    None
}

/// The end of a regular expression with its flags; a slash in a class does not end it.
pub(super) fn regex_end(text: &str, start: usize) -> Option<usize> {
    let mut in_class = false;
    let mut escaped = false;
    for (at, character) in text[start + 1..].char_indices() {
        match character {
            _ if ends_line(character) => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Some(word_end(text, start + 1 + at + 1)),
            _ => {}
        }
    }
    None
}

/// The end of a piece of a template literal, and whether it ends with `${`.
pub(super) fn template_end(text: &str, from: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    for (at, character) in text[from..].char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '`' => return Some((from + at + 1, false)),
            '$' if text[from + at..].starts_with("${") => return Some((from + at + 2, true)),
            _ => {}
        }
    }
    None
}

/// Longest first.
const PUNCTUATORS: [&str; 33] = [
    ">>>=", "...", "===", "!==", ">>>", "<<=", ">>=", "**=", "&&=", "||=", "??=", "=>", "==", "!=",
    "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    "<<", ">>", "**",
];

/// How long the punctuator is that a text begins with, in bytes; at least one character.
pub(super) fn punctuator_length(text: &str) -> usize {
    let known = PUNCTUATORS.iter().find(|known| text.starts_with(**known));
    let digit_follows = |at: usize| text[at..].starts_with(|c: char| c.is_ascii_digit());
    match known {
        // `a?.5:b` has no optional chain.
        Some(&"?.") if digit_follows(2) => 1,
        Some(known) => known.len(),
        None => text.chars().next().map_or(0, char::len_utf8),
    }
}

/// Whether an XML literal goes on like this behind its `<`.
pub(super) fn begins_xml(rest: &str) -> bool {
    rest.starts_with(|next: char| next == '>' || next == '?' || next.is_alphabetic())
}
