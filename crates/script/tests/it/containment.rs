//! A script that does not know its limits meets them, and nobody else does.

use amf::Value;
use engine::scripting::{CallId, CallOutcome, LinkId, ScriptEffect, ScriptInput};
use script::ScriptConfig;

use crate::driver::{Driver, accept, evaluator, failed, problems, reports, returned, traces};

fn limited(main: &str, config: ScriptConfig) -> Driver {
    let (mut driver, effects) = Driver::limited(main, config);
    assert_eq!(problems(&effects), [""; 0]);
    driver.connect(1, &[]);
    driver
}

fn hasty() -> ScriptConfig {
    ScriptConfig {
        handler_ms: 100,
        ..ScriptConfig::default()
    }
}

const TOO_LONG: &str = "The handler ran longer than 100 ms (limit handler_ms).";

#[test]
fn an_endless_loop_is_cut_off_with_file_and_line_and_the_instance_lives() {
    let mut driver = limited(
        "Client.prototype.hang = function () {\n  for (;;) n = Math.abs(1);\n};\n
        Client.prototype.stubborn = function () {
            for (;;) { try { for (;;) ; } catch (e) { } finally { continue; } }
        };
        Client.prototype.pattern = function () { return /^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'); };
        Client.prototype.sort = function () { [3, 2, 1].sort(function () { for (;;) ; }); };
        Client.prototype.ok = function () { return 5; };
        application.onStatus = function (i) { trace(i.code + ' ' + i.level + ' ' + i.filename + ':' + i.lineno + ' ' + i.linebuf); };",
        hasty(),
    );
    let effects = driver.call(1, "hang", &[]);
    assert_eq!(problems(&effects), [TOO_LONG]);
    let problem = reports(&effects).next().expect("a problem");
    assert_eq!((problem.file.as_str(), problem.line), ("main.asc", 2));
    assert_eq!(problem.source_line, "  for (;;) n = Math.abs(1);");
    assert_eq!(
        traces(&effects),
        ["Application.Script.Error error main.asc:2   for (;;) n = Math.abs(1);"]
    );
    assert_eq!(
        effects.last(),
        Some(&failed(1, "Failed to execute method (hang)."))
    );
    for method in ["stubborn", "pattern", "sort"] {
        let effects = driver.call(1, method, &[]);
        assert_eq!(problems(&effects), [TOO_LONG], "{method}");
    }
    assert_eq!(driver.result(1, "ok", &[]), 5.into());
}

#[test]
fn every_handler_has_its_own_time() {
    let mut driver = limited(
        "setInterval(function () { for (;;) ; }, 10);
        setInterval(function () { trace('tick'); }, 10);
        application.onConnect = function (c, hang) { if (hang) for (;;) ; return true; };
        application.onStatus = function () { for (;;) ; };",
        hasty(),
    );
    let effects = driver.pass(10);
    assert_eq!(traces(&effects), ["tick"]);
    assert_eq!(
        problems(&effects),
        [TOO_LONG, TOO_LONG],
        "the timer, then onStatus"
    );
    assert_eq!(driver.connect(2, &[true.into()]).len(), 2);
    assert_eq!(driver.connect(3, &[]), [accept(3)]);
}

/// A machine that was busy makes many timers late. They are not one long handler.
#[test]
fn each_input_runs_one_of_the_timers_that_are_due() {
    let mut driver = limited(
        "setInterval(trace, 10, 'a'); setInterval(trace, 20, 'b'); setTimeout(trace, 30, 'c');",
        ScriptConfig::default(),
    );
    driver.now = driver.now + 100;
    for name in ["a", "b", "c"] {
        assert!(driver.due <= Some(driver.now), "{name} is due");
        assert_eq!(traces(&driver.turn(ScriptInput::Timeout)), [name]);
    }
    assert_eq!(driver.due, Some(driver.now + 1));
    assert_eq!(driver.turn(ScriptInput::Timeout), [], "each ran once");
}

#[test]
fn a_handler_of_errors_that_hangs_is_not_called_again_for_the_same_input() {
    let mut driver = limited(
        "application.onStatus = function () { for (;;) ; };
        Client.prototype.reject = function () {
            for (var i = 0; i < 10; i++) Promise.reject(new Error('no ' + i));
        };",
        hasty(),
    );
    let effects = driver.call(1, "reject", &[]);
    let problems = problems(&effects);
    let cuts = problems.iter().filter(|problem| *problem == TOO_LONG);
    assert_eq!(cuts.count(), 1);
    assert_eq!(problems.len(), 11, "each is reported");
}

#[test]
fn a_report_is_no_longer_than_a_trace() {
    let config = ScriptConfig {
        trace_line_bytes: 100,
        ..ScriptConfig::default()
    };
    let mut driver = limited(
        "var text = 'x'.repeat(1 << 20);
        application.onStatus = function (info) { trace(info.description.length); };
        Client.prototype.fail = function () { throw new Error(text); };
        Client.prototype.plain = function () { throw text; };
        Client.prototype.late = function () { Promise.reject(new Error(text)); };
        Client.prototype.load = function () { load(text); };
        Client.prototype.line = function () { /* a long line: ******************************************************************** */ nothing(); };",
        config,
    );
    for method in ["fail", "plain", "late", "load", "line"] {
        let effects = driver.call(1, method, &[]);
        let problem = reports(&effects).next().expect("a problem");
        for text in [&problem.description, &problem.file, &problem.source_line] {
            assert!(text.len() <= 100, "{method}: {} bytes", text.len());
        }
        let told: Vec<usize> = traces(&effects)
            .iter()
            .map(|line| line.parse().expect("a number"))
            .collect();
        assert_eq!(told, [problem.description.len()], "{method}");
    }
}

/// The engine has hooks that run when an error is made, even one of the host's own.
#[test]
fn errors_run_no_code_of_the_script() {
    let config = ScriptConfig {
        queued_effects: 0,
        ..hasty()
    };
    let mut driver = limited(
        "application.onConnect = function (client) {
            Error.prepareStackTrace = function () { for (;;) ; };
            Error.stackTraceLimit = { valueOf: function () { for (;;) ; } };
            application.acceptConnection(client);
        };",
        config,
    );
    let refused =
        "RangeError: one handler asked for more than 0 messages and calls (limit queued_effects)";
    let effects = driver.connect(2, &[]);
    assert_eq!(problems(&effects)[0], refused);
    let problem = reports(&effects).next().expect("a problem");
    assert_eq!((problem.file.as_str(), problem.line), ("main.asc", 4));
    let mut driver = evaluator("");
    for name in ["prepareStackTrace", "stackTraceLimit", "captureStackTrace"] {
        let text = format!("'{name}' in Error || '{name}' in RangeError");
        assert_eq!(driver.eval(&text), false.into());
    }
}

