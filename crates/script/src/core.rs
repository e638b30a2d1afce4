//! What the script's native functions share with the one that drives the script.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use engine::scripting::{CallId, Problem, ScriptEffect, ScriptHost};
use rquickjs::{Ctx, Exception};
use rtmp::Millis;

use crate::config::{ApplicationInfo, ScriptConfig};
use crate::deadline::Deadline;
use crate::effects::Effects;
use crate::files::ScriptFiles;
use crate::links::Links;
use crate::loading::Loader;
use crate::problem;
use crate::rejections::Rejections;
use crate::remoting::Remoting;
use crate::requests::Requests;
use crate::sockets::Sockets;
use crate::storage::{OpenFiles, Storage};
use crate::timers::Timers;

/// The state of one script outside the engine. It holds no values of the engine.
pub(crate) struct Core {
    pub(crate) config: ScriptConfig,
    pub(crate) info: ApplicationInfo,
    pub(crate) files: Box<dyn ScriptFiles>,
    /// What its `File` objects reach, if it has any.
    pub(crate) storage: Option<Box<dyn Storage>>,
    pub(crate) world: Rc<dyn ScriptHost>,
    /// The time of the input that is handled.
    pub(crate) now: Cell<Millis>,
    pub(crate) deadline: Rc<Deadline>,
    pub(crate) effects: RefCell<Effects>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) links: RefCell<Links>,
    pub(crate) requests: RefCell<Requests>,
    pub(crate) sockets: RefCell<Sockets>,
    pub(crate) open_files: RefCell<OpenFiles>,
    pub(crate) loader: RefCell<Loader>,
    pub(crate) remoting: RefCell<Remoting>,
    pub(crate) rejections: Rejections,
    pub(crate) last_call: Cell<u64>,
    /// The stack at the last `throw` of the running handler.
    pub(crate) thrown_at: RefCell<String>,
}

impl Core {
    /// Queues an effect that the running handler asks for.
    pub(crate) fn emit(&self, ctx: &Ctx<'_>, effect: ScriptEffect) -> rquickjs::Result<()> {
        self.count_effect(ctx)?;
        self.effects.borrow_mut().push(effect);
        Ok(())
    }

    /// Counts an effect of the running handler, which gets a `RangeError` when it has had its
    /// share.
    pub(crate) fn count_effect(&self, ctx: &Ctx<'_>) -> rquickjs::Result<()> {
        let counted = self.effects.borrow_mut().count(self.config.queued_effects);
        counted.map_err(|error| Exception::throw_range(ctx, &error.to_string()))
    }

    /// Counts bytes of an effect of the running handler, which gets a `RangeError` when it has had
    /// its share.
    pub(crate) fn spend(&self, ctx: &Ctx<'_>, bytes: usize) -> rquickjs::Result<()> {
        let spent = self
            .effects
            .borrow_mut()
            .spend(bytes, self.config.queued_bytes);
        spent.map_err(|error| Exception::throw_range(ctx, &error.to_string()))
    }

    /// Bytes that the running handler may still send.
    pub(crate) fn bytes_left(&self) -> usize {
        let sent = self.effects.borrow().bytes();
        self.config.queued_bytes.saturating_sub(sent)
    }

    /// Queues a report, with texts no longer than a line of `trace`. What the running handler can
    /// cause again and again it counts before.
    pub(crate) fn report(&self, problem: &Problem) {
        let problem = problem::cut(problem.clone(), self.config.trace_line_bytes);
        self.effects.borrow_mut().report(problem);
    }

    /// Queues a report that the running handler has caused, as long as it has effects left.
    pub(crate) fn report_counted(&self, problem: &Problem) {
        let counted = self.effects.borrow_mut().count(self.config.queued_effects);
        if counted.is_ok() {
            self.report(problem);
        }
    }

    /// An id for a call that wants an answer.
    pub(crate) fn next_call(&self) -> CallId {
        self.last_call.set(self.last_call.get() + 1);
        CallId(self.last_call.get())
    }
}
