//! Old and new codecs pass through unchanged: the server decodes none of them.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::clip::Clip;
use e2e::packets;
use e2e::process::Program;
use e2e::server;
use e2e::wait::SOON;
use e2e::{players, publishers};
use libtest_mimic::Trial;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
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
            passes(Clip::ScreenNellymoser, &["flashsv", "nellymoser"], 40)
        }),
    ]
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
