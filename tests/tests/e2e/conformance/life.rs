//! What happens when: from the first line of a script to its last client.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::told::{Field, is, same};
use e2e::wait::{self, SOON};
use libtest_mimic::Trial;

use super::{joined, knock, with, with_settings};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::life::events_come_in_their_order", order),
        trial("conformance::life::a_script_ends_its_instance", shutdown),
        trial("conformance::life::a_script_refuses_to_end", veto),
        trial("conformance::life::an_idle_instance_is_asked_again", idle),
        trial(
            "conformance::life::a_script_ends_with_its_newest_client",
            last,
        ),
        trial("conformance::life::a_client_has_itself_cut_off", cut_off),
        trial("conformance::life::without_memory_all_are_cut_off", memory),
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

fn idle() -> Result<()> {
    const ASKED: &str = "stop Application.GC status 0";
    with_settings(&["scripts.max_idle_ms=1000"], &["life"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut ann = joined(rtmp, "life", vec!["ann".into()]).await?;
            ann.call("hold", vec![true.into()]).await?;
            Ok(())
        })?;
        wait::until("the second question", SOON, || {
            Ok((server.log().matches(ASKED).count() > 1).then_some(()))
        })?;
        client::run(async {
            let mut bob = joined(rtmp, "life", vec!["bob".into()]).await?;
            let told = events(&mut bob).await?;
            ensure!(told.contains("connect ann 0"), "another instance: {told}");
            bob.call("hold", vec![false.into()]).await?;
            Ok(())
        })?;
        server.wait_for_log(&["instance stopped", "app=life"], SOON)?;
        Ok(())
    })
}

/// The client whose `onConnect` ends the instance is in, and is told like all others.
fn last() -> Result<()> {
    with(&["life"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut last = joined(rtmp, "life", vec!["last".into()]).await?;
            let told = last.called("onStatus").await?;
            same(told.arg(0), &unloaded())?;
            last.closed(SOON).await
        })?;
        server.wait_for_log(&["stop Application.Shutdown status 1"], SOON)?;
        server.wait_for_log(&["disconnect last"], SOON)?;
        Ok(())
    })
}

fn cut_off() -> Result<()> {
    with(&["life"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut ann = joined(rtmp, "life", vec!["ann".into()]).await?;
            ann.command(0, "leave", vec![]).await?;
            ann.closed(SOON).await?;
            let mut bob = joined(rtmp, "life", vec!["bob".into()]).await?;
            let told = events(&mut bob).await?;
            ensure!(told.matches("disconnect ann").count() == 1, "{told}");
            ensure!(told.contains("disconnect ann 0 false"), "{told}");
            Ok(())
        })
    })
}

/// Out of memory the instance ends, with no handler but `onStatus` told.
fn memory() -> Result<()> {
    with(&["life"], |server| {
        server.application(
            "greedy",
            "application.onConnect = function () { return true; };
            application.onStatus = function (info) { trace('told ' + info.code + ' ' + info.level); };
            application.onDisconnect = function () { trace('left'); };
            application.onAppStop = function () { trace('stopped'); };
            Client.prototype.fill = function () {
                var all = [];
                for (;;) all.push(new Array(1000).join('x' + all.length));
            };",
        )?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut ann = joined(rtmp, "greedy", vec![]).await?;
            let mut bob = joined(rtmp, "life", vec!["bob".into()]).await?;
            ann.command(0, "fill", vec![]).await?;
            let told = ann.called("onStatus").await?;
            same(told.arg(0), &unloaded())?;
            ann.closed(SOON).await?;
            // Others do not notice, and the next one finds a new instance.
            events(&mut bob).await?;
            joined(rtmp, "greedy", vec![]).await?;
            Ok(())
        })?;
        server.wait_for_log(&["Application.Resource.LowMemory", "app=\"greedy\""], SOON)?;
        server.wait_for_log(&["told Application.Resource.LowMemory warning"], SOON)?;
        server.wait_for_log(&["instance stopped", "app=greedy"], SOON)?;
        let log = server.log();
        let ended = log.find("instance stopped").context("it was there")?;
        for trace in ["trace: stopped", "trace: left"] {
            let called = log.find(trace).is_some_and(|at| at < ended);
            ensure!(!called, "{trace} without memory");
        }
        Ok(())
    })
}
