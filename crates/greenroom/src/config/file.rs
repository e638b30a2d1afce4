//! The layer of the configuration file.

use configtext::{Document, Named, nearest};

use super::error::Problem;
use super::keys::SECTIONS;
use super::layers::{Entry, FileLayer, Source, find};

/// Reads the keys of the file and complains about everything else in it, in the file's order.
pub(super) fn read(layer: &FileLayer, entries: &mut Vec<Entry>, problems: &mut Vec<Problem>) {
    let document = match Document::parse(&layer.text) {
        Ok(document) => document,
        Err(error) => {
            return problems.push(Problem::Syntax {
                file: layer.name.clone(),
                line: error.line,
                message: error.message,
            });
        }
    };
    for named in document.names() {
        match named.table() {
            Some(keys) if is_section(named.name) => {
                read_section(layer, named.name, &keys, entries, problems);
            }
            Some(_) => problems.push(unknown_section(named.name, &place(layer, &named))),
            None => problems.push(Problem::unknown_key(named.name, &place(layer, &named))),
        }
    }
}

fn read_section(
    layer: &FileLayer,
    section: &str,
    keys: &[Named<'_>],
    entries: &mut Vec<Entry>,
    problems: &mut Vec<Problem>,
) {
    for named in keys {
        let path = format!("{section}.{}", named.name);
        let source = place(layer, named);
        match find(&path) {
            Some(key) => entries.push(Entry {
                key,
                given: named.given(),
                source,
            }),
            None => problems.push(Problem::unknown_key(&path, &source)),
        }
    }
}

fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|(section, _)| *section == name)
}

fn unknown_section(name: &str, source: &Source) -> Problem {
    Problem::Unknown {
        kind: "section",
        name: name.to_owned(),
        place: source.to_string(),
        suggestion: nearest(name, SECTIONS.iter().map(|(section, _)| *section)).map(str::to_owned),
    }
}

fn place(layer: &FileLayer, named: &Named<'_>) -> Source {
    Source::File {
        name: layer.name.clone(),
        line: named.line,
    }
}
