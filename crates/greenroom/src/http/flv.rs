//! `/<app>/<instance>/<stream>.flv`: a live stream over HTTP or WebSocket. What is recorded and
//! not live is the business of `recorded`, `<stream>.mp3` among it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::feed::Feed;
use super::guest::{Found, Guest, Refusal, Wish};
use super::pace::Verdict;
use super::{Peer, SharedState, recorded};
use crate::config::CorsOrigin;
use crate::metrics::Transport;

const FLV: &str = ".flv";
const MP3: &str = ".mp3";

/// Everything that is no other route: a stream's path, or nothing.
pub(super) async fn serve(State(shared): SharedState, request: Request) -> Response {
    let Some(mut wish) = wish(request.uri(), request.headers()) else {
        return (StatusCode::NOT_FOUND, "There is no such page.\n").into_response();
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    wish.peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    if let Some(verdict) = request.extensions().get::<Arc<Verdict>>() {
        wish.verdict = verdict.clone();
    }
    let head_only = request.method() == Method::HEAD;
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &shared)
        .await
        .ok();
    if upgrade.is_some() {
        if !may_upgrade(&parts.headers, &shared.config.http.cors_origins) {
            let why = "Pages of this origin may not open WebSockets here (http.cors_origins).\n";
            return (StatusCode::FORBIDDEN, why).into_response();
        }
        wish.transport = Transport::WsFlv;
        wish.recorded = false;
    }
    let (guest, live) = match Guest::admit(&shared, &wish).await {
        Ok((guest, Found::Live(live))) => (guest, live),
        Ok((guest, Found::Recorded(source))) => {
            return recorded::serve(&shared, wish, guest, &source, &parts).await;
        }
        Err(refusal) => return refused(refusal),
    };
    let feed = Feed::new(&shared, wish, guest, live);
    match upgrade {
        Some(upgrade) => {
            let most = shared.config.limits.websocket_message_bytes;
            upgrade
                .max_message_size(most)
                .max_frame_size(most)
                .on_upgrade(move |socket| over_websocket(socket, feed))
        }
        None => over_http(feed, head_only),
    }
}

fn over_http(feed: Feed, head_only: bool) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "video/x-flv"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    if head_only {
        return headers.into_response();
    }
    let pieces = futures_util::stream::unfold(feed, |mut feed| async move {
        let piece = feed.next().await?;
        Some((Ok::<_, Infallible>(piece), feed))
    });
    (headers, Body::from_stream(pieces)).into_response()
}

async fn over_websocket(mut socket: WebSocket, mut feed: Feed) {
    loop {
        tokio::select! {
            piece = feed.next() => {
                let Some(piece) = piece else { break };
                // One that takes nothing is given up by the connection itself.
                if socket.send(Message::Binary(piece)).await.is_err() {
                    return;
                }
            }
            received = socket.recv() => match received {
                // Players have nothing to say; pings are answered below us.
                Some(Ok(_)) => {}
                Some(Err(error)) => return say_why(socket, &error).await,
                None => return,
            },
        }
    }
    let frame = CloseFrame {
        code: close_code::NORMAL,
        reason: "the stream has ended".into(),
    };
    // The peer may be gone already.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

/// A peer whose message is too long is told so; any other fault is the connection's own.
async fn say_why(mut socket: WebSocket, error: &axum::Error) {
    // The type behind the error is that of a library below axum's: its words are all we see.
    if !error.to_string().contains("too long") {
        return;
    }
    let frame = CloseFrame {
        code: close_code::SIZE,
        reason: "the message is too long".into(),
    };
    // The peer may be gone already.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

/// Whether the page that asks for a WebSocket may have it. Browsers do not apply CORS here,
/// but say where the page comes from (RFC 6455 §10.2); other clients say nothing.
fn may_upgrade(headers: &HeaderMap, origins: &[CorsOrigin]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let own = origin
        .split_once("://")
        .zip(host)
        .is_some_and(|((_, from), host)| from.eq_ignore_ascii_case(host));
    own || origins.iter().any(|known| known.allows(origin))
}

/// Reads a stream's path. Parts are percent-decoded one by one, so an instance's name may
/// hold an escaped slash.
fn wish(uri: &Uri, headers: &HeaderMap) -> Option<Wish> {
    let path = uri.path().strip_prefix('/')?;
    let sound = path.strip_suffix(MP3);
    let mut parts = sound.or(path.strip_suffix(FLV))?.splitn(3, '/').map(decode);
    let (app, instance, stream) = (parts.next()??, parts.next()??, parts.next()??);
    let is_sound = sound.is_some();
    let stream = if is_sound {
        format!("mp3:{stream}")
    } else {
        stream
    };
    let text = |name: header::HeaderName| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let wait = !is_sound
        && uri
            .query()
            .is_some_and(|query| query.split('&').any(|pair| pair == "wait=1"));
    let (agent, page) = (text(header::USER_AGENT), text(header::REFERER));
    Some(Wish {
        app,
        instance,
        stream,
        transport: Transport::HttpFlv,
        agent,
        page,
        peer: None,
        verdict: Arc::default(),
        wait,
        recorded: !wait,
        live: !is_sound,
    })
}

fn decode(part: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(part)
        .decode_utf8()
        .ok()?;
    Some(decoded.into_owned())
}

pub(super) fn refused(refusal: Refusal) -> Response {
    let (status, text) = match refusal {
        Refusal::Rejected(rejection) => (StatusCode::NOT_FOUND, rejection.description()),
        Refusal::Status(why) => (StatusCode::FORBIDDEN, why),
        Refusal::NotPublished => (
            StatusCode::NOT_FOUND,
            "Nobody publishes this stream now.".to_owned(),
        ),
        Refusal::Gone => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The instance has ended.".to_owned(),
        ),
    };
    (status, text + "\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websockets_are_for_pages_of_this_server_and_those_named() {
        let named = [CorsOrigin::Exactly("https://www.example.org".into())];
        let asks = |origin: Option<&'static str>, origins: &[CorsOrigin]| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::HOST,
                "cam.example.org:8080".parse().expect("a host"),
            );
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("an origin"));
            }
            may_upgrade(&headers, origins)
        };
        assert!(asks(None, &[]), "no browser");
        assert!(asks(Some("http://cam.example.org:8080"), &[]));
        assert!(asks(Some("https://CAM.example.org:8080"), &[]));
        for foreign in [
            "http://cam.example.org",
            "https://www.example.org",
            "null",
            "",
        ] {
            assert!(!asks(Some(foreign), &[]), "{foreign}");
        }
        assert!(asks(Some("https://www.example.org"), &named));
        assert!(!asks(Some("https://example.org"), &named));
    }
}
