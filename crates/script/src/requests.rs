//! The HTTP requests of the script whose answer has not come, and what becomes of an answer.

use std::collections::BTreeSet;
use std::rc::Rc;

use engine::scripting::{HttpRequest, HttpResponse, RequestId, ScriptEffect};

use crate::core::Core;
use crate::script::AppScript;
use crate::{problem, text};

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
    /// Hands the text of an answer to the object that asked: its status code, the text, and how
    /// many bytes that was. There is no text if there is no answer. Packets of Flash Remoting
    /// go their own way.
    pub(crate) fn on_response(
        &mut self,
        request: RequestId,
        outcome: Result<HttpResponse, String>,
    ) {
        let core = Rc::clone(&self.core);
        if !core.requests.borrow_mut().end(request) {
            return;
        }
        if core.remoting.borrow_mut().end(request) {
            return self.on_gateway_response(request, outcome);
        }
        let (status, body) = match outcome {
            Ok(HttpResponse { status, body }) => (status, acceptable(&core, body)),
            Err(reason) => {
                core.report(&problem::warning(format!("A request failed: {reason}.")));
                (0, None)
            }
        };
        let result = self.run(|_, host| {
            let bytes = body.as_ref().map_or(0, Vec::len) as f64;
            let text = body
                .as_deref()
                .map(|body| text::of_bytes(body).into_owned());
            let answer = (request.0 as f64, status, text, bytes);
            Self::entry(host, "response")?.call::<_, ()>(answer)
        });
        self.settle(result);
    }
}

/// The body, if it is not too long.
fn acceptable(core: &Core, body: Vec<u8>) -> Option<Vec<u8>> {
    let max = core.config.response_bytes;
    if body.len() <= max {
        return Some(body);
    }
    core.report(&problem::warning(format!(
        "An answer of {} bytes is not handed over: more than {max} (limit response_bytes).",
        body.len()
    )));
    None
}
