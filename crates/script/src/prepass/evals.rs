//! `eval(text)`: what it is given goes through the pre-pass when its time comes.
//!
//! The call stays a call of `eval` by its name, so that the text keeps the scope it is in.

use super::edits::Edits;
use super::token::{Bracket, Script};

/// Makes `eval(__greenroom.ready(eval,(text)))` of it.
pub(super) fn rewrite(script: &Script<'_>, edits: &mut Edits) {
    for word in 0..script.tokens.len() {
        let first = word + 2;
        if !script.is_word(word, "eval")
            || !script.opens(word + 1, |bracket| bracket == Bracket::Call)
            || script.say(first).starts_with("...")
            // What a first pass has put there.
            || script.is_word(first, "__greenroom")
        {
            continue;
        }
        let end = end_of_argument(script, first, script.tokens[word + 1].partner);
        if end > first {
            edits.behind(script.tokens[word + 1].end, "__greenroom.ready(eval,(");
            edits.behind(script.tokens[end - 1].end, "))");
        }
    }
}

/// The comma or bracket behind the argument that begins at `first`.
fn end_of_argument(script: &Script<'_>, first: usize, close: usize) -> usize {
    let mut at = first;
    while at < close && !script.is_punctuator(at, ",") {
        at = script.step(at);
    }
    at
}
