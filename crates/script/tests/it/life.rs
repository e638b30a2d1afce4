//! From the start of a script to its end.

use engine::scripting::{
    ApplicationStats, ClientStats, Problem, ScriptEffect, ScriptInput, StopReason,
};
use script::{ApplicationInfo, MemoryFiles, ScriptConfig};

use crate::driver::{Driver, accept, evaluator, problems, reports, traces};

fn started(files: MemoryFiles) -> (Driver, Vec<ScriptEffect>) {
    let mut driver = Driver::with(files, ScriptConfig::default(), ApplicationInfo::default());
    let effects = driver.input(ScriptInput::Start);
    (driver, effects)
}

#[test]
fn the_script_runs_then_on_app_start_then_it_is_started() {
    let (_, effects) = Driver::limited(
        "trace('main'); application.onAppStart = function () { trace('start ' + (this == application)); };",
        ScriptConfig::default(),
    );
    let trace = |line: &str| ScriptEffect::Trace(line.into());
    assert_eq!(
        effects,
        [trace("main"), trace("start true"), ScriptEffect::Started]
    );
}

#[test]
fn without_a_script_the_instance_runs_with_defaults() {
    let (mut driver, effects) = started(MemoryFiles::new());
    assert_eq!(effects, [ScriptEffect::Started]);
    assert_eq!(driver.connect(1, &[]), [accept(1)]);
    let stop = driver.stop(StopReason::Idle, false);
    assert_eq!(stop, [ScriptEffect::Stop { allowed: true }]);
}

#[test]
fn a_script_that_does_not_compile_fails_to_start() {
    let (mut driver, effects) = started(MemoryFiles::new().with("main.asc", "var a;\nvar b = ;\n"));
    let expected = Problem {
        code: "Application.Script.Error".into(),
        description: "SyntaxError: unexpected token in expression: ';'".into(),
        file: "main.asc".into(),
        line: 2,
        source_line: "var b = ;".into(),
    };
    assert_eq!(
        effects,
        [
            ScriptEffect::Problem(Box::new(expected.clone())),
            ScriptEffect::Failed(Box::new(expected)),
        ]
    );
    assert_eq!(driver.connect(1, &[]), [], "nothing is told to it any more");
}

#[test]
fn an_error_while_the_main_script_runs_does_not_end_it() {
    let (mut driver, effects) = started(MemoryFiles::new().with(
        "main.asc",
        "application.onConnect = function () { return true; };\n\nnowhere();\ntrace('not reached');",
    ));
    let problem = reports(&effects).next().expect("a problem");
    assert_eq!((problem.file.as_str(), problem.line), ("main.asc", 3));
    assert_eq!(problem.source_line, "nowhere();");
    assert_eq!(effects.last(), Some(&ScriptEffect::Started));
    assert_eq!(effects.len(), 2);
    assert_eq!(driver.connect(1, &[]), [accept(1)]);
}

#[test]
fn on_app_stop_is_told_why_and_only_false_refuses() {
    let mut driver = Driver::new(
        "var answer = false;
        application.onAppStop = function (info) {
            trace(info.code + ' ' + info.level);
            var a = answer; answer = 0; return a;
        };",
    );
    let effects = driver.stop(StopReason::Idle, false);
    assert_eq!(traces(&effects), ["Application.GC status"]);
    assert_eq!(effects.last(), Some(&ScriptEffect::Stop { allowed: false }));
    let effects = driver.stop(StopReason::Shutdown, false);
    assert_eq!(traces(&effects), ["Application.Shutdown status"]);
    assert_eq!(effects.last(), Some(&ScriptEffect::Stop { allowed: true }));
}

#[test]
fn a_silent_stop_asks_nobody_and_a_failing_handler_does_not_hold_the_instance() {
    let script = "application.onAppStop = function () { trace('asked'); nowhere(); };";
    let silent = Driver::new(script).stop(StopReason::Shutdown, true);
    assert_eq!(silent, [ScriptEffect::Stop { allowed: true }]);
    let failing = Driver::new(script).stop(StopReason::Shutdown, false);
    assert_eq!(problems(&failing).len(), 1);
    assert_eq!(failing.last(), Some(&ScriptEffect::Stop { allowed: true }));
}

#[test]
fn after_the_stop_clients_leave_and_timers_are_silent() {
    let mut driver = Driver::new(
        "setInterval(function () { trace('tick'); }, 10);
        application.onDisconnect = function () {
            trace('left');
            setTimeout(function () { trace('late'); }, 1);
        };",
    );
    driver.connect(1, &[]);
    assert_eq!(traces(&driver.pass(10)), ["tick"]);
    driver.stop(StopReason::Shutdown, false);
    assert_eq!(traces(&driver.disconnect(1)), ["left"]);
    assert_eq!(driver.pass(100), []);
}

#[test]
fn shutdown_is_asked_for_and_not_done_at_once() {
    let mut driver = evaluator("");
    let effects = driver.call(1, "evaluate", &["application.shutdown(); 5".into()]);
    assert_eq!(effects.first(), Some(&ScriptEffect::Shutdown));
}

#[test]
fn statistics_come_from_the_world() {
    let mut driver = evaluator(
        "function list(o) { var s = ''; for (var n in o) s += n + '=' + o[n] + ' '; return s; }",
    );
    *driver.world.application.borrow_mut() = ApplicationStats {
        bytes_in: 1,
        bytes_out: 2,
        msg_in: 3,
        msg_out: 4,
        msg_dropped: 5,
        total_connects: 6,
        total_disconnects: 7,
    };
    assert_eq!(
        driver.eval("list(application.getStats())"),
        "bytes_in=1 bytes_out=2 msg_in=3 msg_out=4 msg_dropped=5 total_connects=6 total_disconnects=7 ".into()
    );
    let stats = ClientStats {
        bytes_in: 10,
        bytes_out: 20,
        msg_in: 30,
        msg_out: 40,
        msg_dropped: 50,
        ping_rtt_ms: 60,
        responsive: true,
    };
    driver.world.clients.borrow_mut().insert(1, stats);
    assert_eq!(
        driver.eval("list(application.clients[0].getStats())"),
        "bytes_in=10 bytes_out=20 msg_in=30 msg_out=40 msg_dropped=50 ping_rtt=60 ".into()
    );
    driver.world.clients.borrow_mut().clear();
    assert_eq!(
        driver.eval("application.clients[0].getStats()"),
        amf::Value::Null
    );
}
