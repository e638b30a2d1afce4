//! Words that were reserved for later and that today's engine has taken: as names of variables
//! they get another name. As names of properties they stay.

use std::collections::HashSet;

use super::Findings;
use super::edits::Edits;
use super::notes::NoteKind;
use super::token::{Kind, Script};

/// What the engine sees instead of a variable of this name.
fn other_name(word: &str) -> Option<&'static str> {
    match word {
        "class" => Some("class$"),
        "enum" => Some("enum$"),
        "extends" => Some("extends$"),
        "super" => Some("super$"),
        _ => None,
    }
}

impl<'a> Script<'a> {
    /// The name the engine sees for the variable at `index`.
    pub(super) fn variable(&self, index: usize) -> &'a str {
        let word = self.say(index);
        match other_name(word) {
            Some(other) if !self.modern => other,
            _ => word,
        }
    }
}

pub(super) fn rewrite(script: &Script<'_>, edits: &mut Edits, findings: &mut Findings<'_>) {
    if script.modern {
        return;
    }
    let mut seen = HashSet::new();
    for index in 0..script.tokens.len() {
        let word = script.say(index);
        if script.kind(index) != Some(Kind::Word) || other_name(word).is_none() {
            continue;
        }
        edits.behind(script.tokens[index].end, "$");
        if seen.insert(word) {
            findings.add(NoteKind::ReservedName, index..index + 1);
        }
    }
}
