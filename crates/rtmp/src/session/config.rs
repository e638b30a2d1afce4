//! What a session may be told when it is made.

use crate::handshake::Scheme;
use crate::limits::Limits;

/// The settings of one connection. All times are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionConfig {
    /// What the peer may make us hold.
    pub limits: Limits,
    /// Time for the handshake, from the start of the session. Default 5,000.
    pub handshake_timeout_millis: u64,
    /// Time for the client's `connect`, from the start of the session; a client has no such
    /// deadline. Default 10,000.
    pub connect_timeout_millis: u64,
    /// A ping request is sent when nothing was received for so long, and again after each
    /// further interval. Default 20,000; `None` sends none.
    pub ping_interval_millis: Option<u64>,
    /// The session ends when nothing was received for so long. Default 45,000; `None` never
    /// ends it.
    pub ping_timeout_millis: Option<u64>,
    /// Whether aggregates are handed out as the messages inside them. Default true.
    pub split_aggregates: bool,
    /// The handshake a client offers; a server takes the client's. Default
    /// [`Scheme::DigestFirst`], which all servers know; `None` is the plain one.
    pub digest: Option<Scheme>,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            handshake_timeout_millis: 5_000,
            connect_timeout_millis: 10_000,
            ping_interval_millis: Some(20_000),
            ping_timeout_millis: Some(45_000),
            split_aggregates: true,
            digest: Some(Scheme::DigestFirst),
        }
    }
}
