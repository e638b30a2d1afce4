//! The plugins of rooms and of the server: which run, where, and what they are told.
//!
//! Each plugin that runs has an engine and a thread of its own ([`thread`]). The hall puts what
//! happens into its bounded inbox and never waits for it; a plugin asks the hall and is answered at
//! once. One that does not come back is written off, as the scripts of applications are. What a
//! plugin sees and can call is the business of the crate `script`.

mod answers;
mod events;
mod inbox;
mod logins;
mod orders;
mod settings;
mod thread;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rooms::{Input, RequestId, RoomId, UserId};
use rtmp::Millis;
use rustc_hash::FxHashMap;
use script::PluginQuestion;
use script::{Fields, LoginVerdict, PluginAnswer, PluginInput, PluginOrder, PluginPlace};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use xmlsocket::electroserver::{Plugin, Variable};

pub(super) use logins::LoginAsked;
pub(crate) use settings::PluginSettings;

use super::{Post, Unserved};
use crate::runner::Room as Watched;
use crate::{clock, metrics};
use events::RoomPlugins;
use inbox::Inbox;
use logins::Logins;

/// How often it is looked for plugins that do not come back.
const WATCH_EVERY: Duration = Duration::from_millis(250);
/// A plugin of the server that has ended is not started again sooner than this.
const REST_MS: u64 = 1_000;

/// Tells a plugin that runs from all others, before and after it.
type Id = u64;

/// What the hall is told about plugins.
pub(super) enum PluginPost {
    /// A user asks for something.
    Ask { user: UserId, ask: PluginAsk },
    /// A plugin asks.
    Question {
        question: PluginQuestion,
        answer: oneshot::Sender<PluginAnswer>,
    },
    /// A plugin wants something done.
    Order { from: Id, order: PluginOrder },
    /// A plugin looks for another.
    Find {
        from: Id,
        name: String,
        answer: oneshot::Sender<Option<Found>>,
    },
    /// A login handler has decided.
    Decided { login: u64, verdict: LoginVerdict },
    /// A login has waited for long enough.
    LoginLate { login: u64 },
    /// A plugin is at its end, and why.
    Ended { id: Id, why: String },
    /// The plugins of the server are to begin anew.
    Reload,
    /// All plugins are to end. The answer is what tells when each has.
    Stop {
        answer: oneshot::Sender<Vec<CancellationToken>>,
    },
}

/// What a user asks for of plugins.
pub(crate) enum PluginAsk {
    /// The room that it has made is to have these.
    Start { room: RoomId, plugins: Vec<Plugin> },
    /// To call one.
    Call {
        plugin: String,
        method: String,
        variables: Vec<Variable>,
    },
}

/// Another plugin.
pub(super) struct Found {
    id: Id,
    inbox: Arc<Inbox>,
}

/// A plugin that runs.
struct Running {
    place: PluginPlace,
    /// Its room, unless it is the server's.
    room: Option<RoomId>,
    inbox: Arc<Inbox>,
    watched: Arc<Watched>,
    /// Whether the log has said that requests are dropped.
    dropped: bool,
}

/// A plugin of the server, whether or not it runs.
struct OfServer {
    name: String,
    current: Option<Id>,
    not_before: Millis,
}

/// All plugins.
pub(super) struct Plugins {
    settings: Arc<PluginSettings>,
    unserved: Arc<Unserved>,
    hall: mpsc::WeakSender<Post>,
    running: BTreeMap<Id, Running>,
    of_server: BTreeMap<String, OfServer>,
    of_rooms: FxHashMap<RoomId, RoomPlugins>,
    /// Rooms with plugins that somebody has left: they may be gone.
    left: Vec<RoomId>,
    logins: Logins,
    /// For the kernel, when it has said all.
    inputs: Vec<Input>,
    /// What is kept about users who are here.
    kept: HashMap<UserId, BTreeMap<String, String>>,
    watch: tokio::time::Interval,
    last_id: Id,
    stopping: bool,
}

