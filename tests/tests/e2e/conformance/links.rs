//! One instance connects to another: what each of them sees.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::told::{Field, is, same, same_in_any_order};
use libtest_mimic::Trial;

use super::{call_failed, failed_call, joined, something, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::links::what_both_sides_see", both_sides),
        trial("conformance::links::object_encoding_3", amf3),
        trial("conformance::links::methods_of_the_other_instance", proxied),
        trial("conformance::links::a_rejection", rejected),
        trial("conformance::links::an_application_that_is_none", unknown),
        trial("conformance::links::addresses_that_are_none", addresses),
        trial("conformance::links::closing_from_both_sides", closing),
        trial("conformance::links::the_other_instance_ends", unloaded),
    ]
}

/// A status as the script of `caller` got it.
fn status(
    level: &'static str,
    code: &'static str,
    description: Field,
    connected: bool,
) -> Vec<(&'static str, Field)> {
    vec![
        ("level", is(level)),
        ("code", is(code)),
        ("description", description),
        ("isConnected", is(connected)),
        ("isThis", is(true)),
    ]
}

fn closed() -> Vec<(&'static str, Field)> {
    let text = is("");
    status("status", "NetConnection.Connect.Closed", text, false)
}

/// Waits for the next status, which has to have these properties.
async fn told(client: &mut Client, expected: &[(&'static str, Field)]) -> Result<()> {
    let told = something(client, "nextTold").await?;
    same_in_any_order(&told, expected)
}

/// Connects, and waits until the other side has accepted.
async fn opened(client: &mut Client, uri: &str) -> Result<()> {
    let began = client
        .call("open", vec![uri.into(), "accept".into()])
        .await?;
    ensure!(began == Value::from(true), "{began:?}");
    told(client, &success(0.0)).await
}

fn success(encoding: f64) -> Vec<(&'static str, Field)> {
    let text = is("Connection succeeded.");
    let mut expected = status("status", "NetConnection.Connect.Success", text, true);
    expected.extend([
        ("clientid", Field::SomeText),
        ("objectEncoding", is(encoding)),
        ("data", Field::Object(vec![("version", Field::Has(","))])),
    ]);
    expected
}

async fn relayed(client: &mut Client, method: &str, kind: &str) -> Result<Value> {
    let sent = client.call("relay", vec![method.into(), 5.into()]).await?;
    ensure!(sent == Value::from(true), "{method}: {sent:?}");
    let relayed = client.called("relayed").await?;
    ensure!(
        relayed.arg(0) == &Value::from(kind),
        "{method}: {relayed:?}"
    );
    Ok(relayed.arg(1).clone())
}

fn both_sides() -> Result<()> {
    with(&["caller", "callee"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller/one", vec![]).await?;
            opened(&mut client, "rtmp://localhost/callee/room").await?;
            let uri = client.call("linkUri", vec![]).await?;
            ensure!(
                uri == Value::from("rtmp://localhost/callee/room"),
                "{uri:?}"
            );
            exchange(&mut client).await
        })
    })
}

/// Calls in both directions, with results and errors.
async fn exchange(client: &mut Client) -> Result<()> {
    let seen = relayed(client, "whoCalls", "result").await?;
    let expected = [
        ("agent", is("FlashCom/1.5.2")),
        ("ip", is("127.0.0.1")),
        ("protocol", is("rtmp")),
        ("referrer", is("rtmp://_defaultVHost_:1935/caller/one")),
        ("uri", is("rtmp://localhost/callee/room")),
        ("room", is("caller/one")),
        ("value", is(5)),
    ];
    same(&seen, &expected)?;
    for (method, text) in [
        ("none", "Method not found (none)."),
        ("fails", "Failed to execute method (fails)."),
    ] {
        let info = relayed(client, method, "status").await?;
        same(&info, &call_failed(text))?;
    }
    for note in [
        "sum 42",
        "NetConnection.Call.Failed Method not found (missing).",
    ] {
        let found = something(client, "nextNote").await?;
        ensure!(found == Value::from(note), "{found:?}");
    }
    Ok(())
}

fn amf3() -> Result<()> {
    with(&["caller", "callee"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller/one", vec![]).await?;
            let uri = "rtmp://localhost/callee/room";
            client
                .call("openEncoded", vec![uri.into(), 3.into()])
                .await?;
            told(&mut client, &success(3.0)).await?;
            exchange(&mut client).await
        })
    })
}

