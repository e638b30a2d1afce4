//! What the rest of the server knows of a script's thread: how long it has been away, whether it
//! was written off, and how many such threads there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use engine::scripting::{Script, ScriptInput, ScriptOutput};
use rtmp::Millis;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{clock, metrics};

// What becomes of a thread. Which of the last two comes first is decided once.
const RUNS: u8 = 0;
const LOST: u8 = 1;
const ENDED: u8 = 2;

/// Counts the threads of scripts that were written off and still run.
#[derive(Debug, Default)]
pub(crate) struct LostThreads(AtomicUsize);

impl LostThreads {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        metrics::threads_lost(1.0);
    }

    fn remove(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
        metrics::threads_lost(-1.0);
    }
}

/// What the rest of the server knows of a script's thread.
pub(crate) struct Room {
    /// Since when the thread has been handling one thing: the clock's time plus one; 0 when
    /// it handles nothing.
    busy_since: AtomicU64,
    /// For how long in ms the thread may handle one thing.
    stuck_after_ms: AtomicU64,
    /// Somebody has given back a seat.
    pub(crate) freed: Notify,
    /// The thread did not come back, and nobody counts on it any more.
    pub(crate) written_off: CancellationToken,
    /// The thread has ended.
    pub(crate) ended: CancellationToken,
    fate: AtomicU8,
    lost: Arc<LostThreads>,
}

impl Room {
    pub(crate) fn new(stuck_after_ms: u64, lost: Arc<LostThreads>) -> Arc<Self> {
        Arc::new(Self {
            busy_since: AtomicU64::new(0),
            stuck_after_ms: AtomicU64::new(stuck_after_ms),
            freed: Notify::new(),
            written_off: CancellationToken::new(),
            ended: CancellationToken::new(),
            fate: AtomicU8::new(RUNS),
            lost,
        })
    }

    /// How long in ms the thread has been handling one thing.
    pub(crate) fn busy_ms(&self, now: Millis) -> u64 {
        match self.busy_since.load(Ordering::Relaxed) {
            0 => 0,
            since => now.since(Millis(since - 1)),
        }
    }

    /// Whether the thread has been handling one thing for too long.
    pub(crate) fn is_stuck(&self, now: Millis) -> bool {
        self.busy_ms(now) > self.stuck_after_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn set_busy(&self, busy: bool) {
        let since = if busy { clock::now().0 + 1 } else { 0 };
        self.busy_since.store(since, Ordering::Relaxed);
    }

    /// Lets the thread handle one thing for so long from now on.
    pub(super) fn set_patience(&self, stuck_after_ms: u64) {
        self.stuck_after_ms.store(stuck_after_ms, Ordering::Relaxed);
    }

    /// Nobody counts on the thread any more. If it still runs it is one that is lost, until it
    /// ends all the same.
    pub(crate) fn write_off(&self) {
        metrics::script_written_off();
        // Counted first: a thread that ends at this moment takes off what is there.
        self.lost.add();
        let (order, other) = (Ordering::AcqRel, Ordering::Acquire);
        if self
            .fate
            .compare_exchange(RUNS, LOST, order, other)
            .is_err()
        {
            self.lost.remove();
        }
        self.written_off.cancel();
    }
}

/// Says that the thread has ended, when it does, however that is.
pub(crate) struct Ending(pub(crate) Arc<Room>);

impl Drop for Ending {
    fn drop(&mut self) {
        if self.0.fate.swap(ENDED, Ordering::AcqRel) == LOST {
            self.0.lost.remove();
        }
        self.0.ended.cancel();
    }
}

/// Counts how long the script is away from each thing it is told: a post may be many of them.
pub(super) struct Timed {
    script: Box<dyn Script>,
    room: Arc<Room>,
}

impl Timed {
    pub(super) fn new(script: Box<dyn Script>, room: Arc<Room>) -> Self {
        Self { script, room }
    }
}

impl Script for Timed {
    fn handle(&mut self, now: Millis, input: ScriptInput) {
        self.room.set_busy(true);
        self.script.handle(now, input);
        self.room.set_busy(true);
    }

    fn poll(&mut self) -> ScriptOutput {
        self.script.poll()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Each thing it is told takes as long as this.
    struct Slow(Duration);

    impl Script for Slow {
        fn handle(&mut self, _: Millis, _: ScriptInput) {
            std::thread::sleep(self.0);
        }

        fn poll(&mut self) -> ScriptOutput {
            ScriptOutput::Timeout(None)
        }
    }

    #[test]
    fn the_time_away_begins_anew_with_each_thing_the_script_is_told() {
        let room = Room::new(10_000, Arc::default());
        let each = Duration::from_millis(20);
        let mut script = Timed::new(Box::new(Slow(each)), room.clone());
        room.set_busy(true);
        let begun = room.busy_since.load(Ordering::Relaxed);
        let mut before = begun;
        for _ in 0..3 {
            script.handle(clock::now(), ScriptInput::Timeout);
            let since = room.busy_since.load(Ordering::Relaxed);
            assert!(since >= before + each.as_millis() as u64, "{since}");
            before = since;
        }
    }

    #[test]
    fn a_thread_is_lost_from_its_writing_off_to_its_end() {
        let lost = Arc::<LostThreads>::default();
        let room = Room::new(100, lost.clone());
        let ending = Ending(room.clone());
        room.write_off();
        assert_eq!(lost.count(), 1);
        drop(ending);
        assert_eq!(lost.count(), 0);
    }

    /// It came back just when it was looked for, and found nothing more to do.
    #[test]
    fn a_thread_that_has_ended_before_it_is_written_off_is_not_lost() {
        let lost = Arc::<LostThreads>::default();
        let room = Room::new(100, lost.clone());
        drop(Ending(room.clone()));
        room.write_off();
        assert_eq!(lost.count(), 0);
        assert!(room.written_off.is_cancelled());
    }

    #[test]
    fn ends_and_writings_off_at_the_same_time_leave_nothing_counted() {
        let lost = Arc::<LostThreads>::default();
        for _ in 0..200 {
            let room = Room::new(100, lost.clone());
            let ending = Ending(room.clone());
            std::thread::scope(|scope| {
                scope.spawn(|| room.write_off());
                scope.spawn(move || drop(ending));
            });
        }
        assert_eq!(lost.count(), 0);
    }
}
