//! The declaration of every key of an application. Add a key here and nowhere else; if an old tag
//! means the same, say so in `tags`.
//!
//! The doc comments are what operators read in `docs/reference/application-config.md`.

use std::path::PathBuf;

use configtext::{Setting, read_setting};

use crate::key::{Key, sections};
pub use crate::tree::ConfigTree;
use crate::value::{Host, Limit, ObjectEncoding, RecordLive, RepeatMetadata, VirtualDirectory};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// The longest duration most keys take: a day.
const DAY_MS: u64 = 86_400_000;

fn on_status() -> Vec<String> {
    vec!["onStatus".to_owned()]
}

sections! {
    /// When instances of the application begin and end.
    application: Application {
        /// Loads the default instance when the server starts, instead of with the first client,
        /// and again when it is loaded anew. It is unloaded when it is idle, as any other. Without
        /// a script there is nothing to load.
        load_on_startup: bool = false;
        /// How long an instance may be without clients before it is unloaded.
        idle_timeout_ms: u64 = 1_200_000, server "scripts.max_idle_ms", range 1_000..=31_536_000_000;
    }

    /// The script engine of each instance, and what its scripts may reach.
    script: Script {
        /// Memory that the script of one instance may hold.
        memory_bytes: u64 = 20 * MIB, original MIB, server "scripts.memory_bytes", range MIB..=16 * GIB,
            reached "The script gets an out-of-memory error; an instance that stays above is shut down.";
        /// How long one handler may run; 0 means no such limit.
        max_time_ms: u64 = 5_000, original 0, server "scripts.handler_ms", range 0..=3_600_000,
            reached "The handler is stopped and reported with file and line.";
        /// Directories in which `load()` looks for a file that the application does not have, in
        /// this order. A relative path starts at the application's directory.
        library: Vec<PathBuf> = Vec::new(), server "scripts.library", range 0..=64;
        /// Directories outside the application that `File` objects may use, each as
        /// `"/name;/real/directory"`.
        file_directories: Vec<VirtualDirectory> = Vec::new(), range 0..=64;
        /// Timers (`setInterval`) of one instance at one time.
        timers: usize = 1_000, range 0..=100_000,
            reached "`setInterval` throws a script error.";
        /// Outgoing connections and requests of one instance at one time: `NetConnection` to other
        /// servers, `XMLSocket`, `LoadVars`, `XML` and `WebService`.
        connections: usize = 16, server "scripts.connections", range 0..=1_024,
            reached "The connection or request fails at once.";
        /// Hosts, besides this server, that scripts may connect to and request from: names such as
        /// `"www.example.org"`, `"*.example.org"` for every name below it, addresses, or `"*"` for
        /// all; with `:PORT` only that port. What is at an address of this machine or of a private
        /// network needs that address in the list, too. The empty default allows none.
        hosts: Vec<Host> = Vec::new(), server "scripts.allowed_hosts", range 0..=1_024;
        /// Files of certificates (PEM) whose owners scripts trust over `https:` and `rtmps:`, besides
        /// those whom the system trusts. A relative path starts at the application's directory.
        ca_files: Vec<PathBuf> = Vec::new(), range 0..=64;
        /// The AMF version in which a script's `NetConnection` sends objects, unless it sets
        /// `objectEncoding`.
        object_encoding: ObjectEncoding = ObjectEncoding::Amf3, original ObjectEncoding::Amf0,
            later "the choice of the encoding";
        /// Bytes that a script's `XMLSocket` may receive without the end of a document. Scripts
        /// can set less, not more.
        xml_socket_bytes: u64 = 4_096, server "scripts.socket_text_bytes", range 256..=16 * MIB,
            reached "The socket is closed.";
        /// How long an outgoing HTTP request may take in all.
        http_timeout_ms: u64 = 60_000, range 1_000..=DAY_MS,
            reached "The request fails.";
        /// Redirections that an outgoing HTTP request follows, all at the same host and port.
        http_redirects: u32 = 10, range 0..=100,
            reached "The request fails.";
    }

    /// Which methods of a script's objects the other side of a connection may call.
    remote_calls: RemoteCalls {
        /// Allows only the methods listed below. When false, every method that a script defines
        /// for remote calls can be called.
        restricted: bool = false;
        /// Methods of `Client` that may be called: every call whose name begins with one of these.
        client: Vec<String> = Vec::new(), range 0..=1_024;
        /// The same for `NetConnection`. `onStatus` must stay allowed.
        net_connection: Vec<String> = on_status(), range 0..=1_024;
        /// The same for `SharedObject`.
        shared_object: Vec<String> = Vec::new(), range 0..=1_024;
        /// The same for `Stream`. `onStatus` must stay allowed.
        stream: Vec<String> = on_status(), range 0..=1_024,
            later "the server's streams";
    }

    /// What one client of the application may do.
    client: Client {
        /// Size of the chunks sent to a client; see the server's `rtmp.chunk_size_bytes`.
        chunk_size_bytes: usize = 4_096, server "rtmp.chunk_size_bytes", range 128..=65_536;
        /// Takes `readAccess` and `writeAccess` as names of whole folders. When false, they can
        /// also name single streams and shared objects.
        folder_access: bool = false,
            later "folders in `readAccess` and `writeAccess`";
        /// Folders of streams whose sound movies may read (`audioSampleAccess`); `"/"` is all.
        /// Scripts can allow a client more.
        audio_sample_folders: Vec<String> = Vec::new(), server "live.sample_access_audio",
            range 0..=256;
        /// The same for the picture (`videoSampleAccess`).
        video_sample_folders: Vec<String> = Vec::new(), server "live.sample_access_video",
            range 0..=256;
    }

    /// How many bytes per second one client may be sent and may send.
    bandwidth: Bandwidth {
        /// Bytes per second to a client, until its script sets something else.
        to_client_bytes: Limit = Limit::Unlimited, original Limit::At(250_000),
            reached "Media waits, then frames are dropped: disposable ones first, key frames last.";
        /// Bytes per second from a client, until its script sets something else.
        from_client_bytes: Limit = Limit::Unlimited, original Limit::At(250_000),
            reached "The client's connection is read more slowly.";
        /// The most that scripts can set with `setBandwidthLimit` for bytes to a client.
        to_client_cap_bytes: Limit = Limit::Unlimited, original Limit::At(10_000_000),
            reached "The cap is set instead.";
        /// The most that scripts can set with `setBandwidthLimit` for bytes from a client.
        from_client_cap_bytes: Limit = Limit::Unlimited, original Limit::At(10_000_000),
            reached "The cap is set instead.";
        /// Bytes of the first message of `checkBandwidth`; each message after it is longer by as
        /// much.
        check_bytes: u64 = 16_384, range 1_024..=MIB,
            later "a bandwidth check that can be set";
        /// How long `checkBandwidth` sends.
        check_ms: u64 = 2_000, range 100..=60_000,
            later "a bandwidth check that can be set";
        /// Kilobits per second that `checkBandwidth` sends at most.
        check_kilobits: Limit = Limit::Unlimited,
            later "a bandwidth check that can be set";
    }

    /// Live streams of the application.
    live: Live {
        /// Starts a new player at the newest key frame; see the server's `live.gop_cache`.
        gop_cache: bool = true, server "live.gop_cache";
        /// How much media time a player may be behind; see the server's `live.player_lag_ms`. No
        /// more counts than the server's `live.player_stall_close_ms`.
        player_lag_ms: u64 = 3_000, server "live.player_lag_ms", range 100..=600_000,
            reached "The player skips to the newest key frame; the skipped messages are counted.";
        /// How long media may wait to be sent together with what follows; see the server's
        /// `live.latency_budget_ms`.
        latency_budget_ms: u64 = 0, server "live.latency_budget_ms", range 0..=1_000;
        /// Deletes the recording of the same name when a stream is published and not recorded.
        erase_recording: bool = false, original true;
    }

    /// Recorded streams of the application, and how they are played.
    streams: Streams {
        /// Directory of the recordings, with a folder per instance. A relative path starts at the
        /// application's folder in the server's `data.dir`.
        dir: PathBuf = PathBuf::from("streams"), range 1..=4_096;
        /// Directories for streams whose names begin in a certain way, each as
        /// `"name;/real/directory"`, or `"name;/real/directory;key"` for clients with that
        /// `virtualKey` only. The longest name wins; of equal ones the first that has the file.
        virtual_directories: Vec<VirtualDirectory> = Vec::new(), range 0..=256,
            later "recorded streams";
        /// Seeks to the exact place where the codec allows it, instead of the nearest key frame.
        enhanced_seek: bool = false,
            later "recorded streams";
        /// How far apart key frames made for seeking are kept in a recording's index.
        key_frame_interval_ms: u64 = 1_000, range 0..=DAY_MS,
            later "recorded streams";
        /// The least media time that a player of a recording is sent ahead, whatever buffer it
        /// asks for.
        buffer_ms: u64 = 2_000, range 0..=600_000,
            later "recorded streams";
        /// Sends `NetStream.Play.Start` after seek and unpause too, and not only after play.
        repeat_start: bool = true,
            later "recorded streams";
        /// When `onMetaData` is sent to a player of a recording: `play-and-seek`, `play`, or
        /// `position`: whenever it lies at or after the place where playing begins.
        repeat_metadata: RepeatMetadata = RepeatMetadata::PlayAndSeek,
            original RepeatMetadata::Position,
            later "recorded streams";
    }

    /// Which live streams are recorded, and limits on recording. Where a limit is 0, nothing is
    /// recorded.
    recording: Recording {
        /// Records the streams that are published `live`, as most encoders do: `record` replaces
        /// a recording of the same name, `append` goes on behind it. `no` leaves them alone. A
        /// publisher that asks for a recording gets what it asks for.
        live: RecordLive = RecordLive::No;
        /// Size of one recording, unless its script says otherwise.
        max_bytes: Limit = Limit::Unlimited,
            reached "Recording stops; the live stream goes on.";
        /// The most that scripts can set as a recording's size.
        cap_bytes: Limit = Limit::Unlimited, reached "The cap is set instead.",
            later "recording";
        /// Duration of one recording, unless its script says otherwise.
        max_duration_ms: Limit = Limit::Unlimited,
            reached "Recording stops; the live stream goes on.";
        /// The most that scripts can set as a recording's duration.
        cap_duration_ms: Limit = Limit::Unlimited, reached "The cap is set instead.",
            later "recording";
    }

    /// Shared objects of the application. The persistent ones are in the server's own store, in its
    /// `data.dir`.
    shared_objects: SharedObjects {
        /// For how many versions of an object a deleted slot is remembered. A client whose copy is
        /// older gets the whole object anew. Scripts can set it per object (`resyncDepth`).
        resync_depth: Limit = Limit::Unlimited;
        /// How long a script may keep an object locked while clients wait to change it.
        lock_timeout_ms: Limit = Limit::Unlimited, reached "The object is unlocked; the log tells.";
        /// Stores changed persistent objects without being asked. When false, only `flush` and
        /// `commit` do, and the end of an object's use. Scripts can set it per object
        /// (`autoCommit`).
        auto_commit: bool = true;
        /// How long a change may be unstored while `shared_objects.auto_commit` is on.
        auto_commit_interval_ms: u64 = 1_000, server "shared_objects.auto_commit_interval_ms",
            range 10..=DAY_MS;
        /// Slots of one object.
        slots: usize = 16_384, server "shared_objects.slots", range 1..=1_048_576,
            reached "The change is refused with a status.";
        /// Length of the value of one slot, in AMF.
        slot_bytes: u64 = 256 * KIB, server "shared_objects.slot_bytes", range 64..=16_777_215,
            reached "The change is refused with a status.";
        /// Objects of one instance at one time.
        objects: usize = 10_000, server "shared_objects.objects", range 1..=1_000_000,
            reached "The object is refused with `SharedObject.ObjectCreationFailed`.";
        /// Clients that use one object at one time.
        subscribers: usize = 10_000, server "shared_objects.subscribers", range 1..=1_000_000,
            reached "The object is refused with `SharedObject.ObjectCreationFailed`.";
        /// Slots that one client may write, and objects it may begin to use, each second on average; 0
        /// means no such limit.
        writes_per_second: u32 = 100, server "limits.shared_object_writes_per_second",
            range 0..=1_000_000,
            reached "The change is refused with a status.";
    }
}
