//! What a script can find out about the traffic of its instance.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use engine::scripting::{
    ApplicationStats, Cleared, ClientStats, RoomHost, ScriptHost, SharedObjectHost,
};
use engine::{ClientId, SharedObjects, StreamPattern};

use super::{Endpoint, Link};
use crate::recording::Clearer;

/// The counters of an instance's clients, those that have gone included.
#[derive(Default)]
pub(super) struct Stats {
    here: RefCell<HashMap<ClientId, Guest>>,
    gone: Cell<ApplicationStats>,
}

struct Guest {
    endpoint: Arc<dyn Endpoint>,
    accepted: bool,
}

impl Stats {
    /// Counts from nothing, as a life of the instance begins with those who wait for it.
    pub(super) fn begin(&self, waits: impl Fn(ClientId) -> bool) {
        self.gone.set(ApplicationStats::default());
        self.here.borrow_mut().retain(|client, _| waits(*client));
    }

    pub(super) fn arrived(&self, client: ClientId, link: &Link) {
        let guest = Guest {
            endpoint: link.endpoint.clone(),
            accepted: false,
        };
        self.here.borrow_mut().insert(client, guest);
    }

    pub(super) fn accepted(&self, client: ClientId) {
        if let Some(guest) = self.here.borrow_mut().get_mut(&client) {
            guest.accepted = true;
            let mut sum = self.gone.get();
            sum.total_connects += 1;
            self.gone.set(sum);
        }
    }

    /// The instance has closed the client, or the client has gone by itself.
    pub(super) fn closed(&self, client: ClientId) {
        if let Some(guest) = self.here.borrow_mut().get_mut(&client)
            && std::mem::take(&mut guest.accepted)
        {
            let mut sum = self.gone.get();
            sum.total_disconnects += 1;
            self.gone.set(sum);
        }
    }

    pub(super) fn left(&self, client: ClientId) {
        self.closed(client);
        if let Some(guest) = self.here.borrow_mut().remove(&client) {
            let sum = add(self.gone.get(), guest.endpoint.stats());
            self.gone.set(sum);
        }
    }
}

fn add(mut sum: ApplicationStats, client: ClientStats) -> ApplicationStats {
    sum.bytes_in += client.bytes_in;
    sum.bytes_out += client.bytes_out;
    sum.msg_in += client.msg_in;
    sum.msg_out += client.msg_out;
    sum.msg_dropped += client.msg_dropped;
    sum
}

/// The world of a script, for one life of its instance.
pub(super) struct World {
    pub(super) stats: Rc<Stats>,
    pub(super) objects: SharedObjects,
    pub(super) rooms: Box<dyn RoomHost>,
    pub(super) clearer: Clearer,
}

impl Stats {
    fn application(&self) -> ApplicationStats {
        let here = self.here.borrow();
        let present = here.values().map(|guest| guest.endpoint.stats());
        present.fold(self.gone.get(), add)
    }
}

impl ScriptHost for World {
    fn client_stats(&self, client: ClientId) -> Option<ClientStats> {
        let here = self.stats.here.borrow();
        here.get(&client).map(|guest| guest.endpoint.stats())
    }

    fn application_stats(&self) -> ApplicationStats {
        self.stats.application()
    }

    fn unix_ms(&self) -> f64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0.0, |since| since.as_millis() as f64)
    }

    fn shared_objects(&self) -> &dyn SharedObjectHost {
        &self.objects
    }

    fn rooms(&self) -> &dyn RoomHost {
        &*self.rooms
    }

    fn clear_streams(&self, pattern: &StreamPattern, max: usize) -> Cleared {
        self.clearer.clear(pattern, max)
    }
}

#[cfg(test)]
mod tests {
    use engine::CloseReason;

    use super::*;

    /// Has sent ten bytes.
    struct Ten;

    impl Endpoint for Ten {
        fn overflow(&self, _: CloseReason) {}

        fn stats(&self) -> ClientStats {
            ClientStats {
                bytes_in: 10,
                ..ClientStats::default()
            }
        }
    }

    #[test]
    fn each_life_counts_from_nothing() {
        let stats = Stats::default();
        let (link, _orders) = Link::new(1, Arc::new(Ten));
        for id in 1..=3 {
            stats.arrived(ClientId(id), &link);
        }
        stats.accepted(ClientId(1));
        stats.accepted(ClientId(2));
        stats.left(ClientId(1));
        let before = stats.application();
        assert_eq!((before.bytes_in, before.total_connects), (30, 2));
        assert_eq!(before.total_disconnects, 1);
        // The third waits for the next life; the second has not noticed the end of the last.
        stats.begin(|client| client == ClientId(3));
        stats.left(ClientId(2));
        let expected = ApplicationStats {
            bytes_in: 10,
            ..ApplicationStats::default()
        };
        assert_eq!(stats.application(), expected);
    }
}
