//! Remote calls in both directions: where methods are found, what is answered, how calls fail.

use amf::Reference;
use amf::{Date, Value};
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::told::{is, same};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, Command, Encoding, Message};

use super::{call_failed, failed_call, joined, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::calls::values_and_arguments", values),
        trial("conformance::calls::cycles_and_large_values", large),
        trial("conformance::calls::paths_and_methods", paths),
        trial("conformance::calls::that_fail", failing),
        trial("conformance::calls::names_that_are_the_servers", reserved),
        trial("conformance::calls::without_a_transaction", unanswered),
        trial("conformance::calls::without_the_null_object", gnash),
        trial("conformance::calls::resolve", resolve),
        trial("conformance::calls::proxies", proxies),
        trial(
            "conformance::calls::of_the_script_and_their_answers",
            answers,
        ),
        trial("conformance::calls::of_the_script_without_answer", unasked),
        trial("conformance::calls::both_ways_in_amf3", amf3),
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

fn paths() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec!["ann".into()]).await?;
            for (method, expected) in [
                ("whoAmI", "ann"),
                ("own", "own of ann"),
                // `this` is the object that has the method.
                ("app/where", "the app object"),
                ("app/deeper/where", "deeper"),
            ] {
                let result = client.call(method, vec![]).await?;
                ensure!(result == Value::from(expected), "{method}: {result:?}");
            }
            let length = client.call("getStreamLength", vec!["song".into()]).await?;
            ensure!(length == Value::from(215.5), "{length:?}");
            let stream = client.call("createStream", vec![]).await?;
            ensure!(stream.as_f64().is_some(), "{stream:?}");
            failed_call(&mut client, "learned", vec![]).await?;
            client.call("learn", vec![]).await?;
            let learned = client.call("learned", vec![]).await?;
            ensure!(learned == Value::from("learned by ann"), "{learned:?}");
            Ok(())
        })
    })
}

fn failing() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec![]).await?;
            for method in [
                "none",
                "notAMethod",
                "app",
                "app/none",
                "none/where",
                "app/where/where",
                "Echo",
                "",
                "/",
                "app//where",
            ] {
                let told = failed_call(&mut client, method, vec![]).await?;
                // The full stop is recalled; sources differ.
                let text = format!("Method not found ({method}).");
                same(&told, &call_failed(&text))?;
            }
            for method in ["fails", "throwsText"] {
                let told = failed_call(&mut client, method, vec![]).await?;
                let text = format!("Failed to execute method ({method}).");
                same(&told, &call_failed(&text))?;
            }
            client.call("echo", vec![]).await?;
            Ok(())
        })
    })
}

fn reserved() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec![]).await?;
            for method in [
                "getBandwidthLimit",
                "setBandwidthLimit",
                "getStats",
                "ping",
                // Not in the list of the reference; ours, for what they would lead to.
                "call",
                "toString",
                "hasOwnProperty",
                "constructor",
                "__proto__",
                "__resolve",
                "constructor/constructor",
                "__defineGetter__",
            ] {
                let told = failed_call(&mut client, method, vec!["x".into()]).await?;
                same(
                    &told,
                    &call_failed(&format!("Method not found ({method}).")),
                )?;
            }
            Ok(())
        })
    })
}

fn unanswered() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec![]).await?;
            for method in ["echo", "fails", "none", "getStats"] {
                client.command(0, method, vec![1.into()]).await?;
            }
            client.call("echo", vec![2.into()]).await?;
            let answers = client.drain_inbox();
            let answer = answers.iter().find(|message| {
                matches!(&message.body, Body::Command(command)
                    if matches!(&*command.name, "_result" | "_error"))
            });
            ensure!(answer.is_none(), "{answer:?}");
            Ok(())
        })
    })
}

/// Gnash writes its arguments where the null should be.
fn gnash() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec![]).await?;
            for first in [Value::from("x"), Value::object([("a", Value::from(1))])] {
                for more in 0..3 {
                    let args = vec![5.into(); more];
                    let call = Command::new("count", 0.0, args.clone()).with_object(first.clone());
                    let counted = client.ask(call).await?;
                    let expected = Value::from((more + 1) as f64);
                    ensure!(counted.arg(0) == &expected, "{first:?} {more}: {counted:?}");
                    let call = Command::new("echo", 0.0, args).with_object(first.clone());
                    let echo = client.ask(call).await?;
                    ensure!(echo.arg(0) == &first, "{first:?}: {echo:?}");
                }
            }
            Ok(())
        })
    })
}

fn resolve() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec!["ann".into()]).await?;
            let result = client.call("anything", vec![3.into()]).await?;
            ensure!(result == Value::from("anything of ann: 3"), "{result:?}");
            let told = failed_call(&mut client, "something", vec![]).await?;
            same(&told, &call_failed("Method not found (something)."))
        })
    })
}

