//! The policy file that Flash Player asks for before it opens a socket.
//!
//! The player opens a connection of its own, to port 843 and else to the port it wants, sends a
//! request and a zero byte, and expects the document and a zero byte. Then the connection ends.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::str::FromStr;

use bytes::BytesMut;

use crate::charset::Charset;
use crate::text;

/// Whether a frame asks for the policy file. Players send `<policy-file-request/>`; manuals print
/// it with a space before the slash, and that of Flash MX 2004 calls it `<cross-domain-request/>`.
pub fn is_policy_request(frame: &str) -> bool {
    let name = frame
        .trim()
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix("/>"));
    matches!(
        name.map(str::trim_end),
        Some("policy-file-request" | "cross-domain-request")
    )
}

/// Why a policy cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A domain that is empty or holds spaces or control characters.
    #[error("{0:?} is no domain; write a host name, an address, \"*.example.com\" or \"*\"")]
    Domain(String),
    /// Ports that are none.
    #[error("{0:?} names no ports; write \"*\", or ports and ranges such as \"9875,516-523\"")]
    Ports(String),
    /// A word that is no rule about other policy files.
    #[error("{0:?} is none of \"all\", \"master-only\" and \"none\"")]
    SiteControl(String),
}

/// Which other policy files of this host count. Players heed it in the one from port 843 only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SiteControl {
    /// Those of every port; what players do when nothing is said about sockets.
    #[default]
    All,
    /// That of port 843 only.
    MasterOnly,
    /// Not even that one: no sockets at all.
    None,
}

impl SiteControl {
    /// The word in the document and in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::MasterOnly => "master-only",
            Self::None => "none",
        }
    }
}

impl FromStr for SiteControl {
    type Err = PolicyError;

    fn from_str(word: &str) -> Result<Self, PolicyError> {
        [Self::All, Self::MasterOnly, Self::None]
            .into_iter()
            .find(|rule| rule.as_str() == word)
            .ok_or_else(|| PolicyError::SiteControl(word.to_owned()))
    }
}

/// The ports that movies may open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ports {
    /// Every port. Players take that for those from 1024 when the document did not come from a
    /// port below.
    All,
    /// These, as single ports and ranges.
    Some(Vec<RangeInclusive<u16>>),
}

impl Ports {
    /// One port.
    pub fn one(port: u16) -> Self {
        Self::Some(vec![port..=port])
    }

    fn write(&self, out: &mut String) {
        let Self::Some(ranges) = self else {
            out.push('*');
            return;
        };
        for (i, range) in ranges.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            // Writing to a string does not fail.
            let _ = match (range.start(), range.end()) {
                (first, last) if first == last => write!(out, "{comma}{first}"),
                (first, last) => write!(out, "{comma}{first}-{last}"),
            };
        }
    }
}

impl FromStr for Ports {
    type Err = PolicyError;

    /// Reads `*`, or ports and ranges with commas between: `9875,1935,516-523`.
    fn from_str(list: &str) -> Result<Self, PolicyError> {
        if list.trim() == "*" {
            return Ok(Self::All);
        }
        let ranges: Option<Vec<_>> = list.split(',').map(range).collect();
        ranges
            .map(Self::Some)
            .ok_or_else(|| PolicyError::Ports(list.to_owned()))
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let port = |text: &str| text.trim().parse().ok().filter(|port: &u16| *port > 0);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (port(first)?, port(last)?);
    (first <= last).then_some(first..=last)
}

/// Who may open which ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    domain: String,
    ports: Ports,
}

impl Access {
    /// Movies from `domain` may open `ports`. A domain is a host name, an address, a name with
    /// `*.` before it, or `*` for all.
    ///
    /// # Errors
    ///
    /// When the domain cannot be one.
    pub fn new(domain: &str, ports: Ports) -> Result<Self, PolicyError> {
        let wrong = |c: char| c.is_whitespace() || c.is_control();
        if domain.is_empty() || domain.contains(wrong) {
            return Err(PolicyError::Domain(domain.to_owned()));
        }
        Ok(Self {
            domain: domain.to_owned(),
            ports,
        })
    }
}

/// What the policy file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Which other policy files count, or nothing about it.
    pub site_control: Option<SiteControl>,
    /// Who may open what. Nobody, when it is empty.
    pub access: Vec<Access>,
}

impl Policy {
    /// The text of the policy file.
    pub fn text(&self) -> String {
        let mut out = r#"<?xml version="1.0"?><cross-domain-policy>"#.to_owned();
        if let Some(rule) = self.site_control {
            let word = rule.as_str();
            // Writing to a string does not fail.
            let _ = write!(
                out,
                r#"<site-control permitted-cross-domain-policies="{word}"/>"#
            );
        }
        for access in &self.access {
            out.push_str(r#"<allow-access-from domain=""#);
            text::escape(&access.domain, &mut out);
            out.push_str(r#"" to-ports=""#);
            access.ports.write(&mut out);
            out.push_str(r#""/>"#);
        }
        out.push_str("</cross-domain-policy>");
        out
    }

    /// The answer to a request: the text and its zero byte. Close the connection after it.
    pub fn document(&self) -> BytesMut {
        let mut out = BytesMut::new();
        Charset::default().frame(&self.text(), &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_who_may_open_what() {
        let policy = Policy {
            site_control: Some(SiteControl::All),
            access: vec![Access::new("*", "9875,1935".parse().unwrap()).unwrap()],
        };
        assert_eq!(
            policy.document(),
            &b"<?xml version=\"1.0\"?><cross-domain-policy><site-control \
               permitted-cross-domain-policies=\"all\"/><allow-access-from domain=\"*\" \
               to-ports=\"9875,1935\"/></cross-domain-policy>\0"[..]
        );
    }

    #[test]
    fn every_setting_can_be_written() {
        let access = vec![
            Access::new("*.example.com", "516-523, 9875".parse().unwrap()).unwrap(),
            Access::new("a&\"<b", Ports::All).unwrap(),
            Access::new("10.0.0.1", Ports::one(843)).unwrap(),
        ];
        let policy = Policy {
            site_control: None,
            access,
        };
        assert_eq!(
            policy.text(),
            r#"<?xml version="1.0"?><cross-domain-policy><allow-access-from domain="*.example.com" to-ports="516-523,9875"/><allow-access-from domain="a&amp;&quot;&lt;b" to-ports="*"/><allow-access-from domain="10.0.0.1" to-ports="843"/></cross-domain-policy>"#
        );
        for word in ["all", "master-only", "none"] {
            assert_eq!(word.parse::<SiteControl>().unwrap().as_str(), word);
        }
    }

    #[test]
    fn settings_that_mean_nothing_are_refused() {
        for ports in ["", "0", "9875,", "70000", "9-", "523-516", "a"] {
            let refused = PolicyError::Ports(ports.to_owned());
            assert_eq!(ports.parse::<Ports>(), Err(refused));
        }
        for domain in ["", "a b", "a\n"] {
            let refused = PolicyError::Domain(domain.to_owned());
            assert_eq!(Access::new(domain, Ports::All), Err(refused));
        }
        assert!("by-content-type".parse::<SiteControl>().is_err());
    }

    #[test]
    fn other_frames_are_no_requests() {
        for frame in ["<policy-file-request>", "policy-file-request/>", "<a/>", ""] {
            assert!(!is_policy_request(frame), "{frame}");
        }
    }
}
