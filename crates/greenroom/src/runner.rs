//! The runner of an instance: the only place that knows both the instance and the sessions.
//!
//! One task per instance takes posts from its inbox, one at a time, lets the instance handle
//! them, and carries out the effects: messages and orders to the clients' sessions, markers
//! to the streams' rings. After each post it tells the sender that it is done; until then a
//! session reads no further, so what a client sends is handled in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use engine::{ClientId, CloseReason, Effect, Host, Input, Instance, Output, StreamName};
use media::{Marker, Selection};
use parking_lot::Mutex;
use rtmp::{Message, Millis};
use tokio::sync::mpsc;

use crate::applications::{Applications, InstanceAddress, Seat};
use crate::clock;
use crate::live::{LiveStream, Publication, StreamAddress};
use crate::pump::Pumps;

/// Streams of an instance below which unused ones are not looked for.
const SWEEP_FROM: usize = 64;
/// How long a session waits to hear that it has been let go.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Something for an instance to handle.
pub(crate) struct Post {
    pub(crate) from: ClientId,
    pub(crate) input: Input,
    /// How to reach the sender: comes with its first post.
    pub(crate) link: Option<Link>,
}

/// How an instance reaches a client's session.
#[derive(Clone)]
pub(crate) struct Link {
    orders: mpsc::Sender<Order>,
    overflow: Arc<dyn Fn(CloseReason) + Send + Sync>,
}

/// What a session is to do, in order.
pub(crate) enum Order {
    Send(Message),
    Close(CloseReason),
    Publish {
        stream_id: u32,
        publication: Publication,
    },
    Unpublish {
        stream_id: u32,
    },
    Play {
        stream_id: u32,
        live: Arc<LiveStream>,
        play: u64,
        /// The place in the ring at which the play began: what happens to the stream from
        /// here on is told.
        from: u64,
        length_ms: Option<u32>,
        selection: Selection,
    },
    Stop {
        stream_id: u32,
    },
    Pause {
        stream_id: u32,
        paused: bool,
    },
    Select {
        stream_id: u32,
        selection: Selection,
    },
    /// The session's last post has been handled.
    Done,
}

impl Link {
    /// A link, and where its orders come out. At most `most` wait: far more than any one
    /// input leads to, so a session that lets them pile up is not taking part any more, and
    /// `overflow` closes its connection.
    pub(crate) fn new(
        most: usize,
        overflow: impl Fn(CloseReason) + Send + Sync + 'static,
    ) -> (Self, mpsc::Receiver<Order>) {
        let (orders, receiver) = mpsc::channel(most);
        (
            Self {
                orders,
                overflow: Arc::new(overflow),
            },
            receiver,
        )
    }

    /// Orders something; a session with no room for it is closed.
    pub(crate) fn give(&self, order: Order) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.orders.try_send(order) {
            (self.overflow)(CloseReason::OutboxFull);
        }
    }
}

/// Starts an instance. It ends when nobody holds its inbox any more.
pub(crate) fn start(
    applications: &Arc<Applications>,
    address: &InstanceAddress,
    inbox_events: usize,
) -> mpsc::Sender<Post> {
    let (inbox, posts) = mpsc::channel(inbox_events);
    let streams = Arc::new(Streams {
        applications: applications.clone(),
        address: address.clone(),
        live: Mutex::default(),
        sweep_at: AtomicUsize::new(SWEEP_FROM),
    });
    let host = Box::new(StreamsHost(streams.clone()));
    let instance = Instance::new(applications.settings().config.clone(), host);
    let runner = Runner {
        instance,
        streams,
        links: HashMap::new(),
    };
    tokio::spawn(runner.run(posts));
    inbox
}

/// Takes a client out of its instance, and keeps the seat until the instance knows: one that
/// has lost its last client ends, and must not end before it has put everything in order.
///
/// `unanswered` counts the posts, this one included, whose [`Order::Done`] is still to come.
pub(crate) async fn leave(
    seat: Seat,
    client: ClientId,
    mut orders: mpsc::Receiver<Order>,
    mut unanswered: usize,
) {
    let post = Post {
        from: client,
        input: Input::Disconnect { client },
        link: None,
    };
    if seat.inbox.send(post).await.is_err() {
        return;
    }
    let answered = async {
        while unanswered > 0 {
            match orders.recv().await {
                Some(Order::Done) => unanswered -= 1,
                Some(_) => {}
                None => return,
            }
        }
    };
    // Bounded, because a session that did not take its orders may have lost an answer.
    let _ = tokio::time::timeout(PATIENCE, answered).await;
}

struct Runner {
    instance: Instance,
    streams: Arc<Streams>,
    links: HashMap<ClientId, Link>,
}

impl Runner {
    async fn run(mut self, mut posts: mpsc::Receiver<Post>) {
        let address = self.streams.address.clone();
        tracing::info!(app = %address.app, instance = %address.instance, "instance started");
        let mut timeout = None;
        loop {
            tokio::select! {
                post = posts.recv() => match post {
                    Some(post) => timeout = self.take(post),
                    None => break,
                },
                () = wait_until(timeout) => {
                    self.instance.handle(clock::now(), Input::Timeout);
                    timeout = self.carry_out();
                }
            }
        }
        tracing::info!(app = %address.app, instance = %address.instance, "instance stopped");
    }

