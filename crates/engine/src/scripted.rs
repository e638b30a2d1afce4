//! An instance with a script: the script lets clients in, answers their calls and may call them.
//!
//! It wraps the plain [`Instance`], which knows nothing of scripts: only clients that the
//! script has accepted are known to it, and only commands that are not the script's affair
//! reach it. Beside this file lie admission (`admission`, `held`), calls both ways (`calls`), the life
//! of the instance (`lifecycle`), the script's connections to other instances (`links`), its
//! sockets (`sockets`), those who come over its ports (`ports`), what it says to players and plays
//! for them (`streams`) and what it is told of shared objects (`objects`).
//!
//! The script runs to the end of one handler before the next begins: what an effect of it
//! leads to is queued as a further input.

mod admission;
mod calls;
mod held;
mod lifecycle;
mod links;
mod objects;
mod ports;
mod sockets;
mod streams;

use std::collections::{BTreeSet, VecDeque};

use amf::Str;
use rtmp::status::{Code, Status};
use rtmp::{Body, Command, Message, Millis};
use rustc_hash::FxHashMap;

use crate::client::ClientId;
use crate::close::CloseReason;
use crate::config::{InstanceConfig, ScriptedConfig};
use crate::effect::{Effect, Output};
use crate::instance::{Host, Input, Instance};
use crate::name::StreamName;
use crate::objects::SharedObjects;
use crate::scripting::{LinkId, Script, ScriptEffect, ScriptInput, ScriptOutput, SocketId};
use crate::station::STUDIO;
use admission::{Guest, Join};
use calls::{Call, Calls};
use held::Held;
use lifecycle::Stage;
use links::Link;
use ports::Ports;

/// One room of one application, and the script that runs it.
pub struct ScriptedInstance {
    instance: Instance,
    script: Box<dyn Script>,
    config: ScriptedConfig,
    stage: Stage,
    /// Joins that came while the script was starting or stopping.
    waiting: VecDeque<Join>,
    /// Clients the script has been told of and has not decided about.
    guests: FxHashMap<ClientId, Guest>,
    undecided_until: BTreeSet<(Millis, ClientId)>,
    published: FxHashMap<(ClientId, u32), StreamName>,
    calls: Calls,
    links: FxHashMap<LinkId, Link>,
    /// The script's sockets that are open or about to be.
    sockets: BTreeSet<SocketId>,
    ports: Ports,
    /// What the script is to be told before this turn is over.
    inputs: VecDeque<ScriptInput>,
    /// What the script is to be told in a turn of its own, so that a script that answers a
    /// refusal with another attempt leaves others their turns.
    deferred: VecDeque<ScriptInput>,
    /// The call that the script is handling, if the server has an answer to it as well.
    native_call: Option<Call>,
    script_timeout: Option<Millis>,
    idle_since: Option<Millis>,
    now: Millis,
    effects: VecDeque<Effect>,
}

impl ScriptedInstance {
    /// An instance whose script has not started: call [`start`](Self::start). The script uses the
    /// same `objects`.
    pub fn new(
        config: InstanceConfig,
        scripted: ScriptedConfig,
        host: Box<dyn Host>,
        objects: SharedObjects,
        script: Box<dyn Script>,
    ) -> Self {
        Self {
            instance: Instance::new(config, host, objects),
            script,
            config: scripted,
            stage: Stage::Starting { stop: None },
            waiting: VecDeque::new(),
            guests: FxHashMap::default(),
            undecided_until: BTreeSet::new(),
            published: FxHashMap::default(),
            calls: Calls::default(),
            links: FxHashMap::default(),
            sockets: BTreeSet::new(),
            ports: Ports::default(),
            inputs: VecDeque::new(),
            deferred: VecDeque::new(),
            native_call: None,
            script_timeout: None,
            idle_since: None,
            now: Millis::default(),
            effects: VecDeque::new(),
        }
    }

    /// Starts the script. Then [`poll`](Self::poll) until it gives a timeout.
    pub fn start(&mut self, now: Millis) {
        self.now = now;
        self.inputs.push_back(ScriptInput::Start);
        self.finish_turn();
    }

