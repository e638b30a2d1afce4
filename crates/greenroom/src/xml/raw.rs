//! One connection of a port whose texts are not read by the server: they go to a relay or to a script.
//!
//! As with packets, a client is not read while something waits to be sent to it or handed on.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use engine::{Bucket, CloseReason};
use rooms::UserId;
use rtmp::Millis;
use xmlsocket::{Charset, Frame, Framer, Limits};

use super::Port;
use super::line::Line;
use super::relay::Member;
use super::visitor::{Visitor, Wish};
use super::wire::{Happened, Wire};
use crate::clock;
use crate::config::Dialect;
use crate::runner::wait_until;
use crate::shared::{Pass, Shared};

pub(super) struct Raw {
    shared: Arc<Shared>,
    port: Arc<Port>,
    line: Line,
    framer: Framer,
    /// Texts that have come and were not handed on.
    texts: VecDeque<String>,
    requests: Bucket,
    place: Place,
    pass: Pass,
}

/// Where the texts of a connection go.
enum Place {
    /// Nowhere yet.
    Outside,
    Relay(Member),
    Script(Box<Visitor>),
}

/// What comes from there.
enum News {
    Mail,
    Wish(Wish),
}

impl Place {
    async fn news(&mut self) -> News {
        match self {
            Self::Outside => std::future::pending().await,
            Self::Relay(member) => {
                member.mailbox.woken().await;
                News::Mail
            }
            Self::Script(visitor) => News::Wish(visitor.wish().await),
        }
    }

    /// Whether it takes a text now.
    fn is_ready(&self) -> bool {
        match self {
            Self::Script(visitor) => visitor.is_idle(),
            _ => true,
        }
    }
}

impl Raw {
    pub(super) fn new(
        shared: Arc<Shared>,
        wire: Wire,
        peer: SocketAddr,
        pass: Pass,
        port: Arc<Port>,
    ) -> Self {
        let xml = &shared.config.xml;
        let limits = Limits {
            frame_bytes: xml.frame_bytes,
            ..Limits::default()
        };
        // The key was checked when it was read.
        let charset = Charset::new(&xml.code_page).unwrap_or_default();
        Self {
            framer: Framer::new(charset, &limits),
            texts: VecDeque::new(),
            requests: Bucket::new(xml.requests_per_second, xml.requests_burst),
            place: Place::Outside,
            line: Line::new(shared.clone(), wire, peer),
            port,
            pass,
            shared,
        }
    }

    /// Serves the connection until it ends; `first` are bytes that were read already.
    pub(super) async fn serve(mut self, first: &[u8]) -> CloseReason {
        let reason = self.run(first).await;
        // First, so that others learn of it at once.
        self.place = Place::Outside;
        self.line.end(reason).await;
        reason
    }

