//! What real scripts silently depend on, one test each.

use amf::Value;
use engine::ClientId;
use engine::scripting::{LinkId, ScriptEffect, ScriptInput};
use script::{ApplicationInfo, MemoryFiles, ScriptConfig};

use crate::driver::{Driver, accept, call, evaluator, failed, problems, reject, returned, traces};

#[test]
fn undeclared_variables_are_global_and_leak_between_functions() {
    let mut driver = evaluator(
        "function inner() { for (i = 0; i < 3; i++) ; }
        function outer() { var n = 0; for (i = 0; i < 10; i++) { n++; inner(); if (n > 5) break; } return n + ' ' + i; }
        application.onConnect = function (c) { newest = c; return true; };",
    );
    assert_eq!(driver.eval("inner(); i"), 3.into());
    assert_eq!(driver.eval("outer()"), "6 3".into());
    driver.connect(2, &[]);
    assert_eq!(driver.eval("newest == application.clients[1]"), true.into());
}

#[test]
fn the_client_in_on_connect_is_not_counted_and_entries_can_be_called() {
    let mut driver = Driver::new(
        "var max = 1;
        application.onConnect = function (c) {
            if (application.clients.length >= max) { application.rejectConnection(c); return; }
            application.acceptConnection(c);
            for (var n = 0; n < application.clients.length; n++) application.clients[n].call('joined', null, n);
        };",
    );
    assert_eq!(
        driver.connect(1, &[]),
        [accept(1), call(1, "joined", &[0.into()])]
    );
    assert_eq!(driver.connect(2, &[]), [reject(2)]);
}

#[test]
fn accept_and_true_reject_and_return_and_nothing_at_all() {
    let mut driver = Driver::new(
        "var late;
        application.onConnect = function (c, way) {
            if (way == 'accept') { this.acceptConnection(c); return true; }
            if (way == 'reject') { this.rejectConnection(c); return; }
            if (way == 'both') { this.rejectConnection(c); return false; }
            late = c;
        };
        Client.prototype.decide = function () { application.acceptConnection(late); };",
    );
    assert_eq!(driver.connect(1, &["accept".into()]), [accept(1)]);
    assert_eq!(driver.connect(2, &["reject".into()]), [reject(2)]);
    assert_eq!(driver.connect(3, &["both".into()]), [reject(3)]);
    assert_eq!(driver.connect(4, &[]), []);
    assert_eq!(
        driver.call(1, "decide", &[]),
        [accept(4), returned(1, Value::Undefined)]
    );
}

#[test]
fn a_call_with_one_argument_and_a_call_with_a_huge_one() {
    let mut driver = evaluator("var big = []; for (var k = 0; k < 2048; k++) big[k] = k / 7;");
    let effects = driver.call(1, "evaluate", &["application.clients[0].call('x')".into()]);
    assert_eq!(effects, [call(1, "x", &[]), returned(1, true)]);
    let effects = driver.call(
        1,
        "evaluate",
        &["application.clients[0].call('x', null, big)".into()],
    );
    let big = Value::array((0..2048).map(|k| Value::from(f64::from(k) / 7.0)));
    assert_eq!(effects, [call(1, "x", &[big]), returned(1, true)]);
}

#[test]
fn any_property_can_be_assigned_to_the_servers_objects() {
    let mut driver = evaluator(
        "application.onConnect = function (c) { if (!application.clients.length) first = c; return true; };
        var nc = new NetConnection();",
    );
    for object in ["application.clients[0]", "nc", "application"] {
        for name in [
            "id",
            "data",
            "uid",
            "user",
            "x",
            "constructor",
            "onSomething",
        ] {
            let script = format!("{object}.{name} = '{name}!'; {object}.{name}");
            assert_eq!(
                driver.eval(&script),
                format!("{name}!").as_str().into(),
                "{object}.{name}"
            );
        }
    }
    assert_eq!(
        driver.eval(
            "application.clients[0].name = nc.name = 'n'; nc.name + application.clients[0].name"
        ),
        "nn".into()
    );
}

