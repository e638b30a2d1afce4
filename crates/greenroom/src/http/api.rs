//! What the page and the operator's tools ask: the streams, health, metrics.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use serde_json::{Value, json};

use super::SharedState;
use crate::metrics;
use crate::shared::Shared;

/// The page is told of changes at most this often.
const PAUSE_BETWEEN_EVENTS: std::time::Duration = std::time::Duration::from_millis(250);

pub(super) async fn server(State(shared): SharedState) -> Json<Value> {
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "rtmp_port": shared.rtmp_port,
        "applications": shared.applications.names(),
    }))
}

pub(super) async fn streams(State(shared): SharedState) -> Json<Value> {
    Json(snapshot(&shared))
}

pub(super) async fn stream_events(
    State(shared): SharedState,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut changes = shared.applications.catalog().watch();
    changes.mark_changed();
    let state = (shared, changes);
    let events = futures_util::stream::unfold(state, |(shared, mut changes)| async move {
        tokio::select! {
            changed = changes.changed() => changed.ok()?,
            () = shared.stopping.cancelled() => return None,
        }
        tokio::time::sleep(PAUSE_BETWEEN_EVENTS).await;
        changes.mark_unchanged();
        let event = Event::default()
            .event("streams")
            .data(snapshot(&shared).to_string());
        Some((Ok(event), (shared, changes)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

fn snapshot(shared: &Arc<Shared>) -> Value {
    json!({ "streams": shared.applications.catalog().rows() })
}

/// The process is alive.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// The server takes new connections.
pub(super) async fn ready(State(shared): SharedState) -> Response {
    if shared.stopping.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response()
    } else {
        "ready\n".into_response()
    }
}

pub(super) async fn metrics(State(shared): SharedState) -> Response {
    let text = metrics::render(shared.applications.catalog());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
