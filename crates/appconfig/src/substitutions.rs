//! Values for `${NAME}` in the XML files, as `fms.ini` gives them.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The most bytes that a text may have once its names are replaced.
const REPLACED_BYTES_MAX: usize = 64 * 1024;

/// Names and what they stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Substitutions(BTreeMap<String, String>);

impl Substitutions {
    /// Reads the text of an `fms.ini`: lines of `NAME = value`, comments after `#` at the start of
    /// a line, values in quotes where they begin or end with spaces. Lines of any other form are
    /// skipped, as the original did.
    pub fn from_ini(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines();
        Self(lines.filter_map(read_line).collect())
    }

    /// The text with every name replaced, or the first name that stands for nothing. What a name
    /// stands for is not searched for names again.
    pub(crate) fn replace<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, NotReplaced> {
        if !text.contains("${") {
            return Ok(Cow::Borrowed(text));
        }
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            let value = self.0.get(name.trim());
            let value = value.ok_or_else(|| NotReplaced::Unknown(name.trim().to_owned()))?;
            replaced.push_str(before);
            replaced.push_str(value);
            if replaced.len() + after.len() > REPLACED_BYTES_MAX {
                return Err(NotReplaced::TooLong);
            }
            rest = after;
        }
        replaced.push_str(rest);
        Ok(Cow::Owned(replaced))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Substitutions {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// Why a text keeps its names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotReplaced {
    /// This name stands for nothing.
    Unknown(String),
    /// The text would be longer than [`REPLACED_BYTES_MAX`].
    TooLong,
}

fn read_line(line: &str) -> Option<(String, String)> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let quoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    (!name.is_empty()).then(|| (name.to_owned(), quoted.unwrap_or(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_ini_file() {
        let read = Substitutions::from_ini(
            "\u{feff}# comment\r\nAPP.JS_SCRIPTLIBPATH = /opt/scriptlib\r\n\r\nA=\" x \"\nB =\n\
             nonsense\n = 1\nC = a = b\n",
        );
        let expected = [
            ("APP.JS_SCRIPTLIBPATH", "/opt/scriptlib"),
            ("A", " x "),
            ("B", ""),
            ("C", "a = b"),
        ];
        assert_eq!(read, expected.into_iter().collect());
    }

    #[test]
    fn names_are_replaced_once() {
        let substitutions: Substitutions = [("A", "${B}"), ("B", "b")].into_iter().collect();
        let cases = [
            ("plain", Ok("plain")),
            ("x${B}y${ B }z", Ok("xbybz")),
            ("${A}", Ok("${B}")),
            ("${B", Ok("${B")),
            ("$B {B}", Ok("$B {B}")),
            ("${C}", Err(NotReplaced::Unknown("C".to_owned()))),
        ];
        for (text, expected) in cases {
            let replaced = substitutions.replace(text);
            assert_eq!(
                replaced.as_deref().map_err(|_| ()),
                expected.as_ref().map(|t| *t).map_err(|_| ()),
                "{text}"
            );
        }
        assert_eq!(
            substitutions.replace("${C}"),
            Err(NotReplaced::Unknown("C".to_owned()))
        );
    }

    #[test]
    fn replaced_text_has_a_limit() {
        let substitutions: Substitutions = [("A", "a".repeat(1024))].into_iter().collect();
        assert!(substitutions.replace(&"${A}".repeat(64)).is_ok());
        assert_eq!(
            substitutions.replace(&"${A}".repeat(65)),
            Err(NotReplaced::TooLong)
        );
    }
}
