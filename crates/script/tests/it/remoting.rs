//! `NetConnection` over HTTP: packets out, packets in.

use amf::packet::{Header, Message, Packet};
use amf::{Limits, Value};
use engine::scripting::{HttpRequest, HttpResponse, RequestId, ScriptEffect, ScriptInput};

use crate::driver::{Driver, call_failed, evaluator, problems, traces};

/// A gateway, and a responder that traces what it is told.
pub(crate) const PRELUDE: &str = "
    function text(value) { return uneval(value); }
    function responder(name) {
        return {
            onResult: function (value) { trace(name + ' result ' + text(value)); },
            onStatus: function (info) { trace(name + ' ' + info.code + ': ' + info.description); }
        };
    }
    NetConnection.prototype.onStatus = function (info) {
        trace('connection ' + info.code + ': ' + info.description);
    };
    nc = new NetConnection();
    opened = nc.connect('http://gateway.example.com/flash/gateway', 'ignored');
";

/// The one request among these effects.
pub(crate) fn request(effects: &[ScriptEffect]) -> (RequestId, HttpRequest) {
    let mut all = requests(effects);
    assert_eq!(all.len(), 1, "{effects:?}");
    all.pop().expect("a request")
}

pub(crate) fn requests(effects: &[ScriptEffect]) -> Vec<(RequestId, HttpRequest)> {
    let requests = effects.iter().filter_map(|effect| match effect {
        ScriptEffect::Http { request, what } => Some((*request, (**what).clone())),
        _ => None,
    });
    requests.collect()
}

pub(crate) fn packet(request: &HttpRequest) -> Packet {
    Packet::decode(&request.body, &Limits::default()).expect("a packet")
}

/// What each call of a packet names, and its arguments.
pub(crate) fn calls(packet: &Packet) -> Vec<(&str, &str, &Value)> {
    let calls = packet.messages.iter();
    calls
        .map(|call| (&*call.target, &*call.response, call.value.plain()))
        .collect()
}

pub(crate) fn answer(target: &str, value: impl Into<Value>) -> Message {
    Message {
        target: target.into(),
        response: "null".into(),
        length: None,
        value: value.into(),
    }
}

pub(crate) fn header(name: &str, must_understand: bool, value: impl Into<Value>) -> Header {
    Header {
        name: name.into(),
        must_understand,
        length: None,
        value: value.into(),
    }
}

/// A response with these headers and answers.
pub(crate) fn response(headers: Vec<Header>, messages: Vec<Message>) -> Vec<u8> {
    let packet = Packet {
        version: 0,
        headers,
        messages,
    };
    packet.encode(&Limits::default()).expect("written")
}

pub(crate) fn respond(
    driver: &mut Driver,
    request: RequestId,
    status: u16,
    body: Vec<u8>,
) -> Vec<ScriptEffect> {
    let outcome = Ok(HttpResponse { status, body });
    driver.input(ScriptInput::Response { request, outcome })
}

pub(crate) fn answers(
    driver: &mut Driver,
    request: RequestId,
    messages: Vec<Message>,
) -> Vec<ScriptEffect> {
    respond(driver, request, 200, response(Vec::new(), messages))
}

/// Evaluates text and gives all that comes of it.
pub(crate) fn run(driver: &mut Driver, text: &str) -> Vec<ScriptEffect> {
    driver.call(1, "evaluate", &[text.into()])
}

#[test]
fn a_gateway_is_connected_at_once_and_without_a_request() {
    let mut driver = evaluator(PRELUDE);
    assert_eq!(driver.eval("opened"), true.into());
    assert_eq!(driver.eval("nc.isConnected"), true.into());
    let uri = "http://gateway.example.com/flash/gateway";
    assert_eq!(driver.eval("nc.uri"), uri.into());
    assert_eq!(
        driver.eval("new NetConnection().call('m', null)"),
        false.into()
    );
}

