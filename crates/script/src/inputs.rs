//! What the script does with each input.
//!
//! Every input is one call of the host's JavaScript part. Where the script does not come to the
//! end of its handler, what the other side waits for is said here.

use std::rc::Rc;

use amf::{Str, Value};
use engine::ClientId;
use engine::scripting::{
    CallId, CallOutcome, ClientInfo, LinkId, Problem, ScriptEffect, ScriptInput, StopReason,
};
use rquickjs::{Array, Ctx, Object, Value as Js};

use crate::convert::ConvertError;
use crate::core::Core;
use crate::problem::Fault;
use crate::script::AppScript;
use crate::{convert, library, loading, problem, setup};

impl AppScript {
    pub(crate) fn on_input(&mut self, input: ScriptInput) {
        match input {
            ScriptInput::Start => self.on_start(),
            ScriptInput::Connect { client, info, args } => self.on_connect(client, &info, &args),
            ScriptInput::Disconnect { client } => self.on_disconnect(client),
            ScriptInput::Call {
                client,
                method,
                args,
                transaction,
                native,
            } => self.on_call(client, (&method, native), &args, transaction),
            ScriptInput::Answer { call, outcome } => self.on_answer(call, outcome),
            ScriptInput::LinkStatus {
                link,
                info,
                connected,
            } => self.on_link_status(link, &info, connected),
            ScriptInput::LinkCall {
                link,
                method,
                args,
                transaction,
            } => self.on_link_call(link, &method, &args, transaction),
            ScriptInput::Stop { reason, silent } => self.on_stop(reason, silent),
            ScriptInput::Timeout => self.on_timeout(),
            ScriptInput::Response { request, outcome } => self.on_response(request, outcome),
            ScriptInput::Published {
                client,
                stream,
                query,
            } => self.on_published(client, &stream, &query),
            ScriptInput::Unpublished { client, stream } => self.on_unpublished(client, &stream),
            ScriptInput::StreamStatus { stream, info } => self.on_stream_status(&stream, &info),
            ScriptInput::Sync { object, list } => self.on_sync(object, &list),
            ScriptInput::ObjectMessage {
                object,
                handler,
                args,
            } => self.on_object_message(object, &handler, &args),
            ScriptInput::ObjectStatus { object, info } => self.on_object_status(object, &info),
            ScriptInput::PortOpened { client, ip, port } => self.on_port_opened(client, &ip, port),
            ScriptInput::PortText { client, text } => self.on_port_text(client, text),
            ScriptInput::PortClosed { client } => self.on_port_closed(client),
            ScriptInput::RoomNews(news) => self.on_room_news(&news),
            ScriptInput::SocketOpened { socket } => self.on_socket_opened(socket),
            ScriptInput::SocketText { socket, bytes } => self.on_socket_text(socket, &bytes),
            ScriptInput::SocketClosed { socket, why } => self.on_socket_closed(socket, why),
        }
    }

    fn on_start(&mut self) {
        let core = Rc::clone(&self.core);
        if core.info.zone.is_some() {
            let bound = self.run(library::bind_rooms);
            if !self.settle_loading(bound) {
                return;
            }
        }
        let secured = self.run(|ctx, host| {
            Self::entry(host, "secure")?.call::<_, ()>((true,))?;
            loading::run_secure(&core, ctx)
        });
        let ended = self.run(|_, host| Self::entry(host, "secure")?.call::<_, ()>((false,)));
        if !self.settle_loading(secured.and(ended)) {
            return;
        }
        let ran = self.run(|ctx, _| loading::run_main(&core, ctx));
        if !self.settle_loading(ran) {
            return;
        }
        self.core.loader.borrow_mut().finish_start();
        let started = self.run(|_, host| Self::entry(host, "start")?.call::<_, ()>(()));
        self.settle(started);
        if !self.failed {
            self.core.effects.borrow_mut().push(ScriptEffect::Started);
        }
    }

    /// Whether the start can go on: a file that is missing or does not compile ends it, an error
    /// while it runs does not.
    fn settle_loading(&mut self, result: Result<(), Fault>) -> bool {
        if let Err(Fault::Script(problem)) = &result {
            let loader = self.core.loader.borrow();
            if loader.is_failure(problem) {
                let problem = problem.clone();
                drop(loader);
                self.core.report(&problem);
                self.fail(problem);
                return false;
            }
        }
        self.settle(result);
        !self.failed
    }

