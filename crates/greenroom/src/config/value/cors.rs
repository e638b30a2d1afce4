//! Web origins whose pages may read from the server.

use configtext::{Given, Setting, Unit};

/// An entry of `http.cors_origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigin {
    /// `*`: every origin.
    Any,
    /// One origin, as browsers send it: `https://www.example.org`, or `null` for local files.
    Exactly(String),
}

impl CorsOrigin {
    /// Whether a request's `Origin` header is this origin.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(allowed) => allowed == origin,
        }
    }
}

impl Setting for CorsOrigin {
    const ACCEPTS: &'static str = "origin";

    fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
        match given.text()? {
            "*" => Ok(Self::Any),
            text if is_origin(text) => Ok(Self::Exactly(text.to_owned())),
            text => Err(format!(
                "must hold \"*\" or origins such as https://www.example.org (lower case, no \
                 path), not `{text}`"
            )),
        }
    }

    fn measure(&self) -> u64 {
        1
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::String(match self {
            Self::Any => "*".to_owned(),
            Self::Exactly(origin) => origin.clone(),
        })
    }
}

/// Whether a browser could send this in its `Origin` header (RFC 6454 §6.2).
fn is_origin(text: &str) -> bool {
    if text == "null" {
        return true;
    }
    let Some((scheme, host)) = text.split_once("://") else {
        return false;
    };
    let scheme_ok = !scheme.is_empty()
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    let host_ok = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._:[]".contains(&b));
    scheme_ok && host_ok
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_as_browsers_send_them() {
        for origin in [
            "https://www.example.org",
            "http://localhost:3000",
            "http://[::1]",
            "null",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for wrong in [
            "",
            "example.org",
            "https://",
            "https://a/",
            "https://A",
            "https://*.a.org",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }

    #[test]
    fn only_the_same_origin_is_allowed() {
        let origin = CorsOrigin::Exactly("https://a.org".to_owned());
        assert!(origin.allows("https://a.org"));
        assert!(!origin.allows("https://a.org.evil.org"));
        assert!(!origin.allows("http://a.org"));
        assert!(CorsOrigin::Any.allows("http://anything"));
    }
}