#[test]
fn a_main_script_that_hangs_is_cut_off_too() {
    let (mut driver, effects) = Driver::limited("for (;;) ;", hasty());
    assert_eq!(problems(&effects), [TOO_LONG]);
    assert_eq!(effects.last(), Some(&ScriptEffect::Started));
    assert_eq!(driver.connect(1, &[]), [accept(1)]);
}

#[test]
fn promises_that_never_end_end_the_instance() {
    let mut driver = limited(
        "Client.prototype.chain = function () {
            function again() { Promise.resolve().then(again); }
            again();
        };",
        hasty(),
    );
    let mut effects = driver.call(1, "chain", &[]);
    assert_eq!(problems(&effects)[0], TOO_LONG);
    // What was put off goes on in whatever runs next, and is cut off there again. A cut that falls
    // inside of it ends it, and a busy machine may leave it no time: then the next call begins anew.
    for _ in 0..100 {
        if matches!(effects.last(), Some(ScriptEffect::Failed(_))) {
            break;
        }
        effects.extend(driver.call(1, "chain", &[]));
    }
    assert!(matches!(effects.last(), Some(ScriptEffect::Failed(_))));
    let endless = "What the script has put off with promises does not come to an end: it was cut \
        off twice after 100 ms (limit handler_ms).";
    let all = problems(&effects);
    let (last, others) = all.split_last().expect("problems");
    assert_eq!(last, endless);
    assert!(others.iter().all(|problem| problem == TOO_LONG));
    assert_eq!(driver.call(1, "chain", &[]), [], "it is over");
    assert_eq!(driver.due, None);
}

