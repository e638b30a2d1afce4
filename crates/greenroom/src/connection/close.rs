//! How a connection ends: what the client is still told, the log line, the instance.

use std::net::Shutdown;
use std::time::Duration;

use bytes::BytesMut;
use engine::CloseReason;
use rtmp::status::{Code, Status};
use rtmp::{Body, Deadline, Message};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::sync::mpsc;

use super::Connection;
use crate::applications::InstanceAddress;
use crate::clock;
use crate::metrics;
use crate::runner;

/// How long the last bytes may take to leave, and the peer to close its side. A socket
/// closed with unread bytes would be reset, and the peer might never see the reason.
const LINGER: Duration = Duration::from_secs(2);
/// How long the end of a connection may take.
pub(crate) const LONGEST_END: Duration = runner::PATIENCE.saturating_add(LINGER);
/// The chunk stream of commands of the connection itself.
const COMMAND_CSID: u32 = 3;

const HTTP_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Connection: close\r\nContent-Length: 60\r\n\r\n\
    This port speaks RTMP. Web pages are served on another port.";

/// Whether the first bytes are the start of an HTTP request.
pub(super) fn looks_like_http(bytes: &[u8]) -> bool {
    let methods: [&[u8]; 5] = [b"GET ", b"POST", b"HEAD", b"PUT ", b"OPTI"];
    methods.iter().any(|method| bytes.starts_with(method))
}

impl Connection {
    /// What a fault of the protocol means for the connection.
    pub(super) fn fault(&mut self, error: &rtmp::Error) -> CloseReason {
        self.detail = Some(error.to_string());
        match error {
            rtmp::Error::NotRtmp { .. } => CloseReason::WrongProtocol,
            rtmp::Error::Unsupported { .. } => CloseReason::UnsupportedVersion,
            rtmp::Error::Limit { .. } => CloseReason::ProtocolLimit,
            rtmp::Error::Timeout {
                deadline: Deadline::Handshake,
                ..
            } => CloseReason::HandshakeTimeout,
            rtmp::Error::Timeout {
                deadline: Deadline::Connect,
                ..
            } => CloseReason::ConnectTimeout,
            rtmp::Error::Timeout {
                deadline: Deadline::Idle,
                ..
            } => CloseReason::PingTimeout,
            _ => CloseReason::ProtocolError,
        }
    }

    /// Ends the connection: instance first, so that others learn of it at once.
    pub(super) async fn end(&mut self, reason: CloseReason) {
        self.stop_plays();
        let address = self.seat.as_ref().map(|seat| seat.address.clone());
        self.leave_instance().await;
        self.log_end(reason, address.as_ref());
        metrics::transferred(0, self.outbox.sent_bytes());
        if !matches!(reason, CloseReason::ClientLeft | CloseReason::NetworkError) {
            self.say_why(reason);
            // The peer's own pace is not waited for longer than this.
            let _ = tokio::time::timeout(LINGER, self.linger()).await;
        }
    }

    async fn leave_instance(&mut self) {
        self.publishing.clear();
        let Some(seat) = self.seat.take() else { return };
        let (_, nothing) = mpsc::channel(1);
        let orders = std::mem::replace(&mut self.orders, nothing);
        let unanswered = self.ahead.unanswered() + 1;
        let leaving = runner::leave(seat, self.client, orders, unanswered);
        runner::wait_for_leave(leaving).await;
    }

    fn log_end(&self, reason: CloseReason, address: Option<&InstanceAddress>) {
        let (conn, peer) = (self.client, self.peer);
        let app = address.map(|address| &*address.app);
        let instance = address.map(|address| &*address.instance);
        let (received, sent) = (self.session.bytes_received(), self.outbox.sent_bytes());
        let detail = self.detail.as_deref().unwrap_or_default();
        tracing::info!(
            %conn, %peer, app, instance, %reason, detail, received, sent,
            "connection closed"
        );
    }

    /// Tells the client why, as far as the protocol and the state of its socket allow.
    fn say_why(&mut self, reason: CloseReason) {
        let now = clock::now();
        if self.spoke_http {
            self.outbox.push(HTTP_ANSWER.into());
        }
        let code = match reason {
            CloseReason::ServerShutdown | CloseReason::ScriptStuck => Code::ConnectAppShutdown,
            CloseReason::ProtocolError
            | CloseReason::ProtocolLimit
            | CloseReason::ConnectTimeout
            | CloseReason::PingTimeout => Code::ConnectClosed,
            CloseReason::OutboxFull | CloseReason::PlayerStalled | CloseReason::PlayerBehind => {
                // What waits would take the client too long; why it ends is to come next.
                self.outbox.drop_waiting();
                Code::ConnectClosed
            }
            _ => return self.outbox.flush(now),
        };
        if self.session.handshake().is_some() {
            let detail = self.detail.as_deref().unwrap_or(match reason {
                CloseReason::ServerShutdown => "The server is closing.",
                _ => "The client did not take what it was sent fast enough.",
            });
            let status = Status::new(code, format!("[ {reason} ] : {detail}"));
            self.push_last(Body::Command(status.on_status()));
        }
        self.outbox.flush(now);
    }

    /// Queues a message past the session, which sends nothing any more once it has failed.
    fn push_last(&self, body: Body) {
        // Our own statuses are far below any limit of the encoder.
        let Ok(raw) = Message::connection(body).encode() else {
            return;
        };
        let size = self.session.out_chunk_size() as usize;
        let mut out = BytesMut::new();
        rtmp::chunk::frame(
            COMMAND_CSID,
            0,
            raw.type_id,
            0,
            &raw.payload,
            size,
            &mut out,
        );
        self.outbox.push(out.freeze());
    }

    async fn linger(&self) {
        while !self.outbox.is_flushed() && self.outbox.blocked_since().is_some() {
            if self.socket.ready(Interest::WRITABLE).await.is_err() {
                return;
            }
            self.outbox.on_writable(clock::now());
        }
        if SockRef::from(&*self.socket)
            .shutdown(Shutdown::Write)
            .is_err()
        {
            return;
        }
        let mut ignored = [0; 4096];
        while self.socket.readable().await.is_ok() {
            match self.socket.try_read(&mut ignored) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}
