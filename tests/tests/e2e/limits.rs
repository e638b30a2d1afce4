//! Limits of the section `[limits]`, each reached: what then happens is what the reference of
//! the configuration says. Limits of connections and single messages are with the `peers`.

use amf::Value;
use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client, text};
use e2e::http;
use e2e::server::{self, Server};
use e2e::wait::{self, SOON};
use futures_util::{SinkExt, StreamExt};
use libtest_mimic::Trial;
use rtmp::{Body, Command, Encoding, Message, shared_object};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = NO_ROOM.iter().map(NoRoom::trial).collect();
    trials.extend(TOO_MUCH.iter().map(TooMuch::trial));
    trials.extend([
        trial("limits::stream_name_bytes", stream_name),
        trial("limits::playlist_items", playlist),
        trial("limits::calls_per_second", calls),
        trial("limits::pending_connections", pending),
        trial("limits::client_outbox_bytes", outbox),
        trial("limits::http_header_bytes", http_header),
        trial("limits::websocket_message_bytes", websocket_message),
    ]);
    trials
}

/// A limit that `connect` meets.
struct NoRoom {
    key: &'static str,
    value: &'static str,
    /// Where clients are already.
    inside: &'static [&'static str],
    refused: &'static str,
    words: &'static str,
    /// What is let in even so.
    let_in: Option<&'static str>,
}

const NO_ROOM: [NoRoom; 4] = [
    NoRoom {
        key: "application_name_bytes",
        value: "3",
        inside: &[],
        refused: "live",
        words: "Application (live) is not defined",
        let_in: None,
    },
    NoRoom {
        key: "instance_name_bytes",
        value: "9",
        inside: &[],
        refused: "live/0123456789",
        words: "exceeds 9 bytes",
        let_in: Some("live/012345678"),
    },
    NoRoom {
        key: "instances_per_application",
        value: "1",
        inside: &["live/one"],
        refused: "live/two",
        words: "no room for more instances",
        let_in: Some("live/one"),
    },
    NoRoom {
        key: "clients_per_instance",
        value: "2",
        inside: &["live/one", "live/one"],
        refused: "live/one",
        words: "no room for more clients",
        let_in: Some("live/two"),
    },
];

impl NoRoom {
    fn trial(&'static self) -> Trial {
        trial(&format!("limits::{}", self.key), || self.test())
    }

    fn test(&self) -> Result<()> {
        let setting = format!("limits.{}={}", self.key, self.value);
        server::with(&[&setting], |server| {
            let rtmp = server.rtmp;
            client::run(async {
                let mut inside = Vec::new();
                for app in self.inside {
                    let mut client = Client::open(rtmp).await?;
                    client.connect_to(rtmp, app).await?;
                    inside.push(client);
                }
                let mut late = Client::open(rtmp).await?;
                let error = late.connect_to(rtmp, self.refused).await.err();
                let error = format!("{:#}", error.context("it is let in")?);
                for words in ["NetConnection.Connect.Rejected", self.words] {
                    ensure!(error.contains(words), "{words:?} is not in {error:?}");
                }
                late.closed(SOON).await?;
                if let Some(app) = self.let_in {
                    let mut other = Client::open(rtmp).await?;
                    other.connect_to(rtmp, app).await?;
                }
                Ok(())
            })?;
            server.wait_for_log(&["rejected", self.words], SOON)?;
            Ok(())
        })
    }
}

/// A limit that one message meets.
struct TooMuch {
    key: &'static str,
    value: &'static str,
    message: fn() -> Body,
}

