//! The server and the script of a test.
//!
//! A [`World`] plays the server: it writes down what it is asked to do, one line for each
//! effect. Before them, with a `>`, stands what the script was told in the same turn.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use amf::Value;
use engine::scripting::{CallOutcome, Script, ScriptEffect, ScriptInput, ScriptOutput, SyncEntry};
use engine::{
    ClientId, Effect, Host, Input, InstanceConfig, Millis, ObjectNote, Origin, Output,
    ScriptedConfig, ScriptedInstance, SharedObjects, StreamName,
};
use rtmp::connect::ConnectInfo;
use rtmp::{Body, Command, Encoding, Message};

use crate::lines::message_line;

struct NoMedia;

impl Host for NoMedia {
    fn last_media(&self, _: &StreamName) -> Option<Millis> {
        None
    }
}

pub(crate) type Lines = Rc<RefCell<VecDeque<String>>>;

/// What a script does when it is told something.
pub(crate) type Behaviour = Box<dyn FnMut(Millis, &ScriptInput) -> Vec<ScriptEffect>>;

/// A script that a test makes up.
pub(crate) struct Puppet {
    lines: Lines,
    behaviour: Behaviour,
    effects: VecDeque<ScriptEffect>,
    timer: Option<Millis>,
}

impl Script for Puppet {
    fn handle(&mut self, now: Millis, input: ScriptInput) {
        if let Some(line) = input_line(&input) {
            self.lines.borrow_mut().push_back(line);
        }
        if input == ScriptInput::Timeout {
            self.timer = None;
        }
        self.effects.extend((self.behaviour)(now, &input));
    }

    fn poll(&mut self) -> ScriptOutput {
        match self.effects.pop_front() {
            Some(effect) => ScriptOutput::Effect(effect),
            None => ScriptOutput::Timeout(self.timer),
        }
    }
}

/// The script every test begins with: it starts, and may be stopped. `and` says the rest.
pub(crate) fn puppet(
    lines: &Lines,
    mut and: impl FnMut(&ScriptInput) -> Vec<ScriptEffect> + 'static,
) -> Box<dyn Script> {
    let behaviour = move |_, input: &ScriptInput| {
        let mut effects = and(input);
        match input {
            ScriptInput::Start => effects.push(ScriptEffect::Started),
            ScriptInput::Stop { .. } if !answers_stop(&effects) => {
                effects.push(ScriptEffect::Stop { allowed: true });
            }
            _ => {}
        }
        effects
    };
    acting(lines, None, Box::new(behaviour))
}

pub(crate) fn acting(
    lines: &Lines,
    timer: Option<Millis>,
    behaviour: Behaviour,
) -> Box<dyn Script> {
    Box::new(Puppet {
        lines: lines.clone(),
        behaviour,
        effects: VecDeque::new(),
        timer,
    })
}

fn answers_stop(effects: &[ScriptEffect]) -> bool {
    let is_answer = |effect: &ScriptEffect| matches!(effect, ScriptEffect::Stop { .. });
    effects.iter().any(is_answer)
}

/// Lets everybody in.
pub(crate) fn accepting(input: &ScriptInput) -> Vec<ScriptEffect> {
    match input {
        ScriptInput::Connect { client, .. } => vec![ScriptEffect::Accept { client: *client }],
        _ => vec![],
    }
}

pub(crate) struct World {
    pub(crate) instance: ScriptedInstance,
    pub(crate) now: Millis,
    pub(crate) lines: Lines,
    pub(crate) timeout: Option<Millis>,
    /// What the last message was.
    pub(crate) last: Option<Message>,
}

pub(crate) fn config() -> ScriptedConfig {
    ScriptedConfig {
        name: "app/room".into(),
        ..ScriptedConfig::default()
    }
}

impl World {
    /// A world whose script does what `and` says, and has started.
    pub(crate) fn new(and: impl FnMut(&ScriptInput) -> Vec<ScriptEffect> + 'static) -> Self {
        let lines = Lines::default();
        let script = puppet(&lines, and);
        let mut world = Self::with(config(), lines, script);
        world.start();
        world.lines.borrow_mut().clear();
        world
    }

    pub(crate) fn with(config: ScriptedConfig, lines: Lines, script: Box<dyn Script>) -> Self {
        let objects = SharedObjects::unsaved(sharedobject::Config::default());
        Self::with_objects(config, lines, objects, script)
    }

    /// A world whose script uses these objects.
    pub(crate) fn with_objects(
        config: ScriptedConfig,
        lines: Lines,
        objects: SharedObjects,
        script: Box<dyn Script>,
    ) -> Self {
        let plain = InstanceConfig {
            on_bw_done: false,
            ..InstanceConfig::default()
        };
        Self::with_all(plain, config, lines, objects, script)
    }

