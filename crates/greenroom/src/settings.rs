//! From the configuration to what each part is made with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use appconfig::{ApplicationConfig, XmlLimits};
use engine::{AccessMatch, InstanceConfig, ScriptedConfig, Takeover, WriteRate};
use flv::RecorderLimits;
use media::{ReaderLimits, RingLimits};
use script::ScriptConfig;
use sharedobject::{Conflict, Dialect};

use crate::applications::{ApplicationLimits, Bindings, InstanceAddress, InstanceSettings};
use crate::appsettings::FileSettings;
use crate::config::{self, Config, PublishTakeover};
use crate::links::LinkSettings;
use crate::live::StreamSettings;
use crate::objects::ObjectSettings;
use crate::outbox::OutboxLimits;
use crate::outgoing::OutgoingPolicy;
use crate::pump::PumpSettings;
use crate::recording::RecordingSettings;
use crate::scripts::ScriptSettings;

/// The zones of rooms that are bound to instances. The key was checked when it was read.
pub(crate) fn bindings(config: &Config) -> Bindings {
    let lines = config.rooms.bindings.iter();
    let bindings = lines.filter_map(|line| config::binding(line));
    let bindings = bindings.map(|(zone, app, instance)| {
        let (app, instance) = (app.into(), instance.into());
        (InstanceAddress { app, instance }, zone)
    });
    bindings.collect()
}

/// What the store may take.
pub(crate) fn store_limits(config: &Config) -> store::Limits {
    let data = &config.data;
    store::Limits {
        queue_writes: data.store_queue,
        queue_bytes: data.store_queue_bytes,
        cache_bytes: data.store_cache_bytes,
        retry_after: Duration::from_millis(data.store_retry_ms),
    }
}

pub(crate) fn application_limits(config: &Config) -> ApplicationLimits {
    let limits = &config.limits;
    ApplicationLimits {
        application_name_bytes: limits.application_name_bytes,
        instance_name_bytes: limits.instance_name_bytes,
        instances_per_application: limits.instances_per_application,
        clients_per_instance: limits.clients_per_instance,
        inbox_events: limits.instance_inbox_events,
        lost_threads: config.scripts.lost_threads,
    }
}

/// `threads` is the number of worker threads: a stream has as many pumps. `rtmp_port` is the
/// port that RTMP is served on.
pub(crate) fn instance_settings(
    config: &Config,
    threads: usize,
    rtmp_port: u16,
) -> InstanceSettings {
    InstanceSettings {
        config: instance_config(config),
        objects: object_settings(config),
        streams: stream_settings(config, threads),
        scripted: scripted_config(config),
        script: ScriptSettings {
            config: script_config(config),
            ..ScriptSettings::default()
        },
        links: LinkSettings {
            own_port: rtmp_port,
            own_hosts: config.scripts.own_hosts.clone(),
            allowed_hosts: config.scripts.allowed_hosts.clone(),
            session: session(config),
            orders: config.limits.client_orders,
            ending: config.scripts.ending_connections,
            patience: Duration::from_millis(config.scripts.connect_timeout_ms),
            socket_bytes: config.scripts.socket_waiting_bytes,
            own_http: Vec::new(),
            trust: Arc::default(),
            outgoing: OutgoingPolicy::of(&application_defaults(config), Vec::new()),
        },
        recording: recording_settings(config),
        stuck_after_ms: config.scripts.stuck_after_ms,
        load_on_startup: false,
    }
}

/// What the files of applications may cost, and what applies where they say nothing.
pub(crate) fn file_settings(config: &Config) -> FileSettings {
    let files = &config.applications;
    FileSettings {
        defaults: application_defaults(config),
        xml_limits: XmlLimits {
            file_bytes: files.file_bytes,
            elements: files.xml_elements,
            depth: files.xml_depth,
            text_bytes: files.xml_text_bytes,
            attributes: files.xml_attributes,
        },
        data_dir: config.data.dir.clone(),
        most_lag_ms: config.live.player_stall_close_ms,
        watched: files.dev.then_some(files.dev_files),
    }
}

