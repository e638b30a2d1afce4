//! The server's own page in a real browser.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use e2e::browser::Visit;
use e2e::client::{self, Client};
use e2e::clip::Clip;
use e2e::encoded::{Codec, Encoded};
use e2e::wait::SOON;
use e2e::{publishers, server};
use libtest_mimic::Trial;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("browser::h264_and_aac_play_over_http", || {
            plays(Clip::H264Aac, "http")
        }),
        trial("browser::h264_and_aac_play_over_websocket", || {
            plays(Clip::H264Aac, "ws")
        }),
        trial("browser::h264_and_mp3_play_over_websocket", || {
            plays(Clip::H264Mp3, "ws")
        }),
        trial("browser::vp9_and_opus_play_over_websocket", || {
            plays_encoded(Codec::Vp9)
        }),
        trial("browser::av1_and_opus_play_over_websocket", || {
            plays_encoded(Codec::Av1)
        }),
        trial(
            "browser::what_browsers_cannot_decode_is_said_in_words",
            no_decoder,
        ),
        trial("browser::the_page_lists_what_is_live_and_no_more", lists),
    ]
}

const WATCHED_S: u32 = 4;

/// The page's address for the stream `one`.
fn page(server: &server::Server, via: &str) -> String {
    server.page_url(&format!("/?play=/live/_definst_/one.flv&via={via}"))
}

fn plays(clip: Clip, via: &str) -> Result<()> {
    let source = clip.path()?;
    server::with(&[], |server| {
        let publish = &mut publishers::ffmpeg_forever(&source, &server.stream_url("one"));
        let _publisher = publishers::start_ffmpeg(publish)?;
        let name = format!("{clip:?}-{via}").to_lowercase();
        watch(server, &name, via)
    })
}

/// Codecs of Enhanced RTMP, published by our own client.
fn plays_encoded(codec: Codec) -> Result<()> {
    /// Longer than a visit may take.
    const LIMIT: Duration = Duration::from_mins(5);
    let encoded = Encoded::make(codec)?;
    server::with(&[], |server| {
        let (rtmp, stop) = (server.rtmp, AtomicBool::new(false));
        thread::scope(|scope| {
            let publisher = scope.spawn(|| {
                client::run_for(LIMIT, async {
                    let mut client = Client::connect(rtmp).await?;
                    encoded.publish(&mut client, "one", &stop).await
                })
            });
            let published = server.wait_for_log(&[" published "], SOON);
            let name = format!("{codec:?}-opus").to_lowercase();
            let watched = published.and_then(|_| watch(server, &name, "ws"));
            stop.store(true, Ordering::Relaxed);
            publisher
                .join()
                .map_err(|_| anyhow!("the publisher panicked"))??;
            watched
        })
    })
}

/// Visits the page, where the stream `one` must be seen to play.
fn watch(server: &server::Server, name: &str, via: &str) -> Result<()> {
    let visit = Visit::watch(name, &page(server, via), WATCHED_S, None)?;
    let played = visit.played_s();
    ensure!(
        played > f64::from(WATCHED_S) * 0.6,
        "{played} of {WATCHED_S} s: {visit:?}"
    );
    ensure!(
        visit.size() == (320, 180),
        "the picture is {:?}",
        visit.size()
    );
    ensure!(visit.picture_moved(), "the picture stands still: {visit:?}");
    ensure!(visit.errors().is_empty(), "{:?}", visit.errors());
    Ok(())
}

fn no_decoder() -> Result<()> {
    let source = Clip::SorensonMp3.path()?;
    server::with(&[], |server| {
        let publish = &mut publishers::ffmpeg_forever(&source, &server.stream_url("one"));
        let _publisher = publishers::start_ffmpeg(publish)?;
        let expected = "Browsers have no decoder for it";
        let visit = Visit::watch("sorenson", &page(server, "ws"), WATCHED_S, Some(expected))?;
        for words in [expected, "Sorenson H.263 (Flash 6)"] {
            ensure!(
                visit.text().contains(words),
                "{words:?} is not on the page: {visit:?}"
            );
        }
        ensure!(visit.errors().is_empty(), "{:?}", visit.errors());
        Ok(())
    })
}

fn lists() -> Result<()> {
    let source = Clip::H264Aac.path()?;
    server::with(&[], |server| {
        let publish = &mut publishers::ffmpeg_forever(&source, &server.stream_url("rehearsal"));
        let mut publisher = publishers::start_ffmpeg(publish)?;
        let texts = ["rehearsal", "No streams."];
        let visit = Visit::watch_change("list", &server.page_url("/"), texts, || {
            publisher.terminate(SOON);
            Ok(())
        })?;
        ensure!(
            !visit.text().contains("rehearsal"),
            "the stream is still listed: {visit:?}"
        );
        ensure!(visit.errors().is_empty(), "{:?}", visit.errors());
        Ok(())
    })
}
