//! What the server counts, under the names `/metrics` shows.
//!
//! Labels are bounded: transports, close reasons and rejections are enumerations; nothing a
//! client chooses becomes a label. Each fact has one function here, so a name is written
//! once. `docs/reference/metrics.md` lists them; a test compares.

use std::sync::OnceLock;

use engine::CloseReason;
use metrics::{Counter, Gauge, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::catalog::Catalog;

struct Metrics {
    render: PrometheusHandle,
    delivered: Counter,
    skips: Counter,
    streams: Gauge,
    players: Gauge,
    instances: Gauge,
    media_in: Counter,
    bytes_in: Counter,
    bytes_out: Counter,
    object_messages: Counter,
    object_merges: Counter,
    room_users: Gauge,
    rooms: Gauge,
    room_requests: Counter,
    room_notices: Counter,
}

/// Name, kind and description of every metric.
pub const DESCRIBED: [(&str, &str, &str); 34] = [
    (
        "greenroom_connections",
        "gauge",
        "Connections open, by transport.",
    ),
    (
        "greenroom_connections_total",
        "counter",
        "Connections accepted, by transport.",
    ),
    (
        "greenroom_closed_total",
        "counter",
        "Connections ended, by transport and reason.",
    ),
    (
        "greenroom_rejected_total",
        "counter",
        "`connect` requests refused, by reason.",
    ),
    (
        "greenroom_instances",
        "gauge",
        "Application instances running.",
    ),
    (
        "greenroom_scripts_written_off_total",
        "counter",
        "Scripts that did not come back: their clients were closed.",
    ),
    (
        "greenroom_script_threads_lost",
        "gauge",
        "Threads of such scripts that are still running.",
    ),
    (
        "greenroom_streams",
        "gauge",
        "Live streams being published.",
    ),
    (
        "greenroom_players",
        "gauge",
        "Players of published live streams.",
    ),
    (
        "greenroom_media_messages_in_total",
        "counter",
        "Audio and video messages received.",
    ),
    (
        "greenroom_media_messages_out_total",
        "counter",
        "Messages offered to RTMP players.",
    ),
    (
        "greenroom_player_skips_total",
        "counter",
        "Times a slow player skipped to a key frame.",
    ),
    ("greenroom_recordings", "gauge", "Recordings being made."),
    (
        "greenroom_recordings_total",
        "counter",
        "Recordings ended, by how: `finished`, `limit`, `failed`.",
    ),
    (
        "greenroom_recorded_bytes_total",
        "counter",
        "Bytes written into recordings.",
    ),
    (
        "greenroom_recording_skips_total",
        "counter",
        "Times a recording skipped to a key frame, because the disk is slow.",
    ),
    (
        "greenroom_received_bytes_total",
        "counter",
        "Bytes received on RTMP connections.",
    ),
    (
        "greenroom_sent_bytes_total",
        "counter",
        "Bytes sent on RTMP connections.",
    ),
    (
        "greenroom_shared_objects",
        "gauge",
        "Shared objects in memory.",
    ),
    (
        "greenroom_shared_object_users",
        "gauge",
        "Clients that use shared objects.",
    ),
    (
        "greenroom_shared_object_messages_out_total",
        "counter",
        "Shared object messages sent to clients.",
    ),
    (
        "greenroom_shared_object_updates_merged_total",
        "counter",
        "Updates of shared objects merged because a client was slow.",
    ),
    (
        "greenroom_shared_object_refusals_total",
        "counter",
        "Requests about shared objects that were refused.",
    ),
    (
        "greenroom_shared_object_unknown_events_total",
        "counter",
        "Unknown events about shared objects, skipped.",
    ),
    (
        "greenroom_shared_object_saves_total",
        "counter",
        "Saves of shared objects, by result.",
    ),
    (
        "greenroom_plugins",
        "gauge",
        "Plugins of rooms and of the server that run.",
    ),
    (
        "greenroom_room_users",
        "gauge",
        "Users logged in to the socket server.",
    ),
    ("greenroom_rooms", "gauge", "Rooms of the socket server."),
    (
        "greenroom_room_saves_total",
        "counter",
        "Writes of bans, stored rooms, variables and buddies, by result.",
    ),
    (
        "greenroom_room_requests_total",
        "counter",
        "Requests of users to the room kernel.",
    ),
    (
        "greenroom_room_messages_out_total",
        "counter",
        "Messages told to users by the room kernel.",
    ),
    (
        "greenroom_packets_unserved_total",
        "counter",
        "Packets of XML sockets that nothing was done about, by why.",
    ),
    (
        "greenroom_xml_bytes_total",
        "counter",
        "Bytes on XML sockets, by direction: `in`, `out`.",
    ),
    (
        "greenroom_http_requests_total",
        "counter",
        "HTTP requests answered, by status class.",
    ),
];

fn all() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(install)
}

