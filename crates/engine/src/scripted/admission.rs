//! Who comes in: joins that wait for the script to start, clients it has not decided about,
//! and those it accepts or rejects.

use amf::{Str, Value};
use rtmp::Millis;
use rtmp::connect::ConnectInfo;
use rtmp::status::{Code, Status};

use super::ScriptedInstance;
use super::held::Held;
use super::lifecycle::Stage;
use crate::client::ClientId;
use crate::close::CloseReason;
use crate::effect::Effect;
use crate::instance::{Input, Origin};
use crate::reject::Rejection;
use crate::scripting::{AccessRules, ClientInfo, ScriptInput};

/// What a client sees when the script rejects it without a word.
const REJECTED: &str = "Connection failed.";
/// What a client sees that is sent elsewhere without a word.
const REDIRECTED: &str = "Connection failed";
/// `info.ex.code` of a redirected client.
const MOVED: f64 = 302.0;

/// A client's wish to come in.
#[derive(Debug)]
pub(super) struct Join {
    pub(super) client: ClientId,
    pub(super) info: Box<ConnectInfo>,
    pub(super) transaction: f64,
    pub(super) origin: Origin,
    /// What it has sent about shared objects since.
    pub(super) held: Held,
}

/// A client that the script has not decided about. It receives nothing, and what it sends about
/// shared objects waits.
#[derive(Debug)]
pub(super) struct Guest {
    join: Join,
    until: Millis,
    access: AccessRules,
    down: Option<u64>,
    up: Option<u64>,
}

impl Join {
    /// The wish again, and behind it what the client has sent since.
    pub(super) fn into_inputs(self) -> impl Iterator<Item = Input> {
        let client = self.client;
        let connect = Input::Connect {
            client,
            info: self.info,
            transaction: self.transaction,
            origin: self.origin,
        };
        let held = self.held.into_messages().into_iter();
        let held = held.map(move |message| Input::SharedObject { client, message });
        std::iter::once(connect).chain(held)
    }

    fn client_info(&self) -> ClientInfo {
        let text = |text: &Option<Str>| text.as_ref().map(ToString::to_string);
        ClientInfo {
            agent: text(&self.info.flash_ver).unwrap_or_default(),
            ip: self.origin.ip.clone(),
            protocol: self.origin.protocol.to_owned(),
            referrer: text(&self.info.swf_url).unwrap_or_default(),
            page_url: text(&self.info.page_url).unwrap_or_default(),
            uri: text(&self.info.tc_url).unwrap_or_default(),
            secure: self.origin.secure,
        }
    }
}

impl ScriptedInstance {
    /// Tells the script of a client, or lets it wait until the script can be told.
    pub(super) fn join(&mut self, join: Join) {
        match self.stage {
            Stage::Running => self.ask_script(join),
            _ if self.waiting.len() < self.config.waiting_joins => self.waiting.push_back(join),
            _ => {
                let rejection = Rejection::TooManyWaiting(self.config.name.clone());
                self.refuse(join.client, join.transaction, &rejection);
            }
        }
    }

    pub(super) fn ask_script(&mut self, join: Join) {
        let (client, until) = (join.client, self.now + self.config.pending_timeout_ms);
        let told = ScriptInput::Connect {
            client,
            info: Box::new(join.client_info()),
            args: join.info.user_args.clone(),
        };
        self.undecided_until.insert((until, client));
        let guest = Guest {
            join,
            until,
            access: AccessRules::default(),
            down: None,
            up: None,
        };
        self.guests.insert(client, guest);
        self.tell_script(told);
    }

    pub(super) fn accept(&mut self, client: ClientId) {
        let Some(guest) = self.take_guest(client) else {
            return;
        };
        self.effects.push_back(Effect::Accepted { client });
        let mut inputs = guest.join.into_inputs();
        if let Some(connect) = inputs.next() {
            self.tell_instance(connect);
        }
        self.instance.set_access(client, guest.access);
        self.limit(client, guest.down, guest.up);
        inputs.for_each(|held| self.tell_instance(held));
    }

