//! Fan-out: writes what a stream's ring gains to its many RTMP players.
//!
//! A task per player would cost a wake-up per message and player. A pump instead is one task
//! for a share of a stream's players: woken once per append, it goes through them and writes
//! to each socket in turn. Players that are up to date all get the same bytes, framed and
//! joined once. A player whose socket is full is passed by; its own session's task takes
//! over. There are as many pumps per stream as worker threads, so that one stream can use
//! the whole machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use media::{Entry, Framing, Kind};
use parking_lot::Mutex;
use slab::Slab;
use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::clock;
use crate::live::LiveStream;
use crate::metrics;
use crate::outbox::Outbox;

/// Players served between two chances for other tasks of the thread to run: bounds what a
/// joiner waits behind a large audience.
const TURN: usize = 64;

/// How a stream's pumps work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PumpSettings {
    /// Pumps per stream.
    pub(crate) shards: usize,
    /// How long a message may wait for others to be written with it.
    pub(crate) latency_budget: Duration,
}

/// A player's place in a pump.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    shard: usize,
    key: usize,
}

/// The pumps of one stream.
pub(crate) struct Pumps {
    settings: PumpSettings,
    shards: Box<[Shard]>,
    next: AtomicUsize,
}

struct Shard {
    players: Mutex<Slab<Player>>,
    /// Players in this shard; read without the lock on every append.
    count: AtomicUsize,
    running: Mutex<bool>,
    grown: Arc<Notify>,
}

#[derive(Clone)]
struct Player {
    outbox: Arc<Outbox>,
    stream_id: u32,
}

impl Pumps {
    pub(crate) fn new(settings: PumpSettings) -> Self {
        let shard = |_| Shard {
            players: Mutex::default(),
            count: AtomicUsize::new(0),
            running: Mutex::new(false),
            grown: Arc::new(Notify::new()),
        };
        let shards = (0..settings.shards.max(1)).map(shard).collect();
        Self {
            settings,
            shards,
            next: AtomicUsize::new(0),
        }
    }

    /// Takes a player in; starts the pump of its share if that is idle.
    pub(crate) fn join(live: &Arc<LiveStream>, outbox: &Arc<Outbox>, stream_id: u32) -> Ticket {
        let pumps = &live.pumps;
        let shard = pumps.next.fetch_add(1, Ordering::Relaxed) % pumps.shards.len();
        let place = &pumps.shards[shard];
        let key = place.players.lock().insert(Player {
            outbox: outbox.clone(),
            stream_id,
        });
        place.count.fetch_add(1, Ordering::Relaxed);
        let mut running = place.running.lock();
        if !*running {
            *running = true;
            // From here on the pump serves: what comes before its first turn is not missed.
            let cursor = live.ring.lock().head();
            tokio::spawn(run(live.clone(), shard, cursor));
        }
        Ticket { shard, key }
    }

    /// Lets a player go. A ticket is good for one leaving: its place is given to others.
    pub(crate) fn leave(&self, ticket: Ticket) {
        let shard = &self.shards[ticket.shard];
        let gone = shard.players.lock().try_remove(ticket.key);
        if gone.is_some() && shard.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            // The last one: the pump wakes to find that it may end.
            shard.grown.notify_one();
        }
    }

    /// Wakes the pumps that have players.
    pub(crate) fn wake(&self) {
        for shard in &self.shards {
            if shard.count.load(Ordering::Relaxed) > 0 {
                shard.grown.notify_one();
            }
        }
    }
}

/// Serves one share of the stream's players until none is left.
async fn run(live: Arc<LiveStream>, index: usize, mut cursor: u64) {
    let shard = &live.pumps.shards[index];
    let budget = live.pumps.settings.latency_budget;
    loop {
        shard.grown.notified().await;
        if shard.is_done() {
            return;
        }
        if !budget.is_zero() {
            tokio::time::sleep(budget).await;
        }
        let entries: Vec<Arc<Entry>> = live.ring.lock().since(cursor).cloned().collect();
        let Some(last) = entries.last() else { continue };
        let to = last.seq + 1;
        pass(shard, &mut Batch::new(cursor, to, &entries)).await;
        cursor = to;
    }
}

/// Goes once through the share's players.
async fn pass(shard: &Shard, batch: &mut Batch<'_>) {
    let now = clock::now();
    let mut next = 0;
    loop {
        let turn: SmallVec<[Player; TURN]> = {
            let players = shard.players.lock();
            let end = players.capacity().min(next + TURN);
            let turn = (next..end)
                .filter_map(|key| players.get(key).cloned())
                .collect();
            next = if end == players.capacity() {
                usize::MAX
            } else {
                end
            };
            turn
        };
        for player in &turn {
            player.outbox.deliver(now, player.stream_id, batch);
        }
        metrics::delivered(turn.len() as u64 * (batch.to - batch.from));
        if next == usize::MAX {
            return;
        }
        tokio::task::yield_now().await;
    }
}

impl Shard {
    /// Whether the pump may end; once it says so it must.
    fn is_done(&self) -> bool {
        let mut running = self.running.lock();
        let done = self.count.load(Ordering::Relaxed) == 0;
        *running = !done;
        done
    }
}

/// What the ring gained since the last pass, and the bytes made of it.
pub(crate) struct Batch<'a> {
    pub(crate) from: u64,
    pub(crate) to: u64,
    entries: &'a [Arc<Entry>],
    shared: bool,
    framed: SmallVec<[(Framing, Bytes); 2]>,
}

impl<'a> Batch<'a> {
    fn new(from: u64, to: u64, entries: &'a [Arc<Entry>]) -> Self {
        let complete = entries.len() as u64 == to - from;
        let marked = entries
            .iter()
            .any(|entry| matches!(entry.kind, Kind::Marker(_)));
        Self {
            from,
            to,
            entries,
            shared: complete && !marked,
            framed: SmallVec::new(),
        }
    }

    /// Whether all plain players get the same bytes of it.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared
    }

    /// The whole batch in one framing, contiguous.
    pub(crate) fn bytes(&mut self, framing: Framing) -> Bytes {
        if let Some((_, bytes)) = self.framed.iter().find(|(known, _)| *known == framing) {
            return bytes.clone();
        }
        let bytes = match self.entries {
            [only] => only.framed(framing),
            many => join(many, framing),
        };
        if self.framed.len() < self.framed.inline_size() {
            self.framed.push((framing, bytes.clone()));
        }
        bytes
    }
}

fn join(entries: &[Arc<Entry>], framing: Framing) -> Bytes {
    let parts: SmallVec<[Bytes; 16]> = entries.iter().map(|e| e.framed(framing)).collect();
    let mut out = BytesMut::with_capacity(parts.iter().map(Bytes::len).sum());
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.freeze()
}
