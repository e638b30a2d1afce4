//! Those who come over XML ports that the script serves.

use engine::scripting::{ScriptEffect, ScriptInput};
use engine::{ClientId, Input, ScriptedConfig};

use crate::world::{Lines, World, accepting, config, puppet};

fn opened(client: u64) -> Input {
    Input::PortOpened {
        client: ClientId(client),
        ip: "192.0.2.7".into(),
        port: 9876,
    }
}

fn text(client: u64, text: &str) -> Input {
    Input::PortText {
        client: ClientId(client),
        text: text.into(),
    }
}

fn gone(client: u64) -> Input {
    Input::Disconnect {
        client: ClientId(client),
    }
}

/// Says again what it is told; closes who says so.
fn echo(input: &ScriptInput) -> Vec<ScriptEffect> {
    match input {
        ScriptInput::PortText { client, text } if text == "bye" => {
            let client = *client;
            let text = "too late".into();
            vec![
                ScriptEffect::PortClose { client },
                ScriptEffect::PortSend { client, text },
            ]
        }
        ScriptInput::PortText { client, text } => vec![ScriptEffect::PortSend {
            client: *client,
            text: text.clone(),
        }],
        other => accepting(other),
    }
}

fn world(limits: ScriptedConfig) -> World {
    let lines = Lines::default();
    let script = puppet(&lines, echo);
    World::with(limits, lines, script)
}

#[test]
fn texts_go_both_ways_until_either_side_closes() {
    let mut world = world(config());
    world.start();
    world.handle(opened(1));
    world.handle(text(1, "hi"));
    world.handle(text(2, "nobody"));
    world.handle(gone(1));
    world.handle(text(1, "late"));
    world.expect(&[
        "> start",
        "> port 1 open from 192.0.2.7 at 9876",
        "> port 1 hi",
        "port 1 < hi",
        "> port 1 closed",
    ]);
    world.handle(opened(3));
    world.handle(text(3, "bye"));
    world.handle(gone(3));
    world.expect(&[
        "> port 3 open from 192.0.2.7 at 9876",
        "> port 3 bye",
        "> port 3 closed",
        "3 closed: closed_by_application",
    ]);
}

#[test]
fn those_who_come_early_wait_for_the_script() {
    let limits = ScriptedConfig {
        waiting_joins: 2,
        ..config()
    };
    let mut world = world(limits);
    for client in 1..=3 {
        world.handle(opened(client));
    }
    world.handle(gone(2));
    world.start();
    world.expect(&[
        "3 closed: rejected",
        "> start",
        "> port 1 open from 192.0.2.7 at 9876",
    ]);
}

#[test]
fn they_keep_the_instance_and_go_with_it() {
    let mut world = world(config());
    world.start();
    world.handle(opened(1));
    world.expect(&["> start", "> port 1 open from 192.0.2.7 at 9876"]);
    // Long after it would have been idle.
    world.wait_until(100_000_000);
    world.expect(&[]);
    world.handle(Input::Stop { silent: false });
    world.expect(&[
        "> stop Shutdown false",
        "> port 1 closed",
        "1 closed: application_unloaded",
        "stopped, failed false",
    ]);
    // Whoever comes now is for the life that follows.
    world.handle(opened(4));
    let waits = world.instance.take_waiting();
    assert!(matches!(
        &waits[..],
        [Input::PortOpened {
            client: ClientId(4),
            ..
        }]
    ));
}
