//! XML ports whose texts the server does not read: relays, and ports of scripts.

use anyhow::{Context, Result, bail, ensure};
use e2e::server::Server;
use e2e::texts::Texts;
use e2e::wait::SOON;
use e2e::{client, http, server};
use futures_util::{SinkExt, StreamExt};
use libtest_mimic::Trial;
use tokio_tungstenite::tungstenite::Message;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("xml_ports::a_relay_tells_everybody", relay),
        trial("xml_ports::a_relay_with_rooms_tells_the_room", rooms),
        trial("xml_ports::a_relay_has_the_limits_of_xml_ports", limits),
        trial("xml_ports::whoever_takes_nothing_is_closed_alone", slow),
        trial("xml_ports::a_page_of_script_serves_a_game", script),
        trial("xml_ports::a_script_that_goes_closes_its_port", unloaded),
        trial("xml_ports::without_a_script_nobody_comes_in", nobody),
    ]
}

const RELAY: &str = "xml.ports=127.0.0.1:0 relay";
const ROOMS: &str = "xml.ports=127.0.0.1:0 relay-rooms";
const SCRIPT: &str = "xml.ports=127.0.0.1:0 script:game/one";

/// A client that the relay knows.
fn in_relay(server: &Server) -> Result<Texts> {
    let mut texts = Texts::open(server.xml_port("relay")?)?;
    texts.send("here")?;
    texts.expect("here")?;
    Ok(texts)
}

fn relay() -> Result<()> {
    server::with(&[RELAY], |server| {
        let port = server.xml_port("relay")?;
        let mut ann = in_relay(server)?;
        let mut bob = in_relay(server)?;
        ann.expect("here")?;
        // In pieces; what is no XML is nobody's business, and nothing is escaped.
        bob.send_bytes(b"<a b='")?;
        bob.send_bytes("ä'> & \u{1}\0\0<c/>\0".as_bytes())?;
        for member in [&mut ann, &mut bob] {
            member.expect("<a b='ä'> & \u{1}")?;
            member.expect("<c/>")?;
        }
        // An old movie writes its code page, and is answered in it.
        bob.send_bytes(b"\xF6\0")?;
        ann.expect("ö")?;
        ensure!(bob.next_bytes()? == b"\xF6");
        let answer = http::exchange(port, b"<policy-file-request/>\0")?;
        let answer = String::from_utf8(answer)?;
        let ports = format!("to-ports=\"{},{}\"", server.xml.port(), port.port());
        ensure!(answer.contains(&ports), "{answer}");
        client::run(async {
            let (mut web, _) = tokio_tungstenite::connect_async(format!("ws://{port}/")).await?;
            web.send(Message::Binary(b"from the web\0".to_vec().into()))
                .await?;
            match web.next().await.context("ended")?? {
                Message::Binary(bytes) => ensure!(&bytes[..] == b"from the web\0", "{bytes:?}"),
                other => bail!("{other:?}"),
            }
            Ok(())
        })?;
        ann.expect("from the web")?;
        // Nobody was taken for a movie with the class.
        ensure!(server.metric("greenroom_room_requests_total", "")? < 1.0);
        Ok(())
    })
}

fn rooms() -> Result<()> {
    let settings = [
        ROOMS,
        "xml.relay_room_bytes=8",
        "xml.greeting_wait_ms=1",
        "xml.login_wait_ms=60000",
    ];
    server::with(&settings, |server| {
        let port = server.xml_port("relay-rooms")?;
        let enter = |name: &str| -> Result<Texts> {
            let mut texts = Texts::open(port)?;
            // The name is not relayed: the first that comes back is what follows.
            texts.send(name)?;
            texts.send(name)?;
            texts.expect(name)?;
            Ok(texts)
        };
        let mut ann = enter("chess")?;
        let mut bob = enter("go")?;
        let mut cid = enter("chess")?;
        ann.expect("chess")?;
        cid.send("e4")?;
        ann.expect("e4")?;
        cid.expect("e4")?;
        bob.send("d4")?;
        bob.expect("d4")?;
        ann.send("e5")?;
        cid.expect("e5")?;
        let mut long = Texts::open(port)?;
        long.send("far too long")?;
        long.closed()?;
        server.wait_for_log(&["reason=protocol_limit", "xml.relay_room_bytes"], SOON)?;
        Ok(())
    })?;
    server::with(&[ROOMS, "xml.login_wait_ms=200"], |server| {
        let mut silent = Texts::open(server.xml_port("relay-rooms")?)?;
        silent.closed()?;
        server.wait_for_metric("greenroom_closed_total", "reason=\"login_timeout\"", 1.0)
    })
}

