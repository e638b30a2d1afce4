//! The XML port below the dialect: who speaks, policy files, WebSocket, frames, limits.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use e2e::movie::{Movie, packet, understood};
use e2e::wait::SOON;
use e2e::{client, http, server};
use futures_util::{SinkExt, StreamExt};
use libtest_mimic::Trial;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("xml_sockets::policy_files_on_every_port", policies),
        trial(
            "xml_sockets::the_policy_says_what_is_configured",
            policy_settings,
        ),
        trial("xml_sockets::a_websocket_carries_the_same", websockets),
        trial("xml_sockets::pages_of_other_domains_may_not", origins),
        trial("xml_sockets::frames_come_in_any_pieces", frames),
        trial("xml_sockets::what_is_no_packet_closes", hostile),
        trial("xml_sockets::an_old_movie_writes_its_code_page", code_page),
        trial("xml_sockets::silence_has_its_limits", silence),
        trial("xml_sockets::who_takes_nothing_is_closed_alone", slow),
        trial(
            "xml_sockets::who_takes_nothing_for_too_long_is_closed",
            stalled,
        ),
        trial("xml_sockets::requests_over_the_rate_wait", rate),
        trial("xml_sockets::one_too_many_is_told_so", full),
        trial("xml_sockets::the_end_of_the_server_ends_them", stopped),
    ]
}

const REQUESTS: [&str; 3] = [
    "<policy-file-request/>\0",
    "<policy-file-request />\0",
    "<cross-domain-request/>\0",
];

fn policies() -> Result<()> {
    // A wait that nobody waits for: whoever asks for the policy speaks first.
    server::with(&["xml.greeting_wait_ms=60000"], |server| {
        let expected = format!(
            "<?xml version=\"1.0\"?><cross-domain-policy><site-control \
             permitted-cross-domain-policies=\"all\"/><allow-access-from domain=\"*\" \
             to-ports=\"{}\"/></cross-domain-policy>\0",
            server.xml.port()
        );
        let policy = server.policy()?;
        for port in [server.xml, policy] {
            for request in REQUESTS {
                let answer = http::exchange(port, request.as_bytes())?;
                ensure!(answer == expected.as_bytes(), "{request:?} on {port}");
            }
        }
        server.wait_for_metric("greenroom_closed_total", "reason=\"policy_sent\"", 6.0)?;
        let answer = http::exchange(policy, b"<XmlDoc/>\0")?;
        ensure!(answer.is_empty(), "the policy port answers something else");
        ensure!(server.metric("greenroom_room_requests_total", "")? < 1.0);
        Ok(())
    })
}

fn policy_settings() -> Result<()> {
    let settings = [
        "xml.policy_domains=*.example.org,10.0.0.1",
        "xml.policy_ports=[\"9875,1000-1010\"]",
        "xml.policy_others=master-only",
        "xml.policy_server=false",
    ];
    // A list where one text belongs is refused at the start.
    ensure!(server::with(&settings, |_| Ok(())).is_err());
    let settings = [
        settings[0],
        "xml.policy_ports=9875,1000-1010",
        settings[2],
        settings[3],
    ];
    server::with(&settings, |server| {
        let answer = http::exchange(server.xml, REQUESTS[0].as_bytes())?;
        let answer = String::from_utf8(answer)?;
        ensure!(answer.contains("permitted-cross-domain-policies=\"master-only\""));
        for domain in ["*.example.org", "10.0.0.1"] {
            let access = format!("domain=\"{domain}\" to-ports=\"9875,1000-1010\"");
            ensure!(answer.contains(&access), "{answer}");
        }
        ensure!(
            !server.log().contains("policy="),
            "the policy port is served"
        );
        Ok(())
    })
}

/// Opens a WebSocket and logs in over it, in binary messages cut anywhere; gives the subprotocol.
async fn over_websocket(
    xml: SocketAddr,
    offered: Option<&'static str>,
    name: &str,
) -> Result<Option<String>> {
    let mut request = format!("ws://{xml}/any/path").into_client_request()?;
    if let Some(offered) = offered {
        let offered = HeaderValue::from_static(offered);
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", offered);
    }
    let (mut socket, response) = tokio_tungstenite::connect_async(request).await?;
    let chosen = response.headers().get("Sec-WebSocket-Protocol");
    let chosen = chosen
        .map(|chosen| chosen.to_str().map(str::to_owned))
        .transpose()?;
    let login = packet(
        "Login",
        &format!("<Name>{name}</Name><Password></Password>"),
    );
    let mut received = Vec::new();
    let mut asked = false;
    while let Some(message) = socket.next().await {
        let Message::Binary(bytes) = message? else {
            bail!("no binary message");
        };
        received.extend_from_slice(&bytes);
        if received.last() != Some(&0) {
            continue;
        }
        let mut frames = received
            .split(|&byte| byte == 0)
            .filter(|frame| !frame.is_empty());
        let last = understood(frames.next_back().context("no frame")?)?;
        match last.action.as_str() {
            "connectionresponse" if !asked => {
                asked = true;
                for piece in login.as_bytes().chunks(7) {
                    socket.send(Message::Binary(piece.to_vec().into())).await?;
                }
            }
            "loginresponse" => {
                ensure!(last.parameters.text("Result").as_deref() == Some("Accepted"));
                socket.close(None).await?;
                return Ok(chosen);
            }
            other => bail!("unexpected {other}"),
        }
    }
    bail!("the WebSocket ended")
}

