//! The example of shared objects, as it is shipped.

use std::rc::Rc;

use amf::Value;
use engine::scripting::ScriptEffect;
use script::check::{CheckLimits, CheckSetup, check};
use script::{ApplicationInfo, MemoryFiles, ScriptConfig};

use crate::driver::{Driver, problems, reject};

const WHITEBOARD: &str = include_str!("../../../../applications/whiteboard/main.asc");

/// A whiteboard on which these strokes are already, with the value `clear` in its configuration.
fn whiteboard(strokes: &[&str], clear: Option<&str>) -> Driver {
    let files = MemoryFiles::new().with("main.asc", WHITEBOARD);
    let config = clear.map(|who| Value::object([("clear", Value::from(who))]));
    let info = ApplicationInfo {
        config: config.unwrap_or(Value::Undefined),
        ..ApplicationInfo::default()
    };
    let mut driver = Driver::with(files, ScriptConfig::default(), info);
    driver.world.objects.store("strokes", strokes);
    let effects = driver.input(engine::scripting::ScriptInput::Start);
    assert_eq!(problems(&effects), [] as [String; 0]);
    driver
}

fn rejected(client: u64, message: &str) -> [ScriptEffect; 1] {
    let mut expected = reject(client);
    if let ScriptEffect::Reject { application, .. } = &mut expected {
        *application = Value::object([("message", Value::from(message))]);
    }
    [expected]
}

fn line(numbers: usize) -> Value {
    Value::array((0..numbers).map(|number| Value::from(number as f64)))
}

fn draw(driver: &mut Driver, client: u64, points: Value) -> Value {
    driver.result(client, "draw", &[points, 0xFF_0000.into(), 200.into()])
}

#[test]
fn people_are_listed_while_they_are_there() {
    let mut driver = whiteboard(&[], None);
    driver.connect(1, &["ann".into()]);
    driver.connect(2, &["bob".into()]);
    assert_eq!(driver.world.objects.names("people"), ["ann", "bob"]);
    driver.disconnect(1);
    assert_eq!(driver.world.objects.names("people"), ["bob"]);
    driver.connect(3, &["ann".into()]);
    assert_eq!(driver.world.objects.names("people"), ["ann", "bob"]);
}

#[test]
fn people_have_names_and_each_another_one() {
    let mut driver = whiteboard(&[], None);
    let long = "x".repeat(41);
    for (client, args) in [
        (1, vec![]),
        (2, vec![Value::from("")]),
        (3, vec![5.into()]),
        (4, vec![long.as_str().into()]),
    ] {
        let effects = driver.connect(client, &args);
        assert_eq!(effects, rejected(client, "That is not a name."));
    }
    driver.connect(5, &["ann".into()]);
    assert_eq!(
        driver.connect(6, &["ann".into()]),
        rejected(6, "Somebody here has this name.")
    );
    driver.disconnect(6);
    assert_eq!(driver.world.objects.names("people"), ["ann"]);
}

#[test]
fn people_write_nothing_and_point_in_their_own_name() {
    let mut driver = whiteboard(&[], None);
    let effects = driver.connect(1, &["ann".into()]);
    let write = effects.iter().find_map(|effect| match effect {
        ScriptEffect::Access { rules, .. } => Some(rules.write.as_str()),
        _ => None,
    });
    assert_eq!(write, Some(""));
    driver.world.objects.sent();
    driver.result(1, "point", &[10.into(), "bob".into()]);
    assert_eq!(driver.world.objects.sent(), ["cursor(ann,10,0)"]);
}

