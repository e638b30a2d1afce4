//! What waits to be written to one RTMP connection, and the writing itself.
//!
//! Two kinds of bytes leave a connection: what its session encodes (answers, statuses), and
//! media, which is framed once for all players and read from rings; between them, what happened
//! to shared objects (`objects`). The outbox keeps them in
//! order and writes whole messages. Whoever holds its lock may write: the session's task
//! after it queued something, or a stream's pump after the ring grew. When the socket is
//! full, only the session's task goes on, once it can be written again; pumps pass by.
//!
//! What a slow client costs is bounded: the queue for control bytes by
//! `limits.client_outbox_bytes`, shared objects by `shared_objects.backlog_bytes`, media by the reader's lag, the wait for a client that takes
//! nothing by `live.player_stall_close_ms`, and for a player that takes too little by
//! `live.player_behind_close_ms`.

mod objects;
mod recorded;

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use engine::CloseReason;
use media::{Entry, Framing, Kind, Marker, Reader, Selection};
use parking_lot::{Mutex, MutexGuard};
use rtmp::status::{Code, Status};
use rtmp::{Body, Message, Millis};
use smallvec::SmallVec;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::lateness::Lateness;
use crate::live::{LiveStream, PlayerCount};
use crate::pump::{Batch, Ticket};
use crate::recording::RecordedPlay;
use crate::throttle::Throttle;
pub(crate) use objects::ObjectFraming;
use objects::WaitingObjects;

/// Payload bytes taken from a ring in one go; several system calls' worth.
const READ_BYTES: usize = 256 << 10;
/// A player that is too slow is told so this often at most (FMS looked every five seconds).
const TELL_SLOW_MS: u64 = 5_000;
/// Slices handed to one system call.
const SLICES: usize = 64;

/// What an outbox needs to know of the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutboxLimits {
    pub(crate) control_bytes: usize,
    pub(crate) stall_ms: u64,
    pub(crate) behind_ms: u64,
}

/// A play on one message stream of the connection.
pub(crate) struct Play {
    pub(crate) stream_id: u32,
    /// The instance's number of this play.
    pub(crate) number: u64,
    pub(crate) live: Arc<LiveStream>,
    pub(crate) reader: Reader,
    pub(crate) framing: Framing,
    pub(crate) greeting: Arc<Greeting>,
    pub(crate) ticket: Ticket,
    /// When the player was last told that it is too slow.
    pub(crate) told_slow: Option<Millis>,
    pub(crate) _counted: PlayerCount,
}

/// What became of bytes of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// They are queued.
    Taken,
    /// There is no room for them until what is queued has been written.
    Full,
    /// The play they belong to has been stopped.
    Gone,
}

/// What a player is told when a publisher comes or goes.
pub(crate) struct Greeting {
    pub(crate) client_id: String,
    pub(crate) data: Vec<rtmp::Data>,
}

/// The outbox of one connection.
pub(crate) struct Outbox {
    socket: Arc<TcpStream>,
    limits: OutboxLimits,
    state: Mutex<State>,
    /// Wakes the session's task: the socket is full, a play has ended, or the end has come.
    wake: Notify,
}

struct State {
    queue: VecDeque<Bytes>,
    control_queued: usize,
    /// What happened to shared objects, not yet in the queue: it comes behind all that is.
    objects: WaitingObjects,
    plays: SmallVec<[Play; 1]>,
    /// Recordings that are played.
    recorded: Vec<RecordedPlay>,
    /// Bytes of recordings put into the queue since it was empty.
    recorded_queued: usize,
    /// What the client has said it buffers, in ms, by message stream.
    buffers: Vec<(u32, u32)>,
    /// The socket took no more; only the session's task writes until it does again.
    blocked_since: Option<Millis>,
    lateness: Lateness,
    /// Plays whose length is over: message stream and number. Not yet told.
    ended: SmallVec<[(u32, u64); 1]>,
    closed: Option<CloseReason>,
    /// The socket has failed; nothing can be written any more.
    failed: bool,
    /// What a script allows the client to receive.
    throttle: Throttle,
    told_closed_until: Option<Millis>,
    sent_bytes: u64,
    sent_messages: u64,
    dropped_messages: u64,
}

impl Outbox {
    pub(crate) fn new(socket: Arc<TcpStream>, limits: OutboxLimits) -> Arc<Self> {
        let state = State {
            queue: VecDeque::new(),
            control_queued: 0,
            objects: WaitingObjects::default(),
            plays: SmallVec::new(),
            recorded: Vec::new(),
            recorded_queued: 0,
            buffers: Vec::new(),
            blocked_since: None,
            lateness: Lateness::new(limits.behind_ms),
            ended: SmallVec::new(),
            closed: None,
            failed: false,
            throttle: Throttle::default(),
            told_closed_until: None,
            sent_bytes: 0,
            sent_messages: 0,
            dropped_messages: 0,
        };
        Arc::new(Self {
            socket,
            limits,
            state: Mutex::new(state),
            wake: Notify::new(),
        })
    }