fn install() -> Metrics {
    let recorder = PrometheusBuilder::new().build_recorder();
    let render = recorder.handle();
    // Fails only if a recorder is there already, as in tests with several servers; then the
    // first one counts for all.
    let _ = metrics::set_global_recorder(recorder);
    for (name, kind, text) in DESCRIBED {
        match kind {
            "gauge" => metrics::describe_gauge!(name, Unit::Count, text),
            _ => metrics::describe_counter!(name, Unit::Count, text),
        }
    }
    Metrics {
        render,
        delivered: metrics::counter!("greenroom_media_messages_out_total"),
        skips: metrics::counter!("greenroom_player_skips_total"),
        streams: metrics::gauge!("greenroom_streams"),
        players: metrics::gauge!("greenroom_players"),
        instances: metrics::gauge!("greenroom_instances"),
        media_in: metrics::counter!("greenroom_media_messages_in_total"),
        bytes_in: metrics::counter!("greenroom_received_bytes_total"),
        bytes_out: metrics::counter!("greenroom_sent_bytes_total"),
        object_messages: metrics::counter!("greenroom_shared_object_messages_out_total"),
        object_merges: metrics::counter!("greenroom_shared_object_updates_merged_total"),
        room_users: metrics::gauge!("greenroom_room_users"),
        rooms: metrics::gauge!("greenroom_rooms"),
        room_requests: metrics::counter!("greenroom_room_requests_total"),
        room_notices: metrics::counter!("greenroom_room_messages_out_total"),
    }
}

/// How a connection came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// RTMP over TCP.
    Rtmp,
    /// HTTP requests.
    Http,
    /// FLV over HTTP.
    HttpFlv,
    /// FLV over WebSocket.
    WsFlv,
    /// XML sockets.
    Xml,
    /// XML sockets over WebSocket.
    WsXml,
    /// The port for policy files.
    Policy,
}

impl Transport {
    /// The word in logs and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::Http => "http",
            Self::HttpFlv => "http-flv",
            Self::WsFlv => "ws-flv",
            Self::Xml => "xml",
            Self::WsXml => "ws-xml",
            Self::Policy => "policy",
        }
    }
}

/// A connection in the count of open ones, for as long as it lives.
pub(crate) struct OpenConnection(Transport);

impl OpenConnection {
    pub(crate) fn new(transport: Transport) -> Self {
        all();
        metrics::counter!("greenroom_connections_total", "transport" => transport.as_str())
            .increment(1);
        metrics::gauge!("greenroom_connections", "transport" => transport.as_str()).increment(1.0);
        Self(transport)
    }

    /// How it came in.
    pub(crate) fn transport(&self) -> Transport {
        self.0
    }

    /// Counts why the connection ended.
    pub(crate) fn ended(&self, reason: CloseReason) {
        let (transport, reason) = (self.0.as_str(), reason.as_str());
        metrics::counter!("greenroom_closed_total", "transport" => transport, "reason" => reason)
            .increment(1);
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        metrics::gauge!("greenroom_connections", "transport" => self.0.as_str()).decrement(1.0);
    }
}

/// A `connect` was refused.
pub(crate) fn rejected(why: &'static str) {
    metrics::counter!("greenroom_rejected_total", "reason" => why).increment(1);
}

/// Messages were offered to RTMP players.
pub(crate) fn delivered(count: u64) {
    all().delivered.increment(count);
}

/// A slow player was moved to the newest key frame.
pub(crate) fn player_skipped() {
    all().skips.increment(1);
}

/// An audio or video message came in.
pub(crate) fn media_received() {
    all().media_in.increment(1);
}

/// Bytes went over an RTMP connection.
pub(crate) fn transferred(received: u64, sent: u64) {
    all().bytes_in.increment(received);
    all().bytes_out.increment(sent);
}

/// An instance has started, or stopped.
pub(crate) fn instances(change: f64) {
    all().instances.increment(change);
}

