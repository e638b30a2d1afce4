//! Who comes in, who does not, and who has to wait.

use amf::Value;
use engine::ClientId;
use engine::scripting::ScriptEffect;

use crate::driver::{Driver, accept, call, evaluator, problems, reject, traces};

#[test]
fn without_a_handler_everybody_comes_in() {
    assert_eq!(Driver::new("").connect(1, &[]), [accept(1)]);
    let mut driver = Driver::new("application.onConnect = null;");
    assert_eq!(driver.connect(1, &[]), [accept(1)]);
}

#[test]
fn true_lets_in_and_false_does_not() {
    let mut driver = Driver::new("application.onConnect = function (c, ok) { return ok; };");
    assert_eq!(driver.connect(1, &[true.into()]), [accept(1)]);
    assert_eq!(driver.connect(2, &[false.into()]), [reject(2)]);
}

#[test]
fn anything_else_leaves_the_client_waiting() {
    let mut driver =
        Driver::new("application.onConnect = function (c, answer) { return answer; };");
    let answers = [
        Value::Undefined,
        Value::Null,
        1.into(),
        0.into(),
        "yes".into(),
        Value::object([("a", Value::Null)]),
    ];
    for (client, answer) in (1..).zip(answers) {
        assert_eq!(driver.connect(client, &[answer]), []);
    }
}

#[test]
fn accepting_in_the_handler_and_returning_true_accepts_once() {
    let mut driver = Driver::new(
        "application.onConnect = function (c) {
            application.acceptConnection(c);
            c.call('welcome', null, application.clients.length);
            return true;
        };",
    );
    assert_eq!(
        driver.connect(1, &[]),
        [accept(1), call(1, "welcome", &[1.into()])]
    );
}

#[test]
fn rejecting_in_the_handler_wins_over_what_it_returns() {
    let mut driver = Driver::new(
        "application.onConnect = function (c, answer) {
            application.rejectConnection(c, { message: 'full' });
            application.acceptConnection(c);
            return answer;
        };
        application.onDisconnect = function (c) { trace('gone'); };",
    );
    let rejected = |client| ScriptEffect::Reject {
        client: ClientId(client),
        description: None,
        application: Value::object([("message", Value::from("full"))]),
        redirect: None,
    };
    assert_eq!(driver.connect(1, &[true.into()]), [rejected(1)]);
    assert_eq!(driver.connect(2, &[false.into()]), [rejected(2)]);
    assert_eq!(driver.connect(3, &[]), [rejected(3)]);
    assert_eq!(driver.disconnect(1), [], "it was never in");
}

#[test]
fn a_rejection_carries_a_description_and_an_object() {
    let mut driver = Driver::new(
        "application.onConnect = function (c, way) {
            if (way == 1) application.rejectConnection(c, 'closed today');
            if (way == 2) application.rejectConnection(c, 'closed today', 5);
            if (way == 3) application.redirectConnection(c, 'rtmp://b/x', 'moved', [1]);
            if (way == 4) application.redirectConnection(c);
        };",
    );
    let rejected = |client, description: Option<&str>, application, redirect: Option<&str>| {
        [ScriptEffect::Reject {
            client: ClientId(client),
            description: description.map(Into::into),
            application,
            redirect: redirect.map(Into::into),
        }]
    };
    let closed = Some("closed today");
    assert_eq!(
        driver.connect(1, &[1.into()]),
        rejected(1, closed, Value::Undefined, None)
    );
    assert_eq!(
        driver.connect(2, &[2.into()]),
        rejected(2, closed, 5.into(), None)
    );
    assert_eq!(
        driver.connect(3, &[3.into()]),
        rejected(
            3,
            Some("moved"),
            Value::array([1.into()]),
            Some("rtmp://b/x")
        )
    );
    assert_eq!(driver.connect(4, &[4.into()]), [reject(4)]);
}

#[test]
fn a_waiting_client_is_let_in_or_not_later() {
    let mut driver = Driver::new(
        "var waiting = [];
        application.onConnect = function (c) {
            waiting.push(c);
            setInterval(function () { decide(c); }, 100);
        };
        function decide(c) {
            if (waiting[0] == c) application.acceptConnection(c);
            else application.rejectConnection(c);
        }",
    );
    assert_eq!(driver.connect(1, &[]), []);
    assert_eq!(driver.connect(2, &[]), []);
    assert_eq!(driver.pass(99), []);
    assert_eq!(driver.pass(1), [accept(1), reject(2)]);
    assert_eq!(driver.pass(1_000), [], "both are decided");
}

