//! A live stream as FLV bytes, for a player that comes by HTTP or WebSocket.
//!
//! The player is a client of the instance like any other: it connects, makes a stream and
//! plays, and what the instance refuses it is refused. Only the framing differs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use amf::Value;
use bytes::Bytes;
use engine::scripting::ClientStats;
use engine::{ClientId, CloseReason, Input, Origin, Rejection};
use media::{Entry, Framing, Kind, Marker, Reader};
use rtmp::connect::ConnectInfo;
use rtmp::status::Level;
use rtmp::{Body, Command};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::applications::Seat;
use crate::clock;
use crate::live::{LiveStream, PlayerCount};
use crate::metrics::Transport;
use crate::runner::{self, Endpoint, Link, Order, Post, Sender};
use crate::shared::Shared;

/// Payload bytes put into one piece at most.
const PIECE_BYTES: usize = 256 << 10;
/// The message stream such a player has: it needs one only.
const STREAM_ID: u32 = 1;

/// What such a player asks for.
pub(super) struct Wish {
    pub(super) app: String,
    pub(super) instance: String,
    pub(super) stream: String,
    pub(super) transport: Transport,
    pub(super) agent: String,
    pub(super) page: String,
    pub(super) peer: Option<SocketAddr>,
    /// Whether to wait for a publisher, now and when one has left.
    pub(super) wait: bool,
}

/// The session of such a player is its HTTP response: what it moves is not counted here.
struct Response;

impl Endpoint for Response {
    /// Its orders are taken whenever it waits for media, and are few.
    fn overflow(&self, _: CloseReason) {}

    fn stats(&self) -> ClientStats {
        ClientStats {
            responsive: true,
            ..ClientStats::default()
        }
    }
}

/// Why a wish was not granted.
pub(super) enum Refusal {
    Rejected(Rejection),
    /// The stream's status said no.
    Status(String),
    NotPublished,
    Gone,
}

/// A player's FLV bytes, piece by piece.
pub(super) struct Feed {
    seat: Option<Seat>,
    client: ClientId,
    orders: mpsc::Receiver<Order>,
    live: Arc<LiveStream>,
    reader: Reader,
    grown: watch::Receiver<u64>,
    wait: bool,
    budget: Duration,
    stop_now: CancellationToken,
    started: bool,
    over: Option<CloseReason>,
    last_read: rtmp::Millis,
    stall_ms: u64,
    transport: Transport,
    _counted: PlayerCount,
}

/// A place in the instance before the play has begun.
struct Guest {
    seat: Seat,
    client: ClientId,
    orders: mpsc::Receiver<Order>,
    live: Option<Arc<LiveStream>>,
    refused: Option<String>,
    link: Option<Link>,
    /// Posts that have not been handled.
    unanswered: usize,
}

impl Feed {
    /// Joins the instance and plays the stream.
    pub(super) async fn open(shared: &Arc<Shared>, wish: Wish) -> Result<Self, Refusal> {
        let seat = shared
            .applications
            .join(&wish.app, &wish.instance)
            .map_err(Refusal::Rejected)?;
        let (link, orders) = Link::new(Arc::new(Response));
        let client = Shared::client_id();
        let mut guest = Guest {
            seat,
            client,
            orders,
            live: None,
            refused: None,
            link: Some(link),
            unanswered: 0,
        };
        let live = match guest.play(&wish).await {
            Ok(live) => live,
            Err(refusal) => {
                guest.leave().await;
                return Err(refusal);
            }
        };
        if !wish.wait && !live.ring.lock().is_published() {
            guest.leave().await;
            return Err(Refusal::NotPublished);
        }
        let settings = shared.applications.settings();
        tracing::info!(
            conn = %client, app = wish.app, instance = wish.instance, stream = wish.stream,
            transport = wish.transport.as_str(), peer = ?wish.peer, "player connected"
        );
        Ok(Self {
            seat: Some(guest.seat),
            client,
            orders: guest.orders,
            reader: Reader::new(settings.reader, None),
            grown: live.grown(),
            wait: wish.wait,
            budget: settings.pump.latency_budget,
            stop_now: shared.stop_now.clone(),
            started: false,
            over: None,
            last_read: clock::now(),
            stall_ms: shared.config.live.player_stall_close_ms,
            transport: wish.transport,
            _counted: live.count_player(),
            live,
        })
    }

