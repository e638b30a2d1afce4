//! What plugins are made with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::applications::{Applications, InstanceSettings};
use crate::config::Config;

/// From the configuration, and what the scripts of applications are made with.
#[derive(Clone)]
pub(crate) struct PluginSettings {
    /// Where each plugin has its folder.
    pub(super) dir: PathBuf,
    /// Those that rooms may start with.
    of_rooms: Vec<String>,
    of_server: Vec<String>,
    /// The one that decides about logins.
    pub(super) login: Option<String>,
    /// Plugins at one time.
    pub(super) running: usize,
    /// Plugins of one room.
    pub(super) per_room: usize,
    /// Requests that may wait for one plugin.
    pub(super) requests: usize,
    /// How long one plugin waits for another.
    pub(super) call: Duration,
    /// How long a login waits for its handler.
    pub(super) decision: Duration,
    /// The unit of the time of a ban.
    pub(super) ban_unit_ms: u64,
    /// Variables that are kept about one user, and the bytes of each.
    pub(super) variables: (usize, usize),
    applications: Arc<Applications>,
}

impl PluginSettings {
    /// Those of a configuration.
    pub(crate) fn of(config: &Config, applications: &Arc<Applications>) -> Self {
        let rooms = &config.rooms;
        let names = |list: &[crate::config::PluginName]| -> Vec<String> {
            list.iter().map(|name| (**name).to_owned()).collect()
        };
        Self {
            dir: rooms.plugins_dir.clone(),
            of_rooms: names(&rooms.plugins),
            of_server: names(&rooms.server_plugins),
            login: (!rooms.login_plugin.is_empty()).then(|| (*rooms.login_plugin).to_owned()),
            running: rooms.plugins_running,
            per_room: rooms.plugins_per_room,
            requests: rooms.plugin_requests,
            call: Duration::from_millis(rooms.plugin_call_ms),
            decision: Duration::from_millis(rooms.login_decision_ms),
            ban_unit_ms: config.xml.ban_unit_ms,
            variables: (rooms.user_variables, rooms.variable_bytes),
            applications: applications.clone(),
        }
    }

    /// The name of a plugin that rooms may start with, as it is configured.
    pub(super) fn of_rooms(&self, wanted: &str) -> Option<&str> {
        let mut names = self.of_rooms.iter();
        names
            .find(|name| name.eq_ignore_ascii_case(wanted))
            .map(String::as_str)
    }

    /// The plugins of the server, the one that decides about logins included.
    pub(super) fn of_server(&self) -> impl Iterator<Item = &str> {
        self.of_server.iter().chain(&self.login).map(String::as_str)
    }

    /// Whether so few threads of scripts are lost that one more may start.
    pub(super) fn may_start_thread(&self) -> bool {
        self.applications.may_start_thread()
    }

    /// What a script has that says nothing about itself.
    pub(super) fn script(&self) -> InstanceSettings {
        self.applications.plain_settings()
    }

    pub(super) fn applications(&self) -> &Arc<Applications> {
        &self.applications
    }
}