    /// Queues bytes of the session itself. [`flush`](Self::flush) writes them.
    pub(crate) fn push(&self, bytes: Bytes) {
        let mut state = self.state.lock();
        // What an object has become is known before a call that may be about it. A client that
        // takes nothing is told later, so that what waits for it goes on merging.
        if state.blocked_since.is_none() {
            state.queue_objects(usize::MAX);
        }
        state.control_queued += bytes.len();
        state.queue.push_back(bytes);
        if state.control_queued > self.limits.control_bytes {
            state.close(CloseReason::OutboxFull);
            self.wake.notify_one();
        }
    }

    /// Whether shared objects come, or may still come, between what the session has queued and
    /// what it encodes next: its next headers must be full ones then.
    pub(crate) fn objects_between(&self) -> bool {
        self.state.lock().objects.between()
    }

    /// Limits what is written, in bytes per second; 0 is no limit.
    pub(crate) fn limit(&self, bytes_per_second: u64) {
        self.state.lock().throttle.set(bytes_per_second);
        self.wake.notify_one();
    }

    /// When more may be written, if a limit forbids it now.
    pub(crate) fn throttled_until(&self, now: Millis) -> Option<Millis> {
        let state = self.state.lock();
        let waits = state.has_queued() || !state.plays.is_empty();
        state.throttle.closed_until(now).filter(|_| waits)
    }

    /// Counts messages that the session has queued.
    pub(crate) fn count_messages(&self, count: u64) {
        self.state.lock().sent_messages += count;
    }

    /// Messages sent, and those that the client missed.
    pub(crate) fn message_counts(&self) -> (u64, u64) {
        let state = self.state.lock();
        (state.sent_messages, state.dropped_messages)
    }

    /// Begins a play; its first bytes go out with the next flush.
    pub(crate) fn add_play(&self, play: Play) {
        self.state.lock().plays.push(play);
    }

    /// Ends a play; what it has queued still goes out, and so does the news of a publisher
    /// that came or went before: a playlist goes on for that very reason, and its player is
    /// to be told so first.
    pub(crate) fn remove_play(&self, stream_id: u32) -> Option<Play> {
        let mut state = self.state.lock();
        state.recorded.retain(|play| play.stream_id != stream_id);
        state.ended.retain(|(ended, _)| *ended != stream_id);
        let index = state
            .plays
            .iter()
            .position(|play| play.stream_id == stream_id)?;
        state.lateness = Lateness::new(self.limits.behind_ms);
        let mut play = state.plays.swap_remove(index);
        let mut markers = Vec::new();
        play.reader
            .take_markers(&play.live.ring.lock(), &mut markers);
        play.frame_into(&markers, &mut state.queue);
        Some(play)
    }

    /// Ends all plays, as the connection does.
    pub(crate) fn take_plays(&self) -> SmallVec<[Play; 1]> {
        let mut state = self.state.lock();
        state.recorded.clear();
        std::mem::take(&mut state.plays)
    }

    /// Pauses a play, or lets it go on at the live edge.
    pub(crate) fn pause(&self, now: Millis, stream_id: u32, paused: bool) {
        let mut state = self.state.lock();
        for play in state.recorded_on(stream_id) {
            play.pause(paused);
        }
        let State { plays, queue, .. } = &mut *state;
        let Some(play) = plays.iter_mut().find(|play| play.stream_id == stream_id) else {
            return;
        };
        if paused {
            return play.reader.pause();
        }
        let mut entries = Vec::new();
        play.reader
            .unpause(now, &play.live.ring.lock(), &mut entries);
        play.frame_into(&entries, queue);
    }

    /// Changes what a play receives.
    pub(crate) fn select(&self, stream_id: u32, selection: Selection) {
        let mut state = self.state.lock();
        for play in state.recorded_on(stream_id) {
            play.select(selection);
        }
        if let Some(play) = state
            .plays
            .iter_mut()
            .find(|play| play.stream_id == stream_id)
        {
            play.reader.select(selection);
        }
    }

