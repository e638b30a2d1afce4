//! Connections that the script makes to other instances.

use amf::Value;
use engine::scripting::{CallId, CallOutcome, LinkId, ScriptEffect, ScriptInput, StopReason};
use script::ScriptConfig;

use crate::driver::{Driver, accept, call_failed, evaluator, problems, returned, traces};

const SHOW: &str = "function show(who, nc) {
    return function (info) {
        trace(who + ' ' + info.code + ' ' + info.level + ' ' + (this === nc || this === application) + ' ' + nc.isConnected);
    };
}
var nc = new NetConnection();
nc.onStatus = show('nc', nc);
";

const ADDRESS: &str = "rtmp://b.example/lobby/main";

fn link(id: u64, args: &[Value]) -> ScriptEffect {
    ScriptEffect::Link {
        link: LinkId(id),
        url: ADDRESS.into(),
        args: args.to_vec(),
        encoding: 0,
    }
}

fn send(id: u64, method: &str, args: &[Value], call: Option<u64>) -> ScriptEffect {
    ScriptEffect::LinkSend {
        link: LinkId(id),
        method: method.into(),
        args: args.to_vec(),
        call: call.map(CallId),
    }
}

fn status(link: u64, code: &str, connected: bool) -> ScriptInput {
    let level = if connected { "status" } else { "error" };
    ScriptInput::LinkStatus {
        link: LinkId(link),
        info: Value::object([
            ("level", Value::from(level)),
            (
                "code",
                format!("NetConnection.Connect.{code}").as_str().into(),
            ),
        ]),
        connected,
    }
}

fn link_call(link: u64, method: &str, args: &[Value]) -> ScriptInput {
    ScriptInput::LinkCall {
        link: LinkId(link),
        method: method.into(),
        args: args.to_vec(),
        transaction: 7.0,
    }
}

fn answer(link: u64, outcome: CallOutcome) -> ScriptEffect {
    ScriptEffect::LinkReturn {
        link: LinkId(link),
        transaction: 7.0,
        outcome,
    }
}

/// A script that has asked for link 1.
fn connecting(main: &str) -> Driver {
    let mut driver = evaluator(&format!("{SHOW}{main}"));
    let effects = driver.call(
        1,
        "evaluate",
        &[format!("nc.connect('{ADDRESS}', 5, 'x')").as_str().into()],
    );
    assert_eq!(
        effects,
        [link(1, &[5.into(), "x".into()]), returned(1, true)]
    );
    driver
}

fn connected(main: &str) -> Driver {
    let mut driver = connecting(main);
    driver.input(status(1, "Success", true));
    driver
}

#[test]
fn only_a_whole_rtmp_address_is_connected_to() {
    let mut driver = evaluator(SHOW);
    for address in [
        "",
        "lobby",
        "rtmp:/lobby",
        "rtmp://host",
        "rtmp://host/",
        "rtmpt://host/app",
        "rtmpe://host/app",
        "rtmp://:1935/app",
        "rtmp://host:x/app",
        "null",
    ] {
        let effects = driver.call(
            1,
            "evaluate",
            &[format!("nc.connect('{address}')").as_str().into()],
        );
        assert_eq!(effects, [returned(1, false)], "{address}");
    }
    assert_eq!(driver.eval("nc.isConnected"), false.into());
    assert_eq!(driver.eval("nc.uri"), Value::Undefined);
}

#[test]
fn a_connection_is_there_when_its_status_says_so() {
    let mut driver = connecting("");
    assert_eq!(driver.eval("nc.isConnected"), false.into());
    assert_eq!(
        driver.eval("nc.uri = nc.isConnected = 5; nc.uri"),
        ADDRESS.into()
    );
    let effects = driver.input(status(1, "Success", true));
    assert_eq!(
        traces(&effects),
        ["nc NetConnection.Connect.Success status true true"]
    );
    assert_eq!(driver.eval("nc.isConnected"), true.into());
    let effects = driver.input(status(1, "Closed", false));
    assert_eq!(
        traces(&effects),
        ["nc NetConnection.Connect.Closed error true false"]
    );
    assert_eq!(
        driver.input(status(1, "Closed", false)),
        [],
        "that was its last word"
    );
}

