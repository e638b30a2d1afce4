//! Literals: `"use strict"` means nothing, `"\x4"` is `"x4"`, and `/re/(s)` calls `exec`.

use super::edits::Edits;
use super::token::{Bracket, Kind, Script};

pub(super) fn rewrite(script: &Script<'_>, edits: &mut Edits) {
    for index in 0..script.tokens.len() {
        match script.tokens[index].kind {
            Kind::Text if is_directive(script, index) => {
                // The blank between the two words, behind the quote and the first.
                let blank = script.tokens[index].start + "'use".len();
                edits.replace(blank..blank + 1, "_");
            }
            Kind::Text if !script.modern => escapes(script, index, edits),
            Kind::Regex if script.opens(index + 1, |bracket| bracket == Bracket::Call) => {
                edits.behind(script.tokens[index].end, ".exec");
            }
            _ => {}
        }
    }
}

/// Strict mode came after JavaScript 1.5, and scripts of its time do not survive it.
fn is_directive(script: &Script<'_>, index: usize) -> bool {
    let text = script.say(index);
    let ends = match script.tokens.get(index + 1) {
        None => true,
        Some(next) => {
            next.newline_before
                || matches!(next.kind, Kind::Close(_))
                || script.is_punctuator(index + 1, ";")
        }
    };
    text.len() == "'use strict'".len()
        && &text[1..text.len() - 1] == "use strict"
        && script.tokens[index].statement
        && ends
}

/// Takes the backslash from escapes that lack digits; the engine refuses them.
fn escapes(script: &Script<'_>, index: usize, edits: &mut Edits) {
    let start = script.tokens[index].start;
    let text = script.say(index);
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        let digits = match character {
            'x' => 2,
            'u' => 4,
            _ => 0,
        };
        if escaped && digits > 0 && !begins_with_hex(&text[at + 1..], digits) {
            edits.replace(start + at - 1..start + at, "");
        }
        escaped = !escaped && character == '\\';
    }
}

fn begins_with_hex(text: &str, digits: usize) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= digits && bytes[..digits].iter().all(u8::is_ascii_hexdigit)
}
