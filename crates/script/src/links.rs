//! The outgoing connections of the script, and what waits until they are there.

use std::collections::BTreeMap;

use engine::scripting::{LinkId, ScriptEffect};

use crate::config::ScriptConfig;

/// The open `NetConnection`s of one script.
#[derive(Debug, Default)]
pub(crate) struct Links {
    open: BTreeMap<LinkId, Link>,
    last_id: u64,
}

#[derive(Debug, Default)]
struct Link {
    connected: bool,
    /// Calls made before the connection was there.
    waiting: Vec<ScriptEffect>,
    /// How much is in them.
    waiting_bytes: usize,
}

impl Links {
    /// How many are open or about to be.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Opens one more.
    pub(crate) fn open(&mut self) -> LinkId {
        self.last_id += 1;
        let id = LinkId(self.last_id);
        self.open.insert(id, Link::default());
        id
    }

    /// Gives back what can be sent now; keeps it if the connection is not there yet. `false` if
    /// there is no such connection, or as much waits for it as one handler may send.
    pub(crate) fn send(
        &mut self,
        id: LinkId,
        effect: ScriptEffect,
        bytes: usize,
        limits: &ScriptConfig,
    ) -> (bool, Option<ScriptEffect>) {
        match self.open.get_mut(&id) {
            None => (false, None),
            Some(link) if link.connected => (true, Some(effect)),
            Some(link)
                if link.waiting.len() >= limits.queued_effects
                    || link.waiting_bytes + bytes > limits.queued_bytes =>
            {
                (false, None)
            }
            Some(link) => {
                link.waiting_bytes += bytes;
                link.waiting.push(effect);
                (true, None)
            }
        }
    }

    /// The connection is there: gives out what waited for it.
    pub(crate) fn connected(&mut self, id: LinkId) -> Vec<ScriptEffect> {
        let Some(link) = self.open.get_mut(&id) else {
            return Vec::new();
        };
        link.connected = true;
        link.waiting_bytes = 0;
        std::mem::take(&mut link.waiting)
    }

    /// Whether the connection is there or about to be.
    pub(crate) fn is_open(&self, id: LinkId) -> bool {
        self.open.contains_key(&id)
    }

    /// The connection is over. What waited for it is lost.
    pub(crate) fn close(&mut self, id: LinkId) {
        self.open.remove(&id);
    }

    /// Closes all, and tells which.
    pub(crate) fn close_all(&mut self) -> Vec<LinkId> {
        std::mem::take(&mut self.open).into_keys().collect()
    }
}