fn proxies() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut asker = joined(rtmp, "calls", vec!["asker".into()]).await?;
            let mut helper = joined(rtmp, "calls", vec!["helper".into()]).await?;
            helper
                .call("offer", vec!["anyHelp".into(), "help".into()])
                .await?;
            helper.call("offer", vec!["same".into()]).await?;
            // The script's own method comes first; ours.
            helper.call("offer", vec!["whoAmI".into()]).await?;
            let own = asker.call("whoAmI", vec![]).await?;
            ensure!(own == Value::from("asker"), "{own:?}");
            for (method, theirs) in [("anyHelp", "help"), ("same", "same")] {
                let (mine, answered) = tokio::join!(asker.call(method, vec![7.into()]), async {
                    let call = helper.called(theirs).await?;
                    ensure!(call.args == [7.into()], "{call:?}");
                    ensure!(call.transaction > 0.5, "{call:?}");
                    helper.answer(&call, "helped".into()).await
                });
                answered?;
                let mine = mine?;
                ensure!(mine == Value::from("helped"), "{method}: {mine:?}");
            }
            let (told, refused) = tokio::join!(failed_call(&mut asker, "same", vec![]), async {
                let call = helper.called("same").await?;
                helper
                    .refuse(&call, Value::object([("code", "mine".into())]))
                    .await
            });
            refused?;
            same(&told?, &[("code", is("mine"))])?;
            // Without the proxy the script resolves again; and without either it is not found.
            helper.call("withdraw", vec!["anyHelp".into()]).await?;
            let resolved = asker.call("anyHelp", vec![8.into()]).await?;
            ensure!(
                resolved == Value::from("anyHelp of asker: 8"),
                "{resolved:?}"
            );
            helper.call("withdraw", vec!["same".into()]).await?;
            let told = failed_call(&mut asker, "same", vec![]).await?;
            same(&told, &call_failed("Method not found (same)."))
        })
    })
}

/// Has the script call a method of ours: the call.
async fn asked(client: &mut Client, method: &str) -> Result<Command> {
    let sent = client.call("ask", vec![method.into()]).await?;
    ensure!(sent == Value::from(true), "it was not sent: {sent:?}");
    let call = client.called(method).await?;
    ensure!(call.object == Value::Null, "{call:?}");
    let expected = [
        2.into(),
        Value::object([("three", 3.into())]),
        Value::array([4.into()]),
    ];
    let args = call.args.iter().map(Value::plain);
    ensure!(args.eq(&expected), "{call:?}");
    Ok(call)
}

fn answers() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec![]).await?;
            let first = asked(&mut client, "add").await?;
            let second = asked(&mut client, "chat/say").await?;
            ensure!(first.transaction > 0.5 && second.transaction > first.transaction);
            // In another order than asked.
            let info = Value::object([("code", "no".into())]);
            client.refuse(&second, info.clone()).await?;
            let told = client.called("answered").await?;
            ensure!(
                told.args == ["status".into(), info, true.into()],
                "{told:?}"
            );
            client.answer(&first, 9.into()).await?;
            let told = client.called("answered").await?;
            ensure!(
                told.args == ["result".into(), 9.into(), true.into()],
                "{told:?}"
            );
            // Once answered, a call is over; and nobody asked under this number.
            client.answer(&first, 10.into()).await?;
            let other = Command::new("x", 4711.0, vec![]);
            client.answer(&other, 11.into()).await?;
            client.call("echo", vec![]).await?;
            let again = client.drain_inbox();
            let answered = |message: &&Message| {
                matches!(&message.body,
                Body::Command(command) if &*command.name == "answered")
            };
            ensure!(!again.iter().any(|message| answered(&message)), "{again:?}");
            Ok(())
        })
    })
}

fn unasked() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "calls", vec![]).await?;
            let sent = client.call("shout", vec!["onBWDone2".into()]).await?;
            ensure!(sent == Value::from(true), "{sent:?}");
            let call = client.called("onBWDone2").await?;
            ensure!(call.transaction == 0.0 && call.args.is_empty(), "{call:?}");
            ensure!(call.object == Value::Null, "{call:?}");
            client.call("flood", vec![2_000.into()]).await?;
            let flooded = client.called("flooded").await?;
            let list = flooded.arg(0).as_array().unwrap_or_default();
            ensure!(
                list.len() == 2_000 && list[1_999] == Value::from(999.5),
                "{}",
                list.len()
            );
            Ok(())
        })
    })
}

/// Calls, answers and errors in the form that the client asked for.
fn amf3() -> Result<()> {
    with(&["calls"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            let encoding = [("objectEncoding", 3.into())];
            let args = vec!["ann".into()];
            client
                .ask(client::connect(rtmp, "calls", &encoding, args))
                .await?;
            let call =
                |method: &str| Command::new(method, 0.0, vec![]).with_encoding(Encoding::Amf3);
            for (method, name, expected) in [
                ("whoAmI", "_result", None),
                ("none", "_error", Some("Method not found (none).")),
                ("fails", "_error", Some("Failed to execute method (fails).")),
            ] {
                let answer = client.ask(call(method)).await?;
                ensure!(&*answer.name == name, "{method}: {answer:?}");
                ensure!(answer.encoding == Encoding::Amf3, "{method}: {answer:?}");
                match expected {
                    Some(text) => same(answer.arg(0), &call_failed(text))?,
                    None => ensure!(answer.arg(0) == &Value::from("ann"), "{answer:?}"),
                }
            }
            let add = asked(&mut client, "add").await?;
            ensure!(add.encoding == Encoding::Amf3, "{add:?}");
            client.answer(&add, 9.into()).await?;
            let told = client.called("answered").await?;
            ensure!(told.arg(1) == &Value::from(9), "{told:?}");
            Ok(())
        })
    })
}