#[test]
fn deep_recursion_is_an_error_of_the_script() {
    let mut driver = limited(
        "function deeper(n) { return deeper(n + 1) + 1; }
        Client.prototype.deep = function () { deeper(0); };
        Client.prototype.caught = function () { try { deeper(0); } catch (e) { return String(e); } };
        Client.prototype.json = function () {
            var o = []; for (var i = 0; i < 1e5; i++) o = [o];
            try { return String(o).length; } catch (e) { return e.name; }
        };",
        ScriptConfig::default(),
    );
    let effects = driver.call(1, "deep", &[]);
    assert_eq!(
        problems(&effects),
        ["RangeError: Maximum call stack size exceeded"]
    );
    let problem = reports(&effects).next().expect("a problem");
    assert_eq!((problem.file.as_str(), problem.line), ("main.asc", 1));
    let caught = driver.result(1, "caught", &[]);
    assert_eq!(
        caught,
        "RangeError: Maximum call stack size exceeded".into()
    );
    assert_eq!(driver.result(1, "json", &[]), "RangeError".into());
}

#[test]
fn without_memory_the_instance_ends_and_says_so() {
    for (name, body) in [
        ("list", "var a = []; for (;;) a.push({ n: a.length });"),
        ("text", "var a = []; for (;;) a.push('x'.repeat(1e5));"),
        ("chain", "var o = null; for (;;) o = { next: o };"),
        ("array", "new Array(1e8).fill(1);"),
    ] {
        let config = ScriptConfig {
            memory_bytes: 8 << 20,
            ..ScriptConfig::default()
        };
        let main = format!("Client.prototype.eat = function () {{\n  {body}\n}};");
        let mut driver = limited(&main, config);
        let effects = driver.call(1, "eat", &[]);
        let low = reports(&effects).next().expect("a problem");
        assert_eq!(low.code, "Application.Resource.LowMemory", "{name}");
        assert!(low.description.contains("(limit memory_bytes)"), "{name}");
        let Some(ScriptEffect::Failed(problem)) = effects.last() else {
            panic!("{name}: {effects:?}");
        };
        assert_eq!(problem.code, "Application.Resource.LowMemory", "{name}");
        assert_eq!(driver.call(1, "eat", &[]), [], "{name}: it is over");
        assert_eq!(driver.pass(1_000), []);
    }
}

#[test]
fn there_is_room_for_ten_thousand_clients() {
    let mut driver = limited("", ScriptConfig::default());
    for client in 2..=10_000 {
        assert_eq!(driver.connect(client, &[]), [accept(client)]);
    }
    for client in (2..=10_000).step_by(100) {
        assert_eq!(driver.disconnect(client), []);
    }
}

#[test]
fn what_is_deep_is_no_danger() {
    let mut driver = limited(
        "Client.prototype.run = function (text) {
            try { return String(eval(text)); } catch (e) { return e.name; }
        };",
        ScriptConfig::default(),
    );
    for (text, expected) in [
        (
            "var s = ''; for (var i = 0; i < 2e5; i++) s += 'ab'; s.charAt(5) + s.length",
            "b400000",
        ),
        (
            "var s = ''; for (var i = 0; i < 2e5; i++) s = 'ab' + s; s.charAt(5) + s.length",
            "b400000",
        ),
        ("eval(new Array(1e5).join('('))", "SyntaxError"),
        ("(0, eval)(new Array(1e5).join('('))", "RangeError"),
        (
            "(0, eval)(new Array(1e5).join('[') + new Array(1e5).join(']'))",
            "RangeError",
        ),
        (
            "new RegExp(new Array(1e5).join('(') + new Array(1e5).join(')'))",
            "SyntaxError",
        ),
        (
            "var o = {}; for (var i = 0; i < 1e5; i++) o = { o: o }; o = null",
            "null",
        ),
        ("JSON.parse(new Array(1e5).join('['))", "RangeError"),
        (
            "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
            "TypeError",
        ),
    ] {
        assert_eq!(
            driver.result(1, "run", &[text.into()]),
            expected.into(),
            "{text}"
        );
    }
}

#[test]
fn a_mebibyte_is_enough_for_a_small_script() {
    let config = ScriptConfig {
        memory_bytes: 1 << 20,
        ..ScriptConfig::default()
    };
    let mut driver = limited(
        "Client.prototype.echo = function (x) { return x; };",
        config,
    );
    for round in 0..2_000 {
        let value = Value::object([("round", Value::from(round))]);
        assert_eq!(
            driver.result(1, "echo", std::slice::from_ref(&value)),
            value
        );
    }
}

