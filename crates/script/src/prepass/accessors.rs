//! Getters and setters as JavaScript 1.5 wrote them: `x getter = f`, `{x getter: function () {}}`
//! and `getter function x() {}`.

use super::Findings;
use super::edits::Edits;
use super::notes::NoteKind;
use super::token::{Bracket, Kind, Script};

pub(super) fn rewrite(script: &Script<'_>, edits: &mut Edits, findings: &mut Findings<'_>) {
    for index in 0..script.tokens.len() {
        let word = script.say(index);
        if script.kind(index) != Some(Kind::Word) || !matches!(word, "getter" | "setter") {
            continue;
        }
        let token = script.tokens[index];
        if script.is_word(index + 1, "function") && (token.statement || token.operand) {
            statement(script, index, edits);
        } else if !token.operand && script.is_punctuator(index + 1, "=") {
            assignment(script, index, edits);
        } else if !token.operand && script.is_punctuator(index + 1, ":") {
            property(script, index, edits, findings);
        }
    }
}

/// `getter function x() {}` defines a property of the global object.
fn statement(script: &Script<'_>, index: usize, edits: &mut Edits) {
    let Some(function) = script.function(index + 1) else {
        return;
    };
    let Some(name) = function.name else { return };
    let variable = script.variable(name);
    let call = format!(
        "__greenroom.{}(globalThis,\"{variable}\").is=",
        script.say(index)
    );
    edits.replace(script.range(index), call);
    edits.replace(script.range(name), "");
    edits.behind(script.tokens[function.close].end, ";");
}

/// `object.x getter = f`, `object[x] getter = f`, `x getter = f`.
fn assignment(script: &Script<'_>, index: usize, edits: &mut Edits) {
    let last = index - 1;
    let call = format!("__greenroom.{}(", script.say(index));
    let token = script.tokens[last];
    match token.kind {
        Kind::Key if last > 1 => {
            edits.before(script.tokens[operand_start(script, last - 2)].start, call);
            edits.replace(script.range(last - 1), ",\"");
            edits.behind(token.end, "\")");
        }
        Kind::Close(Bracket::Index) if token.partner > 0 => {
            let start = operand_start(script, token.partner - 1);
            edits.before(script.tokens[start].start, call);
            edits.replace(script.range(token.partner), ",");
            edits.replace(script.range(last), ")");
        }
        Kind::Word => {
            edits.before(token.start, call + "globalThis,\"");
            edits.behind(token.end, "\")");
        }
        _ => return,
    }
    edits.replace(script.range(index), ".is");
}

/// Where the operand begins that ends with the token `last`: `a.b[c](d)`.
fn operand_start(script: &Script<'_>, last: usize) -> usize {
    let mut at = last;
    loop {
        let token = script.tokens[at];
        let begin = match token.kind {
            Kind::Close(_) => token.partner,
            _ => at,
        };
        let before = match token.kind {
            Kind::Key => begin.checked_sub(2),
            Kind::Close(Bracket::Call | Bracket::Index) if !script.tokens[begin].operand => {
                begin.checked_sub(1)
            }
            _ => None,
        };
        match before {
            Some(before) => at = before,
            None => return begin,
        }
    }
}

/// `x getter: function () {}` in an object literal.
fn property(script: &Script<'_>, index: usize, edits: &mut Edits, findings: &mut Findings<'_>) {
    let key = index - 1;
    let kind = script.kind(key);
    if !matches!(kind, Some(Kind::Key | Kind::Text | Kind::Number)) {
        return;
    }
    let value = index + 2;
    let function = script
        .is_word(value, "function")
        .then(|| script.function(value));
    let Some(function) = function.flatten() else {
        findings.add(NoteKind::GetterValue, key..index + 2);
        return;
    };
    let word = if script.say(index) == "getter" {
        "get "
    } else {
        "set "
    };
    edits.before(script.tokens[key].start, word);
    for gone in index..function.params {
        edits.replace(script.range(gone), "");
    }
}
