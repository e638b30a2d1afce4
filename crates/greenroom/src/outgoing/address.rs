//! Where a request goes: the address that a script writes, and the network's addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::Uri;

/// Bytes of an address that a request may be made to.
const URL_MAX: usize = 8_192;

/// The parts of an `http` or `https` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// A name in lower case, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Over TLS.
    pub(super) secure: bool,
    /// Path and query.
    pub(super) path: String,
}

impl Target {
    /// Takes an address apart.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        if url.len() > URL_MAX {
            return Err(format!("the address is longer than {URL_MAX} bytes"));
        }
        let wrong = || format!("{} is not an address of HTTP", url.escape_debug());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?;
        if authority.as_str().contains('@') {
            return Err("an address with a user's name is not supported".to_owned());
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let named_port = authority.as_str().len() > authority.host().len();
        let port = match authority.port_u16() {
            Some(port) if port != 0 => port,
            None if !named_port => usual_port(secure),
            _ => return Err(wrong()),
        };
        if host.is_empty() {
            return Err(wrong());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port,
            secure,
            path: format!("{slash}{path}"),
        })
    }

    /// The host and the port, if it is not the usual one, as in the header `Host`.
    pub(super) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.clone()
        };
        if *port == usual_port(self.secure) {
            host
        } else {
            format!("{host}:{port}")
        }
    }

    /// What comes before the authority in an address.
    pub(super) fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// The address itself, if the host is not a name.
    pub(super) fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether both are at the same host and port, and equally secure.
    pub(super) fn is_same_server(&self, other: &Self) -> bool {
        self.host == other.host && self.port == other.port && self.secure == other.secure
    }
}

fn usual_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// Whether an address belongs to the public network: not to this machine, a private network, a
/// group, or a range that is reserved (the IANA special-purpose address registries).
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation();
    // This network and the highest addresses; shared by carriers; for protocols; for measurements.
    let reserved = matches!(
        ip.octets(),
        [0 | 240..=255, ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18 | 19, ..]
    );
    !special && !reserved
}

/// Of IPv6 only what is assigned is public, and an address with one of IPv4 inside is as public
/// as that.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, third, .., sixth, seventh] = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match (first, second) {
        // Translation of addresses, and tunnels.
        (0x64, 0xff9b) => third == 0 && is_public_v4(v4(sixth, seventh)),
        (0x2002, _) => is_public_v4(v4(second, third)),
        // Assigned to protocols (a tunnel among them), and for documentation.
        (0x2001, 0..=0x1ff | 0xdb8) => false,
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, is_public};

    #[test]
    fn addresses_are_taken_apart() {
        for (url, host, port, path, authority) in [
            ("http://Example.org", "example.org", 80, "/", "example.org"),
            ("HTTP://h:81/a?b=c#d", "h", 81, "/a?b=c", "h:81"),
            ("http://h?x", "h", 80, "/?x", "h"),
            ("http://[::1]:8080/x", "::1", 8080, "/x", "[::1]:8080"),
            ("http://[::1]/", "::1", 80, "/", "[::1]"),
            ("https://h/a", "h", 443, "/a", "h"),
            ("https://h:80/", "h", 80, "/", "h:80"),
            ("http://h:443/", "h", 443, "/", "h:443"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((&*target.host, target.port), (host, port), "{url}");
            assert_eq!(target.path, path, "{url}");
            assert_eq!(target.authority(), authority, "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in [
            "",
            "/a",
            "h",
            "h/a",
            "ftp://h/",
            "file:///etc/passwd",
            "http://",
            "http:///a",
            "http://h:0/",
            "http://h:99999/",
            "http://h:/",
            "http://u:p@h/",
            "http://h/\r\nx: y",
            "http://a b/",
            "https://h:0/",
            "http://[::1/",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
        let long = format!("http://h/{}", "x".repeat(8_192));
        assert!(Target::parse(&long).is_err());
    }

    #[test]
    fn only_the_public_network_is_public() {
        for ip in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "203.0.113.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "ff02::1",
            "fec0::1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "2001:db8::1",
            "2001::1",
            "100::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "::ffff:1.1.1.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "2001:4860:4860::8888",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
