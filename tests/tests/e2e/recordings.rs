//! What an operator does with recordings: `greenroom streams` and `greenroom replay`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::clip::Clip;
use e2e::encoded::{Codec, Encoded};
use e2e::feed::publish_now;
use e2e::packets::{self, Kind, Packet};
use e2e::process::Program;
use e2e::server::{self, Server, binary};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use serde_json::{Value as Json, json};
use testkit::media::Video;

use crate::administration::{done, refused};
use crate::recording::{CLIP_LIMIT, finished, publish, unpublish, video};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("recordings::are_listed_and_shown", listed),
        trial("recordings::are_repaired_and_deleted", repaired),
        trial("recordings::being_made_are_left_alone", left_alone),
        trial("recordings::h264_and_aac_go_to_mp4", || {
            exported(Clip::H264Aac)
        }),
        trial("recordings::h264_and_mp3_go_to_mp4", || {
            exported(Clip::H264Mp3)
        }),
        trial("recordings::vp9_and_opus_go_to_mp4", || {
            enhanced(Codec::Vp9, "vp9")
        }),
        trial("recordings::av1_and_opus_go_to_mp4", || {
            enhanced(Codec::Av1, "av1")
        }),
        trial("recordings::what_mp4_cannot_hold_is_refused", no_mp4),
        trial("recordings::h264_is_replayed", || replayed(Clip::H264Aac)),
        trial("recordings::sorenson_is_replayed", || {
            replayed(Clip::SorensonSpeex)
        }),
        trial(
            "recordings::a_replay_that_is_refused_says_why",
            replay_refused,
        ),
    ]
}

/// Puts a clip where the recording of a stream would be.
fn put(server: &Server, clip: Clip, name: &str) -> Result<PathBuf> {
    let file = server.recording(name);
    fs::create_dir_all(file.parent().unwrap_or(&file))?;
    fs::copy(clip.path()?, &file)?;
    Ok(file)
}

fn listed() -> Result<()> {
    server::with(&[], |server| {
        ensure!(done(server, "streams", &["list"])?.is_empty());
        let file = put(server, Clip::SorensonMp3, "talks/one")?;
        put(server, Clip::H264Aac, "two")?;
        fs::write(server.recording("three"), "no recording")?;
        let bytes = fs::metadata(&file)?.len();
        let said = done(server, "streams", &["list", "live"])?;
        let lines: Vec<_> = said.lines().collect();
        ensure!(lines.len() == 3, "{said}");
        let start = format!("live/_definst_/talks/one.flv: {bytes} bytes, 8.");
        ensure!(lines[0].starts_with(&start), "{said}");
        ensure!(lines[0].ends_with("s, Sorenson H.263, MP3"), "{said}");
        ensure!(lines[1].contains("three.flv: cannot be read: "), "{said}");
        ensure!(lines[2].ends_with("H.264, AAC"), "{said}");
        for target in [&["list"][..], &["list", "live/_definst_"]] {
            ensure!(done(server, "streams", target)? == said);
        }
        let said: Json = serde_json::from_str(&done(server, "streams", &["info", "live", "two"])?)?;
        ensure!(said["recording"] == "live/_definst_/two.flv", "{said}");
        ensure!(said["video"]["codec"] == "H.264", "{said}");
        ensure!(said["video"]["width"] == json!(320), "{said}");
        ensure!(said["audio"]["codec_string"] == "mp4a.40.2", "{said}");
        ensure!(said["being_recorded"] == json!(false), "{said}");
        let why = refused(server, "streams", &["info", "live", "four"])?;
        ensure!(
            why.contains("there is no recording live/_definst_/four.flv"),
            "{why}"
        );
        let why = refused(server, "streams", &["info", "live", "../two"])?;
        ensure!(why.contains("relative part"), "{why}");
        let why = refused(server, "streams", &["list", "chat"])?;
        ensure!(why.contains("there is no application chat"), "{why}");
        Ok(())
    })
}

fn repaired() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut publisher = Client::connect(server.rtmp).await?;
            let stream = publish(&mut publisher, "cam", "record").await?;
            publish_now(&mut publisher, stream, &mut video(Video::H264), 200).await?;
            // What was sent before is written when the stream's end is told.
            unpublish(&mut publisher, stream).await
        })?;
        let file = server.recording("cam");
        let whole = fs::read(&file)?;
        // Cut in a tag, as by a crash; the start is that of a file that was not finished.
        fs::write(&file, &whole[..whole.len() - 5])?;
        let said = done(server, "streams", &["list"])?;
        ensure!(said.ends_with(", not finished\n"), "{said}");
        let said = done(server, "streams", &["repair", "live"])?;
        ensure!(
            said.starts_with("live/_definst_/cam.flv has been repaired: "),
            "{said}"
        );
        finished(&file)?;
        let said = done(server, "streams", &["repair", "live", "cam"])?;
        ensure!(said == "live/_definst_/cam.flv was whole.\n", "{said}");
        fs::write(server.recording("other"), "no recording at all")?;
        let why = refused(server, "streams", &["repair", "live"])?;
        ensure!(why.contains("live/_definst_/other.flv: "), "{why}");
        let said = done(server, "streams", &["delete", "live", "cam"])?;
        ensure!(
            said == "live/_definst_/cam.flv has been deleted.\n",
            "{said}"
        );
        ensure!(!file.exists());
        Ok(())
    })
}

