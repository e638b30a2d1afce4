//! `XMLSocket` of server scripts, against a small server in the test.

use anyhow::{Context, Result, ensure};
use e2e::client::{self, Client};
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "script_sockets::texts_go_both_ways_and_both_sides_close",
            talk,
        ),
        trial(
            "script_sockets::scripts_connect_to_allowed_hosts_only",
            refused,
        ),
        trial(
            "script_sockets::a_server_that_is_not_there_is_told",
            unreachable,
        ),
        trial(
            "script_sockets::a_text_that_is_too_long_closes_the_socket",
            long,
        ),
        trial(
            "script_sockets::a_socket_that_falls_behind_is_closed",
            behind,
        ),
    ]
}

const SCRIPT: &str = "
    var socket = new XMLSocket();
    socket.onConnect = function (ok) {
        trace('socket connect ' + ok);
        if (ok) this.send(new XML('<hello to=\"Zoë\"></hello>'));
    };
    socket.onXML = function (xml) { this.send('got ' + xml.firstChild.nodeName); };
    socket.onClose = function () {
        trace('socket close');
        this.connect('127.0.0.1', PORT);
    };
    application.onAppStart = function () {
        trace('low port ' + socket.connect('127.0.0.1', 1023));
        socket.connect('127.0.0.1', PORT);
    };
    application.onConnect = function () { return true; };
    Client.prototype.hangUp = function () {
        socket.send('bye');
        socket.close();
    };
    Client.prototype.mark = function () { trace('mark'); };
    Client.prototype.flood = function (length) { socket.send(new Array(length + 1).join('x')); };
";

const ALLOWED: &str = "scripts.allowed_hosts=127.0.0.1";

/// What the script connects to.
struct Peer(BufReader<TcpStream>);

impl Peer {
    async fn accept(listener: &TcpListener) -> Result<Self> {
        let accepted = timeout(SOON, listener.accept()).await;
        let (stream, _) = accepted.context("the script does not connect")??;
        Ok(Self(BufReader::new(stream)))
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write_all(bytes).await?)
    }

    /// The next text is this one.
    async fn expect(&mut self, text: &str) -> Result<()> {
        let mut bytes = Vec::new();
        let read = timeout(SOON, self.0.read_until(0, &mut bytes)).await;
        read.with_context(|| format!("{text} does not come"))??;
        let found = String::from_utf8(bytes)?;
        ensure!(found == format!("{text}\0"), "{found:?}, not {text:?}");
        Ok(())
    }

    async fn expect_end(&mut self) -> Result<()> {
        let mut rest = Vec::new();
        let read = timeout(SOON, self.0.read_to_end(&mut rest)).await;
        read.context("the script does not close")??;
        ensure!(rest.is_empty(), "{rest:?}");
        Ok(())
    }
}

/// The application, with a client in it, and what listens at its port.
async fn set_up(server: &Server) -> Result<(Client, TcpListener)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port().to_string();
    server.application("talk", &SCRIPT.replace("PORT", &port))?;
    let mut client = Client::open(server.rtmp).await?;
    client.connect_to(server.rtmp, "talk").await?;
    Ok((client, listener))
}

const HELLO: &str = "<hello to=\"Zoë\" />";

fn talk() -> Result<()> {
    server::with(&[ALLOWED], |server| {
        client::run(async {
            let (mut client, listener) = set_up(server).await?;
            let mut peer = Peer::accept(&listener).await?;
            peer.expect(HELLO).await?;
            peer.send(b"<one/>\0<two/>\0<thr").await?;
            peer.expect("got one").await?;
            peer.expect("got two").await?;
            peer.send(b"ee/>\0").await?;
            peer.expect("got three").await?;
            drop(peer);
            // The script connects again when it hears of the end.
            let mut peer = Peer::accept(&listener).await?;
            peer.expect(HELLO).await?;
            client.call("hangUp", vec![]).await?;
            peer.expect("bye").await?;
            peer.expect_end().await?;
            client.call("mark", vec![]).await?;
            Ok(())
        })?;
        server.wait_for_log(&["low port false"], SOON)?;
        // The log is written behind; what comes before the mark is in it with the mark.
        server.wait_for_log(&["trace: mark"], SOON)?;
        let closed = server.log().matches("socket close").count();
        ensure!(closed == 1, "onClose ran {closed} times");
        Ok(())
    })
}

fn refused() -> Result<()> {
    server::with(&["scripts.allowed_hosts=other.example"], |server| {
        client::run(async {
            let (_client, listener) = set_up(server).await?;
            server.wait_for_log(
                &["may not connect to 127.0.0.1", "scripts.allowed_hosts"],
                SOON,
            )?;
            server.wait_for_log(&["socket connect false"], SOON)?;
            let listener = listener.into_std()?;
            let error = listener
                .accept()
                .err()
                .context("the script has connected")?;
            ensure!(error.kind() == std::io::ErrorKind::WouldBlock, "{error}");
            Ok(())
        })
    })
}

fn unreachable() -> Result<()> {
    server::with(&[ALLOWED], |server| {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        let port = free.local_addr()?.port().to_string();
        drop(free);
        server.application("talk", &SCRIPT.replace("PORT", &port))?;
        client::run(async {
            let mut client = Client::open(server.rtmp).await?;
            client.connect_to(server.rtmp, "talk").await?;
            server.wait_for_log(&["A socket has ended", "refused"], SOON)?;
            server.wait_for_log(&["socket connect false"], SOON)?;
            Ok(())
        })
    })
}

fn long() -> Result<()> {
    server::with(&[ALLOWED, "scripts.socket_text_bytes=1000"], |server| {
        client::run(async {
            let (_client, listener) = set_up(server).await?;
            let mut peer = Peer::accept(&listener).await?;
            peer.expect(HELLO).await?;
            let name = "a".repeat(997);
            peer.send(format!("<{name}/>\0").as_bytes()).await?;
            peer.expect(&format!("got {name}")).await?;
            peer.send(&[b'a'; 1001]).await?;
            peer.expect_end().await?;
            Peer::accept(&listener).await?.expect(HELLO).await
        })?;
        server.wait_for_log(&["A socket has ended", "longer text"], SOON)?;
        server.wait_for_log(&["socket close"], SOON)?;
        Ok(())
    })
}

fn behind() -> Result<()> {
    server::with(&[ALLOWED, "scripts.socket_waiting_bytes=4096"], |server| {
        client::run(async {
            let (mut client, listener) = set_up(server).await?;
            let mut peer = Peer::accept(&listener).await?;
            peer.expect(HELLO).await?;
            client.call("flood", vec![2047.into()]).await?;
            peer.expect(&"x".repeat(2047)).await?;
            client.call("flood", vec![4096.into()]).await?;
            peer.expect_end().await
        })?;
        server.wait_for_log(&["A socket has ended", "4096 bytes"], SOON)?;
        Ok(())
    })
}