#[test]
fn a_stroke_is_checked_and_numbered() {
    let mut driver = whiteboard(&[], None);
    driver.connect(1, &["ann".into()]);
    assert_eq!(draw(&mut driver, 1, line(4)), 1.into());
    assert_eq!(draw(&mut driver, 1, line(2)), 2.into());
    let stroke = driver
        .world
        .objects
        .value("strokes", "1")
        .expect("a stroke");
    let wanted = Value::object([
        ("points", line(4)),
        ("color", 0xFF_0000.into()),
        ("width", 50.into()),
        ("by", "ann".into()),
    ]);
    assert_eq!(stroke, wanted);
    for points in [
        line(0),
        line(3),
        line(2_002),
        Value::from("1,2"),
        Value::array(["1".into(), 2.into()]),
        Value::array([f64::NAN.into(), 2.into()]),
    ] {
        assert_eq!(draw(&mut driver, 1, points), Value::Null);
    }
    assert_eq!(driver.world.objects.names("strokes"), ["1", "2"]);
}

#[test]
fn the_oldest_strokes_make_room_with_the_new_one() {
    let mut driver = whiteboard(&[], None);
    driver.connect(1, &["ann".into()]);
    for _ in 0..500 {
        draw(&mut driver, 1, line(2));
    }
    assert_eq!(driver.world.objects.names("strokes").len(), 500);
    driver.world.objects.sent();
    draw(&mut driver, 1, line(2));
    let sent = driver.world.objects.sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].starts_with("501=") && sent[0].ends_with(" -1"));
    assert_eq!(driver.world.objects.names("strokes").len(), 500);
}

#[test]
fn long_strokes_make_room_before_the_object_is_full() {
    let mut driver = whiteboard(&[], None);
    driver.connect(1, &["ann".into()]);
    for number in 1..=103 {
        assert_eq!(draw(&mut driver, 1, line(2_000)), number.into());
    }
    let names = driver.world.objects.names("strokes");
    assert_eq!(names.len(), 100);
    assert!(!names.contains(&"3".to_owned()) && names.contains(&"103".to_owned()));
    // A wiped sheet has all its room again.
    assert_eq!(driver.result(1, "clear", &[]), true.into());
    for _ in 0..100 {
        draw(&mut driver, 1, line(2_000));
    }
    assert_eq!(driver.world.objects.names("strokes").len(), 100);
}

#[test]
fn numbers_go_on_after_a_restart() {
    let mut driver = whiteboard(&["9", "12", "10"], None);
    driver.connect(1, &["ann".into()]);
    assert_eq!(draw(&mut driver, 1, line(2)), 13.into());
    for _ in 0..497 {
        draw(&mut driver, 1, line(2));
    }
    let names = driver.world.objects.names("strokes");
    assert_eq!(names.len(), 500);
    assert!(!names.contains(&"9".to_owned()) && names.contains(&"10".to_owned()));
}

#[test]
fn who_was_first_wipes_the_sheet() {
    let mut driver = whiteboard(&["1"], None);
    driver.connect(1, &["ann".into()]);
    driver.connect(2, &["bob".into()]);
    assert_eq!(driver.result(2, "clear", &[]), false.into());
    assert_eq!(driver.world.objects.names("strokes"), ["1"]);
    assert_eq!(driver.result(1, "clear", &[]), true.into());
    assert_eq!(driver.world.objects.names("strokes"), [] as [&str; 0]);
    assert_eq!(driver.world.objects.stored("strokes"), Some(vec![]));
    assert_eq!(draw(&mut driver, 2, line(2)), 2.into());
    driver.disconnect(1);
    assert_eq!(driver.result(2, "clear", &[]), true.into());
}

#[test]
fn everybody_wipes_the_sheet_where_it_is_configured() {
    let mut driver = whiteboard(&["1"], Some("everybody"));
    driver.connect(1, &["ann".into()]);
    driver.connect(2, &["bob".into()]);
    assert_eq!(driver.result(2, "clear", &[]), true.into());
    assert_eq!(driver.world.objects.names("strokes"), [] as [&str; 0]);
}

#[test]
fn the_report_finds_nothing_that_does_not_run() {
    let report = check(&CheckSetup {
        files: Rc::new(MemoryFiles::new().with("main.asc", WHITEBOARD)),
        config: ScriptConfig::default(),
        info: ApplicationInfo::default(),
        limits: CheckLimits::default(),
    });
    assert_eq!(report.findings, []);
    assert!(report.is_supported());
    assert_eq!(report.files, ["main.asc"]);
}
