//! Which applications there are, which instances run, and how a connection joins one.
//!
//! A directory `applications/<app>` makes an application exist. An instance starts when its
//! first client joins. One without a script ends when the last client has left; one with a
//! script when it has been idle for long. Either asks here whether it may. How one is joined and
//! left is in `seat`; what the server itself does with instances is in `upkeep`.

mod administer;
mod seat;
mod upkeep;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use engine::scripting::{Script, ScriptHost};
use engine::{InstanceConfig, Rejection, ScriptedConfig, StreamName};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::appsettings::{AppSettings, Faulty, FileSettings};
use crate::catalog::Catalog;
use crate::hall::HallDoor;
use crate::links::LinkSettings;
use crate::live::StreamSettings;
use crate::metrics;
use crate::objects::{ObjectKeeper, ObjectSettings};
use crate::recording::{RecordingSettings, Recordings};
use crate::runner::{self, Ask, LostThreads, Post, Room};
pub(crate) use administer::{Asked, InstanceRow};
pub(crate) use seat::Seat;
pub(crate) use upkeep::DEFAULT_INSTANCE;

use crate::scripts::{Broken, ScriptSettings, Scripts, Wanted};

/// Limits on names and numbers of instances.
#[derive(Clone, Debug)]
pub(crate) struct ApplicationLimits {
    pub(crate) application_name_bytes: usize,
    pub(crate) instance_name_bytes: usize,
    pub(crate) instances_per_application: usize,
    pub(crate) clients_per_instance: usize,
    pub(crate) inbox_events: usize,
    /// Threads of scripts that were written off.
    pub(crate) lost_threads: usize,
}

/// What an instance is made with.
#[derive(Clone, Debug)]
pub(crate) struct InstanceSettings {
    pub(crate) config: InstanceConfig,
    pub(crate) objects: ObjectSettings,
    pub(crate) streams: StreamSettings,
    pub(crate) scripted: ScriptedConfig,
    pub(crate) script: ScriptSettings,
    pub(crate) links: LinkSettings,
    pub(crate) recording: RecordingSettings,
    /// How long a script may be away, in ms, before its thread is written off.
    pub(crate) stuck_after_ms: u64,
    /// Whether the default instance starts with the server, and again when it is loaded anew.
    pub(crate) load_on_startup: bool,
}

/// `application/instance`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InstanceAddress {
    pub(crate) app: Arc<str>,
    pub(crate) instance: Arc<str>,
}

/// Zones of rooms, by the instances that they are bound to.
pub(crate) type Bindings = BTreeMap<InstanceAddress, String>;

/// How an instance is to be run.
enum Way {
    /// With a script, on a thread of its own, where its settings are read too.
    Scripted,
    /// Without one.
    Plain(Box<InstanceSettings>),
}

struct Running {
    /// Tells this instance from one of the same address before or after it.
    id: u64,
    inbox: mpsc::Sender<Post>,
    clients: usize,
    room: Arc<Room>,
    /// Whether it has a script.
    script: bool,
    /// It ends as soon as it has saved what there is, and nobody joins it any more. Only for one
    /// without a script: those with one see to that themselves.
    ending: bool,
    /// For what is wanted of its shared objects.
    asks: mpsc::Sender<Ask>,
}

/// The instances that run.
#[derive(Default)]
struct Table {
    instances: BTreeMap<InstanceAddress, Running>,
    last_id: u64,
}

/// The applications of the server and their running instances.
pub(crate) struct Applications {
    dir: PathBuf,
    limits: ApplicationLimits,
    settings: AppSettings,
    catalog: Arc<Catalog>,
    recordings: Arc<Recordings>,
    objects: Arc<ObjectKeeper>,
    scripts: Box<dyn Scripts>,
    running: Mutex<Table>,
    lost_threads: Arc<LostThreads>,
    /// The way of scripts to the rooms of the server, once there are any, and the zones that are
    /// bound to instances.
    rooms: OnceLock<(HallDoor, Bindings)>,
    /// The server stops: what has ended does not begin again.
    closing: AtomicBool,
}

