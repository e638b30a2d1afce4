//! Streams as a script sees them: who publishes, and what it says to those who play.

use amf::Value;
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use e2e::client::{self, Client};
use e2e::wait::SOON;
use futures_util::StreamExt;
use libtest_mimic::Trial;
use rtmp::{Body, Message};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{joined, with};
use crate::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("conformance::streams::of_publishers", publishers),
        trial("conformance::streams::words_to_every_player", words),
    ]
}

fn publishers() -> Result<()> {
    with(&["streams"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut ann = joined(rtmp, "streams", vec!["ann".into()]).await?;
            let mut bob = joined(rtmp, "streams", vec!["bob".into()]).await?;
            let stream = ann.publish("cam?key=a").await?;
            let names = bob.call("names", vec![]).await?;
            ensure!(names == "cam ".into(), "{names:?}");
            ann.command(stream, "publish", vec![false.into()]).await?;
            ann.status(stream, "NetStream.Unpublish.Success").await?;
            ann.publish("two").await?;
            drop(ann);
            let last = "onDisconnect ann";
            let mut told = String::new();
            while !told.ends_with(last) {
                let value = bob.call("told", vec![]).await?;
                value.as_str().context("no text")?.clone_into(&mut told);
            }
            // Which comes first, the application's or the stream's own handler, is not documented.
            let expected = [
                "onPublish ann cam key=a",
                "status Publish Start cam",
                "onUnpublish ann cam",
                "status Unpublish Success cam",
                "onPublish ann two ",
                "status Publish Start two",
                "onUnpublish ann two",
                "status Unpublish Success two",
                last,
            ];
            ensure!(told == expected.join("; "), "{told}");
            Ok(())
        })
    })
}

/// Sound that can be found again in what players get.
fn sound(stream: u32, timestamp: u32, text: &str) -> Message {
    let body = [b"\xaf\x01", text.as_bytes()].concat();
    Message {
        stream_id: stream,
        timestamp,
        body: Body::Audio(body.into()),
    }
}

/// In what order players get it.
const ORDER: [&str; 4] = ["first sound", "hear", "good morning", "second sound"];

fn words() -> Result<()> {
    with(&["streams"], |server| {
        let (rtmp, http) = (server.rtmp, server.http);
        client::run(async {
            let mut player = joined(rtmp, "streams", vec!["bob".into()]).await?;
            let playing = player.play("cam").await?;
            let mut ann = joined(rtmp, "streams", vec!["ann".into()]).await?;
            let stream = ann.publish("cam").await?;
            let path = "/streams/_definst_/cam.flv";
            let mut plain = TcpStream::connect(http).await?;
            let ask = format!("GET {path} HTTP/1.1\r\nHost: {http}\r\n\r\n");
            plain.write_all(ask.as_bytes()).await?;
            let url = format!("ws://{http}{path}");
            let (mut socket, _) = tokio_tungstenite::connect_async(&url).await?;
            server.wait_for_log(&["player connected", "http-flv"], SOON)?;
            server.wait_for_log(&["player connected", "ws-flv"], SOON)?;

            // Whoever is late begins with the key frame.
            let picture = Body::Video(Bytes::from_static(b"\x17\x01\0\0\0picture"));
            ann.send(Message::stream(stream, picture)).await?;
            ann.send(sound(stream, 40, "first sound")).await?;
            let answer = ann.call("say", vec!["cam".into(), "good morning".into()]);
            ensure!(answer.await? == true.into(), "it was not sent");
            ann.send(sound(stream, 80, "second sound")).await?;

            over_rtmp(&mut player, playing).await?;
            let mut bytes = Vec::new();
            while !is_complete(&bytes) {
                ensure!(plain.read_buf(&mut bytes).await? > 0, "HTTP is closed");
            }
            in_order(&bytes)?;
            bytes.clear();
            while !is_complete(&bytes) {
                let message = socket.next().await.context("the WebSocket is closed")??;
                bytes.extend_from_slice(&message.into_data());
            }
            in_order(&bytes)
        })
    })
}

async fn over_rtmp(player: &mut Client, playing: u32) -> Result<()> {
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let message = player.next_media().await?;
        ensure!(message.stream_id == playing, "{message:?}");
        seen.push(match message.body {
            Body::Audio(body) => (
                message.timestamp,
                String::from_utf8_lossy(&body[2..]).into(),
            ),
            Body::Data(data) if data.name() == Some("hear") => {
                let [_, text, about] = data.values.as_slice() else {
                    anyhow::bail!("{data:?}");
                };
                let from = about.get("from").and_then(Value::as_str);
                ensure!(from == Some("ann"), "{about:?}");
                let text = text.as_str().context("no text")?;
                (message.timestamp, text.to_owned())
            }
            Body::Data(data) if data.name() == Some("welcome") => {
                (message.timestamp, "welcome".to_owned())
            }
            // What every player is sent when a stream begins.
            _ => continue,
        });
    }
    let expected = [
        (0, "welcome".to_owned()),
        (40, "first sound".to_owned()),
        (40, "good morning".to_owned()),
        (80, "second sound".to_owned()),
    ];
    ensure!(seen == expected, "{seen:?}");
    Ok(())
}

fn place(bytes: &[u8], text: &str) -> Option<usize> {
    let mut windows = bytes.windows(text.len());
    windows.position(|window| window == text.as_bytes())
}

fn is_complete(bytes: &[u8]) -> bool {
    ORDER.iter().all(|text| place(bytes, text).is_some())
}

fn in_order(bytes: &[u8]) -> Result<()> {
    let places = ORDER.map(|text| place(bytes, text));
    ensure!(places.is_sorted(), "{places:?}");
    Ok(())
}
