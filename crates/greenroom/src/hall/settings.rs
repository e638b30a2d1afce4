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
        Self {
            kernel: kernel(config),
            dialect: Arc::new(dialect(config)),
            accounts: accounts(config),
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

/// What of a hall that runs can change.
pub(super) struct Changed {
    pub(super) kernel: rooms::Config,
    /// Accounts of the configuration, and the names of those that are no longer in it.
    pub(super) accounts: (Vec<rooms::Account>, Vec<Arc<str>>),
    /// Variables that plugins keep about one user, and the bytes of each.
    pub(super) kept_variables: (usize, usize),
}

impl Changed {
    /// What changes with a configuration.
    pub(super) fn between(before: &Config, now: &Config) -> Self {
        let given = accounts(now);
        let is_given = |name: &str| {
            let mut names = given.iter().map(|account| rooms::key(&account.name));
            names.any(|given| given == rooms::key(name))
        };
        let before = accounts(before).into_iter().map(|account| account.name);
        let taken = before.filter(|name| !is_given(name)).collect();
        Self {
            kernel: kernel(now),
            accounts: (given, taken),
            kept_variables: (now.rooms.user_variables, now.rooms.variable_bytes),
        }
    }
}

/// The accounts of a configuration. The lines were checked when they were read.
fn accounts(config: &Config) -> Vec<rooms::Account> {
    let lines = config.rooms.accounts.iter();
    lines.filter_map(|line| config::account(line)).collect()
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

#[cfg(test)]
mod tests {
    use configtext::Given;
    use toml::Value;

    use super::*;
    use crate::config::{KEYS, Key};

    /// A value of a key that is not its default.
    fn another(key: &Key) -> String {
        match (key.name, (key.read)(&Config::default())) {
            ("accounts", _) => ACCOUNT.to_owned(),
            ("stored", _) => "Main/Lobby".to_owned(),
            ("bindings", _) => "Main=chat/one".to_owned(),
            (_, Value::Boolean(is)) => (!is).to_string(),
            (_, Value::Integer(number)) => {
                let range = key.range.clone().unwrap();
                let end = *range.end();
                let other = if number as u64 == end {
                    *range.start()
                } else {
                    end
                };
                other.to_string()
            }
            _ => "Other".to_owned(),
        }
    }

    const ACCOUNT: &str = "ann:user:$argon2id$x";

    /// That a key is read again is true of all that changes what a running hall can be given.
    #[test]
    fn the_hall_is_given_all_that_is_read_again() {
        let before = Config::default();
        let of = |now: &Config| {
            let changed = Changed::between(&before, now);
            format!("{:?} {:?}", changed.kernel, changed.accounts)
        };
        let unchanged = of(&before);
        for key in KEYS.iter().filter(|key| key.section == "rooms") {
            // Whether the kernel asks is part of its settings; the plugin that answers is not.
            if key.name == "login_plugin" {
                continue;
            }
            let mut now = before.clone();
            let given = Given::Word(another(key));
            (key.assign)(&mut now, &given, key).unwrap();
            assert_eq!(of(&now) != unchanged, key.is_reread(), "{}", key.name);
        }
    }

    #[test]
    fn accounts_are_taken_in_any_case_of_letters() {
        let with = |line: &str| {
            let mut config = Config::default();
            let key = KEYS.iter().find(|key| key.path() == "rooms.accounts");
            let key = key.unwrap();
            (key.assign)(&mut config, &Given::Word(line.to_owned()), key).unwrap();
            config
        };
        let taken = |now: &Config| Changed::between(&with(ACCOUNT), now).accounts.1;
        assert_eq!(taken(&Config::default()), ["ann".into()]);
        assert!(taken(&with(&ACCOUNT.replace("ann", "Ann"))).is_empty());
    }
}
