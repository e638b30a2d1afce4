//! Recordings in an outbox: their tasks put in what is due, as far as there is room.

use bytes::Bytes;
use rtmp::Millis;

use super::{Outbox, Pushed, State};
use crate::recording::RecordedPlay;

/// Bytes of recordings that wait to be written.
const QUEUED_BYTES: usize = 128 << 10;
/// Message streams whose buffers are known.
const BUFFERS: usize = 64;

impl Outbox {
    /// Begins to play a recording.
    pub(crate) fn add_recorded(&self, play: RecordedPlay) {
        self.state.lock().recorded.push(play);
    }

    /// What the client has said it buffers on a message stream, in ms.
    pub(crate) fn buffer(&self, stream_id: u32) -> Option<u32> {
        let state = self.state.lock();
        let known = state.buffers.iter().find(|(known, _)| *known == stream_id);
        known.map(|(_, millis)| *millis)
    }

    /// The client buffers so many ms on a message stream from now on.
    pub(crate) fn set_buffer(&self, stream_id: u32, millis: u32) {
        let mut state = self.state.lock();
        state.buffers.retain(|(known, _)| *known != stream_id);
        if state.buffers.len() < BUFFERS {
            state.buffers.push((stream_id, millis));
        }
        for play in state.recorded_on(stream_id) {
            play.set_buffer(millis);
        }
    }

    /// Queues a message of a recording. [`flush_recorded`](Self::flush_recorded) writes it.
    pub(crate) fn push_recorded(&self, stream_id: u32, number: u64, bytes: &Bytes) -> Pushed {
        let mut state = self.state.lock();
        let is_played = state
            .recorded_on(stream_id)
            .any(|play| play.number == number);
        if !is_played || state.closed.is_some() {
            return Pushed::Gone;
        }
        if state.recorded_queued >= QUEUED_BYTES {
            return Pushed::Full;
        }
        // Behind what an object has become before.
        state.queue_objects(usize::MAX);
        state.recorded_queued += bytes.len();
        state.sent_messages += 1;
        state.queue.push_back(bytes.clone());
        Pushed::Taken
    }

    /// Writes what is queued; what a full socket or a limit forbids is left to the session's
    /// task.
    pub(crate) fn flush_recorded(&self, now: Millis) {
        let mut state = self.state.lock();
        self.flush_locked(now, &mut state);
        if state.throttle.closed_until(now).is_some() {
            self.wake.notify_one();
        }
    }

    /// A recording has been sent to its end.
    pub(crate) fn end_recorded(&self, stream_id: u32, number: u64) {
        let mut state = self.state.lock();
        let ended = |play: &RecordedPlay| (play.stream_id, play.number) == (stream_id, number);
        if state.recorded.iter().any(ended) {
            state.recorded.retain(|play| !ended(play));
            state.ended.push((stream_id, number));
            self.wake.notify_one();
        }
    }
}

impl State {
    /// The recording that is played on a message stream.
    pub(super) fn recorded_on(&self, stream_id: u32) -> impl Iterator<Item = &RecordedPlay> {
        let all = self.recorded.iter();
        all.filter(move |play| play.stream_id == stream_id)
    }
}