const TOO_MUCH: [TooMuch; 4] = [
    TooMuch {
        key: "amf_depth",
        value: "4",
        message: || {
            let nested = |inner| Value::array([inner]);
            let value = (0..8).fold(Value::Null, |inner, _| nested(inner));
            Body::Command(Command::new("x", 9.0, vec![value]))
        },
    },
    TooMuch {
        key: "amf_elements",
        value: "64",
        message: || {
            let many = (0..100).map(|n| Value::from(f64::from(n)));
            Body::Command(Command::new("x", 9.0, many.collect()))
        },
    },
    TooMuch {
        key: "messages_at_once",
        value: "64",
        message: || {
            // A hundred empty sounds in one message.
            let sound = [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11];
            Body::Aggregate(sound.repeat(100).into())
        },
    },
    TooMuch {
        key: "shared_object_items",
        value: "64",
        message: || {
            let events = vec![shared_object::Event::Use; 100];
            Body::SharedObject(shared_object::Message {
                name: "chat".into(),
                version: 0,
                flags: 0,
                reserved: 0,
                events,
                encoding: Encoding::Amf0,
            })
        },
    },
];

impl TooMuch {
    fn trial(&'static self) -> Trial {
        trial(&format!("limits::{}", self.key), || self.test())
    }

    fn test(&self) -> Result<()> {
        let setting = format!("limits.{}={}", self.key, self.value);
        server::with(&[&setting], |server| {
            let rtmp = server.rtmp;
            client::run(async {
                let mut client = Client::connect(rtmp).await?;
                client.send(Message::connection((self.message)())).await?;
                client.closed(SOON).await
            })?;
            server.wait_for_log(&["connection closed", "reason=protocol"], SOON)?;
            Ok(())
        })?;
        // With room enough the same message closes nothing.
        server::with(&[], |server| {
            let rtmp = server.rtmp;
            client::run(async {
                let mut client = Client::connect(rtmp).await?;
                client.send(Message::connection((self.message)())).await?;
                client.create_stream().await?;
                Ok(())
            })
        })
    }
}

fn stream_name() -> Result<()> {
    server::with(&["limits.stream_name_bytes=5"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::connect(rtmp).await?;
            client.publish("12345").await?;
            let error = client.publish("123456").await.err().context("published")?;
            ensure!(
                format!("{error:#}")
                    .contains("NetStream.Publish.BadName: the stream name is longer"),
                "{error:#}"
            );
            client.play("12345").await?;
            let error = client.play("123456").await.err().context("played")?;
            ensure!(
                format!("{error:#}").contains("NetStream.Play.Failed: the stream name is longer"),
                "{error:#}"
            );
            Ok(())
        })
    })
}

fn playlist() -> Result<()> {
    server::with(&["limits.playlist_items=2"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::connect(rtmp).await?;
            let stream = client.play("one").await?;
            for name in ["two", "three", "four"] {
                let args = vec![name.into(), (-2.0).into(), (-1.0).into(), false.into()];
                client.command(stream, "play", args).await?;
            }
            let refused = client.status(stream, "NetStream.Play.Failed").await?;
            ensure!(text(&refused, "details") == "four", "refused: {refused:?}");
            Ok(())
        })
    })
}

/// Calls past the rate are refused; the end of a stream is not, and who wants no answer gets none.
fn calls() -> Result<()> {
    const MANY: usize = 50;
    let settings = ["limits.calls_per_second=1", "limits.calls_burst=3"];
    server::with(&settings, |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut busy = Client::connect(rtmp).await?;
            let stream = busy.publish("one").await?;
            for n in 0..MANY {
                // Every other one wants an answer.
                let transaction = if n % 2 == 0 { 0.0 } else { 100.0 + n as f64 };
                let call = Command::new("dance", transaction, vec![]);
                busy.send(Message::connection(Body::Command(call))).await?;
            }
            let number = f64::from(stream).into();
            busy.command(0, "deleteStream", vec![number]).await?;
            let rate = "limits.calls_per_second";
            busy.wait_for("a refusal", |message| match &message.body {
                Body::Command(command) => {
                    let refused = &*command.name == "_error"
                        && text(command.arg(0), "description").contains(rate);
                    refused.then_some(())
                }
                _ => None,
            })
            .await?;
            server.wait_for_log(&["unpublished", "stream=one"], SOON)?;
            Client::connect(rtmp).await?.publish("one").await?;
            busy.take_in().await?;
            let unasked = busy.drain_inbox().into_iter().find(|message| {
                matches!(&message.body, Body::Command(command)
                    if &*command.name == "_error" && command.transaction == 0.0)
            });
            ensure!(unasked.is_none(), "not asked for: {unasked:?}");
            Ok(())
        })
    })
}

