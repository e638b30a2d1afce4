//! A browser on the XML port: a WebSocket instead of a TCP socket, as Ruffle's `socketProxy` opens.
//!
//! Any path will do. Binary messages carry the stream of bytes, cut anywhere. A client that offers
//! the subprotocol `binary` gets it; one that offers none gets none.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::CloseReason;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::origin::may_open;
use super::wire::Wire;
use super::{Port, converse};
use crate::http::pace::{Paced, Verdict};
use crate::metrics::{OpenConnection, Transport};
use crate::shared::{Pass, Shared};

/// The subprotocol that old proxies insist on.
const SUBPROTOCOL: &str = "binary";

/// Serves a connection whose first bytes are the start of a request.
pub(super) async fn serve(
    shared: Arc<Shared>,
    socket: TcpStream,
    (peer, pass): (SocketAddr, Pass),
    port: Arc<Port>,
    first: Vec<u8>,
) {
    let open = OpenConnection::new(Transport::WsXml);
    let verdict = Arc::new(Verdict::default());
    let upgraded = tokio::select! {
        upgraded = upgrade(&shared, socket, first, verdict.clone()) => upgraded,
        () = shared.stop_now.cancelled() => Err(CloseReason::ServerShutdown),
    };
    let reason = match upgraded {
        Ok(socket) => {
            let wire = Wire::web(socket);
            converse(shared, wire, (peer, pass), port, &[]).await
        }
        Err(reason) => {
            tracing::info!(%peer, %reason, detail = "no WebSocket", "connection closed");
            reason
        }
    };
    // One that took nothing for too long failed for that.
    let slow = reason == CloseReason::NetworkError && verdict.reason().is_some();
    open.ended(if slow {
        CloseReason::OutboxFull
    } else {
        reason
    });
}

/// What the one request of a connection needs.
struct Door {
    shared: Arc<Shared>,
    socket: Mutex<Option<oneshot::Sender<WebSocket>>>,
}

async fn upgrade(
    shared: &Arc<Shared>,
    socket: TcpStream,
    first: Vec<u8>,
    verdict: Arc<Verdict>,
) -> Result<WebSocket, CloseReason> {
    let config = &shared.config;
    let (sender, receiver) = oneshot::channel();
    let door = Door {
        shared: shared.clone(),
        socket: Mutex::new(Some(sender)),
    };
    let (reader, writer) = socket.into_split();
    let socket = tokio::io::join(Cursor::new(first).chain(reader), writer);
    let stall = Duration::from_millis(config.xml.stall_ms);
    let socket = TokioIo::new(Paced::new(socket, stall, verdict));
    let router = Router::new().fallback(answer).with_state(Arc::new(door));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(config.limits.handshake_timeout_ms))
        .max_buf_size(config.limits.http_header_bytes)
        .serve_connection(socket, TowerToHyperService::new(router))
        .with_upgrades()
        .await;
    match served {
        // It was answered that there is no WebSocket, or the client left.
        Ok(()) => receiver.await.map_err(|_| CloseReason::WrongProtocol),
        Err(error) if error.is_timeout() => Err(CloseReason::HandshakeTimeout),
        Err(error) if error.is_parse() => Err(CloseReason::ProtocolError),
        Err(_) => Err(CloseReason::NetworkError),
    }
}

async fn answer(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &door).await else {
        let why = "This port speaks XML sockets, over TCP or WebSocket. Web pages are served on \
            another port.\n";
        return refused(StatusCode::UPGRADE_REQUIRED, why);
    };
    let config = &door.shared.config;
    let origin = parts.headers.get(header::ORIGIN);
    // What is no text fits no domain but `*`.
    let origin = origin.map(|origin| origin.to_str().unwrap_or_default());
    if !may_open(origin, &config.xml.policy_domains) {
        let why = "Pages of this origin may not open WebSockets here (xml.policy_domains).\n";
        return refused(StatusCode::FORBIDDEN, why);
    }
    let Some(sender) = door.socket.lock().take() else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "");
    };
    let most = config.limits.websocket_message_bytes;
    upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(most)
        .max_frame_size(most)
        .on_upgrade(async move |socket| drop(sender.send(socket)))
}

/// An answer that ends the connection.
fn refused(status: StatusCode, why: &'static str) -> Response {
    (status, [(header::CONNECTION, "close")], why).into_response()
}
