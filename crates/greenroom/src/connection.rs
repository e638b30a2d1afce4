//! One RTMP connection over TCP: its task, from the first byte to the last.
//!
//! Bytes go into the sans-IO session; what comes out is written (through the outbox), posted
//! to the instance the client has joined, or appended to the ring it publishes to. Orders of
//! the instance come back and are carried out in turn. While posts are being handled the
//! socket is not read: that keeps a client's requests in order, and a flood in its own pipe.

mod ahead;
mod close;
mod meter;
mod orders;

pub(crate) use close::LONGEST_END;

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use amf::Value;
use engine::{Bucket, ClientId, CloseReason, Input, Origin, Rejection};
use media::Kind;
use rtmp::connect::ConnectInfo;
use rtmp::status::{Code, Status};
use rtmp::{Body, Command, Encoding, Event, Message, Millis, Session, UserControl};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::applications::Seat;
use crate::clock;
use crate::live::Publication;
use crate::metrics::{self, OpenConnection, Transport};
use crate::outbox::Outbox;
use crate::rate;
use crate::runner::{Link, Order, Post, Sender, wait_until};
use crate::settings;
use crate::shared::{Pass, Shared};
use crate::throttle::Throttle;
use ahead::Ahead;
use meter::Meter;

/// Bytes read from a socket at once; one buffer per worker thread serves all connections.
const READ_BYTES: usize = 64 << 10;
/// Reads in a row from one socket before other tasks get their turn.
const READS_IN_A_ROW: usize = 4;

