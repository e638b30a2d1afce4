//! `application.clearStreams`: which recordings it deletes, and which not.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::feed::{self, publish_now};
use e2e::server;
use libtest_mimic::Trial;
use testkit::media::{Settings, Stream, Video};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("clearing::finished_recordings_are_deleted", finished),
        trial(
            "clearing::what_is_recorded_stays_and_who_plays_goes_on",
            in_use,
        ),
    ]
}

/// The names of the streams that were told, with the last part of the code.
const SCRIPT: &str = "var told = [];
    Stream.prototype.onStatus = function (info) {
        var code = info.code.split('.');
        if (code[1] == 'Clear') told.push(info.level + ' ' + code[2] + ' ' + info.details);
    };
    application.onUnpublish = function (client, stream) { Stream.get(stream.name); };
    Client.prototype.clear = function (path) { return application.clearStreams(path); };
    Client.prototype.told = function () { return told.splice(0).join(); };";

fn media() -> Stream {
    Stream::new(Settings {
        video: Some(Video::H264),
        ..Settings::default()
    })
}

async fn record(client: &mut Client, name: &str) -> Result<u32> {
    let stream = client.create_stream().await?;
    let how = vec![name.into(), "record".into()];
    client.command(stream, "publish", how).await?;
    client.status(stream, "NetStream.Record.Start").await?;
    Ok(stream)
}

async fn stop(client: &mut Client, stream: u32) -> Result<()> {
    let stops = vec![false.into()];
    client.command(stream, "publish", stops).await?;
    client
        .status(stream, "NetStream.Unpublish.Success")
        .await
        .map(drop)
}

async fn joined(server: std::net::SocketAddr) -> Result<Client> {
    let mut client = Client::open(server).await?;
    client.connect_to(server, "room/one").await?;
    Ok(client)
}

/// So many things that the script is told, in their order by name. It is told after the handler
/// that has cleared, perhaps after the next.
async fn told(client: &mut Client, count: usize) -> Result<Vec<String>> {
    let mut told = Vec::new();
    while told.len() < count {
        let more = client.call("told", vec![]).await?;
        let more = more.as_str().context("no text")?;
        let more = more.split(',').filter(|line| !line.is_empty());
        told.extend(more.map(str::to_owned));
    }
    told.sort();
    Ok(told)
}

fn finished() -> Result<()> {
    server::with(&[], |server| {
        server.application("room", SCRIPT)?;
        let folder = server.file("data/room/streams/one");
        client::run(async {
            let mut client = joined(server.rtmp).await?;
            for name in ["cam", "talks/1", "talks/2"] {
                let stream = record(&mut client, name).await?;
                publish_now(&mut client, stream, &mut media(), 10).await?;
                stop(&mut client, stream).await?;
                ensure!(folder.join(format!("{name}.flv")).exists(), "no {name}");
            }
            // Another instance's are not this one's.
            let others = server.file("data/room/streams/two/cam.flv");
            std::fs::create_dir_all(others.parent().context("a folder")?)?;
            std::fs::write(&others, b"FLV")?;
            for (path, expected) in [
                ("/../two/cam", true),
                ("/talks//1", false),
                ("/nobody", true),
                ("flv:/talks/*", true),
            ] {
                let cleared = client.call("clear", vec![path.into()]).await?;
                ensure!(cleared == Value::Boolean(expected), "{path}: {cleared:?}");
            }
            ensure!(!folder.join("talks").exists(), "the folder is there");
            ensure!(folder.join("cam.flv").exists(), "cam is gone");
            let said = told(&mut client, 2).await?;
            ensure!(
                said == ["status Success talks/1", "status Success talks/2"],
                "{said:?}"
            );
            let cleared = client.call("clear", vec!["/".into()]).await?;
            ensure!(cleared == true.into(), "{cleared:?}");
            ensure!(!folder.join("cam.flv").exists(), "cam is there");
            ensure!(others.exists(), "another instance's is gone");
            Ok(())
        })
    })
}

fn in_use() -> Result<()> {
    server::with(&[], |server| {
        server.application("room", SCRIPT)?;
        let folder = server.file("data/room/streams/one");
        client::run(async {
            let mut client = joined(server.rtmp).await?;
            let stream = record(&mut client, "film").await?;
            let sent = publish_now(&mut client, stream, &mut media(), 120).await?;
            stop(&mut client, stream).await?;
            let mut player = joined(server.rtmp).await?;
            let playing = player.create_stream().await?;
            let from_start = vec!["film".into(), 0.into()];
            player.command(playing, "play", from_start).await?;
            player.status(playing, "NetStream.Play.Start").await?;
            let busy = record(&mut client, "busy").await?;
            publish_now(&mut client, busy, &mut media(), 10).await?;
            let cleared = client.call("clear", vec!["/".into()]).await?;
            ensure!(cleared == false.into(), "{cleared:?}");
            let said = told(&mut client, 2).await?;
            ensure!(
                said == ["error Failed busy", "status Success film"],
                "{said:?}"
            );
            ensure!(!folder.join("film.flv").exists(), "film is there");
            ensure!(folder.join("busy.flv").exists(), "busy is gone");
            feed::play_until(&mut player, feed::last_mark(&sent)?).await?;
            stop(&mut client, busy).await?;
            let cleared = client.call("clear", vec!["/busy".into()]).await?;
            ensure!(cleared == true.into(), "{cleared:?}");
            ensure!(!folder.join("busy.flv").exists(), "busy is there");
            Ok(())
        })
    })
}