fn websockets() -> Result<()> {
    server::with(&["limits.websocket_message_bytes=1024"], |server| {
        let xml = server.xml;
        client::run(async {
            ensure!(over_websocket(xml, None, "ann").await?.is_none());
            let chosen = over_websocket(xml, Some("base64, binary"), "bob").await?;
            ensure!(chosen.as_deref() == Some("binary"), "{chosen:?}");
            let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{xml}/")).await?;
            socket
                .send(Message::Binary(vec![b'a'; 2048].into()))
                .await?;
            loop {
                match socket.next().await.context("ended")?? {
                    Message::Close(Some(frame)) => {
                        ensure!(u16::from(frame.code) == 1009, "{frame:?}");
                        return Ok(());
                    }
                    Message::Close(None) => bail!("closed without a code"),
                    _ => {}
                }
            }
        })?;
        server.wait_for_metric("greenroom_closed_total", "transport=\"ws-xml\"", 3.0)?;
        let page = http::get(xml, "/")?;
        ensure!(page.status == 426, "a page request gets {}", page.status);
        server.wait_for_metric("greenroom_closed_total", "reason=\"wrong_protocol\"", 1.0)
    })
}

fn origins() -> Result<()> {
    server::with(&["xml.policy_domains=*.example.org"], |server| {
        let xml = server.xml;
        let opens = |origin: &'static str| {
            client::run(async move {
                let mut request = format!("ws://{xml}/").into_client_request()?;
                let origin = HeaderValue::from_static(origin);
                request.headers_mut().insert("Origin", origin);
                Ok(tokio_tungstenite::connect_async(request).await.is_ok())
            })
        };
        ensure!(opens("https://chat.example.org")?);
        ensure!(!opens("https://example.net")?);
        Ok(())
    })
}

fn frames() -> Result<()> {
    server::with(&[], |server| {
        let mut ann = Movie::greeted(server.xml)?;
        let login = packet("Login", "<Name>änn</Name><Password></Password>");
        for byte in login.as_bytes() {
            ann.send_bytes(&[*byte])?;
        }
        // Flash sends more zero bytes after a text that is not ASCII.
        ann.send_bytes(&[0, 0])?;
        let answer = ann.packet("LoginResponse")?;
        ensure!(answer.parameters.text("Result").as_deref() == Some("Accepted"));
        let both = packet("GetLoggedInUserCount", "") + &packet("GetServerTime", "");
        ann.send_bytes(both.as_bytes())?;
        ann.packet("GetServerTime")?;
        // The time is answered without the room kernel, so it may have come first.
        while !ann
            .actions
            .iter()
            .any(|action| action == "getloggedinusercount")
        {
            ann.packet("GetLoggedInUserCount")?;
        }
        // Whoever speaks first is not greeted.
        let mut bob = Movie::open(server.xml)?;
        bob.send_bytes(packet("Login", "<Name>bob</Name><Password></Password>").as_bytes())?;
        bob.packet("LoginResponse")?;
        ensure!(bob.actions == ["loginresponse"], "{:?}", bob.actions);
        Ok(())
    })
}

fn hostile() -> Result<()> {
    let deep = "<a>".repeat(1000) + "\0";
    let cases: [(&[u8], &str); 6] = [
        (&[b'a'; 300], "protocol_limit"),
        (b"\x03\x00\x01\x02\x00", "protocol_error"),
        (b"hello\0", "protocol_error"),
        (
            b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>\0",
            "protocol_error",
        ),
        (b"<XmlDoc></XmlDoc>\0", "protocol_error"),
        (deep.as_bytes(), "protocol_limit"),
    ];
    server::with(&["xml.frame_bytes=256"], |server| {
        for (count, (bytes, reason)) in cases.iter().enumerate() {
            let mut peer = Movie::open(server.xml)?;
            peer.send_bytes(bytes)?;
            peer.rest()?;
            server.wait_for_metric("greenroom_closed_total", "protocol_", 1.0 + count as f64)?;
            server.wait_for_log(&[&format!("reason={reason}")], SOON)?;
        }
        // The others do not notice.
        Movie::logged_in(server.xml, "ann", "").map(drop)
    })
}

