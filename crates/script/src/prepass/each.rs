//! `for each (x in object)` of JavaScript 1.6: the values instead of the names.

use super::edits::Edits;
use super::token::{Bracket, Script};

/// Makes `for (x of __greenroom.values((object)))` of it.
pub(super) fn rewrite(script: &Script<'_>, edits: &mut Edits) {
    for each in 1..script.tokens.len() {
        let is_loop = script.is_word(each, "each") && script.is_word(each - 1, "for");
        if !is_loop || !script.opens(each + 1, |bracket| bracket == Bracket::Head) {
            continue;
        }
        let close = script.tokens[each + 1].partner;
        let Some(keyword) = find_in(script, each + 2, close) else {
            continue;
        };
        edits.replace(script.range(each), "    ");
        edits.replace(script.range(keyword), "of __greenroom.values((");
        edits.before(script.tokens[close].start, "))");
    }
}

/// The `in` of a loop's head, between its brackets.
pub(super) fn find_in(script: &Script<'_>, first: usize, close: usize) -> Option<usize> {
    let mut at = first;
    while at < close {
        if script.is_word(at, "in") {
            return Some(at);
        }
        at = script.step(at);
    }
    None
}
