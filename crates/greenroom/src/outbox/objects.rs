//! What happened to shared objects and has not been sent to the client.
//!
//! While the socket takes all it is given, an update leaves as it came. When it takes no more,
//! the updates wait here and merge: of each slot the latest value is kept. What the session
//! queues then goes before them; the order among the updates stays.

use bytes::{Bytes, BytesMut};
use engine::CloseReason;
use rtmp::Encoding;
use rtmp::chunk::csid::CONNECTION;
use sharedobject::{Backlog, Update};

use super::{Outbox, State};
use crate::metrics;

/// How a connection is sent shared objects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObjectFraming {
    /// How the client reads values (its `objectEncoding`).
    pub(crate) encoding: Encoding,
    /// The size in bytes of the chunks that are sent.
    pub(crate) chunk_size: u32,
    /// Bytes that may wait.
    pub(crate) backlog_bytes: usize,
}

/// The updates that wait. Made with the first.
#[derive(Default)]
pub(super) struct WaitingObjects {
    backlog: Option<Backlog>,
    chunk_size: usize,
    /// Bytes that have been taken into the outbox's queue since that was last empty.
    queued: usize,
    /// Some wait, or have been taken into the queue since the session was last told.
    between: bool,
}

impl WaitingObjects {
    pub(super) fn is_empty(&self) -> bool {
        self.backlog.as_ref().is_none_or(Backlog::is_empty)
    }

    /// Everything that was queued has been written.
    pub(super) fn written(&mut self) {
        self.queued = 0;
    }

    /// Adds an update; false if too much waits.
    fn push(&mut self, update: Update, framing: ObjectFraming) -> bool {
        let most = framing.backlog_bytes;
        self.between = true;
        self.chunk_size = framing.chunk_size as usize;
        let new = || Backlog::new(framing.encoding, most);
        let backlog = self.backlog.get_or_insert_with(new);
        let merged = backlog.merged();
        let fits = backlog.push(update).is_ok();
        metrics::object_updates_merged(backlog.merged() - merged);
        fits && (self.queued == 0 || self.queued + backlog.bytes() <= most)
    }

    /// Whether some are, or may come, in front of what the session encodes next.
    pub(super) fn between(&mut self) -> bool {
        let waits = !self.is_empty();
        std::mem::replace(&mut self.between, waits)
    }

    /// Frames the next message.
    fn next(&mut self) -> Option<Bytes> {
        let backlog = self.backlog.as_mut()?;
        let chunk_size = self.chunk_size;
        let message = backlog.pop()?;
        let (type_id, payload) = (message.type_id, &*message.payload);
        let mut out = BytesMut::new();
        rtmp::chunk::frame(CONNECTION, 0, type_id, 0, payload, chunk_size, &mut out);
        Some(out.freeze())
    }
}

impl Outbox {
    /// Adds what happened to a shared object. [`flush`](Self::flush) writes it, past the session,
    /// on the chunk stream of the connection's commands: some clients look for it nowhere else
    /// (npm `rtmp-client`). So the session's headers there must be full ones while
    /// [`objects_between`](Self::objects_between) says so.
    pub(crate) fn push_update(&self, update: Update, framing: ObjectFraming) {
        let mut state = self.state.lock();
        if !state.objects.push(update, framing) {
            state.close(CloseReason::OutboxFull);
            self.wake.notify_one();
        }
    }
}

impl State {
    /// Takes updates into the queue until it has got so many bytes.
    pub(super) fn queue_objects(&mut self, bytes: usize) {
        let mut taken = 0;
        while taken < bytes
            && let Some(message) = self.objects.next()
        {
            taken += message.len();
            self.objects.queued += message.len();
            self.sent_messages += 1;
            metrics::object_message_sent();
            self.queue.push_back(message);
        }
    }
}
