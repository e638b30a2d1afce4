//! A connection to an instance of this server: a client without a socket.

use std::sync::Arc;

use engine::scripting::{ClientStats, LinkId};
use engine::{ClientId, CloseReason, Input, Origin};
use rtmp::connect::ConnectInfo;
use rtmp::url::Target;
use rtmp::{Body, Command, Encoding, Message};
use tokio::sync::mpsc;

use super::{Ended, Errand, WayBack, overflown};
use crate::applications::{Applications, Seat};
use crate::runner::{self, Endpoint, Link, Order, Post, Sender};
use crate::shared::Shared;

/// The transaction of `connect`, which the script's instance wrote.
const CONNECT: f64 = 1.0;

/// Nothing of such a client goes over a wire.
struct NoWire(mpsc::Sender<CloseReason>);

impl Endpoint for NoWire {
    fn overflow(&self, reason: CloseReason) {
        // One reason is enough.
        let _ = self.0.try_send(reason);
    }

    fn stats(&self) -> ClientStats {
        ClientStats {
            responsive: true,
            ..ClientStats::default()
        }
    }
}

/// Carries a connection to an instance of this server until one side ends it.
pub(super) async fn carry(
    applications: &Arc<Applications>,
    target: &Target,
    link: LinkId,
    errands: mpsc::Receiver<Errand>,
    back: &WayBack,
) -> Ended {
    let seat = match applications.join(&target.app, &target.instance).await {
        Ok(seat) => seat,
        Err(rejection) => {
            let error = rejection.status().error(CONNECT);
            let message = Message::connection(Body::Command(error));
            back.post(Input::LinkMessage { link, message }).await;
            return Ended::Why(rejection.description());
        }
    };
    let (overflow, overflows) = mpsc::channel(1);
    let most = applications.settings().links.orders;
    let (session, orders) = Link::new(most, Arc::new(NoWire(overflow)));
    let mut client = StandIn {
        seat,
        client: Shared::client_id(),
        session: Some(session),
        orders,
        overflows,
        unanswered: 0,
        encoding: Encoding::default(),
    };
    let ended = client.run(link, errands, back).await;
    let unanswered = client.unanswered + 1;
    let leaving = runner::leave(client.seat, client.client, client.orders, unanswered);
    runner::wait_for_leave(leaving).await;
    ended
}

/// Stands in for a client in the instance at the other end.
struct StandIn {
    seat: Seat,
    client: ClientId,
    session: Option<Link>,
    orders: mpsc::Receiver<Order>,
    overflows: mpsc::Receiver<CloseReason>,
    /// Posts that have not been handled. As with a session, there is one at a time.
    unanswered: usize,
    /// What the client said it reads.
    encoding: Encoding,
}

impl StandIn {
    async fn run(
        &mut self,
        link: LinkId,
        mut errands: mpsc::Receiver<Errand>,
        back: &WayBack,
    ) -> Ended {
        loop {
            let written_off = self.seat.written_off();
            tokio::select! {
                errand = errands.recv(), if self.unanswered == 0 => match errand {
                    Some(Errand::Send(message)) => self.send(message).await,
                    Some(Errand::Close) => return Ended::AsWished,
                    None => return overflown(),
                },
                Some(order) = self.orders.recv() => match order {
                    Order::Send(message) => {
                        back.post(Input::LinkMessage { link, message }).await;
                    }
                    Order::SharedObjects(updates) => {
                        for update in updates {
                            let message = update.message(self.encoding);
                            let message = Message::connection(Body::SharedObject(message));
                            back.post(Input::LinkMessage { link, message }).await;
                        }
                    }
                    Order::Close(reason) => return Ended::Why(reason.to_string()),
                    Order::Done => self.unanswered -= 1,
                    // There is no media on such a connection, and nothing to measure.
                    _ => {}
                },
                Some(reason) = self.overflows.recv() => return Ended::Why(reason.to_string()),
                () = written_off => {
                    return Ended::Why(CloseReason::ScriptStuck.to_string());
                }
                () = back.written_off.cancelled() => return Ended::AsWished,
            }
        }
    }

    fn command(&mut self, stream_id: u32, command: Command) -> Input {
        let client = self.client;
        let Ok(info) = ConnectInfo::from_command(&command) else {
            return Input::Command {
                client,
                stream_id,
                command,
            };
        };
        self.encoding = info.encoding();
        Input::Connect {
            client,
            transaction: command.transaction,
            info: Box::new(info),
            origin: Origin {
                ip: "127.0.0.1".into(),
                protocol: "rtmp",
                secure: false,
            },
        }
    }

    async fn send(&mut self, message: Message) {
        let client = self.client;
        let input = match message.body {
            Body::Command(command) => self.command(message.stream_id, command),
            Body::SharedObject(message) => Input::SharedObject { client, message },
            _ => return,
        };
        let post = Post {
            from: Sender::Client(client),
            input,
            link: self.session.take(),
        };
        self.unanswered += 1;
        let written_off = self.seat.written_off();
        tokio::select! {
            // An inbox that is gone takes its instance with it; the orders tell.
            _ = self.seat.inbox.send(post) => {}
            () = written_off => {}
        }
    }
}
