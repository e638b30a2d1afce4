//! How fast the peer of an HTTP connection takes what it is sent.
//!
//! A write that waits is the only sign of a slow peer: a quiet stream writes nothing and
//! says nothing of its players. [`Paced`] stands between the socket and hyper, so that one
//! rule holds for pages, FLV over HTTP and WebSocket alike.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use engine::CloseReason;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What was found of a peer's pace: nothing, or why its connection is closed.
#[derive(Debug, Default)]
pub(crate) struct Verdict(OnceLock<CloseReason>);

impl Verdict {
    /// Has the connection closed; the first reason stays.
    pub(crate) fn close(&self, reason: CloseReason) {
        let _ = self.0.set(reason);
    }

    /// Why the connection is closed, if it is for its pace.
    pub(crate) fn reason(&self) -> Option<CloseReason> {
        self.0.get().copied()
    }
}

/// A stream whose writes fail once one has waited longer than the bound.
pub(crate) struct Paced<S> {
    socket: S,
    stall: Duration,
    /// When a write that waits has waited too long.
    overdue: Option<Pin<Box<Sleep>>>,
    verdict: Arc<Verdict>,
}

impl<S> Paced<S> {
    /// `stall` bounds how long the peer may take nothing.
    pub(crate) fn new(socket: S, stall: Duration, verdict: Arc<Verdict>) -> Self {
        Self {
            socket,
            stall,
            overdue: None,
            verdict,
        }
    }

    /// Judges the outcome of a write.
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.overdue = None;
            return written;
        }
        let due = Instant::now() + self.stall;
        let overdue = self
            .overdue
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        ready!(overdue.as_mut().poll(context));
        self.verdict.close(CloseReason::PlayerStalled);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn check(&self) -> io::Result<()> {
        match self.verdict.reason() {
            Some(_) => Err(io::ErrorKind::TimedOut.into()),
            None => Ok(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        self.judge(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const STALL: Duration = Duration::from_secs(15);

    fn pipe() -> (Paced<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (near, far) = duplex(4);
        (Paced::new(near, STALL, Arc::default()), far)
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_waits_too_long_fails_and_names_the_reason() {
        let (mut paced, _far) = pipe();
        let verdict = paced.verdict.clone();
        let started = Instant::now();
        let error = paced.write_all(b"12345").await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() >= STALL);
        assert_eq!(verdict.reason(), Some(CloseReason::PlayerStalled));
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_connection_is_not_judged() {
        let (mut paced, mut far) = pipe();
        paced.write_all(b"1234").await.expect("there is room");
        tokio::time::sleep(STALL * 4).await;
        let mut read = [0; 4];
        far.read_exact(&mut read).await.expect("what was sent");
        paced.write_all(b"5678").await.expect("there is room again");
        assert_eq!(paced.verdict.reason(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_is_measured_for_itself() {
        let (mut paced, mut far) = pipe();
        let reader = tokio::spawn(async move {
            let mut read = [0; 4];
            for _ in 0..4 {
                tokio::time::sleep(STALL * 2 / 3).await;
                far.read_exact(&mut read).await.expect("what was sent");
            }
        });
        paced
            .write_all(b"1234567890123456")
            .await
            .expect("slow, yet it reads");
        reader.await.expect("no panic");
    }
}
