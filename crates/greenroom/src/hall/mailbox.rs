//! What waits for one connection to send it.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use engine::CloseReason;
use parking_lot::Mutex;
use rooms::Event;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use xmlsocket::electroserver::Told;

/// What one entry of a mailbox counts, beside its bytes.
const ENTRY_BYTES: usize = 64;

/// Something that users are told, made once for all of them.
pub(crate) struct Notice {
    /// What.
    pub(crate) event: Event,
    /// The same in the words of the dialect, if it has any.
    pub(crate) told: Option<Told>,
}

/// What can wait in a mailbox.
pub(crate) trait Weigh: Sized {
    /// The bytes that it will send.
    fn bytes(&self) -> usize;

    /// Takes out what is void because of something behind it.
    fn thin_out(_: &mut VecDeque<Self>) {}
}

impl Weigh for Arc<Notice> {
    fn bytes(&self) -> usize {
        self.told.as_ref().map_or(0, Told::bytes)
    }

    /// Of each room only the last change stays: it tells everything that a list shows.
    fn thin_out(waiting: &mut VecDeque<Self>) {
        let mut changed = HashSet::new();
        let mut kept: VecDeque<_> = mem::take(waiting).into_iter().rev().collect();
        kept.retain(|notice| match &notice.event {
            Event::RoomsChanged { rooms, .. } => {
                let new = rooms.iter().filter(|room| changed.insert(room.id));
                new.count() > 0
            }
            _ => true,
        });
        waiting.extend(kept.into_iter().rev());
    }
}

impl Weigh for Bytes {
    fn bytes(&self) -> usize {
        self.len()
    }
}

/// A bounded queue between the hall, or a relay, and one connection. When it is full, the
/// connection ends.
pub(crate) struct Mailbox<T = Arc<Notice>> {
    most_bytes: usize,
    waiting: Mutex<Waiting<T>>,
    wake: Notify,
}

struct Waiting<T> {
    notices: VecDeque<T>,
    bytes: usize,
    end: Option<CloseReason>,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self {
            notices: VecDeque::new(),
            bytes: 0,
            end: None,
        }
    }
}

impl<T: Weigh> Waiting<T> {
    /// Takes out what is void; tells whether a quarter of the mailbox is free then, with `more`
    /// bytes to come. With less it would soon have to be done again.
    fn thin_out(&mut self, most_bytes: usize, more: usize) -> bool {
        T::thin_out(&mut self.notices);
        let kept = self.notices.iter();
        let kept: usize = kept.map(|notice| ENTRY_BYTES + notice.bytes()).sum();
        self.bytes = kept + more;
        self.bytes <= most_bytes - most_bytes / 4
    }
}

impl<T: Weigh> Mailbox<T> {
    /// One for so many bytes.
    pub(crate) fn new(most_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            most_bytes,
            waiting: Mutex::default(),
            wake: Notify::new(),
        })
    }

    /// Puts something in; a client that does not take what is there gets no more.
    pub(crate) fn push(&self, notice: T) {
        let mut waiting = self.waiting.lock();
        if waiting.end.is_some() {
            return;
        }
        let first = waiting.notices.is_empty();
        let bytes = ENTRY_BYTES + notice.bytes();
        waiting.bytes += bytes;
        if waiting.bytes > self.most_bytes && !first && !waiting.thin_out(self.most_bytes, bytes) {
            *waiting = Waiting {
                end: Some(CloseReason::OutboxFull),
                ..Waiting::default()
            };
        } else {
            waiting.notices.push_back(notice);
        }
        let wakes = first || waiting.end.is_some();
        drop(waiting);
        if wakes {
            self.wake.notify_one();
        }
    }

    /// The connection is to end when what is here has been sent. The first reason stays.
    pub(crate) fn end(&self, reason: CloseReason) {
        self.waiting.lock().end.get_or_insert(reason);
        self.wake.notify_one();
    }

    /// Resolves when there is something new.
    pub(crate) fn woken(&self) -> Notified<'_> {
        self.wake.notified()
    }

    /// Whether the connection is to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.waiting.lock().end.is_some()
    }

    /// Everything in it, and why the connection ends, if it does.
    pub(crate) fn take(&self) -> (VecDeque<T>, Option<CloseReason>) {
        let mut waiting = self.waiting.lock();
        waiting.bytes = 0;
        (mem::take(&mut waiting.notices), waiting.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::made::lobby;

    fn notice() -> Arc<Notice> {
        Arc::new(Notice {
            event: Event::UserCount(1),
            told: None,
        })
    }

    #[test]
    fn a_full_mailbox_ends_the_connection_and_holds_nothing() {
        let mailbox = Mailbox::new(2 * ENTRY_BYTES);
        mailbox.push(notice());
        mailbox.push(notice());
        assert!(!mailbox.is_ending());
        mailbox.push(notice());
        mailbox.push(notice());
        mailbox.end(CloseReason::Kicked);
        let (notices, end) = mailbox.take();
        assert_eq!((notices.len(), end), (0, Some(CloseReason::OutboxFull)));
    }

    fn changed(room: u64, users: u32) -> Arc<Notice> {
        let event = Event::RoomsChanged {
            rooms: [lobby(room, "Main", users)].into(),
            zone_users: users,
        };
        Arc::new(Notice { event, told: None })
    }

    #[test]
    fn a_client_that_takes_nothing_is_kept_for_the_last_counts_of_each_room() {
        let mailbox = Mailbox::new(8 * ENTRY_BYTES);
        mailbox.push(notice());
        for users in 1..=1_000 {
            mailbox.push(changed(1, users));
            mailbox.push(changed(2, users));
        }
        mailbox.push(notice());
        let (notices, end) = mailbox.take();
        assert_eq!(end, None);
        assert!(notices.len() <= 8, "{}", notices.len());
        assert_eq!(notices[0].event, Event::UserCount(1));
        let tail: Vec<_> = notices.range(notices.len() - 3..).collect();
        assert_eq!(tail[0].event, changed(1, 1_000).event);
        assert_eq!(tail[1].event, changed(2, 1_000).event);
        assert_eq!(tail[2].event, Event::UserCount(1));
    }

    #[test]
    fn counts_of_many_rooms_fill_a_mailbox_as_anything_else_does() {
        let mailbox = Mailbox::new(8 * ENTRY_BYTES);
        for room in 0..9 {
            mailbox.push(changed(room, 1));
        }
        assert_eq!(mailbox.take().1, Some(CloseReason::OutboxFull));
    }

    #[test]
    fn what_is_larger_than_all_of_it_waits_alone() {
        let mailbox = Mailbox::new(1);
        mailbox.push(notice());
        let (notices, end) = mailbox.take();
        assert_eq!((notices.len(), end), (1, None));
    }

    #[test]
    fn what_was_told_before_the_end_is_still_there() {
        let mailbox = Mailbox::new(1024);
        mailbox.push(notice());
        mailbox.end(CloseReason::Kicked);
        mailbox.push(notice());
        let (notices, end) = mailbox.take();
        assert_eq!((notices.len(), end), (1, Some(CloseReason::Kicked)));
    }
}
