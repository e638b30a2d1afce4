//! A session on either side that is handed any bytes after its handshake, in pieces, with time
//! passing and messages sent in between. It never panics, always comes to rest, keeps its error,
//! and what it sends its own kind can read.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rtmp::{Body, Error, Input, Message, Millis, Output, Session, SessionConfig};

fuzz_target!(|bytes: &[u8]| {
    for server in [true, false] {
        let (mut session, mut peer) = shaken(server);
        let mut now = Millis(0);
        for piece in bytes.chunks(97) {
            let pause = piece.first().copied().unwrap_or_default();
            if pause >= 0xF0 {
                now = now + u64::from(pause) * 20;
                step(&mut session, &mut peer, Input::Timeout { now });
                step(&mut session, &mut peer, Input::Ping { now });
            }
            step(
                &mut session,
                &mut peer,
                Input::Receive { now, bytes: piece },
            );
            let video = Body::Video(Bytes::copy_from_slice(piece));
            let timestamp = u32::from(pause) << 24;
            let message = Message {
                stream_id: 1,
                timestamp,
                body: video,
            };
            step(&mut session, &mut peer, Input::Send(message));
        }
    }
});

/// A session and its counterpart after a handshake.
fn shaken(server: bool) -> (Session, Session) {
    let config = SessionConfig::default();
    let mut client_side = Session::client(config.clone(), [1; 32], Millis(0));
    let mut server_side = Session::server(config, [2; 32], Millis(0));
    for _ in 0..2 {
        carry(&mut client_side, &mut server_side);
        carry(&mut server_side, &mut client_side);
    }
    drain(&mut client_side);
    drain(&mut server_side);
    assert!(server_side.handshake().is_some() && client_side.handshake().is_some());
    server_side.connected();
    if server {
        (server_side, client_side)
    } else {
        (client_side, server_side)
    }
}

fn carry(from: &mut Session, to: &mut Session) {
    for bytes in drain(from) {
        to.handle(Input::Receive {
            now: Millis(0),
            bytes: &bytes,
        })
        .expect("our own bytes");
    }
}

fn step(session: &mut Session, peer: &mut Session, input: Input<'_>) {
    let result = session.handle(input);
    for bytes in drain(session) {
        // The peer answers into the void; what matters is that it understands.
        let heard = peer.handle(Input::Receive {
            now: Millis(0),
            bytes: &bytes,
        });
        heard.expect("our own bytes");
        drain(peer);
    }
    match result {
        Ok(()) | Err(Error::Unsendable { .. } | Error::TooLong { .. }) => {}
        Err(error) => {
            let again = session.handle(Input::Timeout {
                now: Millis(u64::MAX),
            });
            assert_eq!(again, Err(error));
            assert!(drain(session).is_empty());
        }
    }
}

/// Polls until the session is at rest; what it sends.
fn drain(session: &mut Session) -> Vec<Bytes> {
    let mut sent = Vec::new();
    loop {
        match session.poll() {
            Output::Transmit(bytes) => sent.push(bytes),
            Output::Event(event) => drop(format!("{event:?}")),
            Output::Timeout(_) => return sent,
        }
    }
}
