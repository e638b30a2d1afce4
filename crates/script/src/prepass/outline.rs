//! Which names a script mentions, for the compatibility report. What they mean is for
//! [`crate::check`].

use std::borrow::Cow;
use std::collections::HashSet;

use super::lexer;
use super::token::{Bracket, Kind, Script};

/// The names in one script.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    /// Variables that are read or called, other than to ask whether they are there.
    pub(crate) variables: Vec<Mention<'a>>,
    /// Properties of anything.
    pub(crate) properties: Vec<Mention<'a>>,
    /// Names that the script declares or assigns to.
    pub(crate) declared: HashSet<&'a str>,
    /// Properties that the script gives a value.
    pub(crate) given: HashSet<&'a str>,
    /// `load("file")`.
    pub(crate) loads: Vec<Load<'a>>,
}

/// A name in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mention<'a> {
    pub(crate) name: &'a str,
    /// For a variable: the property of it that is meant.
    pub(crate) property: Option<&'a str>,
    /// Where it begins, in bytes.
    pub(crate) offset: usize,
}

/// A file that is loaded by its name.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    pub(crate) file: Cow<'a, str>,
    /// Where `load` begins, in bytes.
    pub(crate) offset: usize,
}

/// The names in a text; none if it cannot be cut into tokens.
pub(crate) fn outline(text: &str, nesting: usize) -> Outline<'_> {
    let mut outline = Outline::default();
    let Ok(script) = lexer::lex(text, nesting) else {
        return outline;
    };
    for index in 0..script.tokens.len() {
        match script.tokens[index].kind {
            Kind::Key => property(&script, index, &mut outline),
            Kind::Word => word(&script, index, &mut outline),
            Kind::Open(Bracket::Params { .. }) => parameters(&script, index, &mut outline),
            _ => {}
        }
    }
    outline
}

fn property<'a>(script: &Script<'a>, index: usize, outline: &mut Outline<'a>) {
    let name = script.say(index);
    let is_given = script.is_punctuator(index + 1, "=") || script.is_punctuator(index + 1, ":");
    if is_given {
        outline.given.insert(name);
    }
    if !is_behind_dot(script, index) {
        return;
    }
    let offset = script.tokens[index].start;
    outline.properties.push(Mention {
        name,
        property: None,
        offset,
    });
}

fn word<'a>(script: &Script<'a>, index: usize, outline: &mut Outline<'a>) {
    let name = script.say(index);
    match name {
        "var" | "const" => {
            let names = script.declarators(index).0;
            outline
                .declared
                .extend(names.into_iter().map(|at| script.say(at)));
            return;
        }
        _ if !script.is_name(index) => return,
        _ => {}
    }
    let before = index.checked_sub(1);
    let follows = |word| before.is_some_and(|before| script.is_word(before, word));
    if follows("function") || script.is_punctuator(index + 1, "=") {
        outline.declared.insert(name);
        return;
    }
    if follows("typeof") {
        return;
    }
    let offset = script.tokens[index].start;
    if name == "load"
        && let Some(file) = argument(script, index).and_then(plain_text)
    {
        outline.loads.push(Load { file, offset });
    }
    let property = (is_behind_dot(script, index + 2)).then(|| script.say(index + 2));
    outline.variables.push(Mention {
        name,
        property,
        offset,
    });
}

fn parameters<'a>(script: &Script<'a>, open: usize, outline: &mut Outline<'a>) {
    let inside = open + 1..script.tokens[open].partner;
    let names = inside.filter(|index| script.is_name(*index));
    outline
        .declared
        .extend(names.map(|index| script.say(index)));
}

fn is_behind_dot(script: &Script<'_>, index: usize) -> bool {
    script.kind(index) == Some(Kind::Key) && index > 0 && script.is_punctuator(index - 1, ".")
}

/// The first argument of the call behind a name, if it is a literal text: with its quotes.
fn argument<'a>(script: &Script<'a>, index: usize) -> Option<&'a str> {
    let is_call = script.opens(index + 1, |bracket| bracket == Bracket::Call);
    let is_text = script.kind(index + 2) == Some(Kind::Text);
    let ends = matches!(script.kind(index + 3), Some(Kind::Close(_)))
        || script.is_punctuator(index + 3, ",");
    (is_call && is_text && ends).then(|| script.say(index + 2))
}

/// What a literal says; nothing if it has other escapes than that of the backslash.
fn plain_text(quoted: &str) -> Option<Cow<'_, str>> {
    let text = quoted.get(1..quoted.len().checked_sub(1)?)?;
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    let parts: Vec<&str> = text.split("\\\\").collect();
    let plain = parts.iter().all(|part| !part.contains('\\'));
    plain.then(|| Cow::Owned(parts.join("\\")))
}

#[cfg(test)]
mod tests {
    use super::{outline, plain_text};

    #[test]
    fn names_are_told_apart() {
        let text = "var a = b.c; d = function e(f) { return typeof g + h(a.i); }; \
                    x.y = {z: 1}; \"j.k\"; /* l.m */ n.o.p";
        let outline = outline(text, 100);
        let variables: Vec<_> = outline
            .variables
            .iter()
            .map(|mention| (mention.name, mention.property))
            .collect();
        assert_eq!(
            variables,
            [
                ("b", Some("c")),
                ("f", None),
                ("h", None),
                ("a", Some("i")),
                ("x", Some("y")),
                ("n", Some("o")),
            ]
        );
        let properties: Vec<_> = outline.properties.iter().map(|found| found.name).collect();
        assert_eq!(properties, ["c", "i", "y", "o", "p"]);
        for name in ["a", "d", "e", "f"] {
            assert!(outline.declared.contains(name), "{name}");
        }
        assert!(!outline.declared.contains("b"));
        assert!(outline.given.contains("y") && outline.given.contains("z"));
        assert!(!outline.given.contains("c"));
    }

    #[test]
    fn files_are_found_where_they_are_written_out() {
        let text = "load('a.asc'); load(\"lib\\\\b.asc\"); load('c' + d); o.load('e');";
        let outline = outline(text, 100);
        let files: Vec<_> = outline.loads.iter().map(|load| &*load.file).collect();
        assert_eq!(files, ["a.asc", "lib\\b.asc"]);
    }

    #[test]
    fn a_text_with_other_escapes_is_not_understood() {
        assert_eq!(plain_text("'a'").as_deref(), Some("a"));
        assert_eq!(plain_text("'\\x41'"), None);
        assert_eq!(plain_text("''").as_deref(), Some(""));
    }

    #[test]
    fn what_is_no_script_has_no_names() {
        assert!(outline("a.b; (", 100).variables.is_empty());
    }
}
