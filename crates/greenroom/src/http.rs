//! HTTP: the page, the list of streams, FLV over HTTP and WebSocket, health and metrics.
//!
//! One listener; each connection's first byte is looked at, so that an RTMP client on the
//! wrong port is told so in the log instead of hanging.

mod api;
mod assets;
mod feed;
mod flv;
mod guest;
pub(crate) mod pace;
mod ranges;
mod recorded;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use engine::CloseReason;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::CorsOrigin;
use crate::metrics::{self, OpenConnection, Transport};
use crate::shared::{Pass, Shared};
use pace::{Paced, Verdict};

/// The first byte of an RTMP handshake.
const RTMP_VERSION: u8 = 3;
/// How long a connection that is one too many may take to hear so.
const TURN_AWAY: Duration = Duration::from_secs(2);

/// Who asks: the address of the TCP peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// All routes of the HTTP listener.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(assets::index))
        .route("/web/{*path}", get(assets::file))
        .route("/api/server", get(api::server))
        .route("/api/streams", get(api::streams))
        .route("/api/streams/events", get(api::stream_events))
        .route("/healthz", get(api::health))
        .route("/readyz", get(api::ready))
        .route("/metrics", get(api::metrics))
        .fallback(flv::serve)
        .layer(middleware::from_fn(secure_and_count))
        .layer(cors(&shared.config.http.cors_origins))
        .with_state(shared)
}

fn cors(origins: &[CorsOrigin]) -> CorsLayer {
    let origins = origins.to_vec();
    let allows = move |origin: &HeaderValue, _: &Parts| {
        origin
            .to_str()
            .is_ok_and(|origin| origins.iter().any(|known| known.allows(origin)))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allows))
        .allow_methods([Method::GET, Method::HEAD])
}

async fn secure_and_count(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'self'; media-src 'self' blob:; connect-src 'self' ws: wss:; \
        object-src 'none'; base-uri 'none'; frame-ancestors 'self'";
    let mut response = next.run(request).await;
    metrics::http_answered(response.status().as_u16());
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    response
}

/// Serves an accepted connection until it ends.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    socket: TcpStream,
    peer: SocketAddr,
    mut pass: Pass,
) {
    let open = OpenConnection::new(Transport::Http);
    let reason = tokio::select! {
        reason = converse(&shared, socket, peer, &mut pass) => reason,
        () = shared.stop_now.cancelled() => CloseReason::ServerShutdown,
    };
    open.ended(reason);
    drop(pass);
}

async fn converse(
    shared: &Arc<Shared>,
    socket: TcpStream,
    peer: SocketAddr,
    pass: &mut Pass,
) -> CloseReason {
    let config = &shared.config;
    let patience = Duration::from_millis(config.limits.handshake_timeout_ms);
    let stall = Duration::from_millis(config.live.player_stall_close_ms);
    // A failure costs latency only.
    let _ = socket.set_nodelay(true);
    let mut first = [0];
    match tokio::time::timeout(patience, socket.peek(&mut first)).await {
        Err(_) => return CloseReason::HandshakeTimeout,
        Ok(Err(_) | Ok(0)) => return CloseReason::ClientLeft,
        Ok(Ok(_)) if first == [RTMP_VERSION] => {
            let reason = CloseReason::WrongProtocol;
            tracing::info!(%peer, %reason, detail = "RTMP on the HTTP port", "connection closed");
            return reason;
        }
        Ok(Ok(_)) => pass.settle(),
    }
    if pass.is_refused() {
        return turn_away(socket).await;
    }
    let verdict = Arc::new(Verdict::default());
    let socket = Paced::new(socket, stall, verdict.clone());
    let router = router(shared.clone());
    let known = verdict.clone();
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(known.clone());
        router.clone().oneshot(request)
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(config.limits.http_header_bytes);
    let connection = server
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    tokio::pin!(connection);
    let stopping = async {
        shared.stopping.cancelled().await;
    };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopping => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Some(reason) = verdict.reason() {
        return reason;
    }
    match ended {
        Ok(()) => CloseReason::ClientLeft,
        Err(error) if error.is_timeout() => CloseReason::HandshakeTimeout,
        Err(error) if error.is_parse() => CloseReason::ProtocolError,
        Err(_) => CloseReason::NetworkError,
    }
}

/// Answers that there is no room, whatever is asked.
async fn turn_away(mut socket: TcpStream) -> CloseReason {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\
        Connection: close\r\nRetry-After: 10\r\nContent-Length: 43\r\n\r\n\
        The server has no room for more connections";
    let told = async {
        socket.write_all(ANSWER).await?;
        socket.shutdown().await?;
        // A socket closed with unread bytes is reset, and the answer may be lost with it.
        let mut ignored = [0; 4096];
        while socket.read(&mut ignored).await? > 0 {}
        std::io::Result::Ok(())
    };
    // A peer that does not take part is left to itself.
    let _ = tokio::time::timeout(TURN_AWAY, told).await;
    metrics::http_answered(StatusCode::SERVICE_UNAVAILABLE.as_u16());
    CloseReason::TooManyConnections
}

type SharedState = State<Arc<Shared>>;
