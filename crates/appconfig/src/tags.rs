//! Every tag of an `Application.xml` that we know, and what it does here.
//!
//! The names, units and defaults are those of Flash Communication Server 1.5 and Flash Media
//! Server 2 to 4.5. A tag in no row, and that begins no row, is unknown.

use crate::convert::{self, Convert};
use crate::xml::Element;

/// One row.
#[derive(Debug)]
pub(crate) struct Tag {
    /// The names on the way to it below `Application`.
    pub(crate) path: &'static str,
    pub(crate) effect: Effect,
}

/// What a tag does.
#[derive(Debug)]
pub(crate) enum Effect {
    /// It sets this key.
    Key(&'static str, Convert),
    /// It is read together with the tag around it.
    Part,
    /// It makes `application.config`.
    Config,
    /// Nothing, nor does anything in it, for this reason.
    Nothing(&'static str),
    /// The same for a tag that may ask for protection, which whoever wrote it would miss.
    NotEnforced(&'static str, fn(&Element) -> bool),
}

/// The tag of which another name is `ScriptEngine`.
pub(crate) const SCRIPT_ENGINE: (&str, &str) = ("ScriptEngine", "JSEngine");

/// Where `application.config` is written.
pub(crate) const APPLICATION_OBJECT: &str = "JSEngine/ApplicationObject";

const fn key(path: &'static str, key: &'static str, convert: Convert) -> Tag {
    Tag {
        path,
        effect: Effect::Key(key, convert),
    }
}

const fn part(path: &'static str) -> Tag {
    Tag {
        path,
        effect: Effect::Part,
    }
}

const fn nothing(path: &'static str, why: &'static str) -> Tag {
    Tag {
        path,
        effect: Effect::Nothing(why),
    }
}

const fn not_enforced(path: &'static str, why: &'static str, asks: fn(&Element) -> bool) -> Tag {
    Tag {
        path,
        effect: Effect::NotEnforced(why, asks),
    }
}

const ONE_PROCESS: &str = "instances run in threads of one process, each within its own limits";
const NO_EDGES: &str = "this server keeps no cache of other servers' streams";
const TUNNEL: &str = "tunnelling is set for the whole server";
const OLD_PLAYERS: &str = "it was a remedy for players that are no longer in use";

/// All rows.
#[rustfmt::skip]
pub(crate) static TAGS: &[Tag] = &[
    nothing("Process", ONE_PROCESS),
    key("LoadOnStartup", "application.load_on_startup", convert::flag),
    key("MaxAppIdleTime", "application.idle_timeout_ms", convert::idle_time),
    nothing("RecordAppLog", "the messages of applications are in the server's log"),
    nothing("AutoCloseIdleClients", "only clients that no longer answer are closed"),
    not_enforced("AllowHTTPTunnel", TUNNEL, |tag| !tag.text.is_empty() && !tag.text.eq_ignore_ascii_case("true")),
    not_enforced("DisallowedProtocols", "every protocol that the server listens for is allowed", |tag| !tag.text.is_empty()),
    nothing("Debug", "there are no debug connections"),
    not_enforced("SWFVerification", "movies are not verified", convert::is_enabled),

    key("JSEngine/RuntimeSize", "script.memory_bytes", convert::kilobytes),
    nothing("JSEngine/MaxGCSkipCount", "the script engine decides when it collects garbage"),
    key("JSEngine/MaxTimeOut", "script.max_time_ms", convert::seconds),
    key("JSEngine/ScriptLibPath", "script.library", convert::paths),
    Tag { path: APPLICATION_OBJECT, effect: Effect::Config },
    key("JSEngine/FileObject/VirtualDirectory", "script.file_directories", convert::directory),
    key("JSEngine/XMLSocket/MaxUnprocessedChars", "script.xml_socket_bytes", convert::number),
    key("JSEngine/NetConnection/ObjectEncoding", "script.object_encoding", convert::encoding),
    key("JSEngine/Security/RPC", "remote_calls.restricted", convert::enabled),
    key("JSEngine/Security/RPC/Client/Method/Allow", "remote_calls.client", convert::methods),
    key("JSEngine/Security/RPC/NetConnection/Method/Allow", "remote_calls.net_connection", convert::methods),
    key("JSEngine/Security/RPC/SharedObject/Method/Allow", "remote_calls.shared_object", convert::methods),
    key("JSEngine/Security/RPC/Stream/Method/Allow", "remote_calls.stream", convert::methods),

    key("HTTP/MaxTimeout", "script.http_timeout_ms", convert::seconds),
    key("HTTP/Connections/MaxTimeout", "script.http_timeout_ms", convert::seconds),
    nothing("HTTP/Reuse", "connections are used again while they are open"),
    nothing("HTTP/Connections/Reuse", "connections are used again while they are open"),
    key("HTTP/Redirect", "script.http_redirects", convert::redirects),
    part("HTTP/Redirect/Allow"),
    part("HTTP/Redirect/Max"),
    nothing("HTTP/Redirect/UnrestrictedAuth", "names and passwords are never sent on"),
    nothing("HTTP/Proxy", "requests go straight to their hosts"),

    key("StreamManager/StorageDir", "streams.dir", convert::path),
    nothing("StreamManager/DuplicateDir", "recordings are kept once"),
    key("StreamManager/VirtualDirectory/Streams", "streams.virtual_directories", convert::directory),
    nothing("StreamManager/CachePrefix", NO_EDGES),
    nothing("StreamManager/CacheUpdateInterval", NO_EDGES),
    key("StreamManager/EnhancedSeek", "streams.enhanced_seek", convert::flag),
    key("StreamManager/KeyFrameInterval", "streams.key_frame_interval_ms", convert::number),
    nothing("StreamManager/MaxStreamsBeforeGC", "a stream that nobody uses is gone at once"),
    key("StreamManager/SendDuplicateStart", "streams.repeat_start", convert::flag),
    key("StreamManager/SendDuplicateOnMetaData", "streams.repeat_metadata", convert::metadata),
    nothing("StreamManager/Audio/CombineSamples", "sounds are sent as they come"),
    nothing("StreamManager/Audio/SendSilence", OLD_PLAYERS),
    nothing("StreamManager/Audio/NotifyAudioStop", OLD_PLAYERS),
    key("StreamManager/Live/AccumulatedIFrames/MaxTime", "live.gop_cache", convert::kept_frames),
    key("StreamManager/Live/AccumulatedIFrames/MaxSize", "live.gop_cache", convert::kept_frames),
    nothing("StreamManager/Live/Queue", "media is sent at once unless `live.latency_budget_ms` says otherwise"),
    nothing("StreamManager/Live/PublishTimeout", "the server's `live.publish_takeover` decides"),
    nothing("StreamManager/Live/MaxLatency", "a script's data gets the time of the last message"),
    nothing("StreamManager/Live/StartClockOnPublish", "a stream's time is its publisher's"),
    key("StreamManager/Live/EraseOnPublish", "live.erase_recording", convert::flag),
    key("StreamManager/Recording/MaxSize", "recording.max_bytes", convert::limit_kilobytes),
    key("StreamManager/Recording/MaxSizeCap", "recording.cap_bytes", convert::limit_kilobytes),
    key("StreamManager/Recording/MaxDuration", "recording.max_duration_ms", convert::limit_seconds),
    key("StreamManager/Recording/MaxDurationCap", "recording.cap_duration_ms", convert::limit_seconds),

    nothing("SharedObjManager/StorageDir", "all shared objects are kept in one store in the server's `data.dir`"),
    nothing("SharedObjManager/DuplicateDir", "the store is kept once; back it up instead"),
    key("SharedObjManager/ResyncDepth", "shared_objects.resync_depth", convert::limit),
    key("SharedObjManager/LockTimeOut", "shared_objects.lock_timeout_ms", convert::limit_seconds),
    key("SharedObjManager/AutoCommit", "shared_objects.auto_commit", convert::flag),
    key("SharedObjManager/MaxProperties", "shared_objects.slots", convert::number_if_any),
    key("SharedObjManager/MaxPropertySize", "shared_objects.slot_bytes", convert::number_if_any),

    key("Client/Bandwidth/ServerToClient", "bandwidth.to_client_bytes", convert::limit),
    key("Client/Bandwidth/ClientToServer", "bandwidth.from_client_bytes", convert::limit),
    key("Client/BandwidthCap/ServerToClient", "bandwidth.to_client_cap_bytes", convert::limit),
    key("Client/BandwidthCap/ClientToServer", "bandwidth.from_client_cap_bytes", convert::limit),
    nothing("Client/WindowsPerAck", "the server's `rtmp.window_ack_bytes` decides"),
    key("Client/BandwidthDetection/MaxRate", "bandwidth.check_kilobits", convert::limit),
    key("Client/BandwidthDetection/DataSize", "bandwidth.check_bytes", convert::number),
    key("Client/BandwidthDetection/MaxWait", "bandwidth.check_ms", convert::seconds),
    key("Client/MsgQueue/Live/MaxAudioLatency", "live.player_lag_ms", convert::number),
    nothing("Client/MsgQueue/Live/MinBufferTime", "`live.player_lag_ms` says how much may wait"),
    key("Client/MsgQueue/Recorded/MinBufferTime", "streams.buffer_ms", convert::number),
    nothing("Client/MsgQueue/Server", "a script's streams are sent like those of publishers"),
    nothing("Client/HTTPTunnel", TUNNEL),
    key("Client/OutChunkSize", "client.chunk_size_bytes", convert::number),
    nothing("Client/AggregateMessages", "messages are sent one by one"),
    nothing("Client/MaxMessageSizeLosslessVideo", "pictures of a screen are sent as they come"),
    key("Client/Access/FolderAccess", "client.folder_access", convert::flag),
    key("Client/Access/AudioSampleAccess", "client.audio_sample_folders", convert::sample_folders),
    key("Client/Access/VideoSampleAccess", "client.video_sample_folders", convert::sample_folders),
    nothing("Client/AutoCloseIdleClients", "only clients that no longer answer are closed"),
    nothing("Client/UserAgent", OLD_PLAYERS),
];

/// The row of a path.
pub(crate) fn find(path: &str) -> Option<&'static Tag> {
    TAGS.iter().find(|tag| tag.path.eq_ignore_ascii_case(path))
}

/// Whether rows lie below a path.
pub(crate) fn is_container(path: &str) -> bool {
    TAGS.iter().any(|tag| is_below(tag.path, path))
}

/// Whether `path` lies below `above`; names compare without regard to case.
pub(crate) fn is_below(path: &str, above: &str) -> bool {
    path.len() > above.len()
        && path.as_bytes()[above.len()] == b'/'
        && path.as_bytes()[..above.len()].eq_ignore_ascii_case(above.as_bytes())
}

/// The tags that set a key.
pub(crate) fn tags_of(key: &str) -> impl Iterator<Item = &'static str> {
    TAGS.iter().filter_map(move |tag| match tag.effect {
        Effect::Key(set, _) if set == key => Some(tag.path),
        _ => None,
    })
}
