//! The sockets of scripts (`XMLSocket`): texts over TCP, each with a zero byte after it.

use std::io;
use std::sync::Arc;

use engine::Input;
use engine::scripting::SocketId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::texts::{Incoming, TooLong};
use super::{Errands, LinkSettings, WAITING, WayBack, is_allowed};

/// Bytes read from the socket at once.
const READ_BYTES: usize = 8 << 10;

/// What a socket is to do.
enum Job {
    /// Send these bytes; there is room for more when they are gone.
    Send(Vec<u8>, OwnedSemaphorePermit),
    Close,
}

/// The texts that wait for one socket: so many, and so many bytes of them.
pub(super) struct Texts {
    jobs: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
}

impl Texts {
    fn new(most_bytes: usize) -> (Self, mpsc::Receiver<Job>) {
        let (jobs, taken) = mpsc::channel(WAITING);
        let room = Arc::new(Semaphore::new(most_bytes));
        (Self { jobs, room }, taken)
    }

    /// Whether what carries the socket has come to its end.
    pub(super) fn is_over(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Whether there is room for the text.
    fn send(&self, text: String) -> bool {
        let mut bytes = text.into_bytes();
        bytes.push(0);
        let Ok(length) = u32::try_from(bytes.len()) else {
            return false;
        };
        let room = self.room.clone().try_acquire_many_owned(length);
        room.is_ok_and(|room| self.jobs.try_send(Job::Send(bytes, room)).is_ok())
    }
}

impl Errands {
    /// Connects a socket, which may receive texts of `text_bytes`.
    pub(crate) fn open_socket(
        &mut self,
        life: u64,
        socket: SocketId,
        server: (String, u16),
        text_bytes: usize,
    ) {
        if let Err(why) = self.make_room() {
            let why = Some(why);
            return self.refused.push_back(Input::SocketClosed { socket, why });
        }
        let settings = self.settings.clone();
        let (texts, jobs) = Texts::new(settings.socket_bytes);
        self.sockets.insert(socket, texts);
        let (back, carried) = (self.way_back(life), self.carried.clone());
        self.runtime.spawn(async move {
            let incoming = Incoming::new(text_bytes);
            let ended = carry(&settings, &server, socket, (incoming, jobs), &back).await;
            let why = match ended {
                Ended::AsWished => return,
                Ended::ByPeer => None,
                Ended::Why(why) => Some(why),
            };
            let (host, port) = server;
            tracing::debug!(host, port, why, "a script's socket has ended");
            back.post(Input::SocketClosed { socket, why }).await;
            drop(carried);
        });
    }

    pub(crate) fn send_text(&mut self, socket: SocketId, text: String) {
        if let Some(texts) = self.sockets.get(&socket)
            && !texts.send(text)
        {
            // What carries the socket finds that nobody sends any more, and ends it.
            self.sockets.remove(&socket);
        }
    }

    pub(crate) fn close_socket(&mut self, socket: SocketId) {
        self.forget_refused(
            |told| matches!(told, Input::SocketClosed { socket: refused, .. } if *refused == socket),
        );
        if let Some(texts) = self.sockets.remove(&socket) {
            // If there is no room the socket ends as well, for nobody sends any more.
            let _ = texts.jobs.try_send(Job::Close);
        }
    }
}

/// How a socket ended.
enum Ended {
    /// The script wished it, and is told nothing.
    AsWished,
    /// The other side closed it.
    ByPeer,
    /// Otherwise.
    Why(String),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Why(format!("{error}."))
    }
}

/// Carries a socket until one side ends it.
async fn carry(
    settings: &LinkSettings,
    (host, port): &(String, u16),
    socket: SocketId,
    (incoming, mut jobs): (Incoming, mpsc::Receiver<Job>),
    back: &WayBack,
) -> Ended {
    if !is_allowed(host, *port, settings) {
        return Ended::Why(format!(
            "Scripts may not connect to {host}:{port}; see script.hosts and scripts.allowed_hosts."
        ));
    }
    let connecting = timeout(
        settings.patience,
        TcpStream::connect((host.as_str(), *port)),
    );
    let mut stream = tokio::select! {
        connected = connecting => match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return error.into(),
            Err(_) => return Ended::Why("The server does not answer.".into()),
        },
        // Nothing is sent before the script knows that it is connected.
        _ = jobs.recv() => return Ended::AsWished,
        () = back.written_off.cancelled() => return Ended::AsWished,
    };
    // A failure costs latency only.
    let _ = stream.set_nodelay(true);
    back.post(Input::SocketOpened { socket }).await;
    let (read, mut write) = stream.split();
    let ended = tokio::select! {
        ended = listen(read, incoming, socket, back) => ended,
        ended = speak(&mut write, jobs, settings) => ended,
        () = back.written_off.cancelled() => Ok(Ended::AsWished),
    };
    // The peer learns of it from the end of the stream; there is nothing more to do for it.
    let _ = write.shutdown().await;
    ended.unwrap_or_else(Ended::from)
}

/// Hands over what the other side sends.
async fn listen(
    mut read: ReadHalf<'_>,
    mut incoming: Incoming,
    socket: SocketId,
    back: &WayBack,
) -> io::Result<Ended> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = read.read(&mut buffer).await?;
        if count == 0 {
            return Ok(Ended::ByPeer);
        }
        let mut received = buffer.get(..count).unwrap_or_default();
        loop {
            match incoming.next(&mut received) {
                Ok(Some(bytes)) => back.post(Input::SocketText { socket, bytes }).await,
                Ok(None) => break,
                Err(TooLong) => {
                    let why = "The other side sends a longer text than it may.";
                    return Ok(Ended::Why(why.into()));
                }
            }
        }
    }
}

/// Sends what the script wants sent.
async fn speak(
    write: &mut WriteHalf<'_>,
    mut jobs: mpsc::Receiver<Job>,
    settings: &LinkSettings,
) -> io::Result<Ended> {
    while let Some(job) = jobs.recv().await {
        let Job::Send(bytes, room) = job else {
            return Ok(Ended::AsWished);
        };
        let written = timeout(settings.patience, write.write_all(&bytes)).await;
        drop(room);
        match written {
            Ok(written) => written?,
            Err(_) => {
                return Ok(Ended::Why(
                    "The other side does not take what it is sent.".into(),
                ));
            }
        }
    }
    let most = settings.socket_bytes;
    Ok(Ended::Why(format!(
        "More than {most} bytes or {WAITING} texts wait to be sent."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_wait_up_to_so_many_bytes() {
        let (texts, mut jobs) = Texts::new(10);
        assert!(texts.send("1234".into()));
        assert!(texts.send("123".into()));
        assert!(!texts.send("1".into()));
        // One is taken: there is room again.
        assert!(matches!(jobs.try_recv(), Ok(Job::Send(bytes, _)) if bytes == b"1234\0"));
        assert!(texts.send("12345".into()));
        assert!(!texts.send(String::new()));
    }

    #[test]
    fn texts_wait_up_to_so_many() {
        let (texts, _jobs) = Texts::new(10 * WAITING);
        for _ in 0..WAITING {
            assert!(texts.send(String::new()));
        }
        assert!(!texts.send(String::new()));
    }
}
