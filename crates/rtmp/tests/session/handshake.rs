//! The handshake between our own two sides, and with peers of other kinds.

use rtmp::handshake::Scheme;
use rtmp::{Error, Event, Input, Millis, Misbehaved, Session, SessionConfig, Unsupported};

use crate::pair::{Pair, Side};

fn server() -> Side {
    Side::new(Session::server(
        SessionConfig::default(),
        [2; 32],
        Millis(0),
    ))
}

fn client(digest: Option<Scheme>) -> Side {
    let config = SessionConfig {
        digest,
        ..SessionConfig::default()
    };
    Side::new(Session::client(config, [1; 32], Millis(0)))
}

fn receive(side: &mut Side, bytes: &[u8]) -> Result<(), Error> {
    side.handle(Input::Receive {
        now: Millis(0),
        bytes,
    })
    .map(|_| ())
}

#[test]
fn both_sides_agree_on_the_form() {
    for digest in [None, Some(Scheme::DigestFirst), Some(Scheme::KeyFirst)] {
        for piece in [1, 1536, 4096] {
            let config = SessionConfig {
                digest,
                ..SessionConfig::default()
            };
            let mut pair = Pair::new(config, SessionConfig::default());
            pair.piece = piece;
            pair.drive();
            for side in [&pair.client, &pair.server] {
                let handshake = *side.session.handshake().unwrap();
                assert_eq!(handshake.digest, digest);
                assert_eq!(handshake.signed, digest.is_some());
                assert_eq!(handshake.peer_version == [0; 4], digest.is_none());
                assert_eq!(side.events, [Event::HandshakeDone(handshake)]);
            }
        }
    }
}

#[test]
fn the_server_answers_a_plain_client_with_its_own_bytes() {
    let (mut client, mut server) = (client(None), server());
    client.drain();
    receive(&mut server, &client.wire).unwrap();
    assert_eq!(server.wire.len(), 1 + 2 * 1536);
    assert_eq!(server.wire[1537..], client.wire[1..], "S2 echoes C1");
}

#[test]
fn what_c2_says_does_not_matter() {
    let (mut client, mut server) = (client(Some(Scheme::KeyFirst)), server());
    client.drain();
    receive(&mut server, &client.wire).unwrap();
    receive(&mut server, &[0xAB; 1536]).unwrap();
    assert!(!server.session.handshake().unwrap().signed);
    assert_eq!(
        server.session.handshake().unwrap().digest,
        Some(Scheme::KeyFirst)
    );
}

#[test]
fn a_client_takes_a_plain_answer_to_its_digest() {
    let mut client = client(Some(Scheme::DigestFirst));
    client.drain();
    let c1 = client.wire.split_off(1);
    client.wire.clear();
    let s1 = [9; 1536];
    receive(&mut client, &[&[3], &s1[..], &c1[..]].concat()).unwrap();
    assert_eq!(client.session.handshake().unwrap().digest, None);
    assert_eq!(client.wire[8..], s1[8..], "C2 echoes S1");
}

#[test]
fn other_versions_are_answered_with_three() {
    for version in [0, 2, 3, 4, 7, 31] {
        let mut server = server();
        receive(&mut server, &[version]).unwrap();
        assert!(server.wire.is_empty(), "nothing before C1");
        receive(&mut server, &[0; 1536]).unwrap();
        assert_eq!(server.wire[0], 3);
    }
}

#[test]
fn encrypted_rtmp_is_refused_by_name_and_other_protocols_at_the_first_byte() {
    for version in [6, 8, 9] {
        let what = Unsupported::Rtmpe { version };
        let refused = receive(&mut server(), &[version, 0, 0]);
        assert_eq!(refused, Err(Error::Unsupported { what, offset: 0 }));
    }
    for first in [0x20, b'G', b'P', b'<', 0x16 + 0x10, 0xFF] {
        let mut server = server();
        assert_eq!(
            receive(&mut server, &[first]),
            Err(Error::NotRtmp { first })
        );
        assert!(server.wire.is_empty());
    }
}

#[test]
fn a_client_wants_version_three() {
    let mut side = client(None);
    let what = Misbehaved::ServerVersion { version: 6 };
    assert_eq!(
        receive(&mut side, &[6]),
        Err(Error::Misbehaved { what, offset: 0 })
    );
    assert_eq!(
        receive(&mut client(None), b"HTTP"),
        Err(Error::NotRtmp { first: b'H' })
    );
}

#[test]
fn bytes_count_from_the_first_one() {
    let mut pair = Pair::new(SessionConfig::default(), SessionConfig::default());
    pair.drive();
    assert_eq!(pair.server.session.bytes_received(), 1 + 2 * 1536);
    assert_eq!(pair.server.session.bytes_sent(), 1 + 2 * 1536);
    // A chunk stream that starts with a header of type 3, right after the handshake.
    let what = Misbehaved::ChunkStreamWithoutHeader { csid: 4, format: 3 };
    let refused = receive_at(&mut pair.server, pair.now, &[0xC4]);
    assert_eq!(refused, Err(Error::Misbehaved { what, offset: 3073 }));
}

fn receive_at(side: &mut Side, now: Millis, bytes: &[u8]) -> Result<(), Error> {
    side.handle(Input::Receive { now, bytes }).map(|_| ())
}
