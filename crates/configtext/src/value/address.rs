//! Addresses to listen on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{Given, Setting};
use crate::Unit;

impl Setting for SocketAddr {
    const ACCEPTS: &'static str = "address";

    fn from_given(given: &Given, _: Unit) -> Result<Self, String> {
        let text = match given {
            Given::Integer(port) => port.to_string(),
            other => other.text()?.trim().to_owned(),
        };
        read_address(&text)
    }

    fn measure(&self) -> u64 {
        u64::from(self.port())
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::String(self.to_string())
    }
}

/// Reads an address as `rtmp.listen` and the other keys of this type do, or says what it must be.
pub fn read_address(text: &str) -> Result<SocketAddr, String> {
    parse_address(text).ok_or_else(|| {
        "must be an IP address and port, such as 0.0.0.0:1935 or [::1]:1935".to_owned()
    })
}

/// Reads `IP:PORT`, `localhost:PORT`, and `:PORT` or `PORT` for all IPv4 addresses. No other
/// host names: what they mean can change between two starts.
fn parse_address(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ip = match host {
        "" => Ipv4Addr::UNSPECIFIED,
        "localhost" => Ipv4Addr::LOCALHOST,
        _ => return None,
    };
    Some(SocketAddr::new(IpAddr::V4(ip), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_an_address() {
        let cases = [
            ("127.0.0.1:1935", Some("127.0.0.1:1935")),
            ("[::]:0", Some("[::]:0")),
            ("localhost:80", Some("127.0.0.1:80")),
            (":8080", Some("0.0.0.0:8080")),
            ("8080", Some("0.0.0.0:8080")),
            ("", None),
            (":", None),
            ("127.0.0.1", None),
            ("::1", None),
            ("example.org:80", None),
            (":+80", None),
            (":65536", None),
            ("0.0.0.0:-1", None),
        ];
        for (text, address) in cases {
            assert_eq!(
                parse_address(text).map(|a| a.to_string()).as_deref(),
                address,
                "{text:?}"
            );
        }
    }
}
