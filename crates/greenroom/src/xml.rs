//! The XML ports: who speaks on them, and the policy file.
//!
//! The first bytes decide. `GET ` is a browser that wants a WebSocket; a policy request gets the
//! policy file and the end; everything else is the port's dialect: ElectroServer's, in which whoever
//! is silent for `xml.greeting_wait_ms` is greeted, or texts that the server does not read. One more
//! port may serve policy files only.

mod conversation;
mod line;
mod origin;
mod policy;
mod raw;
mod relay;
mod visitor;
mod web;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::CloseReason;
use tokio::net::TcpStream;

use crate::config::{Config, Dialect};
use crate::hall::Hall;
use crate::metrics::{OpenConnection, Transport};
use crate::shared::{Pass, Shared};
use conversation::Conversation;
use raw::Raw;
use relay::Relay;
use wire::Wire;

pub(crate) use policy::serve as serve_policy;

/// How a browser's first request begins.
const HTTP: &[u8] = b"GET ";
/// Bytes that are read to see who speaks.
const FIRST_BYTES: usize = 512;

/// What the connections of all XML ports share.
pub(crate) struct XmlPorts {
    pub(crate) hall: Hall,
    /// The policy file with its zero byte.
    pub(crate) policy: Bytes,
}

impl XmlPorts {
    /// `numbers` are those of the ports that are listened on.
    pub(crate) fn new(config: &Config, numbers: &[u16], hall: Hall) -> Self {
        Self {
            hall,
            policy: policy::document(config, numbers),
        }
    }
}

/// One port.
pub(crate) struct Port {
    number: u16,
    dialect: Dialect,
    /// Who is there, if it is one that relays.
    relay: Arc<Relay>,
}

impl Port {
    /// A port that is listened on.
    pub(crate) fn new(number: u16, dialect: Dialect) -> Arc<Self> {
        Arc::new(Self {
            number,
            dialect,
            relay: Arc::default(),
        })
    }
}

/// Serves an accepted connection until it ends.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    socket: TcpStream,
    peer: SocketAddr,
    pass: Pass,
    port: Arc<Port>,
) {
    // A failure costs latency only.
    let _ = socket.set_nodelay(true);
    let mut first = Vec::new();
    let wait = Duration::from_millis(shared.config.xml.greeting_wait_ms);
    // What fails here fails again at the next read. Silence is for the dialect to break.
    let _ = tokio::time::timeout(wait, first_bytes(&socket, &mut first)).await;
    if first.starts_with(HTTP) {
        // Rare, and large: not part of every connection's task.
        return Box::pin(web::serve(shared, socket, (peer, pass), port, first)).await;
    }
    let open = OpenConnection::new(Transport::Xml);
    let wire = Wire::Tcp(socket);
    let reason = converse(shared, wire, (peer, pass), port, &first).await;
    open.ended(reason);
}

/// Serves a connection in the dialect of its port.
async fn converse(
    shared: Arc<Shared>,
    wire: Wire,
    (peer, pass): (SocketAddr, Pass),
    port: Arc<Port>,
    first: &[u8],
) -> CloseReason {
    if port.dialect == Dialect::ElectroServer {
        let conversation = Conversation::new(shared, wire, peer, pass);
        conversation.serve(first).await
    } else {
        // Not part of the task of every other connection.
        let raw = Raw::new(shared, wire, peer, pass, port);
        Box::pin(raw.serve(first)).await
    }
}

/// Reads until it can be said who speaks.
async fn first_bytes(socket: &TcpStream, first: &mut Vec<u8>) -> std::io::Result<()> {
    let mut buffer = [0; FIRST_BYTES];
    loop {
        socket.readable().await?;
        match socket.try_read(&mut buffer) {
            Ok(count) => first.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        let undecided = !first.is_empty() && first.len() < HTTP.len() && HTTP.starts_with(first);
        if !undecided {
            return Ok(());
        }
    }
}
