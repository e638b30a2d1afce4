//! MP3 files over RTMP and HTTP: frame for frame what a Debian encoder made, with titles, at a
//! rate that changes.

use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::http;
use e2e::packets::{self, Packet};
use e2e::process::Program;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use rtmp::Body;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("sounds::rtmpdump_plays_every_frame", whole),
        trial("sounds::a_part_is_exact", part),
        trial("sounds::its_length_and_its_titles_are_told", told),
        trial("sounds::http_gives_the_file", over_http),
        trial("sounds::what_is_no_sound_is_not_found", hostile),
    ]
}

const CLIP_LIMIT: Duration = Duration::from_mins(1);
const SECONDS: f64 = 8.0;

/// Has ffmpeg make an MP3 file that is played as `songs/one`.
fn make(server: &Server) -> Result<PathBuf> {
    let file = server.recording("songs/one").with_extension("mp3");
    std::fs::create_dir_all(file.parent().context("no folder")?)?;
    let mut ffmpeg = Process::new("ffmpeg");
    ffmpeg
        .args(["-nostdin", "-v", "error", "-f", "lavfi"])
        .args(["-i", "aevalsrc=sin(t*t*900)*random(0):d=8:s=44100:c=stereo"])
        .args(["-c:a", "libmp3lame", "-q:a", "4", "-id3v2_version", "3"])
        .args(["-write_id3v1", "1", "-metadata", "title=Été"])
        .args(["-metadata", "artist=Band", "-metadata", "track=7"])
        .arg(&file);
    Program::start(&mut ffmpeg)?.succeed(CLIP_LIMIT)?;
    Ok(file)
}

fn rtmpdump(server: &Server, file: &Path) -> Process {
    let mut command = Process::new("rtmpdump");
    // It would take part of the name for the application's, so it is told.
    command.args([
        "--timeout",
        "10",
        "--app",
        "live",
        "--playpath",
        "mp3:songs/one",
    ]);
    command.arg("--rtmp").arg(server.stream_url(""));
    command.arg("--flv").arg(file);
    command
}

/// Every frame is there, at its time in the file and so many ms.
fn same(sent: &[Packet], received: &[Packet], first: usize, late_ms: i64) -> Result<()> {
    let (all, got) = (sent.len(), received.len());
    ensure!(got == all, "{got} of {all} frames");
    for (at, (sent, received)) in sent.iter().zip(received).enumerate() {
        ensure!(sent.checksum == received.checksum, "frame {at} is another");
        let time_ms = (first + at) as i64 * 1_152_000 / 44_100 + late_ms;
        let came_ms = received.time_ms;
        ensure!(
            came_ms == time_ms,
            "frame {at} lies at {came_ms} ms instead of {time_ms}"
        );
    }
    Ok(())
}

fn whole() -> Result<()> {
    server::with(&[], |server| {
        let (source, got) = (make(server)?, server.file("got.flv"));
        Program::start(&mut rtmpdump(server, &got))?.wait(CLIP_LIMIT)?;
        let (sent, received) = (packets::read(&source)?, packets::read(&got)?);
        let file = std::fs::read(&source)?;
        let has_table = file.windows(4).any(|mark| mark == b"Xing");
        ensure!(has_table, "the rate does not change");
        ensure!(sent.len() > 300, "{} frames", sent.len());
        same(&sent, &received, 0, 0)
    })
}

/// From 2 s to 4 s, to the frame.
fn part() -> Result<()> {
    server::with(&[], |server| {
        let (source, got) = (make(server)?, server.file("got.flv"));
        let mut player = rtmpdump(server, &got);
        player.args(["-A", "2", "-B", "4"]);
        Program::start(&mut player)?.wait(CLIP_LIMIT)?;
        let (sent, received) = (packets::read(&source)?, packets::read(&got)?);
        // 2 s are 76.6 frames, and 4 s 153.1.
        // rtmpdump adds the start to times that have it already.
        same(&sent[77..154], &received, 77, 2000)
    })
}

