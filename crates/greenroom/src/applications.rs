//! Which applications there are, which instances run, and how a connection joins one.
//!
//! A directory `applications/<app>` makes an application exist. An instance starts when its
//! first client joins. One without a script ends when the last client has left; one with a
//! script when it has been idle for long, and asks here whether it may. The count of clients is
//! kept under one lock with the table, so an instance never runs twice and nobody joins one
//! that is ending.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::scripting::{Script, ScriptHost};
use engine::{Input, InstanceConfig, Rejection, ScriptedConfig};
use media::{ReaderLimits, RingLimits};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::catalog::Catalog;
use crate::links::LinkSettings;
use crate::pump::PumpSettings;
use crate::runner::{self, Post, Room, Sender};
use crate::scripts::{Broken, Scripts};
use crate::{clock, metrics};

/// How often it is looked for scripts that do not come back.
const WATCH_EVERY: Duration = Duration::from_millis(250);

/// Limits on names and numbers of instances.
#[derive(Clone, Debug)]
pub(crate) struct ApplicationLimits {
    pub(crate) application_name_bytes: usize,
    pub(crate) instance_name_bytes: usize,
    pub(crate) instances_per_application: usize,
    pub(crate) clients_per_instance: usize,
    pub(crate) inbox_events: usize,
}

/// What every instance is made with.
#[derive(Clone, Debug)]
pub(crate) struct InstanceSettings {
    pub(crate) config: InstanceConfig,
    pub(crate) ring: RingLimits,
    pub(crate) reader: ReaderLimits,
    pub(crate) pump: PumpSettings,
    pub(crate) scripted: ScriptedConfig,
    pub(crate) links: LinkSettings,
    /// How long a script may be away, in ms, before its thread is written off.
    pub(crate) stuck_after_ms: u64,
}

/// `application/instance`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InstanceAddress {
    pub(crate) app: Arc<str>,
    pub(crate) instance: Arc<str>,
}

struct Running {
    /// Tells this instance from one of the same address before or after it.
    id: u64,
    inbox: mpsc::Sender<Post>,
    clients: usize,
    /// Of an instance with a script.
    room: Option<Arc<Room>>,
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
    settings: InstanceSettings,
    catalog: Arc<Catalog>,
    scripts: Box<dyn Scripts>,
    running: Mutex<Table>,
    /// The server stops: what has ended does not begin again.
    closing: AtomicBool,
}

impl Applications {
    pub(crate) fn new(
        dir: PathBuf,
        limits: ApplicationLimits,
        settings: InstanceSettings,
        catalog: Arc<Catalog>,
        scripts: Box<dyn Scripts>,
    ) -> Arc<Self> {
        Arc::new(Self {
            dir,
            limits,
            settings,
            catalog,
            scripts,
            running: Mutex::default(),
            closing: AtomicBool::new(false),
        })
    }

    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    pub(crate) fn settings(&self) -> &InstanceSettings {
        &self.settings
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
        host: Rc<dyn ScriptHost>,
    ) -> Box<dyn Script> {
        let folder = self.dir.join(&*address.app);
        let loaded = self.scripts.load(&folder, address, host);
        loaded.unwrap_or_else(|why| Box::new(Broken::new(why)))
    }

