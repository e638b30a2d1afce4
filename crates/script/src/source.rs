//! The bytes of a script file become text.
//!
//! Files come from editors of three decades: with or without a byte order mark, with any of the
//! three line ends, in UTF-8 or in the one-byte encoding of their time. What the text means is
//! for others.

use std::borrow::Cow;

use crate::text;

/// Bounds on a script file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLimits {
    /// The longest file, in bytes. Default 1 MiB.
    pub source_bytes: usize,
    /// How deep brackets of all kinds may be nested. Default 500.
    pub nesting: usize,
    /// Notes kept for one file; later ones are counted only. Default 100.
    pub notes: usize,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self {
            source_bytes: 1 << 20,
            nesting: 500,
            notes: 100,
        }
    }
}

/// Why a script file is not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The file is longer than [`SourceLimits::source_bytes`].
    #[error("{file}: {bytes} bytes, at most {limit} are read")]
    TooLong {
        /// The file's name, as given.
        file: String,
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The text is not a script.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
}

/// A place where a script cannot be read, in the file as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct SyntaxError {
    /// The file's name, as given.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1; 0 when it is not known.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// The text of the line.
    pub source_line: String,
}

/// The text of a script file: without byte order mark, every line ended by a line feed.
///
/// Bytes that are no UTF-8 are taken for Latin-1, the whole file alike.
///
/// # Errors
///
/// [`SourceError::TooLong`], by the number of bytes.
pub fn decode(name: &str, bytes: &[u8], limits: &SourceLimits) -> Result<String, SourceError> {
    if bytes.len() > limits.source_bytes {
        return Err(SourceError::TooLong {
            file: name.to_owned(),
            bytes: bytes.len(),
            limit: limits.source_bytes,
        });
    }
    Ok(with_line_feeds(text::of_bytes(bytes)))
}

/// Line and column, in characters, of an offset in bytes; both from 1. An offset inside a
/// character stands for the character.
pub(crate) fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    (capped(line), capped(column))
}

fn capped(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Where a line of a text begins, in bytes, and the line without its end. Counted from 1.
pub(crate) fn line(text: &str, line: u32) -> Option<(usize, &str)> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let start = match index.checked_sub(1) {
        Some(ends) => text.match_indices('\n').nth(ends)?.0 + 1,
        None => 0,
    };
    text[start..].split('\n').next().map(|line| (start, line))
}

fn with_line_feeds(text: Cow<'_, str>) -> String {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        decode("main.asc", bytes, &SourceLimits::default()).unwrap()
    }

    #[test]
    fn every_line_end_becomes_a_line_feed() {
        assert_eq!(decoded(b"a\rb\r\nc\nd\r\r\n\ne"), "a\nb\nc\nd\n\n\ne");
    }

    #[test]
    fn a_byte_order_mark_goes() {
        assert_eq!(decoded(b"\xef\xbb\xbfvar a;"), "var a;");
        assert_eq!(decoded(b"\xef\xbb\xbf"), "");
    }

    #[test]
    fn text_is_utf8_or_else_latin1() {
        assert_eq!(decoded("'é€'".as_bytes()), "'é€'");
        assert_eq!(decoded(b"'\xe9' // \xe2\x82"), "'é' // â\u{82}");
        // A mark of UTF-8 in front of text that is none.
        assert_eq!(decoded(b"\xef\xbb\xbf'\xe9'"), "'é'");
    }

    #[test]
    fn the_length_is_limited() {
        let limits = SourceLimits {
            source_bytes: 4,
            ..SourceLimits::default()
        };
        assert_eq!(decode("a.asc", b"a=1;", &limits).unwrap(), "a=1;");
        let error = decode("a.asc", b"a=12;", &limits).unwrap_err();
        assert_eq!(error.to_string(), "a.asc: 5 bytes, at most 4 are read");
    }
}