fn limits() -> Result<()> {
    let settings = [
        RELAY,
        "xml.frame_bytes=64",
        "xml.requests_per_second=20",
        "xml.requests_burst=20",
    ];
    server::with(&settings, |server| {
        let mut ann = in_relay(server)?;
        let mut bob = in_relay(server)?;
        ann.expect("here")?;
        // More than the rate allows at once comes all the same, later.
        bob.send_bytes(&b"x\0".repeat(40))?;
        for _ in 0..40 {
            ann.expect("x")?;
        }
        bob.send_bytes(&[b'a'; 100])?;
        server.wait_for_metric("greenroom_closed_total", "reason=\"protocol_limit\"", 1.0)?;
        ann.send("still here")?;
        ann.expect("still here")
    })?;
    server::with(&[RELAY, "xml.idle_ms=300"], |server| {
        in_relay(server)?.closed()?;
        server.wait_for_metric("greenroom_closed_total", "reason=\"idle\"", 1.0)
    })
}

fn slow() -> Result<()> {
    let settings = [RELAY, "xml.outbox_bytes=65536", "xml.requests_per_second=0"];
    server::with(&settings, |server| {
        let _bob = in_relay(server)?;
        let mut ann = in_relay(server)?;
        let text = "x".repeat(30_000);
        let gone = || server.metric("greenroom_closed_total", "reason=\"outbox_full\"");
        let mut said = 0;
        while gone()? < 1.0 {
            ensure!(said < 2_000, "a client that takes nothing is kept");
            ann.send(&text)?;
            ann.expect(&text)?;
            said += 1;
        }
        Ok(())
    })
}

/// Guess a number: all who play see every guess.
const GAME: &str = "
    var players = [], number = 7;
    function all(text) { for (var i = 0; i < players.length; i++) players[i].send(text); }
    XMLPort.onConnect = function (client) {
        players.push(client);
        client.send('<hello players=\"' + players.length + '\"/>');
    };
    XMLPort.onFrame = function (client, text) {
        var guess = new XML(text).firstChild;
        if (guess == null || guess.nodeName != 'guess') return client.close();
        all('<guessed right=\"' + (guess.attributes.n == number) + '\"/>');
    };
    XMLPort.onClose = function (client) {
        for (var i = 0; i < players.length; i++) if (players[i] === client) players.splice(i, 1);
        all('<left players=\"' + players.length + '\"/>');
        trace('one has left from ' + client.ip);
    };
";

fn script() -> Result<()> {
    server::with(&[SCRIPT], |server| {
        server.application("game", GAME)?;
        let port = server.xml_port("script:game/one")?;
        let mut ann = Texts::open(port)?;
        ann.expect("<hello players=\"1\"/>")?;
        let mut bob = Texts::open(port)?;
        // What comes with the connection comes behind it.
        bob.send("<guess n='3'/>")?;
        bob.expect("<hello players=\"2\"/>")?;
        for player in [&mut ann, &mut bob] {
            player.expect("<guessed right=\"false\"/>")?;
        }
        ann.send("<guess n='7'/>")?;
        bob.expect("<guessed right=\"true\"/>")?;
        bob.send("<nonsense/>")?;
        bob.closed()?;
        ann.expect("<guessed right=\"true\"/>")?;
        ann.expect("<left players=\"1\"/>")?;
        server.wait_for_metric("greenroom_closed_total", "closed_by_application", 1.0)?;
        drop(ann);
        server.wait_for_log(&["trace: one has left from 127.0.0.1"], SOON)?;
        let answer = http::exchange(port, b"<cross-domain-request/>\0")?;
        ensure!(answer.starts_with(b"<?xml"), "no policy file");
        Ok(())
    })
}

fn unloaded() -> Result<()> {
    server::with(&[SCRIPT], |server| {
        server.application("game", GAME)?;
        let port = server.xml_port("script:game/one")?;
        let mut ann = Texts::open(port)?;
        ann.expect("<hello players=\"1\"/>")?;
        server.application(
            "game",
            "XMLPort.onFrame = function (c, t) { c.send(t + '!'); };",
        )?;
        server.signal("HUP")?;
        ann.closed()?;
        server.wait_for_metric("greenroom_closed_total", "application_unloaded", 1.0)?;
        let mut bob = Texts::open(port)?;
        bob.send("new")?;
        bob.expect("new!")
    })
}

fn nobody() -> Result<()> {
    server::with(&[SCRIPT], |server| {
        let port = server.xml_port("script:game/one")?;
        Texts::open(port)?.closed()?;
        server.wait_for_log(&["reason=rejected", "game"], SOON)?;
        // A folder without a script.
        std::fs::create_dir(server.file("applications/game"))?;
        Texts::open(port)?.closed()?;
        server.wait_for_metric("greenroom_closed_total", "reason=\"rejected\"", 2.0)?;
        server.application("game", "trace('runs');")?;
        Texts::open(port)?.closed()?;
        server.wait_for_log(&["XMLPort has no handlers"], SOON)?;
        Ok(())
    })
}
