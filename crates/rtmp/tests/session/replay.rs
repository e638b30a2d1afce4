//! What real clients sent, played to a server session.

use rtmp::connect::ConnectInfo;
use rtmp::{Body, Event, Input, Millis, Session, SessionConfig};
use serde_json::Value as Json;
use testkit::{hex, vectors};

use crate::pair::Side;

/// The whole of what a client sent: a handshake in its form, then the captured bytes.
fn client_bytes(capture: &Json) -> Vec<u8> {
    let mut bytes = vec![3];
    bytes.resize(1 + 2 * 1536, 0);
    let raw = capture["raw_after_handshake_hex"].as_str().unwrap();
    bytes.extend(hex::decode(raw).unwrap());
    bytes
}

#[test]
fn captured_clients_connect_and_say_what_they_said() {
    let file = vectors::load("client-captures.json");
    let captures = file["captures"].as_array().unwrap();
    assert!(!captures.is_empty());
    for capture in captures {
        let session = Session::server(SessionConfig::default(), [0; 32], Millis(0));
        let mut server = Side::new(session);
        for bytes in client_bytes(capture).chunks(1400) {
            server
                .handle(Input::Receive {
                    now: Millis(50),
                    bytes,
                })
                .unwrap();
        }
        let Event::HandshakeDone(handshake) = &server.events[0] else {
            panic!("{}: {:?}", capture["id"], server.events[0]);
        };
        assert_eq!(handshake.digest, None, "the replayed C1 is all zeros");
        let messages = server.messages();
        let expected = expected_names(capture);
        let found: Vec<_> = messages.iter().filter_map(|m| name(&m.body)).collect();
        assert_eq!(found, expected, "{}", capture["id"]);

        let Body::Command(connect) = &messages[0].body else {
            panic!("connect comes first")
        };
        let info = ConnectInfo::from_command(connect).unwrap();
        let target = info.target().unwrap();
        let id = capture["id"].as_str().unwrap();
        if vectors::is_ours("client-captures.json", "captures", id) {
            assert!(["live", "vod"].contains(&&*target.app), "{target:?}");
            assert_eq!(target.instance, "_definst_");
            assert_eq!(info.url().unwrap().unwrap().host, "127.0.0.1");
        }
    }
}

/// The first values of the described commands and data messages that are in the raw bytes.
fn expected_names(capture: &Json) -> Vec<String> {
    let messages = capture["messages"].as_array().unwrap();
    let uncut = messages.iter().take_while(|message| message["cut"] != true);
    let first = |message: &Json| message["amf0"][0]["v"].as_str().map(str::to_owned);
    uncut.filter_map(first).collect()
}

fn name(body: &Body) -> Option<String> {
    match body {
        Body::Command(command) => Some(command.name.to_string()),
        Body::Data(data) => data.name().map(str::to_owned),
        _ => None,
    }
}

#[test]
fn what_a_client_gets_answered_by_the_session_itself() {
    let file = vectors::load_ours("client-captures.json");
    let captures = file["captures"].as_array().unwrap();
    let capture = captures
        .iter()
        .find(|c| c["id"] == "client-rtmp-client-so")
        .unwrap();
    let mut server = Side::new(Session::server(
        SessionConfig::default(),
        [0; 32],
        Millis(0),
    ));
    let bytes = client_bytes(capture);
    server
        .handle(Input::Receive {
            now: Millis(50),
            bytes: &bytes,
        })
        .unwrap();
    // The handshake, and the answer to the ping this client sends at once.
    let answer = server.wire.split_off(1 + 2 * 1536);
    assert_eq!(hex::encode(&answer), "02000000000006040000000000076b02dae6");
}
