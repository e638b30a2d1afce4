//! What happens when: from the first line of a script to its last client.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::told::{Field, is, same};
use e2e::wait::SOON;
use libtest_mimic::Trial;

use super::{joined, knock, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::life::events_come_in_their_order", order),
        trial("conformance::life::a_script_ends_its_instance", shutdown),
        trial("conformance::life::a_script_refuses_to_end", veto),
    ]
}

async fn events(client: &mut Client) -> Result<String> {
    let events = client.call("getEvents", vec![]).await?;
    Ok(events.as_str().context("no text")?.to_owned())
}

fn order() -> Result<()> {
    with(&["life"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let ann = joined(rtmp, "life", vec!["ann".into()]).await?;
            let mut bob = joined(rtmp, "life", vec!["bob".into()]).await?;
            let mut eve = Client::open(rtmp).await?;
            knock(&mut eve, rtmp, "life", vec!["unwanted".into()]).await?;
            eve.closed(SOON).await?;
            drop(ann);
            server.wait_for_log(&["disconnect ann"], SOON)?;
            let told = events(&mut bob).await?;
            let expected = [
                // The global code once, then onAppStart; its error unloads nothing.
                "main",
                "start 0",
                "connect ann 0",
                "accepted ann 1",
                "connect bob 1",
                "accepted bob 2",
                "connect unwanted 2",
                // Nobody is told of those who were not let in; ours.
                "disconnect ann 1 false",
            ];
            ensure!(told == expected.join(", "), "{told}");
            // Another instance runs the script anew.
            let mut carl = joined(rtmp, "life/other", vec!["carl".into()]).await?;
            let told = events(&mut carl).await?;
            let expected = "main, start 0, connect carl 0, accepted carl 1";
            ensure!(told == expected, "{told}");
            Ok(())
        })
    })
}

/// What a client of an instance that ends is told; the description is ours.
fn unloaded() -> [(&'static str, Field); 3] {
    [
        ("level", is("error")),
        ("code", is("NetConnection.Connect.AppShutdown")),
        ("description", Field::SomeText),
    ]
}

fn shutdown() -> Result<()> {
    with(&["life"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut ann = joined(rtmp, "life", vec!["ann".into()]).await?;
            let mut bob = joined(rtmp, "life", vec!["bob".into()]).await?;
            ann.command(0, "unload", vec![]).await?;
            for client in [&mut ann, &mut bob] {
                let told = client.called("onStatus").await?;
                ensure!(
                    told.object == Value::Null && told.transaction == 0.0,
                    "{told:?}"
                );
                same(told.arg(0), &unloaded())?;
                client.closed(SOON).await?;
            }
            server.wait_for_log(&["stop Application.Shutdown status 2"], SOON)?;
            for name in ["ann", "bob"] {
                server.wait_for_log(&[&format!("disconnect {name}")], SOON)?;
            }
            // The next one finds a new instance.
            let mut carl = joined(rtmp, "life", vec!["carl".into()]).await?;
            let told = events(&mut carl).await?;
            let expected = "main, start 0, connect carl 0, accepted carl 1";
            ensure!(told == expected, "{told}");
            Ok(())
        })
    })
}

fn veto() -> Result<()> {
    with(&["life"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut ann = joined(rtmp, "life", vec!["ann".into()]).await?;
            ann.call("hold", vec![true.into()]).await?;
            ann.command(0, "unload", vec![]).await?;
            server.wait_for_log(&["stop Application.Shutdown"], SOON)?;
            let told = events(&mut ann).await?;
            ensure!(told.ends_with(", stop"), "{told}");
            ann.call("hold", vec![false.into()]).await?;
            ann.command(0, "unload", vec![]).await?;
            let told = ann.called("onStatus").await?;
            let code = text(told.arg(0), "code");
            ensure!(code == "NetConnection.Connect.AppShutdown", "{told:?}");
            ann.closed(SOON).await
        })
    })
}
