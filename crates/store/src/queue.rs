//! The bounded queue between those who write and the writer.

use std::collections::VecDeque;
use std::mem;

use parking_lot::{Condvar, Mutex};

use crate::{Acknowledge, Limits, StoreError, Write};

/// A write that waits.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) write: Write,
    pub(crate) done: Acknowledge,
}

#[derive(Debug)]
pub(crate) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Request>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Adds a request, or tells it and the caller why it is refused.
    pub(crate) fn push(&self, request: Request) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let bytes = request.write.bytes();
        if let Some(reason) = self.refusal(&state, bytes) {
            drop(state);
            request.done.tell(Err(reason.clone()));
            return Err(reason);
        }
        state.bytes += bytes;
        state.waiting.push_back(request);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    fn refusal(&self, state: &State, bytes: usize) -> Option<StoreError> {
        let Limits {
            queue_writes,
            queue_bytes,
            ..
        } = self.limits;
        let full = |limit, max| Some(StoreError::QueueFull { limit, max });
        if state.closed {
            Some(StoreError::Closed)
        } else if state.waiting.len() >= queue_writes {
            full("queue_writes", queue_writes)
        } else if !state.waiting.is_empty() && state.bytes.saturating_add(bytes) > queue_bytes {
            full("queue_bytes", queue_bytes)
        } else {
            None
        }
    }

    /// Waits for requests and takes all there are; `None` when closed and empty.
    pub(crate) fn take(&self) -> Option<VecDeque<Request>> {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            self.changed.wait(&mut state);
        }
        state.bytes = 0;
        Some(mem::take(&mut state.waiting))
    }

    /// Refuses everything from now on. What waits can still be taken.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Queue, Request};
    use crate::{
        Acknowledge, Changes, InstanceKey, Kind, Limits, ObjectKey, SlotChange, StoreError, Write,
    };

    fn of_bytes(count: usize) -> Request {
        let key = ObjectKey::new(InstanceKey::new("a", "b"), Kind::Persistent, "");
        let mut changes = Changes::new(key, 1);
        changes.slots.push(SlotChange::set("", 1, vec![0; count]));
        Request {
            write: Write::Commit(changes),
            done: Acknowledge::nobody(),
        }
    }

    fn refusal(queue: &Queue, request: Request) -> Option<StoreError> {
        queue.push(request).err()
    }

    #[test]
    fn each_limit_refuses_by_its_name() {
        let limits = Limits {
            queue_writes: 3,
            queue_bytes: 10,
            ..Limits::default()
        };
        let queue = Queue::new(limits);
        assert_eq!(refusal(&queue, of_bytes(4)), None);
        let full = |limit, max| Some(StoreError::QueueFull { limit, max });
        assert_eq!(refusal(&queue, of_bytes(7)), full("queue_bytes", 10));
        assert_eq!(refusal(&queue, of_bytes(6)), None);
        assert_eq!(refusal(&queue, of_bytes(0)), None);
        assert_eq!(refusal(&queue, of_bytes(0)), full("queue_writes", 3));
        assert_eq!(queue.take().map(|taken| taken.len()), Some(3));
        // What is larger than the whole queue may pass alone.
        assert_eq!(refusal(&queue, of_bytes(11)), None);
    }

    #[test]
    fn a_closed_queue_gives_what_it_has_and_takes_nothing() {
        let queue = Queue::new(Limits::default());
        assert_eq!(refusal(&queue, of_bytes(1)), None);
        queue.close();
        assert_eq!(refusal(&queue, of_bytes(1)), Some(StoreError::Closed));
        assert_eq!(queue.take().map(|taken| taken.len()), Some(1));
        assert!(queue.take().is_none());
    }
}
