//! The names of the scripting interface that a file uses and that are not there, or differ.
//!
//! A variable means what the registry says, unless the application's own files declare it. What
//! object a property belongs to nobody knows before the script runs; it is reported where it is
//! one of `application` or of a class, or where its name is found in no other class.

use super::{Finding, Given, Severity};
use crate::api::{self, CLASSES, Class, Kind, Member, State};
use crate::config::ScriptConfig;
use crate::prepass::{self, Outline, Prepared};
use crate::source;

/// All uses in one file.
pub(super) fn uses(prepared: &Prepared, config: &ScriptConfig, given: &Given) -> Vec<Finding> {
    let text = prepared.original();
    let outline = prepass::outline(text, config.source.nesting);
    let mut found = Vec::new();
    variables(&outline, given, &mut found);
    properties(&outline, given, &mut found);
    let findings = found.into_iter().map(|found| {
        let (line, column) = source::position(text, found.offset);
        let (severity, text) = describe(&found);
        Finding {
            file: prepared.name().to_owned(),
            line,
            column,
            source_line: prepared.original_line(line).unwrap_or_default().to_owned(),
            severity,
            subject: found.subject,
            text,
        }
    });
    findings.collect()
}

/// A use of something that is not there or differs.
struct Use {
    subject: String,
    state: State,
    note: &'static str,
    offset: usize,
}

fn describe(found: &Use) -> (Severity, String) {
    let (subject, note) = (&found.subject, found.note);
    match found.state {
        State::Later => (
            Severity::Unsupported,
            format!("`{subject}` is not there yet ({note})"),
        ),
        State::Never => (
            Severity::Unsupported,
            format!("`{subject}` is not part of this server ({note})"),
        ),
        State::Supported | State::Differs => {
            (Severity::Differs, format!("`{subject}` differs: {note}"))
        }
    }
}

fn variables(outline: &Outline<'_>, given: &Given, found: &mut Vec<Use>) {
    for mention in &outline.variables {
        if given.variables.contains(mention.name) {
            continue;
        }
        if let Some(class) = class_of_variable(mention.name) {
            found.extend(use_of_class(class, mention.property, mention.offset));
        } else if let Some(member) = global(mention.name) {
            found.extend(use_of(member.name.to_owned(), member, mention.offset));
        }
    }
}

fn class_of_variable(name: &str) -> Option<&'static Class> {
    api::class(name).filter(|class| class.name != api::GLOBAL)
}

/// A class of which only the name is known, or a function.
fn global(name: &str) -> Option<&'static Member> {
    let mut classes = CLASSES.iter();
    classes.find_map(|class| {
        let is_list = class.name == api::GLOBAL || class.name.contains(' ');
        class.member(name).filter(|_| is_list)
    })
}

fn use_of_class(class: &Class, property: Option<&str>, offset: usize) -> Option<Use> {
    let member = property.and_then(|name| class.member(name));
    let Some(member) = member else {
        return (class.state != State::Supported).then(|| Use {
            subject: class.name.to_owned(),
            state: class.state,
            note: class.note,
            offset,
        });
    };
    // `properties` sees those that tell by themselves.
    let subject = format!("{}.{}", class.name, member.name);
    use_of(subject, member, offset).filter(|_| !member.is_telling)
}

fn use_of(subject: String, member: &Member, offset: usize) -> Option<Use> {
    (member.state != State::Supported).then_some(Use {
        subject,
        state: member.state,
        note: member.note,
        offset,
    })
}

fn properties(outline: &Outline<'_>, given: &Given, found: &mut Vec<Use>) {
    for mention in &outline.properties {
        let Some((class, member)) = telling(mention.name) else {
            continue;
        };
        // A script that defines the method has its own, or makes up for the one that is missing.
        let own = member.kind == Kind::Method && given.properties.contains(mention.name);
        let own = own || given.variables.contains(class.name);
        if !own {
            let subject = format!("{}.{}", class.name, member.name);
            found.extend(use_of(subject, member, mention.offset));
        }
    }
}

fn telling(name: &str) -> Option<(&'static Class, &'static Member)> {
    let mut classes = CLASSES.iter();
    classes.find_map(|class| {
        let member = class.member(name).filter(|member| member.is_telling)?;
        Some((*class, member))
    })
}
