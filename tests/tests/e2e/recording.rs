//! Recordings: packet for packet what was published, whole after every kind of end.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::clip::Clip;
use e2e::feed::{self, publish_for, publish_now};
use e2e::packets::{self, Kind};
use e2e::publishers;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use flv::{Item, Limits, Metadata, Reader, Tag, TagKind};
use libtest_mimic::Trial;
use rtmp::{Body, Command, Data, Encoding, Message};
use testkit::media::{self, Audio, Settings, Stream, Video};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("recording::ffmpeg_h264_and_aac", || ffmpeg(Clip::H264Aac)),
        trial("recording::ffmpeg_sorenson_h263_and_mp3", || {
            ffmpeg(Clip::SorensonMp3)
        }),
        trial("recording::ffmpeg_sorenson_h263_and_speex", || {
            ffmpeg(Clip::SorensonSpeex)
        }),
        trial("recording::ffmpeg_screen_video_and_nellymoser", || {
            ffmpeg(Clip::ScreenNellymoser)
        }),
        trial("recording::statuses_data_and_sends", statuses),
        trial("recording::append_goes_on_over_a_reconnect", append),
        trial("recording::a_killed_server_loses_a_second", killed),
        trial(
            "recording::a_full_disk_ends_it_and_not_the_stream",
            full_disk,
        ),
        trial("recording::one_file_has_one_recorder", one_recorder),
        trial("recording::what_may_not_be_recorded_is_refused", refused),
        trial("recording::a_script_says_who_may_record_what", scripted),
        trial(
            "recording::a_server_told_to_stop_finishes_its_files",
            stopped,
        ),
        trial("recording::a_limit_ends_it_and_not_the_stream", limits),
        trial("recording::live_streams_erase_where_that_is_set", erase),
    ];
    trials.extend(Video::ALL.map(|codec| {
        let name = format!("recording::made_{codec:?}_is_recorded_byte_for_byte").to_lowercase();
        trial(&name, move || made(codec))
    }));
    trials
}

pub(crate) const CLIP_LIMIT: Duration = Duration::from_secs(40);

/// The tags of a recording. The last one may be cut.
fn tags(path: &Path) -> Result<Vec<Tag>> {
    let mut reader = Reader::new(Limits::default());
    reader.push(&fs::read(path).with_context(|| path.display().to_string())?);
    let mut tags = Vec::new();
    while let Some(item) = reader.poll()? {
        match item {
            Item::Tag(tag) => tags.push(tag),
            Item::FileHeader(_) => {}
            Item::WrongBackPointer { offset, .. } => anyhow::bail!("damaged at {offset}"),
        }
    }
    Ok(tags)
}

/// The duration that a recording says it has, in ms; nothing while it is not finished.
fn said_ms(tags: &[Tag]) -> Result<Option<u64>> {
    let head = tags.first().context("no metadata")?;
    let values = amf::amf0::decode_all(&head.payload, &amf::Limits::default())?;
    let said = Metadata::of(&values).and_then(|said| said.duration_s);
    Ok(said
        .filter(|said| *said > 0.0)
        .map(|said| (said * 1000.0).round() as u64))
}

/// Checks that a recording is finished: its end is whole, and it says how long it is.
pub(crate) fn finished(path: &Path) -> Result<Vec<Tag>> {
    let tags = tags(path)?;
    let whole: usize = tags.iter().map(|tag| tag.payload.len() + 15).sum();
    ensure!(
        fs::metadata(path)?.len() == 13 + whole as u64,
        "its end is cut"
    );
    let last = tags.iter().map(|tag| u64::from(tag.timestamp_ms)).max();
    ensure!(
        said_ms(&tags)? == last,
        "it says {:?} of {last:?}",
        said_ms(&tags)?
    );
    Ok(tags)
}

/// Publishes on a new stream in a way: its number.
pub(crate) async fn publish(client: &mut Client, name: &str, how: &str) -> Result<u32> {
    let stream = client.create_stream().await?;
    client
        .command(stream, "publish", vec![name.into(), how.into()])
        .await?;
    client.status(stream, "NetStream.Publish.Start").await?;
    Ok(stream)
}

/// Ends a publication that is recorded, and waits for what is told then.
pub(crate) async fn unpublish(client: &mut Client, stream: u32) -> Result<()> {
    client
        .command(stream, "publish", vec![false.into()])
        .await?;
    client.status(stream, "NetStream.Record.Stop").await?;
    client.status(stream, "NetStream.Unpublish.Success").await?;
    Ok(())
}

