//! What values become on their way to a script and back, and what of a script's own travels.

use amf::{Date, Reference, Value};
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::told::same;
use e2e::wait::SOON;
use libtest_mimic::Trial;

use super::{call_failed, failed_call, joined, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::values::there_and_back", values),
        trial("conformance::values::cycles_and_large_ones", large),
        trial("conformance::values::that_scripts_make", || made(0)),
        trial("conformance::values::that_scripts_make_in_amf3", || made(3)),
    ]
}

fn values() -> Result<()> {
    let object = Value::object([("b", Value::from(1)), ("a", Value::Null)]);
    let list = Value::array([1.5.into(), Value::Undefined, "x".into()]);
    let named = Value::ecma_array([("name", Value::from(true))]);
    let date = Value::Date(Date::from_millis(1_039_046_400_000.0));
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec!["ann".into()]).await?;
            for value in [
                Value::Null,
                Value::Undefined,
                false.into(),
                (-0.5).into(),
                f64::INFINITY.into(),
                "".into(),
                "Grüße, 世界 \u{1f600}".into(),
                "long ".repeat(20_000).into(),
                object.clone(),
                list.clone(),
                date.clone(),
            ] {
                let echo = client.call("echo", vec![value.clone()]).await?;
                ensure!(echo == value, "{value:?} comes back as {echo:?}");
            }
            let kinds = vec![
                Value::Null,
                Value::Undefined,
                1.into(),
                list,
                named,
                date,
                object,
            ];
            let told = client.call("kinds", kinds).await?;
            let expected = "null undefined number array3 object date object ";
            // An array with names is one for scripts, without elements.
            let other = "null undefined number array3 array0 date object ";
            ensure!(told == expected.into() || told == other.into(), "{told:?}");
            for count in [0, 1, 7] {
                let counted = client.call("count", vec![Value::Null; count]).await?;
                ensure!(counted == Value::from(count as f64), "{count}: {counted:?}");
            }
            let nothing = client.call("nothing", vec![]).await?;
            ensure!(nothing == Value::Undefined, "{nothing:?}");
            let nobody = client.call("nobody", vec![]).await?;
            ensure!(nobody == Value::Null, "{nobody:?}");
            Ok(())
        })
    })
}

fn large() -> Result<()> {
    let inner = || Value::Reference(Reference::Enclosing(0));
    let list = Value::array([Value::Reference(Reference::Enclosing(1))]);
    let cycle = Value::object([("self", inner()), ("list", list)]);
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec![]).await?;
            let found = client.call("isCycle", vec![cycle.clone()]).await?;
            ensure!(found == Value::from(true), "{found:?}");
            let echo = client.call("echo", vec![cycle]).await?;
            ensure!(
                matches!(echo.get("self"), Some(Value::Reference(_))),
                "{echo:?}"
            );
            let made = client.call("makeCycle", vec![]).await?;
            let expected = Value::object([("name", "round".into()), ("self", inner())]);
            ensure!(made == expected, "{made:?}");
            let numbers = |count| Value::array((0..count).map(Value::from));
            let echo = client.call("echo", vec![numbers(30_000)]).await?;
            ensure!(echo == numbers(30_000), "other numbers than sent");
            // More than a message may hold.
            client.command(0, "echo", vec![numbers(100_000)]).await?;
            client.closed(SOON).await
        })?;
        server.wait_for_log(&["protocol_error", "the limit of 65536 elements"], SOON)?;
        Ok(())
    })
}

/// What scripts make, and what of it travels. Functions do not; for the rest no document says
/// more than that objects and arrays are sent.
fn made_values() -> Vec<(&'static str, Value)> {
    let name = || Value::object([("name", "ann".into())]);
    vec![
        ("function", Value::Undefined),
        (
            "object with a function",
            Value::object([("a", 1.into()), ("b", 2.into())]),
        ),
        (
            "array with a function",
            Value::array([1.into(), Value::Undefined, 2.into()]),
        ),
        ("wrapped number", 5.into()),
        ("wrapped text", "five".into()),
        ("date", Value::Date(Date::from_millis(86_400_000.0))),
        ("not a number", f64::NAN.into()),
        (
            "undefined inside",
            Value::object([("a", Value::Undefined), ("b", Value::Null)]),
        ),
        (
            "array with a hole",
            Value::array([1.into(), Value::Undefined, 3.into()]),
        ),
        (
            "array as a map",
            Value::ecma_array([("one", 1.into()), ("two", 2.into())]),
        ),
        ("arguments", Value::object([("0", name())])),
        ("expression", Value::object::<&str>([])),
        ("inherited", Value::object([("young", 2.into())])),
        // What the server put there stays here.
        ("client", name()),
        ("application", Value::object::<&str>([])),
        ("half a character", "a\u{fffd}b".into()),
    ]
}

fn made(encoding: i32) -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            let more = [("objectEncoding", encoding.into())];
            let connect = client::connect(rtmp, "calls", &more, vec!["ann".into()]);
            client.ask(connect).await?;
            for (what, expected) in made_values() {
                let value = client.call("make", vec![what.into()]).await?;
                ensure!(value.plain() == &expected, "{what}: {value:?}");
            }
            let named = client.call("make", vec!["array with names".into()]).await?;
            let named = |key: &str| named.get(key).and_then(Value::as_f64).is_some();
            ensure!(named("0") && named("1"), "elements are missing");
            // Deeper than any encoding may go.
            let told = failed_call(&mut client, "make", vec!["too deep".into()]).await?;
            same(&told, &call_failed("Failed to execute method (make)."))?;
            client.call("make", vec!["deep".into()]).await?;
            Ok(())
        })
    })
}
