//! The properties and methods of `Client` and `application`.

use amf::Value;
use engine::ClientId;
use engine::scripting::{AccessRules, CallId, CallOutcome, ClientStats, ScriptEffect, ScriptInput};
use script::{ApplicationInfo, Bandwidth, MemoryFiles, ScriptConfig};

use crate::driver::{Driver, accept, call, evaluator, failed, returned, traces};

#[test]
fn a_client_tells_where_it_comes_from() {
    let mut driver = evaluator("application.onConnect = function (c) { last = c; return true; };");
    for (name, value) in [
        ("agent", Value::from("WIN 6,0,65,0")),
        ("ip", "192.0.2.7".into()),
        ("protocol", "rtmp".into()),
        ("referrer", "http://example.com/chat.swf".into()),
        ("pageUrl", "http://example.com/chat.html".into()),
        ("uri", "rtmp://example.com/chat".into()),
        ("secure", false.into()),
        ("id", ClientId(1).to_string().as_str().into()),
    ] {
        assert_eq!(driver.eval(&format!("last.{name}")), value, "{name}");
    }
    for name in [
        "agent", "ip", "protocol", "referrer", "pageUrl", "uri", "secure",
    ] {
        assert_eq!(
            driver.eval(&format!(
                "var v = last.{name}; last.{name} = 'x'; last.{name} === v"
            )),
            true.into()
        );
    }
    assert_eq!(driver.eval("last.id = 'u1'; last.id"), "u1".into());
    let names = "var n = []; last.mine = 1; for (var i in last) n.push(i); n.join()";
    assert_eq!(driver.eval(names), "mine,evaluate".into());
}

#[test]
fn what_a_client_may_do_is_told_to_the_instance() {
    let mut driver = Driver::new(
        "application.onConnect = function (c) {
            trace(c.readAccess + '|' + c.writeAccess + '|' + c.audioSampleAccess + '|' + c.videoSampleAccess);
            c.readAccess = 'a;b';
            c.writeAccess = '';
            c.writeAccess = '';
            return c.readAccess == 'a;b';
        };
        application.onDisconnect = function (c) { c.readAccess = 'late'; };
        Client.prototype.more = function () { this.audioSampleAccess = this.videoSampleAccess = '/'; };",
    );
    let access = |read: &str, write: &str, audio: &str, video: &str| ScriptEffect::Access {
        client: ClientId(1),
        rules: Box::new(AccessRules {
            read: read.into(),
            write: write.into(),
            audio_samples: audio.into(),
            video_samples: video.into(),
        }),
    };
    assert_eq!(
        driver.connect(1, &[]),
        [
            ScriptEffect::Trace("/|/||".into()),
            access("a;b", "/", "", ""),
            access("a;b", "", "", ""),
            accept(1),
        ]
    );
    assert_eq!(
        driver.call(1, "more", &[])[..2],
        [access("a;b", "", "", "/"), access("a;b", "", "/", "/")]
    );
    assert_eq!(driver.disconnect(1), []);
}

#[test]
fn without_limits_a_script_sees_infinity_and_sets_what_it_likes() {
    let unlimited = Bandwidth {
        down: None,
        up: None,
    };
    let info = ApplicationInfo {
        bandwidth: unlimited,
        bandwidth_cap: unlimited,
        ..ApplicationInfo::default()
    };
    let files = MemoryFiles::new().with(
        "main.asc",
        "Client.prototype.limit = function () {
            var before = this.getBandwidthLimit(0);
            this.setBandwidthLimit(1e12, Infinity);
            return [before, this.getBandwidthLimit(0), this.getBandwidthLimit(1)].join();
        };",
    );
    let mut driver = Driver::with(files, ScriptConfig::default(), info);
    driver.input(ScriptInput::Start);
    driver.connect(1, &[]);
    let effects = driver.call(1, "limit", &[]);
    let limits = effects.iter().find_map(|effect| match effect {
        ScriptEffect::LimitBandwidth { down, up, .. } => Some((*down, *up)),
        _ => None,
    });
    assert_eq!(limits, Some((Some(1_000_000_000_000), Some(u64::MAX))));
    let Some(ScriptEffect::Return {
        outcome: CallOutcome::Result(told),
        ..
    }) = effects.last()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(told.as_str(), Some("Infinity,Infinity,1000000000000"));
}