#[test]
fn the_calls_of_one_turn_are_one_packet() {
    let mut driver = evaluator(PRELUDE);
    let effects = run(
        &mut driver,
        "nc.call('pkg.Service.one', responder('one'), 'a', [1]); nc.call('two', null);",
    );
    let (_, asked) = request(&effects);
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.url, "http://gateway.example.com/flash/gateway");
    let kind = ("Content-Type".to_owned(), "application/x-amf".to_owned());
    assert_eq!(asked.headers, [kind]);
    let sent = packet(&asked);
    assert_eq!(sent.version, 1);
    let one = Value::array(["a".into(), Value::array([1.into()])]);
    let none = Value::array([]);
    let expected = [("pkg.Service.one", "/1", &one), ("two", "/2", &none)];
    assert_eq!(calls(&sent), expected);
    assert_eq!(sent.messages[0].length, Some(23));
    // The next turn goes on counting.
    let (_, asked) = request(&run(&mut driver, "nc.call('three', null)"));
    assert_eq!(calls(&packet(&asked)), [("three", "/3", &none)]);
}

#[test]
fn calls_in_amf3_mark_each_argument() {
    let mut driver = evaluator(PRELUDE);
    let text = "nc.objectEncoding = 3; nc.connect(nc.uri); nc.call('m', null, {a: 1}, 2)";
    let (_, asked) = request(&run(&mut driver, text));
    let sent = packet(&asked);
    assert_eq!(sent.version, 3);
    let args = sent.messages[0].value.as_array().expect("arguments");
    assert!(
        args.iter().all(|arg| matches!(arg, Value::Amf3(_))),
        "{args:?}"
    );
    assert_eq!(args[0].get("a"), Some(&1.into()));
}

#[test]
fn answers_find_their_responders() {
    let mut driver = evaluator(PRELUDE);
    let text = "nc.call('a', responder('a')); nc.call('b', responder('b'));
        nc.call('c', {onResult: function () { undefinedFunction(); }}); nc.call('d', responder('d'));";
    let (id, _) = request(&run(&mut driver, text));
    let fault = Value::object([
        ("level", Value::from("error")),
        ("code", "Server.Call.Failed".into()),
        ("description", "no such row".into()),
    ]);
    let messages = vec![
        answer("/4/onResult", Value::object([("x", Value::from(1))])),
        answer("/1/onResult", Value::Null),
        answer("2/onStatus", fault),
        answer("/3/onResult", true),
        answer("/1/onResult", "a second time"),
        answer("/7/onResult", "nobody's"),
        answer("/2/onDebugEvents", "not for the script"),
    ];
    let effects = answers(&mut driver, id, messages);
    let expected = [
        "d result ({x:1})",
        "a result null",
        "b Server.Call.Failed: no such row",
    ];
    assert_eq!(traces(&effects), expected);
    let errors = problems(&effects);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("undefinedFunction"), "{errors:?}");
    // The response is over: another one is nobody's.
    let again = answers(&mut driver, id, vec![answer("/1/onResult", 1)]);
    assert_eq!(again, []);
}

#[test]
fn what_no_responder_hears_is_for_the_connection() {
    let mut driver = evaluator(PRELUDE);
    let (id, _) = request(&run(&mut driver, "nc.call('a', null)"));
    let info = call_failed("no");
    let effects = answers(&mut driver, id, vec![answer("/1/onStatus", info)]);
    assert_eq!(
        traces(&effects),
        ["connection NetConnection.Call.Failed: no"]
    );
    let text = "delete NetConnection.prototype.onStatus;
        application.onStatus = function (info) { trace('application ' + info.description); };
        nc.call('a', null)";
    let (id, _) = request(&run(&mut driver, text));
    let outcome = Err("connection refused".to_owned());
    let effects = driver.input(ScriptInput::Response {
        request: id,
        outcome,
    });
    assert_eq!(
        traces(&effects),
        ["application HTTP: Failed (connection refused)"]
    );
}

#[test]
fn headers_are_sent_with_every_packet_until_they_are_taken_back() {
    let mut driver = evaluator(PRELUDE);
    let text = "nc.addHeader('Credentials', true, {userid: 'u', password: 'p'});
        nc.addHeader('x', false, 1); nc.addHeader('x', false, 2); nc.call('a', null)";
    let (_, asked) = request(&run(&mut driver, text));
    let sent = packet(&asked);
    let names: Vec<_> = sent
        .headers
        .iter()
        .map(|h| (&*h.name, h.must_understand))
        .collect();
    assert_eq!(names, [("Credentials", true), ("x", false)]);
    assert_eq!(sent.headers[0].value.get("password"), Some(&"p".into()));
    assert_eq!(sent.headers[1].value, 2.into());
    let (_, asked) = request(&run(&mut driver, "nc.addHeader('x'); nc.call('a', null)"));
    assert_eq!(packet(&asked).headers.len(), 1);
}