    fn on_connect(&mut self, client: ClientId, info: &ClientInfo, args: &[Value]) {
        let core = Rc::clone(&self.core);
        let mut refused = false;
        let result = self.run(|ctx, host| {
            let Some(args) = hand_over(&core, ctx, host, args, &mut refused)? else {
                return Ok(());
            };
            let about = setup::client(ctx, &client.to_string(), info)?;
            Self::entry(host, "connect")?.call::<_, ()>((client.0.to_string(), about, args))
        });
        self.settle(result);
        if refused && !self.failed {
            self.core.effects.borrow_mut().push(ScriptEffect::Reject {
                client,
                description: None,
                application: Value::Undefined,
                redirect: None,
            });
        }
    }

    fn on_disconnect(&mut self, client: ClientId) {
        let result = self
            .run(|_, host| Self::entry(host, "disconnect")?.call::<_, ()>((client.0.to_string(),)));
        self.settle(result);
    }

    fn on_call(
        &mut self,
        client: ClientId,
        (method, native): (&Str, bool),
        args: &[Value],
        transaction: f64,
    ) {
        let core = Rc::clone(&self.core);
        let key = client.0.to_string();
        let mut refused = false;
        let result = self.run(|ctx, host| {
            let Some(args) = hand_over(&core, ctx, host, args, &mut refused)? else {
                return Ok(());
            };
            let call = (key.as_str(), method.as_str(), args, transaction, native);
            Self::entry(host, "call")?.call::<_, ()>(call)
        });
        if (self.settle(result).is_none() || refused) && !self.failed {
            let result = self.run(|_, host| {
                let call = (key.as_str(), method.as_str(), transaction);
                Self::entry(host, "callFailed")?.call::<_, ()>(call)
            });
            self.settle(result);
        }
    }

    fn on_answer(&mut self, call: CallId, outcome: CallOutcome) {
        let core = Rc::clone(&self.core);
        let (ok, value) = match outcome {
            CallOutcome::Result(value) => (true, value),
            CallOutcome::Error(value) => (false, value),
        };
        let id = call.0 as f64;
        let result = self.run(|ctx, host| match hand_over_one(&core, ctx, host, &value)? {
            Some(value) => Self::entry(host, "answer")?.call::<_, ()>((id, ok, value)),
            None => Self::entry(host, "answerRefused")?.call::<_, ()>((id,)),
        });
        self.settle(result);
    }

    fn on_link_status(&mut self, link: LinkId, info: &Value, connected: bool) {
        let core = Rc::clone(&self.core);
        if connected {
            let waiting = core.links.borrow_mut().connected(link);
            let mut effects = core.effects.borrow_mut();
            for effect in waiting {
                effects.push(effect);
            }
        } else {
            core.links.borrow_mut().close(link);
        }
        let result = self.run(|ctx, host| {
            let info = match hand_over_one(&core, ctx, host, info)? {
                Some(info) => info,
                None => setup::short_status(ctx, info)?.into_value(),
            };
            Self::entry(host, "linkStatus")?.call::<_, ()>((link.0 as f64, info, connected))
        });
        self.settle(result);
    }

    fn on_link_call(&mut self, link: LinkId, method: &Str, args: &[Value], transaction: f64) {
        let core = Rc::clone(&self.core);
        let id = link.0 as f64;
        let mut refused = false;
        let result = self.run(|ctx, host| {
            let Some(args) = hand_over(&core, ctx, host, args, &mut refused)? else {
                return Ok(());
            };
            Self::entry(host, "linkCall")?.call::<_, ()>((id, method.as_str(), args, transaction))
        });
        if (self.settle(result).is_none() || refused) && !self.failed {
            let result = self.run(|_, host| {
                let call = (id, method.as_str(), transaction);
                Self::entry(host, "linkCallFailed")?.call::<_, ()>(call)
            });
            self.settle(result);
        }
    }

    /// Two handlers: one that fails does not keep the other from being called.
    fn on_published(&mut self, client: ClientId, stream: &Str, query: &Str) {
        let key = client.0.to_string();
        let result = self.run(|_, host| {
            let told = (key.as_str(), stream.as_str(), query.as_str());
            Self::entry(host, "published")?.call::<_, ()>(told)
        });
        self.settle(result);
        self.tell_stream(client, stream, true);
    }

    fn on_unpublished(&mut self, client: ClientId, stream: &Str) {
        let key = client.0.to_string();
        let result = self.run(|_, host| {
            Self::entry(host, "unpublished")?.call::<_, ()>((key.as_str(), stream.as_str()))
        });
        self.settle(result);
        self.tell_stream(client, stream, false);
    }

