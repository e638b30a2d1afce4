//! The thread of one plugin: it takes what the hall puts into the inbox, one thing after the other.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::scripting::{NoSharedObjects, ScriptEffect, ScriptHost, ScriptInput, ScriptOutput};
use rtmp::Millis;
use script::{
    AppFiles, ApplicationInfo, DiskStorage, PluginInput, PluginPlace, PluginScript, ScriptSetup,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::inbox::{Inbox, Told};
use super::settings::PluginSettings;
use super::world::World;
use super::{Id, PluginPost, room_of};
use crate::applications::InstanceSettings;
use crate::clock;
use crate::hall::Post;
use crate::outgoing::{self, OutgoingPolicy};
use crate::runner::{Ending, Room as Watched, SCRIPT_STACK_BYTES};

/// What a plugin is begun with.
pub(super) struct Begin {
    pub(super) id: Id,
    pub(super) place: PluginPlace,
    pub(super) settings: Arc<PluginSettings>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) hall: mpsc::WeakSender<Post>,
}

/// Starts the thread. Must be called on the server's runtime.
///
/// # Errors
///
/// The system has no thread left.
pub(super) fn start(begin: Begin) -> std::io::Result<Arc<Watched>> {
    let applications = begin.settings.applications().clone();
    let script = begin.settings.script();
    let watched = Watched::new(script.stuck_after_ms, applications.lost_threads().clone());
    let (runtime, mine) = (Handle::current(), watched.clone());
    std::thread::Builder::new()
        .name("plugin".into())
        .stack_size(SCRIPT_STACK_BYTES)
        .spawn(move || {
            let _ending = Ending(mine.clone());
            let (id, hall) = (begin.id, begin.hall.clone());
            mine.set_busy(true);
            let ended = match make(&begin, &script, &mine) {
                Ok((script_of, world)) => {
                    let policy = script.links.outgoing.clone();
                    Thread {
                        begin,
                        script: script_of,
                        world,
                        watched: mine.clone(),
                        runtime,
                        policy,
                        requests: JoinSet::new(),
                        due: None,
                    }
                    .run()
                }
                Err(why) => Err(why),
            };
            if let (Err(why), Some(hall)) = (ended, hall.upgrade()) {
                // Without a hall nobody needs to know.
                let _ = hall.blocking_send(Post::Plugin(PluginPost::Ended { id, why }));
            }
        })?;
    Ok(watched)
}

struct Thread {
    begin: Begin,
    script: PluginScript,
    world: Rc<World>,
    watched: Arc<Watched>,
    runtime: Handle,
    policy: OutgoingPolicy,
    /// Requests over HTTP; they end with the plugin.
    requests: JoinSet<()>,
    due: Option<Millis>,
}

impl Thread {
    /// Runs to the end that the hall wants.
    ///
    /// # Errors
    ///
    /// Why the plugin is at its end by itself.
    fn run(mut self) -> Result<(), String> {
        let place = &self.begin.place;
        tracing::info!(plugin = place.name, room = room_of(place), "plugin started");
        loop {
            self.watched.set_busy(false);
            let until = self.due.map(|due| {
                let wait = Duration::from_millis(due.since(clock::now()));
                Instant::now() + wait
            });
            let told = self.begin.inbox.next(until);
            if self.watched.written_off.is_cancelled() {
                return Ok(());
            }
            self.watched.set_busy(true);
            let last = matches!(told, Some(Told::Input(PluginInput::Destroy)));
            self.take(told);
            self.carry_out()?;
            if last {
                let place = &self.begin.place;
                tracing::info!(plugin = place.name, room = room_of(place), "plugin ended");
                return Ok(());
            }
        }
    }

    fn take(&mut self, told: Option<Told>) {
        let now = clock::now();
        match told {
            Some(Told::Input(input)) => {
                self.world.begin(Vec::new());
                self.script.handle(now, input);
            }
            Some(Told::Call {
                hash,
                waiting,
                answer,
            }) => {
                self.world.begin(waiting);
                let given = self.script.interop(now, &hash);
                // Whoever called may have waited for long enough.
                let _ = answer.try_send(given);
            }
            None => {
                self.world.begin(Vec::new());
                let timeout = PluginInput::Script(ScriptInput::Timeout);
                self.script.handle(now, timeout);
            }
        }
    }