#[test]
fn bandwidth_is_limited_within_the_cap() {
    let info = ApplicationInfo {
        bandwidth: Bandwidth {
            down: Some(2_000),
            up: Some(1_000),
        },
        bandwidth_cap: Bandwidth {
            down: Some(50_000),
            up: Some(10_000),
        },
        ..ApplicationInfo::default()
    };
    let files = MemoryFiles::new().with(
        "main.asc",
        "Client.prototype.limit = function (down, up) {
            this.setBandwidthLimit(down, up);
            return [this.getBandwidthLimit(0), this.getBandwidthLimit(1)].join();
        };",
    );
    let mut driver = Driver::with(files, ScriptConfig::default(), info);
    driver.input(ScriptInput::Start);
    driver.connect(1, &[]);
    let mut limit = |down: f64, up: f64| {
        let effects = driver.call(1, "limit", &[down.into(), up.into()]);
        let given = effects.iter().find_map(|effect| match effect {
            ScriptEffect::LimitBandwidth { down, up, .. } => Some((*down, *up)),
            _ => None,
        });
        let Some(ScriptEffect::Return {
            outcome: CallOutcome::Result(told),
            ..
        }) = effects.last()
        else {
            panic!("{effects:?}");
        };
        (
            given,
            told.as_str().map(ToOwned::to_owned).unwrap_or_default(),
        )
    };
    assert_eq!(limit(0.0, 0.0), (None, "1000,2000".into()));
    assert_eq!(
        limit(35_000.0 / 8.0, 22_000.0 / 8.0),
        (Some((Some(4_375), Some(2_750))), "2750,4375".into())
    );
    assert_eq!(
        limit(0.0, 5_000.5),
        (Some((None, Some(5_000))), "5000,4375".into())
    );
    assert_eq!(
        limit(1e12, 1e12),
        (Some((Some(50_000), Some(10_000))), "10000,50000".into())
    );
    assert_eq!(limit(f64::NAN, -1.0), (None, "10000,50000".into()));
}

#[test]
fn a_ping_is_sent_and_the_last_answer_told() {
    let mut driver = evaluator("");
    let ping = ScriptEffect::Ping {
        client: ClientId(1),
    };
    let stats = ClientStats {
        responsive: true,
        ..ClientStats::default()
    };
    driver.world.clients.borrow_mut().insert(1, stats);
    let effects = driver.call(1, "evaluate", &["application.clients[0].ping()".into()]);
    assert_eq!(effects, [ping.clone(), returned(1, true)]);
    driver
        .world
        .clients
        .borrow_mut()
        .insert(1, ClientStats::default());
    let effects = driver.call(1, "evaluate", &["application.clients[0].ping()".into()]);
    assert_eq!(effects, [ping, returned(1, false)]);
}

#[test]
fn the_bandwidth_check_is_the_servers_unless_the_script_has_its_own() {
    let mut driver = Driver::new(
        "Client.prototype.run = function () { this.checkBandwidth(); };
        Client.prototype.own = function () { Client.prototype.checkBandwidth = function () { return 'own'; }; };",
    );
    driver.connect(1, &[]);
    let client = ClientId(1);
    assert_eq!(
        driver.call(1, "run", &[]),
        [
            ScriptEffect::CheckBandwidth { client },
            returned(1, Value::Undefined)
        ]
    );
    assert_eq!(
        driver.native_call(1, "checkBandwidth"),
        [ScriptEffect::NotDefined { client }]
    );
    driver.call(1, "own", &[]);
    assert_eq!(
        driver.native_call(1, "checkBandwidth"),
        [returned(1, "own")]
    );
}

#[test]
fn broadcast_calls_everybody_who_is_in() {
    let mut driver =
        evaluator("application.onConnect = function (c, wait) { if (!wait) return true; };");
    driver.connect(2, &[]);
    driver.connect(3, &[true.into()]);
    let effects = driver.call(
        1,
        "evaluate",
        &["application.broadcastMsg('news', 5, null)".into()],
    );
    let news = [5.into(), Value::Null];
    assert_eq!(
        effects,
        [
            call(1, "news", &news),
            call(2, "news", &news),
            returned(1, Value::Undefined)
        ]
    );
}

#[test]
fn an_unknown_name_is_resolved_by_the_script() {
    let mut driver = evaluator(
        "Client.prototype.known = 1;
        Client.prototype.__resolve = function (name) {
            if (name == 'nothing') return undefined;
            return function (x) { return name + ' ' + x + ' ' + (this.known == 1); };
        };",
    );
    assert_eq!(
        driver.result(1, "anything", &["x".into()]),
        "anything x true".into()
    );
    assert_eq!(
        driver.call(1, "nothing", &[]),
        [failed(1, "Method not found (nothing).")]
    );
    assert_eq!(
        driver.eval("application.clients[0].whatever('y')"),
        "whatever y true".into()
    );
    assert_eq!(driver.eval("application.clients[0].known"), 1.into());
    assert_eq!(
        driver.eval("'absent' in application.clients[0]"),
        false.into()
    );
    assert_eq!(
        driver.eval("application.clients[0] instanceof Object"),
        true.into()
    );
    assert_eq!(
        driver.eval("String(application.clients[0])"),
        "[object Client]".into()
    );
    driver.eval("application.clients[0].set = 5");
    assert_eq!(driver.eval("application.clients[0].set"), 5.into());
}

