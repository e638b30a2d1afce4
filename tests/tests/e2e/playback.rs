//! Playback of recordings: packet for packet what was recorded, in the order of later servers.

use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::clip::Clip;
use e2e::packets::{self, Kind};
use e2e::process::Program;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::{Body, UserControl};

use crate::trial;

const CLIP_LIMIT: Duration = Duration::from_mins(1);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("playback::rtmpdump_h264_and_aac", || {
            whole(Clip::H264Aac, rtmpdump)
        }),
        trial("playback::rtmpdump_sorenson_h263_and_mp3", || {
            whole(Clip::SorensonMp3, rtmpdump)
        }),
        trial("playback::ffmpeg_h264_and_aac", || {
            whole(Clip::H264Aac, ffmpeg)
        }),
        trial("playback::rtmpdump_a_part", part),
        trial("playback::statuses_seek_and_pause", statuses),
        trial("playback::a_file_that_is_none_is_not_found", hostile),
        trial("playback::not_where_it_is_switched_off", switched_off),
    ]
}

/// rtmpdump where it is not told that the stream is live.
fn rtmpdump(url: &str, file: &Path) -> Process {
    let mut command = Process::new("rtmpdump");
    command.args(["--timeout", "10", "--rtmp", url, "--flv"]);
    command.arg(file);
    command
}

/// Copies what it is sent, to its end.
fn ffmpeg(url: &str, file: &Path) -> Process {
    let mut command = Process::new("ffmpeg");
    command
        .args(["-nostdin", "-v", "error", "-rtmp_buffer", "60000"])
        .args(["-i", url, "-c", "copy", "-copyts", "-y"])
        .arg(file);
    command
}

/// Puts a clip where the recording of a name is.
fn put(server: &Server, name: &str, clip: Clip) -> Result<std::path::PathBuf> {
    let (source, file) = (clip.path()?, server.recording(name));
    let folder = file.parent().context("no folder")?;
    std::fs::create_dir_all(folder)?;
    std::fs::copy(&source, &file)?;
    Ok(source)
}

/// Runs a player until it ends. What it wrote tells more than its status: rtmpdump has one for
/// files that end some ms before they say.
fn to_its_end(player: &mut Process) -> Result<()> {
    let mut player = Program::start(player)?;
    player.wait(CLIP_LIMIT)?;
    Ok(())
}

fn whole(clip: Clip, player: fn(&str, &Path) -> Process) -> Result<()> {
    server::with(&[], |server| {
        let source = put(server, "one", clip)?;
        let got = server.file("got.flv");
        let url = server.stream_url("one");
        to_its_end(&mut player(&url, &got))?;
        let (sent, received) = (packets::read(&source)?, packets::read(&got)?);
        for kind in [Kind::Audio, Kind::Video] {
            let count = |packets: &[packets::Packet]| {
                packets.iter().filter(|packet| packet.kind == kind).count()
            };
            let (all, got) = (count(&sent), count(&received));
            ensure!(got == all && all > 0, "{kind:?}: {got} of {all} packets");
        }
        packets::assert_stretch(&sent, &received, 1)
    })
}

/// A part begins with a key frame and is a stretch of the whole.
fn part() -> Result<()> {
    server::with(&[], |server| {
        let source = put(server, "one", Clip::H264Aac)?;
        let got = server.file("got.flv");
        let mut player = rtmpdump(&server.stream_url("one"), &got);
        player.args(["-A", "2", "-B", "4"]);
        to_its_end(&mut player)?;
        let (sent, received) = (packets::read(&source)?, packets::read(&got)?);
        ensure!(
            !received.is_empty() && received.len() < sent.len(),
            "{} of {} packets",
            received.len(),
            sent.len()
        );
        packets::assert_stretch(&sent, &received, 1)
    })
}

