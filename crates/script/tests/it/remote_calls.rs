//! Calls of clients, and calls to clients.

use amf::Value;
use engine::ClientId;
use engine::scripting::{CallId, CallOutcome, ScriptEffect, ScriptInput};

use crate::driver::{Driver, call, evaluator, failed, problems, returned, traces};

#[test]
fn a_method_of_the_prototype_is_called_with_the_client_as_this() {
    let mut driver = Driver::new(
        "Client.prototype.add = function (a, b) { this.sum = a + b; return this.sum; };",
    );
    driver.connect(1, &[]);
    assert_eq!(driver.result(1, "add", &[1.into(), 2.into()]), 3.into());
}

#[test]
fn methods_are_found_wherever_the_script_puts_them() {
    let mut driver = Driver::new(
        "Client.prototype.app = { v: 5, create: function () { return this.v; } };
        Client.prototype.app.deep = { m: function () { return 'deep'; } };
        application.onConnect = function (client) {
            client.mine = function () { return client == this; };
            return true;
        };",
    );
    driver.connect(1, &[]);
    assert_eq!(driver.result(1, "app/create", &[]), 5.into());
    assert_eq!(driver.result(1, "app/deep/m", &[]), "deep".into());
    assert_eq!(driver.result(1, "mine", &[]), true.into());
}

#[test]
fn what_is_not_there_is_refused_with_its_name() {
    let mut driver = Driver::new("Client.prototype.a = { b: 1 };");
    driver.connect(1, &[]);
    for name in ["m", "a", "a/b", "a/b/c", "a/m", "x/y", "", "/", "a/"] {
        let refused = failed(1, &format!("Method not found ({name})."));
        assert_eq!(driver.call(1, name, &[]), [refused], "{name}");
    }
}

#[test]
fn a_name_never_reaches_the_engine_or_the_server() {
    let mut driver = Driver::new(
        "Client.prototype.o = {};
        Client.prototype.f = function () {};
        Client.prototype.list = [];
        Client.prototype.run = eval;
        Client.prototype.app = application;
        Client.prototype.connection = new NetConnection();",
    );
    driver.connect(1, &[]);
    for name in [
        "constructor",
        "o/constructor",
        "o/constructor/constructor",
        "f/call",
        "f/constructor",
        "o/toString",
        "o/hasOwnProperty",
        "__defineGetter__",
        "o/__proto__/toString",
        "watch",
        "toSource",
        "list/push",
        "run",
        "app/shutdown",
        "app/acceptConnection",
        "connection/connect",
        "call",
        "ping",
        "getStats",
        "setBandwidthLimit",
        "getBandwidthLimit",
        "closeStream",
        "connect",
        "createStream",
        "deleteStream",
        "onStatus",
        "pause",
        "play",
        "publish",
        "receiveAudio",
        "receiveVideo",
        "seek",
        "f/prototype/x",
    ] {
        let refused = failed(1, &format!("Method not found ({name})."));
        assert_eq!(driver.call(1, name, &["1".into()]), [refused], "{name}");
    }
}

#[test]
fn a_method_that_throws_fails_the_call_and_nothing_else() {
    let mut driver = Driver::new("Client.prototype.m = function () {\n  null.x;\n};");
    driver.connect(1, &[]);
    let effects = driver.call(1, "m", &[]);
    assert_eq!(
        effects.last(),
        Some(&failed(1, "Failed to execute method (m)."))
    );
    assert_eq!(effects.len(), 2);
    assert_eq!(
        problems(&effects),
        ["TypeError: cannot read property 'x' of null"]
    );
}

#[test]
fn without_a_transaction_nothing_is_answered() {
    let mut driver = Driver::new(
        "Client.prototype.m = function (x) { trace(x); return x; };
        Client.prototype.bad = function () { throw 1; };",
    );
    driver.connect(1, &[]);
    let mut quiet = |method: &str| {
        driver.input(ScriptInput::Call {
            client: ClientId(1),
            method: method.into(),
            args: vec!["x".into()],
            transaction: 0.0,
            native: false,
        })
    };
    assert_eq!(quiet("m"), [ScriptEffect::Trace("x".into())]);
    assert_eq!(quiet("none"), []);
    assert_eq!(problems(&quiet("bad")), ["1"]);
}

