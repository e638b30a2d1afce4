//! Who may play and publish what: the lists of paths, and what is refused in which words.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::told::{Field, is, same};
use libtest_mimic::Trial;
use rtmp::Body;

use super::{joined, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::access::lists_of_paths", paths),
        trial("conformance::access::refusals", refusals),
        trial("conformance::access::changes_count_from_then_on", changes),
    ]
}

/// The information object of the first status on a stream of its own.
async fn first_status(client: &mut Client, command: &str, name: &str) -> Result<Value> {
    let stream = client.create_stream().await?;
    // What is left of an earlier stream with this number.
    client.drain_inbox();
    client.command(stream, command, vec![name.into()]).await?;
    let info = client.wait_for("a status", |message| match &message.body {
        Body::Command(command) if message.stream_id == stream && &*command.name == "onStatus" => {
            Some(command.arg(0).clone())
        }
        _ => None,
    });
    let info = info.await?;
    client
        .command(0, "deleteStream", vec![f64::from(stream).into()])
        .await?;
    Ok(info)
}

/// Whether the client may do this: no status of level `error` says otherwise.
async fn may(client: &mut Client, command: &str, name: &str) -> Result<bool> {
    Ok(text(&first_status(client, command, name).await?, "level") != "error")
}

fn paths() -> Result<()> {
    // A list, a name, whether it lets the name through.
    let rows = [
        ("/", "a", true),
        ("/", "a/b", true),
        ("", "a", false),
        ("talk", "talk", true),
        ("talk", "talk/one", true),
        ("/talk", "talk/one", true),
        ("talk/", "talk/one", true),
        ("/talk/", "talk/one/two", true),
        ("talk", "other", false),
        ("talk/one", "talk/one", true),
        ("talk/one", "talk/two", false),
        ("talk/one", "talk", false),
        ("talk;show", "show/a", true),
        ("talk;show", "talk/a", true),
        ("talk;show", "sing/a", false),
        // Whole names, not beginnings of names: the documents say both.
        ("talk", "talkative", false),
    ];
    with(&["access"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "access", vec![]).await?;
            for (list, name, expected) in rows {
                client.call("allow", vec![list.into(), "".into()]).await?;
                let plays = may(&mut client, "play", name).await?;
                ensure!(plays == expected, "{list:?} to play {name:?}: {plays}");
                ensure!(
                    !may(&mut client, "publish", name).await?,
                    "{list:?} to play lets {name:?} be published"
                );
                client.call("allow", vec!["".into(), list.into()]).await?;
                let publishes = may(&mut client, "publish", name).await?;
                ensure!(
                    publishes == expected,
                    "{list:?} to publish {name:?}: {publishes}"
                );
            }
            Ok(())
        })
    })
}

fn refused(
    code: &'static str,
    words: &'static str,
    name: &'static str,
) -> [(&'static str, Field); 5] {
    [
        ("level", is("error")),
        ("code", is(code)),
        // The words are ours.
        ("description", Field::Has(words)),
        ("details", is(name)),
        ("clientid", Field::SomeText),
    ]
}

fn refusals() -> Result<()> {
    with(&["access"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let args = vec!["in".into(), "out".into()];
            let mut client = joined(rtmp, "access", args).await?;
            let told = first_status(&mut client, "play", "out/a").await?;
            same(
                &told,
                &refused("NetStream.Play.Failed", "read access", "out/a"),
            )?;
            // No document has a code of its own for this one; recalled.
            let told = first_status(&mut client, "publish", "in/a").await?;
            same(
                &told,
                &refused("NetStream.Publish.BadName", "write access", "in/a"),
            )
        })
    })
}

fn changes() -> Result<()> {
    with(&["access"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = joined(rtmp, "access", vec![]).await?;
            let publishing = client.publish("a").await?;
            let playing = client.play("a").await?;
            client.call("allow", vec!["".into(), "".into()]).await?;
            ensure!(
                !may(&mut client, "publish", "b").await?,
                "it still publishes"
            );
            // Who publishes and plays already goes on; recalled.
            let data = rtmp::Data::new(vec!["hello".into()], rtmp::Encoding::Amf0);
            let message = rtmp::Message::stream(publishing, Body::Data(data));
            client.send(message).await?;
            let got = client.wait_for("hello", |message| match &message.body {
                Body::Data(data) if data.name() == Some("hello") => Some(message.stream_id),
                _ => None,
            });
            let stream = got.await.context("the stream has ended")?;
            ensure!(stream == playing, "on stream {stream}");
            Ok(())
        })
    })
}
