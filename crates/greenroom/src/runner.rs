//! The runners of instances: the only place that knows both the instance and the sessions.
//!
//! One task per instance takes posts from its inbox, one at a time, lets the instance handle
//! them, and carries out the effects: messages and orders to the clients' sessions, markers
//! to the streams' rings. After each post it tells the sender that it is done; until then a
//! session reads no further, so what a client sends is handled in order.
//!
//! An instance without a script (`plain`) is a task like any other; one with a script
//! (`scripted`) has a thread of its own.

mod hands;
mod objects;
mod plain;
mod room;
mod scripted;
mod stats;
mod streams;

use std::sync::Arc;
use std::time::Duration;

use engine::scripting::ClientStats;
use engine::{ClientId, CloseReason, Input, SharedObjects};
use media::Selection;
use rtmp::{Message, Millis};
use sharedobject::Update;
use tokio::sync::mpsc;

use crate::applications::Seat;
use crate::clock;
use crate::live::{LiveStream, Publication};
use crate::recording::RecordedOrder;

pub(crate) use plain::start as start_plain;
pub(crate) use room::{Ending, LostThreads, Room};
pub(crate) use scripted::{STACK_BYTES as SCRIPT_STACK_BYTES, start as start_scripted};

/// How long a session waits to hear that it has been let go.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Something for an instance to handle.
pub(crate) struct Post {
    pub(crate) from: Sender,
    pub(crate) input: Input,
    /// How to reach the sender, if it is a client: comes with its first post.
    pub(crate) link: Option<Link>,
}

/// What an administrator wants of an instance's shared objects. It is done between two posts; it
/// is dropped when the instance ends first.
pub(crate) type Ask = Box<dyn FnOnce(&SharedObjects) + Send>;

/// Asks that wait for an instance. The next waits outside.
pub(crate) const ASKS: usize = 16;

/// Who posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A client, who is told when its post has been handled.
    Client(ClientId),
    /// What carries a connection of the instance's own script, in this life of the instance.
    /// The next life does not know it.
    Errand(u64),
    /// The server.
    Server,
    /// An administrator.
    Administrator,
}

/// What an instance can find out about a client's session, and do to it past its orders.
pub(crate) trait Endpoint: Send + Sync {
    /// Closes the connection of a session that does not take its orders.
    fn overflow(&self, reason: CloseReason);

    /// What the client has moved so far.
    fn stats(&self) -> ClientStats;
}

/// How an instance reaches a client's session.
#[derive(Clone)]
pub(crate) struct Link {
    orders: mpsc::Sender<Order>,
    endpoint: Arc<dyn Endpoint>,
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
        samples: (bool, bool),
    },
    PlayRecorded(Box<RecordedOrder>),
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
    Ping,
    LimitBandwidth {
        down: Option<u64>,
        up: Option<u64>,
    },
    /// The session's last post has been handled.
    Done,
    /// A text for somebody on an XML port.
    Text(String),
    /// Things have happened to shared objects, in this order.
    SharedObjects(Vec<Update>),
}

impl Link {
    /// A link, and where its orders come out. At most `most` wait: far more than any one
    /// input leads to, so a session that lets them pile up is not taking part any more, and
    /// its connection is closed.
    pub(crate) fn new(most: usize, endpoint: Arc<dyn Endpoint>) -> (Self, mpsc::Receiver<Order>) {
        let (orders, receiver) = mpsc::channel(most);
        (Self { orders, endpoint }, receiver)
    }

    /// Orders something; a session with no room for it is closed.
    pub(crate) fn give(&self, order: Order) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.orders.try_send(order) {
            self.endpoint.overflow(CloseReason::OutboxFull);
        }
    }
}

/// Takes a client out of its instance, and keeps the seat until the instance knows: one that
/// has lost its last client ends, and must not end before it has put everything in order.
///
/// The post waits for its place in the inbox for as long as the instance is there: were it
/// dropped, the client would stay in the instance. `unanswered` counts the posts, this one
/// included, whose [`Order::Done`] is still to come.
pub(crate) async fn leave(
    seat: Seat,
    client: ClientId,
    mut orders: mpsc::Receiver<Order>,
    mut unanswered: usize,
) {
    let post = Post {
        from: Sender::Client(client),
        input: Input::Disconnect { client },
        link: None,
    };
    let answered = async {
        while unanswered > 0 {
            match orders.recv().await {
                Some(Order::Done) => unanswered -= 1,
                Some(_) => {}
                None => return,
            }
        }
    };
    let left = async {
        if seat.inbox.send(post).await.is_ok() {
            // Bounded, because a session that did not take its orders may have lost an answer.
            let _ = tokio::time::timeout(PATIENCE, answered).await;
        }
    };
    tokio::select! {
        () = left => {}
        () = seat.written_off() => {}
    }
}

/// Waits for somebody's [`leave`], but not for ever: it goes on by itself.
pub(crate) async fn wait_for_leave(leaving: impl Future<Output = ()> + Send + 'static) {
    // A task that panicked has nothing more to wait for.
    let _ = tokio::time::timeout(PATIENCE, tokio::spawn(leaving)).await;
}

/// Waits until the server's clock shows this time; for ever without one.
pub(crate) async fn wait_until(at: Option<Millis>) {
    match at {
        Some(at) => tokio::time::sleep_until(clock::instant(at)).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    /// Remembers why it was closed.
    #[derive(Default)]
    struct Remembers(Mutex<Option<CloseReason>>);

    impl Endpoint for Remembers {
        fn overflow(&self, reason: CloseReason) {
            *self.0.lock() = Some(reason);
        }

        fn stats(&self) -> ClientStats {
            ClientStats::default()
        }
    }

    #[test]
    fn a_session_that_lets_its_orders_pile_up_is_closed() {
        let session = Arc::new(Remembers::default());
        let (link, _orders) = Link::new(2, session.clone());
        link.give(Order::Done);
        link.give(Order::Done);
        assert_eq!(*session.0.lock(), None);
        link.give(Order::Done);
        assert_eq!(*session.0.lock(), Some(CloseReason::OutboxFull));
    }
}
