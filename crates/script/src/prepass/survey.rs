//! Looks for what server scripts cannot use, or what reads otherwise than it looks.

use std::collections::HashSet;

use super::Findings;
use super::notes::NoteKind;
use super::token::{Bracket, Kind, Script};

pub(super) fn survey(script: &Script<'_>, findings: &mut Findings<'_>) {
    let functions = function_names(script);
    for index in 0..script.tokens.len() {
        match script.tokens[index].kind {
            Kind::Key => key(script, index, &functions, findings),
            Kind::Word => word(script, index, findings),
            Kind::Punctuator if is_sharp(script, index) => {
                findings.add(NoteKind::SharpVariable, index..index + 2);
            }
            Kind::Punctuator
                if script
                    .xml
                    .binary_search(&script.tokens[index].start)
                    .is_ok() =>
            {
                findings.add(NoteKind::XmlLiteral, index..index + 2);
            }
            Kind::Open(Bracket::Params { .. }) => types_of_params(script, index, findings),
            _ => {}
        }
    }
}

/// `#1=` and `#1#`.
fn is_sharp(script: &Script<'_>, index: usize) -> bool {
    script.say(index) == "#" && script.kind(index + 1) == Some(Kind::Number)
}

/// The names of the script's function statements and named function expressions.
fn function_names<'a>(script: &Script<'a>) -> HashSet<&'a str> {
    (1..script.tokens.len())
        .filter(|index| script.is_word(index - 1, "function"))
        .filter(|index| script.kind(*index) == Some(Kind::Word))
        .map(|index| script.say(index))
        .collect()
}

/// Properties of functions and objects that are not there.
fn key(script: &Script<'_>, index: usize, functions: &HashSet<&str>, findings: &mut Findings<'_>) {
    if index < 2 || !script.is_punctuator(index - 1, ".") {
        return;
    }
    let owner = script.say(index - 2);
    let of_function = match script.kind(index - 2) {
        Some(Kind::Word) => functions.contains(owner),
        Some(Kind::Key) => owner == "callee",
        _ => false,
    };
    let kind = match script.say(index) {
        "caller" if of_function || owner == "arguments" => NoteKind::Caller,
        "arguments" if of_function => NoteKind::FunctionArguments,
        "__parent__" => NoteKind::Parent,
        _ => return,
    };
    findings.add(kind, index - 2..index + 1);
}

fn word(script: &Script<'_>, index: usize, findings: &mut Findings<'_>) {
    let token = script.tokens[index];
    match script.say(index) {
        "var" | "const" => {
            for name in script.declarators(index).0 {
                if script.is_punctuator(name + 1, ":") {
                    findings.add(NoteKind::TypedDeclaration, name..name + 3);
                }
            }
        }
        "let" if token.operand && is_let_block(script, index) => {
            findings.add(NoteKind::LetBlock, index..index + 2);
        }
        "for" if !token.statement && !token.operand => {
            findings.add(NoteKind::Comprehension, index - 1..index + 2);
        }
        "import" | "export" if token.statement && is_module_word(script, index) => {
            findings.add(NoteKind::Import, index..index + 2);
        }
        _ => {}
    }
}

/// `let (x = 1) {`; a call of a function `let` has no block behind it on its line.
fn is_let_block(script: &Script<'_>, index: usize) -> bool {
    if !script.opens(index + 1, |bracket| bracket == Bracket::Call) {
        return false;
    }
    let behind = script.behind(index + 1);
    let same_line = |token: &super::token::Token| !token.newline_before;
    script.opens(behind, |bracket| bracket == Bracket::Block)
        && script.tokens.get(behind).is_some_and(same_line)
}

fn is_module_word(script: &Script<'_>, index: usize) -> bool {
    matches!(
        script.kind(index + 1),
        Some(Kind::Word | Kind::Text | Kind::Open(Bracket::Object | Bracket::Block))
    ) || script.is_punctuator(index + 1, "*")
}

/// `function f(a:Number):Void`.
fn types_of_params(script: &Script<'_>, open: usize, findings: &mut Findings<'_>) {
    let close = script.tokens[open].partner;
    let mut at = open + 1;
    while at < close {
        if script.kind(at) == Some(Kind::Word) && script.is_punctuator(at + 1, ":") {
            findings.add(NoteKind::TypedDeclaration, at..at + 3);
        }
        at = script.step(at);
    }
    if script.is_punctuator(close + 1, ":") {
        findings.add(NoteKind::TypedDeclaration, close..close + 3);
    }
}
