//! The reference page of all keys, made from their declaration.

use std::fmt::Write as _;

use configtext::{Unit, format_size};

use super::key::Key;
use super::keys::{Config, KEYS, SECTIONS};
use super::variables::{RESERVED, RESERVED_PREFIX};

const INTRODUCTION: &str = include_str!("reference_introduction.md");

/// The Markdown of `docs/reference/config.md`.
pub fn reference() -> String {
    let mut reserved = String::new();
    for (name, about) in RESERVED {
        let _ = writeln!(reserved, "- `{name}`: {about};");
    }
    let mut page = INTRODUCTION
        .replace("{reserved}", &reserved)
        .replace("{reserved_prefix}", RESERVED_PREFIX);
    for (section, about) in SECTIONS {
        let _ = write!(page, "\n## [{section}]\n\n{}\n", paragraph(about));
        for key in KEYS.iter().filter(|key| key.section == *section) {
            write_key(&mut page, key);
        }
    }
    page
}

fn write_key(page: &mut String, key: &Key) {
    let default = default_of(key);
    let _ = write!(
        page,
        "\n### `{}`\n\n{}\n\n",
        key.path(),
        paragraph(key.docs)
    );
    let _ = writeln!(page, "- Value: {}{}", accepts(key), range(key));
    let _ = writeln!(page, "- Default: `{default}`");
    if let Some(reached) = key.reached {
        let _ = writeln!(page, "- When reached: {reached}");
    }
    let _ = writeln!(page, "- Variable: `{}`", key.variable());
}

/// The lines of a doc comment as one paragraph.
fn paragraph(lines: &[&str]) -> String {
    lines
        .iter()
        .map(|line| line.trim())
        .collect::<Vec<_>>()
        .join("\n")
}

fn accepts(key: &Key) -> &'static str {
    match key.unit() {
        Unit::Bytes => "bytes",
        Unit::Milliseconds => "milliseconds",
        Unit::None => key.accepts,
    }
}

fn range(key: &Key) -> String {
    let Some(range) = &key.range else {
        return String::new();
    };
    let (low, high) = (*range.start(), *range.end());
    match (key.unit(), key.accepts) {
        (Unit::Bytes, _) => format!(", {} to {}", format_size(low), format_size(high)),
        (_, "text" | "path") => format!(", {low} to {high} bytes long"),
        (_, "list") => format!(", {low} to {high} entries"),
        _ => format!(", {low} to {high}"),
    }
}

fn default_of(key: &Key) -> String {
    match ((key.read)(&Config::default()), key.unit()) {
        (toml::Value::Integer(bytes), Unit::Bytes) => {
            let text = format_size(u64::try_from(bytes).unwrap_or_default());
            if text.ends_with('B') {
                format!("\"{text}\"")
            } else {
                text
            }
        }
        (value, _) => value.to_string(),
    }
}