#[test]
fn a_native_method_that_the_script_does_not_define_is_left_to_the_server() {
    let mut driver = Driver::new("Client.prototype.FCPublish = function () { return 1; };");
    driver.connect(1, &[]);
    let mut native = |method: &str| {
        driver.input(ScriptInput::Call {
            client: ClientId(1),
            method: method.into(),
            args: vec![],
            transaction: 0.0,
            native: true,
        })
    };
    let client = ClientId(1);
    assert_eq!(native("_checkbw"), [ScriptEffect::NotDefined { client }]);
    assert_eq!(native("FCPublish"), []);
}

#[test]
fn undefined_and_null_are_told_apart() {
    let mut driver = Driver::new("Client.prototype.m = function (x) { return x; };");
    driver.connect(1, &[]);
    for value in [
        Value::Undefined,
        Value::Null,
        false.into(),
        "".into(),
        0.into(),
    ] {
        assert_eq!(driver.result(1, "m", std::slice::from_ref(&value)), value);
    }
    assert_eq!(driver.result(1, "m", &[]), Value::Undefined);
}

#[test]
fn a_client_that_is_not_in_is_not_heard_and_not_called() {
    let mut driver = Driver::new(
        "Client.prototype.m = function () { return 1; };
        application.onConnect = function (c) { trace(c.call('early', null)); };",
    );
    assert_eq!(traces(&driver.connect(1, &[])), ["false"]);
    assert_eq!(driver.call(1, "m", &[]), []);
    assert_eq!(driver.call(99, "m", &[]), []);
}

#[test]
fn a_call_wants_an_answer_if_somebody_waits_for_it() {
    let mut driver = evaluator(
        "var told = {
            onResult: function (v) { trace('result ' + v + (this == told)); },
            onStatus: function (i) { trace('status ' + i.code); }
        };",
    );
    let effects = driver.call(
        1,
        "evaluate",
        &["application.clients[0].call('q', told, 4)".into()],
    );
    let wanted = |id| ScriptEffect::Call {
        client: ClientId(1),
        method: "q".into(),
        args: vec![4.into()],
        call: Some(CallId(id)),
    };
    assert_eq!(effects, [wanted(1), returned(1, true)]);
    let answer = |id, outcome| ScriptInput::Answer {
        call: CallId(id),
        outcome,
    };
    let effects = driver.input(answer(1, CallOutcome::Result(5.into())));
    assert_eq!(traces(&effects), ["result 5true"]);
    let again = driver.input(answer(1, CallOutcome::Result(5.into())));
    assert_eq!(again, [], "an answer comes once");
    driver.call(
        1,
        "evaluate",
        &["application.clients[0].call('q', told, 4)".into()],
    );
    let info = Value::object([("code", Value::from("NetConnection.Call.Failed"))]);
    let effects = driver.input(answer(2, CallOutcome::Error(info)));
    assert_eq!(traces(&effects), ["status NetConnection.Call.Failed"]);
}

#[test]
fn a_call_needs_no_more_than_a_name() {
    let mut driver = evaluator("");
    let effects = driver.call(
        1,
        "evaluate",
        &["application.clients[0].call('onBWDone')".into()],
    );
    assert_eq!(effects, [call(1, "onBWDone", &[]), returned(1, true)]);
    let effects = driver.call(
        1,
        "evaluate",
        &["application.clients[0].call('a/b', null, undefined, null)".into()],
    );
    let nothing = [Value::Undefined, Value::Null];
    assert_eq!(effects, [call(1, "a/b", &nothing), returned(1, true)]);
    assert_eq!(driver.eval("application.clients[0].call()"), false.into());
}
