//! The script's connections to other instances: the client's side of a connection, whose
//! messages the server carries.
//!
//! The other side cannot tell them from a client. Calls made before it has accepted wait.

use amf::{Str, Value};
use rtmp::connect::ConnectInfo;
use rtmp::status::{Code, Status};
use rtmp::url::ConnectUrl;
use rtmp::{Body, Command, Encoding, Message};
use rustc_hash::FxHashMap;

use super::ScriptedInstance;
use super::calls::{answer, may_call, outcome_of, too_many_calls};
use crate::call::not_found;
use crate::effect::Effect;
use crate::scripting::{CallId, CallOutcome, LinkId, ScriptEffect, ScriptInput};

/// The transaction of `connect` (RTMP 1.0 §7.2.1.1).
const CONNECT: f64 = 1.0;

/// One connection of the script.
#[derive(Debug)]
pub(super) struct Link {
    stage: Stage,
    encoding: Encoding,
    transaction: f64,
    calls: FxHashMap<u64, CallId>,
    held: Vec<Message>,
    /// Statuses that came from the other side before it had accepted.
    early: Vec<Value>,
    /// What the other side said of the end that is to come.
    last: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    Connected,
}

impl ScriptedInstance {
    pub(super) fn on_link_effect(&mut self, effect: ScriptEffect) {
        match effect {
            ScriptEffect::Link {
                link,
                url,
                args,
                encoding,
            } => {
                if let Err(why) = self.open_link(link, url, args, encoding) {
                    let info = Status::new(Code::ConnectFailed, why).to_value();
                    self.link_down(link);
                    self.defer(ScriptInput::LinkStatus {
                        link,
                        info,
                        connected: false,
                    });
                }
            }
            ScriptEffect::LinkSend {
                link,
                method,
                args,
                call,
            } => self.link_call(link, method, args, call),
            ScriptEffect::LinkReturn {
                link,
                transaction,
                outcome,
            } => {
                if let Some(encoding) = self.links.get(&link).map(|link| link.encoding) {
                    self.link_send(link, answer(transaction, outcome, encoding));
                }
            }
            ScriptEffect::LinkClose { link } => {
                if self.links.remove(&link).is_some() {
                    self.link_down(link);
                    self.effects.push_back(Effect::LinkClose { link });
                } else {
                    self.forget_failed(link);
                }
            }
            ScriptEffect::Http { request, what } => {
                self.effects.push_back(Effect::Http { request, what });
            }
            other => self.on_socket_effect(other),
        }
    }

    /// A connection that the script has closed has no status any more.
    fn forget_failed(&mut self, closed: LinkId) {
        self.deferred.retain(
            |told| !matches!(told, ScriptInput::LinkStatus { link, .. } if *link == closed),
        );
    }

    fn open_link(
        &mut self,
        link: LinkId,
        url: String,
        args: Vec<Value>,
        encoding: u8,
    ) -> Result<(), String> {
        let most = self.config.links;
        if self.links.len() >= most {
            return Err(format!("An instance may have {most} connections."));
        }
        let target = ConnectUrl::parse(&url).map_err(|error| error.to_string())?;
        let encoding = match encoding {
            3 => Encoding::Amf3,
            _ => Encoding::Amf0,
        };
        let app = match target.target.instance.as_str() {
            rtmp::url::DEFAULT_INSTANCE => target.target.app.clone(),
            instance => format!("{}/{instance}", target.target.app),
        };
        let info = ConnectInfo {
            transaction: CONNECT,
            app: Some(app.as_str().into()),
            tc_url: Some(url.as_str().into()),
            flash_ver: Some(self.config.agent.as_str().into()),
            swf_url: Some(format!("rtmp://_defaultVHost_:1935/{}", self.config.name).into()),
            object_encoding: Some(encoding),
            user_args: args,
            ..ConnectInfo::default()
        };
        self.links.insert(
            link,
            Link {
                stage: Stage::Connecting,
                encoding,
                transaction: CONNECT,
                calls: FxHashMap::default(),
                held: Vec::new(),
                early: Vec::new(),
                last: None,
            },
        );
        self.link_opened(link, &url, encoding);
        self.effects.push_back(Effect::LinkOpen { link, url });
        let message = Message::connection(Body::Command(info.to_command()));
        self.effects.push_back(Effect::LinkSend { link, message });
        Ok(())
    }

    fn link_call(&mut self, id: LinkId, method: Str, args: Vec<Value>, call: Option<CallId>) {
        let most = self.config.calls_waiting;
        let held = self.config.link_messages;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let full = link.stage != Stage::Connected && link.held.len() >= held;
        let mut transaction = 0.0;
        if let Some(call) = call {
            if full || link.calls.len() >= most {
                let outcome = too_many_calls(if full { held } else { most });
                return self.defer(ScriptInput::Answer { call, outcome });
            }
            link.transaction += 1.0;
            transaction = link.transaction;
            link.calls.insert(transaction.to_bits(), call);
        }
        if !full {
            let command = Command::new(method, transaction, args).with_encoding(link.encoding);
            self.link_send(id, command);
        }
    }

