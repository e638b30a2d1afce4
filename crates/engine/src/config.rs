//! What an instance may be told to do differently.

use crate::record::RecordMode;

/// What happens when a name that is being published is published again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// The new publisher is refused.
    Reject,
    /// The new publisher is refused unless the old one has fallen silent.
    ReplaceIfStalled,
    /// The new publisher always wins.
    Replace,
}

/// How the entries of `readAccess` and `writeAccess` are compared with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessMatch {
    /// `a` covers `a` and `a/b`, not `ab`.
    Component,
    /// `a` covers everything that begins with it.
    Prefix,
}

/// How fast one client may write to shared objects. Each slot counts, and each message sent over
/// an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteRate {
    /// Writes a second, on average; 0 is no limit.
    pub per_second: u32,
    /// Writes at once after a pause.
    pub burst: u32,
}

/// Settings and limits of an instance.
#[derive(Clone, Debug)]
pub struct InstanceConfig {
    /// `fmsVer` of the answer to `connect`.
    pub server_version: String,
    /// `capabilities` of the answer to `connect`.
    pub capabilities: f64,
    /// Outgoing chunk size in bytes, announced before media flows.
    pub chunk_size: u32,
    /// Acknowledgement window in bytes, announced on `connect`.
    pub window_ack_bytes: u32,
    /// Streams one connection may have.
    pub streams_per_connection: usize,
    /// Items one stream's playlist may hold.
    pub playlist_items: usize,
    /// Bytes of a stream name.
    pub stream_name_bytes: usize,
    /// What happens when a name in use is published.
    pub takeover: Takeover,
    /// Silence in ms after which a publisher counts as stalled.
    pub publisher_stall_ms: u64,
    /// The same for a publisher that has not sent anything yet.
    pub publisher_first_media_ms: u64,
    /// Whether anything is recorded at all.
    pub may_record: bool,
    /// How streams are recorded whose publisher does not ask for it; `None` leaves them alone.
    pub record_live: Option<RecordMode>,
    /// Whether a recording is deleted when a stream of its name is published and not recorded.
    pub erase_recording: bool,
    /// Whether recordings are looked for and played.
    pub plays_recordings: bool,
    /// Whether players are sent the data message `NetStream.Data.Start`.
    pub data_start: bool,
    /// Streams whose raw sound every player may read (`|RtmpSampleAccess`), as a list of paths
    /// like those that scripts give a client.
    pub audio_samples: String,
    /// The same for the raw picture.
    pub video_samples: String,
    /// Bytes per second that a client may be sent from the start; `None` is no limit.
    pub bandwidth_down: Option<u64>,
    /// Bytes per second that a client may send from the start; `None` is no limit.
    pub bandwidth_up: Option<u64>,
    /// Whether clients are sent `onBWDone` once they are connected.
    pub on_bw_done: bool,
    /// How a script's access rules are read.
    pub access_match: AccessMatch,
    /// How fast a client may write to shared objects.
    pub object_writes: WriteRate,
}

/// Settings and limits of an instance that has a script, beside its [`InstanceConfig`].
#[derive(Clone, Debug)]
pub struct ScriptedConfig {
    /// `application/instance`: what the instance is called in messages, and what other
    /// instances see as the referrer.
    pub name: String,
    /// Clients that may wait while the script starts or stops.
    pub waiting_joins: usize,
    /// Messages about shared objects that one client may send before it is let in.
    pub held_messages: usize,
    /// Bytes of these messages.
    pub held_bytes: usize,
    /// How long in ms the script may take to decide about a client.
    pub pending_timeout_ms: u64,
    /// How long in ms the instance stays without clients before it is unloaded.
    pub max_idle_ms: u64,
    /// Calls to one client, or to the other side of one connection of the script, that wait
    /// for an answer.
    pub calls_waiting: usize,
    /// Connections the script may have to other instances.
    pub links: usize,
    /// Messages held for one such connection until it is established.
    pub link_messages: usize,
    /// Sockets the script may have open, or about to be.
    pub sockets: usize,
    /// Refused connections and calls of the script that wait until it is told.
    pub waiting_refusals: usize,
    /// What other instances see as the agent.
    pub agent: String,
    /// Beginnings of the names that clients may call in the script; `None` lets them call all.
    /// What the server answers itself needs no permission.
    pub client_methods: Option<Vec<String>>,
    /// The same for the methods of shared objects, which clients call with `send`.
    pub object_methods: Option<Vec<String>>,
    /// The same for the other sides of the script's connections. `onStatus` needs no permission.
    pub link_methods: Option<Vec<String>>,
}

impl Default for ScriptedConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            waiting_joins: 1024,
            held_messages: 64,
            held_bytes: 64 << 10,
            pending_timeout_ms: 60_000,
            max_idle_ms: 600_000,
            calls_waiting: 1024,
            links: 64,
            link_messages: 1024,
            sockets: 16,
            waiting_refusals: 1024,
            agent: "FlashCom/1.5.2".into(),
            client_methods: None,
            link_methods: None,
            object_methods: None,
        }
    }
}

impl Default for InstanceConfig {
    fn default() -> Self {
        Self {
            server_version: "FMS/3,5,7,7009".into(),
            capabilities: 31.0,
            chunk_size: 4096,
            window_ack_bytes: 2_500_000,
            streams_per_connection: 32,
            playlist_items: 128,
            stream_name_bytes: 1024,
            takeover: Takeover::ReplaceIfStalled,
            publisher_stall_ms: 10_000,
            publisher_first_media_ms: 20_000,
            may_record: true,
            record_live: None,
            erase_recording: false,
            plays_recordings: false,
            data_start: true,
            audio_samples: String::new(),
            video_samples: String::new(),
            bandwidth_down: None,
            bandwidth_up: None,
            on_bw_done: true,
            access_match: AccessMatch::Component,
            object_writes: WriteRate {
                per_second: 100,
                burst: 400,
            },
        }
    }
}
