//! Settings and limits of a kernel. The server reads them from its configuration.

use std::sync::Arc;

/// Everything that can be set. [`Input::Configure`](crate::Input) replaces it in a running kernel;
/// what is there already and is over a new limit stays.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may log in, and as what.
    pub login: LoginRules,
    /// What is done about those who send too much.
    pub flood: FloodRules,
    /// Which words are not wanted.
    pub words: WordRules,
    /// How many and how long.
    pub limits: Limits,
    /// How long in ms changed user counts of rooms wait, so that many joins are one change of the
    /// room list; 0 tells each at once. Other changes of a room are always told at once.
    pub counts_delay_ms: u64,
    /// Changed user counts that somebody is told a second, if `counts_delay_ms` is not 0: when so
    /// many rooms of a zone changed that they are more, the next counts of that zone wait longer,
    /// and are told as they are then.
    pub counts_per_second: u32,
    /// What [`Op::BanUser`](crate::Op) bans of a user.
    pub ban_by: BanBy,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            login: LoginRules::default(),
            flood: FloodRules::default(),
            words: WordRules::default(),
            limits: Limits::default(),
            counts_delay_ms: 100,
            counts_per_second: 100,
            ban_by: BanBy::default(),
        }
    }
}

impl Config {
    /// How long after so many counts of a zone no more are told.
    pub(crate) fn counts_rest_ms(&self, counts: usize) -> u64 {
        if self.counts_delay_ms == 0 {
            return 0;
        }
        counts as u64 * 1_000 / u64::from(self.counts_per_second.max(1))
    }
}

/// Who may log in, and as what.
#[derive(Clone, Debug)]
pub struct LoginRules {
    /// Shortest name, in characters.
    pub name_min_chars: usize,
    /// Longest name, in characters.
    pub name_max_chars: usize,
    /// Names nobody may take, in any case of letters. Accounts of such names may be used.
    pub reserved: Vec<String>,
    /// Whether names that look like numbers may be taken. Flash clients turn `007` into 7.
    pub numeric_names: bool,
    /// What guests are called, with a number behind; `None` lets nobody in without a name.
    pub guest_prefix: Option<String>,
    /// Whether only those with an account are let in.
    pub accounts_only: bool,
    /// Whether a login handler decides, see [`Effect::AskLogin`](crate::Effect). Accounts that the
    /// kernel knows are not asked for then, except for administrators.
    pub handler: bool,
    /// Wrong passwords from one address before the next bans it; `None` never does.
    pub wrong_passwords: Option<u32>,
    /// Milliseconds after which a wrong password is forgotten.
    pub wrong_passwords_within_ms: u64,
    /// How long in ms such a ban lasts.
    pub wrong_passwords_ban_ms: u64,
}

impl Default for LoginRules {
    fn default() -> Self {
        Self {
            name_min_chars: 3,
            name_max_chars: 14,
            reserved: Vec::new(),
            numeric_names: true,
            guest_prefix: None,
            accounts_only: false,
            handler: false,
            wrong_passwords: Some(10),
            wrong_passwords_within_ms: 600_000,
            wrong_passwords_ban_ms: 600_000,
        }
    }
}

/// What is done about those who send too much: the ladder goes from dropped messages with a warning
/// over the end of the connection to a ban.
#[derive(Clone, Debug)]
pub struct FloodRules {
    /// Whether there is a flood filter at all; rooms may switch it off for themselves.
    pub enabled: bool,
    /// Messages a user may send at once.
    pub burst: u32,
    /// Milliseconds after which one more is allowed.
    pub interval_ms: u64,
    /// How often the same text may be sent in a row; 0 is no limit.
    pub repeats: u32,
    /// Milliseconds after which a text counts as new again.
    pub repeats_within_ms: u64,
    /// Warnings before the next offence is a kick.
    pub warnings: u32,
    /// Milliseconds after a warning in which messages are dropped, but are no new offence: what is
    /// under way already, nobody can take back.
    pub grace_ms: u64,
    /// Milliseconds without an offence after which warnings are forgotten.
    pub forget_ms: u64,
    /// Kicks of one address or name before the next is a ban as well; 0 bans at the first,
    /// `None` never bans.
    pub kicks_before_ban: Option<u32>,
    /// Milliseconds after which a kick is forgotten.
    pub kicks_within_ms: u64,
    /// How long in ms such a ban lasts.
    pub ban_ms: u64,
}

