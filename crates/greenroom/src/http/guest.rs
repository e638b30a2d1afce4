//! A player that comes by HTTP or WebSocket, on its way in: a client of the instance like
//! any other. It connects, makes a stream and plays, and what the instance refuses it is
//! refused.
//!
//! Owns its place in the instance, from the first word to the last: wherever the player or
//! its request ends, the instance is told.

use std::net::SocketAddr;
use std::sync::Arc;

use amf::Value;
use engine::scripting::ClientStats;
use engine::{ClientId, CloseReason, Input, Origin, Rejection};
use rtmp::connect::ConnectInfo;
use rtmp::status::Level;
use rtmp::{Body, Command};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::pace::Verdict;
use crate::applications::Seat;
use crate::live::LiveStream;
use crate::metrics::Transport;
use crate::recording::Source;
use crate::runner::{self, Endpoint, Link, Order, Post, Sender};
use crate::shared::Shared;

/// The message stream such a player has: it needs one only.
const STREAM_ID: u32 = 1;
/// The number of its call for that.
const CREATE_STREAM: f64 = 2.0;

/// What such a player asks for.
pub(super) struct Wish {
    pub(super) app: String,
    pub(super) instance: String,
    pub(super) stream: String,
    pub(super) transport: Transport,
    pub(super) agent: String,
    pub(super) page: String,
    pub(super) peer: Option<SocketAddr>,
    /// What is found of the pace of the player's connection.
    pub(super) verdict: Arc<Verdict>,
    /// Whether to wait for a publisher, now and when one has left.
    pub(super) wait: bool,
    /// Whether a recording will do where nobody publishes.
    pub(super) recorded: bool,
    /// Whether a live stream will do.
    pub(super) live: bool,
}

/// What there is of a stream.
pub(super) enum Found {
    Live(Arc<LiveStream>),
    Recorded(Source),
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

/// A client's place in an instance, given up when dropped.
pub(super) struct Place {
    seat: Option<Seat>,
    pub(super) client: ClientId,
    pub(super) orders: mpsc::Receiver<Order>,
    /// Posts whose [`Order::Done`] is still to come.
    unanswered: usize,
    tasks: TaskTracker,
}

/// A place in the instance before the play has begun.
pub(super) struct Guest {
    pub(super) place: Place,
    /// It was let in and has a stream, so that its play is decided at last.
    has_stream: bool,
    found: Option<Found>,
    refused: Option<String>,
    link: Option<Link>,
}

impl Place {
    /// Ends when the script of the instance did not come back; `None` once the place is given
    /// up.
    pub(super) fn written_off(&self) -> Option<impl Future<Output = ()> + use<>> {
        self.seat.as_ref().map(Seat::written_off)
    }
}

impl Drop for Place {
    /// The seat goes with the task that tells the instance.
    fn drop(&mut self) {
        let Some(seat) = self.seat.take() else { return };
        let (_, nothing) = mpsc::channel(1);
        let orders = std::mem::replace(&mut self.orders, nothing);
        let unanswered = self.unanswered + 1;
        self.tasks
            .spawn(runner::leave(seat, self.client, orders, unanswered));
    }
}

impl Guest {
    pub(super) fn new(seat: Seat, most_orders: usize, tasks: TaskTracker) -> Self {
        let (link, orders) = Link::new(most_orders, Arc::new(Response));
        Self {
            place: Place {
                seat: Some(seat),
                client: Shared::client_id(),
                orders,
                unanswered: 0,
                tasks,
            },
            has_stream: false,
            found: None,
            refused: None,
            link: Some(link),
        }
    }

    /// Takes a place in the instance and plays. An instance that does not run is started only
    /// for who waits, or for a recording: a page that asks again and again must not start and
    /// stop it each time.
    pub(super) async fn admit(shared: &Arc<Shared>, wish: &Wish) -> Result<(Self, Found), Refusal> {
        let (app, instance) = (&wish.app, &wish.instance);
        let applications = &shared.applications;
        let runs = applications.is_running(app, instance);
        let is_there = wish.wait
            || runs.map_err(Refusal::Rejected)?
            || (wish.recorded && applications.has_recording(app, instance, &wish.stream));
        if !is_there {
            return Err(Refusal::NotPublished);
        }
        let seat = applications
            .join(app, instance)
            .await
            .map_err(Refusal::Rejected)?;
        let most_orders = shared.config.limits.client_orders;
        let mut guest = Self::new(seat, most_orders, shared.tasks.clone());
        let found = guest.play(wish).await?;
        if let Found::Live(live) = &found
            && !wish.wait
            && !(wish.live && live.ring.lock().is_published())
        {
            return Err(Refusal::NotPublished);
        }
        tracing::info!(
            conn = %guest.place.client, app = wish.app, instance = wish.instance,
            stream = wish.stream, transport = wish.transport.as_str(), peer = ?wish.peer,
            "player connected"
        );
        Ok((guest, found))
    }

    /// Connects, makes a stream and plays.
    pub(super) async fn play(&mut self, wish: &Wish) -> Result<Found, Refusal> {
        let info = ConnectInfo {
            app: Some(wish.app.as_str().into()),
            flash_ver: Some(wish.agent.as_str().into()),
            page_url: Some(wish.page.as_str().into()),
            ..ConnectInfo::default()
        };
        let client = self.place.client;
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
        let create = Command::new("createStream", CREATE_STREAM, Vec::new());
        self.post(Input::Command {
            client,
            stream_id: 0,
            command: create,
        })
        .await?;
        let start = if wish.recorded { -2.0 } else { -1.0 };
        let args = [Value::from(wish.stream.as_str()), Value::from(start)];
        let play = Command::new("play", 0.0, args.into());
        self.post(Input::Command {
            client,
            stream_id: STREAM_ID,
            command: play,
        })
        .await?;
        // A recording is still looked for when the call is done.
        while self.has_stream && self.found.is_none() && self.refused.is_none() {
            self.take_order().await?;
        }
        if let Some(found) = self.found.take() {
            return Ok(found);
        }
        let undecided = || "The application has not let the player in.".to_owned();
        let why = self.refused.take().unwrap_or_else(undecided);
        Err(Refusal::Status(why))
    }

