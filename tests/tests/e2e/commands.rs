//! What clients say to the server besides media: one command at a time, by our own client.

use std::time::Duration;

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::feed::{self, publish_for, publish_now};
use e2e::server;
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, Data, Encoding, Message};
use testkit::media::{Audio, MarkKind, Settings, Stream, Video};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "commands::metadata_reaches_who_is_there_and_who_comes_later",
            metadata,
        ),
        trial(
            "commands::what_is_sent_to_a_stream_reaches_its_players",
            send,
        ),
        trial(
            "commands::sound_and_picture_can_be_turned_off_and_on",
            receive,
        ),
        trial(
            "commands::a_paused_player_gets_nothing_and_goes_on_at_a_key_frame",
            pause,
        ),
        trial(
            "commands::one_connection_publishes_and_plays_several_streams",
            several_streams,
        ),
        trial(
            "commands::a_waiting_player_outlives_two_publishers",
            restart,
        ),
        trial("commands::a_name_in_use_is_refused_with_bad_name", bad_name),
        trial("commands::closing_a_stream_frees_its_name", close_stream),
        trial(
            "commands::an_unknown_procedure_is_answered_with_an_error",
            unknown_procedure,
        ),
        trial(
            "commands::more_streams_than_allowed_are_refused",
            stream_limit,
        ),
        trial(
            "commands::an_unknown_application_is_rejected",
            unknown_application,
        ),
    ]
}

fn metadata() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut early = Client::connect(rtmp).await?;
            early.play("one").await?;
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            publish_now(
                &mut publisher,
                stream,
                &mut Stream::new(Settings::default()),
                20,
            )
            .await?;
            let mut late = Client::connect(rtmp).await?;
            late.play("one").await?;
            for player in [&mut early, &mut late] {
                let data = player.wait_for("onMetaData", |message| match &message.body {
                    Body::Data(data) if data.name() == Some("onMetaData") => Some(data.clone()),
                    _ => None,
                });
                let data = data.await?;
                let properties = data.values.get(1).context("no properties")?;
                let width = properties.get("width").and_then(Value::as_f64);
                ensure!(width == Some(320.0), "the width is {width:?}");
            }
            Ok(())
        })
    })
}

fn send() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut player = Client::connect(rtmp).await?;
            player.play("one").await?;
            let values = vec![
                "caption".into(),
                "Hällo".into(),
                Value::object([("n", 7.5.into())]),
            ];
            let body = Body::Data(Data::new(values.clone(), Encoding::Amf0));
            publisher
                .send(Message {
                    stream_id: stream,
                    timestamp: 40,
                    body,
                })
                .await?;
            let sent = player.wait_for("caption", |message| match &message.body {
                Body::Data(data) if data.name() == Some("caption") => Some(data.values.clone()),
                _ => None,
            });
            ensure!(sent.await? == values, "other values than sent");
            Ok(())
        })
    })
}

/// How long a part of a stream is published between two commands of its player.
const A_WHILE: Duration = Duration::from_millis(600);

/// What a player has got of each kind since it was last asked.
fn count(player: &mut Client) -> (usize, usize) {
    let marks: Vec<_> = player.drain_inbox().iter().filter_map(feed::mark).collect();
    let sounds = marks
        .iter()
        .filter(|mark| mark.kind == MarkKind::Audio)
        .count();
    (sounds, marks.len() - sounds)
}

fn receive() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut media = Stream::new(Settings {
                gop_frames: 10,
                ..Settings::default()
            });
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut player = Client::connect(rtmp).await?;
            let play = player.play("one").await?;
            for (command, sound, picture) in [
                ("receiveAudio", false, true),
                ("receiveVideo", false, false),
                ("receiveAudio", true, false),
                ("receiveVideo", true, true),
            ] {
                let on = if command == "receiveAudio" {
                    sound
                } else {
                    picture
                };
                player.command(play, command, vec![on.into()]).await?;
                // An answer to a later command says that this one has been obeyed.
                player.create_stream().await?;
                player.drain_inbox();
                publish_for(&mut publisher, stream, &mut media, A_WHILE).await?;
                publisher.create_stream().await?;
                player.create_stream().await?;
                let (sounds, pictures) = count(&mut player);
                ensure!((sounds > 0) == sound, "{command}({on}): {sounds} sounds");
                ensure!(
                    (pictures > 0) == picture,
                    "{command}({on}): {pictures} pictures"
                );
            }
            Ok(())
        })
    })
}

fn pause() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut media = Stream::new(Settings {
                gop_frames: 10,
                ..Settings::default()
            });
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut player = Client::connect(rtmp).await?;
            let play = player.play("one").await?;
            publish_for(&mut publisher, stream, &mut media, A_WHILE).await?;
            player
                .command(play, "pause", vec![true.into(), 600.0.into()])
                .await?;
            player.status(play, "NetStream.Pause.Notify").await?;
            player.drain_inbox();
            publish_for(&mut publisher, stream, &mut media, A_WHILE).await?;
            player.create_stream().await?;
            let (sounds, pictures) = count(&mut player);
            ensure!(
                sounds + pictures == 0,
                "{sounds} sounds and {pictures} pictures while paused"
            );
            player
                .command(play, "pause", vec![false.into(), 600.0.into()])
                .await?;
            player.status(play, "NetStream.Unpause.Notify").await?;
            let sent = publish_for(&mut publisher, stream, &mut media, A_WHILE).await?;
            let marks = feed::play_until(&mut player, feed::last_mark(&sent)?).await?;
            let picture = marks.iter().find(|mark| mark.kind != MarkKind::Audio);
            let key = picture.is_some_and(|mark| mark.kind == MarkKind::Key);
            ensure!(key, "goes on with {picture:?}");
            feed::assert_unbroken(&marks)
        })
    })
}