/// The same on a stream that is not, or no longer, recorded.
async fn unpublish_live(client: &mut Client, stream: u32) -> Result<()> {
    client
        .command(stream, "publish", vec![false.into()])
        .await?;
    client.status(stream, "NetStream.Unpublish.Success").await?;
    Ok(())
}

pub(crate) fn video(codec: Video) -> Stream {
    let video = Some(codec);
    Stream::new(Settings {
        video,
        audio: Some(Audio::Aac),
        ..Settings::default()
    })
}

/// What a recording holds of made messages: the first, its metadata, is the file's own.
fn ensure_same(tags: &[Tag], sent: &[media::Message]) -> Result<()> {
    ensure!(tags.len() == sent.len(), "{} of {}", tags.len(), sent.len());
    let first_ms = sent.get(1).map_or(0, |first| first.timestamp_ms);
    for (at, (tag, made)) in tags.iter().zip(sent).enumerate().skip(1) {
        ensure!(tag.payload == made.payload, "message {at} was changed");
        let time_ms = made.timestamp_ms - first_ms;
        ensure!(
            tag.timestamp_ms == time_ms,
            "message {at} lies at {}",
            tag.timestamp_ms
        );
    }
    Ok(())
}

fn ffmpeg(clip: Clip) -> Result<()> {
    let source = clip.path()?;
    server::with(&[], |server| {
        server.settings("[recording]\nlive = \"record\"\n")?;
        let url = server.stream_url("one");
        let mut publisher = publishers::start_ffmpeg(&mut publishers::ffmpeg_once(&source, &url))?;
        publisher.succeed(CLIP_LIMIT)?;
        server.wait_for_log(&["recording finished"], SOON)?;
        let file = server.recording("one");
        finished(&file)?;
        let (published, recorded) = (packets::read(&source)?, packets::read(&file)?);
        for kind in [Kind::Audio, Kind::Video] {
            let count = |packets: &[packets::Packet]| {
                packets.iter().filter(|packet| packet.kind == kind).count()
            };
            let (all, got) = (count(&published), count(&recorded));
            ensure!(got == all && all > 0, "{kind:?}: {got} of {all} packets");
        }
        packets::assert_stretch(&published, &recorded, 1)?;
        ensure!(
            packets::codecs(&source)? == packets::codecs(&file)?,
            "other codecs"
        );
        ensure!(
            server.metric("greenroom_recordings_total", "finished")? >= 1.0,
            "not counted"
        );
        Ok(())
    })
}

fn made(codec: Video) -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut publisher = Client::connect(server.rtmp).await?;
            let stream = publish(&mut publisher, "a/cam", "record").await?;
            let sent = publish_now(&mut publisher, stream, &mut video(codec), 200).await?;
            unpublish(&mut publisher, stream).await?;
            ensure_same(&finished(&server.recording("a/cam"))?, &sent)
        })
    })
}

fn data(stream: u32, timestamp: u32, values: Vec<Value>) -> Message {
    Message {
        timestamp,
        ..Message::stream(stream, Body::Data(Data::new(values, Encoding::Amf0)))
    }
}

/// The publisher is told in order; shared sends are recorded where they came; after
/// `Record.Stop` the file is whole.
fn statuses() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut publisher = Client::connect(server.rtmp).await?;
            let stream = publish(&mut publisher, "cam", "record").await?;
            publisher.status(stream, "NetStream.Record.Start").await?;
            let mut media = video(Video::H264);
            let sent = publish_now(&mut publisher, stream, &mut media, 50).await?;
            let at = sent.last().context("messages")?.timestamp_ms;
            publisher
                .send(data(stream, at, vec!["onSay".into(), "hello".into()]))
                .await?;
            publish_now(&mut publisher, stream, &mut media, 50).await?;
            publisher.drain_inbox();
            publisher
                .command(stream, "publish", vec![false.into()])
                .await?;
            publisher.status(stream, "NetStream.Record.Stop").await?;
            let tags = finished(&server.recording("cam"))?;
            publisher
                .status(stream, "NetStream.Unpublish.Success")
                .await?;
            ensure!(tags.len() == 101, "{} tags", tags.len());
            let said = &tags[50];
            ensure!(said.kind == TagKind::Script, "{said:?}");
            let values = amf::amf0::decode_all(&said.payload, &amf::Limits::default())?;
            ensure!(values == ["onSay".into(), "hello".into()], "{values:?}");
            ensure!(
                said.timestamp_ms == tags[49].timestamp_ms,
                "at {}",
                said.timestamp_ms
            );
            Ok(())
        })
    })
}