#[test]
fn a_rejection_is_followed_by_closed() {
    let mut driver = connecting("");
    let effects = driver.input(status(1, "Rejected", false));
    assert_eq!(
        traces(&effects),
        ["nc NetConnection.Connect.Rejected error true false"]
    );
    let effects = driver.input(status(1, "Closed", false));
    assert_eq!(
        traces(&effects),
        ["nc NetConnection.Connect.Closed error true false"]
    );
}

#[test]
fn a_status_nobody_handles_goes_to_the_prototype_then_to_the_application() {
    let mut driver =
        connecting("delete nc.onStatus; application.onStatus = show('application', nc);");
    let effects = driver.input(status(1, "Success", true));
    assert_eq!(
        traces(&effects),
        ["application NetConnection.Connect.Success status true true"]
    );
    driver.eval("NetConnection.prototype.onStatus = show('prototype', nc); 0");
    let effects = driver.input(status(1, "Closed", false));
    assert_eq!(
        traces(&effects),
        ["prototype NetConnection.Connect.Closed error true false"]
    );
}

#[test]
fn calls_wait_until_the_connection_is_there() {
    let mut driver = connecting("");
    let script = "nc.call('a', null, 1) + ' ' + nc.call('b', { onResult: function (v) { trace('b ' + v); } }, 2)";
    assert_eq!(driver.eval(script), "true true".into());
    let effects = driver.input(status(1, "Success", true));
    assert_eq!(
        effects[..2],
        [
            send(1, "a", &[1.into()], None),
            send(1, "b", &[2.into()], Some(1))
        ]
    );
    let effects = driver.call(1, "evaluate", &["nc.call('c')".into()]);
    assert_eq!(effects, [send(1, "c", &[], None), returned(1, true)]);
    let effects = driver.input(ScriptInput::Answer {
        call: CallId(1),
        outcome: CallOutcome::Result("yes".into()),
    });
    assert_eq!(traces(&effects), ["b yes"]);
}

#[test]
fn without_a_connection_nothing_is_called() {
    let mut driver = evaluator(SHOW);
    assert_eq!(driver.eval("nc.call('a')"), false.into());
    let mut driver = connecting("");
    driver.eval("nc.call('lost', { onResult: function () { trace('never'); } })");
    driver.input(status(1, "Failed", false));
    assert_eq!(driver.eval("nc.call('a')"), false.into());
    let effects = driver.input(ScriptInput::Answer {
        call: CallId(1),
        outcome: CallOutcome::Result(Value::Null),
    });
    assert_eq!(effects, []);
}

#[test]
fn the_other_side_calls_functions_on_the_object() {
    let mut driver = connected(
        "nc.add = function (a, b) { return a + b + (this === nc ? 1 : 0); };
        NetConnection.prototype.inherited = function () { return 'i'; };
        nc.deep = { m: function () { return 'm'; } };
        nc.bad = function () { nowhere(); };",
    );
    let result = |value: Value| [answer(1, CallOutcome::Result(value))];
    assert_eq!(
        driver.input(link_call(1, "add", &[1.into(), 2.into()])),
        result(4.into())
    );
    assert_eq!(
        driver.input(link_call(1, "inherited", &[])),
        result("i".into())
    );
    assert_eq!(
        driver.input(link_call(1, "deep/m", &[])),
        result("m".into())
    );
    for name in [
        "onBWDone",
        "call",
        "close",
        "connect",
        "isConnected",
        "onStatus",
        "uri",
        "constructor",
    ] {
        let refused = call_failed(&format!("Method not found ({name})."));
        assert_eq!(
            driver.input(link_call(1, name, &[])),
            [answer(1, CallOutcome::Error(refused))],
            "{name}"
        );
    }
    let effects = driver.input(link_call(1, "bad", &[]));
    assert_eq!(
        problems(&effects),
        ["ReferenceError: nowhere is not defined"]
    );
    let failed = call_failed("Failed to execute method (bad).");
    assert_eq!(effects.last(), Some(&answer(1, CallOutcome::Error(failed))));
    assert_eq!(driver.input(link_call(9, "add", &[])), [], "no such link");
}