    /// Takes in what happened. Then [`poll`](Self::poll) until it gives a timeout.
    pub fn handle(&mut self, now: Millis, input: Input) {
        self.now = now;
        match input {
            Input::Connect {
                client,
                info,
                transaction,
                origin,
            } => self.join(Join {
                client,
                info,
                transaction,
                origin,
                held: Held::default(),
            }),
            Input::Command {
                client,
                stream_id,
                command,
            } => self.on_command(client, stream_id, command),
            Input::SharedObject { client, message } => self.on_shared_object(client, message),
            Input::PlayEnded { .. }
            | Input::ObjectsSaved
            | Input::RecordingFound { .. }
            | Input::RecordingStarted { .. }
            | Input::RecordingStopped { .. }
            | Input::RecordingFailed { .. } => self.tell_instance(input),
            Input::Disconnect { client } => self.on_disconnect(client),
            Input::Stop { silent } => self.stop(lifecycle::Cause::Server { silent }),
            Input::LinkMessage { link, message } => self.on_link_message(link, message),
            Input::LinkClosed { link, why } => self.on_link_closed(link, &why),
            Input::Response { request, outcome } => {
                let told = ScriptInput::Response { request, outcome };
                self.tell_script(told);
            }
            Input::PortOpened { client, ip, port } => self.on_port_opened(client, ip, port),
            Input::PortText { client, text } => self.on_port_text(client, text),
            Input::RoomNews(news) => self.tell_script(ScriptInput::RoomNews(news)),
            Input::SocketOpened { socket } => self.on_socket_opened(socket),
            Input::SocketText { socket, bytes } => self.on_socket_text(socket, bytes),
            Input::SocketClosed { socket, why } => self.on_socket_closed(socket, why),
            Input::Timeout => self.on_timeout(),
        }
        self.finish_turn();
    }

    /// The next thing to do, or the time of the next timeout.
    pub fn poll(&mut self) -> Output {
        match self.effects.pop_front() {
            Some(effect) => Output::Effect(effect),
            None => Output::Timeout(self.next_timeout()),
        }
    }

    /// The part that the script does not see: who publishes and plays.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Whether the instance has stopped. Then it only keeps those who join.
    pub fn has_stopped(&self) -> bool {
        self.stage == Stage::Stopped
    }

    /// Those who joined and were not told to the script, for the instance that comes after a
    /// stopped one.
    pub fn take_waiting(&mut self) -> Vec<Input> {
        let joins = self.waiting.drain(..).flat_map(Join::into_inputs);
        joins.chain(self.ports.take_waiting()).collect()
    }

    fn on_timeout(&mut self) {
        self.tell_instance(Input::Timeout);
        self.drop_undecided();
        if let Some(told) = self.deferred.pop_front() {
            self.tell_script(told);
        }
        if self.script_timeout.is_some_and(|at| at <= self.now) {
            self.tell_script(ScriptInput::Timeout);
        }
        self.stop_if_idle();
    }

