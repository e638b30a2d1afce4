//! The sockets of the script (`XMLSocket`), and what comes in over them.

use std::collections::BTreeSet;

use engine::scripting::SocketId;

use crate::script::AppScript;
use crate::{problem, text};

/// The sockets of one script that are connected or about to be.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    open: BTreeSet<SocketId>,
    last_id: u64,
}

impl Sockets {
    /// One more socket, unless `max` are open.
    pub(crate) fn start(&mut self, max: usize) -> Option<SocketId> {
        if self.open.len() >= max {
            return None;
        }
        self.last_id += 1;
        let id = SocketId(self.last_id);
        self.open.insert(id);
        Some(id)
    }

    /// The end of a socket; whether it was open.
    pub(crate) fn end(&mut self, id: SocketId) -> bool {
        self.open.remove(&id)
    }

    fn has(&self, id: SocketId) -> bool {
        self.open.contains(&id)
    }
}

impl AppScript {
    pub(crate) fn on_socket_opened(&mut self, socket: SocketId) {
        if !self.core.sockets.borrow().has(socket) {
            return;
        }
        let id = socket.0 as f64;
        let result = self.run(|_, host| Self::entry(host, "socketOpened")?.call::<_, ()>((id,)));
        self.settle(result);
    }

    pub(crate) fn on_socket_text(&mut self, socket: SocketId, bytes: &[u8]) {
        if !self.core.sockets.borrow().has(socket) {
            return;
        }
        let told = (socket.0 as f64, text::of_bytes(bytes).into_owned());
        let result = self.run(|_, host| Self::entry(host, "socketText")?.call::<_, ()>(told));
        self.settle(result);
    }

    /// The reason is for the log: the script is told that it is over, and not why.
    pub(crate) fn on_socket_closed(&mut self, socket: SocketId, why: Option<String>) {
        if !self.core.sockets.borrow_mut().end(socket) {
            return;
        }
        if let Some(why) = why {
            let report = problem::warning(format!("A socket has ended: {why}"));
            self.core.report(&report);
        }
        let id = socket.0 as f64;
        let result = self.run(|_, host| Self::entry(host, "socketClosed")?.call::<_, ()>((id,)));
        self.settle(result);
    }
}