#[test]
fn any_object_resolves_what_it_does_not_have() {
    let mut driver = evaluator(
        "function Service() { this.own = 1; }
        Service.prototype.__resolve = function (name) { return 'r:' + name; };
        var s = new Service();",
    );
    assert_eq!(driver.eval("s.foo + s.own + s.bar"), "r:foo1r:bar".into());
    assert_eq!(
        driver.eval(
            "var o = new Object(); o.__resolve = function (n) { return n; }; o.x + o.toString()"
        ),
        "x[object Object]".into()
    );
    assert_eq!(driver.eval("({}).foo"), Value::Undefined);
}

#[test]
fn a_method_before_a_proxy_before_resolve() {
    let mut driver = evaluator(
        "Client.prototype.first = function () { return 'method'; };
        application.onConnect = function (c) { if (application.clients.length == 1) there = c; return true; };
        Client.prototype.__resolve = function (name) { return function () { return 'resolved ' + name; }; };",
    );
    driver.connect(2, &[]);
    driver.eval("application.registerProxy('first', there); application.registerProxy('second', there, 'other'); 0");
    assert_eq!(driver.result(1, "first", &[]), "method".into());
    let forwarded = ScriptEffect::Call {
        client: ClientId(2),
        method: "other".into(),
        args: vec![5.into()],
        call: Some(CallId(1)),
    };
    assert_eq!(driver.call(1, "second", &[5.into()]), [forwarded]);
    let answer = |outcome| ScriptInput::Answer {
        call: CallId(1),
        outcome,
    };
    let effects = driver.input(answer(CallOutcome::Result("from there".into())));
    assert_eq!(effects, [returned(1, "from there")]);
    driver.eval("application.registerProxy('second', null); 0");
    assert_eq!(driver.result(1, "second", &[]), "resolved second".into());
}

#[test]
fn a_proxy_hands_errors_back_and_a_dead_one_fails() {
    let mut driver = evaluator("application.onConnect = function (c) { there = c; return true; };");
    driver.connect(2, &[]);
    driver.eval("application.registerProxy('m', there); 0");
    driver.call(1, "m", &[]);
    let info = Value::object([("code", Value::from("X"))]);
    let effects = driver.input(ScriptInput::Answer {
        call: CallId(1),
        outcome: CallOutcome::Error(info.clone()),
    });
    assert_eq!(
        effects,
        [ScriptEffect::Return {
            client: ClientId(1),
            transaction: 7.0,
            outcome: CallOutcome::Error(info)
        }]
    );
    driver.disconnect(2);
    assert_eq!(
        driver.call(1, "m", &[]),
        [failed(1, "Failed to execute method (m).")]
    );
}

#[test]
fn the_application_knows_its_names() {
    let info = ApplicationInfo {
        name: "chat/room1".into(),
        hostname: "media.example".into(),
        server: "Flash Communication Server-Linux/1.5.2".into(),
        config: Value::object([("user_name", Value::from("jdoe"))]),
        ..ApplicationInfo::default()
    };
    let files = MemoryFiles::new().with(
        "main.asc",
        "application.name = application.hostname = application.server = 'x';
        application.streams = application.config = 'x';
        application.allowDebug = true;
        application.mine = 1;
        var n = []; for (var i in application) n.push(i);
        trace([application.name.split('/')[1], application.hostname, application.server,
            application.config.user_name, typeof application.streams, application.allowDebug, n.join('+'),
            application, application instanceof Application].join());",
    );
    let effects = Driver::with(files, ScriptConfig::default(), info).input(ScriptInput::Start);
    assert_eq!(
        traces(&effects),
        [
            "room1,media.example,Flash Communication Server-Linux/1.5.2,jdoe,object,true,mine,[object Application],true"
        ]
    );
    assert_eq!(
        evaluator("").eval("application.config.nothing"),
        Value::Undefined
    );
}

#[test]
fn the_servers_objects_are_not_made_by_scripts() {
    let mut driver = evaluator("");
    for class in ["Client", "Application"] {
        let script = format!("try {{ new {class}() }} catch (e) {{ e.message }}");
        assert_eq!(
            driver.eval(&script),
            format!("{class} objects are made by the server")
                .as_str()
                .into()
        );
    }
    assert_eq!(driver.eval("application.gc()"), Value::Undefined);
}

#[test]
fn later_classes_are_not_there_yet() {
    let mut driver = evaluator("");
    for name in ["File", "NetStream"] {
        assert_eq!(
            driver.eval(&format!("typeof {name}")),
            "undefined".into(),
            "{name}"
        );
    }
}