    fn tell_stream(&mut self, client: ClientId, stream: &Str, published: bool) {
        if self.failed {
            return;
        }
        let id = client.to_string();
        let result = self.run(|_, host| {
            Self::entry(host, "streamStatus")?.call::<_, ()>((stream.as_str(), id, published))
        });
        self.settle(result);
    }

    fn on_stream_status(&mut self, stream: &Str, info: &Value) {
        let core = Rc::clone(&self.core);
        let result = self.run(|ctx, host| {
            let info = match hand_over_one(&core, ctx, host, info)? {
                Some(info) => info,
                None => setup::short_status(ctx, info)?.into_value(),
            };
            Self::entry(host, "streamInfo")?.call::<_, ()>((stream.as_str(), info))
        });
        self.settle(result);
    }

    /// A handler that fails does not keep the instance.
    fn on_stop(&mut self, reason: StopReason, silent: bool) {
        let code = match reason {
            StopReason::Idle => "Application.GC",
            StopReason::Shutdown => "Application.Shutdown",
        };
        let asked = !silent;
        let allowed = !asked || {
            let result = self.run(|_, host| Self::entry(host, "stop")?.call::<_, bool>((code,)));
            self.settle(result).unwrap_or(true)
        };
        if allowed {
            self.send_collected();
            self.core.timers.borrow_mut().stop_all();
            self.core.remoting.borrow_mut().end_delivery();
            let links = self.core.links.borrow_mut().close_all();
            let mut effects = self.core.effects.borrow_mut();
            for link in links {
                effects.push(ScriptEffect::LinkClose { link });
            }
        }
        let mut effects = self.core.effects.borrow_mut();
        effects.push(ScriptEffect::Stop { allowed });
    }

    /// One thing that is due, so that no input takes longer than a handler may. While there is
    /// more, [`poll`](engine::scripting::Script::poll) asks for the next input at once.
    fn on_timeout(&mut self) {
        if self.core.remoting.borrow().delivers() && self.deliver() {
            return;
        }
        let now = self.core.now.get();
        let due = self.core.timers.borrow().due(now);
        let Some(id) = due.filter(|_| !self.failed) else {
            return;
        };
        let Some(again) = self.core.timers.borrow_mut().fire(now, id) else {
            return;
        };
        let result = self.run(|_, host| Self::entry(host, "timer")?.call::<_, ()>((id, again)));
        self.settle(result);
    }
}

/// The arguments of a call as an array of the script. What is over a limit is reported and not
/// handed over; that, and not having the memory for it, is no fault of the script.
pub(crate) fn hand_over<'js>(
    core: &Core,
    ctx: &Ctx<'js>,
    host: &Object<'js>,
    args: &[Value],
    refused: &mut bool,
) -> rquickjs::Result<Option<Array<'js>>> {
    let made = match convert::to_js(ctx, host, &core.config, args) {
        Ok(made) => made,
        Err(error) => {
            core.report(&refusal(core, ctx, error)?);
            *refused = true;
            return Ok(None);
        }
    };
    let array = Array::new(ctx.clone())?;
    for (index, value) in made.into_iter().enumerate() {
        array.set(index, value)?;
    }
    Ok(Some(array))
}

/// Why a call is not handed over; an error if it is the script's own code that failed.
fn refusal(core: &Core, ctx: &Ctx<'_>, error: ConvertError) -> rquickjs::Result<Problem> {
    let ConvertError::Engine(error) = error else {
        return Ok(problem::warning(format!("A value is refused: {error}.")));
    };
    if !matches!(error, rquickjs::Error::Exception) {
        return Err(error);
    }
    let exception = ctx.catch();
    if problem::is_out_of_memory(&exception) {
        return Ok(problem::out_of_memory(core, Some(&exception)));
    }
    Err(ctx.throw(exception))
}

/// One value for the script, or `None` as for [`hand_over`].
pub(crate) fn hand_over_one<'js>(
    core: &Core,
    ctx: &Ctx<'js>,
    host: &Object<'js>,
    value: &Value,
) -> rquickjs::Result<Option<Js<'js>>> {
    let mut refused = false;
    let values = std::slice::from_ref(value);
    let made = hand_over(core, ctx, host, values, &mut refused)?;
    made.map(|array| array.get(0)).transpose()
}