#[test]
fn methods_of_one_client_may_use_the_variable_instead_of_this() {
    let mut driver = Driver::new(
        "application.onConnect = function (client, name) {
            client.user = name;
            client.say = function (text) { client.call('heard', null, client.user + ': ' + text); };
            return true;
        };",
    );
    driver.connect(1, &["ann".into()]);
    driver.connect(2, &["bob".into()]);
    assert_eq!(
        driver.call(1, "say", &["hi".into()])[0],
        call(1, "heard", &["ann: hi".into()])
    );
    assert_eq!(
        driver.call(2, "say", &["ho".into()])[0],
        call(2, "heard", &["bob: ho".into()])
    );
}

#[test]
fn a_method_of_the_prototype_reaches_clients_that_are_there_already() {
    let mut driver = Driver::new(
        "setTimeout(function () { Client.prototype.late = function () { return 'late'; }; }, 10);",
    );
    driver.connect(1, &[]);
    assert_eq!(
        driver.call(1, "late", &[]),
        [failed(1, "Method not found (late).")]
    );
    driver.pass(10);
    assert_eq!(driver.result(1, "late", &[]), "late".into());
}

#[test]
fn a_remote_path_leads_to_plain_objects_of_the_prototype() {
    let mut driver = Driver::new(
        "Client.prototype.app = {};
        Client.prototype.app.createStream = function (name) { return 'made ' + name; };",
    );
    driver.connect(1, &[]);
    assert_eq!(
        driver.result(1, "app/createStream", &["s".into()]),
        "made s".into()
    );
}

#[test]
fn clearing_an_undefined_interval_is_nothing() {
    Driver::new("var intervalId; clearInterval(intervalId); clearInterval(this.nowhere);");
}

#[test]
fn status_objects_can_be_taken_apart() {
    let mut driver = evaluator(
        "var nc = new NetConnection();
        nc.onStatus = function (info) {
            trace(info.code.split('.')[2] + ' ' + info.details + ' ' + (info.application ? info.application.message : ''));
        };
        nc.connect('rtmp://h/a');",
    );
    let info = Value::object([
        ("level", Value::from("error")),
        ("code", "NetConnection.Connect.Rejected".into()),
        (
            "application",
            Value::object([("message", Value::from("full"))]),
        ),
    ]);
    let effects = driver.input(ScriptInput::LinkStatus {
        link: LinkId(1),
        info,
        connected: false,
    });
    assert_eq!(traces(&effects), ["Rejected undefined full"]);
}

#[test]
fn on_status_sits_on_the_object_or_on_the_prototype() {
    let mut driver = Driver::new(
        "NetConnection.prototype.onStatus = function (info) { trace('prototype ' + (this == a)); };
        var a = new NetConnection(), b = new NetConnection();
        b.onStatus = function (info) { trace('own ' + (this == b)); };
        a.connect('rtmp://h/a'); b.connect('rtmp://h/b');",
    );
    let mut status = |link| {
        let info = Value::object([("code", Value::from("NetConnection.Connect.Success"))]);
        let effects = driver.input(ScriptInput::LinkStatus {
            link: LinkId(link),
            info,
            connected: true,
        });
        traces(&effects).join("")
    };
    assert_eq!(
        (status(1), status(2)),
        ("prototype true".into(), "own true".into())
    );
}

#[test]
fn a_method_that_a_connection_lacks_is_no_error_of_the_script() {
    let mut driver = Driver::new(
        "var nc = new NetConnection(); nc.connect('rtmp://h/a'); nc.known = function () {};",
    );
    let info = Value::object([("code", Value::from("NetConnection.Connect.Success"))]);
    driver.input(ScriptInput::LinkStatus {
        link: LinkId(1),
        info,
        connected: true,
    });
    for method in ["onBWDone", "known"] {
        let effects = driver.input(ScriptInput::LinkCall {
            link: LinkId(1),
            method: method.into(),
            args: vec![],
            transaction: 0.0,
        });
        assert_eq!(effects, [], "{method}");
    }
}

