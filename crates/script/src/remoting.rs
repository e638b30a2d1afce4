//! Flash Remoting: packets made of values of the script and taken apart into them, and the turns
//! in which they are sent.
//!
//! What is called, and what an answer is for, is the business of `host/gateway.js`.

use std::collections::BTreeSet;

use amf::packet::{Header, Message, Packet};
use amf::{DecodeError, EncodeError, Limits, Value};
use engine::scripting::{HttpResponse, RequestId};

use crate::config::ScriptConfig;
use crate::core::Core;
use crate::script::AppScript;
use crate::text;

/// What goes to gateways and comes from them.
#[derive(Debug, Default)]
pub(crate) struct Remoting {
    /// Requests that carry packets.
    requests: BTreeSet<RequestId>,
    /// Whether calls wait to be sent when the input has been handled.
    collected: bool,
    /// Whether what follows from a response waits for its turn.
    delivers: bool,
}

impl Remoting {
    /// A call waits to be sent.
    pub(crate) fn collect(&mut self) {
        self.collected = true;
    }

    /// Whether what follows from a response waits for its turn.
    pub(crate) fn delivers(&self) -> bool {
        self.delivers
    }

    /// Nothing more is handed to the script.
    pub(crate) fn end_delivery(&mut self) {
        self.delivers = false;
    }

    /// A packet is on its way.
    pub(crate) fn start(&mut self, request: RequestId) {
        self.requests.insert(request);
    }

    /// A request has ended; whether it carried a packet.
    pub(crate) fn end(&mut self, request: RequestId) -> bool {
        self.requests.remove(&request)
    }
}

impl AppScript {
    /// A gateway has answered, or will not. What follows from it for the script are handlers of
    /// their own, one for each timeout: one that fails does not keep the others from running.
    pub(crate) fn on_gateway_response(
        &mut self,
        request: RequestId,
        outcome: Result<HttpResponse, String>,
    ) {
        let outcome = outcome.and_then(|response| within_limit(&self.core, response));
        let result = self.run(|ctx, host| {
            let (status, body, problem) = match &outcome {
                Ok(response) => (response.status, response.body.as_slice(), None),
                Err(problem) => (0, [].as_slice(), Some(problem.as_str())),
            };
            let body = text::from_bytes(ctx, body)?;
            let answer = (request.0 as f64, status, body, problem);
            Self::entry(host, "gatewayResponse")?.call::<_, ()>(answer)
        });
        self.settle(result);
        self.core.remoting.borrow_mut().delivers = !self.failed;
    }

    /// Runs the next handler that follows from a response; whether there was one.
    pub(crate) fn deliver(&mut self) -> bool {
        let result = self.run(|_, host| Self::entry(host, "deliver")?.call::<_, bool>(()));
        if self.settle(result) != Some(false) {
            return true;
        }
        let mut remoting = self.core.remoting.borrow_mut();
        remoting.end_delivery();
        // There is room for what waited.
        remoting.collect();
        false
    }

    /// Sends the remote calls that have been made while the input was handled. Those that the
    /// answers of one packet lead to go together.
    pub(crate) fn send_when_collected(&mut self) {
        if !self.core.remoting.borrow().delivers {
            self.send_collected();
        }
    }

    /// Sends the remote calls that have been made.
    pub(crate) fn send_collected(&mut self) {
        let collected = std::mem::take(&mut self.core.remoting.borrow_mut().collected);
        if self.failed || !collected {
            return;
        }
        let result = self.run(|_, host| Self::entry(host, "sendCollected")?.call::<_, ()>(()));
        self.settle(result);
    }
}

fn within_limit(core: &Core, response: HttpResponse) -> Result<HttpResponse, String> {
    let max = core.config.response_bytes;
    if response.body.len() > max {
        return Err(format!(
            "a response of more than {max} bytes (limit response_bytes)"
        ));
    }
    Ok(response)
}

/// What a packet may cost.
pub(crate) fn limits(config: &ScriptConfig) -> Limits {
    // Around the values of the script there is the list of arguments.
    let depth = config.argument_depth.saturating_add(1);
    Limits {
        depth: u32::try_from(depth).unwrap_or(u32::MAX),
        elements: u32::try_from(config.argument_elements).unwrap_or(u32::MAX),
        output_bytes: config.remoting_bytes,
        ..Limits::default()
    }
}

/// A header of a packet.
pub(crate) fn header(
    config: &ScriptConfig,
    name: &str,
    must_understand: bool,
    value: Value,
) -> Result<Vec<u8>, EncodeError> {
    let header = Header {
        name: name.into(),
        must_understand,
        length: Some(0),
        value,
    };
    header.encode(&limits(config))
}

/// A call in a packet. In AMF3 every argument is marked, as the players do it.
pub(crate) fn call(
    config: &ScriptConfig,
    target: &str,
    response: &str,
    args: Vec<Value>,
    amf3: bool,
) -> Result<Vec<u8>, EncodeError> {
    let marked = |arg: Value| if amf3 { arg.in_amf3() } else { arg };
    let message = Message {
        target: target.into(),
        response: response.into(),
        length: Some(0),
        value: Value::array(args.into_iter().map(marked)),
    };
    message.encode(&limits(config))
}

/// A packet of such headers and calls. Either may fill its limit; together they are twice as long
/// at most.
pub(crate) fn join(
    config: &ScriptConfig,
    version: u16,
    headers: &[Vec<u8>],
    messages: &[Vec<u8>],
) -> Result<Vec<u8>, EncodeError> {
    let mut limits = limits(config);
    let fixed = 3 * size_of::<u16>();
    limits.output_bytes = limits.output_bytes.saturating_mul(2).saturating_add(fixed);
    Packet::join(version, headers, messages, &limits)
}

/// Takes the body of a response apart.
pub(crate) fn read(config: &ScriptConfig, body: &[u8]) -> Result<Packet, DecodeError> {
    Packet::decode(body, &limits(config))
}