fn left_alone() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut publisher = Client::connect(server.rtmp).await?;
            let stream = publish(&mut publisher, "cam", "record").await?;
            publisher.status(stream, "NetStream.Record.Start").await?;
            let said = done(server, "streams", &["list"])?;
            ensure!(said.ends_with(": being recorded\n"), "{said}");
            for what in ["repair", "delete"] {
                let why = refused(server, "streams", &[what, "live", "cam"])?;
                ensure!(why.contains("is being written already"), "{why}");
            }
            publish_now(&mut publisher, stream, &mut video(Video::H264), 50).await?;
            unpublish(&mut publisher, stream).await
        })?;
        finished(&server.recording("cam"))?;
        done(server, "streams", &["delete", "live", "cam"])?;
        Ok(())
    })
}

fn of(kind: Kind, packets: &[Packet]) -> Vec<&Packet> {
    packets
        .iter()
        .filter(|packet| packet.kind == kind)
        .collect()
}

fn exported(clip: Clip) -> Result<()> {
    server::with(&[], |server| {
        let recording = put(server, clip, "one")?;
        let file = server.file("one.mp4");
        let path = file.to_string_lossy();
        let said = done(server, "streams", &["export", "live", "one", &path])?;
        ensure!(said.contains("has been written: "), "{said}");
        ensure!(packets::codecs(&recording)? == packets::codecs(&file)?);
        let (source, made) = (packets::read(&recording)?, packets::read(&file)?);
        for kind in [Kind::Audio, Kind::Video] {
            ensure!(
                of(kind, &source) == of(kind, &made),
                "{kind:?} is not the same"
            );
        }
        decodes(&file)?;
        let why = refused(server, "streams", &["export", "live", "one", &path])?;
        ensure!(why.contains("cannot write"), "{why}");
        Ok(())
    })
}

/// Every picture and sound can be decoded.
fn decodes(file: &Path) -> Result<()> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-nostdin", "-v", "error", "-xerror", "-i"])
        .arg(file);
    let output = ffmpeg.args(["-f", "null", "-"]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && said.is_empty(), "{said}");
    Ok(())
}

fn enhanced(codec: Codec, name: &str) -> Result<()> {
    let encoded = Encoded::make(codec)?;
    server::with(&["recording.flush_ms=20"], |server| {
        server.settings("[recording]\nlive = \"record\"\n")?;
        let stop = AtomicBool::new(false);
        client::run(async {
            let mut publisher = Client::connect(server.rtmp).await?;
            let mut player = Client::connect(server.rtmp).await?;
            let watch = async {
                player.play("cam").await?;
                for _ in 0..50 {
                    player.next_media().await?;
                }
                stop.store(true, Ordering::Relaxed);
                Ok(())
            };
            tokio::try_join!(encoded.publish(&mut publisher, "cam", &stop), watch)
        })?;
        server.wait_for_log(&["recording finished"], SOON)?;
        let file = server.file("cam.mp4");
        let path = file.to_string_lossy();
        done(server, "streams", &["export", "live", "cam", &path])?;
        let codecs = packets::codecs(&file)?;
        ensure!(codecs.contains(&name.to_owned()), "{codecs:?}");
        ensure!(codecs.contains(&"opus".to_owned()), "{codecs:?}");
        decodes(&file)
    })
}

fn no_mp4() -> Result<()> {
    server::with(&[], |server| {
        for (clip, codec) in [
            (Clip::SorensonMp3, "Sorenson H.263"),
            (Clip::ScreenNellymoser, "Nellymoser"),
        ] {
            put(server, clip, "one")?;
            let file = server.file("one.mp4");
            let path = file.to_string_lossy();
            let why = refused(server, "streams", &["export", "live", "one", &path])?;
            ensure!(
                why.contains(&format!("MP4 has no place for {codec}")),
                "{why}"
            );
            ensure!(!file.exists(), "the file has been left");
        }
        Ok(())
    })
}

fn replay(clip: Clip, url: &str) -> Result<Command> {
    let mut command = Command::new(binary());
    command.arg("replay").arg(clip.path()?).args(["--to", url]);
    Ok(command)
}

fn replayed(clip: Clip) -> Result<()> {
    server::with(&[], |server| {
        server.settings("[recording]\nlive = \"record\"\n")?;
        let mut program = Program::start(&mut replay(clip, &server.stream_url("one"))?)?;
        program.succeed(CLIP_LIMIT)?;
        ensure!(program.output().contains("messages have been published"));
        server.wait_for_log(&["recording finished"], SOON)?;
        let (source, file) = (clip.path()?, server.recording("one"));
        finished(&file)?;
        let (source, made) = (packets::read(&source)?, packets::read(&file)?);
        for kind in [Kind::Audio, Kind::Video] {
            let (source, made) = (of(kind, &source), of(kind, &made));
            ensure!(source.len() == made.len() && !made.is_empty(), "{kind:?}");
        }
        packets::assert_stretch(&source, &made, 1)
    })
}

fn replay_refused() -> Result<()> {
    server::with(&[], |server| {
        let url = format!("rtmp://{}/nothing/one", server.rtmp);
        let output = replay(Clip::H264Aac, &url)?.output()?;
        let why = String::from_utf8_lossy(&output.stderr);
        ensure!(!output.status.success(), "it was published");
        ensure!(why.contains("NetConnection.Connect."), "{why}");
        Ok(())
    })
}
