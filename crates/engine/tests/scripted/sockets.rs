//! The script's sockets.

use engine::scripting::{ScriptEffect, ScriptInput, SocketId};
use engine::{Input, ScriptedConfig};

use crate::world::{Lines, World, accepting, config, puppet};

const SOCKET: SocketId = SocketId(3);

fn open(socket: SocketId) -> ScriptEffect {
    ScriptEffect::SocketOpen {
        socket,
        host: "chat.example".into(),
        port: 9000,
        text_bytes: 100,
    }
}

fn send(socket: SocketId, text: &str) -> ScriptEffect {
    ScriptEffect::SocketSend {
        socket,
        text: text.into(),
    }
}

/// Connects at once; greets; closes when a client says so.
fn talking(input: &ScriptInput) -> Vec<ScriptEffect> {
    match input {
        ScriptInput::Start => vec![open(SOCKET)],
        ScriptInput::SocketOpened { socket } => vec![send(*socket, "hello")],
        ScriptInput::Call { .. } => vec![
            send(SOCKET, "bye"),
            ScriptEffect::SocketClose { socket: SOCKET },
            send(SOCKET, "too late"),
            ScriptEffect::SocketClose { socket: SOCKET },
        ],
        other => accepting(other),
    }
}

fn talking_world() -> World {
    let lines = Lines::default();
    let script = puppet(&lines, talking);
    let mut world = World::with(config(), lines, script);
    world.start();
    world
}

impl World {
    fn socket_text(&mut self, text: &str) {
        self.handle(Input::SocketText {
            socket: SOCKET,
            bytes: text.into(),
        });
    }

    fn socket_closed(&mut self, why: Option<&str>) {
        self.handle(Input::SocketClosed {
            socket: SOCKET,
            why: why.map(str::to_owned),
        });
    }
}

#[test]
fn texts_go_both_ways() {
    let mut world = talking_world();
    world.expect(&["> start", "socket 3 to chat.example:9000"]);
    world.handle(Input::SocketOpened { socket: SOCKET });
    world.socket_text("<a/>");
    world.socket_closed(None);
    world.expect(&[
        "> socket 3 open",
        "socket 3 < hello",
        "> socket 3 <a/>",
        "> socket 3 closed None",
    ]);
}

#[test]
fn what_has_ended_is_silent() {
    let mut world = talking_world();
    world.handle(Input::SocketOpened { socket: SOCKET });
    let client = world.client(1);
    world.call(client, "hangUp", 0.0, &[]);
    world.expect(&[
        "> 1 calls hangUp 0 with 0",
        "socket 3 < bye",
        "socket 3 closed",
    ]);
    world.handle(Input::SocketOpened { socket: SOCKET });
    world.socket_text("late");
    world.socket_closed(Some("gone"));
    world.expect(&[]);

    let mut lost = talking_world();
    lost.socket_closed(Some("no route"));
    lost.lines.borrow_mut().clear();
    lost.socket_closed(None);
    lost.expect(&[]);
}

#[test]
fn sockets_close_when_the_instance_has_stopped() {
    let mut world = talking_world();
    world.lines.borrow_mut().clear();
    world.handle(Input::Stop { silent: false });
    world.expect(&[
        "> stop Shutdown false",
        "socket 3 closed",
        "stopped, failed false",
    ]);
}

#[test]
fn one_socket_too_many_fails_in_a_later_turn() {
    let lines = Lines::default();
    let script = puppet(&lines, |input| match input {
        ScriptInput::Start => vec![open(SOCKET), open(SocketId(4))],
        ScriptInput::SocketClosed { socket, .. } if *socket == SOCKET => vec![open(SocketId(5))],
        _ => vec![],
    });
    let limits = ScriptedConfig {
        sockets: 1,
        ..config()
    };
    let mut world = World::with(limits, lines, script);
    world.start();
    world.expect(&["> start", "socket 3 to chat.example:9000"]);
    world.wait_until(1000);
    world.expect(&["> socket 4 closed Some(\"An instance may have 1 sockets.\")"]);
    world.socket_closed(None);
    world.expect(&["> socket 3 closed None", "socket 5 to chat.example:9000"]);
}