/// The keys of applications whose defaults are the server's own.
fn application_defaults(config: &Config) -> ApplicationConfig {
    let (live, scripts) = (&config.live, &config.scripts);
    let all_if = |allowed: bool| allowed.then(|| "/".to_owned()).into_iter().collect();
    let mut defaults = ApplicationConfig::default();
    defaults.application.idle_timeout_ms = scripts.max_idle_ms;
    defaults.script.memory_bytes = scripts.memory_bytes as u64;
    defaults.script.max_time_ms = scripts.handler_ms;
    // Those of an application start at its own folder.
    let library = scripts.library.iter();
    defaults.script.library = library
        .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
        .collect();
    defaults.script.connections = scripts.connections;
    defaults.script.xml_socket_bytes = scripts.socket_text_bytes as u64;
    defaults.script.hosts.clone_from(&scripts.allowed_hosts);
    defaults.client.chunk_size_bytes = config.rtmp.chunk_size_bytes;
    defaults.client.audio_sample_folders = all_if(live.sample_access_audio);
    defaults.client.video_sample_folders = all_if(live.sample_access_video);
    defaults.live.gop_cache = live.gop_cache;
    defaults.live.player_lag_ms = live.player_lag_ms;
    defaults.live.latency_budget_ms = live.latency_budget_ms;
    let (objects, limits) = (&config.shared_objects, &config.limits);
    defaults.shared_objects.auto_commit_interval_ms = objects.auto_commit_interval_ms;
    defaults.shared_objects.slots = objects.slots;
    defaults.shared_objects.slot_bytes = objects.slot_bytes as u64;
    defaults.shared_objects.objects = objects.objects;
    defaults.shared_objects.subscribers = objects.subscribers;
    defaults.shared_objects.writes_per_second = limits.shared_object_writes_per_second;
    defaults
}

fn stream_settings(config: &Config, threads: usize) -> StreamSettings {
    let live = &config.live;
    StreamSettings {
        ring: RingLimits {
            gop_cache: live.gop_cache,
            bytes: live.ring_bytes as u64,
            window_bytes: live.player_lag_bytes as u64,
            window_ms: live.player_lag_ms,
            entries: live.ring_entries,
            header_bytes: live.ring_header_bytes,
            data_frames: live.ring_data_frames,
            data_frame_bytes: live.ring_data_frame_bytes,
        },
        reader: ReaderLimits {
            lag_bytes: live.player_lag_bytes as u64,
            lag_ms: live.player_lag_ms,
        },
        pump: PumpSettings {
            shards: threads,
            latency_budget: Duration::from_millis(live.latency_budget_ms),
        },
    }
}

/// How streams are recorded; each application has a folder besides.
fn recording_settings(config: &Config) -> RecordingSettings {
    let recording = &config.recording;
    RecordingSettings {
        folder: PathBuf::new(),
        limits: RecorderLimits {
            index_entries: recording.index_entries,
            ..RecorderLimits::default()
        },
        flush: Duration::from_millis(recording.flush_ms),
        flush_bytes: recording.flush_bytes,
        sync: (recording.sync_ms > 0).then(|| Duration::from_millis(recording.sync_ms)),
        queue_bytes: recording.queue_bytes,
    }
}

fn object_settings(config: &Config) -> ObjectSettings {
    let objects = &config.shared_objects;
    ObjectSettings {
        config: sharedobject::Config {
            limits: sharedobject::Limits {
                objects: objects.objects,
                stored_objects: objects.stored_objects,
                name_bytes: objects.name_bytes,
                slots: objects.slots,
                slot_name_bytes: objects.slot_name_bytes,
                slot_bytes: objects.slot_bytes,
                object_bytes: objects.object_bytes,
                subscribers: objects.subscribers,
                deletion_records: objects.deletion_records,
                held_requests: objects.held_requests,
                held_bytes: objects.held_bytes,
                proxy_requests: objects.proxy_requests,
                batch_items: objects.batch_items,
                backlog_bytes: objects.backlog_bytes,
            },
            batch_ms: objects.batch_ms,
            commit_interval_ms: objects.auto_commit_interval_ms,
            auto_commit: true,
            resync_depth: None,
            conflict: if objects.last_writer_wins {
                Conflict::LastWriterWins
            } else {
                Conflict::SlotVersion
            },
            one_name_space: objects.one_name_space,
            proxy_dialect: if objects.proxy_as_client {
                Dialect::Client
            } else {
                Dialect::Server
            },
            proxy_answer_ms: objects.proxy_answer_ms,
        },
        lock_timeout_ms: None,
        end_timeout_ms: objects.end_timeout_ms,
    }
}