    fn take(&mut self, post: Post) -> Option<Millis> {
        let Post { from, input, link } = post;
        if let Some(link) = link {
            self.links.insert(from, link);
        }
        let left = matches!(input, Input::Disconnect { .. });
        self.instance.handle(clock::now(), input);
        let timeout = self.carry_out();
        if let Some(link) = self.links.get(&from) {
            link.give(Order::Done);
        }
        if left {
            self.links.remove(&from);
            self.streams.sweep();
        }
        timeout
    }

    fn carry_out(&mut self) -> Option<Millis> {
        loop {
            match self.instance.poll() {
                Output::Effect(effect) => self.effect(effect),
                Output::Timeout(at) => return at,
            }
        }
    }

    fn effect(&mut self, effect: Effect) {
        let (client, order) = match effect {
            Effect::Mark { name, marker } => return self.mark(&name, marker),
            Effect::Send { client, message } => (client, Order::Send(message)),
            Effect::Close { client, reason } => (client, Order::Close(reason)),
            Effect::Publish {
                client,
                stream_id,
                name,
            } => {
                // The mark that came before made it the publisher.
                let Some(publication) = self.streams.get_or_make(&name).publication() else {
                    return;
                };
                let order = Order::Publish {
                    stream_id,
                    publication,
                };
                (client, order)
            }
            Effect::Unpublish { client, stream_id } => (client, Order::Unpublish { stream_id }),
            Effect::Play {
                client,
                stream_id,
                name,
                play,
                length_ms,
                selection,
            } => {
                let live = self.streams.get_or_make(&name);
                let from = live.ring.lock().head();
                (
                    client,
                    Order::Play {
                        stream_id,
                        live,
                        play,
                        from,
                        length_ms,
                        selection,
                    },
                )
            }
            Effect::Stop { client, stream_id } => (client, Order::Stop { stream_id }),
            Effect::Pause {
                client,
                stream_id,
                paused,
            } => (client, Order::Pause { stream_id, paused }),
            Effect::Select {
                client,
                stream_id,
                selection,
            } => (
                client,
                Order::Select {
                    stream_id,
                    selection,
                },
            ),
        };
        if let Some(link) = self.links.get(&client) {
            link.give(order);
        }
    }

    fn mark(&self, name: &StreamName, marker: Marker) {
        let live = self.streams.get_or_make(name);
        let publisher = match marker {
            Marker::Published => self.instance.publisher_agent(name).unwrap_or_default(),
            Marker::Unpublished => "",
        };
        let address = &live.address;
        tracing::info!(
            app = %address.app, instance = %address.instance, stream = %name, publisher,
            "{}", if marker == Marker::Published { "published" } else { "unpublished" }
        );
        live.mark(marker, publisher);
    }
}

/// The rings of an instance's streams, by name.
struct Streams {
    applications: Arc<Applications>,
    address: InstanceAddress,
    live: Mutex<HashMap<StreamName, Arc<LiveStream>>>,
    /// How many streams there may be before those nobody uses are looked for.
    sweep_at: AtomicUsize,
}

impl Streams {
    fn get_or_make(&self, name: &StreamName) -> Arc<LiveStream> {
        if let Some(stream) = self.live.lock().get(name) {
            return stream.clone();
        }
        if self.live.lock().len() >= self.sweep_at.load(Ordering::Relaxed) {
            self.sweep();
        }
        let InstanceAddress { app, instance } = self.address.clone();
        let address = StreamAddress {
            app,
            instance,
            name: name.clone(),
        };
        let settings = self.applications.settings();
        let pumps = Pumps::new(settings.pump);
        let catalog = self.applications.catalog().clone();
        let stream = LiveStream::new(address, settings.ring, pumps, catalog);
        self.live.lock().insert(name.clone(), stream.clone());
        stream
    }

    /// Forgets the streams that nobody publishes or plays.
    fn sweep(&self) {
        let in_use = |stream: &mut Arc<LiveStream>| {
            Arc::strong_count(stream) > 1 || stream.ring.lock().is_published()
        };
        let mut live = self.live.lock();
        live.retain(|_, stream| in_use(stream));
        // Twice what is in use: a client that plays name after name costs a bounded room, and
        // looking costs little per name.
        self.sweep_at
            .store((live.len() * 2).max(SWEEP_FROM), Ordering::Relaxed);
    }
}

struct StreamsHost(Arc<Streams>);

impl Host for StreamsHost {
    fn last_media(&self, stream: &StreamName) -> Option<Millis> {
        let live = self.0.live.lock().get(stream)?.clone();
        live.last_media()
    }
}

async fn wait_until(at: Option<Millis>) {
    match at {
        Some(at) => tokio::time::sleep_until(clock::instant(at)).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_lets_its_orders_pile_up_is_closed() {
        let closed = Arc::new(Mutex::new(None));
        let seen = closed.clone();
        let (link, _orders) = Link::new(2, move |reason| *seen.lock() = Some(reason));
        link.give(Order::Done);
        link.give(Order::Done);
        assert_eq!(*closed.lock(), None);
        link.give(Order::Done);
        assert_eq!(*closed.lock(), Some(CloseReason::OutboxFull));
    }
}