impl Plugins {
    /// Starts those of the server.
    pub(super) fn new(
        settings: PluginSettings,
        unserved: Arc<Unserved>,
        hall: mpsc::WeakSender<Post>,
    ) -> Self {
        let mut watch = tokio::time::interval(WATCH_EVERY);
        watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let of_server = settings.of_server().map(|name| {
            let plugin = OfServer {
                name: name.to_owned(),
                current: None,
                not_before: Millis(0),
            };
            (key(name), plugin)
        });
        let of_server = of_server.collect();
        let mut plugins = Self {
            settings: Arc::new(settings),
            unserved,
            hall,
            running: BTreeMap::new(),
            of_server,
            of_rooms: FxHashMap::default(),
            left: Vec::new(),
            logins: Logins::default(),
            inputs: Vec::new(),
            kept: HashMap::new(),
            watch,
            last_id: 0,
            stopping: false,
        };
        plugins.start_those_of_server();
        plugins
    }

    fn start_those_of_server(&mut self) {
        let keys: Vec<_> = self.of_server.keys().cloned().collect();
        for key in keys {
            self.of_server(&key);
        }
    }

    /// A plugin of the server, started again if it has ended.
    fn of_server(&mut self, key: &str) -> Option<Id> {
        let now = clock::now();
        let plugin = self.of_server.get_mut(key)?;
        if plugin.current.is_some() || now < plugin.not_before {
            return plugin.current;
        }
        plugin.not_before = now + REST_MS;
        let place = PluginPlace {
            name: plugin.name.clone(),
            room: None,
        };
        let id = self.start(place, None, Fields::new());
        self.of_server.get_mut(key)?.current = id;
        id
    }

    /// Starts a plugin, if there may be one more.
    fn start(&mut self, place: PluginPlace, room: Option<RoomId>, given: Fields) -> Option<Id> {
        if self.stopping {
            return None;
        }
        if self.running.len() >= self.settings.running {
            tracing::warn!(
                plugin = place.name,
                "a plugin is not started: there are too many (limit rooms.plugins_running)"
            );
            return None;
        }
        if !self.settings.may_start_thread() {
            tracing::error!(
                plugin = place.name,
                "a plugin is not started: too many threads of scripts are lost \
                 (limit scripts.lost_threads)"
            );
            return None;
        }
        self.last_id += 1;
        let id = self.last_id;
        let inbox = Inbox::new(self.settings.requests);
        inbox.put(PluginInput::Start { variables: given });
        let begun = thread::Begin {
            id,
            place: place.clone(),
            settings: self.settings.clone(),
            inbox: inbox.clone(),
            hall: self.hall.clone(),
        };
        let watched = thread::start(begun)
            .inspect_err(|error| {
                tracing::error!(plugin = place.name, %error, "a plugin has no thread");
            })
            .ok()?;
        let running = Running {
            place,
            room,
            inbox,
            watched,
            dropped: false,
        };
        self.running.insert(id, running);
        metrics::plugins_are(self.running.len());
        Some(id)
    }

    /// Forgets a plugin that runs no more, or is to run no more. What it had of logins fails.
    fn forget(&mut self, id: Id) -> Option<Running> {
        let running = self.running.remove(&id)?;
        metrics::plugins_are(self.running.len());
        let handler = self.login_handler();
        if handler == Some(id) {
            self.fail_logins();
        }
        for plugin in self.of_server.values_mut() {
            plugin.current = plugin.current.filter(|current| *current != id);
        }
        if let Some(room) = running.room
            && let Some(plugins) = self.of_rooms.get_mut(&room)
        {
            plugins.forget(id);
        }
        Some(running)
    }

    /// A plugin has come to its end by itself.
    pub(super) fn ended(&mut self, id: Id, why: &str) {
        if let Some(running) = self.forget(id) {
            let (plugin, room) = (&running.place.name, room_of(&running.place));
            tracing::error!(plugin, room, why, "a plugin has ended");
        }
    }

    /// Ends a plugin that is wanted no more: it is told, and ends when it has seen to that.
    fn dismiss(&mut self, id: Id) -> Option<CancellationToken> {
        let running = self.forget(id)?;
        running.inbox.close(PluginInput::Destroy);
        Some(running.watched.ended.clone())
    }

