//! Plugins of the room server: scripts that rooms and the server are given, on the same engine and
//! within the same limits as the scripts of applications.
//!
//! [`PluginScript`] is one plugin. It is told what happens ([`PluginInput`]) and asks what it must
//! know at once through a [`PluginHost`], which also takes its orders: they are carried out in the
//! order in which they are given, and what is asked afterwards sees them. What it does not own: rooms,
//! threads, HTTP, and who may start it. What a plugin sees is written in JavaScript
//! (`host/plugin.js`) over the functions of `natives`.

mod include;
mod input;
mod natives;
pub(crate) mod reference;
mod values;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use engine::scripting::{Script as _, ScriptInput, ScriptOutput};
use rtmp::Millis;

pub(crate) use include::with_includes;
pub use values::{
    Fields, LoginAccepted, LoginRole, LoginVerdict, PluginAnswer, PluginHost, PluginOrder,
    PluginPlace, PluginQuestion, PluginTarget, PluginVariable,
};

use crate::library;
use crate::problem::Fault;
use crate::script::{AppScript, ScriptSetup, SetupError};

/// What is added to the host for plugins.
const HOST: (&str, &str) = ("plugin.js", include_str!("host/plugin.js"));

/// What a plugin is told.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginInput {
    /// Load and run the script, then `pluginInit`.
    Start {
        /// What the room that wants it gives it.
        variables: Fields,
    },
    /// A client calls: `pluginRequest`.
    Request {
        /// The name of the user.
        user: String,
        /// What it shall do.
        method: String,
        /// With what.
        variables: Fields,
    },
    /// Somebody has come into the plugin's room: `pluginUserEnter`.
    UserEnter {
        /// The name of the user.
        user: String,
        /// The number of a player in a room that has them.
        number: Option<u32>,
    },
    /// Somebody has left the plugin's room: `pluginUserExit`.
    UserExit {
        /// The name of the user.
        user: String,
        /// The number that was the user's.
        number: Option<u32>,
    },
    /// Somebody wants to log in: `login`. Answered by [`PluginHost::decide`], now or later.
    Login {
        /// Which login.
        login: u64,
        /// The name asked for.
        user: String,
        /// The password given.
        password: String,
        /// Where the client comes from.
        address: String,
        /// What else the client said.
        variables: Fields,
    },
    /// A user has gone: `logOut`.
    LogOut {
        /// The name of the user.
        user: String,
    },
    /// The room, or the server, is at its end: `pluginDestroy`. Nothing is told afterwards.
    Destroy,
    /// For the engine: an answer over HTTP, or the time that [`PluginScript::poll`] asked for.
    Script(ScriptInput),
}

/// A plugin on an engine of its own. It stays on the thread that made it.
pub struct PluginScript {
    app: AppScript,
    host: Rc<dyn PluginHost>,
    /// What `pluginInterop` has given back.
    interop: Rc<RefCell<Option<Fields>>>,
    ended: Cell<bool>,
}

impl PluginScript {
    /// Starts an engine. The script itself runs on [`PluginInput::Start`].
    ///
    /// # Errors
    ///
    /// [`SetupError`] if the memory limit leaves no room for the engine.
    pub fn new(
        setup: ScriptSetup,
        place: &PluginPlace,
        host: Rc<dyn PluginHost>,
    ) -> Result<Self, SetupError> {
        let app = AppScript::new(setup)?;
        app.core.loader.borrow_mut().allow_includes();
        let interop = Rc::<RefCell<Option<Fields>>>::default();
        let made = app.run(|ctx, object| {
            natives::install(&app.core, &host, place, &interop, object)?;
            library::evaluate(ctx, object, HOST.0, HOST.1)
        });
        made.map_err(|fault| match fault {
            Fault::Script(problem) | Fault::Memory(problem) => {
                SetupError::because(problem.description)
            }
        })?;
        Ok(Self {
            app,
            host,
            interop,
            ended: Cell::new(false),
        })
    }

    /// Takes in what happened. Then [`poll`](Self::poll) until it gives a timeout.
    pub fn handle(&mut self, now: Millis, input: PluginInput) {
        if self.ended.get() {
            return;
        }
        match input {
            PluginInput::Start { variables } => {
                self.app.handle(now, ScriptInput::Start);
                self.tell(now, "pluginInit", (input::flat(&variables),));
            }
            PluginInput::Script(input) => self.app.handle(now, input),
            PluginInput::Login { .. } => self.ask_to_log_in(now, input),
            PluginInput::Destroy => {
                self.tell(now, "pluginDestroy", ());
                self.ended.set(true);
            }
            other => self.tell_of_users(now, other),
        }
    }

    /// What the script wants: lines of `trace`, problems, and requests over HTTP; or the time of its
    /// next timer. [`ScriptEffect::Failed`](engine::scripting::ScriptEffect) is its end.
    pub fn poll(&mut self) -> ScriptOutput {
        match self.app.poll() {
            ScriptOutput::Timeout(_) if self.ended.get() => ScriptOutput::Timeout(None),
            output => output,
        }
    }

    /// Another plugin calls: `pluginInterop`. What it gives back; nothing if it fails or there is
    /// no such function.
    pub fn interop(&mut self, now: Millis, hash: &Fields) -> Option<Fields> {
        if self.ended.get() {
            return None;
        }
        self.interop.take();
        self.tell(now, "pluginInterop", (input::flat(hash),));
        self.interop.take()
    }
}