/// What one script may cost.
fn script_config(config: &Config) -> ScriptConfig {
    ScriptConfig {
        memory_bytes: config.scripts.memory_bytes,
        handler_ms: config.scripts.handler_ms,
        connections: config.scripts.connections,
        sockets: config.scripts.sockets,
        socket_text_bytes: config.scripts.socket_text_bytes,
        stream_name_bytes: config.limits.stream_name_bytes,
        ..ScriptConfig::default()
    }
}

/// What all instances with a script have in common; each has a name besides.
fn scripted_config(config: &Config) -> ScriptedConfig {
    let scripts = &config.scripts;
    ScriptedConfig {
        name: String::new(),
        waiting_joins: scripts.waiting_joins,
        held_messages: scripts.waiting_object_messages,
        held_bytes: scripts.waiting_object_bytes,
        pending_timeout_ms: scripts.pending_timeout_ms,
        max_idle_ms: scripts.max_idle_ms,
        calls_waiting: scripts.waiting_calls,
        links: scripts.connections,
        link_messages: scripts.connection_messages,
        sockets: scripts.sockets,
        waiting_refusals: scripts.waiting_refusals,
        agent: scripts.agent.clone(),
        ..ScriptedConfig::default()
    }
}

fn instance_config(config: &Config) -> InstanceConfig {
    let (rtmp, live) = (&config.rtmp, &config.live);
    InstanceConfig {
        plays_recordings: config.recording.play,
        server_version: rtmp.fms_version.clone(),
        capabilities: f64::from(rtmp.capabilities),
        chunk_size: rtmp.chunk_size_bytes as u32,
        window_ack_bytes: rtmp.window_ack_bytes as u32,
        streams_per_connection: config.limits.streams_per_connection,
        playlist_items: config.limits.playlist_items,
        stream_name_bytes: config.limits.stream_name_bytes,
        takeover: match live.publish_takeover {
            PublishTakeover::Reject => Takeover::Reject,
            PublishTakeover::ReplaceIfStalled => Takeover::ReplaceIfStalled,
            PublishTakeover::Replace => Takeover::Replace,
        },
        publisher_stall_ms: live.publisher_stall_ms,
        publisher_first_media_ms: live.publisher_first_media_ms,
        data_start: live.data_start,
        on_bw_done: rtmp.on_bw_done,
        access_match: if config.scripts.access_by_prefix {
            AccessMatch::Prefix
        } else {
            AccessMatch::Component
        },
        object_writes: WriteRate {
            per_second: config.limits.shared_object_writes_per_second,
            burst: config.limits.shared_object_writes_burst,
        },
        ..InstanceConfig::default()
    }
}

/// What the session of an RTMP connection is bound by.
pub(crate) fn session(config: &Config) -> rtmp::SessionConfig {
    let (rtmp, limits) = (&config.rtmp, &config.limits);
    rtmp::SessionConfig {
        limits: rtmp::Limits {
            media_message_bytes: limits.media_message_bytes as u32,
            other_message_bytes: limits.command_message_bytes as u32,
            partial_messages: limits.partial_messages,
            partial_bytes: limits.partial_bytes,
            chunk_streams: limits.chunk_streams,
            messages_at_once: limits.messages_at_once,
            shared_object_items: limits.shared_object_items,
            amf: amf::Limits {
                depth: limits.amf_depth as u32,
                elements: limits.amf_elements as u32,
                output_bytes: limits.amf_output_bytes,
                ..amf::Limits::default()
            },
        },
        handshake_timeout_millis: limits.handshake_timeout_ms,
        connect_timeout_millis: limits.connect_timeout_ms,
        ping_interval_millis: Some(rtmp.ping_interval_ms),
        ping_timeout_millis: Some(rtmp.ping_timeout_ms),
        ..rtmp::SessionConfig::default()
    }
}

pub(crate) fn outbox(config: &Config) -> OutboxLimits {
    OutboxLimits {
        control_bytes: config.limits.client_outbox_bytes,
        stall_ms: config.live.player_stall_close_ms,
        behind_ms: config.live.player_behind_close_ms,
    }
}
