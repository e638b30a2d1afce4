//! Peers that are slow, silent, wrong or hostile: what they cost, and that others notice nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::feed::{self, publish_for};
use e2e::process::Program;
use e2e::server::{self, Server};
use e2e::wait::{self, SOON};
use e2e::{http, players};
use libtest_mimic::Trial;
use rtmp::Body;
use testkit::media::{Mark, Settings, Stream};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "peers::a_stalled_player_is_closed_and_fifty_others_lose_nothing",
            stalled,
        ),
        trial(
            "peers::a_stalled_player_learns_why_when_it_reads_again",
            told_why,
        ),
        trial("peers::a_silent_connection_is_closed", silent),
        trial(
            "peers::a_connection_that_never_connects_is_closed",
            never_connects,
        ),
        trial(
            "peers::a_thousand_dribbling_connections_hold_up_nobody",
            dribble,
        ),
        trial("peers::http_on_the_rtmp_port_is_told_so", http_on_rtmp),
        trial("peers::rtmp_on_the_http_port_is_closed", rtmp_on_http),
        trial("peers::what_is_no_rtmp_is_closed", no_rtmp),
        trial("peers::a_message_past_its_limit_is_closed", too_long),
        trial(
            "peers::sixty_five_thousand_chunk_streams_cost_little",
            chunk_streams,
        ),
        trial("peers::seventy_thousand_nested_arrays_are_closed", nested),
        trial("peers::one_connection_too_many_is_closed", too_many),
    ]
}

/// Waits until the server has counted a connection closed for this reason.
fn closed_for(server: &Server, reason: &str) -> Result<()> {
    let label = format!("reason=\"{reason}\"");
    server.wait_for_metric("greenroom_closed_total", &label, 1.0)
}

/// Whether the server still does its work.
fn serves_on(server: &Server) -> Result<()> {
    let rtmp = server.rtmp;
    client::run(async {
        let mut client = Client::connect(rtmp).await?;
        client.create_stream().await?;
        Ok(())
    })
}

/// Four megabits a second: soon enough to fill every buffer on the way to who does not read.
fn heavy() -> Settings {
    Settings {
        key_bytes: 80_000,
        inter_bytes: 18_000,
        ..Settings::default()
    }
}

/// A player that reads nothing, among fifty that do. The stream goes on until the one is closed;
/// the others must have got all of it.
fn stalled() -> Result<()> {
    const GOOD: usize = 50;
    const SLICE: Duration = Duration::from_millis(500);
    let settings = ["live.player_lag_ms=500", "live.player_stall_close_ms=1000"];
    server::with(&settings, |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut stalled = Client::open_narrow(rtmp).await?.connected(rtmp).await?;
            stalled.play("one").await?;
            let (last, of_last) = watch::channel(None);
            let mut players = JoinSet::new();
            for _ in 0..GOOD {
                players.spawn(good_player(rtmp, of_last.clone()));
            }
            let mut media = Stream::new(heavy());
            let started = Instant::now();
            let sent = loop {
                let sent = publish_for(&mut publisher, stream, &mut media, SLICE).await?;
                if server.metric("greenroom_closed_total", "player_stalled")? > 0.5 {
                    break sent;
                }
                ensure!(
                    started.elapsed() < 3 * SOON,
                    "the stalled player is not closed"
                );
            };
            last.send_replace(Some(feed::last_mark(&sent)?));
            while let Some(player) = players.join_next().await {
                player??;
            }
            Ok(())
        })?;
        server.wait_for_log(&["player_stalled"], SOON)?;
        Ok(())
    })
}

/// Plays until the last frame is known and has come; nothing may be missing on the way.
async fn good_player(rtmp: SocketAddr, of_last: watch::Receiver<Option<Mark>>) -> Result<()> {
    let mut client = Client::connect(rtmp).await?;
    client.play("one").await?;
    let mut marks = Vec::new();
    loop {
        let last = *of_last.borrow();
        if last.is_some_and(|last| marks.contains(&last)) {
            break;
        }
        // In pieces, to look again which frame is the last.
        if let Ok(message) = timeout(Duration::from_millis(100), client.next_media()).await {
            marks.extend(feed::mark(&message?));
        }
    }
    ensure!(marks.len() > 100, "only {} frames", marks.len());
    feed::assert_unbroken(&marks)
}

