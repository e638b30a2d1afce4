//! The policy file, and the port that serves nothing else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::CloseReason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use xmlsocket::{Access, Charset, Frame, Framer, Limits, Policy, Ports, SiteControl};

use crate::config::{Config, OtherPolicies};
use crate::metrics::{OpenConnection, Transport};
use crate::shared::{Pass, Shared};

/// The longest request, with room for spaces.
const REQUEST_BYTES: usize = 64;
/// How long a player may take to close its side.
const LINGER: Duration = Duration::from_secs(2);

/// The policy file of a server with these XML ports.
pub(super) fn document(config: &Config, own: &[u16]) -> Bytes {
    let xml = &config.xml;
    // The keys were checked when they were read: nothing is left out.
    let ports = xml.policy_ports.parse().unwrap_or_else(|_| {
        let own = own.iter().map(|port| *port..=*port);
        Ports::Some(own.collect())
    });
    let domains = xml.policy_domains.iter();
    let policy = Policy {
        site_control: Some(match xml.policy_others {
            OtherPolicies::All => SiteControl::All,
            OtherPolicies::MasterOnly => SiteControl::MasterOnly,
            OtherPolicies::None => SiteControl::None,
        }),
        access: domains
            .filter_map(|domain| Access::new(domain, ports.clone()).ok())
            .collect(),
    };
    policy.document().freeze()
}

/// Serves a connection to the port for policy files.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    mut socket: TcpStream,
    peer: SocketAddr,
    pass: Pass,
) {
    let open = OpenConnection::new(Transport::Policy);
    let patience = Duration::from_millis(shared.config.limits.handshake_timeout_ms);
    let reason = tokio::select! {
        asked = tokio::time::timeout(patience, request(&mut socket)) => {
            asked.unwrap_or(CloseReason::HandshakeTimeout)
        }
        () = shared.stop_now.cancelled() => CloseReason::ServerShutdown,
    };
    if reason == CloseReason::PolicySent {
        // A player that does not take part is left to itself.
        let _ = tokio::time::timeout(LINGER, answer(&mut socket, &shared.xml.policy)).await;
    }
    tracing::debug!(%peer, %reason, "policy connection closed");
    open.ended(reason);
    drop(pass);
}

/// Reads the one thing that may be asked.
async fn request(socket: &mut TcpStream) -> CloseReason {
    let limits = Limits {
        frame_bytes: REQUEST_BYTES,
        ..Limits::default()
    };
    let mut framer = Framer::new(Charset::default(), &limits);
    let mut buffer = [0; REQUEST_BYTES];
    loop {
        match socket.read(&mut buffer).await {
            Ok(0) => return CloseReason::ClientLeft,
            Ok(count) => framer.receive(buffer.get(..count).unwrap_or_default()),
            Err(_) => return CloseReason::NetworkError,
        }
        match framer.poll() {
            Ok(None) => {}
            Ok(Some(Frame::PolicyRequest)) => return CloseReason::PolicySent,
            Ok(Some(Frame::Text(_))) | Err(_) => return CloseReason::WrongProtocol,
        }
    }
}

async fn answer(socket: &mut TcpStream, document: &[u8]) -> std::io::Result<()> {
    socket.write_all(document).await?;
    socket.shutdown().await?;
    // A socket closed with unread bytes is reset, and the answer may be lost with it.
    let mut ignored = [0; REQUEST_BYTES];
    while socket.read(&mut ignored).await? > 0 {}
    Ok(())
}
