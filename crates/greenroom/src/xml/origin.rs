//! Which pages may open a WebSocket on the XML port: those whose movies may open a socket.

use std::ops::Deref;

/// Whether a page of this origin (RFC 6454) is of one of the domains of the policy file. Clients
/// that are no browsers name no origin.
pub(super) fn may_open(origin: Option<&str>, domains: &[impl Deref<Target = str>]) -> bool {
    let Some(origin) = origin else { return true };
    let host = host_of(origin);
    domains.iter().any(|domain| fits(host, domain))
}

/// The host in `https://host:port`; nothing in `null`.
fn host_of(origin: &str) -> Option<&str> {
    let (_, authority) = origin.split_once("://")?;
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(host),
        _ => Some(authority),
    }
}

fn fits(host: Option<&str>, domain: &str) -> bool {
    if domain == "*" {
        return true;
    }
    let Some(host) = host.map(str::to_ascii_lowercase) else {
        return false;
    };
    let domain = domain.to_ascii_lowercase();
    match domain.strip_prefix("*.") {
        Some(parent) => {
            host == parent
                || host
                    .strip_suffix(parent)
                    .is_some_and(|below| below.ends_with('.'))
        }
        None => host == domain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_domains_may() {
        let named = |domains: &[&str]| {
            domains
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        let own = named(&["*.example.org", "10.0.0.1"]);
        for origin in [
            "https://example.org",
            "http://Chat.example.org:8080",
            "http://10.0.0.1:80",
        ] {
            assert!(may_open(Some(origin), &own), "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://badexample.org",
            "https://example.org.evil.net",
            "http://10.0.0.12",
        ] {
            assert!(!may_open(Some(origin), &own), "{origin}");
            assert!(may_open(Some(origin), &named(&["*"])), "{origin}");
        }
        assert!(may_open(None, &own));
        assert!(!may_open(Some("https://example.org"), &named(&[])));
    }
}
