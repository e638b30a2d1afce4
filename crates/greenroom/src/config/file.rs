//! The layer of the configuration file.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;
use super::keys::SECTIONS;
use super::layers::{Entry, FileLayer, Source, find};
use super::nearest::nearest;
use super::value::Given;

/// Reads the keys of the file and complains about everything else in it, in the file's order.
pub(super) fn read(layer: &FileLayer, entries: &mut Vec<Entry>, problems: &mut Vec<Problem>) {
    let document = match DeTable::parse(&layer.text) {
        Ok(document) => document.into_inner(),
        Err(error) => return problems.push(syntax_problem(layer, &error)),
    };
    for (name, value) in in_order(&document) {
        let section: &str = name.get_ref();
        let source = placeat(layer, name.span().start);
        match value.get_ref() {
            DeValue::Table(keys) if is_section(section) => {
                read_section(layer, section, keys, entries, problems);
            }
            DeValue::Table(_) => problems.push(unknown_section(section, &source)),
            _ => problems.push(Problem::unknown_key(section, &source)),
        }
    }
}

fn read_section(
    layer: &FileLayer,
    section: &str,
    keys: &DeTable<'_>,
    entries: &mut Vec<Entry>,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in in_order(keys) {
        let path = format!("{section}.{}", name.get_ref());
        let source = placeat(layer, name.span().start);
        match find(&path) {
            Some(key) => entries.push(Entry {
                key,
                given: given(value.get_ref()),
                source,
            }),
            None => problems.push(Problem::unknown_key(&path, &source)),
        }
    }
}

/// The entries of a table as they follow each other in the file; the map sorts them by name.
fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(
    &'t Spanned<toml::de::DeString<'i>>,
    &'t Spanned<DeValue<'i>>,
)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
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

fn given(value: &DeValue<'_>) -> Given {
    match value {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .map_or(Given::Other("an integer too large to read"), Given::Integer),
        DeValue::Boolean(flag) => Given::Flag(*flag),
        DeValue::Array(list) => Given::List(list.iter().map(|v| given(v.get_ref())).collect()),
        DeValue::Float(_) => Given::Other("a number with a fraction"),
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Table(_) => Given::Other("a table"),
    }
}

fn placeat(layer: &FileLayer, offset: usize) -> Source {
    Source::File {
        name: layer.name.clone(),
        line: line_of(&layer.text, offset),
    }
}

/// The line, from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}

fn syntax_problem(layer: &FileLayer, error: &toml::de::Error) -> Problem {
    let offset = error.span().map_or(0, |span| span.start);
    Problem::Syntax {
        file: layer.name.clone(),
        line: line_of(&layer.text, offset),
        // The parser writes several lines when asked to display itself; we promise one.
        message: error.message().lines().collect::<Vec<_>>().join(", "),
    }
}
