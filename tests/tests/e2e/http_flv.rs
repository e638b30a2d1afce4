//! Live streams over HTTP and WebSocket, compared packet by packet.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::clip::{self, Clip};
use e2e::process::Program;
use e2e::server;
use e2e::wait::SOON;
use e2e::{client, http, packets, players, publishers};
use futures_util::StreamExt;
use libtest_mimic::Trial;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("http_flv::ffmpeg_plays_over_http", over_http),
        trial(
            "http_flv::a_websocket_carries_the_same_file",
            over_websocket,
        ),
        trial("http_flv::what_nobody_publishes_is_not_found", not_found),
        trial(
            "http_flv::players_that_take_nothing_are_closed",
            stalled_players,
        ),
        trial("http_flv::other_sites_may_read_when_they_are_named", cors),
    ]
}

const CLIP_LIMIT: Duration = Duration::from_secs(40);
const STREAM: &str = "/live/_definst_/one.flv";
const MOST_OF_A_CLIP: usize = 4 * clip::PICTURES_PER_SECOND as usize;

fn over_http() -> Result<()> {
    let source = Clip::H264Aac.path()?;
    server::with(&[], |server| {
        let (rtmp, file) = (server.stream_url("one"), server.file("played.flv"));
        let mut publisher = publishers::start_ffmpeg(&mut publishers::ffmpeg_once(&source, &rtmp))?;
        let url = server.page_url(STREAM);
        let mut player = Program::start(&mut players::ffmpeg_for(clip::SECONDS, &url, &file))?;
        publisher.succeed(CLIP_LIMIT)?;
        player.succeed(SOON)?;
        packets::assert_stretch(
            &packets::read(&source)?,
            &packets::read(&file)?,
            MOST_OF_A_CLIP,
        )
    })
}

fn over_websocket() -> Result<()> {
    let source = Clip::H264Mp3.path()?;
    server::with(&[], |server| {
        let (rtmp, file) = (server.stream_url("one"), server.file("played.flv"));
        let mut publisher = publishers::start_ffmpeg(&mut publishers::ffmpeg_once(&source, &rtmp))?;
        let url = format!("ws://{}{STREAM}", server.http);
        let bytes = client::run(async {
            let (mut socket, _) = tokio_tungstenite::connect_async(&url).await?;
            let mut bytes = Vec::new();
            while let Some(message) = socket.next().await {
                match message? {
                    Message::Binary(piece) => bytes.extend_from_slice(&piece),
                    Message::Close(_) => break,
                    other => ensure!(!other.is_text(), "text: {other}"),
                }
            }
            Ok(bytes)
        })?;
        publisher.succeed(CLIP_LIMIT)?;
        fs::write(&file, bytes)?;
        packets::assert_stretch(
            &packets::read(&source)?,
            &packets::read(&file)?,
            MOST_OF_A_CLIP,
        )
    })
}

fn not_found() -> Result<()> {
    server::with(&[], |server| {
        for path in [
            STREAM,
            "/nosuch/_definst_/one.flv",
            "/nosuch",
            "/web/nosuch.js",
        ] {
            let answer = http::get(server.http, path)?;
            ensure!(
                answer.status == 404,
                "{path} is answered with {}",
                answer.status
            );
            ensure!(!answer.body.is_empty(), "{path}: nothing is said");
        }
        let started = server.log().contains("instance started");
        ensure!(!started, "an instance was started for nothing");
        Ok(())
    })
}

/// One reader of each kind stops taking what it is sent.
fn stalled_players() -> Result<()> {
    let settings = [
        "live.player_stall_close_ms=1000",
        "live.player_behind_close_ms=60000",
        "live.player_lag_ms=1000",
    ];
    server::with(&settings, |server| {
        let (rtmp, address) = (server.rtmp, server.http);
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let plain = format!("GET {STREAM} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            let upgrade = format!(
                "GET {STREAM} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            );
            let http = ask_and_stop(address, &plain).await?;
            let websocket = ask_and_stop(address, &upgrade).await?;
            server.wait_for_log(&["player connected", "ws-flv"], SOON)?;
            server.wait_for_log(&["player connected", "http-flv"], SOON)?;
            let gone = |transport: &str| {
                let log = server.log();
                let words = ["player left", "player_stalled", transport];
                log.lines()
                    .any(|line| words.iter().all(|word| line.contains(word)))
            };
            let started = Instant::now();
            // A picture that stands for many, until the system's own buffers are full.
            let picture = [&[0x17, 1, 0, 0, 0][..], &vec![0; 64 << 10]].concat();
            while !(gone("ws-flv") && gone("http-flv")) {
                ensure!(started.elapsed() < 2 * SOON, "they are still served");
                let body = rtmp::Body::Video(picture.clone().into());
                publisher.send(rtmp::Message::stream(stream, body)).await?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            drop((http, websocket));
            Ok(())
        })?;
        let reason = "reason=\"player_stalled\"";
        server.wait_for_metric("greenroom_closed_total", reason, 2.0)
    })
}

/// Asks for something and reads nothing of the answer.
async fn ask_and_stop(server: SocketAddr, request: &str) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(16 << 10)?;
    let mut stream = socket.connect(server).await?;
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

fn cors() -> Result<()> {
    let origin = "https://www.example.org";
    let ask = |server: &mut server::Server| -> Result<String> {
        let request = format!(
            "GET /api/streams HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n"
        );
        let answer = http::exchange(server.http, request.as_bytes())?;
        let head = String::from_utf8_lossy(&answer).to_lowercase();
        head.split("\r\n\r\n")
            .next()
            .map(str::to_owned)
            .context("no answer")
    };
    let socket = |server: &mut server::Server| -> Result<String> {
        let request = format!(
            "GET {STREAM} HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let answer = http::first_line(server.http, request.as_bytes())?;
        Ok(answer)
    };
    let allowed = "access-control-allow-origin";
    server::with(&[], |server| {
        ensure!(!ask(server)?.contains(allowed), "every site may read");
        let answer = socket(server)?;
        ensure!(answer.contains(" 403 "), "a WebSocket: {answer}");
        Ok(())
    })?;
    server::with(&[&format!("http.cors_origins={origin}")], |server| {
        let head = ask(server)?;
        ensure!(head.contains(&format!("{allowed}: {origin}")), "{head}");
        let answer = socket(server)?;
        ensure!(answer.contains(" 404 "), "a WebSocket: {answer}");
        Ok(())
    })
}
