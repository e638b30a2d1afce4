//! Just enough of Rust's grammar to find functions: comments, texts and braces.

/// A function in a source text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// The line with `fn`, from 1.
    pub(super) first_line: usize,
    /// The line of the closing brace.
    pub(super) last_line: usize,
}

/// The source with comments and the insides of texts and characters blanked out, line for line.
pub(super) fn blank(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let length = hidden_length(&bytes[at..], at.checked_sub(1).map(|before| bytes[before]));
        if length == 0 {
            out.push(char::from(if bytes[at].is_ascii() {
                bytes[at]
            } else {
                b'x'
            }));
            at += 1;
        } else {
            let hidden = &bytes[at..(at + length).min(bytes.len())];
            out.extend(
                hidden
                    .iter()
                    .map(|byte| if *byte == b'\n' { '\n' } else { ' ' }),
            );
            at += hidden.len();
        }
    }
    out
}

/// How many bytes from here on belong to one comment, text or character; 0 for code.
fn hidden_length(rest: &[u8], before: Option<u8>) -> usize {
    let in_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match rest {
        [b'/', b'/', ..] => rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest, b'"'),
        [b'b' | b'c', b'"', ..] if !in_word => 1 + quoted(&rest[1..], b'"'),
        [b'r', b'"' | b'#', ..] if !in_word => raw_text(rest, 1),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !in_word => raw_text(rest, 2),
        [b'\'', b'\\', ..] => quoted(rest, b'\''),
        [b'\'', ..] => character(rest),
        _ => 0,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#` and so on; 0 for a raw name such as `r#type`.
fn raw_text(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return 0;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let inside = &rest[open + 1..];
    let end = inside
        .windows(close.len())
        .position(|window| window == close);
    end.map_or(rest.len(), |end| open + 1 + end + close.len())
}

/// `'x'`; 0 for a lifetime.
fn character(rest: &[u8]) -> usize {
    let text = &rest[1..rest.len().min(6)];
    let first = text.first().map_or(1, |byte| match byte.leading_ones() {
        ones @ 2..=4 => ones as usize,
        _ => 1,
    });
    if text.get(first) == Some(&b'\'') {
        first + 2
    } else {
        0
    }
}

/// Every function with a body, closures left out. Those inside another are counted too.
pub(super) fn functions(source: &str) -> Vec<Function> {
    let code = blank(source);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|character| character.is_alphanumeric() || character == '_') {
            continue;
        }
        let name = code[at + 3..]
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next();
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            continue;
        };
        let Some(end) = body_end(&code[at..]) else {
            continue;
        };
        let line_of = |at: usize| code[..at].matches('\n').count() + 1;
        found.push(Function {
            name: name.to_owned(),
            first_line: line_of(at),
            last_line: line_of(at + end),
        });
    }
    found
}

/// Where the braces that open next close again; nothing for a declaration, which ends in `;`.
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if braces == 0 && brackets == 0 => return None,
            b'{' => braces += 1,
            b'}' if braces == 1 => return Some(at),
            b'}' => braces = braces.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_blanked_line_for_line() {
        let cases = [
            ("a // {\nb", "a b"),
            ("a /* { /* } */ \n */ b", "a b"),
            (r#"x("{\"}") y"#, "x( ) y"),
            (r##"x(r#"{" "#) r#type"##, "x( ) r#type"),
            (r##"x(br#"{" "#, b"{", b'{') y"##, "x( , , b ) y"),
            ("'{' '\\'' 'ü' <'a>", "<'a>"),
        ];
        for (source, expected) in cases {
            let blank = blank(source);
            assert_eq!(
                blank.split_whitespace().collect::<Vec<_>>().join(" "),
                expected
            );
            assert_eq!(blank.len(), source.len(), "{source}");
            assert_eq!(blank.lines().count(), source.lines().count(), "{source}");
        }
    }

    #[test]
    fn functions_are_found_with_their_lines() {
        let source = "\
trait T {
    fn declared(&self) -> [u8; 3];
}
// fn commented() {}
pub(crate) async fn one<'a>(x: &'a str) -> &'a str
where
    T: Sized,
{
    let text = \"fn not() {\";
    fn inner() {}
    x
}
const F: fn(u8) = two;
";
        let found: Vec<_> = functions(source)
            .into_iter()
            .map(|function| (function.name, function.first_line, function.last_line))
            .collect();
        assert_eq!(
            found,
            [("one".to_owned(), 5, 12), ("inner".to_owned(), 10, 10)]
        );
    }
}