fn told_why() -> Result<()> {
    let settings = ["live.player_lag_ms=500", "live.player_stall_close_ms=1000"];
    server::with(&settings, |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut stalled = Client::open_narrow(rtmp).await?.connected(rtmp).await?;
            stalled.play("one").await?;
            let closed = [
                "connection closed",
                "player_stalled",
                "app=\"live\"",
                "instance=\"_definst_\"",
            ];
            let mut media = Stream::new(heavy());
            let started = Instant::now();
            loop {
                publish_for(
                    &mut publisher,
                    stream,
                    &mut media,
                    Duration::from_millis(100),
                )
                .await?;
                let log = server.log();
                let is_closed = |line: &str| closed.iter().all(|word| line.contains(word));
                if log.lines().any(is_closed) {
                    break;
                }
                ensure!(started.elapsed() < 3 * SOON, "it is not closed");
            }
            let told = stalled.wait_for("the reason", |message| match &message.body {
                Body::Command(command) => {
                    let code = client::text(command.arg(0), "code");
                    (code == "NetConnection.Connect.Closed").then(|| command.arg(0).clone())
                }
                _ => None,
            });
            let told = told.await?;
            let why = client::text(&told, "description");
            ensure!(why.contains("player_stalled"), "it is told: {why}");
            Ok(())
        })
    })
}

fn silent() -> Result<()> {
    server::with(&["limits.handshake_timeout_ms=300"], |server| {
        let started = Instant::now();
        // Nothing is sent; the helper waits for the other side to close.
        http::exchange(server.rtmp, b"")?;
        ensure!(
            started.elapsed() >= Duration::from_millis(290),
            "closed before its time"
        );
        closed_for(server, "handshake_timeout")?;
        http::exchange(server.http, b"")?;
        http::exchange(server.http, b"GET / HTTP/1.1\r\nHost: x\r\n")?;
        Ok(())
    })
}

fn never_connects() -> Result<()> {
    server::with(
        &[
            "limits.handshake_timeout_ms=200",
            "limits.connect_timeout_ms=300",
        ],
        |server| {
            let rtmp = server.rtmp;
            client::run(async { Client::open(rtmp).await?.closed(SOON).await })?;
            closed_for(server, "connect_timeout")
        },
    )
}

