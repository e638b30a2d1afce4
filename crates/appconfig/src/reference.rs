//! The reference page of all keys, made from their declaration and the table of tags.

use std::fmt::Write as _;

use configtext::{Unit, paragraph, range_words, value_words};

use crate::key::Key;
use crate::keys::{ApplicationConfig, KEYS, SECTIONS};
use crate::tags::{Effect, TAGS, tags_of};

const INTRODUCTION: &str = include_str!("reference_introduction.md");

/// The Markdown of `docs/reference/application-config.md`.
pub fn reference() -> String {
    // The link would lead nowhere from the folder of the template.
    let link = "[configuration reference](config.md)";
    let mut page = INTRODUCTION.replace("{configuration reference}", link);
    for (section, about) in SECTIONS {
        let _ = write!(page, "\n## [{section}]\n\n{}\n", paragraph(about));
        for key in KEYS.iter().filter(|key| key.section == *section) {
            write_key(&mut page, key);
        }
    }
    page.push_str("\n## Tags without effect\n\n");
    page.push_str("These are known, and do nothing here, nor does anything in them:\n\n");
    for tag in TAGS {
        if let Effect::Nothing(why) | Effect::NotEnforced(why, _) = tag.effect {
            let _ = writeln!(page, "- `{}`: {why}.", tag.path);
        }
    }
    page
}

fn write_key(page: &mut String, key: &Key) {
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
    let default = shown(key, &ApplicationConfig::default());
    let original = shown(key, &ApplicationConfig::original());
    match key.server {
        Some(server) => {
            let _ = writeln!(page, "- Default: what the server's `{server}` says");
        }
        None => {
            let _ = writeln!(page, "- Default: `{default}`");
        }
    }
    if original != default {
        let _ = writeln!(page, "- Flash Communication Server 1.5: `{original}`");
    }
    if let Some(reached) = key.reached {
        let _ = writeln!(page, "- When reached: {reached}");
    }
    if let Some(later) = key.later {
        let _ = writeln!(page, "- No effect yet: it comes with {later}.");
    }
    let tags: Vec<String> = tags_of(&key.path()).map(|tag| format!("`{tag}`")).collect();
    if !tags.is_empty() {
        let _ = writeln!(page, "- Tag: {}", tags.join(", "));
    }
}

fn is_limit(key: &Key) -> bool {
    key.accepts.contains("unlimited")
}

fn accepts(key: &Key) -> String {
    let or_unlimited = if is_limit(key) {
        " or `\"unlimited\"`"
    } else {
        ""
    };
    match key.unit() {
        Unit::Bytes => format!("bytes{or_unlimited}"),
        Unit::Milliseconds => format!("milliseconds{or_unlimited}"),
        Unit::None => key.accepts.to_owned(),
    }
}

/// A key's value as it is written in the file.
fn shown(key: &Key, config: &ApplicationConfig) -> String {
    value_words(&(key.read)(config), key.unit())
}
