//! A publisher: the client side of a session over a socket.

use std::collections::VecDeque;
use std::time::Duration;

use amf::Value;
use anyhow::{Context as _, anyhow, bail};
use rtmp::connect::ConnectInfo;
use rtmp::status::Code;
use rtmp::url::{ConnectUrl, Scheme};
use rtmp::{Body, Command, Event, Input, Message, Millis, Output, Session, SessionConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

use crate::clock;
use crate::runner::wait_until;
use crate::trust::{Stream, Trust};

/// How long the server may take for an answer, and to take what it is sent.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes read from the socket at once.
const READ_BYTES: usize = 8 << 10;
/// Chunks that media is sent in, in bytes.
const CHUNK_BYTES: u32 = 65_536;

/// The connection to the server that a stream is published to.
pub(super) struct Publisher {
    socket: Box<dyn Stream>,
    session: Session,
    /// When the session wants to be called.
    due: Option<Millis>,
    transaction: f64,
    /// The number of the stream that is published.
    stream: u32,
    received: VecDeque<Message>,
}

impl Publisher {
    /// Connects to an application.
    pub(super) async fn connect(
        config: SessionConfig,
        trust: &Trust,
        server: &ConnectUrl,
        url: &str,
    ) -> anyhow::Result<Self> {
        let address = (server.host.as_str(), server.port);
        let connected = timeout(PATIENCE, TcpStream::connect(address)).await;
        let stream = connected
            .map_err(anyhow::Error::from)
            .and_then(|connected| Ok(connected?))
            .with_context(|| format!("no connection to {}:{}", server.host, server.port))?;
        stream.set_nodelay(true)?;
        let is_secure = server.scheme == Scheme::Rtmps;
        let socket = trust.over(&server.host, stream, is_secure).await;
        let socket = socket.map_err(|why| anyhow!(why))?;
        let mut publisher = Self {
            socket,
            session: Session::client(config, rand::random(), clock::now()),
            due: None,
            transaction: 0.0,
            stream: 0,
            received: VecDeque::new(),
        };
        publisher.drain().await?;
        publisher.enter(server, url).await?;
        Ok(publisher)
    }

    async fn enter(&mut self, server: &ConnectUrl, url: &str) -> anyhow::Result<()> {
        let target = &server.target;
        let app = match target.instance.as_str() {
            rtmp::url::DEFAULT_INSTANCE => target.app.clone(),
            instance => format!("{}/{instance}", target.app),
        };
        let info = ConnectInfo {
            app: Some(app.into()),
            tc_url: Some(url.into()),
            flash_ver: Some(concat!("Greenroom/", env!("CARGO_PKG_VERSION")).into()),
            kind: Some("nonprivate".into()),
            ..ConnectInfo::default()
        };
        self.ask(info.to_command()).await?;
        self.send_on(0, 0, Body::SetChunkSize(CHUNK_BYTES)).await
    }

    /// Publishes a live stream; the server has agreed.
    pub(super) async fn publish(&mut self, name: &str) -> anyhow::Result<()> {
        let created = self.ask(Command::new("createStream", 0.0, vec![])).await?;
        let number = created.arg(0).as_f64().unwrap_or(0.0);
        if !(1.0..=f64::from(u32::MAX)).contains(&number) {
            bail!("the server has made no stream");
        }
        self.stream = number as u32;
        let publish = Command::new("publish", 0.0, vec![name.into(), "live".into()]);
        self.send(0, Body::Command(publish)).await?;
        let limit = Instant::now() + PATIENCE;
        loop {
            let message = self.receive(limit).await?;
            let message = message.context("the server does not answer to publish")?;
            if failed_or_started(&message)? {
                return Ok(());
            }
        }
    }

    /// Sends a message of the stream.
    pub(super) async fn send(&mut self, timestamp: u32, body: Body) -> anyhow::Result<()> {
        self.send_on(self.stream, timestamp, body).await
    }

    /// Ends the stream, and the connection with it.
    pub(super) async fn unpublish(&mut self) -> anyhow::Result<()> {
        let number = f64::from(self.stream).into();
        let delete = Command::new("deleteStream", 0.0, vec![number]);
        self.send_on(0, 0, Body::Command(delete)).await?;
        // An answer to a later command means that all before it has been taken.
        self.ask(Command::new("createStream", 0.0, vec![])).await?;
        self.socket.shutdown().await?;
        Ok(())
    }

    /// Waits, and meanwhile answers the server.
    ///
    /// # Errors
    ///
    /// The server has ended the stream or the connection.
    pub(super) async fn wait_until(&mut self, at: Instant) -> anyhow::Result<()> {
        while let Some(message) = self.receive(at).await? {
            failed_or_started(&message)?;
        }
        Ok(())
    }

    /// Sends a command under the next transaction, and waits for its answer.
    async fn ask(&mut self, mut command: Command) -> anyhow::Result<Command> {
        self.transaction += 1.0;
        command.transaction = self.transaction;
        let name = command.name.clone();
        self.send_on(0, 0, Body::Command(command)).await?;
        let limit = Instant::now() + PATIENCE;
        loop {
            let message = self.receive(limit).await?;
            let message =
                message.with_context(|| format!("the server does not answer to {name}"))?;
            match message.body {
                Body::Command(answer) if (answer.transaction - self.transaction).abs() < 0.5 => {
                    match answer.name.as_str() {
                        "_result" => return Ok(answer),
                        "_error" => bail!("the server refuses {name}: {}", said(answer.arg(0))),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    async fn send_on(&mut self, stream_id: u32, timestamp: u32, body: Body) -> anyhow::Result<()> {
        let message = Message {
            stream_id,
            timestamp,
            body,
        };
        self.session.handle(Input::Send(message))?;
        self.drain().await
    }

    /// The next message; `None` at the time given.
    async fn receive(&mut self, until: Instant) -> anyhow::Result<Option<Message>> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            if let Some(message) = self.received.pop_front() {
                return Ok(Some(message));
            }
            let due = self.due;
            let handled = tokio::select! {
                read = self.socket.read(&mut buffer) => match read? {
                    0 => bail!("the server has closed the connection"),
                    count => {
                        let bytes = buffer.get(..count).unwrap_or_default();
                        self.session.handle(Input::Receive { now: clock::now(), bytes })
                    }
                },
                () = wait_until(due) => self.session.handle(Input::Timeout { now: clock::now() }),
                () = sleep_until(until) => return Ok(None),
            };
            self.drain().await?;
            handled?;
        }
    }

    /// Takes everything out of the session.
    async fn drain(&mut self) -> anyhow::Result<()> {
        loop {
            match self.session.poll() {
                Output::Transmit(bytes) => {
                    let write = async {
                        self.socket.write_all(&bytes).await?;
                        self.socket.flush().await
                    };
                    let written = timeout(PATIENCE, write).await;
                    written.context("the server takes nothing more")??;
                }
                Output::Event(Event::Message(message)) => self.received.push_back(message),
                Output::Event(_) => {}
                Output::Timeout(at) => {
                    self.due = at;
                    return Ok(());
                }
            }
        }
    }
}

/// Whether a status says that the stream is published.
///
/// # Errors
///
/// It says that it is not, or not any more.
fn failed_or_started(message: &Message) -> anyhow::Result<bool> {
    let Body::Command(command) = &message.body else {
        return Ok(false);
    };
    if command.name != "onStatus" {
        return Ok(false);
    }
    let info = command.arg(0);
    if info.get("level").and_then(Value::as_str) == Some("error") {
        bail!("the server says {}", said(info));
    }
    let code = info.get("code").and_then(Value::as_str);
    Ok(code == Some(Code::PublishStart.as_str()))
}

/// Code and description of a status object.
fn said(info: &Value) -> String {
    let text = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{}: {}", text("code"), text("description"))
}