#[test]
fn a_connection_is_made_again_inside_its_own_status() {
    let mut driver = Driver::new(
        "var tries = 0, nc = new NetConnection();
        nc.onStatus = function (info) {
            if (info.code == 'NetConnection.Connect.Failed' && ++tries < 3) trace(this.connect('rtmp://h/a'));
        };
        nc.connect('rtmp://h/a');",
    );
    for link in 1..=3 {
        let info = Value::object([("code", Value::from("NetConnection.Connect.Failed"))]);
        let effects = driver.input(ScriptInput::LinkStatus {
            link: LinkId(link),
            info,
            connected: false,
        });
        assert_eq!(traces(&effects).len(), usize::from(link < 3));
        let again = effects
            .iter()
            .any(|e| matches!(e, ScriptEffect::Link { link: l, .. } if l.0 == link + 1));
        assert_eq!(again, link < 3);
        assert_eq!(driver.pass(10), [], "nothing was open that could close");
    }
}

#[test]
fn files_come_with_marks_and_line_ends_of_every_editor() {
    let files = MemoryFiles::new()
        .with("main.asc", b"\xEF\xBB\xBFload('cr.asc');\r\nload('sub/crlf.asc');\r\nload('cr.asc');\r\ntrace(a + b + '\xC3\xA9');".as_slice())
        .with("cr.asc", "// a comment\rvar a = 1;\r/* another\r*/")
        .with("sub/crlf.asc", "var b = 2; // \u{fc}\r\n");
    let mut driver = Driver::with(files, ScriptConfig::default(), ApplicationInfo::default());
    assert_eq!(traces(&driver.input(ScriptInput::Start)), ["3\u{e9}"]);
}

#[test]
fn an_error_in_on_app_start_does_not_unload_the_application() {
    let (mut driver, effects) = Driver::limited(
        "application.onAppStart = function () { nowhere(); };
        application.onConnect = function (c) { trace('still here'); return true; };",
        ScriptConfig::default(),
    );
    assert_eq!(
        problems(&effects),
        ["ReferenceError: nowhere is not defined"]
    );
    assert_eq!(effects.last(), Some(&ScriptEffect::Started));
    assert_eq!(traces(&driver.connect(1, &[])), ["still here"]);
}

#[test]
fn the_second_part_of_the_name_is_the_instance() {
    for (name, instance) in [("chat/_definst_", "_definst_"), ("chat/room", "room")] {
        let info = ApplicationInfo {
            name: name.into(),
            ..ApplicationInfo::default()
        };
        let files = MemoryFiles::new().with("main.asc", "trace(application.name.split('/')[1]);");
        let mut driver = Driver::with(files, ScriptConfig::default(), info);
        assert_eq!(traces(&driver.input(ScriptInput::Start)), [instance]);
    }
}

#[test]
fn the_servers_objects_can_be_traced() {
    let mut driver = evaluator("");
    let script = "trace(application.clients[0]); trace(application); trace(new NetConnection()); trace({}); trace(undefined); trace(null); trace(application.clients); trace(Client.prototype); 0";
    let effects = driver.call(1, "evaluate", &[script.into()]);
    assert_eq!(
        traces(&effects),
        [
            "[object Client]",
            "[object Application]",
            "[object NetConnection]",
            "[object Object]",
            "undefined",
            "null",
            "[object Client]",
            "[object Client]",
        ]
    );
}

#[test]
fn arrays_serve_as_maps() {
    let mut driver = evaluator(
        "var users = new Array();
        users['zoe'] = 1; users['ann'] = 2; users['bob'] = 3;
        delete users['ann']; users['ann'] = 4; delete users['nobody'];
        function list() { var s = ''; for (var k in users) s += k + users[k]; return s + users.length; }",
    );
    assert_eq!(driver.eval("list()"), "zoe1bob3ann40".into());
    let sent = Value::ecma_array([
        ("zoe", Value::from(1)),
        ("bob", 3.into()),
        ("ann", 4.into()),
    ]);
    assert_eq!(driver.eval("users"), sent);
}

#[test]
fn a_client_that_is_passed_as_a_value_is_its_properties() {
    let mut driver = evaluator(
        "application.onConnect = function (c) { c.user = 'ann'; c.f = trace; return true; };",
    );
    let effects = driver.call(1, "evaluate", &["application.clients".into()]);
    assert_eq!(
        effects,
        [returned(
            1,
            Value::array([Value::object([("user", Value::from("ann"))])])
        )]
    );
    assert_eq!(
        driver.connect(2, &[]),
        [ScriptEffect::Accept {
            client: ClientId(2)
        }]
    );
}
