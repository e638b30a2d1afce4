//! Live streams from real encoders to real players, compared packet by packet.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::clip::{self, Clip};
use e2e::packets::{self, Kind};
use e2e::process::Program;
use e2e::server::{self, Server};
use e2e::wait::{self, SOON};
use e2e::{players, publishers};
use libtest_mimic::Trial;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("live::ffmpeg_plays_what_ffmpeg_publishes", ffmpeg_plays),
        trial("live::rtmpdump_plays_what_ffmpeg_publishes", rtmpdump_plays),
        trial(
            "live::gstreamer_plays_what_ffmpeg_publishes",
            gstreamer_plays,
        ),
        trial(
            "live::ffmpeg_plays_what_gstreamer_publishes",
            gstreamer_publishes,
        ),
        trial(
            "live::a_waiting_player_outlives_two_publishers",
            outlives_publishers,
        ),
        trial("live::eight_players_get_the_same", eight_players),
        trial("live::who_joins_late_starts_with_a_key_frame", late_join),
        trial(
            "live::a_second_publisher_of_a_name_is_refused",
            second_publisher,
        ),
        trial("live::a_killed_publisher_is_replaced", killed_publisher),
        trial("live::a_stalled_publisher_is_replaced", stalled_publisher),
    ]
}

/// From the start of a clip to the end of everything that plays it.
const CLIP_LIMIT: Duration = Duration::from_secs(40);

/// What a player gets at least that asks as soon as the publisher was accepted, of each kind:
/// four of the clip's eight seconds.
const MOST_OF_A_CLIP: usize = 4 * clip::PICTURES_PER_SECOND as usize;

/// Publishes a clip once while a player writes it to a file, and compares the two.
fn plays(clip: Clip, player: fn(&str, &Path) -> Command) -> Result<()> {
    let source = clip.path()?;
    server::with(&[], |server| {
        let (url, file) = (server.stream_url("one"), server.file("played.flv"));
        let mut publisher = publishers::start_ffmpeg(&mut publishers::ffmpeg_once(&source, &url))?;
        let mut player = Program::start(&mut player(&url, &file))?;
        publisher.succeed(CLIP_LIMIT)?;
        // Some players wait for the next publisher then; all end their file when interrupted.
        server.wait_for_log(&["unpublished"], SOON)?;
        if player.wait(A_MOMENT).is_err() {
            player.signal("INT")?;
            player.wait(SOON)?;
        }
        packets::assert_stretch(
            &packets::read(&source)?,
            &packets::read(&file)?,
            MOST_OF_A_CLIP,
        )
    })
}

/// How long a player may take to notice that a stream has ended.
const A_MOMENT: Duration = Duration::from_secs(1);

fn ffmpeg_plays() -> Result<()> {
    plays(Clip::H264Aac, |url, file| {
        players::ffmpeg_for(clip::SECONDS, url, file)
    })
}

fn rtmpdump_plays() -> Result<()> {
    plays(Clip::H264Aac, players::rtmpdump)
}

fn gstreamer_plays() -> Result<()> {
    plays(Clip::H264Aac, players::gstreamer)
}

/// What players get is compared with what the encoder wrote to a file as well.
fn gstreamer_publishes() -> Result<()> {
    server::with(&[], |server| {
        let url = server.stream_url("one");
        let [source, dumped, played] =
            ["source.flv", "dumped.flv", "played.flv"].map(|name| server.file(name));
        let mut dump = Program::start(&mut players::rtmpdump(&url, &dumped))?;
        let mut publisher = Program::start(&mut publishers::gstreamer(&url, &source))?;
        let mut player = Program::start(&mut players::ffmpeg_for(4, &url, &played))?;
        player.succeed(CLIP_LIMIT)?;
        publisher.succeed(CLIP_LIMIT)?;
        dump.wait(SOON)?;
        ensure!(
            packets::codecs(&dumped)? == ["aac", "h264"],
            "other codecs than published"
        );
        let source = packets::read(&source)?;
        packets::assert_stretch(&source, &packets::read(&dumped)?, MOST_OF_A_CLIP)?;
        let three_seconds = 3 * clip::PICTURES_PER_SECOND as usize;
        packets::assert_stretch(&source, &packets::read(&played)?, three_seconds)
    })
}

/// GStreamer's player waits where others end with the first publisher.
fn outlives_publishers() -> Result<()> {
    let source = Clip::SorensonMp3.path()?;
    server::with(&[], |server| {
        let (url, file) = (server.stream_url("one"), server.file("played.flv"));
        let mut player = Program::start(&mut players::gstreamer(&url, &file))?;
        server.wait_for_log(&["client connected"], SOON)?;
        for ended in 1..=2 {
            Program::start(&mut publishers::ffmpeg_once(&source, &url))?.succeed(CLIP_LIMIT)?;
            wait::until("the publisher to be gone", SOON, || {
                let seen = server.log().matches(" unpublished ").count();
                Ok((seen == ended).then_some(()))
            })?;
        }
        ensure!(player.ended()?.is_none(), "the player has ended");
        player.signal("INT")?;
        player.wait(SOON)?;
        let (published, received) = (packets::read(&source)?, packets::read(&file)?);
        let of_kind = |packets: &[packets::Packet], kind| {
            let all = packets.iter().filter(|packet| packet.kind == kind);
            all.map(|packet| packet.checksum.clone())
                .collect::<Vec<_>>()
        };
        for kind in [Kind::Audio, Kind::Video] {
            let once = of_kind(&published, kind);
            let twice = [&once[..], &once].concat();
            let got = of_kind(&received, kind);
            ensure!(got == twice, "{kind:?}: {} of {}", got.len(), twice.len());
        }
        Ok(())
    })
}

