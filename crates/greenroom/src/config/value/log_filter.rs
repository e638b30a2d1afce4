//! Which log lines are written.

use configtext::{Given, Setting, Unit};
use tracing_subscriber::EnvFilter;

/// A level, or a list of levels per module, known to be well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The text of the filter.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl Setting for LogFilter {
    const ACCEPTS: &'static str = "filter";

    fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
        let text = given.text()?;
        if is_filter(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(
                "must be error, warn, info, debug, trace or off, or a list such as \
                 warn,greenroom=info"
                    .to_owned(),
            )
        }
    }

    fn measure(&self) -> u64 {
        self.0.len() as u64
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::String(self.0.clone())
    }
}

/// Stricter than the filter's own parser, which takes a mistyped level for a module's name and
/// then logs nothing else.
fn is_filter(text: &str) -> bool {
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    let directive_ok = |part: &str| {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
        LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level))
    };
    text.split(',').all(directive_ok) && text.parse::<EnvFilter>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for filter in ["info", "WARN", "off", "warn,greenroom=info", "hyper=warn"] {
            assert!(is_filter(filter), "{filter}");
        }
        for wrong in [
            "",
            "inof",
            "info,",
            "greenroom=loud",
            "=info,=",
            "greenroom::rtmp",
        ] {
            assert!(!is_filter(wrong), "{wrong}");
        }
    }
}
