//! MP4 files over RTMP: picture for picture what was put into them.

use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::clip::Clip;
use e2e::packets::{self, Kind, Packet};
use e2e::process::Program;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("movies::rtmpdump_plays_mp4", || whole("one.mp4", &[])),
        trial("movies::rtmpdump_plays_f4v_with_moov_in_front", || {
            whole("one.f4v", &["-movflags", "+faststart", "-f", "mp4"])
        }),
        trial("movies::rtmpdump_plays_mov", || whole("one.mov", &[])),
        trial("movies::sound_alone", sound),
        trial("movies::a_part_begins_with_a_key_frame", part),
        trial("movies::what_is_not_played_is_refused", refused),
    ]
}

const CLIP_LIMIT: Duration = Duration::from_mins(1);

/// Has ffmpeg put the clip into another kind of file, where recordings are.
fn make(server: &Server, name: &str, more: &[&str]) -> Result<PathBuf> {
    let source = Clip::H264Aac.path()?;
    let file = server.recording("x").with_file_name(name);
    std::fs::create_dir_all(file.parent().context("no folder")?)?;
    let mut ffmpeg = Process::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-i"]).arg(&source);
    ffmpeg.args(["-c", "copy"]).args(more).arg(&file);
    Program::start(&mut ffmpeg)?.succeed(CLIP_LIMIT)?;
    Ok(source)
}

fn play(server: &Server, name: &str, more: &[&str]) -> Result<Vec<Packet>> {
    let file = server.file("got.flv");
    let mut rtmpdump = Process::new("rtmpdump");
    rtmpdump.args(["--timeout", "10", "--app", "live", "--playpath"]);
    rtmpdump.arg(format!("mp4:{name}"));
    rtmpdump.arg("--rtmp").arg(server.stream_url(""));
    rtmpdump.arg("--flv").arg(&file).args(more);
    Program::start(&mut rtmpdump)?.wait(CLIP_LIMIT)?;
    packets::read(Path::new(&file))
}

fn of_kind(packets: &[Packet], kind: Kind) -> Vec<&Packet> {
    let all = packets.iter();
    all.filter(|packet| packet.kind == kind).collect()
}

/// What came is a stretch of what there was, at the same pace to the rounding of a millisecond.
fn assert_stretch(sent: &[&Packet], received: &[&Packet], count: usize) -> Result<()> {
    ensure!(received.len() == count, "{} of {count}", received.len());
    let first = received.first().context("nothing came")?;
    let start = sent.iter().position(|sent| sent.checksum == first.checksum);
    let sent = &sent[start.context("it was not sent")?..];
    for (at, (sent_here, received_here)) in sent.iter().zip(received).enumerate() {
        let is_same = sent_here.checksum == received_here.checksum;
        ensure!(is_same && sent_here.key == received_here.key, "packet {at}");
        let passed = received_here.time_ms - first.time_ms;
        let wanted = sent_here.time_ms - sent[0].time_ms;
        ensure!(
            passed.abs_diff(wanted) <= 1,
            "packet {at}: {passed}, {wanted}"
        );
    }
    Ok(())
}

fn whole(name: &str, more: &[&str]) -> Result<()> {
    server::with(&[], |server| {
        let sent = packets::read(&make(server, name, more)?)?;
        let received = play(server, name, &[])?;
        for kind in [Kind::Audio, Kind::Video] {
            let all = of_kind(&sent, kind);
            assert_stretch(&all, &of_kind(&received, kind), all.len())?;
        }
        Ok(())
    })
}

fn sound() -> Result<()> {
    server::with(&[], |server| {
        let sent = packets::read(&make(server, "one.m4a", &["-vn"])?)?;
        let sent = of_kind(&sent, Kind::Audio);
        let received = play(server, "one.m4a", &[])?;
        assert_stretch(&sent, &of_kind(&received, Kind::Audio), sent.len())?;
        ensure!(of_kind(&received, Kind::Video).is_empty());
        Ok(())
    })
}

fn part() -> Result<()> {
    server::with(&[], |server| {
        let sent = packets::read(&make(server, "one.mp4", &[])?)?;
        let received = play(server, "one", &["-A", "3", "-B", "5"])?;
        let (sent, pictures) = (of_kind(&sent, Kind::Video), of_kind(&received, Kind::Video));
        let first = pictures.first().context("no picture")?;
        ensure!(first.key, "it begins without a key frame");
        ensure!(pictures.len() >= 48 && pictures.len() < sent.len() / 2);
        assert_stretch(&sent, &pictures, pictures.len())
    })
}

/// Other codecs, fragments and what is no MP4 file: a status for the client, the reason in the log.
fn refused() -> Result<()> {
    server::with(&[], |server| {
        make(server, "other.mp4", &["-c:v", "mpeg4"])?;
        make(
            server,
            "pieces.mp4",
            &["-movflags", "frag_keyframe+empty_moov"],
        )?;
        std::fs::write(server.recording("x").with_file_name("bad.mp4"), [0; 5000])?;
        make(server, "one.mp4", &[])?;
        client::run(async {
            let mut client = Client::connect(server.rtmp).await?;
            let stream = client.create_stream().await?;
            for name in ["other", "pieces", "bad", "absent", "a:b"] {
                let name = format!("mp4:{name}");
                let args = vec![name.into(), 0.0.into()];
                client.command(stream, "play", args).await?;
                let code = "NetStream.Play.StreamNotFound";
                client.status(stream, code).await?;
            }
            let length = client
                .call("getStreamLength", vec!["mp4:one".into()])
                .await?;
            let length = length.as_f64().context("a number")?;
            ensure!((7.8..8.2).contains(&length), "{length}");
            let none = client
                .call("getStreamLength", vec!["mp4:bad".into()])
                .await?;
            ensure!(none == Value::from(0.0), "{none:?}");
            Ok(())
        })?;
        for why in ["the codec mp4v", "with fragments", "it has no moov"] {
            server.wait_for_log(&["a recording cannot be played", why], SOON)?;
        }
        Ok(())
    })
}