/// What happens on a stream, in the words of the messages that tell it.
fn line(message: &rtmp::Message) -> Option<String> {
    let code = |value: Option<&Value>| {
        let code = value.and_then(|info| info.get("code"));
        code.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    Some(match &message.body {
        Body::UserControl(UserControl::StreamIsRecorded(_)) => "recorded".into(),
        Body::UserControl(UserControl::StreamBegin(_)) => "begin".into(),
        Body::UserControl(UserControl::StreamEof(_)) => "eof".into(),
        Body::Command(command) if &*command.name == "onStatus" => code(command.args.first()),
        Body::Data(data) => {
            let name = data.name().unwrap_or_default();
            format!("{name} {}", code(data.values.get(1)))
        }
        Body::Audio(payload) if payload.is_empty() => "empty audio".into(),
        Body::Audio(_) | Body::Video(_) => "media".into(),
        _ => return None,
    })
}

/// Everything up to a line of this text. Media is one line, however much it is.
async fn until(client: &mut Client, last: &str) -> Result<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    loop {
        let next = client.wait_for(last, line).await?;
        if lines.last() != Some(&next) {
            lines.push(next.clone());
        }
        if next == last {
            return Ok(lines);
        }
    }
}

fn same(seen: &[String], wanted: &[&str]) -> Result<()> {
    ensure!(seen == wanted, "{seen:#?} instead of {wanted:#?}");
    Ok(())
}

fn statuses() -> Result<()> {
    server::with(&[], |server| {
        put(server, "one", Clip::SorensonMp3)?;
        client::run(async {
            let mut client = Client::connect(server.rtmp).await?;
            let stream = client.create_stream().await?;
            let seconds = client.call("getStreamLength", vec!["one".into()]).await?;
            ensure!(seconds.as_f64() > Some(1.0), "{seconds:?}");
            client.drain_inbox();
            client.command(stream, "play", vec!["one".into()]).await?;
            let start = [
                "recorded",
                "begin",
                "NetStream.Play.Reset",
                "NetStream.Play.Start",
                "|RtmpSampleAccess ",
                "onStatus NetStream.Data.Start",
                "onMetaData ",
                "media",
            ];
            same(&until(&mut client, "media").await?, &start)?;
            client
                .command(stream, "pause", vec![true.into(), 0.0.into()])
                .await?;
            let paused = until(&mut client, "eof").await?;
            ensure!(
                paused.ends_with(&["NetStream.Pause.Notify".into(), "eof".into()]),
                "{paused:?}"
            );
            // Nothing comes while it is paused: the next media is that behind the seek.
            client.command(stream, "seek", vec![1000.0.into()]).await?;
            client
                .command(stream, "pause", vec![false.into(), 0.0.into()])
                .await?;
            let sought = until(&mut client, "media").await?;
            same(
                &sought[..4],
                &["eof", "recorded", "begin", "NetStream.Seek.Notify"],
            )?;
            ensure!(
                sought.contains(&"NetStream.Unpause.Notify".into()),
                "{sought:?}"
            );
            let end = until(&mut client, "eof").await?;
            let told = [
                "empty audio",
                "onPlayStatus NetStream.Play.Complete",
                "NetStream.Play.Stop",
                "eof",
            ];
            same(&end[end.len().saturating_sub(4)..], &told)
        })
    })
}

fn hostile() -> Result<()> {
    server::with(&[], |server| {
        let file = server.recording("bad");
        std::fs::create_dir_all(file.parent().context("no folder")?)?;
        std::fs::write(&file, vec![0xff; 100_000])?;
        client::run(async {
            let mut client = Client::connect(server.rtmp).await?;
            let stream = client.create_stream().await?;
            for name in ["bad", "absent", "a/b", "con"] {
                let args = vec![name.into(), 0.0.into()];
                client.command(stream, "play", args).await?;
                client
                    .status(stream, "NetStream.Play.StreamNotFound")
                    .await?;
            }
            Ok(())
        })?;
        server.wait_for_log(&["a recording cannot be played"], SOON)?;
        Ok(())
    })
}

fn switched_off() -> Result<()> {
    server::with(&["recording.play=false"], |server| {
        put(server, "one", Clip::SorensonMp3)?;
        client::run(async {
            let mut client = Client::connect(server.rtmp).await?;
            let stream = client.create_stream().await?;
            let args = vec!["one".into(), 0.0.into()];
            client.command(stream, "play", args).await?;
            client
                .status(stream, "NetStream.Play.StreamNotFound")
                .await?;
            Ok(())
        })
    })
}
