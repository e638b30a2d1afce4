//! Which keys a running server reads again, and what of a configuration has changed.

use super::key::Key;
use super::keys::{Config, KEYS};

/// Keys of `rooms` that are read at the start only.
const AT_START: &[&str] = &[
    "password_threads",
    "stored",
    "plugins_dir",
    "plugins",
    "server_plugins",
    "login_plugin",
    "login_decision_ms",
    "plugins_running",
    "plugins_per_room",
    "plugin_requests",
    "plugin_call_ms",
    "inbox",
    "bindings",
    "script_wait_ms",
    "script_news",
    "script_zones",
    "script_guests",
    "unsaved_changes",
    "save_again_ms",
];

impl Key {
    /// Whether SIGHUP gives a running server its new value.
    pub fn is_reread(&self) -> bool {
        self.section == "rooms" && !AT_START.contains(&self.name)
    }
}

/// What reading a configuration again has brought.
#[derive(Debug, Default)]
pub struct Reread {
    /// Keys that have a new value from now on.
    pub taken: Vec<&'static Key>,
    /// Keys that have one after a restart.
    pub at_restart: Vec<&'static Key>,
}

impl Config {
    /// Takes over from a configuration that was read again what can change in a running server.
    pub fn take_over(&mut self, read: &Self) -> Reread {
        let mut reread = Reread::default();
        for key in KEYS {
            if (key.read)(self) == (key.read)(read) {
                continue;
            }
            if key.is_reread() {
                (key.copy)(read, self);
                reread.taken.push(key);
            } else {
                reread.at_restart.push(key);
            }
        }
        reread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_at_the_start_only_are_keys() {
        for name in AT_START {
            let is_it = |key: &&Key| key.section == "rooms" && key.name == *name;
            assert!(KEYS.iter().any(|key| is_it(&key)), "{name}");
        }
    }

    #[test]
    fn only_what_can_change_is_taken_over() {
        let mut read = Config::default();
        read.rooms.users = 7;
        read.rooms.inbox = 17;
        read.xml.depth += 1;
        let mut running = Config::default();
        let reread = running.take_over(&read);
        let paths = |keys: &[&Key]| keys.iter().map(|key| key.path()).collect::<Vec<_>>();
        assert_eq!(paths(&reread.taken), ["rooms.users"]);
        assert_eq!(paths(&reread.at_restart), ["xml.depth", "rooms.inbox"]);
        let mut expected = Config::default();
        expected.rooms.users = 7;
        assert_eq!(running, expected);
        assert!(running.take_over(&expected).taken.is_empty());
    }
}
