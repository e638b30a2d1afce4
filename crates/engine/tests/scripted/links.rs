//! The script's connections to other instances.

use amf::Value;
use engine::scripting::{CallId, CallOutcome, LinkId, ScriptEffect, ScriptInput};
use engine::{Input, ScriptedConfig};
use rtmp::connect::ConnectInfo;
use rtmp::{Body, Command, Message};

use crate::world::{Lines, World, accepting, config, puppet};

const LINK: LinkId = LinkId(5);

fn open(link: LinkId) -> ScriptEffect {
    ScriptEffect::Link {
        link,
        url: "rtmp://localhost/lobby/main".into(),
        args: vec!["room".into()],
        encoding: 0,
    }
}

fn send(method: &str, call: Option<u64>) -> ScriptEffect {
    ScriptEffect::LinkSend {
        link: LINK,
        method: method.into(),
        args: vec![],
        call: call.map(CallId),
    }
}

/// Connects at once and calls; answers calls of the other side; closes when a client says so.
fn linking(input: &ScriptInput) -> Vec<ScriptEffect> {
    match input {
        ScriptInput::Start => vec![open(LINK), send("users", Some(1))],
        ScriptInput::LinkCall { transaction, .. } if *transaction != 0.0 => {
            vec![ScriptEffect::LinkReturn {
                link: LINK,
                transaction: *transaction,
                outcome: CallOutcome::Result("here".into()),
            }]
        }
        ScriptInput::Call { .. } => vec![ScriptEffect::LinkClose { link: LINK }],
        other => accepting(other),
    }
}

fn world() -> World {
    let lines = Lines::default();
    let script = puppet(&lines, linking);
    let mut world = World::with(config(), lines, script);
    world.start();
    world
}

impl World {
    fn other_side_sends(&mut self, command: Command) {
        self.handle(Input::LinkMessage {
            link: LINK,
            message: Message::connection(Body::Command(command)),
        });
    }

    fn link_accepted(&mut self) {
        let info = Value::object([("code", "NetConnection.Connect.Success".into())]);
        let server = Value::object([("fmsVer", "FMS/3,5".into())]);
        self.other_side_sends(Command::new("_result", 1.0, vec![info]).with_object(server));
    }
}

#[test]
fn a_connection_looks_like_a_servers_and_calls_wait_for_it() {
    let mut world = world();
    let Some(Body::Command(connect)) = world.last.take().map(|message| message.body) else {
        panic!("no connect");
    };
    let info = ConnectInfo::from_command(&connect).expect("a connect");
    assert_eq!(info.flash_ver.as_deref(), Some("FlashCom/1.5.2"));
    assert_eq!(
        info.swf_url.as_deref(),
        Some("rtmp://_defaultVHost_:1935/app/room")
    );
    assert_eq!(info.app.as_deref(), Some("lobby/main"));
    assert_eq!(info.user_args, [Value::from("room")]);
    world.expect(&[
        "> start",
        "link 5 to rtmp://localhost/lobby/main",
        "link 5 < connect 1 room",
    ]);
    world.link_accepted();
    world.expect(&[
        "> link 5 NetConnection.Connect.Success true",
        "link 5 < users 2 ",
    ]);
    world.other_side_sends(Command::new("_result", 2.0, vec![3.into()]));
    world.expect(&["> answer 1: result 3.0"]);
}

#[test]
fn calls_of_the_other_side_are_answered() {
    let mut world = world();
    world.link_accepted();
    world.lines.borrow_mut().clear();
    world.other_side_sends(Command::new("where", 2.0, vec![]));
    world.other_side_sends(Command::new("note", 0.0, vec![]));
    world.expect(&[
        "> link 5 calls where 2",
        "link 5 < _result 2 here",
        "> link 5 calls note 0",
    ]);
}

#[test]
fn the_other_side_calls_what_is_allowed_where_not_everything_is() {
    let lines = Lines::default();
    let script = puppet(&lines, linking);
    let limits = ScriptedConfig {
        link_methods: Some(vec!["count".into()]),
        ..config()
    };
    let mut world = World::with(limits, lines, script);
    world.start();
    world.link_accepted();
    world.lines.borrow_mut().clear();
    world.other_side_sends(Command::new("other", 6.0, vec![]));
    world.expect(&["link 5 < _error 6 error Call.Failed: Method not found (other)."]);
    world.other_side_sends(Command::new("other", 0.0, vec![]));
    world.expect(&[]);
    world.other_side_sends(Command::new("counted", 7.0, vec![]));
    let told = world.lines.borrow().back().cloned();
    assert_eq!(told.as_deref(), Some("link 5 < _result 7 here"));
}

