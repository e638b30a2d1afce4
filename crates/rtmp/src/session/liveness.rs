//! Deadlines and pings: how long a peer may take, and how we find out that it is gone.

use super::config::SessionConfig;
use crate::error::{Deadline, Error};
use crate::time::Millis;

/// The timers of one session.
#[derive(Debug)]
pub(super) struct Liveness {
    start: Millis,
    /// What must have happened, and how long it may take from the start.
    handshake_within: Option<u64>,
    connect_within: Option<u64>,
    ping_interval: Option<u64>,
    ping_timeout: Option<u64>,
    last_received: Millis,
    last_ping: Option<Ping>,
    /// Round-trip time of the last ping that was answered, in milliseconds.
    pub(super) rtt_millis: Option<u64>,
}

/// A ping request.
#[derive(Debug, Clone, Copy)]
struct Ping {
    stamp: u32,
    at: Millis,
    answered: bool,
}

impl Liveness {
    pub(super) const fn new(config: &SessionConfig, is_server: bool, now: Millis) -> Self {
        let connect = config.connect_timeout_millis;
        Self {
            start: now,
            handshake_within: Some(config.handshake_timeout_millis),
            connect_within: if is_server { Some(connect) } else { None },
            ping_interval: config.ping_interval_millis,
            ping_timeout: config.ping_timeout_millis,
            last_received: now,
            last_ping: None,
            rtt_millis: None,
        }
    }

    pub(super) const fn handshake_done(&mut self) {
        self.handshake_within = None;
    }

    pub(super) const fn connected(&mut self) {
        self.connect_within = None;
    }

    pub(super) const fn received(&mut self, now: Millis) {
        self.last_received = now;
    }

    /// Whether a deadline has passed.
    pub(super) fn check(&self, now: Millis) -> Result<(), Error> {
        match self
            .deadlines()
            .into_iter()
            .flatten()
            .find(|(at, ..)| *at <= now)
        {
            Some((_, deadline, after_millis)) => Err(Error::Timeout {
                deadline,
                after_millis,
            }),
            None => Ok(()),
        }
    }

    /// When to call again: the earliest deadline or ping.
    pub(super) fn next(&self) -> Option<Millis> {
        let deadlines = self.deadlines().into_iter().flatten().map(|(at, ..)| at);
        deadlines.chain(self.ping_at()).min()
    }

    /// The number for a ping request that is due, if one is.
    pub(super) fn ping_due(&mut self, now: Millis) -> Option<u32> {
        self.ping_at()
            .is_some_and(|at| at <= now)
            .then(|| self.ping(now))
    }

    /// The number for a ping request: our clock, which the answer repeats.
    pub(super) const fn ping(&mut self, now: Millis) -> u32 {
        let stamp = now.since(self.start) as u32;
        self.last_ping = Some(Ping {
            stamp,
            at: now,
            answered: false,
        });
        stamp
    }

    /// A ping response.
    pub(super) fn pong(&mut self, stamp: u32, now: Millis) {
        if let Some(ping) = &mut self.last_ping
            && ping.stamp == stamp
            && !ping.answered
        {
            ping.answered = true;
            self.rtt_millis = Some(now.since(ping.at));
        }
    }

    /// Whether the last ping request was answered; true before the first.
    pub(super) fn answered(&self) -> bool {
        self.last_ping.is_none_or(|ping| ping.answered)
    }

    /// When each deadline passes, what it is, and how long it is.
    fn deadlines(&self) -> [Option<(Millis, Deadline, u64)>; 3] {
        let from_start = |within: Option<u64>, deadline| {
            within.map(|millis| (self.start + millis, deadline, millis))
        };
        [
            from_start(self.handshake_within, Deadline::Handshake),
            from_start(self.connect_within, Deadline::Connect),
            self.ping_timeout
                .map(|millis| (self.last_received + millis, Deadline::Idle, millis)),
        ]
    }

    /// When the next ping request is due; none before the handshake is done.
    fn ping_at(&self) -> Option<Millis> {
        if self.handshake_within.is_some() {
            return None;
        }
        let last = self.last_ping.map_or(self.last_received, |ping| ping.at);
        Some(last.max(self.last_received) + self.ping_interval?)
    }
}
