//! The life of an instance with a script: it starts, runs, is asked whether it may stop, and
//! stops. What has stopped does not begin again: a new instance takes over those who wait.

use rtmp::Millis;
use rtmp::status::Code;

use super::ScriptedInstance;
use super::admission::Join;
use crate::close::CloseReason;
use crate::effect::Effect;
use crate::instance::UNLOADED;
use crate::reject::Rejection;
use crate::scripting::{Problem, ScriptInput, StopReason};

/// Where in its life an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The script has been told to start; perhaps it is to stop right after.
    Starting { stop: Option<Cause> },
    /// Clients come and go.
    Running,
    /// The script has been asked whether the instance may stop.
    Asked(Cause),
    /// The clients have been told to go, and the script is being told that they did.
    Emptying,
    /// The end.
    Stopped,
}

/// Who wants the instance to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nobody has been here for long.
    Idle,
    /// The script itself (`application.shutdown()`).
    Script,
    /// The server, or its administrator, who does not ask the script.
    Server { silent: bool },
}

impl Cause {
    fn reason(self) -> StopReason {
        match self {
            Self::Idle => StopReason::Idle,
            Self::Script | Self::Server { .. } => StopReason::Shutdown,
        }
    }

    /// Whether the script's refusal counts.
    fn may_be_refused(self) -> bool {
        !matches!(self, Self::Server { .. })
    }

    fn is_silent(self) -> bool {
        self == Self::Server { silent: true }
    }
}

impl ScriptedInstance {
    pub(super) fn on_started(&mut self) {
        let Stage::Starting { stop } = self.stage else {
            return;
        };
        self.stage = Stage::Running;
        match stop {
            Some(cause) => self.stop(cause),
            None => self.admit_waiting(),
        }
    }

    fn admit_waiting(&mut self) {
        for join in std::mem::take(&mut self.waiting) {
            self.ask_script(join);
        }
        self.open_ports();
    }

    /// The script cannot run, or not any more. It is told nothing, not even who has to go.
    pub(super) fn on_failed(&mut self, problem: Box<Problem>) {
        // Most scripts have reported it already.
        let last = self.effects.back();
        if !matches!(last, Some(Effect::Problem(last)) if *last == problem) {
            self.effects.push_back(Effect::Problem(problem));
        }
        self.inputs.clear();
        let starting = matches!(self.stage, Stage::Starting { .. });
        self.stage = Stage::Stopped;
        self.empty();
        if starting {
            for Join {
                client,
                transaction,
                ..
            } in std::mem::take(&mut self.waiting)
            {
                let rejection = Rejection::ScriptFailed(self.config.name.clone());
                self.refuse(client, transaction, &rejection);
            }
            self.refuse_ports();
        }
        self.end(true);
    }

    /// Asks the script whether the instance may stop, or tells it that it will.
    pub(super) fn stop(&mut self, cause: Cause) {
        match self.stage {
            Stage::Running => {
                self.stage = Stage::Asked(cause);
                let (reason, silent) = (cause.reason(), cause.is_silent());
                self.tell_script(ScriptInput::Stop { reason, silent });
            }
            // The server's will overrides whatever is being asked.
            Stage::Asked(_) if !cause.may_be_refused() => self.stage = Stage::Asked(cause),
            Stage::Starting { .. } => self.stage = Stage::Starting { stop: Some(cause) },
            Stage::Asked(_) | Stage::Emptying | Stage::Stopped => {}
        }
    }

    pub(super) fn on_stop_answered(&mut self, allowed: bool) {
        let Stage::Asked(cause) = self.stage else {
            return;
        };
        if !allowed && cause.may_be_refused() {
            self.stage = Stage::Running;
            // The script is asked again after as long a time.
            self.idle_since = None;
            return self.admit_waiting();
        }
        self.stage = Stage::Emptying;
        self.empty();
    }

    fn empty(&mut self) {
        for client in self.known_clients() {
            self.tell_unloaded(client);
            self.on_disconnect(client);
        }
        self.close_ports();
    }

    fn tell_unloaded(&mut self, client: crate::client::ClientId) {
        self.send_status(client, Code::ConnectAppShutdown, UNLOADED);
        let reason = CloseReason::ApplicationUnloaded;
        self.effects.push_back(Effect::Close { client, reason });
    }

    /// When the script knows that everybody has gone, the instance has stopped.
    pub(super) fn finish_stop(&mut self) {
        if self.stage == Stage::Emptying {
            self.stage = Stage::Stopped;
            self.end(false);
        }
    }

    fn end(&mut self, failed: bool) {
        self.close_links();
        self.close_sockets();
        self.deferred.clear();
        self.script_timeout = None;
        self.instance.end_stations(self.now);
        self.instance.save_objects(self.now);
        self.take_effects();
        self.effects.push_back(Effect::Stopped { failed });
    }

    pub(super) fn note_idle(&mut self) {
        let nobody =
            self.instance.client_count() == 0 && self.guests.is_empty() && self.ports.is_empty();
        if nobody && self.stage == Stage::Running {
            self.idle_since.get_or_insert(self.now);
        } else {
            self.idle_since = None;
        }
    }

    pub(super) fn idle_until(&self) -> Option<Millis> {
        self.idle_since.map(|since| since + self.config.max_idle_ms)
    }

    pub(super) fn stop_if_idle(&mut self) {
        let idle = self.idle_until().is_some_and(|at| at <= self.now);
        if idle && self.inputs.is_empty() {
            self.stop(Cause::Idle);
        }
    }
}