/// A publisher that loses its connection comes back at once and goes on.
fn append() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut media = video(Video::H264);
            let mut all = Vec::new();
            for _ in 0..4 {
                let mut publisher = Client::connect(server.rtmp).await?;
                let stream = loop {
                    // The server may not know yet that the last one has gone.
                    match publish(&mut publisher, "cam", "append").await {
                        Ok(stream) => break stream,
                        Err(error) => ensure!(format!("{error}").contains("BadName"), "{error:#}"),
                    }
                };
                publisher.status(stream, "NetStream.Record.Start").await?;
                let sent = publish_now(&mut publisher, stream, &mut media, 60).await?;
                all.extend(sent);
                // Everything sent has been taken in once this is answered.
                publisher.create_stream().await?;
            }
            server.wait_for_metric("greenroom_recordings_total", "finished", 4.0)?;
            let tags = finished(&server.recording("cam"))?;
            ensure!(tags.len() == all.len(), "{} of {}", tags.len(), all.len());
            for (at, (tag, made)) in tags.iter().zip(&all).enumerate().skip(1) {
                ensure!(tag.payload == made.payload, "message {at} was changed");
            }
            let times: Vec<_> = tags.iter().map(|tag| tag.timestamp_ms).collect();
            let step = times
                .windows(2)
                .map(|pair| pair[1].saturating_sub(pair[0]))
                .max();
            ensure!(step <= Some(100), "a gap of {step:?} ms");
            Ok(())
        })
    })
}

/// Rounds of the test below, and streams recorded in each: every stream is another place in a
/// file at which the server is killed.
const KILLS: u64 = 10;
const STREAMS: usize = 5;

/// Kills the server while it records. What was recorded is a file at once, up to the last second,
/// and is repaired when it is next opened.
fn killed() -> Result<()> {
    let mut server = Server::start(&[])?;
    for round in 0..KILLS {
        let sent = client::run(record_until_killed(&mut server, round))?;
        for (name, last_ms) in sent {
            let tags = tags(&server.recording(&name))?;
            ensure!(said_ms(&tags)?.is_none(), "{name} is finished");
            let kept_ms = tags.last().map_or(0, |tag| tag.timestamp_ms);
            let lost = last_ms.saturating_sub(kept_ms);
            ensure!(lost <= 1000, "{name} lost {lost} ms of {last_ms}");
        }
        server.start_again(&[])?;
    }
    let probed = server.recording("0-0");
    ensure!(!packets::read(&probed)?.is_empty(), "ffprobe finds nothing");
    client::run(async {
        let mut client = Client::connect(server.rtmp).await?;
        for round in 0..KILLS {
            for at in 0..STREAMS {
                let name = format!("{round}-{at}");
                let stream = publish(&mut client, &name, "append").await?;
                let kept = tags(&server.recording(&name))?;
                publish_now(&mut client, stream, &mut video(Video::H264), 20).await?;
                unpublish(&mut client, stream).await?;
                client
                    .command(0, "deleteStream", vec![f64::from(stream).into()])
                    .await?;
                let tags = finished(&server.recording(&name))?;
                ensure!(
                    tags.len() == kept.len() + 20,
                    "{name}: {} of {}",
                    tags.len(),
                    kept.len()
                );
                ensure!(tags[1..kept.len()] == kept[1..], "{name} was changed");
            }
        }
        Ok(())
    })
}