    /// Where what the client sends about shared objects waits; `None` if it has not asked to come
    /// in, or is in.
    pub(super) fn held(&mut self, client: ClientId) -> Option<&mut Held> {
        let mut waiting = self.waiting.iter_mut();
        let join = match self.guests.get_mut(&client) {
            Some(guest) => Some(&mut guest.join),
            None => waiting.find(|join| join.client == client),
        };
        join.map(|join| &mut join.held)
    }

    pub(super) fn reject(
        &mut self,
        client: ClientId,
        description: Option<Str>,
        application: Value,
        redirect: Option<Str>,
    ) {
        let Some(guest) = self.take_guest(client) else {
            return;
        };
        let default = redirect.as_ref().map_or(REJECTED, |_| REDIRECTED);
        let description = description.unwrap_or_else(|| default.into());
        let mut status = Status::new(Code::ConnectRejected, description);
        if application != Value::Undefined {
            status = status.with("application", application);
        }
        if let Some(url) = redirect {
            let ex = [
                ("code", Value::from(MOVED)),
                ("redirect", Value::String(url)),
            ];
            status = status.with("ex", Value::object(ex));
        }
        self.send(client, status.error(guest.join.transaction));
        let reason = CloseReason::Rejected;
        self.effects.push_back(Effect::Close { client, reason });
    }

    /// Rejects a client in the server's own name.
    pub(super) fn refuse(&mut self, client: ClientId, transaction: f64, why: &Rejection) {
        self.send(client, why.status().error(transaction));
        let reason = CloseReason::Rejected;
        self.effects.push_back(Effect::Close { client, reason });
    }

    /// Rejects those whom the script has kept waiting for too long.
    pub(super) fn drop_undecided(&mut self) {
        while let Some((until, client)) = self.undecided_until.first().copied() {
            if until > self.now {
                return;
            }
            let Some(guest) = self.take_guest(client) else {
                return;
            };
            let rejection = Rejection::Undecided(self.config.name.clone());
            let error = rejection.status().error(guest.join.transaction);
            self.send(client, error);
            let reason = CloseReason::PendingTimeout;
            self.effects.push_back(Effect::Close { client, reason });
            self.tell_script(ScriptInput::Disconnect { client });
        }
    }

    /// A client has gone, wherever it was.
    pub(super) fn on_disconnect(&mut self, client: ClientId) {
        if self.instance.has_client(client) {
            self.tell_instance(Input::Disconnect { client });
            self.calls.forget(client);
            self.tell_script(ScriptInput::Disconnect { client });
        } else if self.take_guest(client).is_some() {
            self.tell_script(ScriptInput::Disconnect { client });
        } else if !self.leave_port(client) {
            self.waiting.retain(|join| join.client != client);
        }
    }

    pub(super) fn set_access(&mut self, client: ClientId, rules: AccessRules) {
        match self.guests.get_mut(&client) {
            Some(guest) => guest.access = rules,
            None => self.instance.set_access(client, rules),
        }
    }

    pub(super) fn limit(&mut self, client: ClientId, down: Option<u64>, up: Option<u64>) {
        if let Some(guest) = self.guests.get_mut(&client) {
            guest.down = down.or(guest.down);
            guest.up = up.or(guest.up);
        } else if self.instance.has_client(client) && (down.is_some() || up.is_some()) {
            let limits = Effect::LimitBandwidth { client, down, up };
            self.effects.push_back(limits);
        }
    }

    /// Everybody the script knows, in order.
    pub(super) fn known_clients(&self) -> Vec<ClientId> {
        let guests = self.guests.keys().copied();
        let mut known: Vec<ClientId> = self.instance.client_ids().chain(guests).collect();
        known.sort_unstable();
        known
    }

    fn take_guest(&mut self, client: ClientId) -> Option<Guest> {
        let guest = self.guests.remove(&client)?;
        self.undecided_until.remove(&(guest.until, client));
        Some(guest)
    }
}
