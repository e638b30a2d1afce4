//! From the configuration to what each part is made with.

use std::time::Duration;

use engine::{AccessMatch, InstanceConfig, ScriptedConfig, Takeover};
use media::{ReaderLimits, RingLimits};
use script::ScriptConfig;

use crate::applications::{ApplicationLimits, InstanceSettings};
use crate::config::{Config, PublishTakeover};
use crate::links::LinkSettings;
use crate::outbox::OutboxLimits;
use crate::pump::PumpSettings;

pub(crate) fn application_limits(config: &Config) -> ApplicationLimits {
    let limits = &config.limits;
    ApplicationLimits {
        application_name_bytes: limits.application_name_bytes,
        instance_name_bytes: limits.instance_name_bytes,
        instances_per_application: limits.instances_per_application,
        clients_per_instance: limits.clients_per_instance,
        inbox_events: limits.instance_inbox_events,
    }
}

/// `threads` is the number of worker threads: a stream has as many pumps. `rtmp_port` is the
/// port that RTMP is served on.
pub(crate) fn instance_settings(
    config: &Config,
    threads: usize,
    rtmp_port: u16,
) -> InstanceSettings {
    let live = &config.live;
    InstanceSettings {
        config: instance_config(config),
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
        scripted: scripted_config(config),
        links: LinkSettings {
            own_port: rtmp_port,
            own_hosts: config.scripts.own_hosts.clone(),
            allowed_hosts: config.scripts.allowed_hosts.clone(),
            session: session(config),
            orders: config.limits.client_orders,
            patience: Duration::from_millis(config.scripts.connect_timeout_ms),
            socket_bytes: config.scripts.socket_waiting_bytes,
        },
        stuck_after_ms: config.scripts.stuck_after_ms,
    }
}

/// What one script may cost.
pub(crate) fn script_config(config: &Config) -> ScriptConfig {
    ScriptConfig {
        memory_bytes: config.scripts.memory_bytes,
        handler_ms: config.scripts.handler_ms,
        connections: config.scripts.connections,
        sockets: config.scripts.sockets,
        socket_text_bytes: config.scripts.socket_text_bytes,
        ..ScriptConfig::default()
    }
}

/// What all instances with a script have in common; each has a name besides.
fn scripted_config(config: &Config) -> ScriptedConfig {
    let scripts = &config.scripts;
    ScriptedConfig {
        name: String::new(),
        waiting_joins: scripts.waiting_joins,
        pending_timeout_ms: scripts.pending_timeout_ms,
        max_idle_ms: scripts.max_idle_ms,
        calls_waiting: scripts.waiting_calls,
        links: scripts.connections,
        link_messages: scripts.connection_messages,
        sockets: scripts.sockets,
        agent: scripts.agent.clone(),
    }
}

fn instance_config(config: &Config) -> InstanceConfig {
    let (rtmp, live) = (&config.rtmp, &config.live);
    InstanceConfig {
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
        sample_access: (live.sample_access_audio, live.sample_access_video),
        on_bw_done: rtmp.on_bw_done,
        access_match: if config.scripts.access_by_prefix {
            AccessMatch::Prefix
        } else {
            AccessMatch::Component
        },
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
