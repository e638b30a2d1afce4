//! Plays that end by themselves, and what comes after them.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::client::{self, Client, text};
use e2e::feed::publish_for;
use e2e::server;
use libtest_mimic::Trial;
use rtmp::{Body, Message};
use testkit::media::{Settings, Stream};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "playlists::plays_that_end_together_are_told_one_by_one",
            end_together,
        ),
        trial(
            "playlists::a_player_is_told_why_its_playlist_goes_on",
            goes_on,
        ),
    ]
}

fn end_together() -> Result<()> {
    const PLAYS: usize = 8;
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut player = Client::connect(rtmp).await?;
            let mut media = Stream::new(Settings::default());
            for _ in 0..2 {
                let mut plays = Vec::new();
                for _ in 0..PLAYS {
                    let play = player.create_stream().await?;
                    let args = vec!["one".into(), (-1.0).into(), 400.0.into()];
                    player.command(play, "play", args).await?;
                    player.status(play, "NetStream.Play.Start").await?;
                    plays.push(play);
                }
                let while_they_last = Duration::from_secs(1);
                publish_for(&mut publisher, stream, &mut media, while_they_last).await?;
                for play in plays {
                    player.status(play, "NetStream.Play.Stop").await?;
                    let number = f64::from(play).into();
                    player.command(0, "deleteStream", vec![number]).await?;
                }
            }
            player.create_stream().await?;
            Ok(())
        })
    })
}

/// The code of a status, as a command or as data.
fn code(message: &Message) -> Option<String> {
    let info = match &message.body {
        Body::Command(command) if &*command.name == "onStatus" => command.arg(0),
        Body::Data(data) => data.values.get(1)?,
        _ => return None,
    };
    let code = text(info, "code").strip_prefix("NetStream.Play.")?;
    Some(format!("{code} {}", text(info, "details")))
}

fn goes_on() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            // The order is a matter of who is faster, so it is tried more than once.
            for round in 0..20 {
                let mut publisher = Client::connect(rtmp).await?;
                let stream = publisher.publish("one").await?;
                let mut player = Client::connect(rtmp).await?;
                let play = player.play("one").await?;
                let args = vec!["two".into(), (-1.0).into(), (-1.0).into(), false.into()];
                player.command(play, "play", args).await?;
                // An answer to a later command says that this one has been obeyed.
                player.create_stream().await?;
                player.drain_inbox();
                publisher.command(stream, "closeStream", vec![]).await?;
                let mut seen = Vec::new();
                while seen.last().is_none_or(|last| last != "Start two") {
                    seen.push(player.wait_for("a status", code).await?);
                }
                ensure!(
                    seen == ["UnpublishNotify one", "Switch two", "Start two"],
                    "round {round}: {seen:?}"
                );
            }
            Ok(())
        })
    })
}