/// A thousand clients send one byte of their handshake a second. Meanwhile a real one must get in
/// at once, again and again, and when their time is over all must be gone.
fn dribble() -> Result<()> {
    const MANY: usize = 1000;
    const AT_ONCE: Duration = Duration::from_secs(1);
    raise_open_files()?;
    server::with(&["limits.handshake_timeout_ms=3000"], |server| {
        let (rtmp, before) = (server.rtmp, server.rss_bytes()?);
        let connections = |server: &Server| server.metric("greenroom_connections", "rtmp");
        client::run(async {
            let mut dribbling = Vec::new();
            for _ in 0..MANY {
                dribbling.push(TcpStream::connect(rtmp).await?);
            }
            for round in 0..3 {
                for socket in &mut dribbling {
                    // The first ones may have been closed by now.
                    let _ = socket.write_all(&[3]).await;
                }
                let started = Instant::now();
                Client::connect(rtmp).await?.create_stream().await?;
                let took = started.elapsed();
                ensure!(
                    took < AT_ONCE,
                    "round {round}: a real client waited {took:?}"
                );
                if round == 0 {
                    ensure!(
                        connections(server)? >= MANY as f64,
                        "they are not connected"
                    );
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Ok(())
        })?;
        let held = server.rss_bytes()?.saturating_sub(before) / MANY as u64;
        ensure!(held < 32 << 10, "{held} bytes for each connection");
        wait::until("all to be closed", SOON, || {
            Ok((connections(server)? < 0.5).then_some(()))
        })
    })
}

/// Lets this process have more sockets than it was given to start with.
fn raise_open_files() -> Result<()> {
    let pid = std::process::id().to_string();
    let mut prlimit = std::process::Command::new("prlimit");
    let status = prlimit.args(["--pid", &pid, "--nofile=8192:"]).status()?;
    ensure!(status.success(), "cannot raise the limit of open files");
    Ok(())
}

fn http_on_rtmp() -> Result<()> {
    server::with(&[], |server| {
        let answer = http::exchange(server.rtmp, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        ensure!(answer.starts_with("HTTP/1.1 400 "), "it is told {answer:?}");
        ensure!(answer.contains("RTMP"), "it is not told why: {answer:?}");
        closed_for(server, "wrong_protocol")?;
        serves_on(server)
    })
}

fn rtmp_on_http() -> Result<()> {
    server::with(&[], |server| {
        let answer = http::exchange(server.http, &[3; 1537])?;
        ensure!(!answer.starts_with(&[3]), "the HTTP port shakes hands");
        server.wait_for_log(&["wrong_protocol"], SOON)?;
        serves_on(server)
    })
}

fn no_rtmp() -> Result<()> {
    server::with(&["limits.handshake_timeout_ms=500"], |server| {
        let long = [0xff; 4000];
        for bytes in [
            &b"\0\0\0\0"[..],
            b"\x16\x03\x01\x02\0",
            b"SSH-2.0-x\r\n",
            &long,
            b"\x05",
        ] {
            http::exchange(server.rtmp, bytes)?;
        }
        closed_for(server, "wrong_protocol")?;
        serves_on(server)
    })
}

/// A chunk header of type 0 on a chunk stream: a picture of this many bytes, on stream 1.
fn header(csid: u8, length: u32) -> Vec<u8> {
    let mut header = vec![csid, 0, 0, 0];
    header.extend(&length.to_be_bytes()[1..]);
    header.extend([9, 1, 0, 0, 0]);
    header
}

fn too_long() -> Result<()> {
    let settings = [
        "limits.media_message_bytes=65536",
        "limits.command_message_bytes=1024",
    ];
    server::with(&settings, |server| {
        let rtmp = server.rtmp;
        client::run(async {
            for length in [65_537, 0xff_ffff] {
                let mut client = Client::connect(rtmp).await?;
                client.send_raw(&header(6, length)).await?;
                client.closed(SOON).await?;
            }
            let mut client = Client::connect(rtmp).await?;
            client
                .call("x", vec!["y".repeat(2000).as_str().into()])
                .await
                .err();
            client.closed(SOON).await
        })?;
        closed_for(server, "protocol_limit")?;
        serves_on(server)
    })
}

/// Every chunk stream there is begins a message of sixteen megabytes and sends one byte of it.
fn chunk_streams() -> Result<()> {
    const ROOM: u64 = 16 << 20;
    // With all limits at their highest, so that nothing but the memory itself is bounded.
    let settings = [
        "limits.chunk_streams=65600",
        "limits.partial_messages=65536",
        "limits.media_message_bytes=16777215",
        "limits.partial_bytes=67108864",
    ];
    for settings in [&[][..], &settings] {
        server::with(settings, |server| {
            let (rtmp, before) = (server.rtmp, server.rss_bytes()?);
            client::run(async {
                let mut client = Client::connect(rtmp).await?;
                for csid in 64..65_599_u32 {
                    let [high, low] = ((csid - 64) as u16).to_be_bytes();
                    let mut bytes = vec![1, low, high, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0];
                    bytes.push(0x17);
                    if client.send_raw(&bytes).await.is_err() {
                        break;
                    }
                }
                Ok(())
            })?;
            let grown = server.rss_bytes()?.saturating_sub(before);
            ensure!(grown < ROOM, "the server has grown by {grown} bytes");
            serves_on(server)
        })?;
    }
    Ok(())
}

fn nested() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        // "x", number 9, then arrays of one array each.
        let mut payload = b"\x02\0\x01x\0\x40\x22\0\0\0\0\0\0".to_vec();
        payload.extend(b"\x0a\0\0\0\x01".repeat(70_000));
        client::run(async {
            let mut client = Client::connect(rtmp).await?;
            let body = Body::Unknown {
                type_id: 20,
                payload: payload.into(),
            };
            client.send(rtmp::Message::connection(body)).await?;
            client.closed(SOON).await
        })?;
        serves_on(server)
    })
}

fn too_many() -> Result<()> {
    server::with(&["limits.connections=3"], |server| {
        let (rtmp, page, url) = (server.rtmp, server.http, server.stream_url("one"));
        let file = server.file("refused.flv");
        client::run(async {
            let mut inside = Vec::new();
            for _ in 0..3 {
                inside.push(Client::connect(rtmp).await?);
            }
            let refused = Client::connect(rtmp)
                .await
                .err()
                .context("a fourth was let in")?;
            let text = format!("{refused:#}");
            ensure!(
                text.contains("[ Resource.Limit.Exceeded ]"),
                "it is told: {text}"
            );
            let mut player = Program::start(&mut players::ffmpeg_for(1, &url, &file))?;
            player
                .wait_for_output("[ Resource.Limit.Exceeded ]", SOON)
                .context("ffmpeg does not show why")?;
            let answer = http::get(page, "/healthz")?;
            ensure!(
                answer.status == 503,
                "HTTP is answered with {}",
                answer.status
            );
            inside.pop();
            let again = async {
                loop {
                    if let Ok(client) = Client::connect(rtmp).await {
                        return client;
                    }
                }
            };
            timeout(SOON, again).await.context("no room was made")?;
            Ok(())
        })?;
        wait::until("room for the question", SOON, || {
            Ok(closed_for(server, "too_many_connections").ok())
        })
    })
}