    /// The same as [`new`](Self::new), where recordings may be played.
    pub(crate) fn with_recordings(
        and: impl FnMut(&ScriptInput) -> Vec<ScriptEffect> + 'static,
    ) -> Self {
        let lines = Lines::default();
        let script = puppet(&lines, and);
        let plain = InstanceConfig {
            plays_recordings: true,
            ..InstanceConfig::default()
        };
        let objects = SharedObjects::unsaved(sharedobject::Config::default());
        let mut world = Self::with_all(plain, config(), lines, objects, script);
        world.start();
        world.lines.borrow_mut().clear();
        world
    }

    fn with_all(
        plain: InstanceConfig,
        config: ScriptedConfig,
        lines: Lines,
        objects: SharedObjects,
        script: Box<dyn Script>,
    ) -> Self {
        Self {
            instance: ScriptedInstance::new(plain, config, Box::new(NoMedia), objects, script),
            now: Millis(1000),
            lines,
            timeout: None,
            last: None,
        }
    }

    pub(crate) fn start(&mut self) {
        self.instance.start(self.now);
        self.carry_out();
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.instance.handle(self.now, input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        loop {
            match self.instance.poll() {
                Output::Effect(effect) => {
                    if let Effect::Send { message, .. } | Effect::LinkSend { message, .. } = &effect
                    {
                        self.last = Some(message.clone());
                    }
                    let line = effect_line(&effect);
                    self.lines.borrow_mut().extend(line);
                }
                Output::Timeout(at) => break self.timeout = at,
            }
        }
    }

    pub(crate) fn connect(&mut self, id: u64) -> ClientId {
        let client = ClientId(id);
        self.handle(connect(id));
        client
    }

    /// Connects a client without a word about it.
    pub(crate) fn client(&mut self, id: u64) -> ClientId {
        let client = self.connect(id);
        self.lines.borrow_mut().clear();
        client
    }

    pub(crate) fn call(&mut self, client: ClientId, name: &str, tx: f64, args: &[Value]) {
        self.command(client, 0, Command::new(name, tx, args.to_vec()));
    }

    pub(crate) fn command(&mut self, client: ClientId, stream_id: u32, command: Command) {
        self.handle(Input::Command {
            client,
            stream_id,
            command,
        });
    }

    pub(crate) fn leave(&mut self, client: ClientId) {
        self.handle(Input::Disconnect { client });
    }

    pub(crate) fn wait_until(&mut self, at: u64) {
        while let Some(due) = self.timeout.filter(|due| due.0 <= at) {
            self.now = due.max(self.now);
            self.handle(Input::Timeout);
        }
        self.now = Millis(at);
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, lines: &[&str]) {
        let seen: Vec<String> = self.lines.borrow_mut().drain(..).collect();
        assert_eq!(seen, lines, "\nseen:\n{}", seen.join("\n"));
    }
}

pub(crate) fn connect(id: u64) -> Input {
    let info = ConnectInfo {
        flash_ver: Some("WIN 6,0,65,0".into()),
        user_args: vec!["bob".into()],
        ..ConnectInfo::default()
    };
    Input::Connect {
        client: ClientId(id),
        info: Box::new(info),
        transaction: 1.0,
        origin: Origin {
            ip: "192.0.2.1".into(),
            protocol: "rtmp",
            secure: false,
        },
    }
}

/// One line for an effect; none for what comes with every acceptance.
pub(crate) fn effect_line(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Accepted { .. } => return None,
        Effect::Send { message, .. }
            if matches!(
                message.body,
                Body::WindowAckSize(_)
                    | Body::SetPeerBandwidth { .. }
                    | Body::UserControl(_)
                    | Body::SetChunkSize(_)
            ) =>
        {
            return None;
        }
        Effect::Send { client, message } => format!("{} < {}", client.0, message_line(message)),
        Effect::SharedObject { client, update } => {
            let message = update.message(Encoding::Amf0);
            let message = Message::connection(Body::SharedObject(message));
            format!("{} < {}", client.0, message_line(&message))
        }
        Effect::ObjectNote(note) => format!("note: {}", note_line(note)),
        Effect::Close { client, reason } => format!("{} closed: {reason}", client.0),
        Effect::Dropped { client, name } => format!("{} dropped {}", client.0, name.as_str()),
        Effect::LinkOpen { link, url } => format!("link {} to {url}", link.0),
        Effect::LinkSend { link, message } => {
            format!("link {} < {}", link.0, message_line(message))
        }
        Effect::LinkClose { link } => format!("link {} closed", link.0),
        Effect::SocketOpen {
            socket, host, port, ..
        } => format!("socket {} to {host}:{port}", socket.0),
        Effect::SocketSend { socket, text } => format!("socket {} < {text}", socket.0),
        Effect::SocketClose { socket } => format!("socket {} closed", socket.0),
        Effect::PortSend { client, text } => format!("port {} < {text}", client.0),
        Effect::StreamSend { name, data } => {
            format!("stream {name} < {}", data.payload.escape_ascii())
        }
        Effect::Stopped { failed } => format!("stopped, failed {failed}"),
        Effect::Problem(problem) => format!("problem: {}", problem.description),
        Effect::Trace(line) => format!("trace: {line}"),
        other => format!("{other:?}"),
    })
}

