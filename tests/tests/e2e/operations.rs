//! What an operator sees: exit codes, addresses, health, metrics, the way down.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::process::Program;
use e2e::server::{self, Server};
use e2e::wait::{self, SOON};
use e2e::{feed, http};
use libtest_mimic::Trial;
use rtmp::Body;
use testkit::media::{Settings, Stream};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("operations::two_servers_find_free_ports", free_ports),
        trial(
            "operations::a_taken_port_ends_with_code_2_and_one_line",
            taken_port,
        ),
        trial(
            "operations::a_wrong_key_ends_with_code_2_and_one_line",
            wrong_key,
        ),
        trial(
            "operations::a_missing_folder_ends_with_code_2_and_one_line",
            missing_folder,
        ),
        trial(
            "operations::health_readiness_and_metrics_are_served",
            health,
        ),
        trial("operations::streams_and_players_are_counted", counts),
        trial(
            "operations::an_idle_server_told_to_stop_ends_at_once",
            stop_idle,
        ),
        trial(
            "operations::a_busy_server_told_to_stop_drains_and_ends",
            drain,
        ),
        trial("operations::a_second_signal_ends_it_at_once", second_signal),
    ]
}

fn free_ports() -> Result<()> {
    let (first, second) = (Server::start(&[])?, Server::start(&[])?);
    let mut ports =
        [first.rtmp, first.http, second.rtmp, second.http].map(|address| address.port());
    ports.sort_unstable();
    ensure!(
        ports[0] > 0 && ports.windows(2).all(|pair| pair[0] < pair[1]),
        "{ports:?}"
    );
    Ok(())
}

/// Starts a server that cannot start; it must say why in one line with these words.
fn does_not_start(arguments: &[&str], words: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut program = Program::start(server::command(&folder, &[])?.args(arguments))?;
    let status = program.wait(SOON)?;
    let said = program.output();
    ensure!(status.code() == Some(2), "it ended with {status}:\n{said}");
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("greenroom: "))
        .collect();
    ensure!(lines.len() == 1, "not one line of complaint:\n{said}");
    for word in words {
        ensure!(lines[0].contains(word), "{word:?} is not in {:?}", lines[0]);
    }
    Ok(())
}

fn taken_port() -> Result<()> {
    let holder = TcpListener::bind("127.0.0.1:0")?;
    let address = holder.local_addr()?.to_string();
    does_not_start(&["--rtmp", &address], &[&address, "rtmp.listen"])?;
    does_not_start(&["--http", &address], &[&address, "http.listen"])
}

fn wrong_key() -> Result<()> {
    does_not_start(
        &["--set", "live.latency_budged_ms=1"],
        &["live.latency_budget_ms"],
    )?;
    does_not_start(
        &["--set", "limits.connections=many"],
        &["limits.connections", "many"],
    )
}

fn missing_folder() -> Result<()> {
    does_not_start(
        &["--applications", "/nonexistent/here"],
        &["/nonexistent/here"],
    )
}

fn health() -> Result<()> {
    server::with(&[], |server| {
        for path in [
            "/healthz",
            "/readyz",
            "/metrics",
            "/api/server",
            "/api/streams",
            "/",
        ] {
            let answer = http::get(server.http, path)?;
            ensure!(
                answer.status == 200,
                "{path} is answered with {}",
                answer.status
            );
            ensure!(!answer.body.is_empty(), "{path} is empty");
        }
        Ok(())
    })
}

fn counts() -> Result<()> {
    server::with(&[], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut player = Client::connect(rtmp).await?;
            player.play("one").await?;
            let mut media = Stream::new(Settings::default());
            let sent = feed::publish_now(&mut publisher, stream, &mut media, 20).await?;
            feed::play_until(&mut player, feed::last_mark(&sent)?).await?;
            for (name, label, value) in [
                ("greenroom_streams", "", 1.0),
                ("greenroom_players", "", 1.0),
                ("greenroom_connections", "transport=\"rtmp\"", 2.0),
                ("greenroom_media_messages_in_total", "", 19.0),
                ("greenroom_media_messages_out_total", "", 19.0),
            ] {
                server.wait_for_metric(name, label, value)?;
            }
            let page = http::get(server.http, "/api/streams")?;
            ensure!(
                page.body.contains("\"one\""),
                "/api/streams does not name it: {}",
                page.body
            );
            Ok(())
        })?;
        wait::until("everything to be over", SOON, || {
            let left = server.metric("greenroom_streams", "")?
                + server.metric("greenroom_connections", "rtmp")?;
            Ok((left < 0.5).then_some(()))
        })
    })
}

fn stop_idle() -> Result<()> {
    server::with(&[], |server| {
        server.signal("TERM")?;
        let status = server.wait(Duration::from_secs(2))?;
        ensure!(status.code() == Some(0), "it ended with {status}");
        Ok(())
    })
}

fn drain() -> Result<()> {
    server::with(&["server.drain_timeout_ms=1500"], |server| {
        let (rtmp, http_address) = (server.rtmp, server.http);
        let started = client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            let stream = publisher.publish("one").await?;
            let mut player = Client::connect(rtmp).await?;
            player.play("one").await?;
            server.signal("TERM")?;
            let started = Instant::now();
            server.wait_for_log(&["stopping"], SOON)?;
            // Those inside go on; nobody else is let in.
            let mut media = Stream::new(Settings::default());
            let sent = feed::publish_now(&mut publisher, stream, &mut media, 40).await?;
            feed::play_until(&mut player, feed::last_mark(&sent)?).await?;
            wait::until("the door to be shut", SOON, || {
                Ok(TcpStream::connect(rtmp).is_err().then_some(()))
            })?;
            let ready = http::get(http_address, "/readyz");
            ensure!(
                ready.map_or(true, |answer| answer.status == 503),
                "it says it is ready"
            );
            let told = player.wait_for("AppShutdown", |message| match &message.body {
                Body::Command(command) => {
                    let code = text(command.arg(0), "code");
                    (code == "NetConnection.Connect.AppShutdown").then_some(())
                }
                _ => None,
            });
            told.await.context("the player was not told")?;
            Ok(started)
        })?;
        let status = server.wait(SOON)?;
        let took = started.elapsed();
        ensure!(status.code() == Some(0), "it ended with {status}");
        ensure!(
            took > Duration::from_millis(1400),
            "it left after {took:?}, before the time"
        );
        ensure!(took < Duration::from_secs(7), "it took {took:?}");
        Ok(())
    })
}

fn second_signal() -> Result<()> {
    server::with(&["server.drain_timeout_ms=60000"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut player = Client::connect(rtmp).await?;
            player.play("one").await?;
            server.signal("TERM")?;
            server.wait_for_log(&["stopping"], SOON)?;
            server.signal("TERM")?;
            player.closed(SOON).await
        })?;
        let status = server.wait(SOON)?;
        ensure!(status.code() == Some(0), "it ended with {status}");
        Ok(())
    })
}