    /// So many variables are kept about one user from now on, and so many bytes of each.
    pub(super) fn keep_so_many(&mut self, variables: (usize, usize)) {
        Arc::make_mut(&mut self.settings).variables = variables;
    }

    /// Begins the plugins of the server anew. Those of rooms stay: what they know is the rooms'.
    pub(super) fn reload(&mut self) {
        let current: Vec<_> = self
            .of_server
            .values()
            .filter_map(|plugin| plugin.current)
            .collect();
        for id in current {
            self.dismiss(id);
        }
        for plugin in self.of_server.values_mut() {
            plugin.not_before = Millis(0);
        }
        self.start_those_of_server();
    }

    /// Ends all of them, for good.
    pub(super) fn stop(&mut self) -> Vec<CancellationToken> {
        self.stopping = true;
        let all: Vec<_> = self.running.keys().copied().collect();
        all.into_iter().filter_map(|id| self.dismiss(id)).collect()
    }

    /// What the kernel is to be told next, when it has said all.
    pub(super) fn next_input(&mut self) -> Option<Input> {
        self.inputs.pop()
    }

    /// Resolves when it is to be looked for plugins that do not come back.
    pub(super) async fn due(&mut self) {
        self.watch.tick().await;
    }

    /// Writes off plugins that do not come back, and those that do not get on with what they are
    /// told.
    pub(super) fn write_off_stuck(&mut self) {
        let now = clock::now();
        let stuck: Vec<_> = self
            .running
            .iter()
            .filter(|(_, running)| running.watched.is_stuck(now) || running.inbox.is_overrun())
            .map(|(id, _)| *id)
            .collect();
        for id in stuck {
            let Some(running) = self.forget(id) else {
                continue;
            };
            tracing::error!(
                plugin = running.place.name,
                room = room_of(&running.place),
                after_ms = running.watched.busy_ms(now),
                "a plugin does not come back: its thread is written off"
            );
            running.watched.write_off();
            // Wakes it, if it only sleeps.
            running.inbox.close(PluginInput::Destroy);
        }
    }

    /// Puts something into the inbox of a plugin that must not be lost.
    fn put(&self, id: Id, input: PluginInput) {
        if let Some(running) = self.running.get(&id) {
            running.inbox.put(input);
        }
    }

    /// A request of a client, which is dropped when there are too many.
    fn offer(&mut self, id: Id, input: PluginInput) {
        let Some(running) = self.running.get_mut(&id) else {
            return;
        };
        if !running.inbox.offer(input) && !std::mem::replace(&mut running.dropped, true) {
            tracing::warn!(
                plugin = running.place.name,
                room = room_of(&running.place),
                "requests for a plugin are dropped: it does not get on with them (limit \
                 rooms.plugin_requests); it is not said again"
            );
        }
    }

    /// The plugin of this name that one in this room means: the room's, or else the server's.
    fn named(&mut self, room: Option<RoomId>, name: &str) -> Option<Id> {
        let key = key(name);
        let of_room = room.and_then(|room| self.of_rooms.get(&room)?.named(&key));
        of_room.or_else(|| self.of_server(&key))
    }

    /// Another plugin, for one that wants to call it.
    pub(super) fn find(&mut self, from: Id, name: &str) -> Option<Found> {
        let room = self.running.get(&from)?.room;
        let id = self.named(room, name)?;
        let inbox = self.running.get(&id)?.inbox.clone();
        Some(Found { id, inbox })
    }
}

/// Names of plugins are compared without regard to case.
fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The room of a plugin, for the log.
fn room_of(place: &PluginPlace) -> &str {
    place.room.as_ref().map_or("", |(_, room)| room)
}

fn fields(variables: Vec<Variable>) -> Fields {
    let pairs = variables.into_iter();
    pairs
        .map(|variable| (variable.name, variable.value))
        .collect()
}

/// The number under which the crate `script` knows a login.
fn login_id(request: RequestId) -> u64 {
    request.0
}
