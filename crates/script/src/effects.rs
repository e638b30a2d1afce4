//! What the script has asked for and nobody has fetched yet.

use std::collections::VecDeque;

use engine::scripting::{Problem, ScriptEffect};

/// The queue of effects.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    queue: VecDeque<ScriptEffect>,
    /// How many the handler that runs has asked for.
    asked: usize,
}

/// One handler asked for more than its limit.
#[derive(Debug, thiserror::Error)]
#[error("one handler asked for more than {0} messages and calls (limit queued_effects)")]
pub(crate) struct TooManyEffects(usize);

impl Effects {
    /// A handler starts.
    pub(crate) fn start(&mut self) {
        self.asked = 0;
    }

    /// Counts one effect of the handler that runs, wherever it is kept.
    pub(crate) fn count(&mut self, max: usize) -> Result<(), TooManyEffects> {
        if self.asked >= max {
            return Err(TooManyEffects(max));
        }
        self.asked += 1;
        Ok(())
    }

    /// Queues an effect that is not the script's to refuse, or that was counted.
    pub(crate) fn push(&mut self, effect: ScriptEffect) {
        self.queue.push_back(effect);
    }

    /// Queues a report for the script's owner.
    pub(crate) fn report(&mut self, problem: &Problem) {
        self.push(ScriptEffect::Problem(Box::new(problem.clone())));
    }

    /// Takes the next.
    pub(crate) fn pop(&mut self) -> Option<ScriptEffect> {
        self.queue.pop_front()
    }
}
