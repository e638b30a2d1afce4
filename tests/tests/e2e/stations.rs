//! Streams that the server itself publishes, made of what a script plays under their names.

use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::clip::{self, Clip};
use e2e::server::{self, Server};
use libtest_mimic::Trial;
use rtmp::Body;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("stations::a_list_of_recordings_is_one_stream", list),
        trial("stations::a_live_stream_under_another_name", live),
        trial("stations::a_script_takes_a_name_and_gives_it_back", taken),
    ]
}

const SCRIPT: &str = "
    Stream.prototype.onStatus = function (info) { trace(this.name + ' ' + info.code); };
    Client.prototype.on = function (name, source, start, length, reset) {
        return Stream.get(name).play(source, start, length, reset);
    };
    Client.prototype.off = function (name) { return Stream.get(name).play(false); };";

async fn guest(server: &Server) -> Result<Client> {
    let mut client = Client::open(server.rtmp).await?;
    client.connect_with(server.rtmp, "station", vec![]).await?;
    Ok(client)
}

/// Puts a clip where the station's recording of a name is.
fn put(server: &Server, name: &str, clip: Clip) -> Result<()> {
    let file = server.recording("x");
    let folder = file.ancestors().nth(4).context("no folder")?;
    let folder = folder.join("station/streams/_definst_");
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(clip.path()?, folder.join(format!("{name}.flv")))?;
    Ok(())
}

/// The times of pictures on a stream, until they are past this one.
async fn pictures_until(client: &mut Client, last_ms: u32) -> Result<Vec<u32>> {
    let mut times = Vec::new();
    while times.last().is_none_or(|time| *time < last_ms) {
        let message = client.next_media().await?;
        if let Body::Video(_) = &message.body {
            times.push(message.timestamp);
        }
    }
    Ok(times)
}

/// The next sound on a stream, and its time.
async fn sound(client: &mut Client) -> Result<(u32, Bytes)> {
    loop {
        let message = client.next_media().await?;
        if let Body::Audio(payload) = message.body {
            return Ok((message.timestamp, payload));
        }
    }
}

/// Two seconds of one clip and two of it again: a player sees pictures 40 ms apart throughout.
fn list() -> Result<()> {
    server::with(&[], |server| {
        server.application("station", SCRIPT)?;
        put(server, "song", Clip::SorensonMp3)?;
        client::run(async {
            let mut client = guest(server).await?;
            client
                .command(0, "on", play("radio", "song", 0, 2, 1))
                .await?;
            client
                .command(0, "on", play("radio", "song", 4, 2, 0))
                .await?;
            client.play("radio").await?;
            let times = pictures_until(&mut client, 3_000).await?;
            let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
            let wide: Vec<u32> = gaps
                .filter(|gap| *gap > 3 * 1000 / clip::PICTURES_PER_SECOND)
                .collect();
            ensure!(wide.is_empty(), "gaps of {wide:?} ms in {times:?}");
            Ok(())
        })?;
        let log = server.wait_for_log(&["radio NetStream.Unpublish.Success"], e2e::wait::SOON)?;
        let all = [
            "Publish.Start",
            "Play.Reset",
            "Play.Start",
            "Play.Switch",
            "Play.Start",
            "Play.Complete",
            "Play.Stop",
            "Unpublish.Success",
        ];
        let mut rest = log.as_str();
        for code in all {
            let line = format!("radio NetStream.{code}");
            let at = rest
                .find(&line)
                .with_context(|| format!("no {line} in {rest}"))?;
            rest = &rest[at + line.len()..];
        }
        Ok(())
    })
}

fn play(name: &str, source: &str, start: i32, length: i32, reset: i32) -> Vec<amf::Value> {
    vec![
        name.into(),
        source.into(),
        start.into(),
        length.into(),
        reset.into(),
    ]
}

fn live() -> Result<()> {
    server::with(&[], |server| {
        server.application("station", SCRIPT)?;
        client::run(async {
            let mut client = guest(server).await?;
            let mut player = guest(server).await?;
            client
                .command(0, "on", play("radio", "cam", -1, -1, 1))
                .await?;
            player.play("radio").await?;
            let stream = client.publish("cam").await?;
            for (index, byte) in (0..3_u32).zip(1..) {
                let sound = Body::Audio(vec![0x2f, byte].into());
                let mut message = rtmp::Message::stream(stream, sound);
                message.timestamp = 700 + 20 * index;
                client.send(message).await?;
            }
            for (time, byte) in [(0, 1), (20, 2), (40, 3)] {
                let (at, payload) = sound(&mut player).await?;
                ensure!((at, payload[1]) == (time, byte), "{at} {payload:?}");
            }
            Ok(())
        })
    })
}

fn taken() -> Result<()> {
    server::with(&[], |server| {
        server.application("station", SCRIPT)?;
        put(server, "song", Clip::SorensonMp3)?;
        client::run(async {
            let mut client = guest(server).await?;
            let stream = client.publish("cam").await?;
            client
                .command(0, "on", play("cam", "song", 0, -1, 1))
                .await?;
            client.status(stream, "NetStream.Unpublish.Success").await?;
            let mut player = guest(server).await?;
            player.play("cam").await?;
            pictures_until(&mut player, 200).await?;
            client.command(0, "off", vec!["cam".into()]).await?;
            let again = vec!["cam".into(), "live".into()];
            client.command(stream, "publish", again).await?;
            client.status(stream, "NetStream.Publish.Start").await?;
            Ok(())
        })
    })
}
