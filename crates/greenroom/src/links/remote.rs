//! A connection to another server: a client's session over a socket.

use std::io;

use engine::Input;
use engine::scripting::LinkId;
use rtmp::{Event, Output, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Ended, Errand, LinkSettings, WayBack, overflown};
use crate::clock;
use crate::runner::wait_until;
use crate::trust::Stream;

/// Bytes read from the socket at once.
const READ_BYTES: usize = 8 << 10;

/// Another server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    /// Over TLS (`rtmps`).
    pub(super) secure: bool,
}

async fn connect(settings: &LinkSettings, server: &Server) -> Result<Box<dyn Stream>, String> {
    let address = (server.host.as_str(), server.port);
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|error| error.to_string())?;
    let trust = &settings.trust;
    trust.over(&server.host, stream, server.secure).await
}

/// Carries a connection to another server until one side ends it.
pub(super) async fn carry(
    settings: &LinkSettings,
    server: &Server,
    link: LinkId,
    (errands, unwanted): (mpsc::Receiver<Errand>, CancellationToken),
    back: &WayBack,
) -> Ended {
    let connecting = timeout(settings.patience, connect(settings, server));
    let socket = match wanted(connecting, &unwanted, back).await {
        Some(Ok(Ok(socket))) => socket,
        Some(Ok(Err(why))) => return Ended::Why(why),
        Some(Err(_)) => return Ended::Why("The server does not answer.".into()),
        None => return Ended::AsWished,
    };
    let session = Session::client(settings.session.clone(), rand::random(), clock::now());
    let mut wire = Wire {
        settings,
        socket,
        session,
        link,
        back,
    };
    let ended = wire.run(errands).await;
    // The peer learns of it from the end of the stream; there is nothing more to do for it.
    let _ = wire.socket.shutdown().await;
    ended.unwrap_or_else(|error| Ended::Why(error.to_string()))
}

/// Waits for something as long as the script wants it.
pub(super) async fn wanted<T>(
    something: impl Future<Output = T>,
    unwanted: &CancellationToken,
    back: &WayBack,
) -> Option<T> {
    tokio::select! {
        it = something => Some(it),
        () = unwanted.cancelled() => None,
        () = back.written_off.cancelled() => None,
    }
}

struct Wire<'a> {
    settings: &'a LinkSettings,
    socket: Box<dyn Stream>,
    session: Session,
    link: LinkId,
    back: &'a WayBack,
}

impl Wire<'_> {
    async fn run(&mut self, mut errands: mpsc::Receiver<Errand>) -> io::Result<Ended> {
        let mut buffer = vec![0; READ_BYTES];
        let mut due = self.drain().await?;
        loop {
            let handled = tokio::select! {
                read = self.socket.read(&mut buffer) => match read? {
                    0 => return Ok(Ended::Why("The server closed the connection.".into())),
                    count => {
                        let bytes = buffer.get(..count).unwrap_or_default();
                        self.session.handle(rtmp::Input::Receive { now: clock::now(), bytes })
                    }
                },
                errand = errands.recv() => match errand {
                    Some(Errand::Send(message)) => self.session.handle(rtmp::Input::Send(message)),
                    Some(Errand::Close) => return Ok(Ended::AsWished),
                    None => return Ok(overflown()),
                },
                () = wait_until(due) => {
                    self.session.handle(rtmp::Input::Timeout { now: clock::now() })
                }
                () = self.back.written_off.cancelled() => return Ok(Ended::AsWished),
            };
            // What was read before a fault still counts.
            due = self.drain().await?;
            match handled {
                // The session goes on without what cannot be said in its encoding.
                Ok(()) | Err(rtmp::Error::Unsendable { .. }) => {}
                Err(error) => return Ok(Ended::Why(error.to_string())),
            }
        }
    }

    /// Takes everything out of the session, after each thing put in.
    async fn drain(&mut self) -> io::Result<Option<rtmp::Millis>> {
        loop {
            match self.session.poll() {
                Output::Transmit(bytes) => {
                    let write = async {
                        self.socket.write_all(&bytes).await?;
                        self.socket.flush().await
                    };
                    let written = timeout(self.settings.patience, write);
                    written.await.map_err(|_| io::ErrorKind::TimedOut)??;
                }
                Output::Event(Event::Message(message)) => {
                    let link = self.link;
                    self.back.post(Input::LinkMessage { link, message }).await;
                }
                Output::Event(_) => {}
                Output::Timeout(at) => return Ok(at),
            }
        }
    }
}