fn told() -> Result<()> {
    server::with(&[], |server| {
        let source = make(server)?;
        let frames = packets::read(&source)?.len() as f64;
        client::run(async {
            let mut client = Client::connect(server.rtmp).await?;
            let stream = client.create_stream().await?;
            let name = Value::from("mp3:songs/one");
            let length = client.call("getStreamLength", vec![name.clone()]).await?;
            let (length, exact) = (
                length.as_f64().context("a number")?,
                frames * 1152.0 / 44_100.0,
            );
            ensure!(
                (length - exact).abs() < 0.002 && length > SECONDS,
                "{length}, {exact}"
            );
            let data = |wanted: &'static str| {
                move |message: &rtmp::Message| match &message.body {
                    Body::Data(data) if data.name() == Some(wanted) => data.values.get(1).cloned(),
                    _ => None,
                }
            };
            client.command(stream, "play", vec![name]).await?;
            let metadata = client.wait_for("metadata", data("onMetaData")).await?;
            ensure!(metadata.get("duration").and_then(Value::as_f64) == Some(length));
            ensure!(text(&metadata, "artist") == "Band", "{metadata:?}");
            let args = vec!["id3:songs/one".into()];
            client.command(stream, "play", args).await?;
            let titles = client.wait_for("titles", data("onId3")).await?;
            let told = ["artist", "songtitle", "track"].map(|key| text(&titles, key));
            ensure!(told == ["Band", "Été", "7"], "{titles:?}");
            client.status(stream, "NetStream.Play.Stop").await?;
            Ok(())
        })
    })
}

fn over_http() -> Result<()> {
    const PATH: &str = "/live/_definst_/songs/one.mp3";
    server::with(&[], |server| {
        let file = std::fs::read(make(server)?)?;
        let ask = |path: &str, headers: &str| {
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
            http::exchange(server.http, request.as_bytes())
        };
        let whole = ask(PATH, "")?;
        ensure!(whole.ends_with(&file) && whole.starts_with(b"HTTP/1.1 200 "));
        let head = String::from_utf8_lossy(&whole[..whole.len() - file.len()]);
        ensure!(
            head.contains("audio/mpeg") && head.contains("accept-ranges: bytes"),
            "{head}"
        );
        let part = ask(PATH, "Range: bytes=100-299\r\n")?;
        ensure!(part.starts_with(b"HTTP/1.1 206 ") && part.ends_with(&file[100..300]));
        let late = ask(&format!("{PATH}?start=4"), "")?;
        let end = late.windows(4).position(|four| four == b"\r\n\r\n");
        let late = &late[end.context("no answer")? + 4..];
        ensure!(file.ends_with(late) && late.len() < file.len() * 3 / 4 && late[0] == 0xff);
        let absent = ask("/live/_definst_/songs/two.mp3", "")?;
        ensure!(absent.starts_with(b"HTTP/1.1 404 "));
        Ok(())
    })
}

fn hostile() -> Result<()> {
    server::with(&[], |server| {
        let file = server.recording("bad").with_extension("mp3");
        std::fs::create_dir_all(file.parent().context("no folder")?)?;
        std::fs::write(&file, vec![0xff; 100_000])?;
        client::run(async {
            let mut client = Client::connect(server.rtmp).await?;
            let stream = client.create_stream().await?;
            for name in ["mp3:bad", "mp3:absent", "id3:bad", "mp3:../bad", "mp3:a:b"] {
                let args = vec![name.into(), 0.0.into()];
                client.command(stream, "play", args).await?;
                let code = "NetStream.Play.StreamNotFound";
                client.status(stream, code).await?;
            }
            let args = vec!["mp3:new".into(), "record".into()];
            client.command(stream, "publish", args).await?;
            client.status(stream, "NetStream.Record.NoAccess").await?;
            Ok(())
        })?;
        server.wait_for_log(&["a recording cannot be played"], SOON)?;
        Ok(())
    })
}
