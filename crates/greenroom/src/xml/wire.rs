//! What bytes come and go over: a TCP socket, or a WebSocket.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll, ready};

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use bytes::{Buf, Bytes, BytesMut};
use engine::CloseReason;
use futures_util::{SinkExt, StreamExt};
use socket2::SockRef;
use tokio::net::TcpStream;

/// Bytes read from a socket at once; one buffer per worker thread serves all connections.
const READ_BYTES: usize = 16 << 10;
/// Texts that go out in one write.
const SLICES: usize = 64;

thread_local! {
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// One connection's way to its client.
pub(super) enum Wire {
    Tcp(TcpStream),
    Web(Box<Web>),
}

/// A WebSocket whose binary messages are a stream of bytes, cut anywhere.
pub(super) struct Web {
    socket: WebSocket,
    /// What was given to the socket may not have left.
    unflushed: bool,
    too_long: bool,
}

/// What has happened on a wire.
pub(super) enum Happened {
    /// These bytes have come.
    Read(Bytes),
    /// The client has closed its side.
    Left,
    /// Some of what waits has left.
    Wrote(usize),
}

type Polled = Poll<Result<Happened, CloseReason>>;

impl Wire {
    pub(super) fn web(socket: WebSocket) -> Self {
        Self::Web(Box::new(Web {
            socket,
            unflushed: false,
            too_long: false,
        }))
    }

    /// Waits for what may happen next: what is in `out` is to leave, or, when there is nothing and
    /// it is wanted, bytes are to come.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        may_read: bool,
        out: &mut VecDeque<Bytes>,
    ) -> Polled {
        match self {
            Self::Tcp(socket) if !out.is_empty() => poll_write(socket, context, out),
            Self::Tcp(socket) if may_read => poll_read(socket, context),
            Self::Tcp(_) => Poll::Pending,
            Self::Web(web) => web.poll(context, may_read, out),
        }
    }

    /// Writes what the socket takes at once, and gives how much that was.
    pub(super) fn write_now(&mut self, out: &mut VecDeque<Bytes>) -> Result<usize, CloseReason> {
        let Self::Tcp(socket) = self else {
            return Ok(0);
        };
        let mut total = 0;
        while !out.is_empty() {
            match write_some(socket, out) {
                Ok(count) => total += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(broken(&error)),
            }
        }
        Ok(total)
    }

    /// Says that nothing more comes, then reads until the client says so too: a socket closed with
    /// unread bytes is reset, and the client may lose what it was sent.
    pub(super) async fn finish(&mut self, reason: CloseReason) {
        match self {
            Self::Tcp(socket) => {
                if SockRef::from(&*socket).shutdown(Shutdown::Write).is_err() {
                    return;
                }
                let mut ignored = [0; 1024];
                while socket.readable().await.is_ok() {
                    match socket.try_read(&mut ignored) {
                        Ok(0) => return,
                        Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
                        _ => {}
                    }
                }
            }
            Self::Web(web) => web.finish(reason).await,
        }
    }
}

impl Web {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        may_read: bool,
        out: &mut VecDeque<Bytes>,
    ) -> Polled {
        let failed = |_: axum::Error| CloseReason::NetworkError;
        if !out.is_empty() {
            ready!(self.socket.poll_ready_unpin(context)).map_err(failed)?;
            let bytes = joined(out);
            let count = bytes.len();
            self.socket
                .start_send_unpin(Message::Binary(bytes))
                .map_err(failed)?;
            self.unflushed = true;
            return Poll::Ready(Ok(Happened::Wrote(count)));
        }
        if self.unflushed
            && let Poll::Ready(flushed) = self.socket.poll_flush_unpin(context)
        {
            flushed.map_err(failed)?;
            self.unflushed = false;
        }
        if may_read {
            self.poll_read(context)
        } else {
            Poll::Pending
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Polled {
        loop {
            return Poll::Ready(match ready!(self.socket.poll_next_unpin(context)) {
                Some(Ok(Message::Binary(bytes))) => Ok(Happened::Read(bytes)),
                Some(Ok(Message::Text(text))) => Ok(Happened::Read(text.into())),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_))) | None => Ok(Happened::Left),
                // The type behind the error is that of a library below axum's.
                Some(Err(error)) if error.to_string().contains("too long") => {
                    self.too_long = true;
                    Err(CloseReason::ProtocolLimit)
                }
                Some(Err(_)) => Err(CloseReason::NetworkError),
            });
        }
    }

    async fn finish(&mut self, reason: CloseReason) {
        let frame = CloseFrame {
            code: if self.too_long {
                close_code::SIZE
            } else {
                close_code::NORMAL
            },
            reason: reason.as_str().into(),
        };
        if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = self.socket.recv().await {}
        }
    }
}

fn poll_write(socket: &TcpStream, context: &mut Context<'_>, out: &mut VecDeque<Bytes>) -> Polled {
    loop {
        ready!(socket.poll_write_ready(context)).map_err(|error| broken(&error))?;
        match write_some(socket, out) {
            Ok(count) => return Poll::Ready(Ok(Happened::Wrote(count))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(broken(&error))),
        }
    }
}

fn poll_read(socket: &TcpStream, context: &mut Context<'_>) -> Polled {
    READ_BUFFER.with_borrow_mut(|buffer| {
        loop {
            ready!(socket.poll_read_ready(context)).map_err(|error| broken(&error))?;
            match socket.try_read(buffer) {
                Ok(0) => return Poll::Ready(Ok(Happened::Left)),
                Ok(count) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    return Poll::Ready(Ok(Happened::Read(Bytes::copy_from_slice(bytes))));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(broken(&error))),
            }
        }
    })
}

fn broken(error: &io::Error) -> CloseReason {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => CloseReason::ClientLeft,
        _ => CloseReason::NetworkError,
    }
}

fn write_some(socket: &TcpStream, out: &mut VecDeque<Bytes>) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    for (slice, bytes) in slices.iter_mut().zip(&*out) {
        *slice = IoSlice::new(bytes);
    }
    let count = out.len().min(SLICES);
    let written = socket.try_write_vectored(&slices[..count])?;
    advance(out, written);
    Ok(written)
}

fn advance(out: &mut VecDeque<Bytes>, mut written: usize) {
    while let Some(first) = out.front_mut() {
        if written < first.len() {
            first.advance(written);
            return;
        }
        written -= first.len();
        out.pop_front();
    }
    // Whoever was sent much once does not need the room for ever.
    *out = VecDeque::new();
}

fn joined(out: &mut VecDeque<Bytes>) -> Bytes {
    if out.len() == 1 {
        return out.pop_front().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(out.iter().map(Bytes::len).sum());
    for bytes in out.drain(..) {
        all.extend_from_slice(&bytes);
    }
    all.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(parts: &[&'static str]) -> VecDeque<Bytes> {
        parts
            .iter()
            .map(|part| Bytes::from_static(part.as_bytes()))
            .collect()
    }

    #[test]
    fn what_has_left_is_taken_out_across_texts() {
        let mut out = queue(&["abc", "de", "f"]);
        advance(&mut out, 4);
        assert_eq!(out, queue(&["e", "f"]));
        advance(&mut out, 2);
        assert!(out.is_empty());
    }

    #[test]
    fn texts_join_in_order() {
        assert_eq!(joined(&mut queue(&["abc"])), "abc");
        assert_eq!(joined(&mut queue(&["abc", "de"])), "abcde");
    }
}
