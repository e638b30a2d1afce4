//! Timers.

use amf::Value;

use crate::driver::{Driver, evaluator, problems, traces};

#[test]
fn an_interval_calls_a_function_with_its_arguments() {
    let mut driver = Driver::new("setInterval(function (a, b) { trace(a + b); }, 100, 'x', 5);");
    assert_eq!(driver.pass(99), []);
    assert_eq!(traces(&driver.pass(1)), ["x5"]);
    assert_eq!(traces(&driver.pass(250)), ["x5", "x5"]);
}

#[test]
fn an_interval_calls_a_method_of_an_object() {
    let mut driver = Driver::new(
        "var o = { n: 1, tick: function (by) { this.n += by; trace(this.n); } };
        setInterval(o, 'tick', 10, 2);",
    );
    assert_eq!(traces(&driver.pass(20)), ["3", "5"]);
}

#[test]
fn a_timer_is_cleared_from_outside_and_from_inside() {
    let mut driver = Driver::new(
        "var n = 0, id = setInterval(function () { trace(++n); if (n == 2) clearInterval(id); }, 10);
        var other = setInterval(function () { trace('never'); }, 10);
        clearInterval(other);
        clearInterval(undefined); clearInterval(null); clearInterval(12345); clearInterval();
        clearInterval('x'); clearInterval({});",
    );
    assert_eq!(traces(&driver.pass(100)), ["1", "2"]);
    assert_eq!(driver.due, None);
}

#[test]
fn ids_are_numbers_from_one() {
    let mut driver =
        evaluator("var ids = []; for (var i = 0; i < 3; i++) ids.push(setInterval(trace, 1000));");
    assert_eq!(
        driver.eval("ids"),
        Value::array([1.into(), 2.into(), 3.into()])
    );
}

#[test]
fn a_timeout_fires_once() {
    let mut driver = Driver::new(
        "setTimeout(function (x) { trace(x); }, 10, 'once');
        clearTimeout(setTimeout(function () { trace('never'); }, 10));",
    );
    assert_eq!(traces(&driver.pass(100)), ["once"]);
    assert_eq!(driver.due, None);
}

#[test]
fn a_timer_without_time_does_not_spin() {
    let mut driver = Driver::new(
        "setInterval(trace, 0, 'a'); setInterval(trace, NaN, 'b'); setInterval(trace, -5, 'c');",
    );
    assert_eq!(traces(&driver.pass(2)).len(), 6);
}

#[test]
fn a_tick_that_was_missed_is_not_made_up_for() {
    let mut driver = Driver::new("setInterval(trace, 10, 'tick');");
    driver.now = driver.now + 1_000;
    let effects = driver.input(engine::scripting::ScriptInput::Timeout);
    assert_eq!(traces(&effects), ["tick"]);
}

#[test]
fn an_interval_that_fails_goes_on() {
    let mut driver = Driver::new("setInterval(function () { nowhere(); }, 10);");
    assert_eq!(problems(&driver.pass(20)).len(), 2);
}

#[test]
fn what_is_no_function_is_refused() {
    let mut driver = evaluator("");
    let refused = "a timer needs a function, or an object and the name of its method";
    for args in ["", "5, 10", "null, 'x', 5", "undefined"] {
        let script = format!("try {{ setInterval({args}) }} catch (e) {{ e.message }}");
        assert_eq!(driver.eval(&script), refused.into(), "{args}");
    }
}