#[test]
fn a_gateway_can_move_and_ask_for_headers() {
    let mut driver = evaluator(PRELUDE);
    let (id, _) = request(&run(&mut driver, "nc.call('a', responder('a'))"));
    let keep = Value::object([
        ("name", Value::from("session")),
        ("mustUnderstand", true.into()),
        ("data", 7.into()),
    ]);
    let headers = vec![
        header("AppendToGatewayUrl", false, ";jsessionid=1"),
        header("RequestPersistentHeader", false, keep),
    ];
    respond(
        &mut driver,
        id,
        200,
        response(headers, vec![answer("/1/onResult", 1)]),
    );
    let (id, asked) = request(&run(&mut driver, "nc.call('b', null)"));
    let base = "http://gateway.example.com/flash/gateway";
    assert_eq!(asked.url, format!("{base};jsessionid=1"));
    let sent = packet(&asked);
    assert_eq!(
        (&*sent.headers[0].name, &sent.headers[0].value),
        ("session", &7.into())
    );

    // What is appended again takes the place of what was.
    let headers = vec![header("AppendToGatewayUrl", false, "?s=2")];
    respond(&mut driver, id, 200, response(headers, Vec::new()));
    let (id, asked) = request(&run(&mut driver, "nc.call('c', null)"));
    assert_eq!(asked.url, format!("{base}?s=2"));

    let headers = vec![
        header("ReplaceGatewayUrl", false, "file:///etc/passwd"),
        header("ReplaceGatewayUrl", false, "http://other.example.com/g"),
    ];
    respond(&mut driver, id, 200, response(headers, Vec::new()));
    let (_, asked) = request(&run(&mut driver, "nc.call('d', null)"));
    assert_eq!(asked.url, "http://other.example.com/g");
    assert_eq!(driver.eval("nc.uri"), base.into());

    // Another gateway does not get what this one has asked for.
    let (_, asked) = request(&run(&mut driver, "nc.connect(nc.uri); nc.call('e', null)"));
    assert_eq!(asked.url, base);
    assert_eq!(packet(&asked).headers, []);
}

#[test]
fn other_headers_are_methods_of_the_script() {
    let mut driver = evaluator(PRELUDE);
    let text =
        "nc.news = function (value) { trace('news ' + value); }; nc.call('a', responder('a'))";
    let (id, _) = request(&run(&mut driver, text));
    let headers = vec![
        header("news", true, "x"),
        header("unknown", false, 1),
        header("close", false, 1),
        header("constructor", false, 1),
        header(
            "onStatus",
            false,
            Value::object([("code", Value::from("forged"))]),
        ),
    ];
    let body = response(headers, vec![answer("/1/onResult", 1)]);
    let effects = respond(&mut driver, id, 200, body);
    assert_eq!(traces(&effects), ["news x", "a result 1"]);
    assert_eq!(driver.eval("nc.isConnected"), true.into());

    let (id, _) = request(&run(&mut driver, "nc.call('a', responder('a'))"));
    let body = response(
        vec![header("unknown", true, 1)],
        vec![answer("/2/onResult", 1)],
    );
    let effects = respond(&mut driver, id, 200, body);
    let refused = "a NetConnection.Call.Failed: The header unknown is not understood.";
    assert_eq!(traces(&effects), [refused]);
}

#[test]
fn after_close_calls_are_made_and_answers_forgotten() {
    let mut driver = evaluator(PRELUDE);
    let effects = run(
        &mut driver,
        "nc.call('a', responder('a')); nc.close(); nc.isConnected",
    );
    let (id, _) = request(&effects);
    assert_eq!(driver.eval("nc.isConnected"), false.into());
    assert_eq!(
        traces(&driver.pass(1)),
        ["connection NetConnection.Connect.Closed: "]
    );
    assert_eq!(answers(&mut driver, id, vec![answer("/1/onResult", 1)]), []);
    assert_eq!(driver.eval("nc.call('b', null)"), false.into());
}

