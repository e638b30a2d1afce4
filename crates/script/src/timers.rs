//! When the script's timers are due. What they run the script keeps itself.

use std::collections::{BTreeMap, BTreeSet};

use rtmp::Millis;

/// The timers of one script.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_id: BTreeMap<u32, Timer>,
    queue: BTreeSet<(Millis, u32)>,
    last_id: u32,
    stopped: bool,
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    due: Millis,
    every: Option<u64>,
}

impl Timers {
    /// How many run.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Starts a timer that is due in `delay` ms, once or again and again. Ids start at 1 and are
    /// not reused.
    pub(crate) fn start(&mut self, now: Millis, delay: u64, repeats: bool) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        if !self.stopped {
            let every = repeats.then_some(delay.max(1));
            self.schedule(
                id,
                Timer {
                    due: now + delay,
                    every,
                },
            );
        }
        id
    }

    /// Stops a timer; whether it ran.
    pub(crate) fn stop(&mut self, id: u32) -> bool {
        let Some(timer) = self.by_id.remove(&id) else {
            return false;
        };
        self.queue.remove(&(timer.due, id))
    }

    /// Stops all timers, and those that are started from now on.
    pub(crate) fn stop_all(&mut self) {
        self.by_id.clear();
        self.queue.clear();
        self.stopped = true;
    }

    /// When the next is due.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// The one that is due, the earliest first.
    pub(crate) fn due(&self, now: Millis) -> Option<u32> {
        let first = self.queue.first().filter(|(due, _)| *due <= now);
        first.map(|(_, id)| *id)
    }

    /// A timer is about to run: schedules its next time. Whether there will be one, or `None` if
    /// the timer has been stopped meanwhile.
    pub(crate) fn fire(&mut self, now: Millis, id: u32) -> Option<bool> {
        let timer = *self.by_id.get(&id)?;
        self.stop(id);
        if let Some(every) = timer.every {
            // Ticks that were missed are not made up for.
            let next = (timer.due + every).max(now + 1);
            self.schedule(id, Timer { due: next, ..timer });
        }
        Some(timer.every.is_some())
    }

    fn schedule(&mut self, id: u32, timer: Timer) {
        self.by_id.insert(id, timer);
        self.queue.insert((timer.due, id));
    }
}

#[cfg(test)]
mod tests {
    use super::{Millis, Timers};

    #[test]
    fn a_timer_fires_once_or_at_its_interval() {
        let mut timers = Timers::default();
        let once = timers.start(Millis(0), 10, false);
        let often = timers.start(Millis(0), 4, true);
        assert_eq!(timers.next_due(), Some(Millis(4)));
        assert_eq!(timers.due(Millis(12)), Some(often));
        assert_eq!(timers.fire(Millis(12), often), Some(true));
        assert_eq!(timers.due(Millis(12)), Some(once));
        assert_eq!(timers.fire(Millis(12), once), Some(false));
        assert_eq!(timers.fire(Millis(12), once), None);
        assert_eq!(timers.due(Millis(12)), None, "once for each input");
        assert_eq!(timers.next_due(), Some(Millis(13)));
        assert!(timers.stop(often));
        assert!(!timers.stop(often));
        assert_eq!(timers.next_due(), None);
    }

    #[test]
    fn after_the_end_nothing_fires() {
        let mut timers = Timers::default();
        timers.start(Millis(0), 1, true);
        timers.stop_all();
        timers.start(Millis(0), 1, true);
        assert_eq!(timers.due(Millis(9)), None);
    }
}
