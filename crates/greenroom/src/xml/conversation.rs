//! One connection of a client of rooms, from its first byte to its last.
//!
//! Bytes go into the sans-IO session, what it asks goes to the hall, and what the hall tells comes
//! out of the mailbox and goes out in one write. While something waits to be sent or asked, the
//! client is not read: a flood stays in its own pipe.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use engine::{Bucket, CloseReason};
use rooms::{Event, Op, UnixMillis, UserId};
use rtmp::Millis;
use xmlsocket::electroserver::{Input, Output, Session};

use super::line::Line;
use super::wire::{Happened, Wire};
use crate::clock;
use crate::hall::{PluginAsk, Presence, wall_clock};
use crate::runner::wait_until;
use crate::shared::{Pass, Shared};

/// What those hear for whom there is no place.
const NO_ROOM: &str = "The server has no room for more connections.";

/// What a client asks for.
enum Asked {
    Op(Op),
    Plugin(PluginAsk),
}

pub(super) struct Conversation {
    shared: Arc<Shared>,
    line: Line,
    session: Session,
    /// When the session wants to be told the time.
    session_due: Option<UnixMillis>,
    /// What is to be asked.
    asked: VecDeque<Asked>,
    requests: Bucket,
    /// `None` until the client has said something, or was greeted.
    presence: Option<Presence>,
    wants_policy: bool,
    logged_in: bool,
    pass: Pass,
}

impl Conversation {
    pub(super) fn new(shared: Arc<Shared>, wire: Wire, peer: SocketAddr, pass: Pass) -> Self {
        let xml = &shared.config.xml;
        Self {
            session: Session::new(shared.xml.hall.dialect.clone(), wall_clock()),
            session_due: None,
            asked: VecDeque::new(),
            requests: Bucket::new(xml.requests_per_second, xml.requests_burst),
            presence: None,
            wants_policy: false,
            logged_in: false,
            line: Line::new(shared.clone(), wire, peer),
            pass,
            shared,
        }
    }

    /// Serves the connection until it ends; `first` are bytes that were read already.
    pub(super) async fn serve(mut self, first: &[u8]) -> CloseReason {
        let reason = self.run(first).await;
        // First, so that others learn of it at once.
        self.presence = None;
        self.line.end(reason).await;
        reason
    }

    async fn run(&mut self, first: &[u8]) -> CloseReason {
        let begun = if self.pass.is_refused() {
            self.turn_away()
        } else if first.is_empty() {
            self.take_outputs();
            Ok(())
        } else {
            self.receive(first).await
        };
        if let Err(reason) = begun {
            return reason;
        }
        loop {
            if let Err(reason) = self.turn().await {
                return reason;
            }
        }
    }

    fn turn_away(&mut self) -> Result<(), CloseReason> {
        let reason = NO_ROOM;
        let denied = self.session.handle(Input::Deny { reason });
        self.take_outputs();
        denied.map_err(|error| self.line.fault(error))?;
        Err(CloseReason::TooManyConnections)
    }

