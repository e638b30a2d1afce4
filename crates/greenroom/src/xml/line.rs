//! What every connection of an XML port has, whoever speaks on it: its wire, what is to be sent, and
//! the limits on silence and on taking nothing.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::{ClientId, CloseReason};
use rtmp::Millis;

use super::wire::{Happened, Wire};
use crate::shared::Shared;
use crate::{clock, metrics};

/// How long the last bytes may take to leave, and the peer to close its side.
const LINGER: Duration = Duration::from_secs(2);

/// One connection below its dialect.
pub(super) struct Line {
    pub(super) shared: Arc<Shared>,
    wire: Wire,
    pub(super) peer: SocketAddr,
    pub(super) conn: ClientId,
    /// What is to be sent.
    pub(super) out: VecDeque<Bytes>,
    /// The bytes of it.
    waiting: usize,
    pub(super) began: Millis,
    /// When the client last said something.
    heard: Millis,
    /// Since when it has taken nothing of what waits.
    blocked: Option<Millis>,
    pub(super) received: u64,
    pub(super) sent: u64,
    /// More about the end, for the log.
    pub(super) detail: Option<String>,
}

impl Line {
    pub(super) fn new(shared: Arc<Shared>, wire: Wire, peer: SocketAddr) -> Self {
        let now = clock::now();
        let conn = Shared::client_id();
        tracing::debug!(%conn, %peer, "connection accepted");
        Self {
            shared,
            wire,
            peer,
            conn,
            out: VecDeque::new(),
            waiting: 0,
            began: now,
            heard: now,
            blocked: None,
            received: 0,
            sent: 0,
            detail: None,
        }
    }

    /// Waits for one thing to happen on the wire.
    pub(super) async fn happens(&mut self, may_read: bool) -> Result<Happened, CloseReason> {
        let (wire, out) = (&mut self.wire, &mut self.out);
        poll_fn(|context| wire.poll(context, may_read, out)).await
    }

    /// Bytes have come.
    pub(super) fn note_received(&mut self, count: usize) {
        self.received += count as u64;
        self.heard = clock::now();
    }

    /// Puts something behind what is to be sent.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.waiting += bytes.len();
        self.out.push_back(bytes);
    }

    /// The bytes that are to be sent.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Bytes have left.
    pub(super) fn note_written(&mut self, count: usize) {
        self.sent += count as u64;
        self.waiting = self.waiting.saturating_sub(count);
        if self.out.is_empty() {
            self.blocked = None;
        } else if count > 0 || self.blocked.is_none() {
            self.blocked = Some(clock::now());
        }
    }

    /// Writes what the socket takes at once.
    pub(super) fn write_now(&mut self) -> Result<(), CloseReason> {
        if self.out.is_empty() {
            return Ok(());
        }
        let count = self.wire.write_now(&mut self.out)?;
        self.note_written(count);
        Ok(())
    }

    /// When [`check`](Self::check) is next to be called.
    pub(super) fn deadline(&self) -> Millis {
        let xml = &self.shared.config.xml;
        let idle = self.heard + xml.idle_ms;
        let stall = self.blocked.map(|since| since + xml.stall_ms);
        stall.map_or(idle, |stall| stall.min(idle))
    }

    /// When the client must have said who it is, or where it wants to be.
    pub(super) fn login_deadline(&self) -> Millis {
        self.began + self.shared.config.xml.login_wait_ms
    }

    /// Whether the client has been silent, or has taken nothing, for too long.
    pub(super) fn check(&mut self) -> Result<(), CloseReason> {
        let xml = &self.shared.config.xml;
        let now = clock::now();
        if self.heard + xml.idle_ms <= now {
            return Err(CloseReason::Idle);
        }
        if self
            .blocked
            .is_some_and(|since| since + xml.stall_ms <= now)
        {
            self.detail = Some("the client takes nothing (xml.stall_ms)".into());
            return Err(CloseReason::OutboxFull);
        }
        Ok(())
    }

    /// When a client whose requests have to wait may make the next.
    pub(super) fn next_request(&self) -> Millis {
        let per_second = self.shared.config.xml.requests_per_second;
        clock::now() + (1 + 1000 / u64::from(per_second.max(1)))
    }

    /// What came cannot be read.
    pub(super) fn fault(&mut self, error: xmlsocket::Error) -> CloseReason {
        self.detail = Some(error.to_string());
        match error {
            xmlsocket::Error::Limit { .. } => CloseReason::ProtocolLimit,
            _ => CloseReason::ProtocolError,
        }
    }

    /// Ends the connection: sends what is still to be sent, as far as the client takes it in time.
    pub(super) async fn end(&mut self, reason: CloseReason) {
        if !matches!(
            reason,
            CloseReason::ClientLeft | CloseReason::NetworkError | CloseReason::OutboxFull
        ) {
            // The peer's own pace is not waited for longer than this.
            let _ = tokio::time::timeout(LINGER, self.send_rest(reason)).await;
        }
        let (conn, peer) = (self.conn, self.peer);
        let detail = self.detail.as_deref().unwrap_or_default();
        let (received, sent) = (self.received, self.sent);
        tracing::info!(%conn, %peer, %reason, detail, received, sent, "connection closed");
        metrics::xml_transferred(received, sent);
    }

    async fn send_rest(&mut self, reason: CloseReason) {
        while !self.out.is_empty() {
            match self.happens(false).await {
                Ok(Happened::Wrote(count)) => self.sent += count as u64,
                _ => return,
            }
        }
        self.wire.finish(reason).await;
    }
}
