//! Where a client wants to go: the URL of `connect`, taken apart.
//!
//! The rules here are those of the Macromedia manuals: `scheme:[//host[:port]]/app[/instance]`
//! with an optional query. [`srs`] has the rules of another popular server for those who
//! migrate from it.

pub mod srs;

use std::fmt;

use thiserror::Error as ThisError;

/// The instance of an application whose URL names none.
pub const DEFAULT_INSTANCE: &str = "_definst_";

/// How a client reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// RTMP over TCP.
    Rtmp,
    /// RTMP over TLS.
    Rtmps,
    /// RTMP inside HTTP.
    Rtmpt,
    /// RTMP inside HTTPS.
    Rtmpts,
    /// Encrypted RTMP.
    Rtmpe,
    /// Encrypted RTMP inside HTTP.
    Rtmpte,
    /// HTTP, as other protocols name their streams.
    Http,
    /// HTTPS.
    Https,
}

impl Scheme {
    const ALL: [Self; 8] = [
        Self::Rtmp,
        Self::Rtmps,
        Self::Rtmpt,
        Self::Rtmpts,
        Self::Rtmpe,
        Self::Rtmpte,
        Self::Http,
        Self::Https,
    ];

    /// The text before the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::Rtmps => "rtmps",
            Self::Rtmpt => "rtmpt",
            Self::Rtmpts => "rtmpts",
            Self::Rtmpe => "rtmpe",
            Self::Rtmpte => "rtmpte",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port used when the URL names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Rtmp | Self::Rtmpe => 1935,
            Self::Rtmps | Self::Rtmpts | Self::Https => 443,
            Self::Rtmpt | Self::Rtmpte | Self::Http => 80,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a URL cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum UrlError {
    /// There is no colon after a scheme.
    #[error("the URL has no scheme")]
    NoScheme,
    /// The scheme is none of [`Scheme`].
    #[error("the URL's scheme {scheme:?} is unknown")]
    UnknownScheme {
        /// The text before the colon.
        scheme: String,
    },
    /// The port is no number from 1 to 65535, or what follows the host is no port.
    #[error("the URL's port {port:?} is not a port")]
    BadPort {
        /// The text after the host.
        port: String,
    },
    /// There is no application.
    #[error("the URL names no application")]
    NoApp,
    /// A control character, which no name may contain.
    #[error("the URL contains a control character")]
    ControlCharacter,
}

/// The URL of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectUrl {
    /// How the client came.
    pub scheme: Scheme,
    /// The host as the client wrote it; empty in `rtmp:/app`, which means the host the movie
    /// came from. IPv6 addresses have no brackets here.
    pub host: String,
    /// The port, or the scheme's default.
    pub port: u16,
    /// What it connects to.
    pub target: Target,
}

/// An application and its instance.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The application: the first part of the path, never empty.
    pub app: String,
    /// The rest of the path, which may contain slashes, or [`DEFAULT_INSTANCE`].
    pub instance: String,
    /// What follows the first question mark, without it.
    pub query: Option<String>,
}

impl ConnectUrl {
    /// Takes a `tcUrl` apart.
    ///
    /// # Errors
    ///
    /// See [`UrlError`].
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let Parts {
            scheme,
            host,
            port,
            path,
        } = split(url)?;
        let target = Target::parse(path)?;
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            target,
        })
    }
}

impl Target {
    /// Takes `app[/instance][?query]` apart: the path of a URL, or the `app` property of
    /// `connect`. Slashes at the start and at the end do not count.
    ///
    /// # Errors
    ///
    /// [`UrlError::NoApp`] when nothing is left, [`UrlError::ControlCharacter`].
    pub fn parse(path: &str) -> Result<Self, UrlError> {
        if path.chars().any(char::is_control) {
            return Err(UrlError::ControlCharacter);
        }
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        let path = path.trim_matches('/');
        let (app, instance) = path.split_once('/').unwrap_or((path, DEFAULT_INSTANCE));
        if app.is_empty() {
            return Err(UrlError::NoApp);
        }
        let instance = instance.trim_start_matches('/').to_owned();
        Ok(Self {
            app: app.to_owned(),
            instance,
            query,
        })
    }
}

