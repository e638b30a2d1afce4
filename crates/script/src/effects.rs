//! What the script has asked for and nobody has fetched yet.

use std::collections::VecDeque;

use engine::scripting::{Problem, ScriptEffect};

/// The queue of effects.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    queue: VecDeque<ScriptEffect>,
    /// How many the handler that runs has asked for.
    asked: usize,
    /// How much is in them, in bytes, roughly.
    bytes: usize,
}

/// One handler asked for more than its limits.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TooMuch {
    /// Too many effects.
    #[error("one handler asked for more than {0} messages and calls (limit queued_effects)")]
    Effects(usize),
    /// Too much in them.
    #[error("one handler sends more than {0} bytes (limit queued_bytes)")]
    Bytes(usize),
}

impl Effects {
    /// A handler starts.
    pub(crate) fn start(&mut self) {
        self.asked = 0;
        self.bytes = 0;
    }

    /// How many bytes the handler that runs has sent so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts text and values that the handler that runs sends.
    pub(crate) fn spend(&mut self, bytes: usize, max: usize) -> Result<(), TooMuch> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > max {
            return Err(TooMuch::Bytes(max));
        }
        Ok(())
    }

    /// Counts one effect of the handler that runs, wherever it is kept.
    pub(crate) fn count(&mut self, max: usize) -> Result<(), TooMuch> {
        if self.asked >= max {
            return Err(TooMuch::Effects(max));
        }
        self.asked += 1;
        Ok(())
    }

    /// Queues an effect that is not the script's to refuse, or that was counted.
    pub(crate) fn push(&mut self, effect: ScriptEffect) {
        self.queue.push_back(effect);
    }

    /// Queues a report for the script's owner.
    pub(crate) fn report(&mut self, problem: Problem) {
        self.push(ScriptEffect::Problem(Box::new(problem)));
    }

    /// Takes the next.
    pub(crate) fn pop(&mut self) -> Option<ScriptEffect> {
        self.queue.pop_front()
    }
}