#[test]
fn without_room_for_the_engine_there_is_none() {
    for memory_bytes in [1, 1_000, 30_000, 60_000, 90_000, 120_000, 150_000, 200_000] {
        let config = ScriptConfig {
            memory_bytes,
            ..ScriptConfig::default()
        };
        assert!(Driver::try_limited("", config).is_err(), "{memory_bytes}");
    }
}

/// Whatever the script does when its memory ends, it is the script that ends.
#[test]
fn memory_may_end_anywhere() {
    let main = "
        function Node(n) { this.n = n; this.self = this; }
        Node.prototype.__resolve = function (n) { return n; };
        function work(n) {
            var list = [], map = {}, text = '';
            for (var i = 0; i < n; i++) {
                list.push(new Node(i), [i, { i: i }], function () { return i; });
                map['k' + i] = new Date(i);
                text += String.fromCharCode(65 + i % 26) + i;
                try { if (i % 7 == 0) throw new Error(text); } catch (e) { list.push(e.stack); }
                var so = SharedObject.get('so' + i);
                so.setProperty('a', { i: [i] });
                so.getProperty('a').self = so;
                if (i % 5 == 0) so.onSync = function () { return i; };
            }
            list.sort(function (a, b) { return String(a) < String(b) ? -1 : 1; });
            text = text.replace(/([A-Z])(\\d+)/g, function (all, a, b) { return b + RegExp.$1; });
            eval('function made' + n + '(a, b) { return a + b + ' + n + '; }');
            uneval(map); list.slice().reverse().join(); text.split('1').length;
            setTimeout(function () { work(n); }, 1);
            new Map(list.map(function (x, i) { return [i, x]; }));
            kept = [kept, list, map, text];
            return list;
        }
        var kept = null;
        Client.prototype.work = work;";
    let mut ended = 0;
    // From what the engine itself takes, in odd steps.
    for memory_bytes in (150_000..900_000).step_by(9_973) {
        let config = ScriptConfig {
            memory_bytes,
            ..ScriptConfig::default()
        };
        let Ok(mut driver) = Driver::try_limited(main, config) else {
            continue;
        };
        let mut effects = driver.input(ScriptInput::Start);
        effects.extend(driver.connect(1, &[]));
        for n in 1..20 {
            effects.extend(driver.call(1, "work", &[(n * 3).into()]));
            effects.extend(driver.pass(5));
        }
        ended += usize::from(matches!(effects.last(), Some(ScriptEffect::Failed(_))));
    }
    assert!(ended > 0);
}

#[test]
fn a_string_of_a_gibibyte_is_not_made() {
    let mut driver = limited(
        "Client.prototype.added = function () {
            var s = 'x'; for (var i = 0; i < 30; i++) s += s; return s.length;
        };
        Client.prototype.repeated = function () { return 'xy'.repeat(1 << 28).length; };",
        ScriptConfig::default(),
    );
    let effects = driver.call(1, "added", &[]);
    assert_eq!(problems(&effects), ["InternalError: string too long"]);
    let effects = driver.call(1, "repeated", &[]);
    let Some(ScriptEffect::Failed(problem)) = effects.last() else {
        panic!("{effects:?}");
    };
    assert_eq!(problem.code, "Application.Resource.LowMemory");
}

#[test]
fn what_a_client_sends_does_not_end_the_instance() {
    let config = ScriptConfig {
        memory_bytes: 4 << 20,
        ..ScriptConfig::default()
    };
    let mut driver = limited(
        "Client.prototype.echo = function (x) { return x; };",
        config,
    );
    let item = Value::object([("a", Value::from("some text that takes its room")); 1]);
    let items: Vec<Value> = (0..30_000)
        .map(|_| Value::array(vec![item.clone(); 3]))
        .collect();
    let effects = driver.call(1, "echo", &[Value::array(items)]);
    let low = reports(&effects).next().expect("a problem");
    assert_eq!(low.code, "Application.Resource.LowMemory");
    assert_eq!(
        effects.last(),
        Some(&failed(1, "Failed to execute method (echo)."))
    );
    assert_eq!(driver.result(1, "echo", &[5.into()]), 5.into());
}

