//! Timeouts and pings on a clock that the test moves.

use rtmp::{
    Body, Command, Deadline, Error, Input, Message, Millis, Session, SessionConfig, UserControl,
};

use crate::pair::{Pair, Side};

fn timeout(deadline: Deadline, after_millis: u64) -> Error {
    Error::Timeout {
        deadline,
        after_millis,
    }
}

fn at(side: &mut Side, millis: u64) -> Result<Option<Millis>, Error> {
    side.handle(Input::Timeout {
        now: Millis(millis),
    })
}

#[test]
fn the_handshake_has_five_seconds() {
    let mut server = Side::new(Session::server(
        SessionConfig::default(),
        [0; 32],
        Millis(100),
    ));
    assert_eq!(server.drain(), Some(Millis(5100)));
    assert_eq!(at(&mut server, 5099), Ok(Some(Millis(5100))));
    let late = Err(timeout(Deadline::Handshake, 5000));
    assert_eq!(at(&mut server, 5100), late);
    assert_eq!(at(&mut server, 0), late, "the session stays over");
    assert_eq!(server.drain(), None);
}

#[test]
fn a_slow_trickle_does_not_extend_the_deadline() {
    let mut server = Side::new(Session::server(
        SessionConfig::default(),
        [0; 32],
        Millis(0),
    ));
    for second in 0..5 {
        let now = Millis(second * 1000);
        server.handle(Input::Receive { now, bytes: &[3] }).unwrap();
    }
    // Even if the caller never says that time has passed.
    let late = server.handle(Input::Receive {
        now: Millis(5000),
        bytes: &[3],
    });
    assert_eq!(late, Err(timeout(Deadline::Handshake, 5000)));
}

#[test]
fn connect_has_ten_seconds_from_the_start() {
    let shaken = || {
        let mut pair = Pair::new(SessionConfig::default(), SessionConfig::default());
        pair.wait(4000);
        pair.drive();
        pair
    };
    let mut pair = shaken();
    let deadline = pair.now + 6000;
    assert_eq!(pair.server.drain(), Some(deadline));
    let late = pair.server.handle(Input::Timeout { now: deadline });
    assert_eq!(late, Err(timeout(Deadline::Connect, 10_000)));
    // The client has no such deadline: what it waits for next is its first ping.
    assert_eq!(pair.client.drain(), Some(pair.now + 20_000));

    let mut pair = shaken();
    pair.client.call(0, Command::new("connect", 1.0, vec![]));
    pair.drive();
    assert_eq!(pair.server.drain(), Some(pair.now + 20_000));

    let mut pair = shaken();
    pair.server.session.connected();
    assert_eq!(pair.server.drain(), Some(pair.now + 20_000));
}

#[test]
fn silence_is_asked_about_and_then_ends_the_session() {
    let mut pair = Pair::connected();
    let start = pair.now;
    pair.wait(19_999);
    assert!(pair.server.wire.is_empty());
    pair.now = start + 20_000;
    let now = pair.now;
    assert_eq!(
        pair.server.handle(Input::Timeout { now }),
        Ok(Some(start + 40_000))
    );
    assert!(!pair.server.wire.is_empty(), "a ping request");
    pair.server.wire.clear();
    let next = pair.server.handle(Input::Timeout {
        now: start + 40_000,
    });
    assert_eq!(next, Ok(Some(start + 45_000)));
    assert!(!pair.server.wire.is_empty(), "another one");
    let dead = pair.server.handle(Input::Timeout {
        now: start + 45_000,
    });
    assert_eq!(dead, Err(timeout(Deadline::Idle, 45_000)));
}

#[test]
fn bytes_that_arrive_late_are_a_sign_of_life_all_the_same() {
    let mut pair = Pair::connected();
    pair.client.call(0, Command::new("f", 0.0, vec![]));
    // Nobody came to say that time has passed; what arrives first is from the peer.
    pair.now = pair.now + 60_000;
    pair.drive();
    assert_eq!(pair.server.commands().len(), 1);
    assert_eq!(pair.server.drain(), Some(pair.now + 20_000));
}

#[test]
fn an_answered_ping_keeps_the_session_and_measures_the_way() {
    let mut pair = Pair::connected();
    assert_eq!(pair.server.session.ping_rtt_millis(), None);
    assert!(pair.server.session.ping_answered());
    let now = pair.now;
    pair.server.handle(Input::Ping { now }).unwrap();
    assert!(!pair.server.session.ping_answered());
    pair.now = pair.now + 30;
    pair.drive();
    assert_eq!(pair.server.session.ping_rtt_millis(), Some(30));
    assert!(pair.server.session.ping_answered());
    let asked = pair.client.messages().remove(0).body;
    assert_eq!(asked, Body::UserControl(UserControl::PingRequest(0)));
    let answer = pair.server.messages().remove(0).body;
    assert_eq!(answer, Body::UserControl(UserControl::PingResponse(0)));
    for _ in 0..10 {
        pair.wait(20_000);
        pair.drive();
    }
    assert!(pair.server.messages().len() >= 10);
}

#[test]
fn an_answer_nobody_asked_for_measures_nothing() {
    let mut pair = Pair::connected();
    pair.client.send(Message::connection(Body::UserControl(
        UserControl::PingResponse(7),
    )));
    pair.drive();
    assert_eq!(pair.server.session.ping_rtt_millis(), None);
}

#[test]
fn without_pings_nothing_is_sent_and_nothing_ends() {
    let config = SessionConfig {
        ping_interval_millis: None,
        ping_timeout_millis: None,
        ..SessionConfig::default()
    };
    let mut pair = Pair::new(config.clone(), config);
    pair.client.call(0, Command::new("connect", 1.0, vec![]));
    pair.drive();
    pair.wait(1_000_000_000);
    assert_eq!((pair.client.drain(), pair.server.drain()), (None, None));
    assert!(pair.client.wire.is_empty() && pair.server.wire.is_empty());
}
