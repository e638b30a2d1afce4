//! From the configuration to what the hall and its dialect are made with.

use std::sync::Arc;
use std::time::Duration;

use rooms::{BanBy, FloodRules, Lifetime, LoginRules, NewRoom, WordAction, WordRules};
use xmlsocket::Charset;
use xmlsocket::electroserver::SessionConfig;

use crate::config::{self, Config};

/// What the hall is made with.
pub(crate) struct HallSettings {
    pub(super) kernel: rooms::Config,
    pub(super) dialect: Arc<SessionConfig>,
    /// Accounts of the configuration; they win over those stored.
    pub(super) accounts: Vec<rooms::Account>,
    /// Rooms that are there from the start.
    pub(super) rooms: Vec<NewRoom>,
    pub(super) inbox: usize,
    pub(super) mailbox_bytes: usize,
    pub(super) password_threads: usize,
    pub(super) unknown_packets: usize,
    /// Zones that one script watches, and users it speaks for.
    pub(super) of_scripts: (usize, usize),
    pub(super) script_patience: Duration,
    pub(super) script_news: usize,
    pub(super) unsaved_changes: usize,
    pub(super) save_again: Duration,
}

impl HallSettings {
    /// Those of a configuration.
    pub(crate) fn of(config: &Config) -> Self {
        let (xml, rooms) = (&config.xml, &config.rooms);
        let accounts = rooms.accounts.iter();
        Self {
            kernel: kernel(config),
            dialect: Arc::new(dialect(config)),
            accounts: accounts.filter_map(|line| config::account(line)).collect(),
            rooms: stored_rooms(config),
            inbox: rooms.inbox,
            mailbox_bytes: xml.outbox_bytes,
            password_threads: rooms.password_threads,
            unknown_packets: xml.unknown_packets,
            of_scripts: (rooms.script_zones, rooms.script_guests),
            script_patience: Duration::from_millis(rooms.script_wait_ms),
            script_news: rooms.script_news,
            unsaved_changes: rooms.unsaved_changes,
            save_again: Duration::from_millis(rooms.save_again_ms),
        }
    }
}

fn stored_rooms(config: &Config) -> Vec<NewRoom> {
    let paths = config.rooms.stored.iter();
    let places = paths.filter_map(|path| config::room(path));
    let room = |(zone, name)| NewRoom {
        lifetime: Lifetime::Stored,
        ..NewRoom::new(zone, name)
    };
    places.map(room).collect()
}

fn some_text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The keys were checked when they were read: the defaults here are never taken.
fn dialect(config: &Config) -> SessionConfig {
    let xml = &config.xml;
    SessionConfig {
        version: config::version(&xml.version).unwrap_or_default(),
        greeting_delay_millis: xml.greeting_wait_ms,
        default_zone: xml.default_zone.clone(),
        create_joins: xml.create_joins,
        ban_unit_millis: xml.ban_unit_ms,
        notices_from: some_text(&xml.notices_from),
        charset: Charset::new(&xml.code_page).unwrap_or_default(),
        limits: xmlsocket::Limits {
            frame_bytes: xml.frame_bytes,
            elements: xml.elements,
            depth: xml.depth,
            attributes: xml.attributes,
        },
    }
}

fn kernel(config: &Config) -> rooms::Config {
    let rooms = &config.rooms;
    rooms::Config {
        login: LoginRules {
            name_min_chars: rooms.name_min_chars,
            name_max_chars: rooms.name_max_chars,
            reserved: rooms.reserved_names.clone(),
            numeric_names: rooms.numeric_names,
            guest_prefix: some_text(&rooms.guest_prefix),
            accounts_only: rooms.accounts_only,
            handler: !rooms.login_plugin.is_empty(),
            wrong_passwords: Some(rooms.wrong_passwords),
            ..LoginRules::default()
        },
        flood: FloodRules {
            enabled: rooms.flood_filter,
            burst: rooms.flood_burst,
            interval_ms: rooms.flood_interval_ms,
            repeats: rooms.flood_repeats,
            warnings: rooms.flood_warnings,
            grace_ms: rooms.flood_grace_ms,
            kicks_before_ban: Some(rooms.flood_kicks),
            ban_ms: rooms.flood_ban_ms,
            ..FloodRules::default()
        },
        words: WordRules {
            words: rooms.words.clone(),
            roots: rooms.word_roots.clone(),
            action: some_text(&rooms.word_replacement)
                .map_or(WordAction::Reject, |with| WordAction::Replace(with.into())),
            ..WordRules::default()
        },
        limits: limits(config),
        counts_delay_ms: rooms.counts_delay_ms,
        counts_per_second: rooms.counts_per_second,
        ban_by: BanBy {
            name: rooms.ban_name,
            address: rooms.ban_address,
        },
    }
}

fn limits(config: &Config) -> rooms::Limits {
    let rooms = &config.rooms;
    rooms::Limits {
        users: rooms.users,
        zones: rooms.zones,
        rooms_per_zone: rooms.rooms_per_zone,
        rooms_made_per_user: rooms.rooms_per_user,
        room_name_bytes: rooms.room_name_bytes,
        description_bytes: rooms.description_bytes,
        room_variables: rooms.room_variables,
        user_variables: rooms.user_variables,
        variable_value_bytes: rooms.variable_bytes,
        variables_bytes: rooms.variables_bytes,
        message_bytes: rooms.message_bytes,
        recipients: rooms.recipients,
        buddies: rooms.buddies,
        bans: rooms.bans,
        ..rooms::Limits::default()
    }
}
