//! `XMLSocket`: texts both ways, what the handlers are told, and the limits.

use engine::scripting::{ScriptEffect, ScriptInput, SocketId};
use proptest::prelude::*;
use script::ScriptConfig;

use crate::driver::{Driver, evaluator, problems, traces};

const SHOW: &str = "
    s = new XMLSocket();
    s.onConnect = function (ok) { trace(['connect', ok, this.isConnected, this === s].join()); };
    s.onClose = function () { trace('close ' + this.isConnected); };
    s.onXML = function (xml) {
        trace([xml instanceof XML, xml.firstChild.nodeName, xml.status].join());
    };
    Client.prototype.evaluate = function (text) { return (0, eval)(text); };
";

fn opened(socket: u64) -> ScriptInput {
    ScriptInput::SocketOpened {
        socket: SocketId(socket),
    }
}

fn text(socket: u64, bytes: &[u8]) -> ScriptInput {
    ScriptInput::SocketText {
        socket: SocketId(socket),
        bytes: bytes.to_vec(),
    }
}

fn closed(socket: u64, why: Option<&str>) -> ScriptInput {
    ScriptInput::SocketClosed {
        socket: SocketId(socket),
        why: why.map(str::to_owned),
    }
}

/// What the script says to an input; nothing must be reported.
fn said(driver: &mut Driver, input: ScriptInput) -> Vec<String> {
    let effects = driver.input(input);
    assert_eq!(problems(&effects), [] as [String; 0]);
    traces(&effects).into_iter().map(str::to_owned).collect()
}

/// What an expression asks for of sockets.
fn asked(driver: &mut Driver, expression: &str) -> Vec<ScriptEffect> {
    let mut effects = driver.call(1, "evaluate", &[expression.into()]);
    effects.retain(|effect| {
        matches!(
            effect,
            ScriptEffect::SocketOpen { .. }
                | ScriptEffect::SocketSend { .. }
                | ScriptEffect::SocketClose { .. }
        )
    });
    effects
}

fn open(socket: u64, host: &str, port: u16, text_bytes: usize) -> ScriptEffect {
    ScriptEffect::SocketOpen {
        socket: SocketId(socket),
        host: host.into(),
        port,
        text_bytes,
    }
}

fn send(socket: u64, text: &str) -> ScriptEffect {
    ScriptEffect::SocketSend {
        socket: SocketId(socket),
        text: text.into(),
    }
}

fn close(socket: u64) -> ScriptEffect {
    ScriptEffect::SocketClose {
        socket: SocketId(socket),
    }
}

/// A script whose socket 1 is connected.
fn connected() -> Driver {
    let mut driver = evaluator(SHOW);
    driver.check(&[("s.connect('chat.example', 9000)", "true")]);
    let told = said(&mut driver, opened(1));
    assert_eq!(told, ["connect,true,true,true"]);
    driver
}

#[test]
fn texts_go_both_ways() {
    let mut driver = evaluator(SHOW);
    assert_eq!(
        asked(&mut driver, "r = s.connect('chat.example', '9000')"),
        [open(1, "chat.example", 9000, 65_536)]
    );
    driver.check(&[
        ("[r, s.isConnected]", "true,false"),
        ("s", "[object XMLSocket]"),
    ]);
    // Not before it is there.
    assert_eq!(asked(&mut driver, "s.send('early')"), []);
    said(&mut driver, opened(1));
    assert_eq!(
        asked(
            &mut driver,
            "x = new XML('<a b=\"ü\"><c></c></a>'); s.send(x); s.send('&'); s.send(1.5); s.send('')"
        ),
        [
            send(1, "<a b=\"ü\"><c /></a>"),
            send(1, "&"),
            send(1, "1.5"),
            send(1, "")
        ]
    );
    assert_eq!(said(&mut driver, text(1, "<ä/>".as_bytes())), ["true,ä,0"]);
    assert_eq!(said(&mut driver, text(1, b"<\xE4/>")), ["true,ä,0"]);
    let unfinished = said(&mut driver, text(1, b"<open>"));
    assert_eq!(unfinished, ["true,open,-9"]);
    assert_eq!(said(&mut driver, closed(1, None)), ["close false"]);
    assert_eq!(asked(&mut driver, "s.send('late'); s.close()"), []);
}

#[test]
fn raw_texts_can_be_taken() {
    let mut driver = connected();
    driver.eval("s.onData = function (text) { trace('raw ' + text + ' ' + typeof text); }; 0");
    assert_eq!(
        said(&mut driver, text(1, b"no <xml")),
        ["raw no <xml string"]
    );
    assert_eq!(said(&mut driver, text(1, b"")), ["raw  string"]);
}

