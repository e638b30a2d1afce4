//! What can be set about the dialect.

use crate::charset::Charset;
use crate::electroserver::Version;
use crate::limits::Limits;

/// The settings that all connections of a port share.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The version the server says it has. Default 3.8.0.
    pub version: Version,
    /// How long the client may be silent before it is greeted, in milliseconds. Clients of every
    /// other protocol speak first, and a player that wants the policy file would not understand a
    /// greeting. Default 200.
    pub greeting_delay_millis: u64,
    /// The zone of those who name none and are in none. Default `Main`.
    pub default_zone: String,
    /// Whether the wish for a new room of a name that is taken leads into that room. Otherwise it
    /// is refused, and the class asks to join without a password. Default false.
    pub create_joins: bool,
    /// The unit of the time of a ban, in milliseconds. What it was is unknown. Default a minute.
    pub ban_unit_millis: u64,
    /// Who says, in a private message, what the protocol has no packet for: warnings, that one is
    /// kicked or banned, and refusals. Nothing keeps silent about them. What the original said is
    /// unknown. Default `Server`.
    pub notices_from: Option<String>,
    /// The code page of what is no UTF-8.
    pub charset: Charset,
    /// Bounds on what a client sends.
    pub limits: Limits,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            version: Version::default(),
            greeting_delay_millis: 200,
            default_zone: "Main".to_owned(),
            create_joins: false,
            ban_unit_millis: 60_000,
            notices_from: Some("Server".to_owned()),
            charset: Charset::default(),
            limits: Limits::default(),
        }
    }
}
