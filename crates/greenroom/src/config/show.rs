//! The effective configuration as a file that would produce it.

use std::fmt::Write as _;

use super::keys::{KEYS, SECTIONS};
use super::layers::{Loaded, Source};

impl Loaded {
    /// The effective values as TOML, with a comment at each that is not built in, saying where
    /// it comes from.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for (index, (section, _)) in SECTIONS.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            let _ = writeln!(text, "{gap}[{section}]");
            for key in KEYS.iter().filter(|key| key.section == *section) {
                let _ = write!(text, "{} = {}", key.name, (key.read)(&self.config));
                match self.source(&key.path()) {
                    Source::Default => text.push('\n'),
                    source => {
                        let _ = writeln!(text, "  # {}", one_line(&source.to_string()));
                    }
                }
            }
        }
        text
    }
}

/// A comment ends with its line, whatever a file is called.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