    /// Sends a batch to a player that is up to date and wants everything, else whatever the
    /// player is to get now. Called by pumps.
    pub(crate) fn deliver(&self, now: Millis, stream_id: u32, batch: &mut Batch<'_>) {
        let mut state = self.state.lock();
        if state.blocked_since.is_some() || state.closed.is_some() {
            return;
        }
        let idle = !state.has_queued() && state.throttle.stretch() == usize::MAX;
        let Some(play) = state
            .plays
            .iter_mut()
            .find(|play| play.stream_id == stream_id)
        else {
            return;
        };
        if idle && batch.is_shared() && play.reader.follow(batch.from, batch.to) {
            let bytes = batch.bytes(play.framing);
            state.sent_messages += batch.to - batch.from;
            self.write_shared(now, &mut state, &bytes);
        } else {
            self.flush_locked(now, &mut state);
        }
        // A limit forbids more for now: the session's task goes on in time, told once.
        let closed_until = state.throttle.closed_until(now);
        if closed_until.is_some() && state.told_closed_until != closed_until {
            state.told_closed_until = closed_until;
            self.wake.notify_one();
        }
    }

    /// Writes all that is queued and all that the plays are behind, until the socket is full.
    pub(crate) fn flush(&self, now: Millis) {
        self.flush_locked(now, &mut self.state.lock());
    }

    /// The socket can be written again: goes on where it was full.
    pub(crate) fn on_writable(&self, now: Millis) {
        let mut state = self.state.lock();
        state.blocked_since = None;
        self.flush_locked(now, &mut state);
    }

    /// Since when the socket has been taking nothing.
    pub(crate) fn blocked_since(&self) -> Option<Millis> {
        self.state.lock().blocked_since
    }

    /// Whether everything queued has been handed to the socket.
    pub(crate) fn is_flushed(&self) -> bool {
        !self.state.lock().has_queued()
    }

    /// When the connection must be closed, and why, if the client takes no more than it does.
    pub(crate) fn patience(&self) -> Option<(Millis, CloseReason)> {
        let state = self.state.lock();
        let stalled = state
            .blocked_since
            .map(|since| since + self.limits.stall_ms);
        let stalled = stalled.map(|at| (at, CloseReason::PlayerStalled));
        let behind = state.lateness.deadline();
        let behind = behind.map(|at| (at, CloseReason::PlayerBehind));
        stalled.into_iter().chain(behind).min_by_key(|(at, _)| *at)
    }

    /// Gives up what waits, except what the socket may have taken a part of: the client must
    /// be able to read what comes then.
    pub(crate) fn drop_waiting(&self) {
        let mut state = self.state.lock();
        state.queue.truncate(1);
        state.objects = WaitingObjects::default();
    }

    /// Asks for the connection to be closed; the first reason stays.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.state.lock().close(reason);
        self.wake.notify_one();
    }

    /// Why the connection is to be closed, if it is.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.state.lock().closed
    }

    /// A play whose length is over and that has not been taken yet: its message stream and
    /// its number.
    pub(crate) fn take_ended(&self) -> Option<(u32, u64)> {
        self.state.lock().ended.pop()
    }

    /// Bytes handed to the socket.
    pub(crate) fn sent_bytes(&self) -> u64 {
        self.state.lock().sent_bytes
    }

    /// Waits until the session's task has something to see to.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    fn write_shared(&self, now: Millis, state: &mut MutexGuard<'_, State>, bytes: &Bytes) {
        match self.socket.try_write(bytes) {
            Ok(written) => {
                state.sent_bytes += written as u64;
                if written < bytes.len() {
                    state.queue.push_back(bytes.slice(written..));
                    self.flush_locked(now, state);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                state.queue.push_back(bytes.clone());
                self.block(now, state);
            }
            Err(_) => self.fail(state),
        }
    }

    fn flush_locked(&self, now: Millis, state: &mut MutexGuard<'_, State>) {
        while state.blocked_since.is_none() && !state.failed {
            if state.throttle.closed_until(now).is_some() {
                return;
            }
            if state.queue.is_empty() && !state.refill(now, &self.wake) {
                state.lateness.up_to_date(now);
                return;
            }
            self.write_some(now, state);
        }
    }

    /// Writes the queue until it is empty, the socket is full, or a limit forbids more.
    fn write_some(&self, now: Millis, state: &mut MutexGuard<'_, State>) {
        while !state.queue.is_empty() {
            if state.throttle.closed_until(now).is_some() {
                return;
            }
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut room = state.throttle.stretch();
            let mut count = 0;
            for (slice, bytes) in slices.iter_mut().zip(&state.queue) {
                let part = bytes.get(..room).unwrap_or(bytes);
                *slice = IoSlice::new(part);
                room -= part.len();
                count += 1;
                if room == 0 {
                    break;
                }
            }
            match self.socket.try_write_vectored(&slices[..count]) {
                Ok(written) => state.advance(now, written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return self.block(now, state);
                }
                Err(_) => return self.fail(state),
            }
        }
        state.control_queued = 0;
        state.objects.written();
        if std::mem::take(&mut state.recorded_queued) > 0 {
            state.recorded.iter().for_each(RecordedPlay::has_room);
        }
    }

    fn block(&self, now: Millis, state: &mut State) {
        state.blocked_since.get_or_insert(now);
        if !state.plays.is_empty() {
            state.lateness.behind(now);
        }
        self.wake.notify_one();
    }

    fn fail(&self, state: &mut State) {
        state.queue.clear();
        state.objects = WaitingObjects::default();
        state.failed = true;
        state.close(CloseReason::NetworkError);
        self.wake.notify_one();
    }
}