#[test]
fn answers_and_statuses_meet_the_same_limits() {
    let config = ScriptConfig {
        argument_elements: 100,
        ..ScriptConfig::default()
    };
    let mut driver = limited(
        "var nc = new NetConnection();
        nc.onStatus = function (info) { trace(info.code + ' ' + info.level + ' ' + info.x); };
        nc.connect('rtmp://h/a');
        Client.prototype.ask = function () {
            this.call('q', { onStatus: function (info) { trace(info.code + ' ' + info.description); } });
        };",
        config,
    );
    driver.call(1, "ask", &[]);
    let large = Value::array(vec![Value::Null; 200]);
    let effects = driver.input(ScriptInput::Answer {
        call: CallId(1),
        outcome: CallOutcome::Result(large.clone()),
    });
    let refused = "A value is refused: more than 100 values at once (limit argument_elements).";
    assert_eq!(problems(&effects), [refused]);
    assert_eq!(
        traces(&effects),
        ["NetConnection.Call.Failed The answer is too large."]
    );
    let code = "NetConnection.Connect.Rejected";
    let info = [
        ("code", Value::from(code)),
        ("level", "error".into()),
        ("x", large),
    ];
    let effects = driver.input(ScriptInput::LinkStatus {
        link: LinkId(1),
        info: Value::object(info),
        connected: false,
    });
    assert_eq!(problems(&effects), [refused]);
    assert_eq!(
        traces(&effects),
        ["NetConnection.Connect.Rejected error undefined"]
    );
}

#[test]
fn a_hundred_thousand_timers_are_refused() {
    let mut driver = limited(
        "var made = 0;
        Client.prototype.start = function () {
            try { for (var i = 0; i < 1e5; i++) { setInterval(function () {}, 1e6); made++; } }
            catch (e) { return made + ' ' + e; }
        };",
        ScriptConfig::default(),
    );
    assert_eq!(
        driver.result(1, "start", &[]),
        "1000 RangeError: more than 1000 timers (limit timers)".into()
    );
}

#[test]
fn one_handler_does_not_fill_the_queue() {
    let config = ScriptConfig {
        queued_effects: 10,
        ..ScriptConfig::default()
    };
    let mut driver = limited(
        "Client.prototype.flood = function () { for (;;) trace('x'); };",
        config,
    );
    let effects = driver.call(1, "flood", &[]);
    assert_eq!(traces(&effects).len(), 10);
    assert_eq!(
        problems(&effects),
        [
            "RangeError: one handler asked for more than 10 messages and calls (limit queued_effects)"
        ]
    );
    assert_eq!(
        effects.last(),
        Some(&failed(1, "Failed to execute method (flood)."))
    );
}

#[test]
fn one_handler_does_not_send_more_than_its_bytes() {
    let config = ScriptConfig {
        queued_bytes: 10_000,
        ..ScriptConfig::default()
    };
    let mut driver = limited(
        "var text = 'x'.repeat(4000), nc = new NetConnection();
        Client.prototype.calls = function () { for (;;) this.call('m', null, text); };
        Client.prototype.names = function () { for (;;) this.call(text); };
        Client.prototype.traces = function () { for (;;) trace(text); };
        Client.prototype.wait = function () { nc.connect('rtmp://h/a'); return nc.call('m', null, text); };
        Client.prototype.more = function () { return nc.call('m', null, text); };",
        config,
    );
    for method in ["calls", "names", "traces"] {
        let effects = driver.call(1, method, &[]);
        let refused = "RangeError: one handler sends more than 10000 bytes (limit queued_bytes)";
        assert_eq!(problems(&effects), [refused], "{method}");
        assert_eq!(
            effects.len(),
            4,
            "{method}: two that fit, the problem, the answer"
        );
    }
    assert_eq!(driver.call(1, "wait", &[]).last(), Some(&returned(1, true)));
    assert_eq!(driver.result(1, "more", &[]), true.into());
    assert_eq!(
        driver.result(1, "more", &[]),
        false.into(),
        "too much waits"
    );
}

