//! Which applications there are, which instances run, and how a connection joins one.
//!
//! A directory `applications/<app>` makes an application exist. An instance starts when its
//! first client joins. One without a script ends when the last client has left; one with a
//! script when it has been idle for long, and asks here whether it may. The count of clients is
//! kept under one lock with the table, so an instance never runs twice and nobody joins one
//! that is ending. What the server itself does with instances is in `upkeep`.

mod administer;
mod upkeep;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use engine::scripting::{Script, ScriptHost};
use engine::{InstanceConfig, Rejection, ScriptedConfig, StreamName};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::appsettings::{AppSettings, Faulty, FileSettings};
use crate::catalog::Catalog;
use crate::links::LinkSettings;
use crate::live::StreamSettings;
use crate::metrics;
use crate::objects::{ObjectKeeper, ObjectSettings};
use crate::recording::{RecordingSettings, Recordings};
use crate::runner::{self, Ask, LostThreads, Post, Room};
pub(crate) use administer::{Asked, InstanceRow};
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
    /// Of an instance with a script.
    room: Option<Arc<Room>>,
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
            host,
        };
        let loaded = self.scripts.load(wanted);
        loaded.unwrap_or_else(|why| Box::new(Broken::new(why)))
    }

    /// Joins an instance, starting it if need be.
    pub(crate) fn join(self: &Arc<Self>, app: &str, instance: &str) -> Result<Seat, Rejection> {
        self.check_names(app, instance)?;
        let address = InstanceAddress {
            app: app.into(),
            instance: instance.into(),
        };
        if let Some(seat) = self.sit_down(&mut self.running.lock(), &address)? {
            return Ok(seat);
        }
        // Files are read while others come and go.
        let way = self.way_of(&address)?;
        let mut running = self.running.lock();
        if let Some(seat) = self.sit_down(&mut running, &address)? {
            return Ok(seat);
        }
        self.check_room(&running, app)?;
        let started = self.start(&mut running, &address, &way, 1)?;
        let seat = self.seat(address.clone(), &started);
        running.instances.insert(address, started);
        Ok(seat)
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

    /// A seat in an instance that runs.
    fn sit_down(
        self: &Arc<Self>,
        running: &mut Table,
        address: &InstanceAddress,
    ) -> Result<Option<Seat>, Rejection> {
        let Some(here) = running.instances.get_mut(address) else {
            return Ok(None);
        };
        if here.clients >= self.limits.clients_per_instance {
            let full = format!("{}/{}", address.app, address.instance);
            return Err(Rejection::InstanceFull(full));
        }
        here.clients += 1;
        Ok(Some(self.seat(address.clone(), here)))
    }

    /// How an instance that does not run is to be run.
    fn way_of(&self, address: &InstanceAddress) -> Result<Way, Rejection> {
        let app = &*address.app;
        if !self.dir.join(app).is_dir() {
            return Err(Rejection::UnknownApplication(app.to_owned()));
        }
        if self.has_script(app) {
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

    fn seat(self: &Arc<Self>, address: InstanceAddress, running: &Running) -> Seat {
        Seat {
            applications: self.clone(),
            address,
            id: running.id,
            inbox: running.inbox.clone(),
            room: running.room.clone(),
        }
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
        let (inbox, room) = match way {
            Way::Scripted => {
                self.check_lost_threads(address)?;
                let started =
                    runner::start_scripted(self, address, id, events, asked, clients == 0);
                let (inbox, room) = started.map_err(|error| {
                    tracing::error!(%error, "a script's thread cannot be started");
                    Rejection::ScriptFailed(format!("{}/{}", address.app, address.instance))
                })?;
                (inbox, Some(room))
            }
            Way::Plain(settings) => {
                let inbox = runner::start_plain(self, settings, address, events, asked);
                (inbox, None)
            }
        };
        metrics::instances(1.0);
        Ok(Running {
            id,
            inbox,
            clients,
            room,
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

    /// Whether an instance runs, without starting it.
    pub(crate) fn is_running(&self, app: &str, instance: &str) -> Result<bool, Rejection> {
        self.check_names(app, instance)?;
        if !self.dir.join(app).is_dir() {
            return Err(Rejection::UnknownApplication(app.to_owned()));
        }
        let address = InstanceAddress {
            app: app.into(),
            instance: instance.into(),
        };
        Ok(self.running.lock().instances.contains_key(&address))
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

    fn leave(&self, address: &InstanceAddress, id: u64) {
        let mut running = self.running.lock();
        let here = running.instances.get_mut(address);
        let Some(here) = here.filter(|here| here.id == id) else {
            return;
        };
        here.clients -= 1;
        match &here.room {
            Some(room) => room.freed.notify_one(),
            None if here.clients == 0 => {
                running.instances.remove(address);
                metrics::instances(-1.0);
            }
            None => {}
        }
    }

    /// Takes an instance out of the table, unless somebody has a seat there. Then nobody can
    /// join it any more.
    pub(crate) fn retire(&self, address: &InstanceAddress, id: u64) -> bool {
        let mut running = self.running.lock();
        match running.instances.get(address) {
            Some(here) if here.id == id && here.clients > 0 => false,
            Some(here) if here.id == id => {
                running.instances.remove(address);
                metrics::instances(-1.0);
                true
            }
            _ => true,
        }
    }
}

/// A connection's place in an instance, given back when dropped.
pub(crate) struct Seat {
    applications: Arc<Applications>,
    pub(crate) address: InstanceAddress,
    id: u64,
    pub(crate) inbox: mpsc::Sender<Post>,
    room: Option<Arc<Room>>,
}

impl Seat {
    /// Waits until the instance's script is written off; for ever if it never is.
    pub(crate) fn written_off(&self) -> impl Future<Output = ()> + use<> {
        let room = self.room.clone();
        async move {
            match room {
                Some(room) => room.written_off.cancelled().await,
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.applications.leave(&self.address, self.id);
    }
}

#[cfg(test)]
mod tests;