#[test]
fn nobody_to_accept_is_no_error() {
    let mut driver = Driver::new(
        "application.onConnect = function (c) {
            application.acceptConnection();
            application.acceptConnection(null);
            application.rejectConnection({});
            return true;
        };",
    );
    assert_eq!(driver.connect(1, &[]), [accept(1)]);
}

#[test]
fn an_error_in_the_handler_leaves_the_client_waiting() {
    let mut driver = Driver::new(
        "var last;
        application.onConnect = function (c) { last = c; nowhere(); };
        setInterval(function () { application.acceptConnection(last); }, 10);",
    );
    let effects = driver.connect(1, &[]);
    assert_eq!(
        problems(&effects),
        ["ReferenceError: nowhere is not defined"]
    );
    assert_eq!(effects.len(), 1);
    assert_eq!(driver.pass(10), [accept(1)]);
}

#[test]
fn a_script_may_put_itself_in_front_of_accept_connection() {
    let mut driver = Driver::new(
        "application.realAccept = application.acceptConnection;
        application.acceptConnection = function (c) {
            trace('framework');
            this.realAccept(c);
        };
        application.onConnect = function (c) { application.acceptConnection(c); };",
    );
    let effects = driver.connect(1, &[]);
    assert_eq!(
        effects,
        [ScriptEffect::Trace("framework".into()), accept(1)]
    );
}

#[test]
fn the_list_of_clients_shows_who_is_in() {
    let mut driver = evaluator(
        "var kept = application.clients;
        application.onConnect = function (c, ok) {
            trace(kept.length);
            if (ok === false) return;
            return true;
        };
        application.onDisconnect = function (c) { trace('left ' + kept.length); };",
    );
    assert_eq!(traces(&driver.connect(2, &[])), ["1"]);
    assert_eq!(traces(&driver.connect(3, &[false.into()])), ["2"]);
    assert_eq!(driver.eval("kept.length"), 2.into());
    let keys = "var s = ''; for (var i in application.clients) s += i + ','; s";
    assert_eq!(driver.eval(keys), "0,1,".into());
    assert_eq!(driver.disconnect(3), [], "it was not in");
    assert_eq!(traces(&driver.disconnect(2)), ["left 1"]);
    assert_eq!(driver.disconnect(2), []);
    for attempt in [
        "kept.length = 0",
        "kept[0] = null",
        "kept.push(1)",
        "delete kept[0]",
        "application.clients = []",
    ] {
        driver.call(1, "evaluate", &[attempt.into()]);
        assert_eq!(
            driver.eval("application.clients.length"),
            1.into(),
            "{attempt}"
        );
        assert_eq!(driver.eval("String(kept[0])"), "[object Client]".into());
    }
}

#[test]
fn disconnecting_a_client_tells_the_script_when_it_is_gone() {
    let mut driver = evaluator(
        "application.onDisconnect = function (c) { trace(c.call('x') + ' ' + c.name); };
        application.onConnect = function (c) { c.name = 'it'; return true; };",
    );
    driver.connect(2, &[]);
    let effects = driver.call(
        1,
        "evaluate",
        &["var c = application.clients[1]; [application.disconnect(c), c.call('x'), application.disconnect(c)].join()".into()],
    );
    let disconnect = ScriptEffect::Disconnect {
        client: ClientId(2),
    };
    assert_eq!(effects.first(), Some(&disconnect));
    assert_eq!(
        effects.get(1),
        Some(&crate::driver::returned(1, "true,false,false"))
    );
    assert_eq!(effects.len(), 2);
    assert_eq!(traces(&driver.disconnect(2)), ["false it"]);
    assert_eq!(driver.eval("application.disconnect(c)"), false.into());
    assert_eq!(driver.eval("application.disconnect({})"), false.into());
}

#[test]
fn a_rejection_that_lets_the_client_in_meanwhile_is_none() {
    let mut driver = Driver::new(
        "application.onConnect = function (client) {
            application.rejectConnection(client, { get x() { application.acceptConnection(client); return 1; } });
        };
        Client.prototype.count = function () { return application.clients.length; };",
    );
    assert_eq!(driver.connect(1, &[]), [accept(1)]);
    assert_eq!(driver.result(1, "count", &[]), 1.into());
    assert_eq!(driver.disconnect(1), []);
    driver.connect(2, &[]);
    assert_eq!(
        driver.result(2, "count", &[]),
        1.into(),
        "none is left behind"
    );
}
