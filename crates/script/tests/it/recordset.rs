//! Tables that gateways send: `RecordSet`.

use amf::Value;
use engine::scripting::ScriptEffect;

use crate::driver::{Driver, call_failed, evaluator, problems, traces};
use crate::netservices::{PRELUDE, calls_of};
use crate::remoting::{answer, answers, request, run};

/// A table as gateways send it: the rows from `cursor` on, of `total`.
fn table(cursor: i32, rows: &[(&str, i32)], total: i32) -> Value {
    let rows = rows
        .iter()
        .map(|(name, age)| Value::array([(*name).into(), (*age).into()]));
    let info = Value::object([
        ("totalCount", Value::from(total)),
        ("initialData", Value::array(rows)),
        ("cursor", cursor.into()),
        ("serviceName", "PageAble".into()),
        ("columnNames", Value::array(["name".into(), "age".into()])),
        ("version", 1.into()),
        ("id", "q7".into()),
    ]);
    Value::typed_object("RecordSet", [("serverInfo", info)])
}

/// A script whose variable `rs` has come from a gateway.
fn with_table(value: Value) -> Driver {
    let mut driver = evaluator(PRELUDE);
    let text = "view = {modelChanged: function (event) { trace(uneval(event)); }};
        taker = {onResult: function (value) { rs = value; rs.addView(view); }};
        gateway.getService('s', taker).get(); 0";
    let (id, _) = request(&run(&mut driver, text));
    let effects = answers(&mut driver, id, vec![answer("/1/onResult", value)]);
    assert_eq!(effects, []);
    driver
}

fn people() -> Driver {
    with_table(table(1, &[("ann", 30), ("cid", 7), ("bob", 30)], 3))
}

/// Evaluates text; how it writes itself, and what it traced.
fn shown(driver: &mut Driver, text: &str) -> String {
    let effects = run(driver, &format!("trace(uneval({text}))"));
    traces(&effects).join(" ")
}

#[test]
fn a_table_can_be_read() {
    let mut driver = people();
    let text = "[rs instanceof RecordSet, rs.getLength(), rs.getNumberAvailable(),
        rs.isFullyPopulated(), rs.isLocal(), rs.getColumnNames(), rs.getItemAt(1), rs.getItemAt(3),
        rs.getItemAt(-1), rs.contains(rs.getItemAt(2)), rs.contains({}), rs.getItemID(0) != rs.getItemID(1)]";
    assert_eq!(
        shown(&mut driver, text),
        "[true, 3, 3, true, true, [\"name\", \"age\"], {name:\"cid\", age:7}, null, null, true, \
         false, true]"
    );
}

#[test]
fn a_table_can_be_changed_and_says_so() {
    let mut driver = people();
    let names = "(function () { var s = []; for (var i = 0; i < rs.getLength(); i++)
        s.push(rs.getItemAt(i).name); return s.join(); })()";
    let steps = [
        (
            "rs.addItem({name: 'dan', age: 1})",
            "addRows",
            "ann,cid,bob,dan",
        ),
        (
            "rs.addItemAt(1, {name: 'eve', age: 2})",
            "addRows",
            "ann,eve,cid,bob,dan",
        ),
        ("rs.removeItemAt(0)", "deleteRows", "eve,cid,bob,dan"),
        (
            "rs.replaceItemAt(3, {name: 'fay', age: 3})",
            "updateRows",
            "eve,cid,bob,fay",
        ),
        (
            "rs.setField(0, 'name', 'zoe')",
            "updateRows",
            "zoe,cid,bob,fay",
        ),
        ("rs.sortItemsBy('name')", "sort", "bob,cid,fay,zoe"),
        (
            "rs.sortItemsBy(['age', 'name'], 'DESC')",
            "sort",
            "bob,cid,fay,zoe",
        ),
        (
            "rs.sort(function (a, b) { return a.age - b.age; })",
            "sort",
            "zoe,fay,cid,bob",
        ),
        ("rs.removeAll()", "updateAll", ""),
    ];
    for (step, event, expected) in steps {
        let effects = run(&mut driver, step);
        let lines = traces(&effects);
        assert!(
            lines.len() == 1 && lines[0].contains(event),
            "{step}: {lines:?}"
        );
        assert_eq!(driver.eval(names), expected.into(), "{step}");
    }
    for step in [
        "rs.removeItemAt(0)",
        "rs.setField(5, 'a', 1)",
        "rs.addItemAt(2, {})",
    ] {
        assert_eq!(traces(&run(&mut driver, step)), [""; 0], "{step}");
    }
}

#[test]
fn records_that_do_not_change_keep_their_ids() {
    let mut driver = people();
    let change = "id = rs.getItemID(1); rs.removeItemAt(0); rs.addItemAt(0, {});
        rs.sortItemsBy('x')";
    assert_eq!(traces(&run(&mut driver, change)).len(), 3);
    let text = "[rs.getItemID(1) == id, rs.getItemID(0) != id, rs.getItemID(9)].join()";
    assert_eq!(driver.eval(text), "true,true,".into());
}

#[test]
fn a_table_can_be_filtered() {
    let mut driver = people();
    let text = "(function () { var some = rs.filter(function (item, age) { return item.age == age; }, 30);
        return [some.getLength(), some.getItemAt(1).name, some.getColumnNames().join(), rs.getLength()]; })()";
    assert_eq!(shown(&mut driver, text), "[2, \"bob\", \"name,age\", 3]");
}