#[test]
fn closing_is_seen_at_once_and_told_after_the_handler() {
    let mut driver = connected("");
    let effects = driver.call(
        1,
        "evaluate",
        &["nc.close(); nc.close(); nc.isConnected".into()],
    );
    assert_eq!(
        effects,
        [
            ScriptEffect::LinkClose { link: LinkId(1) },
            returned(1, false)
        ]
    );
    assert_eq!(
        traces(&driver.pass(0)),
        ["nc NetConnection.Connect.Closed status true false"]
    );
    assert_eq!(driver.pass(1_000), []);
    assert_eq!(
        driver.input(status(1, "Closed", false)),
        [],
        "it has been told"
    );
}

#[test]
fn connecting_again_closes_first() {
    let mut driver = connected("");
    let effects = driver.call(
        1,
        "evaluate",
        &[format!("nc.connect('{ADDRESS}')").as_str().into()],
    );
    assert_eq!(
        effects,
        [
            ScriptEffect::LinkClose { link: LinkId(1) },
            link(2, &[]),
            returned(1, true)
        ]
    );
    assert_eq!(
        traces(&driver.pass(0)),
        ["nc NetConnection.Connect.Closed status true false"]
    );
    let effects = driver.input(status(2, "Success", true));
    assert_eq!(
        traces(&effects),
        ["nc NetConnection.Connect.Success status true true"]
    );
}

#[test]
fn a_script_that_goes_without_stopping_its_links_closes_them() {
    let mut driver = connected("");
    let effects = driver.stop(StopReason::Shutdown, true);
    assert_eq!(
        effects,
        [
            ScriptEffect::LinkClose { link: LinkId(1) },
            ScriptEffect::Stop { allowed: true }
        ]
    );
}

#[test]
fn connections_are_counted() {
    let config = ScriptConfig {
        connections: 2,
        ..ScriptConfig::default()
    };
    let main = format!(
        "var all = [];
        Client.prototype.open = function () {{ var nc = new NetConnection(); all.push(nc); return nc.connect('{ADDRESS}'); }};
        Client.prototype.shut = function () {{ all[0].close(); }};"
    );
    let (mut driver, _) = Driver::limited(&main, config);
    assert_eq!(driver.connect(1, &[]), [accept(1)]);
    for id in 1..=2 {
        assert_eq!(
            driver.call(1, "open", &[]),
            [link(id, &[]), returned(1, true)]
        );
    }
    let effects = driver.call(1, "open", &[]);
    assert_eq!(
        problems(&effects),
        ["more than 2 connections at once (limit connections)"]
    );
    assert_eq!(effects.last(), Some(&returned(1, false)));
    driver.call(1, "shut", &[]);
    assert_eq!(
        driver.call(1, "open", &[]),
        [link(3, &[]), returned(1, true)]
    );
    driver.input(status(2, "Failed", false));
    assert_eq!(
        driver.call(1, "open", &[]),
        [link(4, &[]), returned(1, true)]
    );
}

#[test]
fn the_encoding_is_the_one_of_the_object() {
    let mut driver = evaluator(SHOW);
    let script = format!("nc.objectEncoding = 3; nc.connect('{ADDRESS}')");
    let effects = driver.call(1, "evaluate", &[script.as_str().into()]);
    assert!(matches!(
        effects.first(),
        Some(ScriptEffect::Link { encoding: 3, .. })
    ));
}

#[test]
fn a_connection_that_cannot_be_closed_now_is_closed_later() {
    let config = ScriptConfig {
        queued_effects: 3,
        ..ScriptConfig::default()
    };
    let (mut driver, _) = Driver::limited(
        "var nc = new NetConnection();
        nc.connect('rtmp://h/a');
        Client.prototype.close = function (busy) {
            try { for (;busy;) trace('busy'); } catch (e) { }
            nc.close();
        };",
        config,
    );
    driver.connect(1, &[]);
    let effects = driver.call(1, "close", &[true.into()]);
    let is_close = |effect: &ScriptEffect| matches!(effect, ScriptEffect::LinkClose { .. });
    assert!(!effects.iter().any(is_close));
    let effects = driver.call(1, "close", &[]);
    assert!(effects.iter().any(is_close), "{effects:?}");
}
