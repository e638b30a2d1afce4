//! A live stream as FLV bytes, for a player that comes by HTTP or WebSocket.
//!
//! The player is a client of the instance like any other: it connects, makes a stream and
//! plays, and what the instance refuses it is refused. Only the framing differs.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::CloseReason;
use media::{Entry, Framing, Kind, Marker, Reader};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::guest::{Guest, Place, Wish};
use super::pace::Verdict;
use crate::clock;
use crate::lateness::Lateness;
use crate::live::{LiveStream, PlayerCount};
use crate::metrics::OpenConnection;
use crate::runner::Order;
use crate::shared::Shared;

/// Payload bytes put into one piece at most.
const PIECE_BYTES: usize = 256 << 10;

/// A player's FLV bytes, piece by piece.
pub(super) struct Feed {
    place: Place,
    live: Arc<LiveStream>,
    reader: Reader,
    grown: watch::Receiver<u64>,
    wait: bool,
    budget: Duration,
    stop_now: CancellationToken,
    started: bool,
    over: Option<CloseReason>,
    lateness: Lateness,
    verdict: Arc<Verdict>,
    open: OpenConnection,
    _counted: PlayerCount,
}

impl Feed {
    /// Of a live stream, for a player that was let in.
    pub(super) fn new(shared: &Shared, wish: Wish, guest: Guest, live: Arc<LiveStream>) -> Self {
        Self {
            place: guest.place,
            reader: Reader::new(live.settings.reader, None),
            grown: live.grown(),
            wait: wish.wait,
            budget: live.settings.pump.latency_budget,
            stop_now: shared.stop_now.clone(),
            started: false,
            over: None,
            lateness: Lateness::new(shared.config.live.player_behind_close_ms),
            verdict: wish.verdict,
            open: OpenConnection::new(wish.transport),
            _counted: live.count_player(),
            live,
        }
    }

    /// The next piece of the file; `None` when it is over.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        if !self.started {
            self.started = true;
            return Some(Self::header());
        }
        loop {
            if self.over.is_some() {
                return None;
            }
            self.grown.mark_unchanged();
            let piece = self.take();
            if !piece.is_empty() {
                return self.is_in_time().then_some(piece);
            }
            self.lateness.up_to_date(clock::now());
            if self.over.is_none() {
                self.wait_for_more().await;
                // It has had everything until now, however long that was.
                self.lateness.up_to_date(clock::now());
            }
        }
    }

    /// Says both kinds of media may come: late tracks are allowed, and players do not rely
    /// on the flags of a live stream.
    fn header() -> Bytes {
        Bytes::copy_from_slice(&flv::write_header(true, true))
    }

    fn take(&mut self) -> Bytes {
        let mut entries = Vec::new();
        let now = clock::now();
        let skipped = {
            let ring = self.live.ring.lock();
            self.reader.read(now, &ring, PIECE_BYTES, &mut entries)
        };
        if skipped {
            self.lateness.skipped(now);
            self.live.note_skip(&self.place.client, self.reader.stats());
        }
        let end = entries.iter().position(|entry| self.ends_file(entry));
        if let Some(end) = end {
            entries.truncate(end);
            self.over = Some(CloseReason::ClientLeft);
        }
        match entries.as_slice() {
            [only] => only.framed(Framing::Flv),
            many => {
                let parts: Vec<Bytes> = many.iter().map(|e| e.framed(Framing::Flv)).collect();
                parts.concat().into()
            }
        }
    }

    /// Gives up a player that has been behind for too long. What it still has to take would
    /// take it as long again, so the connection itself is ended.
    fn is_in_time(&mut self) -> bool {
        let now = clock::now();
        self.lateness.behind(now);
        let in_time = self.lateness.deadline().is_none_or(|at| now < at);
        if !in_time {
            self.verdict.close(CloseReason::PlayerBehind);
        }
        in_time
    }

    fn ends_file(&self, entry: &Entry) -> bool {
        !self.wait && entry.kind == Kind::Marker(Marker::Unpublished)
    }

    async fn wait_for_more(&mut self) {
        let Some(written_off) = self.place.written_off() else {
            return;
        };
        tokio::select! {
            () = written_off => self.over = Some(CloseReason::ScriptStuck),
            changed = self.grown.changed() => {
                if changed.is_ok() && !self.budget.is_zero() {
                    tokio::time::sleep(self.budget).await;
                }
            }
            Some(order) = self.place.orders.recv() => {
                if let Order::Close(reason) = order {
                    self.over = Some(reason);
                }
            }
            () = self.stop_now.cancelled() => self.over = Some(CloseReason::ServerShutdown),
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let judged = self.verdict.reason();
        let reason = judged.or(self.over).unwrap_or(CloseReason::ClientLeft);
        let address = &self.live.address;
        tracing::info!(
            conn = %self.place.client, app = %address.app, instance = %address.instance,
            stream = %address.name, %reason, transport = self.open.transport().as_str(),
            "player left"
        );
        self.open.ended(reason);
    }
}