    /// The next piece of the file; `None` when it is over.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        self.last_read = clock::now();
        if !self.started {
            self.started = true;
            return Some(Self::header());
        }
        loop {
            if self.over.is_some() {
                return None;
            }
            self.grown.mark_unchanged();
            let piece = self.take();
            if !piece.is_empty() {
                return Some(piece);
            }
            if self.over.is_none() {
                self.wait_for_more().await;
            }
        }
    }

    /// Says both kinds of media may come: late tracks are allowed, and players do not rely
    /// on the flags of a live stream.
    fn header() -> Bytes {
        Bytes::copy_from_slice(&flv::write_header(true, true))
    }

    fn take(&mut self) -> Bytes {
        let mut entries = Vec::new();
        let now = clock::now();
        self.reader
            .read(now, &self.live.ring.lock(), PIECE_BYTES, &mut entries);
        let end = entries.iter().position(|entry| self.ends_file(entry));
        if let Some(end) = end {
            entries.truncate(end);
            self.over = Some(CloseReason::ClientLeft);
        }
        match entries.as_slice() {
            [only] => only.framed(Framing::Flv),
            many => {
                let parts: Vec<Bytes> = many.iter().map(|e| e.framed(Framing::Flv)).collect();
                parts.concat().into()
            }
        }
    }

    fn ends_file(&self, entry: &Entry) -> bool {
        !self.wait && entry.kind == Kind::Marker(Marker::Unpublished)
    }

    async fn wait_for_more(&mut self) {
        let Some(written_off) = self.seat.as_ref().map(Seat::written_off) else {
            return;
        };
        tokio::select! {
            () = written_off => self.over = Some(CloseReason::ScriptStuck),
            changed = self.grown.changed() => {
                if changed.is_ok() && !self.budget.is_zero() {
                    tokio::time::sleep(self.budget).await;
                }
            }
            Some(order) = self.orders.recv() => {
                if let Order::Close(reason) = order {
                    self.over = Some(reason);
                }
            }
            () = self.stop_now.cancelled() => self.over = Some(CloseReason::ServerShutdown),
        }
    }
}

impl Drop for Feed {
    /// Leaves the instance. The seat goes with the task that tells it.
    fn drop(&mut self) {
        let stalled = clock::now().since(self.last_read) >= self.stall_ms;
        let left = if stalled {
            CloseReason::PlayerStalled
        } else {
            CloseReason::ClientLeft
        };
        let reason = self.over.unwrap_or(left);
        let transport = self.transport.as_str();
        tracing::info!(conn = %self.client, %reason, transport, "player left");
        let Some(seat) = self.seat.take() else { return };
        let (_, nothing) = mpsc::channel(1);
        let orders = std::mem::replace(&mut self.orders, nothing);
        tokio::spawn(runner::leave(seat, self.client, orders, 1));
    }
}

impl Guest {
    async fn play(&mut self, wish: &Wish) -> Result<Arc<LiveStream>, Refusal> {
        let info = ConnectInfo {
            app: Some(wish.app.as_str().into()),
            flash_ver: Some(wish.agent.as_str().into()),
            page_url: Some(wish.page.as_str().into()),
            ..ConnectInfo::default()
        };
        let client = self.client;
        self.post(Input::Connect {
            client,
            info: Box::new(info),
            transaction: 1.0,
            origin: Origin {
                ip: wish
                    .peer
                    .map_or(String::new(), |peer| peer.ip().to_string()),
                protocol: wish.transport.as_str(),
                secure: false,
            },
        })
        .await?;
        let create = Command::new("createStream", 2.0, Vec::new());
        self.post(Input::Command {
            client,
            stream_id: 0,
            command: create,
        })
        .await?;
        let args = [Value::from(wish.stream.as_str()), Value::from(-1.0)];
        let play = Command::new("play", 0.0, args.into());
        self.post(Input::Command {
            client,
            stream_id: STREAM_ID,
            command: play,
        })
        .await?;
        if let Some(live) = self.live.take() {
            return Ok(live);
        }
        let undecided = || "The application has not let the player in.".to_owned();
        let why = self.refused.take().unwrap_or_else(undecided);
        Err(Refusal::Status(why))
    }

    /// Posts and waits until it has been handled, minding what is ordered meanwhile.
    async fn post(&mut self, input: Input) -> Result<(), Refusal> {
        let post = Post {
            from: Sender::Client(self.client),
            input,
            link: self.link.take(),
        };
        self.unanswered += 1;
        let written_off = self.seat.written_off();
        tokio::pin!(written_off);
        tokio::select! {
            sent = self.seat.inbox.send(post) => sent.map_err(|_| Refusal::Gone)?,
            () = &mut written_off => return Err(Refusal::Gone),
        }
        loop {
            let order = tokio::select! {
                order = self.orders.recv() => order,
                () = &mut written_off => None,
            };
            match order.ok_or(Refusal::Gone)? {
                Order::Done => {
                    self.unanswered -= 1;
                    return Ok(());
                }
                Order::Play { live, .. } => self.live = Some(live),
                Order::Send(message) => self.note_refusal(&message.body),
                Order::Close(_) => {
                    let why = self.refused.take();
                    return Err(why.map_or(Refusal::Gone, Refusal::Status));
                }
                _ => {}
            }
        }
    }

    fn note_refusal(&mut self, body: &Body) {
        let Body::Command(command) = body else { return };
        let Some(status) = command.args.first() else {
            return;
        };
        let text = |key: &str| status.get(key).and_then(Value::as_str);
        if text("level") == Some(Level::Error.as_str()) {
            self.refused = text("description").map(str::to_owned);
        }
    }

    async fn leave(self) {
        runner::leave(self.seat, self.client, self.orders, self.unanswered + 1).await;
    }
}