/// Clients call methods of the other instance through a proxy.
fn proxied() -> Result<()> {
    with(&["caller", "callee"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller/one", vec![]).await?;
            opened(&mut client, "rtmp://localhost/callee/room").await?;
            for [mine, theirs] in [["seen", "whoCalls"], ["fails", "fails"], ["none", "none"]] {
                client
                    .call("offer", vec![mine.into(), theirs.into()])
                    .await?;
            }
            let mut other = joined(rtmp, "caller/one", vec![]).await?;
            let seen = other.call("seen", vec![5.into()]).await?;
            let value = seen.get("value");
            ensure!(value == Some(&Value::from(5)), "{seen:?}");
            for (method, text) in [
                ("fails", "Failed to execute method (fails)."),
                ("none", "Method not found (none)."),
            ] {
                let told = failed_call(&mut other, method, vec![]).await?;
                same(&told, &call_failed(text))?;
            }
            // Without the connection nothing answers; ours.
            client.call("hangUp", vec![]).await?;
            let told = failed_call(&mut other, "seen", vec![]).await?;
            same(&told, &call_failed("Failed to execute method (seen)."))
        })
    })
}

fn rejected() -> Result<()> {
    with(&["caller", "callee"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller/one", vec![]).await?;
            let uri = "rtmp://localhost/callee".into();
            client.call("open", vec![uri, "reject".into()]).await?;
            let code = "NetConnection.Connect.Rejected";
            let mut expected = status("error", code, is("Connection failed."), false);
            let message = vec![("message", is("no caller/one"))];
            expected.push(("application", Field::Object(message)));
            told(&mut client, &expected).await?;
            told_closed(&mut client).await
        })
    })
}

/// The end of a connection; what the description says is ours.
async fn told_closed(client: &mut Client) -> Result<()> {
    let told = something(client, "nextTold").await?;
    let description = told.get("description").cloned().context("no description")?;
    let code = "NetConnection.Connect.Closed";
    same_in_any_order(&told, &status("status", code, is(description), false))
}

fn unknown() -> Result<()> {
    with(&["caller"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller", vec![]).await?;
            let uri = "rtmp://localhost/nosuch".into();
            let began = client.call("open", vec![uri]).await?;
            ensure!(began == Value::from(true), "{began:?}");
            // Documented as InvalidApp; servers of the time were seen to send this.
            let code = "NetConnection.Connect.Rejected";
            let text = Field::Has("Application (nosuch) is not defined.");
            told(&mut client, &status("error", code, text, false)).await?;
            told_closed(&mut client).await
        })
    })
}

fn addresses() -> Result<()> {
    with(&["caller"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller", vec![]).await?;
            for uri in [
                "rtmp:/callee",
                "rtmp://",
                "rtmp://localhost",
                "rtmpt://localhost/callee",
                "rtmpe://localhost/callee",
                "callee",
                "",
            ] {
                let began = client.call("open", vec![uri.into()]).await?;
                ensure!(began == Value::from(false), "{uri}: {began:?}");
            }
            let told = client.call("nextTold", vec![]).await?;
            ensure!(told == Value::Null, "{told:?}");
            Ok(())
        })
    })
}

fn closing() -> Result<()> {
    with(&["caller", "callee"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller", vec![]).await?;
            opened(&mut client, "rtmp://localhost/callee").await?;
            let connected = client.call("hangUp", vec![]).await?;
            ensure!(connected == Value::from(false), "{connected:?}");
            told(&mut client, &closed()).await?;
            // A second close is silent.
            client.call("hangUp", vec![]).await?;
            opened(&mut client, "rtmp://localhost/callee").await?;
            client.call("relay", vec!["cutOff".into()]).await?;
            told_closed(&mut client).await?;
            // Connecting over an open connection closes that first.
            opened(&mut client, "rtmp://localhost/callee").await?;
            let uri = "rtmp://localhost/callee/two".into();
            client.call("open", vec![uri, "accept".into()]).await?;
            told(
                &mut client,
                &status("status", "NetConnection.Connect.Closed", is(""), false),
            )
            .await?;
            told(&mut client, &success(0.0)).await
        })
    })
}

fn unloaded() -> Result<()> {
    with(&["caller", "callee"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "caller", vec![]).await?;
            opened(&mut client, "rtmp://localhost/callee").await?;
            client.call("relay", vec!["unload".into()]).await?;
            let code = "NetConnection.Connect.AppShutdown";
            let told = something(&mut client, "nextTold").await?;
            same_in_any_order(&told, &status("error", code, Field::SomeText, true))?;
            told_closed(&mut client).await
        })
    })
}
