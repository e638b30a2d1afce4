//! [`AppScript`]: a script on its engine, driven by its instance.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use engine::scripting::{Problem, Script, ScriptEffect, ScriptHost, ScriptInput, ScriptOutput};
use rquickjs::{Context, Ctx, Function, Object, Persistent, Runtime, Value as Js};
use rtmp::Millis;

use crate::config::{ApplicationInfo, ScriptConfig};
use crate::core::Core;
use crate::deadline::Deadline;
use crate::effects::Effects;
use crate::files::ScriptFiles;
use crate::links::Links;
use crate::loading::Loader;
use crate::problem::{self, Fault};
use crate::rejections::{self, Rejections};
use crate::remoting::Remoting;
use crate::requests::Requests;
use crate::sockets::Sockets;
use crate::storage::{Guarded, OpenFiles, Storage};
use crate::timers::Timers;
use crate::{bytecode, library, native, prepass, setup};

/// A script is ended when its promises were cut off this often in a row.
const JOB_CUTS_MAX: u32 = 2;

/// What a script needs to be.
pub struct ScriptSetup {
    /// Its limits.
    pub config: ScriptConfig,
    /// What it is told of its instance.
    pub info: ApplicationInfo,
    /// Where its files are.
    pub files: Box<dyn ScriptFiles>,
    /// What it may read and change with `File`; without it there is no such class. The files that
    /// configure the application it can only read.
    pub storage: Option<Box<dyn Storage>>,
    /// What it asks while it runs.
    pub world: Rc<dyn ScriptHost>,
}

/// The engine did not start.
#[derive(Debug, thiserror::Error)]
#[error("the script engine does not start: {0}")]
pub struct SetupError(String);

impl SetupError {
    pub(crate) fn because(why: String) -> Self {
        Self(why)
    }
}

/// A script on an engine of its own. It stays on the thread that made it.
pub struct AppScript {
    pub(crate) core: Rc<Core>,
    // In the order in which they must go: the engine's values before the engine.
    host: Persistent<Object<'static>>,
    context: Context,
    pub(crate) failed: bool,
    /// How often in a row what promises have put off was cut off, and went on.
    job_cuts: Cell<u32>,
    /// Whether `application.onStatus` was cut off for the input that is handled.
    status_cut: Cell<bool>,
}

impl AppScript {
    /// Starts an engine. The script itself runs on [`ScriptInput::Start`].
    ///
    /// # Errors
    ///
    /// [`SetupError`] if the memory limit leaves no room for the engine.
    pub fn new(setup: ScriptSetup) -> Result<Self, SetupError> {
        let failed = |error: rquickjs::Error| SetupError(error.to_string());
        let runtime = Runtime::new().map_err(failed)?;
        runtime.set_max_stack_size(setup.config.stack_bytes);
        let deadline = Rc::new(Deadline::default());
        let watch = Rc::clone(&deadline);
        runtime.set_interrupt_handler(Some(Box::new(move || watch.is_over())));
        let context = Context::full(&runtime).map_err(failed)?;
        let core = Rc::new(Core {
            config: setup.config,
            info: setup.info,
            files: setup.files,
            storage: setup
                .storage
                .map(|storage| Box::new(Guarded(storage)) as Box<dyn Storage>),
            world: setup.world,
            now: Cell::new(Millis(0)),
            deadline,
            effects: RefCell::new(Effects::default()),
            timers: RefCell::new(Timers::default()),
            requests: RefCell::new(Requests::default()),
            sockets: RefCell::new(Sockets::default()),
            open_files: RefCell::new(OpenFiles::default()),
            links: RefCell::new(Links::default()),
            loader: RefCell::new(Loader::default()),
            remoting: RefCell::new(Remoting::default()),
            rejections: Rejections::default(),
            last_call: Cell::new(0),
            thrown_at: RefCell::default(),
        });
        rejections::watch(&runtime, &core);
        bytecode::open(&runtime).map_err(failed)?;
        let host = context.with(|ctx| {
            make_host(&core, &ctx).map_err(|error| match problem::of_error(&core, &ctx, &error) {
                Fault::Script(problem) | Fault::Memory(problem) => SetupError(problem.description),
            })
        })?;
        bytecode::close(&runtime);
        // Only now: without room for itself the engine stops the process.
        let used = usize::try_from(runtime.memory_usage().malloc_size).unwrap_or(usize::MAX);
        if used >= core.config.memory_bytes {
            return Err(SetupError(format!(
                "it takes {used} bytes itself (limit memory_bytes)"
            )));
        }
        runtime.set_memory_limit(core.config.memory_bytes);
        Ok(Self {
            core,
            host,
            context,
            failed: false,
            job_cuts: Cell::new(0),
            status_cut: Cell::new(false),
        })
    }

