//! What waits for one plugin.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use script::{Fields, PluginInput};

/// Something that a plugin is told.
pub(super) enum Told {
    /// Something has happened.
    Input(PluginInput),
    /// Another plugin calls, and waits.
    Call {
        hash: Fields,
        /// The plugins that wait for each other, down to the one that calls.
        waiting: Vec<u64>,
        answer: SyncSender<Option<Fields>>,
    },
}

/// A bounded queue between the hall and the thread of a plugin. Requests fill it to its limit; what
/// must not be lost goes up to twice as much, and beyond that the plugin is overrun.
pub(crate) struct Inbox {
    most: usize,
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Told>,
    overrun: bool,
    closed: bool,
}

impl Inbox {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            waiting: Mutex::default(),
            wake: Condvar::new(),
        })
    }

    /// Puts a request in, if there is room.
    pub(super) fn offer(&self, input: PluginInput) -> bool {
        self.push(Told::Input(input), self.most)
    }

    /// Puts a call of another plugin in, if there is room.
    pub(super) fn offer_call(
        &self,
        hash: Fields,
        waiting: Vec<u64>,
        answer: SyncSender<Option<Fields>>,
    ) -> bool {
        let told = Told::Call {
            hash,
            waiting,
            answer,
        };
        self.push(told, self.most)
    }

    /// Puts something in that must not be lost.
    pub(super) fn put(&self, input: PluginInput) {
        if !self.push(Told::Input(input), 2 * self.most) {
            self.waiting.lock().overrun = true;
        }
    }

    fn push(&self, told: Told, most: usize) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.closed || waiting.queue.len() >= most {
            // Nobody is overrun by what comes behind its end.
            return waiting.closed;
        }
        waiting.queue.push_back(told);
        drop(waiting);
        self.wake.notify_one();
        true
    }

    /// Puts the last thing in.
    pub(super) fn close(&self, last: PluginInput) {
        let mut waiting = self.waiting.lock();
        if !waiting.closed {
            waiting.closed = true;
            waiting.queue.push_back(Told::Input(last));
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// Whether more came than the plugin gets on with.
    pub(super) fn is_overrun(&self) -> bool {
        self.waiting.lock().overrun
    }

    /// The next thing; `None` if there is nothing until then.
    pub(super) fn next(&self, until: Option<Instant>) -> Option<Told> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(told) = waiting.queue.pop_front() {
                return Some(told);
            }
            match until {
                Some(until) => {
                    if self.wake.wait_until(&mut waiting, until).timed_out() {
                        return waiting.queue.pop_front();
                    }
                }
                None => self.wake.wait(&mut waiting),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left() -> PluginInput {
        PluginInput::LogOut { user: "ann".into() }
    }

    fn taken(inbox: &Inbox) -> usize {
        let now = Instant::now();
        std::iter::from_fn(|| inbox.next(Some(now))).count()
    }

    #[test]
    fn requests_leave_room_for_what_must_not_be_lost() {
        let inbox = Inbox::new(2);
        assert!(inbox.offer(left()) && inbox.offer(left()));
        assert!(!inbox.offer(left()));
        inbox.put(left());
        inbox.put(left());
        assert!(!inbox.is_overrun());
        inbox.put(left());
        assert!(inbox.is_overrun());
        assert_eq!(taken(&inbox), 4);
        assert!(inbox.offer(left()));
    }

    #[test]
    fn behind_the_end_comes_nothing() {
        let inbox = Inbox::new(1);
        inbox.put(left());
        inbox.close(PluginInput::Destroy);
        inbox.put(left());
        inbox.close(PluginInput::Destroy);
        assert!(!inbox.is_overrun());
        assert_eq!(taken(&inbox), 2);
    }
}