fn code_page() -> Result<()> {
    server::with(&[], |server| {
        let mut ann = Movie::greeted(server.xml)?;
        let mut login = packet("Login", "<Name>J?rg</Name><Password></Password>").into_bytes();
        let at = login
            .iter()
            .position(|&byte| byte == b'?')
            .context("no mark")?;
        login[at] = 0xF6;
        ann.send_bytes(&login)?;
        ann.packet("LoginResponse")?;
        server.wait_for_log(&["user logged in", "Jörg"], SOON)?;
        Ok(())
    })
}

fn silence() -> Result<()> {
    let settings = [
        "xml.login_wait_ms=300",
        "xml.idle_ms=600",
        "xml.greeting_wait_ms=1",
    ];
    server::with(&settings, |server| {
        let mut nobody = Movie::greeted(server.xml)?;
        nobody.closed()?;
        server.wait_for_metric("greenroom_closed_total", "reason=\"login_timeout\"", 1.0)?;
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        ann.closed()?;
        server.wait_for_metric("greenroom_closed_total", "reason=\"idle\"", 1.0)
    })
}

fn slow() -> Result<()> {
    let settings = [
        "xml.outbox_bytes=65536",
        "rooms.flood_filter=false",
        "xml.requests_per_second=0",
    ];
    takes_nothing(&settings)
}

fn stalled() -> Result<()> {
    let settings = [
        "xml.outbox_bytes=16MiB",
        "xml.stall_ms=1000",
        "rooms.flood_filter=false",
        "xml.requests_per_second=0",
    ];
    takes_nothing(&settings)
}

/// One says much, another reads nothing: the other is closed, and the one hears all.
fn takes_nothing(settings: &[&str]) -> Result<()> {
    let by_stall = settings.iter().any(|setting| setting.contains("stall_ms"));
    server::with(settings, |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        ann.create_room("Main", "Lobby", "", "")?;
        ann.joined()?;
        let mut bob = Movie::logged_in(server.xml, "bob", "")?;
        bob.join("Main", "Lobby", "")?;
        bob.joined()?;
        // Bob reads nothing any more; Ann hears all she says.
        let text = "x".repeat(30_000);
        let reason = "reason=\"outbox_full\"";
        let gone = |server: &server::Server| server.metric("greenroom_closed_total", reason);
        // More than the system takes for Bob; where time is the limit, less than may wait.
        let enough = if by_stall { 400 } else { usize::MAX };
        let mut said = 0;
        while said < enough && gone(server)? < 1.0 {
            ensure!(said < 2_000, "a client that takes nothing is kept");
            ann.say(&text)?;
            ann.message("SendPublicMessage")?;
            said += 1;
        }
        server.wait_for_metric("greenroom_closed_total", reason, 1.0)?;
        // That Bob came, and that he left, which may have come while she waited for her own words.
        let told = |ann: &Movie| {
            let actions = ann.actions.iter();
            actions.filter(|action| *action == "updateuserlist").count()
        };
        while told(&ann) < 2 {
            ann.packet("UpdateUserList")?;
        }
        let line = server.wait_for_log(&["connection closed", "outbox_full"], SOON)?;
        ensure!(line.contains("stall_ms") == by_stall, "{line}");
        Ok(())
    })
}

fn rate() -> Result<()> {
    let settings = ["xml.requests_per_second=20", "xml.requests_burst=20"];
    server::with(&settings, |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        let all = packet("GetLoggedInUserCount", "").repeat(40);
        ann.send_bytes(all.as_bytes())?;
        for _ in 0..40 {
            ann.packet("GetLoggedInUserCount")?;
        }
        Ok(())
    })
}

fn full() -> Result<()> {
    server::with(&["limits.connections=1"], |server| {
        let inside = Movie::greeted(server.xml)?;
        let mut other = Movie::open(server.xml)?;
        let answers = other.closed()?;
        let answer = answers.first().context("told nothing")?;
        let text = |name| answer.parameters.text(name).unwrap_or_default();
        ensure!(answer.action == "connectionresponse" && text("Result") == "Denied");
        ensure!(!text("Reason").is_empty(), "no reason");
        server.wait_for_log(&["connection closed", "too_many_connections"], SOON)?;
        drop(inside);
        Ok(())
    })
}

fn stopped() -> Result<()> {
    server::with(&["server.drain_timeout_ms=0"], |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        server.signal("TERM")?;
        ann.closed()?;
        drop(ann);
        let status = server.wait(SOON)?;
        ensure!(status.success(), "{status}");
        server.wait_for_log(&["reason=server_shutdown"], SOON)?;
        Ok(())
    })
}