fn eight_players() -> Result<()> {
    let source = Clip::SorensonMp3.path()?;
    server::with(&[], |server| {
        let url = server.stream_url("one");
        let mut publisher = publishers::start_ffmpeg(&mut publishers::ffmpeg_once(&source, &url))?;
        let files: Vec<_> = (0..8).map(|n| server.file(&format!("{n}.flv"))).collect();
        let starts = files
            .iter()
            .map(|file| Program::start(&mut players::rtmpdump(&url, file)));
        let players: Vec<_> = starts.collect::<Result<_>>()?;
        publisher.succeed(CLIP_LIMIT)?;
        let published = packets::read(&source)?;
        for (mut player, file) in players.into_iter().zip(&files) {
            player.wait(SOON)?;
            packets::assert_stretch(&published, &packets::read(file)?, MOST_OF_A_CLIP)?;
        }
        Ok(())
    })
}

/// Players come at several places of a group of pictures. rtmpdump writes everything it gets, so
/// that its file shows what was sent first.
fn late_join() -> Result<()> {
    let source = Clip::H264Aac.path()?;
    server::with(&[], |server| {
        let url = server.stream_url("one");
        let publish = &mut publishers::ffmpeg_forever(&source, &url);
        let _publisher = publishers::start_ffmpeg(publish)?;
        for (n, bytes) in [100_000, 170_000, 120_000, 150_000].into_iter().enumerate() {
            let file = server.file(&format!("{n}.flv"));
            let mut player = Program::start(&mut players::rtmpdump(&url, &file))?;
            wait::until("the player's file to grow", SOON, || {
                Ok(fs::metadata(&file)
                    .is_ok_and(|data| data.len() > bytes)
                    .then_some(()))
            })?;
            player.signal("INT")?;
            player.wait(SOON)?;
            let received = packets::read(&file)?;
            let first = received.iter().find(|packet| packet.kind == Kind::Video);
            ensure!(
                first.is_some_and(|packet| packet.key),
                "player {n} started in the middle"
            );
        }
        Ok(())
    })
}

fn second_publisher() -> Result<()> {
    let source = Clip::SorensonMp3.path()?;
    server::with(&[], |server| {
        let url = server.stream_url("one");
        let publish = || publishers::ffmpeg_forever(&source, &url);
        let mut first = publishers::start_ffmpeg(&mut publish())?;
        let mut second = Program::start(&mut publish())?;
        // The only thing ffmpeg shows of a refusal is its description.
        second.wait_for_output("Server error", SOON)?;
        ensure!(
            !second.wait(SOON)?.success(),
            "the second publisher did not notice"
        );
        ensure!(
            first.ended()?.is_none(),
            "the first publisher was disturbed"
        );
        plays_on(server, "after.flv")
    })
}

/// That the stream named `one` can be played right now.
fn plays_on(server: &Server, file: &str) -> Result<()> {
    let file = server.file(file);
    let play = &mut players::ffmpeg_for(2, &server.stream_url("one"), &file);
    Program::start(play)?.succeed(CLIP_LIMIT)?;
    let received = packets::read(&file)?;
    ensure!(
        received.len() > 50,
        "{} packets in two seconds",
        received.len()
    );
    Ok(())
}

fn killed_publisher() -> Result<()> {
    let source = Clip::SorensonMp3.path()?;
    server::with(&[], |server| {
        let url = server.stream_url("one");
        let publish = || publishers::ffmpeg_forever(&source, &url);
        let mut first = publishers::start_ffmpeg(&mut publish())?;
        first.signal("KILL")?;
        first.wait(SOON)?;
        let _second = publishers::start_ffmpeg(&mut publish())?;
        plays_on(server, "after.flv")
    })
}

/// A publisher whose computer went to sleep: its connection is there and nothing comes.
fn stalled_publisher() -> Result<()> {
    let source = Clip::SorensonMp3.path()?;
    server::with(&["live.publisher_stall_ms=1000"], |server| {
        let url = server.stream_url("one");
        let publish = || publishers::ffmpeg_forever(&source, &url);
        let first = publishers::start_ffmpeg(&mut publish())?;
        plays_on(server, "before.flv")?;
        first.signal("STOP")?;
        let _second = wait::until("the name to be free", SOON, || {
            Ok(publishers::start_ffmpeg(&mut publish()).ok())
        })?;
        plays_on(server, "after.flv")
    })
}