/// The names recorded, and the time of the last message that the server had of each.
async fn record_until_killed(server: &mut Server, round: u64) -> Result<Vec<(String, u32)>> {
    let mut client = Client::connect(server.rtmp).await?;
    let mut streams = Vec::new();
    for at in 0..STREAMS {
        let name = format!("{round}-{at}");
        let stream = publish(&mut client, &name, "record").await?;
        client.status(stream, "NetStream.Record.Start").await?;
        streams.push((name, stream));
        // So that the streams do not keep in step.
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    let mut media = video(Video::H264);
    let started = Instant::now();
    let until = Duration::from_millis(700 + (round * 389) % 1100);
    let mut last_ms = 0;
    while started.elapsed() < until {
        // A call that is answered after the media: the server has had all of it.
        for made in media.by_ref().take(4) {
            last_ms = started.elapsed().as_millis() as u32;
            for (_, stream) in &streams {
                let message = feed::message(*stream, &made);
                let timestamp = last_ms;
                client
                    .send(Message {
                        timestamp,
                        ..message
                    })
                    .await?;
            }
        }
        client
            .ask(Command::new("getStreamLength", 0.0, vec!["x".into()]))
            .await?;
    }
    server.kill()?;
    Ok(streams
        .into_iter()
        .map(|(name, _)| (name, last_ms))
        .collect())
}

/// The system refuses to write further, as on a full disk.
fn full_disk() -> Result<()> {
    server::with(&[], |server| {
        const MOST_BYTES: u64 = 200_000;
        server.limit_files(MOST_BYTES)?;
        client::run(async {
            let mut publisher = Client::connect(server.rtmp).await?;
            let mut player = Client::connect(server.rtmp).await?;
            let stream = publish(&mut publisher, "cam", "record").await?;
            publisher.status(stream, "NetStream.Record.Start").await?;
            player.play("cam").await?;
            let mut media = video(Video::H264);
            let failed = loop {
                publish_for(
                    &mut publisher,
                    stream,
                    &mut media,
                    Duration::from_millis(200),
                )
                .await?;
                let told = publisher.drain_inbox();
                let told = told.iter().find_map(|message| match &message.body {
                    Body::Command(command) if &*command.name == "onStatus" => Some(command.arg(0)),
                    _ => None,
                });
                if let Some(info) = told {
                    break info.clone();
                }
            };
            ensure!(
                text(&failed, "code") == "NetStream.Record.Failed",
                "{failed:?}"
            );
            ensure!(text(&failed, "level") == "error", "{failed:?}");
            let file = server.recording("cam");
            let bytes = fs::metadata(&file)?.len();
            ensure!(
                bytes <= MOST_BYTES && bytes > MOST_BYTES / 4,
                "{bytes} bytes"
            );
            finished(&file)?;
            // The live stream goes on.
            player.drain_inbox();
            let sent = publish_now(&mut publisher, stream, &mut media, 50).await?;
            feed::play_until(&mut player, feed::last_mark(&sent)?).await?;
            unpublish_live(&mut publisher, stream).await
        })
    })
}

/// Two names of one file: the second publisher is live, and not recorded.
fn one_recorder() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut first = Client::connect(server.rtmp).await?;
            let stream = publish(&mut first, "cam", "record").await?;
            first.status(stream, "NetStream.Record.Start").await?;
            let mut second = Client::connect(server.rtmp).await?;
            let other = publish(&mut second, "cam.flv", "append").await?;
            let refused = second.status(other, "NetStream.Record.Start").await;
            let why = format!("{:#}", refused.err().context("it is recorded")?);
            ensure!(why.contains("NetStream.Record.NoAccess"), "{why}");
            publish_now(&mut second, other, &mut video(Video::H264), 10).await?;
            unpublish_live(&mut second, other).await?;
            let sent = publish_now(&mut first, stream, &mut video(Video::H264), 30).await?;
            unpublish(&mut first, stream).await?;
            ensure_same(&finished(&server.recording("cam"))?, &sent)
        })
    })
}

fn refused() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            let mut client = Client::connect(server.rtmp).await?;
            for (name, code) in [
                ("../up", "NetStream.Publish.BadName"),
                ("a/../../up", "NetStream.Publish.BadName"),
                ("a\0b", "NetStream.Publish.BadName"),
                ("a\\..\\b", "NetStream.Publish.BadName"),
                ("nul", "NetStream.Record.NoAccess"),
                (".hidden", "NetStream.Record.NoAccess"),
                ("c:/up", "NetStream.Record.NoAccess"),
            ] {
                let published = publish(&mut client, name, "record").await;
                let why = format!("{:#}", published.err().context(name)?);
                ensure!(why.contains(code), "{name}: {why}");
            }
            ensure!(
                !server.file("data/live/streams").exists(),
                "something was made"
            );
            // An absolute name lies below the folder like any other.
            let stream = publish(&mut client, "/etc/cam", "record").await?;
            client.status(stream, "NetStream.Record.Start").await?;
            unpublish(&mut client, stream).await?;
            finished_empty(&server.recording("etc/cam"))
        })
    })
}

