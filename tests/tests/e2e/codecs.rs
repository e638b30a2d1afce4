//! Old and new codecs pass through unchanged: the server decodes none of them.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::client::{self, Client};
use e2e::clip::Clip;
use e2e::feed::{self, publish_for, publish_now};
use e2e::packets::{self, Kind};
use e2e::process::Program;
use e2e::server;
use e2e::wait::SOON;
use e2e::{players, publishers};
use libtest_mimic::Trial;
use rtmp::Body;
use testkit::media::{Audio, Settings, Stream, Video};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("codecs::h264_and_mp3", || {
            passes(Clip::H264Mp3, &["h264", "mp3"], 100)
        }),
        trial("codecs::sorenson_h263_and_mp3", || {
            passes(Clip::SorensonMp3, &["flv1", "mp3"], 100)
        }),
        trial("codecs::sorenson_h263_and_speex", || {
            passes(Clip::SorensonSpeex, &["flv1", "speex"], 100)
        }),
        trial("codecs::screen_video_and_nellymoser", || {
            passes(Clip::ScreenNellymoser, &["flashsv", "nellymoser"], 100)
        }),
        trial("codecs::vp6_is_still_vp6_to_rtmpdump", vp6_to_rtmpdump),
    ];
    trials.extend(Video::ALL.map(|codec| {
        let name = format!("codecs::made_{codec:?}_passes_byte_for_byte").to_lowercase();
        trial(&name, move || made_passes(Some(codec), None))
    }));
    trials.extend(Audio::ALL.map(|codec| {
        let name = format!("codecs::made_{codec:?}_passes_byte_for_byte").to_lowercase();
        trial(&name, move || made_passes(None, Some(codec)))
    }));
    trials
}

const CLIP_LIMIT: Duration = Duration::from_secs(40);

/// Publishes a clip while rtmpdump writes it to a file, and compares the two.
fn passes(clip: Clip, codecs: &[&str], at_least: usize) -> Result<()> {
    let source = clip.path()?;
    ensure!(
        packets::codecs(&source)? == codecs,
        "the clip has other codecs"
    );
    server::with(&[], |server| {
        let (url, file) = (server.stream_url("one"), server.file("played.flv"));
        let mut publisher = publishers::start_ffmpeg(&mut publishers::ffmpeg_once(&source, &url))?;
        let mut player = Program::start(&mut players::rtmpdump(&url, &file))?;
        publisher.succeed(CLIP_LIMIT)?;
        player.wait(SOON)?;
        ensure!(
            packets::codecs(&file)? == codecs,
            "played with other codecs"
        );
        packets::assert_stretch(&packets::read(&source)?, &packets::read(&file)?, at_least)
    })
}

/// No encoder here makes VP6, so the stream is a made one: the player's file must still say VP6,
/// with every picture in it and the key frames marked.
fn vp6_to_rtmpdump() -> Result<()> {
    const PICTURES: usize = 75;
    server::with(&[], |server| {
        let (rtmp, url, file) = (
            server.rtmp,
            server.stream_url("one"),
            server.file("played.flv"),
        );
        let mut player = Program::start(&mut players::rtmpdump(&url, &file))?;
        server.wait_for_metric("greenroom_connections", "rtmp", 1.0)?;
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut media = Stream::new(Settings::of(Some(Video::Vp6), Some(Audio::Mp3)));
            let whole = Duration::from_millis(40 * (PICTURES as u64 - 1));
            publish_for(&mut publisher, stream, &mut media, whole).await?;
            Ok(())
        })?;
        player.wait(SOON)?;
        ensure!(
            packets::codecs(&file)? == ["mp3", "vp6f"],
            "{:?}",
            packets::codecs(&file)?
        );
        let received = packets::read(&file)?;
        let pictures: Vec<_> = received.iter().filter(|p| p.kind == Kind::Video).collect();
        ensure!(pictures.len() == PICTURES, "{} pictures", pictures.len());
        let keys: Vec<_> = (0..PICTURES).filter(|at| pictures[*at].key).collect();
        ensure!(keys == [0, 50], "key frames at {keys:?}");
        Ok(())
    })
}

/// Publishes a made stream of one codec; whoever plays it must get every header and frame as it
/// was sent, with its time.
fn made_passes(video: Option<Video>, audio: Option<Audio>) -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut player = Client::connect(rtmp).await?;
            let play = player.play("one").await?;
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            // So that nothing is sent before the player may have it.
            player.status(play, "NetStream.Play.PublishNotify").await?;
            let mut media = Stream::new(Settings::of(video, audio));
            let sent = publish_now(&mut publisher, stream, &mut media, 60).await?;
            for made in sent
                .iter()
                .filter(|made| made.kind != testkit::media::Kind::Data)
            {
                let expected = feed::message(play, made);
                let received = loop {
                    let message = player.next_media().await?;
                    if !matches!(message.body, Body::Data(_)) {
                        break message;
                    }
                };
                ensure!(received == expected, "{received:?} instead of {expected:?}");
            }
            Ok(())
        })
    })
}