fn pending() -> Result<()> {
    server::with(&["limits.pending_connections=2"], |server| {
        let rtmp = server.rtmp;
        client::run(async {
            // Those that have connected do not count.
            let mut settled = Vec::new();
            for _ in 0..3 {
                settled.push(Client::connect(rtmp).await?);
            }
            let waiting = [
                TcpStream::connect(rtmp).await?,
                TcpStream::connect(rtmp).await?,
            ];
            let third = Client::connect(rtmp).await;
            let told = third.err().context("a third was let in")?;
            ensure!(
                format!("{told:?}").contains("[ Resource.Limit.Exceeded ]"),
                "{told:?}"
            );
            drop(waiting);
            Ok(())
        })?;
        let rtmp = server.rtmp;
        wait::until("room for one more", SOON, || {
            Ok(client::run(async { Client::connect(rtmp).await.map(drop) }).ok())
        })?;
        closed_for(server, "too_many_connections")
    })
}

/// Waits until the server has counted a connection closed for this reason.
fn closed_for(server: &Server, reason: &str) -> Result<()> {
    let label = format!("reason=\"{reason}\"");
    server.wait_for_metric("greenroom_closed_total", &label, 1.0)
}

/// A client that asks and asks, and does not read the answers.
fn outbox() -> Result<()> {
    const NAME_BYTES: usize = 8 << 10;
    const MOST: usize = 8192;
    let settings = [
        "limits.client_outbox_bytes=64KiB",
        "limits.calls_per_second=0",
    ];
    server::with(&settings, |server| {
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = Client::open_narrow(rtmp).await?.connected(rtmp).await?;
            let name = "y".repeat(NAME_BYTES);
            for _ in 0..MOST {
                let call = Command::new(name.as_str(), 9.0, vec![]);
                let call = Message::connection(Body::Command(call));
                // Closed by the server, which is what this is about.
                if client.send(call).await.is_err() {
                    return Ok(());
                }
            }
            Ok(())
        })?;
        closed_for(server, "outbox_full")?;
        server.wait_for_log(&["connection closed", "outbox_full"], SOON)?;
        Ok(())
    })
}

fn http_header() -> Result<()> {
    server::with(&["limits.http_header_bytes=8KiB"], |server| {
        for (bytes, status) in [(4 << 10, "200"), (16 << 10, "431")] {
            let filler = "y".repeat(bytes);
            let request = format!(
                "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Filler: {filler}\r\n\r\n"
            );
            let answer = http::exchange(server.http, request.as_bytes())?;
            let answer = String::from_utf8_lossy(&answer);
            ensure!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{bytes} bytes are answered with {answer:?}"
            );
        }
        Ok(())
    })
}

fn websocket_message() -> Result<()> {
    server::with(&["limits.websocket_message_bytes=1KiB"], |server| {
        let (rtmp, http) = (server.rtmp, server.http);
        client::run(async {
            let mut publisher = Client::connect(rtmp).await?;
            publisher.publish("one").await?;
            let url = format!("ws://{http}/live/_definst_/one.flv");
            let (mut socket, _) = tokio_tungstenite::connect_async(&url).await?;
            let long = tungstenite::Message::binary(vec![0; 2048]);
            socket.send(long).await?;
            let code = loop {
                let next = tokio::time::timeout(SOON, socket.next()).await?;
                let message = next.context("closed without a word")??;
                if let tungstenite::Message::Close(frame) = message {
                    break frame.context("closed without a reason")?.code;
                }
            };
            ensure!(u16::from(code) == 1009, "closed with {code}");
            Ok(())
        })
    })
}
