//! What a script plays under the names of streams.

use amf::Value;
use engine::scripting::{ScriptEffect, ScriptInput};
use engine::{StationItem, StreamName};

use crate::driver::{evaluator, traces};

fn played(source: &str, start: f64, length: f64, reset: f64) -> ScriptEffect {
    ScriptEffect::StreamPlay {
        stream: StreamName::parse("radio", 100).expect("a name"),
        item: StationItem {
            source: source.into(),
            start,
            length,
            reset,
        },
    }
}

#[test]
fn what_is_played_is_asked_for_with_all_that_is_said() {
    let mut driver = evaluator("var s = Stream.get('radio');");
    for (text, wanted) in [
        ("s.play('a')", played("a", -2.0, -1.0, 1.0)),
        (
            "s.play('flv:a', 1.5, 2, true)",
            played("flv:a", 1.5, 2.0, 1.0),
        ),
        ("s.play('a', -1, 0, false)", played("a", -1.0, 0.0, 0.0)),
        ("s.play('a', null, 'x', 2)", played("a", -2.0, -1.0, 2.0)),
        ("s.play('a', 0, -1, 3)", played("a", 0.0, -1.0, 3.0)),
    ] {
        let effects = driver.call(1, "evaluate", &[text.into()]);
        assert_eq!(effects[0], wanted, "{text}");
        driver.check(&[(text, "true")]);
    }
    let effects = driver.call(1, "evaluate", &["s.play(false)".into()]);
    let stream = StreamName::parse("radio", 100).expect("a name");
    assert_eq!(effects[0], ScriptEffect::StreamStop { stream });
}

#[test]
fn what_cannot_be_played_is_refused_at_once() {
    let mut driver = evaluator("var s = Stream.get('radio'), nc = new NetConnection();");
    for text in [
        "s.play()",
        "s.play('../a')",
        "s.play('')",
        "s.play('a', -2, -1, true, nc)",
    ] {
        let effects = driver.call(1, "evaluate", &[text.into()]);
        let plays = |effect: &ScriptEffect| matches!(effect, ScriptEffect::StreamPlay { .. });
        assert!(!effects.iter().any(plays), "{text}: {effects:?}");
        driver.check(&[(text, "false")]);
    }
}

#[test]
fn the_stream_is_told_what_becomes_of_it() {
    let mut driver = evaluator(
        "Stream.get('radio').onStatus = function (info) { trace([this.name, info.code, info.details]); };",
    );
    let info = Value::object([
        ("code", Value::from("NetStream.Play.Stop")),
        ("details", "a".into()),
    ]);
    let stream = "radio".into();
    assert_eq!(
        traces(&driver.input(ScriptInput::StreamStatus { stream, info })),
        ["radio,NetStream.Play.Stop,a"]
    );
}
