//! Calls both ways.

use amf::Value;
use engine::scripting::{CallId, CallOutcome, ScriptEffect, ScriptInput};
use engine::{ClientId, ScriptedConfig};
use rtmp::Command;

use crate::world::{Lines, World, accepting, config, puppet};

fn call(client: ClientId, method: &str, call: Option<u64>) -> ScriptEffect {
    ScriptEffect::Call {
        client,
        method: method.into(),
        args: vec![],
        call: call.map(CallId),
    }
}

/// Answers `ask` with its first argument and `fail` with an error; does not define what the
/// server has an answer to; keeps the answer to `later` until `now` is called.
fn answering(input: &ScriptInput) -> Vec<ScriptEffect> {
    let ScriptInput::Call {
        client,
        method,
        args,
        transaction,
        native,
    } = input
    else {
        return accepting(input);
    };
    let (client, transaction) = (*client, *transaction);
    let answer = |transaction, outcome| ScriptEffect::Return {
        client,
        transaction,
        outcome,
    };
    let first = args.first().cloned().unwrap_or(Value::Undefined);
    match &**method {
        "ask" => vec![answer(transaction, CallOutcome::Result(first))],
        "fail" => vec![answer(transaction, CallOutcome::Error(first))],
        "now" => vec![
            answer(transaction, CallOutcome::Result(1.into())),
            answer(transaction - 1.0, CallOutcome::Result(2.into())),
        ],
        _ if *native => vec![ScriptEffect::NotDefined { client }],
        _ => vec![],
    }
}

#[test]
fn calls_are_answered_by_the_script_in_any_order() {
    let mut world = World::new(answering);
    let client = world.client(1);
    world.call(client, "ask", 2.0, &["x".into()]);
    world.call(client, "fail", 3.0, &["y".into()]);
    world.call(client, "later", 4.0, &[]);
    world.call(client, "now", 5.0, &[]);
    world.expect(&[
        "> 1 calls ask 2 with 1",
        "1 < _result 2 x",
        "> 1 calls fail 3 with 1",
        "1 < _error 3 y",
        "> 1 calls later 4 with 0",
        "> 1 calls now 5 with 0",
        "1 < _result 5 1",
        "1 < _result 4 2",
    ]);
}

#[test]
fn clients_call_what_is_allowed_where_not_everything_is() {
    let lines = Lines::default();
    let script = puppet(&lines, answering);
    let limits = ScriptedConfig {
        client_methods: Some(vec!["as".into()]),
        ..config()
    };
    let mut world = World::with(limits, lines, script);
    world.start();
    let client = world.client(1);
    world.call(client, "ask", 2.0, &["x".into()]);
    world.expect(&["> 1 calls ask 2 with 1", "1 < _result 2 x"]);
    world.call(client, "fail", 3.0, &["y".into()]);
    world.expect(&["1 < _error 3 error Call.Failed: Method not found (fail)."]);
    // What the server answers itself is not the script's.
    world.call(client, "createStream", 4.0, &[]);
    world.call(client, "getStreamLength", 5.0, &["a".into()]);
    world.expect(&["1 < _result 4 1", "1 < _result 5 0"]);
}

#[test]
fn an_object_in_the_place_of_the_missing_null_is_an_argument() {
    let mut world = World::new(answering);
    let client = world.client(1);
    let object = Value::object([("a", 1.into())]);
    let command = Command::new("ask", 2.0, vec!["x".into()]).with_object(object.clone());
    world.command(client, 0, command);
    world.expect(&["> 1 calls ask 2 with 2", "1 < _result 2 object"]);
}

#[test]
fn the_server_answers_its_own_calls_that_the_script_does_not_define() {
    let mut world = World::new(answering);
    let client = world.client(1);
    world.call(client, "FCPublish", 2.0, &["cam".into()]);
    world.call(client, "FCSubscribe", 0.0, &["cam".into()]);
    world.call(client, "createStream", 3.0, &[]);
    world.expect(&[
        "> 1 calls FCPublish 2 with 1",
        "1 < _result 2 undefined",
        "> 1 calls FCSubscribe 0 with 1",
        "1 < onFCSubscribe status Play.Start: cam",
        "1 < _result 3 1",
    ]);
}

