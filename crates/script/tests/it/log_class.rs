//! `Log`: which messages are written, and how.

use crate::driver::{Driver, evaluator, traces};

/// The lines that an expression writes, without their time.
fn lines(driver: &mut Driver, expression: &str) -> Vec<String> {
    let effects = driver.call(1, "evaluate", &[expression.into()]);
    let lines = traces(&effects).into_iter().map(|line| {
        let (time, rest) = line.split_once(" [").unwrap_or_default();
        let digits = |byte: u8| byte.is_ascii_digit() || b"/ :".contains(&byte);
        assert!(time.len() >= 11 && time.bytes().all(digits), "{line}");
        format!("[{rest}")
    });
    lines.collect()
}

#[test]
fn messages_up_to_the_level_are_written() {
    let mut driver = evaluator("");
    let say =
        "l.logInfo('a'); l.logInfo('b', 'VERBOSE'); l.logInfo('c', Log.DEBUG); l.logDebug('d')";
    for (made, wanted) in [
        ("l = new Log()", &["[INFO] : a"][..]),
        ("l = new Log('BRIEF', 'x')", &["[INFO] x: a"]),
        (
            "l = new Log(Log.VERBOSE, 'x')",
            &["[INFO] x: a", "[INFO] x: b"],
        ),
        (
            "l = new Log('DEBUG', 'x')",
            &["[INFO] x: a", "[INFO] x: b", "[DEBUG] x: c", "[DEBUG] x: d"],
        ),
        ("l.level = 'BRIEF'; l.name = 'y'", &["[INFO] y: a"]),
    ] {
        assert_eq!(
            lines(&mut driver, &format!("{made}; {say}")),
            wanted,
            "{made}"
        );
    }
    driver.check(&[("[l.level, l.name, Log.BRIEF]", "BRIEF,y,BRIEF")]);
    for refused in [
        "new Log('LOUD')",
        "l.level = 3",
        "l.logInfo('a', 'toString')",
    ] {
        assert!(driver.thrown(refused).starts_with("TypeError"), "{refused}");
    }
}

#[test]
fn a_script_takes_the_messages_itself() {
    let mut driver = evaluator("");
    driver.check(&[
        ("(l = new Log('DEBUG', 'n'), l.onLog = function (text) { got = this.name + text.split('] ')[1] }, l.logDebug('m'), got)", "nn: m"),
    ]);
    assert!(lines(&mut driver, "l.logInfo('quiet')").is_empty());
}