    fn next_timeout(&self) -> Option<Millis> {
        if self.stage == Stage::Stopped {
            return None;
        }
        let undecided = self.undecided_until.first().map(|(at, _)| *at);
        let deferred = (!self.deferred.is_empty()).then_some(self.now);
        let instance = self.instance.next_timeout();
        [
            instance,
            self.script_timeout,
            undecided,
            deferred,
            self.idle_until(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Keeps a refusal for a later turn. A script that makes them faster than it can be told of
    /// them is not told of all.
    fn defer(&mut self, refusal: ScriptInput) {
        if self.deferred.len() < self.config.waiting_refusals {
            self.deferred.push_back(refusal);
        }
    }

    /// Queues something for the script, unless it is not to be told anything any more.
    fn tell_script(&mut self, input: ScriptInput) {
        if self.stage != Stage::Stopped {
            self.inputs.push_back(input);
        }
    }

    /// Lets the script handle all it is to be told, then sees whether anybody is here.
    fn finish_turn(&mut self) {
        while let Some(input) = self.inputs.pop_front() {
            self.instance.objects.set_now(self.now);
            self.script.handle(self.now, input);
            self.instance.take_objects();
            self.take_effects();
            loop {
                match self.script.poll() {
                    ScriptOutput::Effect(effect) => self.on_effect(effect),
                    ScriptOutput::Timeout(at) => break self.script_timeout = at,
                }
                if self.stage == Stage::Stopped {
                    return;
                }
            }
            self.native_call = None;
            if self.inputs.is_empty() {
                self.end_idle_stations();
            }
        }
        self.finish_stop();
        self.note_idle();
    }

    fn on_effect(&mut self, effect: ScriptEffect) {
        match effect {
            ScriptEffect::Started => self.on_started(),
            ScriptEffect::Failed(problem) => self.on_failed(problem),
            ScriptEffect::Accept { client } => self.accept(client),
            ScriptEffect::Reject {
                client,
                description,
                application,
                redirect,
            } => self.reject(client, description, application, redirect),
            ScriptEffect::Disconnect { client } => {
                self.close(client, CloseReason::ClosedByApplication);
            }
            ScriptEffect::Call {
                client,
                method,
                args,
                call,
            } => self.call(client, method, args, call),
            ScriptEffect::Return {
                client,
                transaction,
                outcome,
            } => self.answer(client, transaction, outcome),
            ScriptEffect::NotDefined { client } => self.answer_natively(client),
            ScriptEffect::Stop { allowed } => self.on_stop_answered(allowed),
            ScriptEffect::Shutdown => self.stop(lifecycle::Cause::Script),
            ScriptEffect::Trace(line) => self.effects.push_back(Effect::Trace(line)),
            ScriptEffect::Problem(problem) => self.effects.push_back(Effect::Problem(problem)),
            other => self.on_client_effect(other),
        }
    }

    fn on_client_effect(&mut self, effect: ScriptEffect) {
        match effect {
            ScriptEffect::Ping { client } if self.instance.has_client(client) => {
                self.effects.push_back(Effect::Ping { client });
            }
            ScriptEffect::LimitBandwidth { client, down, up } => self.limit(client, down, up),
            ScriptEffect::CheckBandwidth { client } => {
                self.instance.check_bandwidth(self.now, client);
                self.take_effects();
            }
            ScriptEffect::Access { client, rules } => self.set_access(client, *rules),
            ScriptEffect::StreamSend { stream, values } => self.send_to_stream(stream, values),
            ScriptEffect::StreamPlay { stream, item } => self.play_on_station(&stream, &item),
            ScriptEffect::StreamStop { stream } => self.stop_station(&stream),
            other => self.on_link_effect(other),
        }
    }

    /// Hands something to the plain instance, and takes over what it wants done.
    fn tell_instance(&mut self, input: Input) {
        self.instance.handle(self.now, input);
        self.take_effects();
    }

    fn take_effects(&mut self) {
        let mut closed = Vec::new();
        while let Output::Effect(effect) = self.instance.poll() {
            match &effect {
                Effect::Publish {
                    client,
                    stream_id,
                    name,
                } => {
                    self.published.insert((*client, *stream_id), name.clone());
                    let (client, stream) = (*client, Str::from(name.as_str()));
                    let query = self.instance.publish_query(name);
                    self.tell_script(ScriptInput::Published {
                        client,
                        stream,
                        query,
                    });
                }
                Effect::Unpublish { client, stream_id } => {
                    if let Some(name) = self.published.remove(&(*client, *stream_id)) {
                        let (client, stream) = (*client, Str::from(name.as_str()));
                        self.tell_script(ScriptInput::Unpublished { client, stream });
                    }
                }
                Effect::Close { client, .. } => closed.push(*client),
                Effect::Send { client, message } if *client == STUDIO => {
                    self.on_studio_message(message);
                    continue;
                }
                _ => {}
            }
            self.effects.push_back(effect);
        }
        self.take_object_news();
        for client in closed {
            self.on_disconnect(client);
        }
    }

    /// Ends a client that the script was told of, and tells it that the client has gone.
    fn close(&mut self, client: ClientId, reason: CloseReason) {
        if self.knows(client) {
            self.effects.push_back(Effect::Close { client, reason });
            self.on_disconnect(client);
        }
    }

    /// Whether the client has been accepted, or waits for the script to decide.
    fn knows(&self, client: ClientId) -> bool {
        self.instance.has_client(client) || self.guests.contains_key(&client)
    }

    /// Sends a command to a client past the plain instance.
    fn send(&mut self, client: ClientId, command: Command) {
        let message = Message::connection(Body::Command(command));
        self.effects.push_back(Effect::Send { client, message });
    }

    fn send_status(&mut self, client: ClientId, code: Code, description: &str) {
        let status = Status::new(code, description.to_owned());
        self.send(client, status.on_status());
    }
}
