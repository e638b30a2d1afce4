//! The reference page of all keys, made from their declaration.

use std::fmt::Write as _;

use configtext::{Unit, paragraph, range_words, value_words};

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
    let _ = writeln!(
        page,
        "- Value: {}{}",
        accepts(key),
        range_words(key.accepts, key.unit(), key.range.as_ref())
    );
    let _ = writeln!(page, "- Default: `{default}`");
    if let Some(reached) = key.reached {
        let _ = writeln!(page, "- When reached: {reached}");
    }
    if key.is_reread() {
        page.push_str("- Read again on SIGHUP\n");
    }
    let _ = writeln!(page, "- Variable: `{}`", key.variable());
}

fn accepts(key: &Key) -> &'static str {
    match key.unit() {
        Unit::Bytes => "bytes",
        Unit::Milliseconds => "milliseconds",
        Unit::None => key.accepts,
    }
}

fn default_of(key: &Key) -> String {
    value_words(&(key.read)(&Config::default()), key.unit())
}
