//! An RTMP client for tests: the client side of the product's own session over a socket.
//!
//! For what real clients cannot be made to do: stopping in the middle, being slow, saying one
//! thing at a time. What it receives is kept until it is asked for, so that a test may wait for
//! an answer while media comes in.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use amf::Value;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use rtmp::chunk::Reader;
use rtmp::message::type_id;
use rtmp::{Body, Command, Event, Input, Limits, Message, Millis, Output, Session, SessionConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::server::APPLICATION;
use crate::wait::SOON;

/// Runs a test's asynchronous part to its end.
///
/// # Errors
///
/// The test's own, or that it took longer than a minute.
pub fn run<T>(test: impl Future<Output = Result<T>>) -> Result<T> {
    run_for(Duration::from_mins(1), test)
}

/// As [`run`], within another limit.
///
/// # Errors
///
/// The test's own, or that it took longer.
pub fn run_for<T>(limit: Duration, test: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async { timeout(limit, test).await });
    result.with_context(|| format!("the test takes longer than {limit:?}"))?
}

/// What a server sends before its first message: S0, S1 and S2.
const HANDSHAKE_BYTES: usize = 1 + 2 * 1536;

/// A connection to the server.
#[derive(Debug)]
pub struct Client {
    socket: TcpStream,
    session: Session,
    started: Instant,
    transaction: f64,
    /// Received and not asked for yet.
    inbox: VecDeque<Message>,
    buffer: Vec<u8>,
    /// Every byte received, if they are kept.
    record: Option<Vec<u8>>,
}

impl Client {
    /// Opens a connection and shakes hands.
    ///
    /// # Errors
    ///
    /// The server does not take part.
    pub async fn open(server: SocketAddr) -> Result<Self> {
        Self::over(TcpSocket::new_v4()?.connect(server).await?, None).await
    }

    /// As [`Client::open`], with every byte received kept for [`Client::recorded`].
    ///
    /// # Errors
    ///
    /// The server does not take part.
    pub async fn open_recording(server: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?.connect(server).await?;
        Self::over(socket, Some(Vec::new())).await
    }

    /// As [`Client::open`], with a small receive buffer: a client that stops reading is felt by
    /// the server soon, and not after the system took in megabytes.
    ///
    /// # Errors
    ///
    /// The server does not take part.
    pub async fn open_narrow(server: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(16 << 10)?;
        Self::over(socket.connect(server).await?, None).await
    }

    async fn over(socket: TcpStream, record: Option<Vec<u8>>) -> Result<Self> {
        socket.set_nodelay(true)?;
        let mut client = Self {
            socket,
            session: Session::client(SessionConfig::default(), [7; 32], Millis(0)),
            started: Instant::now(),
            transaction: 0.0,
            inbox: VecDeque::new(),
            buffer: vec![0; 64 << 10],
            record,
        };
        client.drain().await?;
        while client.session.handshake().is_none() {
            timeout(SOON, client.read())
                .await
                .context("no handshake")??;
        }
        Ok(client)
    }

    /// Opens a connection and connects to the application `live`.
    ///
    /// # Errors
    ///
    /// The server does not let us in.
    pub async fn connect(server: SocketAddr) -> Result<Self> {
        Self::open(server).await?.connected(server).await
    }

    /// Connects to the application `live` over a connection that has shaken hands.
    ///
    /// # Errors
    ///
    /// The server does not let us in.
    pub async fn connected(mut self, server: SocketAddr) -> Result<Self> {
        self.connect_to(server, APPLICATION).await?;
        Ok(self)
    }

    /// Sends `connect` for an application and waits for the answer: its information object.
    ///
    /// # Errors
    ///
    /// The server refuses; the error says its code and description.
    pub async fn connect_to(&mut self, server: SocketAddr, app: &str) -> Result<Value> {
        self.connect_with(server, app, vec![]).await
    }

    /// As [`Client::connect_to`], with arguments for the application.
    ///
    /// # Errors
    ///
    /// The server refuses; the error says its code and description.
    pub async fn connect_with(
        &mut self,
        server: SocketAddr,
        app: &str,
        args: Vec<Value>,
    ) -> Result<Value> {
        let answer = self.ask(connect(server, app, &[], args)).await?;
        value_of(&answer)
    }

    /// Calls a procedure of the server and waits for its result.
    ///
    /// # Errors
    ///
    /// The server answers with an error; it says its code and description.
    pub async fn call(&mut self, name: &str, args: Vec<Value>) -> Result<Value> {
        let answer = self.ask(Command::new(name, 0.0, args)).await?;
        value_of(&answer)
    }

