//! How reference pages word what is known of a key.

use std::ops::RangeInclusive;

use crate::unit::Unit;
use crate::value::format_size;

/// The lines of a doc comment as one paragraph.
pub fn paragraph(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join("\n")
}

/// What a key's range says after what it accepts; nothing if it has none.
pub fn range_words(accepts: &str, unit: Unit, range: Option<&RangeInclusive<u64>>) -> String {
    let Some(range) = range else {
        return String::new();
    };
    let (low, high) = (*range.start(), *range.end());
    match (unit, accepts) {
        (Unit::Bytes, _) => format!(", {} to {}", format_size(low), format_size(high)),
        (_, "text" | "path") => format!(", {low} to {high} bytes long"),
        (_, "list") => format!(", {low} to {high} entries"),
        _ => format!(", {low} to {high}"),
    }
}

/// A value as it is written in the file.
pub fn value_words(value: &toml::Value, unit: Unit) -> String {
    match (value, unit) {
        (toml::Value::Integer(bytes), Unit::Bytes) => {
            let text = format_size(u64::try_from(*bytes).unwrap_or_default());
            if text.ends_with('B') {
                format!("\"{text}\"")
            } else {
                text
            }
        }
        _ => value.to_string(),
    }
}
