//! `throw value`: an error knows where it was made, any other value does not.
//!
//! Before the value is made the place is noted. Where an expression ends need not be known for
//! that.

use super::edits::Edits;
use super::token::{Kind, Script};

/// What a first pass has put there.
const PRELUDE: &str = "__greenroom";

/// Makes `throw __greenroom.here(),value` of it.
pub(super) fn rewrite(script: &Script<'_>, edits: &mut Edits) {
    for word in 0..script.tokens.len() {
        let has_value = script.tokens.get(word + 1).is_some_and(|next| {
            !next.newline_before
                && !script.is_word(word + 1, PRELUDE)
                && !matches!(next.kind, Kind::Close(_))
                && !script.is_punctuator(word + 1, ";")
        });
        if has_value && script.is_word(word, "throw") && script.tokens[word].statement {
            edits.behind(script.tokens[word].end, " __greenroom.here(),");
        }
    }
}