#[test]
fn a_table_travels_as_it_came() {
    let mut driver = people();
    let effects = run(&mut driver, "gateway.call('back', null, rs)");
    let args = calls_of(&effects)[0].1.clone();
    let sent = args.as_array().expect("arguments")[0].clone();
    assert_eq!(
        sent.as_object()
            .and_then(|o| o.class().map(ToString::to_string)),
        Some("RecordSet".into())
    );
    let info = sent.get("serverInfo").expect("its information");
    let rows = [("ann", 30), ("cid", 7), ("bob", 30)];
    let came = table(1, &rows, 3);
    let came = came.get("serverInfo").expect("its information");
    for name in [
        "totalCount",
        "initialData",
        "cursor",
        "columnNames",
        "version",
    ] {
        assert_eq!(info.get(name), came.get(name), "{name}");
    }
    // One that the script has made goes the same way.
    let text = "var made = new RecordSet(['a', 'b']); made.addItem({a: 1, b: 2, c: 3});
        gateway.call('m', null, made)";
    let args = calls_of(&run(&mut driver, text))[0].1.clone();
    let made = args.as_array().expect("arguments")[0].clone();
    let rows = made
        .get("serverInfo")
        .and_then(|info| info.get("initialData"));
    assert_eq!(
        rows,
        Some(&Value::array([Value::array([1.into(), 2.into()])]))
    );
}

#[test]
fn records_at_the_gateway_come_when_they_are_asked_for() {
    let mut driver = with_table(table(1, &[("ann", 30)], 3));
    let text =
        "[rs.getLength(), rs.getNumberAvailable(), rs.isFullyPopulated(), rs.getItemAt(0).name]";
    assert_eq!(shown(&mut driver, text), "[3, 1, false, \"ann\"]");
    let effects = run(
        &mut driver,
        "trace(rs.getItemAt(2)); rs.getItemAt(2); rs.addItem({})",
    );
    assert_eq!(traces(&effects), ["in progress"]);
    assert!(problems(&effects)[0].contains("addItem"), "{effects:?}");
    let args = Value::array(["q7".into(), 3.into(), 1.into()]);
    assert_eq!(
        calls_of(&effects),
        [("PageAble.getRecords".to_owned(), args)]
    );
    let (id, _) = request(&effects);
    let effects = answers(&mut driver, id, vec![answer("/2/onResult", page(3, "cid"))]);
    assert_eq!(
        traces(&effects),
        ["({event:\"fetchRows\", firstRow:2, lastRow:2})"]
    );
    // A failure can be followed by another try.
    let (id, _) = request(&run(&mut driver, "rs.getItemAt(1)"));
    let effects = answers(
        &mut driver,
        id,
        vec![answer("/3/onStatus", call_failed("no"))],
    );
    assert_eq!(traces(&effects), ["connection NetConnection.Call.Failed"]);
    let (id, _) = request(&run(&mut driver, "rs.getItemAt(1)"));
    let effects = answers(&mut driver, id, vec![answer("/4/onResult", page(2, "bob"))]);
    assert_eq!(traces(&effects), ["({event:\"allRows\"})"]);
    let text = "[rs.isFullyPopulated(), rs.getItemAt(1).name, rs.getItemAt(2).name]";
    assert_eq!(shown(&mut driver, text), "[true, \"bob\", \"cid\"]");
}

fn page(cursor: i32, name: &str) -> Value {
    let row = Value::array([name.into(), 1.into()]);
    let members = [("Cursor", cursor.into()), ("Page", Value::array([row]))];
    Value::typed_object("RecordSetPage", members)
}

#[test]
fn pages_and_whole_tables_can_be_asked_for() {
    let mut driver = with_table(table(1, &[("ann", 30)], 100));
    let effects = run(
        &mut driver,
        "rs.setDeliveryMode('page', 10, 1); rs.getItemAt(15); 0",
    );
    let asked: Vec<_> = calls_of(&effects)
        .into_iter()
        .map(|(_, args)| args)
        .collect();
    let range = |first: i32, count: i32| Value::array(["q7".into(), first.into(), count.into()]);
    assert_eq!(asked, [range(11, 10), range(21, 10)]);
    let effects = run(&mut driver, "rs.setDeliveryMode('fetchall', 9); 0");
    assert_eq!(calls_of(&effects)[0].1, range(2, 9));
    let (id, _) = request(&effects);
    let effects = answers(&mut driver, id, vec![answer("/4/onResult", page(2, "bob"))]);
    assert_eq!(calls_of(&effects)[0].1, range(3, 8));
    // A gateway that has nothing is not asked for ever.
    let (id, _) = request(&effects);
    let effects = answers(&mut driver, id, vec![answer("/5/onResult", page(1, "ann"))]);
    assert!(
        !effects
            .iter()
            .any(|e| matches!(e, ScriptEffect::Http { .. })),
        "{effects:?}"
    );
}

#[test]
fn hostile_tables_stay_tables() {
    let wild = [
        Value::Null,
        Value::object([("totalCount", Value::from(-1))]),
        Value::object([
            ("totalCount", Value::from(1e300)),
            ("initialData", "x".into()),
        ]),
        Value::object([
            ("totalCount", Value::from(2_000_000_000)),
            ("cursor", f64::NAN.into()),
            (
                "columnNames",
                Value::array(["__proto__".into(), Value::Null]),
            ),
            (
                "initialData",
                Value::array([Value::array([1.into()]), 5.into()]),
            ),
        ]),
    ];
    for info in wild {
        let mut driver = with_table(Value::typed_object("RecordSet", [("serverInfo", info)]));
        let text = "[rs.getLength() >= 0, rs.getNumberAvailable() <= rs.getLength(), rs.getItemAt(0) !== undefined,
            ({}).polluted === undefined]";
        assert_eq!(shown(&mut driver, text), "[true, true, true, true]");
        assert_eq!(driver.eval("rs.contains(1)"), false.into());
    }
}
