//! `#include "file"`, which plugins may write where other scripts call `load`.

use std::borrow::Cow;

/// A script file with each `#include "file"` on a line of its own become a call of `load`, on the
/// same line. A file without one stays as it is.
pub(crate) fn with_includes(bytes: &[u8]) -> Cow<'_, [u8]> {
    let lines = || bytes.split_inclusive(|byte| *byte == b'\n');
    if !lines().any(|line| included(line).is_some()) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len() + 16);
    for line in lines() {
        match included(line) {
            Some((quoted, rest)) => {
                out.extend_from_slice(b"load(");
                out.extend_from_slice(quoted);
                out.extend_from_slice(b");");
                out.extend_from_slice(rest);
            }
            None => out.extend_from_slice(line),
        }
    }
    Cow::Owned(out)
}

/// The name with its quotes that a line includes, and what is behind it.
fn included(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.trim_ascii_start().strip_prefix(b"#include")?;
    let name = rest.trim_ascii_start();
    let quote = *name.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let end = name.iter().skip(1).position(|byte| *byte == quote)? + 2;
    let (quoted, rest) = name.split_at(end);
    // What is no plain name stays an error of the script.
    let plain = !quoted.contains(&b'\\') && !quoted.contains(&b'\n');
    plain.then_some((quoted, rest))
}

#[cfg(test)]
mod tests {
    use super::with_includes;

    #[test]
    fn an_include_is_a_call_of_load_on_its_line() {
        let text = b"// first\r\n  #include \"lib/cards.as\" // all of them\r\nvar a = 1;\n#include 'b.as'";
        let expected =
            b"// first\r\nload(\"lib/cards.as\"); // all of them\r\nvar a = 1;\nload('b.as');";
        assert_eq!(
            String::from_utf8_lossy(&with_includes(text)),
            String::from_utf8_lossy(expected)
        );
    }

    #[test]
    fn what_is_no_include_stays() {
        for text in [
            "a = \"#include 'x'\"",
            "#includes",
            "#include x.as",
            "#include \"x",
            "#include \"a\\\"b\"",
            "",
        ] {
            assert_eq!(*with_includes(text.as_bytes()), *text.as_bytes(), "{text}");
        }
    }
}
