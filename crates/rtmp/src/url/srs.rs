//! The URL rules of SRS: a virtual host may be named in the query of the URL or of the stream,
//! and the whole path is the application.
//!
//! Not what Flash applications expect; a server offers it as a switch.

use super::{DEFAULT_INSTANCE, Scheme, UrlError, split};

/// The application of a URL without a path.
pub const DEFAULT_APP: &str = "__defaultApp__";

/// The virtual host that means "the host of the URL".
const DEFAULT_VHOST: &str = "__defaultVhost__";

/// A stream's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// How the client came.
    pub scheme: Scheme,
    /// The host of the URL.
    pub host: String,
    /// The virtual host: named in the query, else the host.
    pub vhost: String,
    /// The port, or the scheme's default.
    pub port: u16,
    /// The whole path, without a default instance at its end.
    pub app: String,
    /// The stream's name without its query.
    pub stream: String,
    /// The query of the stream, or else of the URL, with its question mark; empty without one.
    pub param: String,
}

/// Finds out which stream of which virtual host is meant by a URL and a stream name.
///
/// # Errors
///
/// See [`UrlError`]; a missing application is none, see [`DEFAULT_APP`].
pub fn discover(tc_url: &str, stream: &str) -> Result<Discovered, UrlError> {
    let parts = split(tc_url)?;
    if tc_url.chars().chain(stream.chars()).any(char::is_control) {
        return Err(UrlError::ControlCharacter);
    }
    let path = parts.path.trim_start_matches('/');
    let (path, url_query) = split_query(path);
    // Older than the query: "app...vhost...name" with more parameters behind an ampersand.
    let (path, legacy) = path.split_once("...").unwrap_or((path, ""));
    let legacy = legacy.replacen("vhost...", "vhost=", 1);
    let (stream, stream_query) = split_query(stream);
    let vhost = [stream_query, url_query, &legacy]
        .into_iter()
        .find_map(vhost_in);
    let suffix = format!("/{DEFAULT_INSTANCE}");
    let app = path.trim_end_matches('/');
    let app = app.strip_suffix(suffix.as_str()).unwrap_or(app);
    let query = if stream_query.is_empty() {
        url_query
    } else {
        stream_query
    };
    Ok(Discovered {
        scheme: parts.scheme,
        host: parts.host.to_owned(),
        vhost: vhost.unwrap_or(parts.host).to_owned(),
        port: parts.port,
        app: if app.is_empty() { DEFAULT_APP } else { app }.to_owned(),
        stream: stream.to_owned(),
        param: if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        },
    })
}

/// Splits at the first question mark, which neither part keeps.
fn split_query(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

/// The virtual host a query names as `vhost` or `domain`.
fn vhost_in(query: &str) -> Option<&str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| matches!(*key, "vhost" | "domain"))
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty() && *value != DEFAULT_VHOST)
}