    /// Sends a command under the next transaction, and waits for its `_result` or `_error`.
    ///
    /// # Errors
    ///
    /// There is no answer.
    pub async fn ask(&mut self, mut command: Command) -> Result<Command> {
        command.transaction = self.next_transaction();
        let (name, transaction) = (command.name.clone(), command.transaction);
        self.send(Message::connection(Body::Command(command)))
            .await?;
        self.answer_of(&name, transaction).await
    }

    /// Waits for the answer to a command that was sent under this transaction.
    ///
    /// # Errors
    ///
    /// There is none.
    pub async fn answer_of(&mut self, name: &str, transaction: f64) -> Result<Command> {
        let what = format!("the answer to {name}");
        self.wait_for(&what, |message| match &message.body {
            Body::Command(answer)
                if matches!(&*answer.name, "_result" | "_error")
                    && (answer.transaction - transaction).abs() < 0.5 =>
            {
                Some(answer.clone())
            }
            _ => None,
        })
        .await
    }

    /// Waits for the server to call a procedure of ours.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn called(&mut self, name: &str) -> Result<Command> {
        self.wait_for(name, |message| match &message.body {
            Body::Command(command) if &*command.name == name => Some(command.clone()),
            _ => None,
        })
        .await
    }

    /// Answers a call of the server.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn answer(&mut self, call: &Command, value: Value) -> Result<()> {
        self.answer_as("_result", call, value).await
    }

    /// Answers a call of the server with an error.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn refuse(&mut self, call: &Command, info: Value) -> Result<()> {
        self.answer_as("_error", call, info).await
    }

    async fn answer_as(&mut self, name: &str, call: &Command, value: Value) -> Result<()> {
        let answer = Command::new(name, call.transaction, vec![value]);
        let answer = answer.with_encoding(call.encoding);
        self.send(Message::connection(Body::Command(answer))).await
    }

    fn next_transaction(&mut self) -> f64 {
        self.transaction += 1.0;
        self.transaction
    }

    /// Opens a stream of this connection: its number.
    ///
    /// # Errors
    ///
    /// The server refuses.
    pub async fn create_stream(&mut self) -> Result<u32> {
        let id = self.call("createStream", vec![]).await?.as_f64();
        Ok(id.context("the stream has no number")? as u32)
    }

    /// Publishes under a name on a new stream: its number.
    ///
    /// # Errors
    ///
    /// The server refuses; the error says its code and description.
    pub async fn publish(&mut self, name: &str) -> Result<u32> {
        let stream = self.create_stream().await?;
        self.command(stream, "publish", vec![name.into(), "live".into()])
            .await?;
        self.status(stream, "NetStream.Publish.Start").await?;
        Ok(stream)
    }

    /// Plays a name on a new stream: its number.
    ///
    /// # Errors
    ///
    /// The server refuses; the error says its code and description.
    pub async fn play(&mut self, name: &str) -> Result<u32> {
        let stream = self.create_stream().await?;
        self.command(stream, "play", vec![name.into()]).await?;
        self.status(stream, "NetStream.Play.Start").await?;
        Ok(stream)
    }

    /// Sends a command that gets no answer by its number.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn command(&mut self, stream: u32, name: &str, args: Vec<Value>) -> Result<()> {
        let command = Command::new(name, 0.0, args);
        self.send(Message::stream(stream, Body::Command(command)))
            .await
    }

    /// Waits for a status of a stream: its information object. A status of the level `error`
    /// ends the waiting.
    ///
    /// # Errors
    ///
    /// Another status says error, or none comes in time.
    pub async fn status(&mut self, stream: u32, code: &str) -> Result<Value> {
        let info = self.wait_for(code, |message| {
            let Body::Command(command) = &message.body else {
                return None;
            };
            let info = command.arg(0);
            let wanted = text(info, "code") == code || text(info, "level") == "error";
            let here = message.stream_id == stream && &*command.name == "onStatus";
            (here && wanted).then(|| info.clone())
        });
        let info = info.await?;
        if text(&info, "code") != code {
            bail!("{}: {}", text(&info, "code"), text(&info, "description"));
        }
        Ok(info)
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn send(&mut self, message: Message) -> Result<()> {
        self.session.handle(Input::Send(message))?;
        self.drain().await
    }

    /// Sends bytes past the session, for those that no session would send.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.socket.write_all(bytes).await?)
    }

    /// Waits for a message that `pick` wants. All others stay for later.
    ///
    /// # Errors
    ///
    /// It does not come in time, or the server closes the connection.
    pub async fn wait_for<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&Message) -> Option<T>,
    ) -> Result<T> {
        let mut looked_at = 0;
        let deadline = tokio::time::Instant::now() + SOON;
        loop {
            while let Some(message) = self.inbox.get(looked_at) {
                if let Some(found) = pick(message) {
                    self.inbox.remove(looked_at);
                    return Ok(found);
                }
                looked_at += 1;
            }
            let read = tokio::time::timeout_at(deadline, self.read()).await;
            read.with_context(|| format!("waited for {what}"))?
                .with_context(|| format!("waiting for {what}"))?;
        }
    }

    /// The next sound, picture or data message of any stream, in their order.
    ///
    /// # Errors
    ///
    /// None comes in time, or the server closes the connection.
    pub async fn next_media(&mut self) -> Result<Message> {
        self.wait_for("media", |message| {
            let media = matches!(
                message.body,
                Body::Audio(_) | Body::Video(_) | Body::Data(_)
            );
            media.then(|| message.clone())
        })
        .await
    }

    /// Takes in what has arrived, without waiting for more.
    ///
    /// # Errors
    ///
    /// The server has closed the connection, or sent what is no RTMP.
    pub async fn take_in(&mut self) -> Result<()> {
        loop {
            match self.socket.try_read(&mut self.buffer) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(count) => self.receive(count).await?,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until the server closes the connection.
    ///
    /// # Errors
    ///
    /// It does not within `limit`.
    pub async fn closed(&mut self, limit: Duration) -> Result<()> {
        let until_closed = async { while self.read().await.is_ok() {} };
        timeout(limit, until_closed)
            .await
            .context("the server does not close the connection")
    }

    /// What has been received and not been asked for, in order; afterwards there is nothing.
    pub fn drain_inbox(&mut self) -> Vec<Message> {
        self.inbox.drain(..).collect()
    }

    /// The bodies of all messages received so far, as they came, with their types.
    ///
    /// # Errors
    ///
    /// The client was not opened by [`Client::open_recording`], or received no RTMP.
    pub fn recorded(&self) -> Result<Vec<(u8, Bytes)>> {
        let record = self.record.as_deref().context("nothing was recorded")?;
        let mut left = record.get(HANDSHAKE_BYTES..).unwrap_or_default();
        let mut reader = Reader::new(Limits::default());
        let mut bodies = Vec::new();
        while let Some(message) = reader.read(&mut left)? {
            if let (type_id::SET_CHUNK_SIZE, Some(size)) =
                (message.type_id, message.payload.first_chunk())
            {
                reader.set_chunk_size(u32::from_be_bytes(*size));
            }
            bodies.push((message.type_id, message.payload));
        }
        Ok(bodies)
    }

    async fn read(&mut self) -> Result<()> {
        match self.socket.read(&mut self.buffer).await? {
            0 => bail!("the server closed the connection"),
            count => self.receive(count).await,
        }
    }

    async fn receive(&mut self, count: usize) -> Result<()> {
        let now = Millis(self.started.elapsed().as_millis() as u64);
        let bytes = &self.buffer[..count];
        if let Some(record) = &mut self.record {
            record.extend_from_slice(bytes);
        }
        let handled = self.session.handle(Input::Receive { now, bytes });
        self.drain().await?;
        Ok(handled?)
    }

    /// Sends what the session has to send, and keeps the messages it has found.
    async fn drain(&mut self) -> Result<()> {
        loop {
            match self.session.poll() {
                Output::Transmit(bytes) => self.socket.write_all(&bytes).await?,
                Output::Event(Event::Message(message)) => self.inbox.push_back(message),
                Output::Event(_) => {}
                Output::Timeout(_) => return Ok(()),
            }
        }
    }
}

/// The command `connect` for an application, with more properties of the command object than
/// every client has, and arguments for the application.
pub fn connect(server: SocketAddr, app: &str, more: &[(&str, Value)], args: Vec<Value>) -> Command {
    let url = format!("rtmp://{server}/{app}");
    let props = [
        ("app", Value::from(app)),
        ("flashVer", Value::from("e2e")),
        ("tcUrl", Value::from(url.as_str())),
    ];
    let object = Value::object(props.iter().chain(more).cloned());
    Command::new("connect", 0.0, args).with_object(object)
}

/// The value of an answer.
fn value_of(answer: &Command) -> Result<Value> {
    let value = answer.arg(0).clone();
    if &*answer.name == "_error" {
        bail!("{}: {}", text(&value, "code"), text(&value, "description"));
    }
    Ok(value)
}

/// A text property of an information object; empty where there is none.
pub fn text<'a>(info: &'a Value, key: &str) -> &'a str {
    info.get(key).and_then(Value::as_str).unwrap_or_default()
}
