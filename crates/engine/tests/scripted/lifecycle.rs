//! Start and stop.

use engine::scripting::{Problem, ScriptEffect, ScriptInput};
use engine::{ClientId, Input};

use crate::world::{Lines, World, accepting, acting, config, connect};

const APP_SHUTDOWN: &str = "1 < onStatus error Connect.AppShutdown: The application was unloaded.";

fn failed(text: &str) -> ScriptEffect {
    ScriptEffect::Failed(Box::new(Problem {
        description: text.into(),
        ..Problem::default()
    }))
}

#[test]
fn a_script_that_does_not_start_rejects_all_who_wait() {
    let lines = Lines::default();
    let script = acting(
        &lines,
        None,
        Box::new(|_, _| {
            let reported = Problem {
                description: "line 3".into(),
                ..Problem::default()
            };
            vec![ScriptEffect::Problem(Box::new(reported)), failed("line 3")]
        }),
    );
    let mut world = World::with(config(), lines, script);
    world.connect(1);
    world.start();
    world.expect(&[
        "> start",
        "problem: line 3",
        "1 < _error 1 error Connect.Rejected: [ Server.Reject ] : (_defaultRoot_, \
         _defaultVHost_) : Application (app/room) failed to load.",
        "1 closed: rejected",
        "stopped, failed true",
    ]);
    // Who comes later is for the instance that comes after.
    world.connect(2);
    world.expect(&[]);
    assert!(world.instance.has_stopped());
    assert_eq!(world.instance.take_waiting().len(), 1);
}

#[test]
fn an_idle_instance_asks_and_asks_again_after_a_refusal() {
    let mut refusals = 1;
    let mut world = World::new(move |input| match input {
        ScriptInput::Stop { .. } if refusals > 0 => {
            refusals -= 1;
            vec![ScriptEffect::Stop { allowed: false }]
        }
        other => accepting(other),
    });
    let client = world.client(1);
    world.wait_until(5_000);
    world.leave(client);
    world.expect(&["> disconnect 1"]);
    world.wait_until(604_999);
    world.expect(&[]);
    world.wait_until(605_000);
    world.expect(&["> stop Idle false"]);
    world.client(2);
    world.leave(ClientId(2));
    world.expect(&["> disconnect 2"]);
    world.wait_until(1_205_000);
    world.expect(&["> stop Idle false", "stopped, failed false"]);
    assert_eq!(world.timeout, None);
}

#[test]
fn a_client_in_time_keeps_the_instance() {
    let mut world = World::new(accepting);
    world.wait_until(600_000);
    world.client(1);
    world.wait_until(10_000_000);
    world.expect(&[]);
}

#[test]
fn a_script_that_shuts_down_is_asked_then_everybody_goes() {
    let mut world = World::new(|input| match input {
        ScriptInput::Call { .. } => vec![ScriptEffect::Shutdown],
        ScriptInput::Connect { client, .. } if client.0 == 2 => vec![],
        other => accepting(other),
    });
    let client = world.client(1);
    world.client(2);
    world.call(client, "end", 0.0, &[]);
    world.expect(&[
        "> 1 calls end 0 with 0",
        "> stop Shutdown false",
        "> disconnect 1",
        "> disconnect 2",
        APP_SHUTDOWN,
        "1 closed: application_unloaded",
        "2 < onStatus error Connect.AppShutdown: The application was unloaded.",
        "2 closed: application_unloaded",
        "stopped, failed false",
    ]);
    world.leave(client);
    world.handle(Input::Timeout);
    world.expect(&[]);
}

#[test]
fn the_server_stops_an_instance_against_the_scripts_will() {
    let mut world = World::new(|input| match input {
        ScriptInput::Stop { .. } => vec![ScriptEffect::Stop { allowed: false }],
        other => accepting(other),
    });
    world.client(1);
    world.handle(Input::Stop { silent: true });
    world.expect(&[
        "> stop Shutdown true",
        "> disconnect 1",
        APP_SHUTDOWN,
        "1 closed: application_unloaded",
        "stopped, failed false",
    ]);
}

#[test]
fn joins_wait_while_the_script_is_asked_and_come_in_if_it_refuses() {
    let lines = Lines::default();
    let mut asked = false;
    let script = acting(
        &lines,
        Some(engine::Millis(700_000)),
        Box::new(move |_, input| match input {
            ScriptInput::Start => vec![ScriptEffect::Started],
            ScriptInput::Stop { .. } => {
                asked = true;
                vec![]
            }
            ScriptInput::Timeout if asked => vec![ScriptEffect::Stop { allowed: false }],
            other => accepting(other),
        }),
    );
    let mut world = World::with(config(), lines, script);
    world.start();
    world.wait_until(601_000);
    world.connect(1);
    world.expect(&["> start", "> stop Idle false"]);
    world.wait_until(700_000);
    world.expect(&[
        "> connect 1 [\"bob\"]",
        "1 < _result 1 status Connect.Success: Connection succeeded.",
    ]);
}

#[test]
fn a_script_that_runs_out_of_memory_is_told_nothing_more() {
    let mut world = World::new(|input| match input {
        ScriptInput::Call { .. } => vec![
            failed("out of memory"),
            ScriptEffect::Trace("never seen".into()),
        ],
        other => accepting(other),
    });
    let client = world.client(1);
    world.call(client, "fill", 2.0, &[]);
    world.expect(&[
        "> 1 calls fill 2 with 0",
        "problem: out of memory",
        APP_SHUTDOWN,
        "1 closed: application_unloaded",
        "stopped, failed true",
    ]);
}

#[test]
fn a_stop_during_the_start_comes_after_it() {
    let lines = Lines::default();
    let script = acting(
        &lines,
        Some(engine::Millis(2_000)),
        Box::new(|_, input| match input {
            ScriptInput::Timeout => vec![ScriptEffect::Started],
            ScriptInput::Stop { .. } => vec![ScriptEffect::Stop { allowed: true }],
            _ => vec![],
        }),
    );
    let mut world = World::with(config(), lines, script);
    world.start();
    world.handle(connect(1));
    world.handle(Input::Stop { silent: false });
    world.expect(&["> start"]);
    world.wait_until(2_000);
    world.expect(&["> stop Shutdown false", "stopped, failed false"]);
    assert_eq!(world.instance.take_waiting().len(), 1);
}