impl Applications {
    pub(crate) fn new(
        dir: PathBuf,
        limits: ApplicationLimits,
        (server, files): (InstanceSettings, FileSettings),
        (catalog, recordings): (Arc<Catalog>, Arc<Recordings>),
        objects: Arc<ObjectKeeper>,
        scripts: Box<dyn Scripts>,
    ) -> Arc<Self> {
        Arc::new(Self {
            settings: AppSettings::new(&dir, server, files),
            dir,
            limits,
            catalog,
            recordings,
            objects,
            scripts,
            running: Mutex::default(),
            lost_threads: Arc::default(),
            rooms: OnceLock::new(),
            closing: AtomicBool::new(false),
        })
    }

    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// What records streams into files.
    pub(crate) fn recordings(&self) -> &Arc<Recordings> {
        &self.recordings
    }

    /// Where shared objects are kept.
    pub(crate) fn objects(&self) -> &Arc<ObjectKeeper> {
        &self.objects
    }

    /// Lets scripts into the rooms of the server, and binds zones to instances.
    pub(crate) fn open_rooms(&self, door: HallDoor, bindings: Bindings) {
        // They are opened once.
        let _ = self.rooms.set((door, bindings));
    }

    /// The zone that is bound to an instance.
    fn zone_of(&self, address: &InstanceAddress) -> Option<&str> {
        let (_, bindings) = self.rooms.get()?;
        bindings.get(address).map(String::as_str)
    }

    /// The way of scripts to the rooms, if they are open.
    pub(crate) fn hall(&self) -> Option<&HallDoor> {
        self.rooms.get().map(|(door, _)| door)
    }

    /// What all instances have in common.
    pub(crate) fn settings(&self) -> &InstanceSettings {
        self.settings.server()
    }

    /// What a script has that belongs to no application.
    pub(crate) fn plain_settings(&self) -> InstanceSettings {
        self.settings.plain()
    }

    /// Whether so few threads of scripts are lost that one more may start.
    pub(crate) fn may_start_thread(&self) -> bool {
        self.lost_threads.count() < self.limits.lost_threads
    }

    /// What an instance of this application is to be made with, as its files say now.
    pub(crate) fn load_settings(&self, app: &str) -> Result<InstanceSettings, Faulty> {
        self.settings.load(app)
    }

