//! The HTTP requests of the script whose answer has not come, and what becomes of an answer.

use std::collections::BTreeSet;

use engine::scripting::{HttpRequest, HttpResponse, RequestId, ScriptEffect};

use crate::core::Core;
use crate::script::AppScript;

/// The requests of one script.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pending: BTreeSet<RequestId>,
    last_id: u64,
}

impl Requests {
    /// How many are pending.
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    /// One more request, unless `max` are pending.
    fn start(&mut self, max: usize) -> Option<RequestId> {
        if self.pending.len() >= max {
            return None;
        }
        self.last_id += 1;
        let id = RequestId(self.last_id);
        self.pending.insert(id);
        Some(id)
    }

    /// The end of a request; whether it was pending.
    fn end(&mut self, id: RequestId) -> bool {
        self.pending.remove(&id)
    }
}

/// Asks for a request, if it may be one more. The effect has been counted.
pub(crate) fn start(core: &Core, what: HttpRequest) -> Option<RequestId> {
    let max = core.config.pending_requests;
    let request = core.requests.borrow_mut().start(max)?;
    let what = Box::new(what);
    let mut effects = core.effects.borrow_mut();
    effects.push(ScriptEffect::Http { request, what });
    Some(request)
}

impl AppScript {
    /// A request has ended.
    pub(crate) fn on_response(
        &mut self,
        request: RequestId,
        outcome: Result<HttpResponse, String>,
    ) {
        if !self.core.requests.borrow_mut().end(request) {
            return;
        }
        if self.core.remoting.borrow_mut().end(request) {
            self.on_gateway_response(request, outcome);
        }
    }
}