    /// Joins an instance, starting it if need be.
    pub(crate) fn join(self: &Arc<Self>, app: &str, instance: &str) -> Result<Seat, Rejection> {
        self.check_names(app, instance)?;
        let address = InstanceAddress {
            app: app.into(),
            instance: instance.into(),
        };
        let mut running = self.running.lock();
        if let Some(here) = running.instances.get_mut(&address) {
            if here.clients >= self.limits.clients_per_instance {
                return Err(Rejection::InstanceFull(format!("{app}/{instance}")));
            }
            here.clients += 1;
            return Ok(self.seat(address, here));
        }
        if !self.dir.join(app).is_dir() {
            return Err(Rejection::UnknownApplication(app.to_owned()));
        }
        let siblings = running.instances.keys();
        if siblings.filter(|other| *other.app == *app).count()
            >= self.limits.instances_per_application
        {
            return Err(Rejection::TooManyInstances(app.to_owned()));
        }
        running.last_id += 1;
        let started = self.start(&address, running.last_id)?;
        let seat = self.seat(address.clone(), &started);
        running.instances.insert(address, started);
        Ok(seat)
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

    fn start(self: &Arc<Self>, address: &InstanceAddress, id: u64) -> Result<Running, Rejection> {
        let events = self.limits.inbox_events;
        let (inbox, room) = if self.scripts.has_script(&self.dir.join(&*address.app)) {
            let started = runner::start_scripted(self, address, id, events);
            let (inbox, room) = started.map_err(|error| {
                tracing::error!(%error, "a script's thread cannot be started");
                Rejection::ScriptFailed(format!("{}/{}", address.app, address.instance))
            })?;
            (inbox, Some(room))
        } else {
            (runner::start_plain(self, address, events), None)
        };
        metrics::instances(1.0);
        Ok(Running {
            id,
            inbox,
            clients: 1,
            room,
        })
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

    /// Looks for scripts that do not come back, for as long as the server runs.
    pub(crate) async fn watch_scripts(self: Arc<Self>) {
        loop {
            tokio::time::sleep(WATCH_EVERY).await;
            self.write_off_stuck(clock::now());
        }
    }

    fn write_off_stuck(&self, now: rtmp::Millis) {
        let most = self.settings.stuck_after_ms;
        let is_stuck = |room: &Arc<Room>| room.busy_ms(now) > most;
        let mut running = self.running.lock();
        running.instances.retain(|address, here| {
            let Some(room) = here.room.as_ref().filter(|room| is_stuck(room)) else {
                return true;
            };
            tracing::error!(
                app = %address.app, instance = %address.instance, clients = here.clients,
                after_ms = most,
                "a script does not come back: its clients are closed, its thread is written off"
            );
            room.written_off.cancel();
            metrics::script_written_off();
            metrics::instances(-1.0);
            false
        });
    }

    /// Whether the server stops.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Unloads every instance with a script, without asking it. Who joins next finds the
    /// script as it is then.
    pub(crate) async fn unload_scripts(&self) {
        for (inbox, room) in self.rooms() {
            tokio::select! {
                // An instance that has ended meanwhile needs no telling.
                _ = inbox.send(stop_post(true)) => {}
                () = room.written_off.cancelled() => {}
            }
        }
    }

    fn rooms(&self) -> Vec<(mpsc::Sender<Post>, Arc<Room>)> {
        let running = self.running.lock();
        let running = running.instances.values();
        running
            .filter_map(|here| Some((here.inbox.clone(), here.room.clone()?)))
            .collect()
    }

    /// Asks every script to stop, and waits until they have or the time is over.
    pub(crate) async fn stop_scripts(&self, patience: Duration) {
        self.closing.store(true, Ordering::Relaxed);
        let rooms = self.rooms();
        let stopped = futures_util::future::join_all(rooms.iter().map(stop_room));
        if tokio::time::timeout(patience, stopped).await.is_err() {
            tracing::warn!("stopped before all scripts had ended");
        }
    }
}

/// Asks one script to stop, and waits until it has or is written off.
async fn stop_room((inbox, room): &(mpsc::Sender<Post>, Arc<Room>)) {
    let stopped = async {
        // An instance that has ended meanwhile needs no telling.
        let _ = inbox.send(stop_post(false)).await;
        room.freed.notify_one();
        room.ended.cancelled().await;
    };
    tokio::select! {
        () = stopped => {}
        () = room.written_off.cancelled() => {}
    }
}

/// What tells an instance to stop.
fn stop_post(silent: bool) -> Post {
    Post {
        from: Sender::Server,
        input: Input::Stop { silent },
        link: None,
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
