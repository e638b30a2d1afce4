//! `catch (e if condition)`, any number of them on one `try`.
//!
//! The first clause stays. Each condition becomes an `if` in it, each later clause an `else` that
//! throws the value again to a `try` of its own, so that every clause has its own variable and
//! what a clause itself throws is not caught by the next. `throw again,e` stands for
//! `throw __greenroom.again,e`, which is no new place for the value:
//!
//! ```text
//! catch (e if a) { A } catch (f if b) { B }
//! catch (e ){if( a) { A } else try{throw again,e}catch (f ){if( b) { B } else throw again,f;}}
//! ```

use super::edits::Edits;
use super::token::{Bracket, Script};

/// A `catch` clause, as token indices.
struct Clause {
    keyword: usize,
    name: usize,
    /// The `if` of its condition.
    condition: Option<usize>,
    /// The end of its block.
    close: usize,
}

pub(super) fn rewrite(script: &Script<'_>, edits: &mut Edits) {
    for keyword in 0..script.tokens.len() {
        if script.is_word(keyword, "try") {
            let clauses = clauses_of(script, keyword);
            // An unconditional clause can only be the last.
            let conditions = clauses.iter().filter(|c| c.condition.is_some()).count();
            if conditions > 0
                && conditions + 1 >= clauses.len()
                && last_is_open(&clauses, conditions)
            {
                chain(script, &clauses, conditions, edits);
            }
        }
    }
}

fn last_is_open(clauses: &[Clause], conditions: usize) -> bool {
    conditions == clauses.len() || clauses.last().is_some_and(|last| last.condition.is_none())
}

fn clauses_of(script: &Script<'_>, keyword: usize) -> Vec<Clause> {
    let is_block = |at| script.opens(at, |bracket| bracket == Bracket::Block);
    let mut clauses = Vec::new();
    if !is_block(keyword + 1) {
        return clauses;
    }
    let mut at = script.behind(keyword + 1);
    while script.is_word(at, "catch") && script.opens(at + 1, |bracket| bracket == Bracket::Head) {
        let block = script.behind(at + 1);
        if !script.is_name(at + 2) || !is_block(block) {
            break;
        }
        clauses.push(Clause {
            keyword: at,
            name: at + 2,
            condition: script.is_word(at + 3, "if").then_some(at + 3),
            close: script.tokens[block].partner,
        });
        at = script.behind(block);
    }
    clauses
}

fn chain(script: &Script<'_>, clauses: &[Clause], conditions: usize, edits: &mut Edits) {
    for (index, clause) in clauses.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).map(|before| &clauses[before]) {
            let again = format!(
                "else try{{throw __greenroom.again,{}}}",
                script.variable(before.name)
            );
            edits.before(script.tokens[clause.keyword].start, again);
        }
        if let Some(condition) = clause.condition {
            edits.replace(script.range(condition), "){if(");
        }
    }
    let Some(last) = clauses.last() else { return };
    let mut end = String::new();
    if last.condition.is_some() {
        end = format!(
            " else throw __greenroom.again,{};",
            script.variable(last.name)
        );
    }
    end.push_str(&"}".repeat(conditions));
    edits.behind(script.tokens[last.close].end, end);
}