    fn carry_out(&mut self) -> Result<(), String> {
        loop {
            let effect = match self.script.poll() {
                ScriptOutput::Effect(effect) => effect,
                ScriptOutput::Timeout(due) => {
                    self.due = due;
                    return Ok(());
                }
            };
            if self.watched.written_off.is_cancelled() {
                continue;
            }
            let (plugin, room) = (&self.begin.place.name, room_of(&self.begin.place));
            match effect {
                ScriptEffect::Trace(line) => tracing::info!(plugin, room, "trace: {line}"),
                ScriptEffect::Problem(problem) => tracing::warn!(
                    plugin,
                    room,
                    code = problem.code,
                    file = problem.file,
                    line = problem.line,
                    source_line = problem.source_line,
                    "script: {}",
                    problem.description
                ),
                ScriptEffect::Failed(problem) => return Err(problem.description),
                ScriptEffect::Http { request, what } => self.request(request, *what),
                // Of nothing else there is a class that could ask for it.
                _ => {}
            }
        }
    }

    /// Makes an HTTP request, as far as it is allowed.
    fn request(
        &mut self,
        request: engine::scripting::RequestId,
        what: engine::scripting::HttpRequest,
    ) {
        // Those that have ended are of no more use.
        while self.requests.try_join_next().is_some() {}
        let (policy, inbox) = (self.policy.clone(), self.begin.inbox.clone());
        let fetch = async move {
            let outcome = outgoing::fetch(&policy, what).await;
            if let Err(why) = &outcome {
                tracing::debug!(why, "a plugin's request has failed");
            }
            let response = ScriptInput::Response { request, outcome };
            inbox.put(PluginInput::Script(response));
        };
        self.requests.spawn_on(fetch, &self.runtime);
    }
}

/// Reads the plugin's files and makes its engine.
fn make(
    begin: &Begin,
    settings: &InstanceSettings,
    watched: &Arc<Watched>,
) -> Result<(PluginScript, Rc<World>), String> {
    let name = &begin.place.name;
    let folder = begin.settings.dir.join(name);
    if !has_script(name, &folder) {
        return Err(format!("there is no main.asc in {}", folder.display()));
    }
    let files = AppFiles::open(name, &folder, settings.script.library.clone());
    let setup = ScriptSetup {
        config: settings.script.config.clone(),
        info: ApplicationInfo {
            name: name.clone(),
            ..ApplicationInfo::default()
        },
        files: Box::new(files.map_err(|error| error.to_string())?),
        storage: Some(Box::new(DiskStorage::new(&folder))),
        world: Rc::new(Elsewhere),
    };
    let world = World::new(begin, watched.written_off.clone());
    let made = PluginScript::new(setup, &begin.place, world.clone());
    Ok((made.map_err(|error| error.to_string())?, world))
}

fn has_script(name: &str, folder: &Path) -> bool {
    let names = script::main_script_names(name).into_iter();
    let mut names = names.chain(script::archive_names(name));
    names.any(|name| folder.join(name).is_file())
}

/// What the host of applications asks of their instance: a plugin has none.
struct Elsewhere;

impl ScriptHost for Elsewhere {
    fn client_stats(&self, _: engine::ClientId) -> Option<engine::scripting::ClientStats> {
        None
    }

    fn application_stats(&self) -> engine::scripting::ApplicationStats {
        engine::scripting::ApplicationStats::default()
    }

    fn unix_ms(&self) -> f64 {
        crate::hall::wall_clock().0 as f64
    }

    fn shared_objects(&self) -> &dyn engine::scripting::SharedObjectHost {
        &NoSharedObjects
    }

    fn clear_streams(&self, _: &engine::StreamPattern, _: usize) -> engine::scripting::Cleared {
        engine::scripting::Cleared::default()
    }
}