/// The shared objects in memory, and the clients that use any, are so many more or fewer.
pub(crate) fn objects_changed(objects: f64, users: f64) {
    metrics::gauge!("greenroom_shared_objects").increment(objects);
    metrics::gauge!("greenroom_shared_object_users").increment(users);
}

/// A message about a shared object went to a client.
pub(crate) fn object_message_sent() {
    all().object_messages.increment(1);
}

/// Updates of shared objects were merged with one that waited.
pub(crate) fn object_updates_merged(count: u64) {
    all().object_merges.increment(count);
}

/// A client's request about a shared object was refused.
pub(crate) fn object_refused() {
    metrics::counter!("greenroom_shared_object_refusals_total").increment(1);
}

/// A client sent an event about a shared object that the server does not know.
pub(crate) fn object_event_unknown() {
    metrics::counter!("greenroom_shared_object_unknown_events_total").increment(1);
}

/// A shared object was to be saved.
pub(crate) fn object_saved(done: bool) {
    let result = if done { "done" } else { "failed" };
    metrics::counter!("greenroom_shared_object_saves_total", "result" => result).increment(1);
}

/// Bans, rooms, variables or buddies were to be saved.
pub(crate) fn rooms_saved(done: bool) {
    let result = if done { "done" } else { "failed" };
    metrics::counter!("greenroom_room_saves_total", "result" => result).increment(1);
}

/// So many users are logged in, and so many rooms are there.
pub(crate) fn rooms_are(users: usize, rooms: usize) {
    all().room_users.set(users as f64);
    all().rooms.set(rooms as f64);
}

/// A user asked the room kernel for something.
pub(crate) fn room_request() {
    all().room_requests.increment(1);
}

/// The room kernel told so many users something.
pub(crate) fn room_notices(count: u64) {
    all().room_notices.increment(count);
}

/// So many plugins of rooms and of the server run.
pub(crate) fn plugins_are(count: usize) {
    metrics::gauge!("greenroom_plugins").set(count as f64);
}

/// Nothing was done about a packet of an XML socket.
pub(crate) fn packet_unserved(why: &'static str) {
    metrics::counter!("greenroom_packets_unserved_total", "why" => why).increment(1);
}

/// Bytes went over an XML socket that has ended.
pub(crate) fn xml_transferred(received: u64, sent: u64) {
    metrics::counter!("greenroom_xml_bytes_total", "direction" => "in").increment(received);
    metrics::counter!("greenroom_xml_bytes_total", "direction" => "out").increment(sent);
}

/// A script did not come back.
pub(crate) fn script_written_off() {
    metrics::counter!("greenroom_scripts_written_off_total").increment(1);
}

/// There is one more thread of a script that was written off, or one less.
pub(crate) fn threads_lost(change: f64) {
    metrics::gauge!("greenroom_script_threads_lost").increment(change);
}

/// A recording in the count of those being made, for as long as it lives.
pub(crate) struct OpenRecording(());

impl OpenRecording {
    pub(crate) fn new() -> Self {
        all();
        metrics::gauge!("greenroom_recordings").increment(1.0);
        Self(())
    }
}

impl Drop for OpenRecording {
    fn drop(&mut self) {
        metrics::gauge!("greenroom_recordings").decrement(1.0);
    }
}

/// A recording has ended.
pub(crate) fn recording_ended(how: &'static str) {
    metrics::counter!("greenroom_recordings_total", "end" => how).increment(1);
}

/// Bytes were written into a recording.
pub(crate) fn recorded(bytes: u64) {
    metrics::counter!("greenroom_recorded_bytes_total").increment(bytes);
}

/// A recording lost what its stream's ring did not hold any more.
pub(crate) fn recording_skipped() {
    metrics::counter!("greenroom_recording_skips_total").increment(1);
}

/// A connection was closed at once because there are too many.
pub(crate) fn turned_away(transport: Transport) {
    let (transport, reason) = (transport.as_str(), CloseReason::TooManyConnections.as_str());
    metrics::counter!("greenroom_closed_total", "transport" => transport, "reason" => reason)
        .increment(1);
}

/// An HTTP request was answered.
pub(crate) fn http_answered(status: u16) {
    let class = match status / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("greenroom_http_requests_total", "status" => class).increment(1);
}

/// Everything in Prometheus' text form.
pub(crate) fn render(catalog: &Catalog) -> String {
    let metrics = all();
    metrics.streams.set(catalog.len() as f64);
    metrics.players.set(catalog.players() as f64);
    metrics.render.run_upkeep();
    metrics.render.render()
}