    /// Sends, or keeps until the other side has accepted.
    fn link_send(&mut self, id: LinkId, command: Command) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let message = Message::connection(Body::Command(command));
        match link.stage {
            Stage::Connected => self
                .effects
                .push_back(Effect::LinkSend { link: id, message }),
            Stage::Connecting => link.held.push(message),
        }
    }

    pub(super) fn on_link_message(&mut self, id: LinkId, message: Message) {
        let command = match message.body {
            Body::Command(command) => command,
            Body::SharedObject(message) => return self.on_owner_message(id, &message),
            _ => return,
        };
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if let Some(outcome) = outcome_of(&command) {
            if command.transaction.to_bits() == CONNECT.to_bits() {
                return self.on_link_answered(id, &command, &outcome);
            }
            if let Some(call) = link.calls.remove(&command.transaction.to_bits()) {
                self.tell_script(ScriptInput::Answer { call, outcome });
            }
            return;
        }
        if &*command.name == "onStatus" {
            return self.on_link_news(id, command.arg(0).clone());
        }
        if !may_call(self.config.link_methods.as_deref(), &command.name) {
            return self.refuse_link_call(id, &command);
        }
        self.tell_script(ScriptInput::LinkCall {
            link: id,
            method: command.name.clone(),
            args: command.values().cloned().collect(),
            transaction: command.transaction,
        });
    }

    /// What the other side says of the connection changes nothing: only its answer to `connect`
    /// and the real end do.
    fn on_link_news(&mut self, id: LinkId, info: Value) {
        let most = self.config.link_messages;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        match link.stage {
            Stage::Connecting if link.early.len() < most => link.early.push(info),
            Stage::Connecting => {}
            Stage::Connected if is_end(&info) => link.last = Some(info),
            Stage::Connected => self.tell_script(ScriptInput::LinkStatus {
                link: id,
                info,
                connected: true,
            }),
        }
    }

    /// The other side has called what it may not call.
    fn refuse_link_call(&mut self, link: LinkId, command: &Command) {
        if command.transaction != 0.0 {
            let error = not_found(&command.name).error(command.transaction);
            self.link_send(link, error);
        }
    }

    /// The other side has accepted or rejected us. The information is the argument: the
    /// command object is about the server.
    fn on_link_answered(&mut self, id: LinkId, command: &Command, outcome: &CallOutcome) {
        let info = command.arg(0).clone();
        if !matches!(outcome, CallOutcome::Result(_)) {
            return self.on_link_refused(id, info);
        }
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if link.stage != Stage::Connecting {
            return;
        }
        link.stage = Stage::Connected;
        let early = std::mem::take(&mut link.early);
        for message in std::mem::take(&mut link.held) {
            self.effects
                .push_back(Effect::LinkSend { link: id, message });
        }
        self.tell_script(ScriptInput::LinkStatus {
            link: id,
            info,
            connected: true,
        });
        self.link_up(id);
        for info in early {
            self.on_link_news(id, info);
        }
    }

    /// A connection that was rejected is closed from here: the other side need not do it.
    fn on_link_refused(&mut self, id: LinkId, info: Value) {
        let is_connecting = |link: &Link| link.stage == Stage::Connecting;
        if !self.links.get(&id).is_some_and(is_connecting) {
            return;
        }
        self.links.remove(&id);
        self.link_down(id);
        self.effects.push_back(Effect::LinkClose { link: id });
        let closed = Status::new(Code::ConnectClosed, "The connection was rejected.");
        for info in [info, closed.to_value()] {
            self.tell_script(ScriptInput::LinkStatus {
                link: id,
                info,
                connected: false,
            });
        }
    }

    pub(super) fn on_link_closed(&mut self, id: LinkId, why: &str) {
        let Some(link) = self.links.remove(&id) else {
            return;
        };
        let code = match link.stage {
            Stage::Connecting => Code::ConnectFailed,
            Stage::Connected => Code::ConnectClosed,
        };
        let status = || Status::new(code, why.to_owned()).to_value();
        self.tell_script(ScriptInput::LinkStatus {
            link: id,
            info: link.last.unwrap_or_else(status),
            connected: false,
        });
        self.link_down(id);
    }

    /// Closes every connection, as the instance stops.
    pub(super) fn close_links(&mut self) {
        let mut open: Vec<LinkId> = self.links.drain().map(|(link, _)| link).collect();
        open.sort_unstable();
        for link in open {
            self.link_down(link);
            self.effects.push_back(Effect::LinkClose { link });
        }
    }
}

/// Whether this status says that the connection is over.
fn is_end(info: &Value) -> bool {
    let code = info.get("code").and_then(Value::as_str);
    let ends = [Code::ConnectClosed, Code::ConnectFailed];
    code.is_some_and(|code| ends.iter().any(|end| end.as_str() == code))
}
