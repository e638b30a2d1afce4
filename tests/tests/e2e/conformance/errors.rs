//! Scripts that fail: what `application.onStatus` is told, and that all others go on.

use amf::Value;
use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::told::{Field, is, same_in_any_order};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, Message};

use super::{joined, something, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::errors::of_methods", of_methods),
        trial("conformance::errors::of_timers_and_handlers", of_handlers),
    ]
}

/// What the application is told of an error at the line of `main.asc` that contains this.
fn script_error(line: &'static str, words: &'static str) -> Vec<(&'static str, Field)> {
    let source = include_str!("../../../applications/errors/main.asc");
    let at = source.lines().position(|found| found.contains(line));
    let number = at.map_or(0, |at| at + 1);
    vec![
        ("level", is("error")),
        ("code", is("Application.Script.Error")),
        // The form of the words is the script engine's.
        ("description", Field::Has(words)),
        ("filename", Field::Has("main.asc")),
        ("lineno", is(number as f64)),
        ("linebuf", Field::Has(line)),
        ("isApplication", is(true)),
    ]
}

async fn told(client: &mut Client, expected: &[(&'static str, Field)]) -> Result<()> {
    let info = something(client, "nextInfo").await?;
    same_in_any_order(&info, expected)
}

fn of_methods() -> Result<()> {
    with(&["errors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "errors", vec![]).await?;
            for (method, line, words) in [
                ("fails", "return missing.one;", "missing"),
                ("throwsError", "throw new RangeError", "too far"),
                // No error, and yet it has a place.
                ("throwsText", "throw \"a text", "a text of ours"),
            ] {
                ensure!(client.call(method, vec![]).await.is_err(), "{method}");
                told(&mut client, &script_error(line, words)).await?;
            }
            // Without a transaction the caller hears nothing, and the application does.
            client.command(0, "fails", vec![]).await?;
            told(&mut client, &script_error("return missing.one;", "missing")).await?;
            let rest = client.call("nextInfo", vec![]).await?;
            ensure!(rest == Value::Null, "told twice: {rest:?}");
            Ok(())
        })?;
        server.wait_for_log(&["main.asc", "missing"], SOON)?;
        Ok(())
    })
}

fn of_handlers() -> Result<()> {
    with(&["errors"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "errors", vec![]).await?;
            client.call("failsLater", vec![]).await?;
            told(&mut client, &script_error("missing.two;", "missing")).await?;
            // Nothing is decided about who came; ours.
            let mut waiting = Client::open(rtmp).await?;
            let connect = client::connect(rtmp, "errors", &[], vec!["fail".into()]);
            waiting
                .send(Message::connection(Body::Command(connect)))
                .await?;
            told(
                &mut client,
                &script_error("return missing.zero;", "missing"),
            )
            .await?;
            let guest = joined(rtmp, "errors", vec![]).await?;
            drop(guest);
            told(&mut client, &script_error("alsoMissing();", "alsoMissing")).await?;
            ensure!(client.call("failsInside", vec![]).await.is_err());
            let info = something(&mut client, "nextInfo").await?;
            let code = info.get("code").and_then(Value::as_str);
            ensure!(code == Some("Application.Script.Error"), "{info:?}");
            Ok(())
        })
    })
}