/// What a script has once it can send many times. Each is counted before it is copied.
#[test]
fn one_text_sent_very_often_is_refused_before_it_is_copied() {
    let mut driver = limited(
        "var text = 'x'.repeat(2 << 20), wide = '\\u20ac'.repeat(1 << 20);
        var bytes = new Uint8Array(2 << 20);
        function many(make) { var a = []; for (var i = 0; i < 2e4; i++) a.push(make(i)); return a; }
        Client.prototype.texts = function () { this.call('m', null, many(function () { return text; })); };
        Client.prototype.wides = function () { return many(function () { return wide; }); };
        Client.prototype.views = function () {
            var a = [];
            for (var i = 0; i < 1000; i++) a.push(bytes.subarray(i));
            this.call('m', null, a);
        };
        Client.prototype.names = function () {
            var name = text.substr(0, 1 << 20);
            return many(function () { var o = {}; o[name] = 1; return o; });
        };",
        ScriptConfig { handler_ms: 0, ..ScriptConfig::default() },
    );
    for method in ["texts", "wides", "views", "names"] {
        let effects = driver.call(1, method, &[]);
        let refused = "RangeError: one handler sends more than 67108864 bytes (limit queued_bytes)";
        assert_eq!(problems(&effects), [refused], "{method}");
        let answer = failed(1, &format!("Failed to execute method ({method})."));
        assert_eq!(effects.last(), Some(&answer), "{method}");
    }
}

#[test]
fn calls_that_wait_for_an_answer_are_counted() {
    let config = ScriptConfig {
        pending_calls: 2,
        ..ScriptConfig::default()
    };
    let mut driver = limited(
        "Client.prototype.ask = function () {
            var answers = [];
            for (var i = 0; i < 3; i++) answers.push(this.call('q', { onResult: function () {} }));
            return answers.join();
        };",
        config,
    );
    let effects = driver.call(1, "ask", &[]);
    assert_eq!(
        problems(&effects),
        ["more than 2 calls wait for their answer (limit pending_calls)"]
    );
    assert_eq!(effects.last(), Some(&returned(1, "true,true,false")));
    driver.disconnect(1);
    driver.connect(1, &[]);
    let effects = driver.call(1, "ask", &[]);
    assert_eq!(
        effects.last(),
        Some(&returned(1, "true,true,false")),
        "those of a client that left are forgotten"
    );
}

#[test]
fn a_long_trace_is_cut() {
    let config = ScriptConfig {
        trace_line_bytes: 5,
        ..ScriptConfig::default()
    };
    let (_, effects) = Driver::limited("trace('12345678');", config);
    assert_eq!(traces(&effects), ["12345"]);
}

#[test]
fn two_scripts_share_nothing() {
    let mut first = limited(
        "Array.prototype.x = 1; shared = 1; Object.prototype.y = 2;",
        hasty(),
    );
    let mut second = limited(
        "Client.prototype.look = function () { return typeof shared + [].x + ({}).y; };",
        hasty(),
    );
    first.connect(2, &[]);
    assert_eq!(
        second.result(1, "look", &[]),
        "undefinedundefinedundefined".into()
    );
}

#[test]
fn a_script_that_breaks_the_language_breaks_only_itself() {
    let mut driver = limited(
        "Array.prototype.push = Array.prototype.indexOf = Array.prototype.splice = null;
        Function.prototype.call = Function.prototype.apply = null;
        Object.defineProperty = Object.keys = null;
        Map = Set = Date = String = Reflect = undefined;
        WeakRef = FinalizationRegistry = queueMicrotask = undefined;
        so = SharedObject.get('so');
        so.onSync = function (list) { trace(this.getPropertyNames().length + list[0].code); };
        Array.prototype.extra = 'shows in for-in';
        Client.prototype.echo = function (x) { return x; };",
        ScriptConfig::default(),
    );
    driver.connect(2, &[]);
    let value = Value::object([
        ("d", Value::Date(amf::Date::from_millis(5.0))),
        ("l", Value::array([1.into()])),
    ]);
    let effects = driver.call(2, "echo", std::slice::from_ref(&value));
    let [
        ScriptEffect::Return {
            outcome: CallOutcome::Result(result),
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!(*result, value);
    driver.disconnect(2);
    driver.world.objects.client_sets("so", "a", 1);
    assert_eq!(traces(&driver.tell()), ["1change"]);
}