/// A URL before its path is looked at.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    scheme: Scheme,
    host: &'a str,
    port: u16,
    /// Path and query, with or without a slash at the start.
    path: &'a str,
}

/// Splits `scheme:[//[user@]host[:port]]/path`.
fn split(url: &str) -> Result<Parts<'_>, UrlError> {
    let (name, rest) = url.split_once(':').ok_or(UrlError::NoScheme)?;
    let unknown = || UrlError::UnknownScheme {
        scheme: name.to_owned(),
    };
    let scheme = Scheme::parse(name).ok_or_else(unknown)?;
    let Some(rest) = rest.strip_prefix("//") else {
        return Ok(Parts {
            scheme,
            host: "",
            port: scheme.default_port(),
            path: rest,
        });
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, port) = split_port(host, scheme.default_port())?;
    Ok(Parts {
        scheme,
        host,
        port,
        path,
    })
}

/// Splits `host[:port]`, where the host may be an IPv6 address in brackets.
fn split_port(authority: &str, default: u16) -> Result<(&str, u16), UrlError> {
    let (host, rest) = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, rest)) => (host, rest),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if rest.is_empty() {
        return Ok((host, default));
    }
    let bad = || UrlError::BadPort {
        port: rest.to_owned(),
    };
    match rest.strip_prefix(':') {
        Some("") => Ok((host, default)),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port = digits
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(bad)?;
            Ok((host, port))
        }
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectUrl, Scheme, Target, UrlError};

    fn target(app: &str, instance: &str, query: Option<&str>) -> Target {
        Target {
            app: app.into(),
            instance: instance.into(),
            query: query.map(Into::into),
        }
    }

    #[test]
    fn urls_are_taken_apart() {
        for (url, scheme, host, port, expected) in [
            (
                "rtmp://h/a",
                Scheme::Rtmp,
                "h",
                1935,
                target("a", "_definst_", None),
            ),
            (
                "RTMP://h:80/a/b/c",
                Scheme::Rtmp,
                "h",
                80,
                target("a", "b/c", None),
            ),
            (
                "rtmps://[::1]:8443/a/",
                Scheme::Rtmps,
                "::1",
                8443,
                target("a", "_definst_", None),
            ),
            (
                "rtmp://[::1]/a//b",
                Scheme::Rtmp,
                "::1",
                1935,
                target("a", "b", None),
            ),
            (
                "rtmp://u:p@h:/a",
                Scheme::Rtmp,
                "h",
                1935,
                target("a", "_definst_", None),
            ),
            (
                "rtmp:/a/r?k=/v?",
                Scheme::Rtmp,
                "",
                1935,
                target("a", "r", Some("k=/v?")),
            ),
            (
                "rtmp:a",
                Scheme::Rtmp,
                "",
                1935,
                target("a", "_definst_", None),
            ),
            (
                "rtmpt://h//a?",
                Scheme::Rtmpt,
                "h",
                80,
                target("a", "_definst_", Some("")),
            ),
        ] {
            let expected = ConnectUrl {
                scheme,
                host: host.into(),
                port,
                target: expected,
            };
            assert_eq!(ConnectUrl::parse(url), Ok(expected), "{url}");
        }
    }

    #[test]
    fn bad_urls_say_why() {
        let unknown = UrlError::UnknownScheme {
            scheme: "ftp".into(),
        };
        let bad = |port: &str| UrlError::BadPort { port: port.into() };
        for (url, expected) in [
            ("", UrlError::NoScheme),
            ("live", UrlError::NoScheme),
            ("ftp://h/a", unknown),
            ("rtmp://h:0/a", bad(":0")),
            ("rtmp://h:65536/a", bad(":65536")),
            ("rtmp://h:+1/a", bad(":+1")),
            ("rtmp://[::1]x/a", bad("x")),
            ("rtmp://h", UrlError::NoApp),
            ("rtmp://h/", UrlError::NoApp),
            ("rtmp://h/?q", UrlError::NoApp),
            ("rtmp://h/a\0b", UrlError::ControlCharacter),
        ] {
            assert_eq!(ConnectUrl::parse(url), Err(expected), "{url}");
        }
    }
}
