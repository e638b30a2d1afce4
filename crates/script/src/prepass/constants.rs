//! `const` of JavaScript 1.5: a variable of the function or program around it, undefined before
//! its line, and afterwards deaf to assignments, which raise no error.
//!
//! A constant of the program is a read-only property of the global object. A constant of a
//! function becomes a variable, and assignments to it go nowhere: `k += 1` becomes
//! `new Array(k,0)[0] += 1`, which has the same value. Scripts in today's syntax keep their own
//! `const`.

use std::collections::HashSet;

use super::Findings;
use super::edits::Edits;
use super::notes::NoteKind;
use super::scopes::{PROGRAM, Scopes};
use super::token::{Bracket, Kind, Script};

/// The constants found so far.
#[derive(Default)]
struct Constants<'a> {
    /// Names of the program's constants, as the engine sees them, in order.
    globals: Vec<&'a str>,
    /// Scopes and names of all.
    known: HashSet<(usize, &'a str)>,
    /// Names of functions' constants, whatever the function.
    locals: HashSet<&'a str>,
    /// The tokens that declare them.
    declarators: HashSet<usize>,
}

pub(super) fn rewrite<'a>(
    script: &Script<'a>,
    scopes: &Scopes<'a>,
    edits: &mut Edits,
    findings: &mut Findings<'_>,
) {
    if script.modern {
        return;
    }
    let mut constants = Constants::default();
    for keyword in 0..script.tokens.len() {
        if script.is_word(keyword, "const") {
            declaration(script, scopes, keyword, &mut constants, edits, findings);
        }
    }
    if let (Some(first), false) = (script.tokens.first(), constants.globals.is_empty()) {
        let names = constants.globals.join("\",\"");
        edits.before(first.start, format!("__greenroom.declare(\"{names}\");"));
    }
    if !constants.locals.is_empty() {
        assignments(script, scopes, &constants, edits);
    }
}

fn declaration<'a>(
    script: &Script<'a>,
    scopes: &Scopes<'a>,
    keyword: usize,
    constants: &mut Constants<'a>,
    edits: &mut Edits,
    findings: &mut Findings<'_>,
) {
    let in_head = keyword > 0 && script.opens(keyword - 1, |bracket| bracket == Bracket::Head);
    let (names, _) = script.declarators(keyword);
    if names.first() != Some(&(keyword + 1)) || !(in_head || script.tokens[keyword].statement) {
        return;
    }
    if in_head {
        edits.replace(script.range(keyword), "var  ");
        findings.add(NoteKind::ConstantLoop, keyword..keyword + 2);
        return;
    }
    let scope = scopes.function_of(keyword);
    edits.replace(
        script.range(keyword),
        if scope == PROGRAM { "" } else { "var  " },
    );
    for name in names {
        if !constants.known.insert((scope, script.say(name))) {
            findings.add(NoteKind::ConstantRedeclared, name..name + 1);
        } else if scope == PROGRAM {
            constants.globals.push(script.variable(name));
        }
        if scope == PROGRAM {
            edits.before(script.tokens[name].start, "__greenroom.constants.");
            if !script.is_punctuator(name + 1, "=") {
                edits.behind(script.tokens[name].end, "=void 0");
            }
        } else {
            constants.locals.insert(script.say(name));
            constants.declarators.insert(name);
        }
    }
}

/// Turns away what is assigned to constants of functions.
fn assignments<'a>(
    script: &Script<'a>,
    scopes: &Scopes<'a>,
    constants: &Constants<'a>,
    edits: &mut Edits,
) {
    for index in 0..script.tokens.len() {
        let name = script.say(index);
        if script.kind(index) != Some(Kind::Word)
            || !constants.locals.contains(name)
            || constants.declarators.contains(&index)
            || !is_assigned(script, index)
        {
            continue;
        }
        let scope = scopes.resolve(index, name);
        if scope.is_some_and(|scope| constants.known.contains(&(scope, name))) {
            edits.before(script.tokens[index].start, "new Array(");
            edits.behind(script.tokens[index].end, ",0)[0]");
        }
    }
}

/// Whether the variable at `index` is given a value there, other than by its declaration.
fn is_assigned(script: &Script<'_>, index: usize) -> bool {
    let next = script.say(index + 1);
    let behind = script.kind(index + 1) == Some(Kind::Punctuator)
        && (is_assignment(next) || (is_step(next) && !script.tokens[index + 1].newline_before));
    let Some(before) = index.checked_sub(1) else {
        return behind;
    };
    let token = script.tokens[before];
    let stepped = is_step(script.say(before))
        && (token.operand || token.statement)
        && !matches!(next, "." | "[" | "(");
    let visited = script.is_word(index + 1, "in")
        && token.kind == Kind::Open(Bracket::Head)
        && script.head_keyword(before) == "for";
    let declared = script.is_word(before, "var");
    (behind || stepped || visited) && !declared
}

fn is_assignment(punctuator: &str) -> bool {
    punctuator.ends_with('=') && !matches!(punctuator, "==" | "===" | "!=" | "!==" | "<=" | ">=")
}

fn is_step(punctuator: &str) -> bool {
    matches!(punctuator, "++" | "--")
}
