//! What the server does with instances unasked: it loads some at the start, loads anew what has
//! changed, writes off scripts that do not come back, and stops them all with itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::Input;
use tokio::sync::mpsc;

use super::{Applications, InstanceAddress, Running, Way};
use crate::runner::{Post, Room, Sender};
use crate::{clock, metrics};

/// The instance that is meant where none is named.
pub(crate) const DEFAULT_INSTANCE: &str = "_definst_";

/// How often it is looked for scripts that do not come back.
const WATCH_EVERY: Duration = Duration::from_millis(250);

impl Applications {
    /// Starts the default instances of the applications that want it (`load_on_startup`), and
    /// tells the log what is wrong with the settings of any.
    pub(crate) fn load_on_startup(self: &Arc<Self>) {
        for app in self.names() {
            let settings = self.load_settings(&app);
            let loads = settings.is_ok_and(|settings| settings.load_on_startup);
            if loads && self.has_script(&app) {
                self.start_default(&app);
            }
        }
    }

    fn start_default(self: &Arc<Self>, app: &str) {
        let address = InstanceAddress {
            app: app.into(),
            instance: DEFAULT_INSTANCE.into(),
        };
        let mut running = self.running.lock();
        // If it cannot be started that is in the log, and told to those who connect.
        if running.at(&address).is_none()
            && let Ok(started) = self.start(&mut running, &address, &Way::Scripted, 0)
        {
            running.instances.insert(address, started);
        }
    }

    /// Looks for files of applications that have changed, if they are watched, and loads the
    /// instances of such applications anew.
    pub(crate) async fn watch_files(self: Arc<Self>, every: Duration) {
        while let Some(watch) = self.settings.watch().cloned() {
            tokio::time::sleep(every).await;
            let looked = tokio::task::spawn_blocking(move || watch.take_changed());
            for (app, file) in looked.await.unwrap_or_default() {
                self.load_anew(&app, &file).await;
            }
        }
    }

    /// Tells the clients of an application's instances to go. Who comes back finds it as its
    /// files are then.
    async fn load_anew(&self, app: &str, file: &Path) {
        let told = self.take_instances(app);
        if told.is_empty() {
            return;
        }
        tracing::info!(
            app, file = %file.display(), instances = told.len(),
            "a file has changed: the application is loaded anew"
        );
        for (inbox, room) in told {
            stop(&inbox, &room).await;
        }
    }

    /// The instances of an application, which are to stop. Nobody joins those without a script any
    /// more: they end with their clients.
    fn take_instances(&self, app: &str) -> Vec<(mpsc::Sender<Post>, Arc<Room>)> {
        let mut running = self.running.lock();
        let here = running.instances.iter_mut();
        let here = here.filter(|(address, _)| *address.app == *app);
        here.map(|(_, here)| {
            here.ending |= !here.script;
            (here.inbox.clone(), here.room.clone())
        })
        .collect()
    }

    /// Looks for scripts that do not come back, for as long as the server runs.
    pub(crate) async fn watch_scripts(self: Arc<Self>) {
        loop {
            tokio::time::sleep(WATCH_EVERY).await;
            self.write_off_stuck(clock::now());
        }
    }

    pub(super) fn write_off_stuck(&self, now: rtmp::Millis) {
        let mut running = self.running.lock();
        running.instances.retain(|address, here| {
            let room = &here.room;
            if !room.is_stuck(now) {
                return true;
            }
            tracing::error!(
                app = %address.app, instance = %address.instance, clients = here.clients,
                after_ms = room.busy_ms(now),
                "a script does not come back: its clients are closed, its thread is written off"
            );
            room.write_off();
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
        for (inbox, room) in self.rooms(|here| here.script) {
            stop(&inbox, &room).await;
        }
    }

    fn rooms(&self, wanted: fn(&Running) -> bool) -> Vec<(mpsc::Sender<Post>, Arc<Room>)> {
        let running = self.running.lock();
        let wanted = running.instances.values().filter(|here| wanted(here));
        wanted
            .map(|here| (here.inbox.clone(), here.room.clone()))
            .collect()
    }

    /// Asks every script to stop, and waits until they have or the time is over.
    pub(crate) async fn stop_scripts(&self, patience: Duration) {
        self.closing.store(true, Ordering::Relaxed);
        if !stop_rooms(self.rooms(|here| here.script), patience).await {
            tracing::warn!("stopped before all scripts had ended");
        }
    }

    /// Stops every instance there is, and waits until they have saved what there is or the time is
    /// over.
    pub(crate) async fn stop_all(&self, patience: Duration) {
        self.closing.store(true, Ordering::Relaxed);
        if !stop_rooms(self.rooms(|_| true), patience).await {
            tracing::warn!("stopped before all instances had ended");
        }
    }
}

/// Stops instances, and waits until all have ended; false if the time is over before that.
async fn stop_rooms(rooms: Vec<(mpsc::Sender<Post>, Arc<Room>)>, patience: Duration) -> bool {
    let stopped = futures_util::future::join_all(rooms.iter().map(end_room));
    tokio::time::timeout(patience, stopped).await.is_ok()
}

/// Asks one instance to stop, and waits until it has or is written off.
async fn end_room((inbox, room): &(mpsc::Sender<Post>, Arc<Room>)) {
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

/// Stops an instance. If it has a script, that is not asked.
async fn stop(inbox: &mpsc::Sender<Post>, room: &Room) {
    tokio::select! {
        // An instance that has ended meanwhile needs no telling.
        _ = inbox.send(stop_post(true)) => {}
        () = room.written_off.cancelled() => {}
    }
}

/// What tells an instance to stop.
pub(super) fn stop_post(silent: bool) -> Post {
    Post {
        from: Sender::Server,
        input: Input::Stop { silent },
        link: None,
    }
}