    /// The names of the applications there are, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.path().is_dir());
        let mut names: Vec<String> = folders
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.retain(|name| self.is_name(name));
        names.sort();
        names
    }

    /// The script of an instance. Called on the thread on which it is to run.
    pub(crate) fn load_script(
        &self,
        address: &InstanceAddress,
        settings: &ScriptSettings,
        host: Rc<dyn ScriptHost>,
    ) -> Box<dyn Script> {
        let wanted = Wanted {
            folder: &self.dir.join(&*address.app),
            address,
            settings,
            watch: self.settings.watch(),
            zone: self.zone_of(address),
            host,
        };
        let loaded = self.scripts.load(wanted);
        loaded.unwrap_or_else(|why| Box::new(Broken::new(why)))
    }

    /// Whether one more instance of the application may run.
    fn check_room(&self, running: &Table, app: &str) -> Result<(), Rejection> {
        let siblings = running.instances.keys();
        let siblings = siblings.filter(|other| *other.app == *app).count();
        if siblings >= self.limits.instances_per_application {
            return Err(Rejection::TooManyInstances(app.to_owned()));
        }
        Ok(())
    }

    /// How an instance that does not run is to be run.
    fn way_of(&self, address: &InstanceAddress) -> Result<Way, Rejection> {
        let app = &*address.app;
        if !self.dir.join(app).is_dir() {
            return Err(Rejection::UnknownApplication(app.to_owned()));
        }
        // Binding a zone is a script of the server's own.
        if self.zone_of(address).is_some() || self.has_script(app) {
            return Ok(Way::Scripted);
        }
        let loaded = self.load_settings(app);
        let settings = loaded.map_err(|Faulty| {
            let instance = format!("{app}/{}", address.instance);
            Rejection::ScriptFailed(instance)
        })?;
        Ok(Way::Plain(Box::new(settings)))
    }

    fn has_script(&self, app: &str) -> bool {
        let places = self.scripts.places(&self.dir.join(app));
        if let Some(watch) = self.settings.watch() {
            for place in &places {
                watch.note(app, place.clone());
            }
        }
        places.iter().any(|place| place.is_file())
    }

    /// Starts an instance with so many clients.
    fn start(
        self: &Arc<Self>,
        running: &mut Table,
        address: &InstanceAddress,
        way: &Way,
        clients: usize,
    ) -> Result<Running, Rejection> {
        running.last_id += 1;
        let id = running.last_id;
        let events = self.limits.inbox_events;
        let (asks, asked) = mpsc::channel(runner::ASKS);
        let script = matches!(way, Way::Scripted);
        let (inbox, room) = match way {
            Way::Scripted => {
                self.check_lost_threads(address)?;
                let started =
                    runner::start_scripted(self, address, id, events, asked, clients == 0);
                started.map_err(|error| {
                    tracing::error!(%error, "a script's thread cannot be started");
                    Rejection::ScriptFailed(format!("{}/{}", address.app, address.instance))
                })?
            }
            Way::Plain(settings) => {
                runner::start_plain(self, settings, (address, id), events, asked)
            }
        };
        metrics::instances(1.0);
        Ok(Running {
            id,
            inbox,
            clients,
            room,
            script,
            ending: false,
            asks,
        })
    }

    /// Each script that is written off makes the next start take one more thread.
    fn check_lost_threads(&self, address: &InstanceAddress) -> Result<(), Rejection> {
        let (lost, most) = (self.lost_threads.count(), self.limits.lost_threads);
        if lost < most {
            return Ok(());
        }
        let InstanceAddress { app, instance } = address;
        tracing::error!(
            app = &**app,
            instance = &**instance,
            lost,
            most,
            "no thread for a script: too many are held by scripts that do not come back \
             (limit scripts.lost_threads)"
        );
        Err(Rejection::TooManyLostThreads(format!("{app}/{instance}")))
    }

    /// The threads of scripts that were written off.
    pub(crate) fn lost_threads(&self) -> &Arc<LostThreads> {
        &self.lost_threads
    }

    /// Whether there is a file to play of this name, without starting the instance. Says nothing
    /// of whether somebody may play it.
    pub(crate) fn has_recording(&self, app: &str, instance: &str, stream: &str) -> bool {
        if self.check_names(app, instance).is_err() {
            return false;
        }
        let Ok(settings) = self.load_settings(app) else {
            return false;
        };
        let name = StreamName::parse(stream, settings.config.stream_name_bytes);
        let file = name.and_then(|name| name.played_file());
        let path = file.map(|file| settings.recording.path(Path::new(instance), &file));
        settings.config.plays_recordings && path.is_ok_and(|path| path.is_file())
    }

    fn check_names(&self, app: &str, instance: &str) -> Result<(), Rejection> {
        if !self.is_name(app) {
            let shown: String = app.chars().take(64).filter(|c| !c.is_control()).collect();
            return Err(Rejection::UnknownApplication(shown));
        }
        let parts_are_names = instance
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."));
        if instance.chars().any(char::is_control) || !parts_are_names {
            return Err(Rejection::BadUrl("the instance name is not allowed".into()));
        }
        if instance.len() > self.limits.instance_name_bytes {
            let most = self.limits.instance_name_bytes;
            return Err(Rejection::BadUrl(format!(
                "the instance name exceeds {most} bytes"
            )));
        }
        Ok(())
    }

    /// Whether this can be the name of a directory below ours, and of nothing else.
    fn is_name(&self, name: &str) -> bool {
        let allowed = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':');
        !name.is_empty()
            && name.len() <= self.limits.application_name_bytes
            && !name.starts_with('.')
            && name.chars().all(allowed)
    }
}

#[cfg(test)]
mod tests;