impl State {
    fn close(&mut self, reason: CloseReason) {
        self.closed.get_or_insert(reason);
    }

    /// Whether anything but media waits.
    fn has_queued(&self) -> bool {
        !self.queue.is_empty() || !self.objects.is_empty()
    }

    /// Takes what the plays are behind into the queue; false if there was nothing.
    fn refill(&mut self, now: Millis, wake: &Notify) -> bool {
        self.queue_objects(READ_BYTES);
        let mut entries = Vec::new();
        for play in &mut self.plays {
            let finished_before = play.reader.is_finished();
            let missed_before = play.reader.stats().skipped_entries;
            let skipped = {
                let ring = play.live.ring.lock();
                if play.reader.is_caught_up(&ring) {
                    continue;
                }
                play.reader.read(now, &ring, READ_BYTES, &mut entries)
            };
            if skipped {
                self.lateness.skipped(now);
                let client = &play.greeting.client_id;
                play.live.note_skip(client, play.reader.stats());
                self.queue.extend(play.tell_slow(now));
            }
            self.dropped_messages += play.reader.stats().skipped_entries - missed_before;
            self.sent_messages += entries.len() as u64;
            if play.reader.is_finished() && !finished_before {
                self.ended.push((play.stream_id, play.number));
                wake.notify_one();
            }
            play.frame_into(&entries, &mut self.queue);
            entries.clear();
        }
        !self.queue.is_empty()
    }

    fn advance(&mut self, now: Millis, mut written: usize) {
        self.throttle.note(now, written as u64);
        self.sent_bytes += written as u64;
        while let Some(front) = self.queue.front_mut() {
            if written < front.len() {
                let _ = front.split_to(written);
                return;
            }
            written -= front.len();
            self.queue.pop_front();
        }
    }
}

impl Play {
    fn frame_into(&self, entries: &[Arc<Entry>], queue: &mut VecDeque<Bytes>) {
        for entry in entries {
            match entry.kind {
                Kind::Marker(marker) => queue.push_back(self.notice(marker)),
                _ => queue.push_back(entry.framed(self.framing)),
            }
        }
    }

    /// `InsufficientBW`, unless it was said a short time ago.
    fn tell_slow(&mut self, now: Millis) -> Option<Bytes> {
        let is_told = |at: &Millis| now.since(*at) < TELL_SLOW_MS;
        if self.told_slow.as_ref().is_some_and(is_told) {
            return None;
        }
        self.told_slow = Some(now);
        let name = &self.live.address.name;
        let text = format!("The connection is too slow for {name}.");
        let status = self.status(Code::PlayInsufficientBw, text);
        let mut out = BytesMut::new();
        self.frame_body(Body::Command(status.on_status()), &mut out);
        Some(out.freeze())
    }

    fn status(&self, code: Code, text: String) -> Status {
        Status::new(code, text)
            .with_details(self.live.address.name.as_str())
            .with_client_id(self.greeting.client_id.as_str())
    }

    /// `PublishNotify` or `UnpublishNotify`, in this player's own words.
    fn notice(&self, marker: Marker) -> Bytes {
        let name = &self.live.address.name;
        let (code, text) = match marker {
            Marker::Published => (Code::PlayPublishNotify, format!("{name} is now published.")),
            Marker::Unpublished => (
                Code::PlayUnpublishNotify,
                format!("{name} is now unpublished."),
            ),
        };
        let status = self.status(code, text);
        let mut out = BytesMut::new();
        self.frame_body(Body::Command(status.on_status()), &mut out);
        if marker == Marker::Published {
            for data in &self.greeting.data {
                self.frame_body(Body::Data(data.clone()), &mut out);
            }
        }
        out.freeze()
    }

    fn frame_body(&self, body: Body, out: &mut BytesMut) {
        let Framing::Rtmp {
            stream_id,
            chunk_size,
            ..
        } = self.framing
        else {
            return;
        };
        // Our own statuses are far below any limit of the encoder.
        let Ok(raw) = Message::stream(stream_id, body).encode() else {
            return;
        };
        let (csid, size) = (media::DATA_CSID, chunk_size as usize);
        rtmp::chunk::frame(csid, 0, raw.type_id, stream_id, &raw.payload, size, out);
    }
}

#[cfg(test)]
mod tests;