#[test]
fn what_the_script_defines_goes_before_the_servers_own_answer() {
    let mut world = World::new(|input| match input {
        ScriptInput::Call {
            client,
            transaction,
            ..
        } => vec![ScriptEffect::Return {
            client: *client,
            transaction: *transaction,
            outcome: CallOutcome::Result("mine".into()),
        }],
        other => accepting(other),
    });
    let client = world.client(1);
    world.call(client, "getStreamLength", 2.0, &["cam".into()]);
    world.expect(&["> 1 calls getStreamLength 2 with 1", "1 < _result 2 mine"]);
}

#[test]
fn answers_of_clients_find_their_call() {
    let mut world = World::new(|input| match input {
        ScriptInput::Call { client, .. } => {
            vec![
                call(*client, "a", Some(10)),
                call(*client, "b", Some(11)),
                call(*client, "c", None),
            ]
        }
        other => accepting(other),
    });
    let client = world.client(1);
    world.call(client, "go", 0.0, &[]);
    world.expect(&[
        "> 1 calls go 0 with 0",
        "1 < a 1000000001 ",
        "1 < b 1000000002 ",
        "1 < c ",
    ]);
    world.call(client, "_result", 1_000_000_002.0, &["second".into()]);
    world.call(
        client,
        "_error",
        1_000_000_001.0,
        &[Value::object([("code", "X".into())])],
    );
    world.call(client, "_result", 1_000_000_001.0, &["again".into()]);
    world.call(client, "_result", 99.0, &["never asked".into()]);
    world.expect(&[
        "> answer 11: result \"second\"",
        "> answer 10: error Some(\"X\")",
    ]);
}

#[test]
fn a_client_that_has_gone_is_not_called_and_its_answers_are_dropped() {
    let mut world = World::new(|input| match input {
        ScriptInput::Disconnect { client } => vec![
            call(*client, "bye", Some(1)),
            ScriptEffect::Return {
                client: *client,
                transaction: 7.0,
                outcome: CallOutcome::Result(Value::Null),
            },
        ],
        other => accepting(other),
    });
    let client = world.client(1);
    world.leave(client);
    world.expect(&["> disconnect 1"]);
    world.call(client, "_result", 1_000_000_001.0, &[]);
    world.expect(&[]);
}

#[test]
fn calls_beyond_the_limit_fail_in_a_later_turn() {
    let lines = Lines::default();
    let mut next = 0;
    // Answers every failure with another call: without turns of their own the refusals would
    // keep the instance busy for ever.
    let script = puppet(&lines, move |input| match input {
        ScriptInput::Connect { client, .. } => {
            vec![
                ScriptEffect::Accept { client: *client },
                call(*client, "a", Some(100)),
            ]
        }
        ScriptInput::Call { .. } | ScriptInput::Answer { .. } => {
            next += 1;
            vec![call(ClientId(1), "b", Some(next))]
        }
        _ => vec![],
    });
    let limits = ScriptedConfig {
        calls_waiting: 1,
        ..config()
    };
    let mut world = World::with(limits, lines, script);
    world.start();
    let client = world.client(1);
    world.call(client, "go", 0.0, &[]);
    world.expect(&["> 1 calls go 0 with 0"]);
    for id in 1..=2 {
        assert_eq!(world.timeout, Some(world.now));
        world.handle(engine::Input::Timeout);
        let refused = format!("> answer {id}: error Some(\"NetConnection.Call.Failed\")");
        world.expect(&[&refused]);
    }
}

#[test]
fn the_script_asks_for_a_bandwidth_check() {
    let mut world = World::new(|input| match input {
        ScriptInput::Call { client, method, .. } if &**method == "check" => {
            vec![ScriptEffect::CheckBandwidth { client: *client }]
        }
        other => accepting(other),
    });
    let client = world.client(1);
    world.call(client, "check", 0.0, &[]);
    world.call(client, "_result", 1_000_000_001.0, &[]);
    world.call(client, "_result", 1_000_000_002.0, &[]);
    world.expect(&[
        "> 1 calls check 0 with 0",
        "1 < onBWCheck 1000000001  0",
        "1 < onBWCheck 1000000002 16384 bytes 0",
        "1 < onBWDone 131072 131.072 1 0",
    ]);
}