    /// Waits for one thing to happen and sees to it.
    async fn turn(&mut self) -> Result<(), CloseReason> {
        let may_read = self.line.out.is_empty() && self.asked.is_empty();
        let deadline = self.deadline();
        let mailbox = self.presence.as_ref().map(|presence| &presence.mailbox);
        let told = async {
            match mailbox {
                Some(mailbox) => mailbox.woken().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            happened = self.line.happens(may_read) => match happened? {
                Happened::Read(bytes) => self.receive(&bytes).await?,
                Happened::Left => return Err(CloseReason::ClientLeft),
                Happened::Wrote(count) => self.line.note_written(count),
            },
            () = told => {}
            () = wait_until(Some(deadline)) => self.on_deadline().await?,
            () = self.shared.stop_now.cancelled() => return Err(CloseReason::ServerShutdown),
        }
        self.ask().await?;
        self.take_notices()?;
        self.line.write_now()
    }

    fn deadline(&self) -> Millis {
        let login = (!self.logged_in).then(|| self.line.login_deadline());
        let session = self
            .session_due
            .map(|due| clock::now() + due.since(wall_clock()));
        // Between two requests that the rate allows.
        let rest = (!self.asked.is_empty()).then(|| self.line.next_request());
        [login, session, rest]
            .into_iter()
            .flatten()
            .fold(self.line.deadline(), Ord::min)
    }

    async fn on_deadline(&mut self) -> Result<(), CloseReason> {
        if !self.logged_in && self.line.login_deadline() <= clock::now() {
            return Err(CloseReason::LoginTimeout);
        }
        self.line.check()?;
        let time = wall_clock();
        if self.session_due.is_some_and(|due| due <= time) {
            // Whoever is greeted is let in before.
            self.enter().await?;
            let told = self.session.handle(Input::Timeout { now: time });
            self.take_outputs();
            told.map_err(|error| self.line.fault(error))?;
        }
        Ok(())
    }

    async fn receive(&mut self, bytes: &[u8]) -> Result<(), CloseReason> {
        self.line.note_received(bytes.len());
        let now = wall_clock();
        let handled = self.session.handle(Input::Receive { now, bytes });
        self.take_outputs();
        if self.wants_policy {
            self.line.out.clear();
            self.line.push(self.shared.xml.policy.clone());
            return Err(CloseReason::PolicySent);
        }
        if !self.asked.is_empty() || !self.line.out.is_empty() {
            self.enter().await?;
        }
        // What came before a fault still counts.
        self.ask().await?;
        handled.map_err(|error| self.line.fault(error))
    }

    /// Comes into the hall, once. Whoever may not is told nothing.
    async fn enter(&mut self) -> Result<(), CloseReason> {
        if self.presence.is_some() {
            return Ok(());
        }
        let (user, address) = (UserId(self.line.conn.0), self.line.peer.ip().to_canonical());
        match self.shared.xml.hall.enter(user, address).await {
            Ok(presence) => {
                self.presence = Some(presence);
                self.pass.settle();
                Ok(())
            }
            Err(reason) => {
                self.line.out.clear();
                Err(reason)
            }
        }
    }

    /// Takes everything out of the session, after each thing put in.
    fn take_outputs(&mut self) {
        let (hall, conn) = (&self.shared.xml.hall, self.line.conn);
        loop {
            match self.session.poll() {
                Output::Transmit(bytes) => self.line.push(bytes),
                Output::Op(op) => self.asked.push_back(Asked::Op(*op)),
                Output::PolicyRequest => self.wants_policy = true,
                Output::StartPlugins { room, plugins } => {
                    let start = PluginAsk::Start { room, plugins };
                    self.asked.push_back(Asked::Plugin(start));
                }
                Output::CallPlugin {
                    plugin,
                    method,
                    variables,
                    ..
                } => self.asked.push_back(Asked::Plugin(PluginAsk::Call {
                    plugin,
                    method,
                    variables,
                })),
                Output::Unserved {
                    why,
                    action,
                    packet,
                } => hall.unserved.packet(conn, why, &action, &packet),
                Output::Timeout(due) => {
                    self.session_due = due;
                    return;
                }
            }
        }
    }

    /// Asks the hall what the client asks for, as often as it may.
    async fn ask(&mut self) -> Result<(), CloseReason> {
        let Some(presence) = &self.presence else {
            return Ok(());
        };
        while !self.asked.is_empty() && self.requests.take(clock::now()) {
            match self.asked.pop_front() {
                Some(Asked::Op(op)) => presence.ask(op).await?,
                Some(Asked::Plugin(asked)) => presence.ask_plugins(asked).await?,
                None => {}
            }
        }
        if self.asked.is_empty() {
            self.asked = VecDeque::new();
        }
        Ok(())
    }

    /// Takes what the hall tells, unless the client has not taken what it was told before.
    fn take_notices(&mut self) -> Result<(), CloseReason> {
        let Some(presence) = &self.presence else {
            return Ok(());
        };
        if !self.line.out.is_empty() && !presence.mailbox.is_ending() {
            return Ok(());
        }
        let (notices, end) = presence.mailbox.take();
        for notice in notices {
            if let Event::LoggedIn { you, .. } = &notice.event {
                let Line { conn, peer, .. } = &self.line;
                tracing::info!(%conn, %peer, client = ?you.name, "user logged in");
                self.logged_in = true;
            }
            let (event, told) = (&notice.event, notice.told.as_ref());
            let handled = self.session.handle(Input::Told { event, told });
            self.take_outputs();
            handled.map_err(|error| self.line.fault(error))?;
        }
        end.map_or(Ok(()), Err)
    }
}