#[test]
fn what_follows_from_an_answer_are_inputs_of_their_own() {
    let mut driver = evaluator(PRELUDE);
    let text = "again = {onResult: function (v) { trace(v); nc.call('next', null, v); }};
        nc.call('a', again); nc.call('b', again); setTimeout(trace, 1, 'timer')";
    let (id, _) = request(&run(&mut driver, text));
    driver.now = driver.now + 1;
    let body = response(
        Vec::new(),
        vec![answer("/1/onResult", 1), answer("/2/onResult", 2)],
    );
    let outcome = Ok(HttpResponse { status: 200, body });
    let input = ScriptInput::Response {
        request: id,
        outcome,
    };
    assert_eq!(driver.turn(input), []);
    for line in ["1", "2"] {
        assert_eq!(driver.due, Some(driver.now));
        let effects = driver.turn(ScriptInput::Timeout);
        assert_eq!(effects, [ScriptEffect::Trace(line.into())], "{line}");
    }
    let effects = driver.turn(ScriptInput::Timeout);
    assert_eq!(traces(&effects), ["timer"]);
    let (_, asked) = request(&effects);
    assert_eq!(
        calls(&packet(&asked)).len(),
        2,
        "what they call goes together"
    );
    assert_eq!(driver.due, None);
}

#[test]
fn calls_in_one_answer_are_one_packet_again() {
    let mut driver = evaluator(PRELUDE);
    let text = "again = {onResult: function (v) { nc.call('next', null, v); }};
        nc.call('a', again); nc.call('b', again)";
    let (id, _) = request(&run(&mut driver, text));
    let messages = vec![answer("/1/onResult", 1), answer("/2/onResult", 2)];
    let (_, asked) = request(&answers(&mut driver, id, messages));
    let (one, two) = (Value::array([1.into()]), Value::array([2.into()]));
    assert_eq!(
        calls(&packet(&asked)),
        [("next", "/3", &one), ("next", "/4", &two)]
    );
}

#[test]
fn calls_while_the_application_stops_are_made() {
    let mut driver = evaluator(&format!(
        "{PRELUDE} application.onAppStop = function () {{ nc.call('bye', null); }};"
    ));
    let effects = driver.stop(engine::scripting::StopReason::Shutdown, false);
    let (_, asked) = request(&effects);
    assert_eq!(calls(&packet(&asked))[0].0, "bye");
    assert_eq!(effects.last(), Some(&ScriptEffect::Stop { allowed: true }));
}

#[test]
fn arguments_may_call_and_close_while_they_are_read() {
    let mut driver = evaluator(PRELUDE);
    let text = "var inner = {get x() { nc.call('inner', responder('inner')); return 1; }};
        var bad = {get x() { throw 'no'; }};
        try { nc.call('bad', responder('bad'), bad); } catch (e) { trace(e); }
        nc.call('outer', responder('outer'), inner)";
    let effects = run(&mut driver, text);
    assert_eq!(traces(&effects), ["no"]);
    let (id, asked) = request(&effects);
    let sent = packet(&asked);
    let names: Vec<_> = calls(&sent).iter().map(|call| (call.0, call.1)).collect();
    assert_eq!(names, [("inner", "/3"), ("outer", "/2")]);
    let messages = vec![
        answer("/2/onResult", "o"),
        answer("/3/onResult", "i"),
        answer("/1/onResult", "b"),
    ];
    let effects = answers(&mut driver, id, messages);
    assert_eq!(
        traces(&effects),
        ["outer result \"o\"", "inner result \"i\""]
    );
    let text = "nc.call('m', null, {get x() { nc.close(); return 1; }})";
    let effects = run(&mut driver, text);
    assert_eq!(effects, [crate::driver::returned(1, false)]);
}

#[test]
fn what_the_host_searches_leaves_the_scripts_own_search() {
    let mut driver = evaluator(PRELUDE);
    let text = "/(b)/.exec('abc'); nc.connect(nc.uri); nc.call('a', null); 0";
    let (id, _) = request(&run(&mut driver, text));
    answers(&mut driver, id, vec![answer("/1/onResult", 1)]);
    assert_eq!(driver.eval("RegExp.$1"), "b".into());
}
