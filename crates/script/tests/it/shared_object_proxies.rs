//! The class `SharedObject`, for objects that another instance owns.

use amf::{Str, Value};
use engine::scripting::{LinkId, ScriptEffect, ScriptInput, SyncCode, SyncEntry};

use crate::driver::{Driver, evaluator, problems, traces};

/// A script whose connection is number 1.
fn with_connection(main: &str) -> Driver {
    let mut driver = evaluator("var nc = new NetConnection(), so = null;");
    driver.world.objects.open_link(1);
    let effects = driver.call(1, "evaluate", &["nc.connect('rtmp://h/owner')".into()]);
    let link = effects.iter().find_map(|effect| match effect {
        ScriptEffect::Link { link, .. } => Some(*link),
        _ => None,
    });
    assert_eq!(link, Some(LinkId(1)));
    driver.try_eval(main);
    driver
}

fn synced(driver: &mut Driver, entries: Vec<SyncEntry>) -> Vec<String> {
    let object = driver.world.objects.id("so").expect("an open object");
    let effects = driver.input(ScriptInput::Sync {
        object,
        list: entries,
    });
    traces(&effects).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_connection_makes_it_a_proxy() {
    let mut driver = with_connection("so = SharedObject.get('so', true, nc); 0");
    driver.check(&[
        ("so === SharedObject.get('so', true)", "true"),
        ("so === SharedObject.get('so', true, nc)", "true"),
        ("so.lock()", "-1"),
        ("so.unlock()", "-1"),
        ("so.setProperty('a', 1)", "undefined"),
        ("so.getProperty('a')", "undefined"),
    ]);
    assert_eq!(driver.world.objects.sent(), ["up: a=1"]);
}

#[test]
fn a_local_object_becomes_a_proxy_and_stays_the_same_object() {
    let mut driver = with_connection("so = SharedObject.get('so'); so.mine = 1; 0");
    driver.check(&[
        ("so.lock() + so.unlock()", "1"),
        ("so === SharedObject.get('so', false, nc)", "true"),
        ("so.lock()", "-1"),
        ("so.mine", "1"),
    ]);
}

#[test]
fn another_connection_is_another_owner() {
    let mut driver = with_connection("so = SharedObject.get('so', false, nc); 0");
    driver.world.objects.open_link(2);
    driver.try_eval("other = new NetConnection(); other.connect('rtmp://h/other'); 0");
    driver.check(&[("so === SharedObject.get('so', false, other)", "true")]);
    assert_eq!(driver.world.objects.sent(), ["clear"]);
}

/// Everything that `onSync` of a proxy can be told.
#[test]
fn a_proxy_is_told_of_its_own_changes_and_of_others() {
    let mut driver = with_connection(
        "so = SharedObject.get('so', false, nc);
        so.onSync = function (list) {
            if (list.length == 0) trace('in step');
            for (var i = 0; i < list.length; i++) {
                var e = list[i];
                trace([e.code, e.name, e.oldValue, 'name' in e, 'oldValue' in e]);
            }
        }; 0",
    );
    let entry = |code, name: Option<&str>, old: Option<&str>| SyncEntry {
        code,
        name: name.map(Str::from),
        old: old.map(Value::from),
    };
    assert_eq!(synced(&mut driver, vec![]), ["in step"]);
    let list = vec![
        entry(SyncCode::Clear, None, None),
        entry(SyncCode::Change, Some("a"), Some("before")),
        entry(SyncCode::Delete, Some("b"), Some("before")),
        entry(SyncCode::Success, Some("c"), None),
        entry(SyncCode::Reject, Some("d"), Some("before")),
    ];
    assert_eq!(
        synced(&mut driver, list),
        [
            "clear,,,false,false",
            "change,a,before,true,true",
            "delete,b,before,true,true",
            "success,c,,true,false",
            "reject,d,before,true,true",
        ]
    );
}

#[test]
fn a_connection_that_is_not_open_is_told_by_a_status() {
    for connection in [
        "new NetConnection()",
        "gateway",
        "closed",
        // The instance knows that it is over; the script does not yet.
        "unknown",
    ] {
        let mut driver = with_connection(
            "gateway = new NetConnection(); gateway.connect('http://h/gateway');
            closed = new NetConnection(); closed.connect('rtmp://h/a'); closed.close();
            unknown = new NetConnection(); unknown.connect('rtmp://h/a'); 0",
        );
        driver.pass(10);
        driver.try_eval(&format!(
            "so = SharedObject.get('so', false, {connection});
            so.onStatus = function (info) {{ trace([this === so, info.level, info.code]); }}; 0"
        ));
        let effects = driver.pass(10);
        assert_eq!(
            traces(&effects),
            ["true,error,SharedObject.ObjectCreationFailed"],
            "{connection}"
        );
        driver.check(&[
            ("so.getProperty('a')", "undefined"),
            ("so.lock()", "-1"),
            ("so.send('a')", "false"),
            ("so === SharedObject.get('so', false, nc)", "true"),
            ("so.send('a')", "true"),
        ]);
    }
}

#[test]
fn a_local_object_stays_local_without_an_open_connection() {
    let mut driver = with_connection("so = SharedObject.get('so'); so.setProperty('a', 1); 0");
    driver.check(&[
        (
            "so === SharedObject.get('so', false, new NetConnection())",
            "true",
        ),
        ("so.getProperty('a')", "1"),
        ("so.lock()", "1"),
    ]);
}

#[test]
fn what_is_no_connection_is_refused() {
    let mut driver = with_connection("");
    for other in ["{}", "5", "application", "'rtmp://h/owner'"] {
        let text = format!("SharedObject.get('so', false, {other}) === null");
        let effects = driver.call(1, "evaluate", &[text.into()]);
        assert_eq!(
            problems(&effects),
            ["the owner of a shared object is reached by a NetConnection"],
            "{other}"
        );
    }
    assert_eq!(driver.world.objects.id("so"), None);
}

#[test]
fn a_status_of_the_owner_reaches_the_proxy() {
    let mut driver = with_connection(
        "so = SharedObject.get('so', false, nc);
        so.onStatus = function (info) { trace(info.code); }; 0",
    );
    let object = driver.world.objects.id("so").expect("an open object");
    let info = Value::object([("code", Value::from("SharedObject.NoReadAccess"))]);
    let effects = driver.input(ScriptInput::ObjectStatus { object, info });
    assert_eq!(traces(&effects), ["SharedObject.NoReadAccess"]);
}