#[test]
fn who_closes_hears_nothing_more() {
    let mut driver = connected();
    driver.eval("s.onData = function (text) { trace(text); this.close(); }; 0");
    let effects = driver.input(text(1, b"one"));
    assert_eq!(traces(&effects), ["one"]);
    assert!(effects.contains(&close(1)), "{effects:?}");
    for late in [text(1, b"two"), closed(1, None), opened(1)] {
        assert!(said(&mut driver, late).is_empty());
    }
    // The object can be used again, and connecting closes what was connected.
    assert_eq!(
        asked(
            &mut driver,
            "s.connect(null, 1024); s.connect(undefined, 65535)"
        ),
        [
            open(2, "localhost", 1024, 65_536),
            close(2),
            open(3, "localhost", 65_535, 65_536)
        ]
    );
    assert!(said(&mut driver, opened(2)).is_empty());
    assert_eq!(said(&mut driver, opened(3)), ["connect,true,true,true"]);
}

#[test]
fn a_connection_that_fails_is_told_and_the_log_says_why() {
    let mut driver = evaluator(SHOW);
    driver.try_eval("s.connect('chat.example', 9000)");
    let effects = driver.input(closed(1, Some("No route.")));
    assert_eq!(problems(&effects), ["A socket has ended: No route."]);
    assert_eq!(traces(&effects), ["connect,false,false,true"]);
    // A handler may try again.
    driver.eval("s.onConnect = function (ok) { if (!ok) this.connect('chat.example', 9001); }; 0");
    driver.try_eval("s.connect('chat.example', 9000)");
    let effects = driver.input(closed(2, None));
    assert_eq!(effects, [open(3, "chat.example", 9001, 65_536)]);
}

#[test]
fn low_ports_and_what_is_no_host_are_refused() {
    let mut driver = evaluator(SHOW);
    for (arguments, reported) in [
        ("'chat.example', 1023", "not to 1023"),
        ("'chat.example', 65536", "not to 65536"),
        ("'chat.example', 9000.5", "not to 9000.5"),
        ("'chat.example', -9000", "not to -9000"),
        ("'chat.example'", "not to NaN"),
        ("'a/b', 9000", "host is not a/b"),
        ("'', 9000", "host is not"),
        ("'a\\n', 9000", "host is not"),
    ] {
        let effects = driver.call(
            1,
            "evaluate",
            &[format!("s.connect({arguments})").as_str().into()],
        );
        let reports = problems(&effects);
        assert!(reports[0].contains(reported), "{arguments}: {reports:?}");
        driver.check(&[(&format!("s.connect({arguments})"), "false")]);
        assert_eq!(asked(&mut driver, &format!("s.connect({arguments})")), []);
    }
}

#[test]
fn the_longest_text_is_what_the_object_says_but_no_more_than_allowed() {
    let config = ScriptConfig {
        socket_text_bytes: 1_000,
        ..ScriptConfig::default()
    };
    let (mut driver, _) = Driver::limited(SHOW, config);
    driver.connect(1, &[]);
    driver.check(&[("s.maxUnprocessedChars", "1000")]);
    for (wanted, gets) in [
        ("4", 4),
        ("999.9", 999),
        ("5000", 1_000),
        ("-1", 1_000),
        ("'x'", 1_000),
        ("Infinity", 1_000),
    ] {
        let script = format!("s.maxUnprocessedChars = {wanted}; s.connect('a', 9000)");
        let effects = asked(&mut driver, &script);
        assert!(
            matches!(effects.last(), Some(ScriptEffect::SocketOpen { text_bytes, .. })
                if *text_bytes == gets),
            "{wanted}: {effects:?}"
        );
    }
}

#[test]
fn there_are_only_so_many_sockets() {
    let config = ScriptConfig {
        sockets: 2,
        ..ScriptConfig::default()
    };
    let (mut driver, _) = Driver::limited(SHOW, config);
    driver.connect(1, &[]);
    driver.check(&[(
        "[s.connect('a', 9000), (t = new XMLSocket()).connect('a', 9000)]",
        "true,true",
    )]);
    let effects = driver.call(
        1,
        "evaluate",
        &["new XMLSocket().connect('a', 9000)".into()],
    );
    let reports = problems(&effects);
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].contains("limit sockets"), "{reports:?}");
    driver.check(&[("(s.close(), new XMLSocket().connect('a', 9000))", "true")]);
    driver.input(closed(2, None));
    driver.check(&[
        ("s.connect('a', 9000)", "true"),
        ("t.connect('a', 9000)", "false"),
    ]);
}

#[test]
fn an_error_in_a_handler_does_not_end_the_socket() {
    let mut driver = connected();
    driver.eval("s.onXML = function (xml) { noSuchThing.at.all; }; 0");
    let effects = driver.input(text(1, b"<a/>"));
    assert!(problems(&effects)[0].contains("noSuchThing"), "{effects:?}");
    driver.eval("s.onXML = function (xml) { trace('on'); }; 0");
    assert_eq!(said(&mut driver, text(1, b"<a/>")), ["on"]);
    assert_eq!(asked(&mut driver, "s.send('x')"), [send(1, "x")]);
}

proptest! {
    #[test]
    fn any_text_arrives_as_it_was_sent(words in "\\PC{0,200}") {
        prop_assume!(!words.starts_with('\u{feff}'));
        let mut driver = connected();
        driver.eval("s.onData = function (text) { this.send(text); }; 0");
        let effects = driver.input(text(1, words.as_bytes()));
        prop_assert_eq!(effects, [send(1, &words)]);
    }
}
