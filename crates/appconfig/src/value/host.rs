//! Hosts that scripts may talk to.

use configtext::{Given, Setting, Unit};

/// An entry of `script.hosts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    name: Name,
    port: Option<u16>,
}

/// Lower case; IPv6 addresses without their brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Any,
    /// Every name that ends with a dot and this.
    Below(String),
    Exactly(String),
}

impl Host {
    /// Whether a script may use this port of this host, as the script named it (an IPv6 address
    /// with or without brackets).
    ///
    /// Names are compared as they are written. What a name resolves to is its owner's business, so
    /// callers that let scripts in here must not let names reach addresses of their own network
    /// unless the address itself is allowed too.
    pub fn allows(&self, host: &str, port: u16) -> bool {
        let host = plain(host);
        let name_fits = match &self.name {
            Name::Any => true,
            Name::Exactly(name) => *name == host,
            Name::Below(parent) => host
                .strip_suffix(parent.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
        };
        name_fits && self.port.is_none_or(|only| only == port)
    }

    /// Whether the entry allows this port of this host by its very name or address, and not as
    /// one of many: what callers ask before they let scripts reach addresses of their own
    /// network.
    pub fn names(&self, host: &str, port: u16) -> bool {
        matches!(self.name, Name::Exactly(_)) && self.allows(host, port)
    }
}

/// A host's name in the form in which names are compared.
fn plain(host: &str) -> String {
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Splits a port off: `a:80`, `[::1]:80`. An IPv6 address without brackets has none.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let colons = text.matches(':').count();
    let bracketed = text.starts_with('[');
    if colons == 0 || (colons > 1 && !bracketed) || text.ends_with(']') {
        return Some((text, None));
    }
    let (host, port) = text.rsplit_once(':')?;
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    port.parse().ok().map(|port| (host, Some(port)))
}

fn is_name(text: &str) -> bool {
    let ok = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(ok)
}

fn parse(text: &str) -> Option<Host> {
    let (host, port) = split_port(text.trim())?;
    let name = match (host, host.strip_prefix("*.")) {
        ("*", _) => Name::Any,
        (_, Some(parent)) => Name::Below(plain(parent)),
        (host, None) => Name::Exactly(plain(host)),
    };
    match &name {
        Name::Below(text) | Name::Exactly(text) if !is_name(text) => None,
        _ => Some(Host { name, port }),
    }
}

impl Setting for Host {
    const ACCEPTS: &'static str = "host";

    fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
        let text = given.text()?;
        parse(text).ok_or_else(|| {
            format!(
                "must hold hosts such as \"www.example.org\", \"*.example.org:80\" or \"*\", not \
                 `{}`",
                text.escape_debug()
            )
        })
    }

    fn measure(&self) -> u64 {
        1
    }

    fn to_toml(&self) -> toml::Value {
        let mut text = match &self.name {
            Name::Any => "*".to_owned(),
            Name::Below(parent) => format!("*.{parent}"),
            Name::Exactly(name) if name.contains(':') => format!("[{name}]"),
            Name::Exactly(name) => name.clone(),
        };
        if let Some(port) = self.port {
            text = format!("{text}:{port}");
        }
        toml::Value::String(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_hosts_an_entry_allows() {
        let cases = [
            ("www.example.org", "WWW.example.org.", 80, true),
            ("www.example.org", "example.org", 80, false),
            ("www.example.org", "www.example.org.evil.net", 80, false),
            ("example.org:80", "example.org", 80, true),
            ("example.org:80", "example.org", 443, false),
            ("*.example.org", "a.b.example.org", 1, true),
            ("*.example.org", "example.org", 1, false),
            ("*.example.org", "evilexample.org", 1, false),
            ("*.example.org", ".example.org", 1, false),
            ("*", "anything", 1, true),
            ("*:80", "anything", 81, false),
            ("10.0.0.1", "10.0.0.1", 1, true),
            ("[::1]:80", "::1", 80, true),
            ("::1", "[::1]", 80, true),
        ];
        for (entry, host, port, allowed) in cases {
            let parsed = parse(entry).unwrap();
            assert_eq!(parsed.allows(host, port), allowed, "{entry} {host}:{port}");
            let written = parsed.to_toml();
            assert_eq!(parse(written.as_str().unwrap()), Some(parsed), "{entry}");
        }
    }

    #[test]
    fn patterns_name_no_host() {
        for (entry, host, named) in [
            ("10.0.0.1", "10.0.0.1", true),
            ("[::1]:80", "::1", true),
            ("10.0.0.1:81", "10.0.0.1", false),
            ("*", "10.0.0.1", false),
            ("*.0.0.1", "10.0.0.1", false),
        ] {
            assert_eq!(parse(entry).unwrap().names(host, 80), named, "{entry}");
        }
    }

    #[test]
    fn what_is_no_host() {
        for wrong in [
            "", "*.", "a b", "http://a", "a/b", "a:", "a:x", "a:99999", "*a", "a.*", ".a", "a:+1",
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