fn several_streams() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let pictures = publisher.publish("pictures").await?;
            let sounds = publisher.publish("sounds").await?;
            let mut player = Client::connect(rtmp).await?;
            let of_pictures = player.play("pictures").await?;
            let of_sounds = player.play("sounds").await?;
            ensure!(
                pictures != sounds && of_pictures != of_sounds,
                "the same number twice"
            );
            let mut video = Stream::new(Settings::of(Some(Video::Sorenson), None));
            let mut audio = Stream::new(Settings::of(None, Some(Audio::Mp3)));
            publish_now(&mut publisher, pictures, &mut video, 30).await?;
            let sent = publish_now(&mut publisher, sounds, &mut audio, 30).await?;
            let last = feed::last_mark(&sent)?;
            let mut all = Vec::new();
            let seen = |all: &[(u32, _)], stream, number| {
                all.iter().any(|(id, mark): &(u32, testkit::media::Mark)| {
                    *id == stream && mark.number == number
                })
            };
            while !seen(&all, of_sounds, last.number) || !seen(&all, of_pictures, 28) {
                let message = player.next_media().await?;
                all.extend(feed::mark(&message).map(|mark| (message.stream_id, mark)));
            }
            for (id, mark) in all {
                let expected = if mark.kind == MarkKind::Audio {
                    of_sounds
                } else {
                    of_pictures
                };
                ensure!(id == expected, "{mark:?} came on stream {id}");
            }
            Ok(())
        })
    })
}

fn restart() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut player = Client::connect(rtmp).await?;
            let play = player.play("one").await?;
            for seed in 1..=2 {
                let mut publisher = Client::connect(rtmp).await?;
                let stream = publisher.publish("one").await?;
                player.status(play, "NetStream.Play.PublishNotify").await?;
                let mut media = Stream::new(Settings {
                    seed,
                    ..Settings::default()
                });
                let sent = publish_now(&mut publisher, stream, &mut media, 40).await?;
                let marks = feed::play_until(&mut player, feed::last_mark(&sent)?).await?;
                ensure!(
                    marks.iter().any(|mark| mark.kind == MarkKind::Key),
                    "no key frame"
                );
                feed::assert_unbroken(&marks)?;
                drop(publisher);
                player
                    .status(play, "NetStream.Play.UnpublishNotify")
                    .await?;
            }
            Ok(())
        })
    })
}

fn bad_name() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut first = Client::connect(rtmp).await?;
            first.publish("one").await?;
            let mut second = Client::connect(rtmp).await?;
            let error = second
                .publish("one")
                .await
                .err()
                .context("published twice")?;
            ensure!(
                format!("{error:#}").contains("NetStream.Publish.BadName"),
                "{error:#}"
            );
            // Another name of the same connection is not refused.
            second.publish("two").await?;
            Ok(())
        })
    })
}

fn close_stream() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut first = Client::connect(rtmp).await?;
            let mut second = Client::connect(rtmp).await?;
            let stream = first.publish("one").await?;
            first.command(stream, "closeStream", vec![]).await?;
            first.create_stream().await?;
            let stream = second.publish("one").await?;
            second
                .command(0, "deleteStream", vec![f64::from(stream).into()])
                .await?;
            second.create_stream().await?;
            first.publish("one").await?;
            Ok(())
        })
    })
}

fn unknown_procedure() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::connect(rtmp).await?;
            let error = client.call("noSuchThing", vec![1.0.into()]).await.err();
            let error = error.context("an unknown procedure has a result")?;
            ensure!(
                format!("{error:#}").contains("NetConnection.Call.Failed"),
                "{error:#}"
            );
            // The connection lives on.
            client.create_stream().await?;
            Ok(())
        })
    })
}

fn stream_limit() -> Result<()> {
    server::with(&["limits.streams_per_connection=2"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::connect(rtmp).await?;
            let first = client.create_stream().await?;
            client.create_stream().await?;
            ensure!(
                client.create_stream().await.is_err(),
                "a third stream was made"
            );
            client
                .command(0, "deleteStream", vec![f64::from(first).into()])
                .await?;
            client.create_stream().await?;
            Ok(())
        })
    })
}

fn unknown_application() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open(rtmp).await?;
            let error = client
                .connect_to(rtmp, "nosuch")
                .await
                .err()
                .context("was let in")?;
            let error = format!("{error:#}");
            ensure!(error.contains("NetConnection.Connect.Rejected"), "{error}");
            ensure!(
                error.contains("nosuch"),
                "the description does not name it: {error}"
            );
            client.closed(SOON).await
        })?;
        let line = server.wait_for_log(&["rejected", "nosuch"], SOON)?;
        ensure!(
            !line.contains("ERROR"),
            "a peer's mistake is no error of ours: {line}"
        );
        server.wait_for_metric("greenroom_rejected_total", "unknown_application", 1.0)
    })
}