    async fn run(&mut self, first: &[u8]) -> CloseReason {
        if self.pass.is_refused() {
            return CloseReason::TooManyConnections;
        }
        let begun = if first.is_empty() {
            self.enter().await
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

    /// Waits for one thing to happen and sees to it.
    async fn turn(&mut self) -> Result<(), CloseReason> {
        let may_read = self.line.out.is_empty() && self.texts.is_empty();
        let deadline = self.deadline();
        tokio::select! {
            happened = self.line.happens(may_read) => match happened? {
                Happened::Read(bytes) => self.receive(&bytes).await?,
                Happened::Left => return Err(CloseReason::ClientLeft),
                Happened::Wrote(count) => self.line.note_written(count),
            },
            news = self.place.news() => match news {
                News::Wish(Wish::Text(text)) => self.send(&text)?,
                News::Wish(Wish::End(reason)) => return Err(reason),
                News::Wish(Wish::Done) | News::Mail => {}
            },
            () = wait_until(Some(deadline)) => {
                if self.waits_for_name() && self.line.login_deadline() <= clock::now() {
                    return Err(CloseReason::LoginTimeout);
                }
                self.line.check()?;
            }
            () = self.shared.stop_now.cancelled() => return Err(CloseReason::ServerShutdown),
        }
        self.hand_on().await?;
        self.take_mail()?;
        self.line.write_now()
    }

    fn deadline(&self) -> Millis {
        let name = self.waits_for_name().then(|| self.line.login_deadline());
        let may_go_on = !self.texts.is_empty() && self.place.is_ready();
        let rest = may_go_on.then(|| self.line.next_request());
        [name, rest]
            .into_iter()
            .flatten()
            .fold(self.line.deadline(), Ord::min)
    }

    fn waits_for_name(&self) -> bool {
        let rooms = self.port.dialect == Dialect::Relay { rooms: true };
        rooms && matches!(self.place, Place::Outside)
    }

    async fn receive(&mut self, bytes: &[u8]) -> Result<(), CloseReason> {
        self.line.note_received(bytes.len());
        self.framer.receive(bytes);
        loop {
            match self.framer.poll() {
                Ok(None) => break,
                Ok(Some(Frame::Text(text))) => self.texts.push_back(text),
                Ok(Some(Frame::PolicyRequest)) => {
                    self.line.out.clear();
                    self.line.push(self.shared.xml.policy.clone());
                    return Err(CloseReason::PolicySent);
                }
                Err(error) => {
                    // What came before a fault still counts.
                    self.hand_on().await?;
                    return Err(self.line.fault(error));
                }
            }
        }
        self.hand_on().await
    }

    /// Hands on what has come, as often as the client may.
    async fn hand_on(&mut self) -> Result<(), CloseReason> {
        while !self.texts.is_empty() && self.place.is_ready() && self.requests.take(clock::now()) {
            if matches!(self.place, Place::Outside) {
                self.enter().await?;
                // The texts of an instance wait until it has heard of the connection.
                continue;
            }
            let Some(text) = self.texts.pop_front() else {
                break;
            };
            match &mut self.place {
                Place::Relay(member) => member.say(&text),
                Place::Script(visitor) => visitor.say(text).await?,
                Place::Outside => {}
            }
        }
        if self.texts.is_empty() {
            self.texts = VecDeque::new();
        }
        Ok(())
    }

    /// Comes to the place of the port, if it is known which that is.
    async fn enter(&mut self) -> Result<(), CloseReason> {
        let (conn, ip) = (self.line.conn, self.line.peer.ip().to_canonical());
        // Bans of addresses are the hall's, and hold on every port.
        drop(self.shared.xml.hall.enter(UserId(conn.0), ip).await?);
        let mailbox_bytes = self.shared.config.xml.outbox_bytes;
        match &self.port.dialect {
            Dialect::Relay { rooms: false } => {
                self.place = Place::Relay(self.port.relay.enter("", conn, mailbox_bytes));
            }
            Dialect::Relay { rooms: true } => {
                let Some(name) = self.texts.pop_front() else {
                    return Ok(());
                };
                let most = self.shared.config.xml.relay_room_bytes;
                if name.len() > most {
                    let what = "the name of the room is over the limit of";
                    self.line.detail = Some(format!("{what} {most} (xml.relay_room_bytes)"));
                    return Err(CloseReason::ProtocolLimit);
                }
                self.place = Place::Relay(self.port.relay.enter(&name, conn, mailbox_bytes));
            }
            Dialect::Script { app, instance } => {
                let joined = Visitor::join(&self.shared, conn, (app, instance)).await;
                let mut visitor = joined.map_err(|why| {
                    self.line.detail = Some(why.description());
                    CloseReason::Rejected
                })?;
                visitor.open(ip.to_string(), self.port.number).await?;
                self.place = Place::Script(Box::new(visitor));
            }
            Dialect::ElectroServer => return Err(CloseReason::InternalError),
        }
        self.pass.settle();
        Ok(())
    }

    /// Takes what the relay brings, unless the client has not taken what came before.
    fn take_mail(&mut self) -> Result<(), CloseReason> {
        let Place::Relay(member) = &self.place else {
            return Ok(());
        };
        let mailbox = member.mailbox.clone();
        if !self.line.out.is_empty() && !mailbox.is_ending() {
            return Ok(());
        }
        let (mail, end) = mailbox.take();
        let charset = self.framer.charset();
        for bytes in mail {
            self.line.push(in_charset(charset, bytes));
        }
        end.map_or(Ok(()), Err)
    }

    fn send(&mut self, text: &str) -> Result<(), CloseReason> {
        let mut framed = BytesMut::with_capacity(text.len() + 1);
        self.framer.charset().frame_any(text, &mut framed);
        self.line.push(framed.freeze());
        if self.line.waiting() > self.shared.config.xml.outbox_bytes {
            self.line.detail =
                Some("the script sends more than it takes (xml.outbox_bytes)".into());
            return Err(CloseReason::OutboxFull);
        }
        Ok(())
    }
}

/// A text in UTF-8 with its zero byte, as this client writes.
fn in_charset(charset: &Charset, framed: Bytes) -> Bytes {
    match framed.strip_suffix(b"\0").map(str::from_utf8) {
        Some(Ok(text)) if !charset.is_utf8() => {
            let mut out = BytesMut::with_capacity(framed.len());
            charset.frame_any(text, &mut out);
            out.freeze()
        }
        _ => framed,
    }
}