thread_local! {
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// One RTMP connection.
pub(crate) struct Connection {
    shared: Arc<Shared>,
    peer: SocketAddr,
    client: ClientId,
    socket: Arc<TcpStream>,
    session: Session,
    session_timeout: Option<Millis>,
    outbox: Arc<Outbox>,
    /// Decoded and not yet seen to: waits while posts are being handled.
    events: VecDeque<Event>,
    ahead: Ahead,
    link: Option<Link>,
    meter: Arc<Meter>,
    /// What a script allows the client to send.
    upload: Throttle,
    orders: mpsc::Receiver<Order>,
    seat: Option<Seat>,
    /// What the client said it reads.
    encoding: Encoding,
    publishing: HashMap<u32, Publication>,
    calls: Bucket,
    /// The first bytes told which other protocol the peer speaks.
    spoke_http: bool,
    detail: Option<String>,
    pass: Pass,
}

/// Serves an accepted connection until it ends.
pub(crate) async fn serve(shared: Arc<Shared>, socket: TcpStream, peer: SocketAddr, pass: Pass) {
    let open = OpenConnection::new(Transport::Rtmp);
    let mut connection = Connection::new(shared, socket, peer, pass);
    let conn = connection.client;
    tracing::debug!(%conn, %peer, "connection accepted");
    let reason = connection.run().await;
    connection.end(reason).await;
    open.ended(reason);
}

impl Connection {
    fn new(shared: Arc<Shared>, socket: TcpStream, peer: SocketAddr, pass: Pass) -> Self {
        let config = &shared.config;
        if config.rtmp.tcp_nodelay {
            // A failure costs latency only.
            let _ = socket.set_nodelay(true);
        }
        let socket = Arc::new(socket);
        let outbox = Outbox::new(socket.clone(), settings::outbox(config));
        let meter = Meter::new(&outbox);
        let (link, orders) = Link::new(config.limits.client_orders, meter.clone());
        let session = Session::server(settings::session(config), rand::random(), clock::now());
        let calls = Bucket::new(config.limits.calls_per_second, config.limits.calls_burst);
        Self {
            peer,
            client: Shared::client_id(),
            socket,
            session,
            session_timeout: None,
            outbox,
            events: VecDeque::new(),
            ahead: Ahead::new(config.limits.client_orders),
            link: Some(link),
            meter,
            upload: Throttle::default(),
            orders,
            seat: None,
            encoding: Encoding::default(),
            publishing: HashMap::new(),
            calls,
            spoke_http: false,
            detail: None,
            pass,
            shared,
        }
    }

    async fn run(&mut self) -> CloseReason {
        if let Err(reason) = self.drain_session() {
            return reason;
        }
        loop {
            if let Some(reason) = self.outbox.closed() {
                return reason;
            }
            if let Err(reason) = self.turn().await {
                return reason;
            }
        }
    }

    /// Waits for one thing to happen and sees to it.
    async fn turn(&mut self) -> Result<(), CloseReason> {
        let interest = self.interest();
        let deadline = self.deadline();
        let stop_now = self.shared.stop_now.clone();
        let written_off = self.seat.as_ref().map(Seat::written_off);
        tokio::select! {
            ready = ready(&self.socket, interest) => {
                let ready = ready.map_err(|_| CloseReason::NetworkError)?;
                if ready.is_writable() {
                    self.outbox.on_writable(clock::now());
                }
                if ready.is_readable() || ready.is_read_closed() {
                    self.read()?;
                }
            }
            Some(order) = self.orders.recv() => {
                self.carry_out(order)?;
                while let Ok(order) = self.orders.try_recv() {
                    self.carry_out(order)?;
                }
            }
            () = self.outbox.woken() => {}
            () = wait_until(deadline) => self.on_deadline()?,
            Some(()) = of(written_off) => return Err(CloseReason::ScriptStuck),
            () = stop_now.cancelled() => return Err(CloseReason::ServerShutdown),
        }
        self.see_to_ended_plays().await?;
        self.see_to_events().await?;
        self.outbox.flush(clock::now());
        Ok(())
    }

    /// What to wait for on the socket: nothing is read while posts are being handled, and
    /// nothing awaited for writing unless the socket was full.
    fn interest(&self) -> Option<Interest> {
        let may_read = self.ahead.is_idle() && self.upload.closed_until(clock::now()).is_none();
        let read = may_read.then_some(Interest::READABLE);
        let write = self.outbox.blocked_since().map(|_| Interest::WRITABLE);
        match (read, write) {
            (Some(read), Some(write)) => Some(read | write),
            (read, write) => read.or(write),
        }
    }

    fn deadline(&self) -> Option<Millis> {
        let now = clock::now();
        let patience = self.outbox.patience().map(|(at, _)| at);
        let limits = [
            self.outbox.throttled_until(now),
            self.upload.closed_until(now),
        ];
        let session = self.session_timeout.into_iter();
        session
            .chain(patience)
            .chain(limits.into_iter().flatten())
            .min()
    }

    fn on_deadline(&mut self) -> Result<(), CloseReason> {
        let now = clock::now();
        // A player that has long had everything is not late, whatever was before.
        self.outbox.flush(now);
        if let Some((at, reason)) = self.outbox.patience()
            && at <= now
        {
            return Err(reason);
        }
        self.session
            .handle(rtmp::Input::Timeout { now })
            .map_err(|error| self.fault(&error))?;
        self.drain_session()
    }

    fn read(&mut self) -> Result<(), CloseReason> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            for _ in 0..READS_IN_A_ROW {
                match read_some(&self.socket, &self.upload, buffer) {
                    Ok(0) => return Err(CloseReason::ClientLeft),
                    Ok(count) => self.receive(buffer.get(..count).unwrap_or_default())?,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                    Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                        return Err(CloseReason::ClientLeft);
                    }
                    Err(_) => return Err(CloseReason::NetworkError),
                }
                let slow = self.upload.closed_until(clock::now()).is_some();
                if slow || !self.ahead.is_idle() || !self.events.is_empty() {
                    return Ok(());
                }
            }
            Ok(())
        })
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), CloseReason> {
        metrics::transferred(bytes.len() as u64, 0);
        if self.session.bytes_received() == 0 {
            self.spoke_http = close::looks_like_http(bytes);
        }
        let now = clock::now();
        self.upload.note(now, bytes.len() as u64);
        self.leave_room_for_objects();
        let handled = self.session.handle(rtmp::Input::Receive { now, bytes });
        self.meter.note(&self.session);
        // What was read before a fault still counts, and its answers go out.
        self.drain_session()?;
        handled.map_err(|error| self.fault(&error))
    }

    /// Takes everything out of the session, after each thing put in.
    fn drain_session(&mut self) -> Result<(), CloseReason> {
        loop {
            match self.session.poll() {
                rtmp::Output::Transmit(bytes) => self.outbox.push(bytes),
                rtmp::Output::Event(event) => self.take_event(event),
                rtmp::Output::Timeout(at) => {
                    self.session_timeout = at;
                    return Ok(());
                }
            }
        }
    }

    /// Media is appended at once unless something before it is still being handled.
    fn take_event(&mut self, event: Event) {
        self.meter.count_event(&event);
        if !self.ahead.is_idle() || !self.events.is_empty() {
            return self.events.push_back(event);
        }
        if let Some(event) = self.take_media(event) {
            self.events.push_back(event);
        }
    }

    /// Appends media to the stream it is published to; gives back what is no media.
    fn take_media(&mut self, event: Event) -> Option<Event> {
        let Event::Message(message) = event else {
            return Some(event);
        };
        let Message {
            stream_id,
            timestamp,
            body,
        } = message;
        let live = self.publishing.get(&stream_id);
        match body {
            Body::Audio(payload) => {
                metrics::media_received();
                live?.append_media(Kind::Audio, timestamp, payload);
            }
            Body::Video(payload) => {
                metrics::media_received();
                live?.append_media(Kind::Video, timestamp, payload);
            }
            Body::Data(data) => live?.append_data(timestamp, &data),
            body => {
                return Some(Event::Message(Message {
                    stream_id,
                    timestamp,
                    body,
                }));
            }
        }
        None
    }

    async fn see_to_events(&mut self) -> Result<(), CloseReason> {
        while let Some(event) = self.events.front() {
            if !self.ahead.is_idle() && !self.may_follow(event) {
                return Ok(());
            }
            let Some(event) = self.events.pop_front() else {
                return Ok(());
            };
            let Some(Event::Message(message)) = self.take_media(event) else {
                continue;
            };
            let Message {
                stream_id, body, ..
            } = message;
            match body {
                Body::Command(command) => self.on_command(stream_id, command).await?,
                Body::SharedObject(message) => {
                    let client = self.client;
                    self.post(Input::SharedObject { client, message }).await?;
                }
                Body::UserControl(UserControl::SetBufferLength { stream_id, millis }) => {
                    self.outbox.set_buffer(stream_id, millis);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether an event may be seen to before the posts before it have been handled: it is
    /// posted, and nothing of it is answered here.
    fn may_follow(&self, event: &Event) -> bool {
        let Event::Message(message) = event else {
            return false;
        };
        let is_posted = match &message.body {
            Body::Command(command) => {
                let refused = rate::counts(command) && !self.calls.has_one(clock::now());
                &*command.name != "connect" && !refused
            }
            Body::SharedObject(_) => true,
            _ => false,
        };
        is_posted && self.ahead.has_room()
    }

    async fn on_command(&mut self, stream_id: u32, command: Command) -> Result<(), CloseReason> {
        let client = self.client;
        if self.seat.is_none() {
            return match &*command.name {
                "connect" => self.on_connect(&command).await,
                // Some clients ask before they are let in; nothing answers yet.
                _ => Ok(()),
            };
        }
        if &*command.name == "connect" {
            self.detail = Some("connect was sent twice".into());
            return Err(CloseReason::ProtocolError);
        }
        if rate::counts(&command) && !self.calls.take(clock::now()) {
            return self.refuse_call(&command);
        }
        self.post(Input::Command {
            client,
            stream_id,
            command,
        })
        .await
    }

    /// Over the rate: the call is answered with `_error`, as a Flash client expects. One
    /// without a transaction wants no answer.
    fn refuse_call(&mut self, command: &Command) -> Result<(), CloseReason> {
        tracing::debug!(conn = %self.client, command = &*command.name, "call refused: too many");
        if command.transaction == 0.0 {
            return Ok(());
        }
        let text = "The client makes more calls than limits.calls_per_second allows.";
        let error = Status::new(Code::CallFailed, text).error(command.transaction);
        self.send_command(error)
    }

    async fn on_connect(&mut self, command: &Command) -> Result<(), CloseReason> {
        let transaction = command.transaction;
        match self.admit(command).await {
            Ok((info, seat)) => {
                let conn = self.client;
                tracing::info!(
                    %conn, peer = %self.peer, app = %seat.address.app,
                    instance = %seat.address.instance, agent = info.flash_ver.as_deref(),
                    "client connected"
                );
                self.seat = Some(seat);
                self.encoding = info.encoding();
                self.pass.settle();
                self.session.connected();
                let client = self.client;
                self.post(Input::Connect {
                    client,
                    info: Box::new(info),
                    transaction,
                    origin: Origin {
                        ip: self.peer.ip().to_canonical().to_string(),
                        protocol: Transport::Rtmp.as_str(),
                        secure: false,
                    },
                })
                .await
            }
            Err(rejection) => {
                metrics::rejected(rejection.as_str());
                self.detail = Some(rejection.description());
                self.send_command(rejection.status().error(transaction))?;
                Err(match rejection {
                    Rejection::TooManyConnections => CloseReason::TooManyConnections,
                    _ => CloseReason::Rejected,
                })
            }
        }
    }

    async fn admit(&self, command: &Command) -> Result<(ConnectInfo, Seat), Rejection> {
        if self.shared.stopping.is_cancelled() {
            return Err(Rejection::ShuttingDown);
        }
        if self.pass.is_refused() {
            return Err(Rejection::TooManyConnections);
        }
        let bad_url = |error: &dyn std::error::Error| Rejection::BadUrl(error.to_string());
        let info = ConnectInfo::from_command(command).map_err(|error| bad_url(&error))?;
        let encoding = command.object.get("objectEncoding").and_then(Value::as_f64);
        if let Some(encoding) = encoding.filter(|given| ![0.0, 3.0].contains(given)) {
            return Err(Rejection::UnsupportedEncoding(encoding.to_string()));
        }
        let target = info.target().map_err(|error| bad_url(&error))?;
        let seat = self
            .shared
            .applications
            .join(&target.app, &target.instance)
            .await?;
        Ok((info, seat))
    }

    /// One post at a time: the answer to it leads here again.
    async fn see_to_ended_plays(&mut self) -> Result<(), CloseReason> {
        let client = self.client;
        if !self.ahead.is_idle() {
            return Ok(());
        }
        let Some((stream_id, play)) = self.outbox.take_ended() else {
            return Ok(());
        };
        self.post(Input::PlayEnded {
            client,
            stream_id,
            play,
        })
        .await
    }

    async fn post(&mut self, input: Input) -> Result<(), CloseReason> {
        let Some(seat) = &self.seat else {
            return Ok(());
        };
        let post = Post {
            from: Sender::Client(self.client),
            input,
            link: self.link.take(),
        };
        self.ahead.post();
        tokio::select! {
            sent = seat.inbox.send(post) => sent.map_err(|_| CloseReason::InternalError),
            () = seat.written_off() => Err(CloseReason::ScriptStuck),
        }
    }

    /// Sends a command of the connection itself.
    fn send_command(&mut self, command: Command) -> Result<(), CloseReason> {
        self.send(Message::connection(Body::Command(command)))
    }

    fn send(&mut self, message: Message) -> Result<(), CloseReason> {
        self.outbox.count_messages(1);
        self.session
            .handle(rtmp::Input::Send(message))
            .map_err(|error| self.fault(&error))?;
        self.drain_session()
    }

    /// Asks the client for a sign of life, as a script wishes.
    fn ping(&mut self) -> Result<(), CloseReason> {
        let now = clock::now();
        self.session
            .handle(rtmp::Input::Ping { now })
            .map_err(|error| self.fault(&error))?;
        self.meter.note(&self.session);
        self.drain_session()
    }
}

/// Reads what is there, but no more than the client may send at once.
fn read_some(socket: &TcpStream, upload: &Throttle, buffer: &mut [u8]) -> io::Result<usize> {
    let most = upload.stretch().min(buffer.len());
    let buffer = buffer.get_mut(..most).unwrap_or_default();
    let mut read = Ok(0);
    let emptied = socket.try_io(Interest::READABLE, || {
        read = socket.try_read(buffer);
        match read {
            // It had no more, so it is readable when something comes. Else the next turn would
            // find that out by reading in vain.
            Ok(count) if count > 0 && count < most => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    });
    match (&read, emptied) {
        // Nothing was tried: it is not readable.
        (Ok(0), Err(error)) => Err(error),
        _ => read,
    }
}

/// Waits for what may not be there.
async fn of<F: Future<Output = ()>>(waited: Option<F>) -> Option<()> {
    match waited {
        Some(waited) => {
            waited.await;
            Some(())
        }
        None => None,
    }
}

async fn ready(socket: &TcpStream, interest: Option<Interest>) -> io::Result<tokio::io::Ready> {
    match interest {
        Some(interest) => socket.ready(interest).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_read_takes_no_more_than_the_client_may_send_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        peer.write_all(&[0; 8 << 10]).await.unwrap();
        // All of it is there when the end is.
        peer.shutdown().await.unwrap();
        while !socket
            .ready(Interest::READABLE)
            .await
            .unwrap()
            .is_read_closed()
        {
            tokio::task::yield_now().await;
        }
        let mut upload = Throttle::default();
        let mut buffer = vec![0; READ_BYTES];
        upload.set(1000);
        let read = read_some(&socket, &upload, &mut buffer).unwrap();
        assert_eq!(read, upload.stretch());
        upload.set(0);
        let rest = read_some(&socket, &upload, &mut buffer).unwrap();
        assert_eq!(read + rest, 8 << 10);
    }
}
