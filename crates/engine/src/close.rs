//! Why a connection was closed: one word for the log line, the metric and the client.

use std::fmt;

/// Why a connection ended. [`CloseReason::as_str`] is what logs and metrics show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The peer closed the connection.
    ClientLeft,
    /// The network failed under the connection.
    NetworkError,
    /// The handshake did not finish in time.
    HandshakeTimeout,
    /// No `connect` came in time.
    ConnectTimeout,
    /// No byte came for longer than the ping timeout.
    PingTimeout,
    /// The first bytes were of another protocol than the port speaks.
    WrongProtocol,
    /// The peer asked for a form of RTMP that is not served (RTMPE).
    UnsupportedVersion,
    /// The peer broke the protocol.
    ProtocolError,
    /// The peer went past a limit of the protocol reader.
    ProtocolLimit,
    /// `connect` was rejected.
    Rejected,
    /// More connections than the server, or one address, may have.
    TooManyConnections,
    /// The client did not take its control messages fast enough.
    OutboxFull,
    /// A player took nothing for longer than the stall bound.
    PlayerStalled,
    /// A player took something, and was never up to date for longer than the bound.
    PlayerBehind,
    /// Another publisher took the stream's name.
    PublisherReplaced,
    /// The application's script closed it.
    ClosedByApplication,
    /// The application's script did not decide in time whether to let the client in.
    PendingTimeout,
    /// The instance was unloaded, or is being loaded anew.
    ApplicationUnloaded,
    /// The instance's script did not come back from what it was doing.
    ScriptStuck,
    /// An XML socket: nobody logged in in time.
    LoginTimeout,
    /// An XML socket: the client said nothing for too long.
    Idle,
    /// An XML socket: the client got the policy file it asked for.
    PolicySent,
    /// A user of rooms logged out.
    LoggedOut,
    /// A moderator put the user out.
    Kicked,
    /// The name, the address or its network is banned.
    Banned,
    /// The user sent too much, and was warned before.
    Flooded,
    /// The server is shutting down.
    ServerShutdown,
    /// A bug in the server; the connection alone was ended.
    InternalError,
}

impl CloseReason {
    /// Every reason, for documents and metrics.
    pub const ALL: [Self; 28] = [
        Self::ClientLeft,
        Self::NetworkError,
        Self::HandshakeTimeout,
        Self::ConnectTimeout,
        Self::PingTimeout,
        Self::WrongProtocol,
        Self::UnsupportedVersion,
        Self::ProtocolError,
        Self::ProtocolLimit,
        Self::Rejected,
        Self::TooManyConnections,
        Self::OutboxFull,
        Self::PlayerStalled,
        Self::PlayerBehind,
        Self::PublisherReplaced,
        Self::ClosedByApplication,
        Self::PendingTimeout,
        Self::ApplicationUnloaded,
        Self::ScriptStuck,
        Self::LoginTimeout,
        Self::Idle,
        Self::PolicySent,
        Self::LoggedOut,
        Self::Kicked,
        Self::Banned,
        Self::Flooded,
        Self::ServerShutdown,
        Self::InternalError,
    ];

    /// The reason as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientLeft => "client_left",
            Self::NetworkError => "network_error",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::ConnectTimeout => "connect_timeout",
            Self::PingTimeout => "ping_timeout",
            Self::WrongProtocol => "wrong_protocol",
            Self::UnsupportedVersion => "unsupported_version",
            Self::ProtocolError => "protocol_error",
            Self::ProtocolLimit => "protocol_limit",
            Self::Rejected => "rejected",
            Self::TooManyConnections => "too_many_connections",
            Self::OutboxFull => "outbox_full",
            Self::PlayerStalled => "player_stalled",
            Self::PlayerBehind => "player_behind",
            Self::PublisherReplaced => "publisher_replaced",
            Self::ClosedByApplication => "closed_by_application",
            Self::PendingTimeout => "pending_timeout",
            Self::ApplicationUnloaded => "application_unloaded",
            Self::ScriptStuck => "script_stuck",
            Self::LoginTimeout => "login_timeout",
            Self::Idle => "idle",
            Self::PolicySent => "policy_sent",
            Self::LoggedOut => "logged_out",
            Self::Kicked => "kicked",
            Self::Banned => "banned",
            Self::Flooded => "flooded",
            Self::ServerShutdown => "server_shutdown",
            Self::InternalError => "internal_error",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
