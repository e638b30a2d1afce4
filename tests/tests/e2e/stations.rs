//! Streams that the server itself publishes, made of what a script plays under their names.

use std::path::PathBuf;
use std::process::Command as Process;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use e2e::client::{self, Client, text};
use e2e::clip::{self, Clip};
use e2e::process::Program;
use e2e::server::{self, Server};
use libtest_mimic::Trial;
use rtmp::Body;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("stations::a_list_of_recordings_is_one_stream", list),
        trial("stations::a_live_stream_under_another_name", live),
        trial("stations::a_script_takes_a_name_and_gives_it_back", taken),
        trial("stations::a_jukebox_goes_through_its_list", jukebox),
    ]
}

const APPLICATION: &str = "station";
const CLIP_LIMIT: Duration = Duration::from_mins(1);

const SCRIPT: &str = "
    Stream.prototype.onStatus = function (info) { trace(this.name + ' ' + info.code); };
    Client.prototype.on = function (name, source, start, length, reset) {
        return Stream.get(name).play(source, start, length, reset);
    };
    Client.prototype.off = function (name) { return Stream.get(name).play(false); };";

async fn guest(server: &Server) -> Result<Client> {
    let mut client = Client::open(server.rtmp).await?;
    client
        .connect_with(server.rtmp, APPLICATION, vec![])
        .await?;
    Ok(client)
}

/// The folder of the station's recordings.
fn recordings(server: &Server) -> Result<PathBuf> {
    let file = server.recording("x");
    let data = file.ancestors().nth(4).context("no folder")?;
    let folder = data.join(APPLICATION).join("streams/_definst_");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Puts a clip where the station's recording of a name is.
fn put(server: &Server, name: &str, clip: Clip) -> Result<()> {
    let file = recordings(server)?.join(format!("{name}.flv"));
    std::fs::copy(clip.path()?, file)?;
    Ok(())
}

/// Has ffmpeg make a short MP3 file.
fn make_sound(server: &Server, name: &str) -> Result<()> {
    let file = recordings(server)?.join(format!("{name}.mp3"));
    let mut ffmpeg = Process::new("ffmpeg");
    ffmpeg
        .args([
            "-nostdin",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "sine=440:d=1",
        ])
        .args(["-c:a", "libmp3lame", "-b:a", "64k"])
        .arg(&file);
    Program::start(&mut ffmpeg)?.succeed(CLIP_LIMIT)?;
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
        server.application(APPLICATION, SCRIPT)?;
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
        server.wait_for_log(&["radio NetStream.Unpublish.Success"], e2e::wait::SOON)?;
        let log = server.log();
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
        server.application(APPLICATION, SCRIPT)?;
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
        server.application(APPLICATION, SCRIPT)?;
        put(server, "song", Clip::SorensonMp3)?;
        client::run(async {
            let mut client = guest(server).await?;
            let stream = client.publish("cam").await?;
            client
                .command(0, "on", play("cam", "song", 0, -1, 1))
                .await?;
            client.status(stream, "NetStream.Unpublish.Success").await?;
            let told = client.status(stream, "NetStream.Publish.BadName").await?;
            let told = text(&told, "description");
            ensure!(told.contains("published by the server"), "{told}");
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

/// Waits until the jukebox says that this song is on.
async fn is_on(client: &mut Client, song: &str) -> Result<()> {
    let call = client.called("nowPlaying").await?;
    let told = call.args.first().and_then(amf::Value::as_str);
    ensure!(told == Some(song), "{call:?} instead of {song}");
    Ok(())
}

/// A recording that somebody skips, a song that is not there, and an MP3 file that ends.
fn jukebox() -> Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../applications/jukebox");
    let script = std::fs::read_to_string(format!("{folder}/main.asc"))?;
    server::with(&[], |server| {
        server.application(APPLICATION, &script)?;
        let data = recordings(server)?;
        let root = data.ancestors().nth(4).context("no folder")?;
        let settings = "[config]\nsongs = [\"song\", \"nothing\", \"mp3:tune\"]\n";
        let application = root.join("applications").join(APPLICATION);
        std::fs::write(application.join("application.toml"), settings)?;
        put(server, "song", Clip::SorensonMp3)?;
        make_sound(server, "tune")?;
        client::run(async {
            let mut client = guest(server).await?;
            is_on(&mut client, "song").await?;
            client.play("radio").await?;
            let seen = pictures_until(&mut client, 200).await?;
            let skipped = client.call("skip", vec![]).await?;
            ensure!(skipped == true.into(), "{skipped:?}");
            is_on(&mut client, "mp3:tune").await?;
            is_on(&mut client, "song").await?;
            let seen_again = pictures_until(&mut client, 1_000).await?;
            let times: Vec<u32> = seen.into_iter().chain(seen_again).collect();
            ensure!(times.is_sorted(), "{times:?}");
            let mut other = Client::open(server.rtmp).await?;
            other.connect_with(server.rtmp, APPLICATION, vec![]).await?;
            is_on(&mut other, "song").await?;
            let refused = other.publish("radio").await.err();
            let refused = refused.context("nobody publishes here")?.to_string();
            ensure!(refused.contains("NetStream.Publish.BadName"), "{refused}");
            Ok(())
        })?;
        server.wait_for_log(&["There is no song nothing."], e2e::wait::SOON)?;
        Ok(())
    })
}
