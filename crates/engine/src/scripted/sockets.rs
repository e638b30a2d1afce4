//! The script's sockets (`XMLSocket`), over which texts travel.
//!
//! The server carries them. Here it is known which there are, so that the script has no more
//! than it may, hears nothing of one that it has closed, and leaves none behind.

use super::ScriptedInstance;
use crate::effect::Effect;
use crate::scripting::{ScriptEffect, ScriptInput, SocketId};

impl ScriptedInstance {
    pub(super) fn on_socket_effect(&mut self, effect: ScriptEffect) {
        match effect {
            ScriptEffect::SocketOpen {
                socket,
                host,
                port,
                text_bytes,
            } => self.open_socket(socket, host, port, text_bytes),
            ScriptEffect::SocketSend { socket, text } if self.sockets.contains(&socket) => {
                self.effects.push_back(Effect::SocketSend { socket, text });
            }
            ScriptEffect::SocketClose { socket } if self.sockets.remove(&socket) => {
                self.effects.push_back(Effect::SocketClose { socket });
            }
            other => self.on_port_effect(other),
        }
    }

    fn open_socket(&mut self, socket: SocketId, host: String, port: u16, text_bytes: usize) {
        let most = self.config.sockets;
        if self.sockets.len() >= most {
            let why = Some(format!("An instance may have {most} sockets."));
            let told = ScriptInput::SocketClosed { socket, why };
            return self.deferred.push_back(told);
        }
        self.sockets.insert(socket);
        self.effects.push_back(Effect::SocketOpen {
            socket,
            host,
            port,
            text_bytes,
        });
    }

    pub(super) fn on_socket_opened(&mut self, socket: SocketId) {
        if self.sockets.contains(&socket) {
            self.tell_script(ScriptInput::SocketOpened { socket });
        }
    }

    pub(super) fn on_socket_text(&mut self, socket: SocketId, bytes: Vec<u8>) {
        if self.sockets.contains(&socket) {
            self.tell_script(ScriptInput::SocketText { socket, bytes });
        }
    }

    pub(super) fn on_socket_closed(&mut self, socket: SocketId, why: Option<String>) {
        if self.sockets.remove(&socket) {
            self.tell_script(ScriptInput::SocketClosed { socket, why });
        }
    }

    /// Closes every socket, as the instance stops.
    pub(super) fn close_sockets(&mut self) {
        for socket in std::mem::take(&mut self.sockets) {
            self.effects.push_back(Effect::SocketClose { socket });
        }
    }
}
