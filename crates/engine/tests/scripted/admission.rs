//! Who comes in.

use amf::Value;
use engine::scripting::{AccessRules, ScriptEffect, ScriptInput};
use engine::{ClientId, Input, ScriptedConfig};
use rtmp::{Body, Command};

use crate::world::{Lines, World, accepting, acting, config, connect, puppet};

fn args() -> &'static str {
    "> connect 1 [\"bob\"]"
}

#[test]
fn an_accepted_client_is_told_first_and_then_called() {
    let mut world = World::new(|input| match input {
        ScriptInput::Connect { client, info, .. } => {
            assert_eq!(
                (info.agent.as_str(), info.ip.as_str()),
                ("WIN 6,0,65,0", "192.0.2.1")
            );
            vec![
                ScriptEffect::Accept { client: *client },
                ScriptEffect::Call {
                    client: *client,
                    method: "hello".into(),
                    args: vec![1.into()],
                    call: None,
                },
            ]
        }
        _ => vec![],
    });
    world.connect(1);
    world.expect(&[
        args(),
        "1 < _result 1 status Connect.Success: Connection succeeded.",
        "1 < hello 1",
    ]);
}

#[test]
fn a_rejected_client_finds_what_the_script_gave_and_is_closed() {
    let mut world = World::new(|input| match input {
        ScriptInput::Connect { client, .. } => vec![ScriptEffect::Reject {
            client: *client,
            description: None,
            application: Value::object([("message", "full".into())]),
            redirect: None,
        }],
        _ => vec![],
    });
    world.connect(1);
    world.expect(&[
        args(),
        "1 < _error 1 error Connect.Rejected: Connection failed.",
        "1 closed: rejected",
    ]);
    let Some(Body::Command(error)) = world.last.as_ref().map(|message| &message.body) else {
        panic!("no command");
    };
    let message = error
        .arg(0)
        .get("application")
        .and_then(|app| app.get("message"));
    assert_eq!(message, Some(&"full".into()));
    // Neither its commands nor its end are the script's affair.
    world.call(ClientId(1), "hello", 2.0, &[]);
    world.leave(ClientId(1));
    world.expect(&[]);
}

#[test]
fn a_redirected_client_is_told_where_to_go() {
    let mut world = World::new(|input| match input {
        ScriptInput::Connect { client, .. } => vec![ScriptEffect::Reject {
            client: *client,
            description: None,
            application: Value::Undefined,
            redirect: Some("rtmp://other/app".into()),
        }],
        _ => vec![],
    });
    world.connect(1);
    world.expect(&[
        args(),
        "1 < _error 1 error Connect.Rejected: Connection failed",
        "1 closed: rejected",
    ]);
    let Some(Body::Command(error)) = world.last.as_ref().map(|message| &message.body) else {
        panic!("no command");
    };
    let info = error.arg(0);
    assert_eq!(info.get("application"), None);
    let expected = Value::object([
        ("code", 302.into()),
        ("redirect", "rtmp://other/app".into()),
    ]);
    assert_eq!(info.get("ex"), Some(&expected));
}

#[test]
fn a_pending_client_can_neither_send_nor_receive_until_it_is_accepted() {
    let mut world = World::new(|input| match input {
        ScriptInput::Connect { client, .. } if client.0 == 2 => {
            let waits = ClientId(1);
            vec![
                ScriptEffect::Call {
                    client: waits,
                    method: "early".into(),
                    args: vec![],
                    call: None,
                },
                ScriptEffect::Accept { client: waits },
                ScriptEffect::Accept { client: waits },
            ]
        }
        _ => vec![],
    });
    let first = world.connect(1);
    world.expect(&[args()]);
    world.call(first, "createStream", 2.0, &[]);
    world.call(first, "hello", 3.0, &[]);
    world.expect(&["1 dropped createStream", "1 dropped hello"]);
    world.connect(2);
    world.expect(&[
        "> connect 2 [\"bob\"]",
        "1 < _result 1 status Connect.Success: Connection succeeded.",
    ]);
    world.call(first, "hello", 3.0, &[]);
    world.expect(&["> 1 calls hello 3 with 0"]);
}

#[test]
fn a_client_nobody_decides_about_is_rejected_after_a_time() {
    let mut world = World::new(|_| vec![]);
    world.client(1);
    world.wait_until(60_999);
    world.expect(&[]);
    world.wait_until(61_000);
    world.expect(&[
        "> disconnect 1",
        "1 < _error 1 error Connect.Rejected: [ Server.Reject ] : Application (app/room) did \
         not answer the connection.",
        "1 closed: pending_timeout",
    ]);
    world.leave(ClientId(1));
    world.expect(&[]);
}