#[test]
fn every_end_has_its_status() {
    let closed = |world: &mut World| {
        world.handle(Input::LinkClosed {
            link: LINK,
            why: "gone".into(),
        });
    };
    let mut unreachable = world();
    unreachable.lines.borrow_mut().clear();
    closed(&mut unreachable);
    closed(&mut unreachable);
    unreachable.expect(&["> link 5 NetConnection.Connect.Failed false"]);

    let mut refused = world();
    refused.lines.borrow_mut().clear();
    let info = Value::object([("code", "NetConnection.Connect.Rejected".into())]);
    refused.other_side_sends(Command::new("_error", 1.0, vec![info]));
    // Whatever the other side does now, its connection is closed.
    refused.expect(&[
        "> link 5 NetConnection.Connect.Rejected false",
        "> link 5 NetConnection.Connect.Closed false",
        "link 5 closed",
    ]);
    closed(&mut refused);
    refused.expect(&[]);

    let mut unloaded = world();
    unloaded.link_accepted();
    unloaded.lines.borrow_mut().clear();
    let info = Value::object([("code", "NetConnection.Connect.AppShutdown".into())]);
    unloaded.other_side_sends(Command::new("onStatus", 0.0, vec![info]));
    closed(&mut unloaded);
    unloaded.expect(&[
        "> link 5 NetConnection.Connect.AppShutdown true",
        "> link 5 NetConnection.Connect.Closed false",
    ]);
}

#[test]
fn what_the_script_has_closed_is_silent() {
    let mut world = world();
    world.link_accepted();
    let client = world.client(1);
    world.call(client, "hangUp", 0.0, &[]);
    world.expect(&["> 1 calls hangUp 0 with 0", "link 5 closed"]);
    world.other_side_sends(Command::new("late", 0.0, vec![]));
    world.handle(Input::LinkClosed {
        link: LINK,
        why: "gone".into(),
    });
    world.expect(&[]);
}

#[test]
fn connections_close_when_the_instance_has_stopped() {
    let mut world = world();
    world.link_accepted();
    world.lines.borrow_mut().clear();
    world.handle(Input::Stop { silent: false });
    world.expect(&[
        "> stop Shutdown false",
        "link 5 closed",
        "stopped, failed false",
    ]);
}

#[test]
fn too_many_connections_and_bad_addresses_fail_in_a_later_turn() {
    let lines = Lines::default();
    let script = puppet(&lines, |input| match input {
        ScriptInput::Start => {
            let nowhere = ScriptEffect::Link {
                link: LinkId(6),
                url: "nowhere".into(),
                args: vec![],
                encoding: 0,
            };
            vec![nowhere, open(LINK), open(LinkId(7))]
        }
        _ => vec![],
    });
    let limits = ScriptedConfig {
        links: 1,
        ..config()
    };
    let mut world = World::with(limits, lines, script);
    world.start();
    world.lines.borrow_mut().clear();
    world.wait_until(1000);
    world.expect(&[
        "> link 6 NetConnection.Connect.Failed false",
        "> link 7 NetConnection.Connect.Failed false",
    ]);
}

#[test]
fn calls_beyond_what_a_connection_holds_fail_in_a_later_turn() {
    let lines = Lines::default();
    let script = puppet(&lines, |input| match input {
        ScriptInput::Start => vec![
            open(LINK),
            send("first", Some(1)),
            send("second", Some(2)),
            send("third", None),
        ],
        _ => vec![],
    });
    let limits = ScriptedConfig {
        link_messages: 1,
        ..config()
    };
    let mut world = World::with(limits, lines, script);
    world.start();
    world.lines.borrow_mut().clear();
    world.wait_until(1000);
    world.expect(&["> answer 2: error Some(\"NetConnection.Call.Failed\")"]);
    world.link_accepted();
    world.expect(&[
        "> link 5 NetConnection.Connect.Success true",
        "link 5 < first 2 ",
    ]);
}

#[test]
fn what_the_other_side_says_of_the_connection_changes_nothing() {
    let mut world = world();
    world.lines.borrow_mut().clear();
    let status = |code: &str| {
        let info = Value::object([("code", code.into())]);
        Command::new("onStatus", 0.0, vec![info])
    };
    // Before it has answered, it is not known yet whether there is a connection.
    world.other_side_sends(status("Early"));
    world.expect(&[]);
    world.link_accepted();
    world.expect(&[
        "> link 5 NetConnection.Connect.Success true",
        "> link 5 Early true",
        "link 5 < users 2 ",
    ]);
    // The end is told when it comes, and once.
    world.other_side_sends(status("NetConnection.Connect.Closed"));
    world.other_side_sends(status("Late"));
    world.expect(&["> link 5 Late true"]);
    let end = || Input::LinkClosed {
        link: LINK,
        why: "gone".into(),
    };
    world.handle(end());
    world.handle(end());
    world.expect(&["> link 5 NetConnection.Connect.Closed false"]);
}

#[test]
fn refusals_that_wait_are_bounded_and_gone_with_their_connection() {
    let lines = Lines::default();
    let script = puppet(&lines, |input| match input {
        ScriptInput::Start => {
            let nowhere = |id: u64| ScriptEffect::Link {
                link: LinkId(id),
                url: "nowhere".into(),
                args: vec![],
                encoding: 0,
            };
            let close = |id: u64| ScriptEffect::LinkClose { link: LinkId(id) };
            let closed = (10..20).flat_map(|id| [nowhere(id), close(id)]);
            closed.chain((20..30).map(nowhere)).collect()
        }
        _ => vec![],
    });
    let limits = ScriptedConfig {
        waiting_refusals: 2,
        ..config()
    };
    let mut world = World::with(limits, lines, script);
    world.start();
    world.lines.borrow_mut().clear();
    world.wait_until(1000);
    world.expect(&[
        "> link 20 NetConnection.Connect.Failed false",
        "> link 21 NetConnection.Connect.Failed false",
    ]);
}
