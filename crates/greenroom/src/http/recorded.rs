//! A recording over HTTP: whole, in ranges, or from a time on.
//!
//! Who fetches one has a place in the instance like any player, until it has what it asked for.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::CloseReason;
use tokio_util::sync::CancellationToken;

use super::flv::refused;
use super::guest::{Guest, Place, Refusal, Wish};
use super::ranges::{self, Version, Wanted};
use crate::metrics::OpenConnection;
use crate::recording::{Download, Part, Source};
use crate::runner::Order;
use crate::shared::Shared;

/// Answers a player that was let in.
pub(super) async fn serve(
    shared: &Arc<Shared>,
    wish: Wish,
    guest: Guest,
    source: &Source,
    request: &Parts,
) -> Response {
    let Some(download) = Download::open(source).await else {
        return refused(Refusal::NotPublished);
    };
    let Some(start_ms) = start_ms(request.uri.query()) else {
        let why = "start is a number of seconds, 0 or more.\n";
        return (StatusCode::BAD_REQUEST, why).into_response();
    };
    let (status, headers, part) = answer(&download, start_ms, &request.headers);
    let mut response = (status, headers).into_response();
    if let Some(part) = part.filter(|_| request.method != Method::HEAD) {
        let fetch = Fetch {
            place: guest.place,
            download,
            part,
            stop_now: shared.stop_now.clone(),
            over: None,
            open: OpenConnection::new(wish.transport),
            wish,
        };
        *response.body_mut() = fetch.into_body();
    }
    response
}

/// `?start=`: from which time on, in seconds; `None` if it is no time.
fn start_ms(query: Option<&str>) -> Option<u64> {
    let mut pairs = query.unwrap_or_default().split('&');
    let Some(start) = pairs.find_map(|pair| pair.strip_prefix("start=")) else {
        return Some(0);
    };
    let seconds: f64 = start.parse().ok()?;
    let is_time = seconds.is_finite() && seconds >= 0.0;
    is_time.then_some((seconds * 1000.0).round() as u64)
}

/// What is said of a recording, and the part that is sent.
fn answer(
    download: &Download,
    start_ms: u64,
    request: &HeaderMap,
) -> (StatusCode, HeaderMap, Option<Part>) {
    let (whole, tag) = (download.bytes(), download.tag());
    let date = ranges::date(download.changed_s());
    let mut headers = HeaderMap::new();
    let mut say = |name, value: &str| {
        // All of them are made of digits and letters.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    say(header::ETAG, &tag);
    say(header::LAST_MODIFIED, &date);
    // Whether somebody may have it is asked each time.
    say(header::CACHE_CONTROL, "private, no-cache");
    say(header::CONTENT_TYPE, download.content_type());
    let version = Version {
        bytes: whole,
        tag: &tag,
        date: &date,
    };
    let from_time = (start_ms > 0).then(|| download.part_from(start_ms));
    let mut wanted = ranges::wanted(request, &version);
    if from_time.is_some() && wanted != Wanted::Known {
        wanted = Wanted::Whole;
    } else {
        say(header::ACCEPT_RANGES, "bytes");
    }
    let (status, part) = match wanted {
        Wanted::Whole => {
            let part = from_time.unwrap_or(Download::stretch(0, whole));
            (StatusCode::OK, Some(part))
        }
        Wanted::Stretch { position, bytes } => {
            let last = position + bytes - 1;
            say(
                header::CONTENT_RANGE,
                &format!("bytes {position}-{last}/{whole}"),
            );
            let part = Download::stretch(position, bytes);
            (StatusCode::PARTIAL_CONTENT, Some(part))
        }
        Wanted::Nothing => {
            say(header::CONTENT_RANGE, &format!("bytes */{whole}"));
            (StatusCode::RANGE_NOT_SATISFIABLE, None)
        }
        Wanted::Known => (StatusCode::NOT_MODIFIED, None),
    };
    if let Some(part) = &part {
        let bytes = part.head.len() as u64 + part.bytes;
        say(header::CONTENT_LENGTH, &bytes.to_string());
    }
    (status, headers, part)
}

/// A part of a recording on its way to a player.
struct Fetch {
    place: Place,
    download: Download,
    part: Part,
    stop_now: CancellationToken,
    over: Option<CloseReason>,
    wish: Wish,
    open: OpenConnection,
}

impl Fetch {
    fn into_body(self) -> Body {
        let pieces = futures_util::stream::unfold(self, |mut fetch| async move {
            let piece = fetch.next().await?;
            Some((piece, fetch))
        });
        Body::from_stream(pieces)
    }

    /// The next bytes; `None` when all were sent. An error ends the connection, so that nobody
    /// takes a part for the whole.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.part.head.is_empty() && self.part.bytes == 0 {
            return None;
        }
        while let Ok(order) = self.place.orders.try_recv() {
            if let Order::Close(reason) = order {
                self.over = Some(reason);
            }
        }
        let written_off = self.place.written_off()?;
        let piece = tokio::select! {
            () = written_off => {
                self.over = Some(CloseReason::ScriptStuck);
                Bytes::new()
            }
            () = self.stop_now.cancelled() => {
                self.over = Some(CloseReason::ServerShutdown);
                Bytes::new()
            }
            piece = self.download.next(&mut self.part) => piece,
        };
        if piece.is_empty() || self.over.is_some() {
            return Some(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        Some(Ok(piece))
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        let judged = self.wish.verdict.reason();
        let reason = judged.or(self.over).unwrap_or(CloseReason::ClientLeft);
        let Wish {
            app,
            instance,
            stream,
            ..
        } = &self.wish;
        tracing::info!(
            conn = %self.place.client, %app, %instance, %stream, %reason,
            transport = self.open.transport().as_str(), left_bytes = self.part.bytes,
            "player left"
        );
        self.open.ended(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::start_ms;

    #[test]
    fn a_start_is_a_time() {
        for (query, expected) in [
            (None, Some(0)),
            (Some("wait=0"), Some(0)),
            (Some("start=0"), Some(0)),
            (Some("token=a&start=2.5"), Some(2500)),
            (Some("start=1e3"), Some(1_000_000)),
            (Some("start="), None),
            (Some("start=-1"), None),
            (Some("start=NaN"), None),
            (Some("start=inf"), None),
            (Some("start=now"), None),
        ] {
            assert_eq!(start_ms(query), expected, "{query:?}");
        }
    }
}