impl Default for FloodRules {
    fn default() -> Self {
        Self {
            enabled: true,
            burst: 10,
            interval_ms: 500,
            repeats: 5,
            repeats_within_ms: 30_000,
            warnings: 2,
            grace_ms: 1_000,
            forget_ms: 60_000,
            kicks_before_ban: Some(2),
            kicks_within_ms: 3_600_000,
            ban_ms: 3_600_000,
        }
    }
}

/// Which words are not wanted, and what is done about them. Case of letters does not matter.
#[derive(Clone, Debug)]
pub struct WordRules {
    /// Whole words.
    pub words: Vec<String>,
    /// Roots: any word that has one in it.
    pub roots: Vec<String>,
    /// What happens to a message with such a word.
    pub action: WordAction,
    /// Whether names of users and rooms are looked at too. A name is never changed, only refused.
    pub in_names: bool,
}

impl Default for WordRules {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            roots: Vec::new(),
            action: WordAction::Replace("*".into()),
            in_names: true,
        }
    }
}

/// What happens to a message with a word that is not wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordAction {
    /// The word is replaced. One character is written once for each character of the word, so
    /// that the length stays; a longer text is written once.
    Replace(Arc<str>),
    /// The message is refused.
    Reject,
}

/// What a ban of a user bans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BanBy {
    /// The name.
    pub name: bool,
    /// The address.
    pub address: bool,
}

impl Default for BanBy {
    fn default() -> Self {
        Self {
            name: true,
            address: true,
        }
    }
}

/// How many and how long. What would be more is refused with
/// [`Refusal::Limit`](crate::Refusal), and changes nothing.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Users logged in, or about to be.
    pub users: usize,
    /// Zones with rooms.
    pub zones: usize,
    /// Rooms of one zone.
    pub rooms_per_zone: usize,
    /// Rooms one user has made that still are.
    pub rooms_made_per_user: usize,
    /// Rooms one user is in.
    pub rooms_per_user: usize,
    /// Bytes of a room's or zone's name.
    pub room_name_bytes: usize,
    /// Bytes of a room's description.
    pub description_bytes: usize,
    /// Bytes of a password.
    pub password_bytes: usize,
    /// Variables of one room.
    pub room_variables: usize,
    /// Variables of one user, and of one message.
    pub user_variables: usize,
    /// Bytes of a variable's name.
    pub variable_name_bytes: usize,
    /// Bytes of a variable's value.
    pub variable_value_bytes: usize,
    /// Bytes of all variables of a user, or of a room.
    pub variables_bytes: usize,
    /// Bytes of a message.
    pub message_bytes: usize,
    /// Recipients of one private message.
    pub recipients: usize,
    /// Buddies of one user.
    pub buddies: usize,
    /// Bans at one time. When there are as many, the one that ends first gives way to a new one.
    pub bans: usize,
    /// Bytes of the reason of a kick or a ban; a longer one is cut.
    pub reason_bytes: usize,
    /// Addresses and names whose kicks are remembered; the oldest is forgotten for a new one.
    pub flood_records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            users: 10_000,
            zones: 256,
            rooms_per_zone: 1_000,
            rooms_made_per_user: 10,
            rooms_per_user: 16,
            room_name_bytes: 64,
            description_bytes: 8_192,
            password_bytes: 64,
            room_variables: 128,
            user_variables: 64,
            variable_name_bytes: 64,
            variable_value_bytes: 16_384,
            variables_bytes: 65_536,
            message_bytes: 65_536,
            recipients: 64,
            buddies: 200,
            bans: 10_000,
            reason_bytes: 256,
            flood_records: 10_000,
        }
    }
}