/// In an application with a script, whose instance is loaded anew in between.
fn scripted() -> Result<()> {
    const SCRIPT: &str = "application.onConnect = function(client) {
        client.writeAccess = \"open\"; application.acceptConnection(client); };";
    server::with(&[], |server| {
        server.application("room", SCRIPT)?;
        client::run(async {
            let folder = server.file("data/room/streams/one");
            for count in [30, 60] {
                let mut client = Client::open(server.rtmp).await?;
                client.connect_to(server.rtmp, "room/one").await?;
                let published = publish(&mut client, "closed/cam", "record").await;
                let why = format!("{:#}", published.err().context("it is published")?);
                ensure!(why.contains("NetStream.Record.NoAccess"), "{why}");
                let stream = publish(&mut client, "open/cam", "append").await?;
                client.status(stream, "NetStream.Record.Start").await?;
                publish_now(&mut client, stream, &mut video(Video::H264), 30).await?;
                unpublish(&mut client, stream).await?;
                let tags = finished(&folder.join("open/cam.flv"))?;
                ensure!(tags.len() == count, "{} tags of {count}", tags.len());
                server.signal("HUP")?;
                client.closed(SOON).await?;
            }
            ensure!(!folder.join("closed").exists(), "it was recorded");
            Ok(())
        })
    })
}

fn stopped() -> Result<()> {
    server::with(
        &["server.drain_timeout_ms=100", "recording.flush_ms=60000"],
        |server| {
            let sent = client::run(async {
                let mut publisher = Client::connect(server.rtmp).await?;
                let stream = publish(&mut publisher, "cam", "record").await?;
                publisher.status(stream, "NetStream.Record.Start").await?;
                let sent = publish_now(&mut publisher, stream, &mut video(Video::H264), 40).await?;
                publisher.create_stream().await?;
                server.signal("TERM")?;
                publisher.closed(SOON).await?;
                Ok(sent)
            })?;
            ensure!(server.wait(SOON)?.success(), "it ended badly");
            ensure_same(&finished(&server.recording("cam"))?, &sent)
        },
    )
}

/// Nothing was recorded, and that is a file.
fn finished_empty(path: &Path) -> Result<()> {
    ensure!(tags(path)?.len() == 1, "it is not empty");
    Ok(())
}

fn limits() -> Result<()> {
    server::with(&[], |server| {
        server.settings("[recording]\nmax_duration_ms = 500\n")?;
        client::run(async {
            let mut publisher = Client::connect(server.rtmp).await?;
            let stream = publish(&mut publisher, "cam", "record").await?;
            let mut media = video(Video::H264);
            publish_now(&mut publisher, stream, &mut media, 100).await?;
            publisher.status(stream, "NetStream.Record.Stop").await?;
            let tags = finished(&server.recording("cam"))?;
            let last_ms = tags.iter().map(|tag| tag.timestamp_ms).max().unwrap_or(0);
            ensure!((400..500).contains(&last_ms), "{last_ms} ms");
            publish_now(&mut publisher, stream, &mut media, 100).await?;
            unpublish_live(&mut publisher, stream).await
        })
    })
}

fn erase() -> Result<()> {
    server::with(&[], |server| {
        client::run(async {
            for (erases, text) in [(false, ""), (true, "[live]\nerase_recording = true\n")] {
                server.settings(text)?;
                // An instance that begins anew has the settings of now.
                let mut client = Client::connect(server.rtmp).await?;
                let stream = publish(&mut client, "cam", "record").await?;
                unpublish(&mut client, stream).await?;
                publish(&mut client, "cam", "live").await?;
                publish(&mut client, "other", "record").await?;
                let file = server.recording("cam");
                if erases {
                    e2e::wait::until("the recording to be gone", SOON, || {
                        Ok((!file.exists()).then_some(()))
                    })?;
                } else {
                    ensure!(file.exists(), "it was deleted");
                }
                drop(client);
                let stopped = if erases { 2 } else { 1 };
                e2e::wait::until("the instance to stop", SOON, || {
                    let log = server.log();
                    let stops = log.matches("instance stopped").count();
                    Ok((stops == stopped).then_some(()))
                })?;
            }
            Ok(())
        })
    })
}
