//! Promises that were rejected and that nobody listens to.
//!
//! No script of the time has promises, but the engine does, and an error in an `async` function
//! must not vanish.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;

use engine::scripting::Problem;
use rquickjs::{Runtime, Value as Js};

use crate::core::Core;
use crate::problem;

/// Rejections that one handler keeps; later ones are not reported.
const KEPT_MAX: usize = 16;

#[derive(Debug)]
struct Open {
    key: u64,
    /// Whether the reason is `null`.
    is_null: bool,
    problem: Problem,
}

/// The rejections since the handler started.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    /// Each promise by its hash: it is not kept alive.
    open: RefCell<Vec<Open>>,
    hasher: RandomState,
    /// Something was cut off among what handlers had put off, since the input came.
    cut_off: Cell<bool>,
}

impl Rejections {
    /// Takes those that nobody has come to listen to. What a cut has rejected is not among
    /// them: the cut was reported.
    pub(crate) fn take(&self) -> Vec<Problem> {
        let open = std::mem::take(&mut *self.open.borrow_mut());
        let cut_off = self.cut_off.take();
        let own = open.into_iter().filter(|open| !(cut_off && open.is_null));
        own.map(|open| open.problem).collect()
    }

    /// A handler was cut off among what it had put off. The promises that hang on it are
    /// rejected with `null`.
    pub(crate) fn note_cut(&self) {
        self.cut_off.set(true);
    }

    fn note(&self, core: &Core, promise: &Js<'_>, reason: &Js<'_>, is_handled: bool) {
        let key = self.hasher.hash_one(promise);
        if is_handled {
            self.open.borrow_mut().retain(|open| open.key != key);
        } else if self.open.borrow().len() < KEPT_MAX {
            let problem = problem::of_exception(core, reason);
            let problem = problem::cut(problem, core.config.trace_line_bytes);
            let is_null = reason.is_null();
            self.open.borrow_mut().push(Open {
                key,
                is_null,
                problem,
            });
        }
    }
}

/// Has the engine tell of rejections.
pub(crate) fn watch(runtime: &Runtime, core: &Rc<Core>) {
    // The engine lives as long as the core, which must not keep itself alive through it.
    let core = Rc::downgrade(core);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(
        move |_, promise, reason, is_handled| {
            if let Some(core) = core.upgrade() {
                core.rejections.note(&core, &promise, &reason, is_handled);
            }
        },
    )));
}