    /// Posts and waits until it has been handled, minding what is ordered meanwhile.
    async fn post(&mut self, input: Input) -> Result<(), Refusal> {
        let written_off = self.place.written_off().ok_or(Refusal::Gone)?;
        let seat = self.place.seat.as_ref().ok_or(Refusal::Gone)?;
        tokio::pin!(written_off);
        let room = tokio::select! {
            room = seat.inbox.reserve() => room.map_err(|_| Refusal::Gone)?,
            () = &mut written_off => return Err(Refusal::Gone),
        };
        room.send(Post {
            from: Sender::Client(self.place.client),
            input,
            link: self.link.take(),
        });
        self.place.unanswered += 1;
        while self.place.unanswered > 0 {
            self.take_order().await?;
        }
        Ok(())
    }

    /// Does what is ordered next.
    async fn take_order(&mut self) -> Result<(), Refusal> {
        let written_off = self.place.written_off().ok_or(Refusal::Gone)?;
        let order = tokio::select! {
            order = self.place.orders.recv() => order,
            () = written_off => None,
        };
        match order.ok_or(Refusal::Gone)? {
            Order::Done => self.place.unanswered = self.place.unanswered.saturating_sub(1),
            Order::Play { live, .. } => self.found = Some(Found::Live(live)),
            Order::PlayRecorded(order) => self.found = Some(Found::Recorded(order.source)),
            Order::Send(message) => self.note_answer(&message.body),
            Order::Close(_) => {
                let why = self.refused.take();
                return Err(why.map_or(Refusal::Gone, Refusal::Status));
            }
            _ => {}
        }
        Ok(())
    }

    fn note_answer(&mut self, body: &Body) {
        let Body::Command(command) = body else { return };
        self.has_stream |= &*command.name == "_result" && command.transaction == CREATE_STREAM;
        let Some(status) = command.args.first() else {
            return;
        };
        let text = |key: &str| status.get(key).and_then(Value::as_str);
        if text("level") == Some(Level::Error.as_str()) {
            self.refused = text("description").map(str::to_owned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::applications::Applications;
    use crate::catalog::Catalog;
    use crate::config::{Layers, load};
    use crate::objects::ObjectKeeper;
    use crate::recording::Recordings;
    use crate::scripts::ScriptFolders;
    use crate::settings;

    fn wish(stream: &str) -> Wish {
        Wish {
            app: "live".into(),
            instance: "_definst_".into(),
            stream: stream.into(),
            transport: Transport::HttpFlv,
            agent: String::new(),
            page: String::new(),
            peer: None,
            verdict: Arc::default(),
            wait: true,
            recorded: false,
            live: true,
        }
    }

    /// A guest whose instance is the test, and what it posts.
    async fn guest(folder: &tempfile::TempDir) -> (Guest, mpsc::Receiver<Post>) {
        std::fs::create_dir(folder.path().join("live")).expect("a folder");
        let config = load(&Layers::default()).expect("the defaults").config;
        let applications = Applications::new(
            folder.path().to_owned(),
            settings::application_limits(&config),
            (
                settings::instance_settings(&config, 1, 1935),
                settings::file_settings(&config),
            ),
            (
                Catalog::new(),
                Recordings::new(TaskTracker::new(), 8, (1, 1)),
            ),
            ObjectKeeper::nowhere(),
            Box::new(ScriptFolders),
        );
        let mut seat = applications
            .join("live", "_definst_")
            .await
            .expect("a seat");
        let (inbox, posts) = mpsc::channel(8);
        seat.inbox = inbox;
        (Guest::new(seat, 8, TaskTracker::new()), posts)
    }

    /// Takes posts until the guest has left, which must be with the very next one.
    async fn assert_leaves(mut posts: mpsc::Receiver<Post>, client: ClientId) {
        let post = posts.recv().await.expect("the instance is told");
        let left = matches!(post.input, Input::Disconnect { client: gone } if gone == client);
        assert!(left, "{:?}", post.input);
    }

    #[tokio::test]
    async fn a_guest_whose_request_is_dropped_leaves_the_instance() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut guest, mut posts) = guest(&folder).await;
        let client = guest.place.client;
        let request = tokio::spawn(async move { guest.play(&wish("one")).await.is_ok() });
        let post = posts.recv().await.expect("connect");
        assert!(matches!(post.input, Input::Connect { .. }));
        request.abort();
        assert_leaves(posts, client).await;
    }

    #[tokio::test]
    async fn a_refused_guest_leaves_the_instance() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut guest, mut posts) = guest(&folder).await;
        let client = guest.place.client;
        let request = tokio::spawn(async move { guest.play(&wish("one")).await.is_err() });
        let mut link = None;
        for _ in 0..3 {
            let post = posts.recv().await.expect("connect, createStream, play");
            link = link.or(post.link);
            link.as_ref().expect("a link").give(Order::Done);
        }
        assert!(request.await.expect("no panic"), "it was let play");
        assert_leaves(posts, client).await;
    }
}
