//! Function statements where today's engine takes none, or binds them to the block only.
//!
//! JavaScript 1.5 assigns the function to the variable of its name when it reaches the
//! statement. Most such statements the engine treats alike. The others become
//! `var f=function () {};`: the body of a loop or of `with`, a function with the name of a
//! parameter, of the variable of a `catch`, or of a `var` in the same block.

use super::edits::Edits;
use super::scopes::Scopes;
use super::token::{Bracket, Kind, Script};

pub(super) fn rewrite(script: &Script<'_>, scopes: &Scopes<'_>, edits: &mut Edits) {
    let mut open = Vec::new();
    for index in 0..script.tokens.len() {
        match script.tokens[index].kind {
            Kind::Open(_) => open.push(index),
            Kind::Close(_) => drop(open.pop()),
            Kind::Word if script.tokens[index].statement && script.is_word(index, "function") => {
                let around = open.last().copied();
                if is_lone_body(script, index) || is_hidden(script, scopes, index, around) {
                    assign(script, index, edits);
                }
            }
            _ => {}
        }
    }
}

/// Whether the statement is the whole body of a loop or of `with`.
fn is_lone_body(script: &Script<'_>, index: usize) -> bool {
    let Some(before) = index.checked_sub(1) else {
        return false;
    };
    match script.tokens[before].kind {
        Kind::Close(Bracket::Head) => {
            let keyword = script.head_keyword(script.tokens[before].partner);
            matches!(keyword, "for" | "while" | "with")
        }
        Kind::Word => script.say(before) == "do",
        _ => false,
    }
}

/// Whether the name would be known in the block only, or be refused there.
fn is_hidden(
    script: &Script<'_>,
    scopes: &Scopes<'_>,
    index: usize,
    around: Option<usize>,
) -> bool {
    let Some(block) = around.filter(|open| script.opens(*open, |b| b == Bracket::Block)) else {
        return false;
    };
    let name = script.say(index + 1);
    name == "arguments"
        || scopes.is_parameter(index, name)
        || scopes.is_declared_between(block, script.tokens[block].partner, name)
}

fn assign(script: &Script<'_>, index: usize, edits: &mut Edits) {
    let Some(function) = script.function(index) else {
        return;
    };
    let Some(name) = function.name else { return };
    edits.replace(script.range(index), "var");
    edits.behind(script.tokens[name].end, "=function");
    edits.behind(script.tokens[function.close].end, ";");
}
