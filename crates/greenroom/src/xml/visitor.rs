//! A connection whose texts go to the script of an instance: its seat there, and what it is ordered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::scripting::ClientStats;
use engine::{ClientId, CloseReason, Input, Rejection};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::applications::Seat;
use crate::runner::{self, Endpoint, Link, Order, Post, Sender};
use crate::shared::Shared;

/// A place in an instance. The instance learns when it is dropped.
pub(super) struct Visitor {
    shared: Arc<Shared>,
    client: ClientId,
    seat: Option<Seat>,
    link: Option<Link>,
    orders: mpsc::Receiver<Order>,
    /// Posts whose [`Order::Done`] is still to come.
    unanswered: usize,
    meter: Arc<Meter>,
}

/// Counters that the connection keeps and the instance reads.
#[derive(Default)]
pub(super) struct Meter {
    received_bytes: AtomicU64,
    received_texts: AtomicU64,
    sent_bytes: AtomicU64,
    sent_texts: AtomicU64,
    overflowed: CancellationToken,
}

impl Meter {
    fn count_received(&self, bytes: usize) {
        self.received_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
        self.received_texts.fetch_add(1, Ordering::Relaxed);
    }

    fn count_sent(&self, bytes: usize) {
        self.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.sent_texts.fetch_add(1, Ordering::Relaxed);
    }
}

impl Endpoint for Meter {
    fn overflow(&self, _: CloseReason) {
        self.overflowed.cancel();
    }

    fn stats(&self) -> ClientStats {
        ClientStats {
            bytes_in: self.received_bytes.load(Ordering::Relaxed),
            bytes_out: self.sent_bytes.load(Ordering::Relaxed),
            msg_in: self.received_texts.load(Ordering::Relaxed),
            msg_out: self.sent_texts.load(Ordering::Relaxed),
            responsive: true,
            ..ClientStats::default()
        }
    }
}

/// What the instance wants.
pub(super) enum Wish {
    /// This is to be sent.
    Text(String),
    /// The connection is to end.
    End(CloseReason),
    /// The last post has been handled.
    Done,
}

impl Visitor {
    /// Takes a seat in an instance; nothing is told to it yet.
    ///
    /// # Errors
    ///
    /// There is no such application, or no place in it.
    pub(super) async fn join(
        shared: &Arc<Shared>,
        client: ClientId,
        (app, instance): (&str, &str),
    ) -> Result<Self, Rejection> {
        if shared.stopping.is_cancelled() {
            return Err(Rejection::ShuttingDown);
        }
        let seat = shared.applications.join(app, instance).await?;
        let meter = Arc::new(Meter::default());
        let (link, orders) = Link::new(shared.config.limits.client_orders, meter.clone());
        Ok(Self {
            shared: shared.clone(),
            client,
            seat: Some(seat),
            link: Some(link),
            orders,
            unanswered: 0,
            meter,
        })
    }

    /// Whether what was posted has been handled: only then is there a next post.
    pub(super) fn is_idle(&self) -> bool {
        self.unanswered == 0
    }

    /// Tells the instance that the connection is there.
    pub(super) async fn open(&mut self, ip: String, port: u16) -> Result<(), CloseReason> {
        let client = self.client;
        self.post(Input::PortOpened { client, ip, port }).await
    }

    /// Tells the instance of a text.
    pub(super) async fn say(&mut self, text: String) -> Result<(), CloseReason> {
        let client = self.client;
        self.meter.count_received(text.len() + 1);
        self.post(Input::PortText { client, text }).await
    }

    async fn post(&mut self, input: Input) -> Result<(), CloseReason> {
        let seat = self.seat.as_ref().ok_or(CloseReason::InternalError)?;
        let post = Post {
            from: Sender::Client(self.client),
            input,
            link: self.link.take(),
        };
        self.unanswered += 1;
        tokio::select! {
            sent = seat.inbox.send(post) => sent.map_err(|_| CloseReason::InternalError),
            () = seat.written_off() => Err(CloseReason::ScriptStuck),
        }
    }

    /// Waits for what the instance wants next.
    pub(super) async fn wish(&mut self) -> Wish {
        let Some(seat) = &self.seat else {
            return Wish::End(CloseReason::InternalError);
        };
        loop {
            let order = tokio::select! {
                order = self.orders.recv() => order,
                () = self.meter.overflowed.cancelled() => {
                    return Wish::End(CloseReason::OutboxFull);
                }
                () = seat.written_off() => return Wish::End(CloseReason::ScriptStuck),
            };
            return match order {
                Some(Order::Text(text)) => {
                    self.meter.count_sent(text.len() + 1);
                    Wish::Text(text)
                }
                Some(Order::Close(reason)) => Wish::End(reason),
                Some(Order::Done) => {
                    self.unanswered = self.unanswered.saturating_sub(1);
                    Wish::Done
                }
                // Orders for RTMP.
                Some(_) => continue,
                None => Wish::End(CloseReason::InternalError),
            };
        }
    }
}

impl Drop for Visitor {
    /// The seat goes with the task that tells the instance.
    fn drop(&mut self) {
        let Some(seat) = self.seat.take() else { return };
        let (_, nothing) = mpsc::channel(1);
        let orders = std::mem::replace(&mut self.orders, nothing);
        let leaving = runner::leave(seat, self.client, orders, self.unanswered + 1);
        self.shared.tasks.spawn(leaving);
    }
}