fn note_line(note: &ObjectNote) -> String {
    match note {
        ObjectNote::Refused { client, why, .. } => format!("{} refused: {why}", client.0),
        ObjectNote::TooFast { client, .. } => format!("{} too fast", client.0),
        ObjectNote::Unlocked { object } => format!("unlocked {object}"),
        other => format!("{other:?}"),
    }
}

fn input_line(input: &ScriptInput) -> Option<String> {
    Some(match input {
        ScriptInput::Start => "> start".into(),
        ScriptInput::Connect { client, args, .. } => {
            format!("> connect {} {args:?}", client.0)
        }
        ScriptInput::Disconnect { client } => format!("> disconnect {}", client.0),
        ScriptInput::Call {
            client,
            method,
            args,
            transaction,
            ..
        } => format!(
            "> {} calls {} {transaction} with {}",
            client.0,
            method.as_str(),
            args.len()
        ),
        ScriptInput::Answer { call, outcome } => {
            let word = match outcome {
                CallOutcome::Result(value) => format!("result {value:?}"),
                CallOutcome::Error(value) => format!("error {:?}", value.get("code")),
            };
            format!("> answer {}: {word}", call.0)
        }
        ScriptInput::Published {
            client,
            stream,
            query,
        } => {
            let query = match query.as_str() {
                "" => String::new(),
                query => format!(" with {query}"),
            };
            format!("> {} publishes {}{query}", client.0, stream.as_str())
        }
        ScriptInput::Unpublished { client, stream } => {
            format!("> {} unpublishes {}", client.0, stream.as_str())
        }
        ScriptInput::LinkStatus {
            link,
            info,
            connected,
        } => {
            let code = info.get("code").and_then(Value::as_str).unwrap_or_default();
            format!("> link {} {code} {connected}", link.0)
        }
        ScriptInput::LinkCall {
            link,
            method,
            transaction,
            ..
        } => format!("> link {} calls {} {transaction}", link.0, method.as_str()),
        ScriptInput::Stop { reason, silent } => format!("> stop {reason:?} {silent}"),
        ScriptInput::SocketOpened { socket } => format!("> socket {} open", socket.0),
        ScriptInput::SocketText { socket, bytes } => {
            format!("> socket {} {}", socket.0, bytes.escape_ascii())
        }
        ScriptInput::SocketClosed { socket, why } => {
            format!("> socket {} closed {why:?}", socket.0)
        }
        ScriptInput::Response { .. } | ScriptInput::Timeout => return None,
        about_objects => object_input_line(about_objects),
    })
}

fn object_input_line(input: &ScriptInput) -> String {
    match input {
        ScriptInput::Sync { object, list } => {
            let entry = |entry: &SyncEntry| {
                let name = entry.name.as_ref().map_or("", |name| name.as_str());
                format!(" {} {name} was {:?}", entry.code.as_str(), entry.old)
            };
            let list: String = list.iter().map(entry).collect();
            format!("> object {}{list}", object.0)
        }
        ScriptInput::ObjectMessage {
            object, handler, ..
        } => format!("> object {} message {}", object.0, handler.as_str()),
        ScriptInput::ObjectStatus { object, info } => {
            let code = info.get("code").and_then(Value::as_str).unwrap_or_default();
            format!("> object {} {code}", object.0)
        }
        ScriptInput::StreamStatus { stream, info } => {
            let code = info.get("code").and_then(Value::as_str).unwrap_or_default();
            format!("> stream {} {code}", stream.as_str())
        }
        ScriptInput::PortOpened { client, ip, port } => {
            format!("> port {} open from {ip} at {port}", client.0)
        }
        ScriptInput::PortText { client, text } => format!("> port {} {text}", client.0),
        ScriptInput::PortClosed { client } => format!("> port {} closed", client.0),
        other => format!("> {other:?}"),
    }
}
