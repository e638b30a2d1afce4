//! What the connection has moved, as the instance's script may see it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use engine::CloseReason;
use engine::scripting::ClientStats;
use rtmp::{Event, Session};

use crate::outbox::Outbox;
use crate::runner::Endpoint;

/// Counters that the session's task keeps and others read.
pub(crate) struct Meter {
    outbox: Weak<Outbox>,
    received_bytes: AtomicU64,
    received_messages: AtomicU64,
    rtt_ms: AtomicU64,
    responsive: AtomicBool,
}

impl Meter {
    pub(super) fn new(outbox: &Arc<Outbox>) -> Arc<Self> {
        Arc::new(Self {
            outbox: Arc::downgrade(outbox),
            received_bytes: AtomicU64::new(0),
            received_messages: AtomicU64::new(0),
            rtt_ms: AtomicU64::new(0),
            responsive: AtomicBool::new(true),
        })
    }

    /// Reads what the session counts.
    pub(super) fn note(&self, session: &Session) {
        let received = session.bytes_received();
        self.received_bytes.store(received, Ordering::Relaxed);
        let rtt = session.ping_rtt_millis().unwrap_or(0);
        self.rtt_ms.store(rtt, Ordering::Relaxed);
        let responsive = session.ping_answered();
        self.responsive.store(responsive, Ordering::Relaxed);
    }

    pub(super) fn count_event(&self, event: &Event) {
        if matches!(event, Event::Message(_)) {
            self.received_messages.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Endpoint for Meter {
    fn overflow(&self, reason: CloseReason) {
        if let Some(outbox) = self.outbox.upgrade() {
            outbox.close(reason);
        }
    }

    fn stats(&self) -> ClientStats {
        let outbox = self.outbox.upgrade();
        let (msg_out, msg_dropped) = outbox
            .as_ref()
            .map_or((0, 0), |outbox| outbox.message_counts());
        ClientStats {
            bytes_in: self.received_bytes.load(Ordering::Relaxed),
            bytes_out: outbox.map_or(0, |outbox| outbox.sent_bytes()),
            msg_in: self.received_messages.load(Ordering::Relaxed),
            msg_out,
            msg_dropped,
            ping_rtt_ms: self.rtt_ms.load(Ordering::Relaxed),
            responsive: self.responsive.load(Ordering::Relaxed),
        }
    }
}
