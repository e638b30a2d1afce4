//! What every connection of the server shares.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::ClientId;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::applications::Applications;
use crate::config::Config;
use crate::xml::XmlPorts;

/// The server, as its connections see it.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) applications: Arc<Applications>,
    pub(crate) doors: Arc<Doors>,
    /// Cancelled when the server is told to stop: nobody new, and players are told.
    pub(crate) stopping: CancellationToken,
    /// Cancelled when the time to finish is over.
    pub(crate) stop_now: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// The port RTMP is served on, for the page's help.
    pub(crate) rtmp_port: u16,
    /// What the connections of the XML ports share.
    pub(crate) xml: XmlPorts,
}

impl Shared {
    /// A new client id: random, so that no two nodes give the same.
    pub(crate) fn client_id() -> ClientId {
        ClientId(rand::random())
    }
}

/// Counts who is inside, and lets in no more than may be.
pub(crate) struct Doors {
    most: usize,
    most_pending: usize,
    most_per_ip: usize,
    most_refused: usize,
    inside: AtomicUsize,
    refused: AtomicUsize,
    pending: AtomicUsize,
    by_ip: Mutex<HashMap<IpAddr, usize>>,
}

impl Doors {
    /// Doors for `most` connections, `most_pending` of them not yet settled, `most_per_ip`
    /// from one address (0: no bound; loopback addresses are exempt). Of those too many,
    /// `most_refused` at a time are heard out, to be told so.
    pub(crate) fn new(
        most: usize,
        most_pending: usize,
        most_per_ip: usize,
        most_refused: usize,
    ) -> Self {
        Self {
            most,
            most_pending,
            most_per_ip,
            most_refused,
            inside: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            pending: AtomicUsize::new(0),
            by_ip: Mutex::default(),
        }
    }

    /// Lets a connection in; or only so far that it can be told that there is no room
    /// ([`Pass::is_refused`]); or not at all. It counts until the pass is dropped.
    pub(crate) fn enter(self: &Arc<Self>, ip: IpAddr) -> Option<Pass> {
        self.let_in(ip).or_else(|| self.hear_out())
    }

    fn hear_out(self: &Arc<Self>) -> Option<Pass> {
        let refused = self.refused.fetch_add(1, Ordering::Relaxed);
        let pass = Pass {
            doors: self.clone(),
            ip: None,
            pending: false,
            refused: true,
        };
        (refused < self.most_refused).then_some(pass)
    }

    fn let_in(self: &Arc<Self>, ip: IpAddr) -> Option<Pass> {
        let inside = self.inside.fetch_add(1, Ordering::Relaxed);
        let pending = self.pending.fetch_add(1, Ordering::Relaxed);
        let mut pass = Pass {
            doors: self.clone(),
            ip: None,
            pending: true,
            refused: false,
        };
        if inside >= self.most || pending >= self.most_pending {
            return None;
        }
        let ip = ip.to_canonical();
        if self.most_per_ip > 0 && !ip.is_loopback() {
            let mut by_ip = self.by_ip.lock();
            let here = by_ip.entry(ip).or_default();
            if *here >= self.most_per_ip {
                return None;
            }
            *here += 1;
            pass.ip = Some(ip);
        }
        Some(pass)
    }
}

/// A connection's right to be inside.
pub(crate) struct Pass {
    doors: Arc<Doors>,
    ip: Option<IpAddr>,
    pending: bool,
    refused: bool,
}

impl Pass {
    /// Whether the connection is one too many, and is only to be told so.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused
    }

    /// The connection has said what it is here for.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.pending) {
            self.doors.pending.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.refused {
            self.doors.refused.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        self.settle();
        self.doors.inside.fetch_sub(1, Ordering::Relaxed);
        let Some(ip) = self.ip else { return };
        let mut by_ip = self.doors.by_ip.lock();
        if let Some(here) = by_ip.get_mut(&ip) {
            *here -= 1;
            if *here == 0 {
                by_ip.remove(&ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_let_in_what_fits_and_again_when_somebody_left() {
        let doors = Arc::new(Doors::new(3, 10, 2, 0));
        let far: IpAddr = [192, 0, 2, 1].into();
        let first = doors.enter(far);
        let second = doors.enter(far);
        assert!(first.is_some() && second.is_some());
        assert!(doors.enter(far).is_none(), "two from one address");
        let near = doors.enter([127, 0, 0, 1].into());
        assert!(near.is_some());
        assert!(doors.enter([127, 0, 0, 1].into()).is_none(), "three in all");
        drop((first, near));
        assert!(doors.enter(far).is_some());
        drop(second);
        assert_eq!(doors.inside.load(Ordering::Relaxed), 0);
        assert!(doors.by_ip.lock().is_empty());
    }

    #[test]
    fn some_of_those_too_many_are_heard_out() {
        let doors = Arc::new(Doors::new(1, 10, 0, 1));
        let here: IpAddr = [127, 0, 0, 1].into();
        let inside = doors.enter(here).expect("the first may come in");
        assert!(!inside.is_refused());
        let refused = doors.enter(here).expect("the second is told");
        assert!(refused.is_refused());
        assert!(doors.enter(here).is_none(), "the third is not even told");
        drop((inside, refused));
        assert!(doors.enter(here).is_some_and(|pass| !pass.is_refused()));
        assert_eq!(doors.refused.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn connections_that_have_not_settled_are_bounded_by_themselves() {
        let doors = Arc::new(Doors::new(10, 1, 0, 0));
        let here: IpAddr = [127, 0, 0, 1].into();
        let mut first = doors.enter(here).expect("the first may come in");
        assert!(doors.enter(here).is_none());
        first.settle();
        first.settle();
        assert!(doors.enter(here).is_some());
        drop(first);
        assert_eq!(doors.pending.load(Ordering::Relaxed), 0);
    }
}
