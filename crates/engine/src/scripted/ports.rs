//! Those who come over XML ports that the script serves. They speak in texts, and are no clients:
//! nothing of the plain instance is for them. They keep the instance from being idle.

use std::collections::{BTreeSet, VecDeque};

use super::ScriptedInstance;
use super::lifecycle::Stage;
use crate::client::ClientId;
use crate::close::CloseReason;
use crate::effect::Effect;
use crate::instance::Input;
use crate::scripting::{ScriptEffect, ScriptInput};

/// Who is here over a port.
#[derive(Debug, Default)]
pub(super) struct Ports {
    here: BTreeSet<ClientId>,
    /// Those who came while the script was starting or stopping.
    waiting: VecDeque<Opened>,
}

#[derive(Debug)]
struct Opened {
    client: ClientId,
    ip: String,
    port: u16,
}

impl Ports {
    pub(super) fn is_empty(&self) -> bool {
        self.here.is_empty()
    }

    /// Those whom the script was not told of, for the instance that comes after a stopped one.
    pub(super) fn take_waiting(&mut self) -> impl Iterator<Item = Input> {
        let waiting = self.waiting.drain(..);
        waiting.map(|Opened { client, ip, port }| Input::PortOpened { client, ip, port })
    }
}

impl ScriptedInstance {
    pub(super) fn on_port_opened(&mut self, client: ClientId, ip: String, port: u16) {
        if self.stage == Stage::Running {
            self.ports.here.insert(client);
            self.tell_script(ScriptInput::PortOpened { client, ip, port });
        } else if self.ports.waiting.len() < self.config.waiting_joins {
            self.ports.waiting.push_back(Opened { client, ip, port });
        } else {
            self.end_port(client, CloseReason::Rejected);
        }
    }

    /// Tells the script of those who have waited.
    pub(super) fn open_ports(&mut self) {
        for Opened { client, ip, port } in std::mem::take(&mut self.ports.waiting) {
            self.on_port_opened(client, ip, port);
        }
    }

    /// The script did not start: those who have waited go with it.
    pub(super) fn refuse_ports(&mut self) {
        for Opened { client, .. } in std::mem::take(&mut self.ports.waiting) {
            self.end_port(client, CloseReason::Rejected);
        }
    }

    pub(super) fn on_port_text(&mut self, client: ClientId, text: String) {
        if self.ports.here.contains(&client) {
            self.tell_script(ScriptInput::PortText { client, text });
        }
    }

    pub(super) fn on_port_effect(&mut self, effect: ScriptEffect) {
        match effect {
            ScriptEffect::PortSend { client, text } if self.ports.here.contains(&client) => {
                self.effects.push_back(Effect::PortSend { client, text });
            }
            ScriptEffect::PortClose { client } if self.leave_port(client) => {
                self.end_port(client, CloseReason::ClosedByApplication);
            }
            _ => {}
        }
    }

    /// Somebody on a port is gone; whether it was there.
    pub(super) fn leave_port(&mut self, client: ClientId) -> bool {
        if self.ports.here.remove(&client) {
            self.tell_script(ScriptInput::PortClosed { client });
            return true;
        }
        let before = self.ports.waiting.len();
        self.ports.waiting.retain(|waits| waits.client != client);
        self.ports.waiting.len() < before
    }

    /// Closes everybody's connection, as the instance stops.
    pub(super) fn close_ports(&mut self) {
        while let Some(client) = self.ports.here.first().copied() {
            self.leave_port(client);
            self.end_port(client, CloseReason::ApplicationUnloaded);
        }
    }

    fn end_port(&mut self, client: ClientId, reason: CloseReason) {
        self.effects.push_back(Effect::Close { client, reason });
    }
}
