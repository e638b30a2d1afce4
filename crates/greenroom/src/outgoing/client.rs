//! One request over one connection.

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use engine::scripting::{HttpRequest, HttpResponse};
use http_body::Body as _;
use hyper::client::conn::http1;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::address::Target;
use super::policy::{OutgoingLimits, OutgoingPolicy};

/// Header lines of a response.
const RESPONSE_HEADERS: usize = 100;
/// The smallest buffer that the HTTP library takes.
const HEAD_BYTES_MIN: usize = 8_192;

/// Headers that say how the message is framed and where it goes. They are not the script's.
const OWN_HEADERS: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A response, and where it sends the client instead.
pub(super) struct Answer {
    pub(super) response: HttpResponse,
    pub(super) location: Option<String>,
}

/// Sends a request to the first of the addresses that takes a connection.
pub(super) async fn send(
    addresses: &[SocketAddr],
    target: &Target,
    request: &HttpRequest,
    policy: &OutgoingPolicy,
) -> Result<Answer, String> {
    let request = build(target, request)?;
    let stream = connect(addresses, target).await?;
    let trust = policy.trust();
    let stream = trust.over(&target.host, stream, target.secure).await?;
    exchange(stream, request, policy.limits()).await
}

/// Sends a request over a connection and reads the answer.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
    limits: &OutgoingLimits,
) -> Result<Answer, String> {
    let mut builder = http1::Builder::new();
    builder
        .max_headers(RESPONSE_HEADERS)
        .max_buf_size(limits.response_head_bytes.max(HEAD_BYTES_MIN));
    let handshake = builder.handshake::<_, Body>(TokioIo::new(stream));
    let failed = |error: hyper::Error| format!("the request failed: {error}");
    let (mut sender, connection) = handshake.await.map_err(failed)?;
    // Ends with the request, whoever drops it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let response = sender.send_request(request).await.map_err(failed)?;
    let status = response.status();
    check_head(response.headers(), limits.response_head_bytes)?;
    let location = location(status, response.headers());
    let body = Body::new(response.into_body());
    Ok(Answer {
        response: HttpResponse {
            status: status.as_u16(),
            body: read(body, limits.response_bytes).await?,
        },
        location,
    })
}

async fn connect(addresses: &[SocketAddr], target: &Target) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(addresses).await;
    stream.map_err(|error| format!("{} cannot be reached: {error}", target.authority()))
}

fn build(target: &Target, what: &HttpRequest) -> Result<Request<Body>, String> {
    let method = match what.method.as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        other => {
            return Err(format!(
                "the method {} is not supported",
                other.escape_debug()
            ));
        }
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &what.headers {
        let wrong = || format!("the header {} cannot be sent", name.escape_debug());
        let name: HeaderName = name.parse().map_err(|_| wrong())?;
        if OWN_HEADERS.contains(&name) {
            return Err(wrong());
        }
        let value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        let added = headers.try_append(name, value);
        added.map_err(|_| "too many headers".to_owned())?;
    }
    if !headers.contains_key(header::USER_AGENT) {
        let agent = concat!("Greenroom/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    }
    let host = HeaderValue::try_from(target.authority());
    headers.insert(header::HOST, host.map_err(|error| error.to_string())?);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let request = Request::builder().method(method).uri(&target.path);
    let mut request = request
        .body(Body::from(what.body.clone()))
        .map_err(|error| error.to_string())?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// The library stops reading a head that is too long only after it has read some more.
fn check_head(headers: &HeaderMap, max: usize) -> Result<(), String> {
    let fields = headers.iter();
    let bytes: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > max {
        return Err(format!(
            "response headers of more than {max} bytes (limit response_head_bytes)"
        ));
    }
    Ok(())
}

/// Where a redirection leads.
fn location(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let redirects = matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = headers.get(header::LOCATION).filter(|_| redirects)?;
    location.to_str().ok().map(str::to_owned)
}

async fn read(body: Body, max: usize) -> Result<Vec<u8>, String> {
    let too_long = || format!("a response of more than {max} bytes (limit response_bytes)");
    let max_bytes = u64::try_from(max).unwrap_or(u64::MAX);
    if body.size_hint().lower() > max_bytes {
        return Err(too_long());
    }
    match to_bytes(body, max).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) if is_length_limit(&error) => Err(too_long()),
        Err(error) => Err(format!("the response ends early: {error}")),
    }
}

/// `to_bytes` has one error type for a body that is too long and for one that fails; only the
/// failure comes from the HTTP library.
fn is_length_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<hyper::Error>() {
            return false;
        }
        source = inner.source();
    }
    true
}