#[test]
fn the_script_closes_a_client_and_hears_of_it_once() {
    let mut world = World::new(|input| match input {
        ScriptInput::Call { client, .. } => vec![ScriptEffect::Disconnect { client: *client }],
        other => accepting(other),
    });
    let client = world.client(1);
    world.call(client, "bye", 0.0, &[]);
    world.expect(&[
        "> 1 calls bye 0 with 0",
        "> disconnect 1",
        "1 closed: closed_by_application",
    ]);
    world.leave(client);
    world.expect(&[]);
}

#[test]
fn joins_wait_for_the_script_to_start_and_no_more_than_may_be() {
    let lines = Lines::default();
    let mut started = false;
    let script = acting(
        &lines,
        Some(engine::Millis(2000)),
        Box::new(move |_, input| match input {
            ScriptInput::Timeout if !std::mem::replace(&mut started, true) => {
                vec![ScriptEffect::Started]
            }
            other => accepting(other),
        }),
    );
    let limits = ScriptedConfig {
        waiting_joins: 2,
        ..config()
    };
    let mut world = World::with(limits, lines, script);
    world.start();
    for id in 1..=3 {
        world.connect(id);
    }
    world.call(ClientId(1), "hello", 2.0, &[]);
    world.leave(ClientId(2));
    world.expect(&[
        "> start",
        "3 < _error 1 error Connect.Rejected: [ Resource.Limit.Exceeded ] : Too many clients \
         wait for instance (app/room).",
        "3 closed: rejected",
        "1 dropped hello",
    ]);
    world.wait_until(2000);
    world.expect(&[
        args(),
        "1 < _result 1 status Connect.Success: Connection succeeded.",
    ]);
}

#[test]
fn access_rules_and_limits_set_before_the_decision_count() {
    let mut world = World::new(|input| match input {
        ScriptInput::Connect { client, .. } => {
            let client = *client;
            let rules = AccessRules {
                read: "open".into(),
                write: "own/".into(),
                ..AccessRules::default()
            };
            vec![
                ScriptEffect::Access {
                    client,
                    rules: Box::new(rules),
                },
                ScriptEffect::LimitBandwidth {
                    client,
                    down: Some(4000),
                    up: None,
                },
                ScriptEffect::Accept { client },
            ]
        }
        _ => vec![],
    });
    let client = world.connect(1);
    world.expect(&[
        args(),
        "1 < _result 1 status Connect.Success: Connection succeeded.",
        "LimitBandwidth { client: ClientId(1), down: Some(4000), up: None }",
    ]);
    world.call(client, "createStream", 2.0, &[]);
    world.lines.borrow_mut().clear();
    for (command, name) in [
        ("publish", "open/a"),
        ("play", "own/a"),
        ("publish", "own/a"),
    ] {
        world.command(client, 1, Command::new(command, 0.0, vec![name.into()]));
    }
    world.expect(&[
        "1 < [1] onStatus error Publish.BadName: No write access to open/a.",
        "1 < [1] onStatus error Play.Failed: No read access to own/a.",
        "> 1 publishes own/a",
        "Mark { name: StreamName(\"own/a\"), marker: Published }",
        "Publish { client: ClientId(1), stream_id: 1, name: StreamName(\"own/a\") }",
        "1 < [1] onStatus status Publish.Start: own/a is now published.",
    ]);
}

#[test]
fn the_script_hears_who_publishes_and_that_it_ends() {
    let mut world = World::new(accepting);
    let client = world.client(1);
    world.call(client, "createStream", 2.0, &[]);
    world.command(client, 1, Command::new("publish", 0.0, vec!["cam".into()]));
    world.lines.borrow_mut().clear();
    world.handle(Input::Disconnect { client });
    world.expect(&[
        "> 1 unpublishes cam",
        "> disconnect 1",
        "Unpublish { client: ClientId(1), stream_id: 1 }",
        "Mark { name: StreamName(\"cam\"), marker: Unpublished }",
    ]);
}

#[test]
fn a_client_is_told_to_the_script_with_what_it_said() {
    let lines = Lines::default();
    let script = puppet(&lines, |input| {
        if let ScriptInput::Connect { args, .. } = input {
            assert_eq!(args, &[Value::from("bob")]);
        }
        vec![]
    });
    let mut world = World::with(config(), lines, script);
    world.handle(connect(1));
    world.expect(&[]);
    world.start();
    world.expect(&["> start", args()]);
}
