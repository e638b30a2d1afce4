//! The XML port: who speaks on it, and the policy file.
//!
//! The first bytes decide. `GET ` is a browser that wants a WebSocket; a policy request gets the
//! policy file and the end; everything else is the ElectroServer dialect, and whoever is silent for
//! `xml.greeting_wait_ms` is greeted in it. A second port may serve policy files only.

mod conversation;
mod origin;
mod policy;
mod web;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;

use crate::config::Config;
use crate::hall::Hall;
use crate::metrics::{OpenConnection, Transport};
use crate::shared::{Pass, Shared};
use conversation::Conversation;
use wire::Wire;

pub(crate) use policy::serve as serve_policy;

/// How a browser's first request begins.
const HTTP: &[u8] = b"GET ";
/// Bytes that are read to see who speaks.
const FIRST_BYTES: usize = 512;

/// What the connections of the port share.
pub(crate) struct XmlPort {
    pub(crate) hall: Hall,
    /// The policy file with its zero byte.
    pub(crate) policy: Bytes,
}

impl XmlPort {
    /// `port` is the one that `xml.listen` has become.
    pub(crate) fn new(config: &Config, port: u16, hall: Hall) -> Self {
        Self {
            hall,
            policy: policy::document(config, port),
        }
    }
}

/// Serves an accepted connection until it ends.
pub(crate) async fn serve(shared: Arc<Shared>, socket: TcpStream, peer: SocketAddr, pass: Pass) {
    // A failure costs latency only.
    let _ = socket.set_nodelay(true);
    let mut first = Vec::new();
    let wait = Duration::from_millis(shared.config.xml.greeting_wait_ms);
    // What fails here fails again at the next read. Silence is for the dialect to break.
    let _ = tokio::time::timeout(wait, first_bytes(&socket, &mut first)).await;
    if first.starts_with(HTTP) {
        // Rare, and large: not part of every connection's task.
        return Box::pin(web::serve(shared, socket, peer, pass, first)).await;
    }
    let open = OpenConnection::new(Transport::Xml);
    let wire = Wire::Tcp(socket);
    let reason = Conversation::new(shared, wire, peer, pass)
        .serve(&first)
        .await;
    open.ended(reason);
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