    /// Runs `work`, which may call the script, within the limits of one handler.
    pub(crate) fn run<R>(
        &self,
        work: impl for<'js> FnOnce(&Ctx<'js>, &Object<'js>) -> rquickjs::Result<R>,
    ) -> Result<R, Fault> {
        let core = &self.core;
        core.deadline.start(core.config.handler_ms);
        core.effects.borrow_mut().start();
        core.thrown_at.take();
        let (result, job_cut) = self.context.with(|ctx| {
            let result = self.host.clone().restore(&ctx);
            let result = result.and_then(|host| work(&ctx, &host));
            let result = result.map_err(|error| problem::of_error(core, &ctx, &error));
            (result, self.run_jobs(&ctx))
        });
        // A handler that was cut off itself has left its promises no time.
        if !job_cut {
            self.job_cuts.set(0);
        } else if result.is_ok() && self.context.runtime().is_job_pending() {
            self.job_cuts.set(self.job_cuts.get() + 1);
        }
        result
    }

    /// Runs what the script has put off with promises; that may go on for ever. Whether it was
    /// cut off.
    fn run_jobs(&self, ctx: &Ctx<'_>) -> bool {
        let core = &self.core;
        let mut cut_off = false;
        while !cut_off && ctx.execute_pending_job() {
            cut_off = core.deadline.is_over();
        }
        if cut_off {
            core.rejections.note_cut();
            core.report(&problem::too_long(core));
        }
        cut_off
    }

    /// Calls one of the functions that the host keeps for the instance.
    pub(crate) fn entry<'js>(host: &Object<'js>, name: &str) -> rquickjs::Result<Function<'js>> {
        host.get::<_, Object<'js>>("entries")?.get(name)
    }

    /// Tells the script and its owner of a fault. Without memory that is the end of the script.
    /// Answers `None` for a fault.
    pub(crate) fn settle<R>(&mut self, result: Result<R, Fault>) -> Option<R> {
        let value = match result {
            Ok(value) => Some(value),
            Err(Fault::Script(problem)) => {
                self.tell(&problem);
                None
            }
            Err(Fault::Memory(problem)) => {
                self.tell(&problem);
                self.fail(problem);
                None
            }
        };
        self.end_if_endless();
        value
    }

    /// Reports a problem to the owner and to `application.onStatus`. Where that does not come to
    /// its end it is not called again for this input.
    pub(crate) fn tell(&self, problem: &Problem) {
        self.core.report(problem);
        if self.status_cut.get() || self.job_cuts.get() >= JOB_CUTS_MAX {
            return;
        }
        let told = self.run(|ctx, host| {
            let max = self.core.config.trace_line_bytes;
            let info = setup::status_of(ctx, &problem::cut(problem.clone(), max))?;
            Self::entry(host, "status")?.call::<_, ()>((info,))
        });
        self.status_cut.set(self.core.deadline.expired());
        // A handler of errors that fails is not told of itself.
        if let Err(Fault::Script(problem) | Fault::Memory(problem)) = told {
            self.core.report(&problem);
        }
    }

    /// The end of the script.
    pub(crate) fn fail(&mut self, problem: Problem) {
        self.failed = true;
        self.core.timers.borrow_mut().stop_all();
        self.core.remoting.borrow_mut().end_delivery();
        let problem = problem::cut(problem, self.core.config.trace_line_bytes);
        let failed = ScriptEffect::Failed(Box::new(problem));
        self.core.effects.borrow_mut().push(failed);
    }

    /// Ends a script whose promises go on for ever: they would take the time of every handler.
    fn end_if_endless(&mut self) {
        if !self.failed && self.job_cuts.get() >= JOB_CUTS_MAX {
            let problem = problem::endless(&self.core);
            self.core.report(&problem);
            self.fail(problem);
        }
    }

    /// Does `work`, which is what one input asks for, and sees to what it leaves behind. `None` if
    /// the script is at its end.
    pub(crate) fn within<R>(
        &mut self,
        now: Millis,
        work: impl FnOnce(&mut Self) -> R,
    ) -> Option<R> {
        if self.failed {
            return None;
        }
        self.core.now.set(now);
        self.status_cut.set(false);
        let done = work(self);
        self.send_when_collected();
        for problem in self.core.rejections.take() {
            self.tell(&problem);
        }
        self.end_if_endless();
        Some(done)
    }

    /// When there is something to do without an input.
    fn next_due(&self) -> Option<Millis> {
        if self.core.remoting.borrow().delivers() {
            return Some(self.core.now.get());
        }
        self.core.timers.borrow().next_due()
    }
}

impl Script for AppScript {
    fn handle(&mut self, now: Millis, input: ScriptInput) {
        self.within(now, |script| script.on_input(input));
    }

    fn poll(&mut self) -> ScriptOutput {
        match self.core.effects.borrow_mut().pop() {
            Some(effect) => ScriptOutput::Effect(effect),
            None => ScriptOutput::Timeout(self.next_due()),
        }
    }
}

fn make_host(core: &Rc<Core>, ctx: &Ctx<'_>) -> rquickjs::Result<Persistent<Object<'static>>> {
    let host = Object::new(ctx.clone())?;
    native::install(core, &host)?;
    host.set("limits", setup::limits(core, ctx)?)?;
    let give: Function<'_> = ctx.eval(prepass::PRELUDE)?;
    let (rewrite, note): (Js<'_>, Js<'_>) = (host.get("rewriteText")?, host.get("noteThrow")?);
    give.call::<_, ()>((rewrite, note))?;
    library::install(ctx, &host)?;
    host.set("info", setup::info(core, ctx, &host)?)?;
    Ok(Persistent::save(ctx, host))
}
