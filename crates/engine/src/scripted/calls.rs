//! Calls both ways: what a client calls goes to the script, what the script calls goes to a
//! client, and answers find the call they belong to.

use amf::{Str, Value};
use rtmp::connect::ConnectInfo;
use rtmp::status::{self, Code, Status};
use rtmp::{Command, Encoding};
use rustc_hash::FxHashMap;

use super::ScriptedInstance;
use crate::call::{Answerer, answerer};
use crate::client::ClientId;
use crate::effect::Effect;
use crate::instance::Input;
use crate::scripting::{CallId, CallOutcome, ScriptInput};

/// A call of a client.
#[derive(Debug)]
pub(super) struct Call {
    client: ClientId,
    stream_id: u32,
    command: Command,
}

/// Calls to clients that wait for an answer, by the transaction they were sent with.
#[derive(Debug, Default)]
pub(super) struct Calls(FxHashMap<ClientId, FxHashMap<u64, CallId>>);

impl Calls {
    /// Notes a call, unless the client owes `most` answers already.
    fn note(&mut self, client: ClientId, transaction: f64, call: CallId, most: usize) -> bool {
        let waiting = self.0.entry(client).or_default();
        let fits = waiting.len() < most;
        if fits {
            waiting.insert(transaction.to_bits(), call);
        }
        fits
    }

    fn take(&mut self, client: ClientId, transaction: f64) -> Option<CallId> {
        self.0.get_mut(&client)?.remove(&transaction.to_bits())
    }

    pub(super) fn forget(&mut self, client: ClientId) {
        self.0.remove(&client);
    }
}

/// Whether a name begins with one of those that may be called, where not all may.
pub(super) fn may_call(methods: Option<&[String]>, name: &str) -> bool {
    let begins = |methods: &[String]| methods.iter().any(|method| name.starts_with(&**method));
    methods.is_none_or(begins)
}

impl ScriptedInstance {
    pub(super) fn on_command(&mut self, client: ClientId, stream_id: u32, command: Command) {
        if !self.instance.has_client(client) {
            if self.is_outside(client) {
                let name = command.name;
                self.effects.push_back(Effect::Dropped { client, name });
            }
            return;
        }
        if let Some(outcome) = outcome_of(&command)
            && let Some(call) = self.calls.take(client, command.transaction)
        {
            return self.tell_script(ScriptInput::Answer { call, outcome });
        }
        let may_call = may_call(self.config.client_methods.as_deref(), &command.name);
        match answerer(&command.name) {
            // To the server, a method that only a script could have is one that is not there.
            who if who == Answerer::Server || !may_call => self.tell_instance(Input::Command {
                client,
                stream_id,
                command,
            }),
            who => self.offer(client, stream_id, command, who == Answerer::ScriptFirst),
        }
    }

    /// Lets the script handle a call. The command object is an argument like the others: some
    /// clients leave out the null in its place.
    fn offer(&mut self, client: ClientId, stream_id: u32, command: Command, native: bool) {
        let told = ScriptInput::Call {
            client,
            method: command.name.clone(),
            args: command.values().cloned().collect(),
            transaction: command.transaction,
            native,
        };
        self.native_call = native.then_some(Call {
            client,
            stream_id,
            command,
        });
        self.tell_script(told);
    }

    /// The script does not define the method: the server's own answer.
    pub(super) fn answer_natively(&mut self, caller: ClientId) {
        let Some(call) = self.native_call.take_if(|call| call.client == caller) else {
            return;
        };
        let Call {
            client,
            stream_id,
            command,
        } = call;
        self.tell_instance(Input::Command {
            client,
            stream_id,
            command,
        });
    }

    /// Calls a method of a client; nothing happens if it has gone.
    pub(super) fn call(
        &mut self,
        client: ClientId,
        method: Str,
        args: Vec<Value>,
        call: Option<CallId>,
    ) {
        let Some(encoding) = self.instance.encoding(client) else {
            return;
        };
        let transaction = match call {
            None => 0.0,
            Some(call) => {
                let transaction = self.instance.transaction(client);
                let most = self.config.calls_waiting;
                if !self.calls.note(client, transaction, call, most) {
                    let outcome = too_many_calls(most);
                    return self.defer(ScriptInput::Answer { call, outcome });
                }
                transaction
            }
        };
        let command = Command::new(method, transaction, args).with_encoding(encoding);
        self.send(client, command);
    }

    /// Answers a call of a client; nothing happens if it has gone.
    pub(super) fn answer(&mut self, client: ClientId, transaction: f64, outcome: CallOutcome) {
        if let Some(encoding) = self.instance.encoding(client) {
            self.send(client, answer(transaction, outcome, encoding));
        }
    }

    /// Whether the client has asked to come in and has not been let in.
    pub(super) fn is_outside(&self, client: ClientId) -> bool {
        self.guests.contains_key(&client) || self.waiting.iter().any(|join| join.client == client)
    }
}

/// What an answer says; `None` if the command is none.
pub(super) fn outcome_of(command: &Command) -> Option<CallOutcome> {
    let value = || command.values().next().cloned().unwrap_or(Value::Undefined);
    match &*command.name {
        "_result" => Some(CallOutcome::Result(value())),
        "_error" => Some(CallOutcome::Error(value())),
        _ => None,
    }
}

/// The command that answers a call.
pub(super) fn answer(transaction: f64, outcome: CallOutcome, encoding: Encoding) -> Command {
    let command = match outcome {
        CallOutcome::Result(value) => status::result(transaction, value),
        CallOutcome::Error(value) => status::error(transaction, value),
    };
    command.with_encoding(encoding)
}

/// What a script finds in place of an answer when it has asked too much.
pub(super) fn too_many_calls(most: usize) -> CallOutcome {
    let why = format!("{most} calls wait for an answer already.");
    CallOutcome::Error(Status::new(Code::CallFailed, why).to_value())
}

impl crate::instance::Instance {
    /// In what form to write to the client; `None` if it has gone.
    fn encoding(&self, client: ClientId) -> Option<Encoding> {
        self.clients
            .get(&client)
            .map(|here| ConnectInfo::encoding(&here.info))
    }

    /// A transaction for a call that wants an answer.
    fn transaction(&mut self, client: ClientId) -> f64 {
        self.clients
            .get_mut(&client)
            .map_or(0.0, crate::client::Client::transaction)
    }
}
