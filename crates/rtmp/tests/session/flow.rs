//! Acknowledgements, windows and what is counted.

use bytes::Bytes;
use rtmp::{Body, Input, Message, PeerBandwidthLimit, UserControl};

use crate::pair::Pair;

fn acknowledgements(messages: &[Message]) -> Vec<u32> {
    let acknowledgement = |message: &Message| match message.body {
        Body::Acknowledgement(bytes) => Some(bytes),
        _ => None,
    };
    messages.iter().filter_map(acknowledgement).collect()
}

#[test]
fn each_window_is_acknowledged() {
    let mut pair = Pair::connected();
    pair.piece = 100;
    pair.server
        .send(Message::connection(Body::WindowAckSize(1000)));
    pair.drive();
    // The handshake counts, so the first window was used up long ago.
    let mut acknowledged = acknowledgements(&pair.server.messages());
    assert_eq!(acknowledged.len(), 1);
    for _ in 0..10 {
        let video = Body::Video(Bytes::from(vec![0; 500]));
        pair.server.send(Message::stream(1, video));
        pair.drive();
    }
    acknowledged.extend(acknowledgements(&pair.server.messages()));
    assert_eq!(acknowledged.len(), 1 + 5);
    for two in acknowledged.windows(2) {
        let step = two[1] - two[0];
        assert!((1000..1100).contains(&step), "a step of {step} bytes");
    }
    assert_eq!(pair.server.session.bytes_acknowledged(), acknowledged[5]);
    assert!(u64::from(acknowledged[5]) <= pair.client.session.bytes_received());
}

#[test]
fn a_tiny_window_gets_one_acknowledgement_per_read() {
    let mut pair = Pair::connected();
    pair.server
        .send(Message::connection(Body::WindowAckSize(1)));
    pair.server
        .send(Message::stream(1, Body::Video(Bytes::from(vec![0; 5000]))));
    let (bytes, now) = (std::mem::take(&mut pair.server.wire), pair.now);
    pair.client
        .handle(Input::Receive { now, bytes: &bytes })
        .unwrap();
    assert_eq!(pair.client.wire.len(), 12 + 4);
}

#[test]
fn a_bandwidth_is_answered_with_a_window_once() {
    let mut pair = Pair::connected();
    let bandwidth = |bytes, limit| Message::connection(Body::SetPeerBandwidth { bytes, limit });
    for (bytes, limit, expected) in [
        (2_500_000, PeerBandwidthLimit::Dynamic, Some(2_500_000)),
        (2_500_000, PeerBandwidthLimit::Dynamic, None),
        (5_000_000, PeerBandwidthLimit::Soft, None),
        (1_000_000, PeerBandwidthLimit::Soft, Some(1_000_000)),
        (4_000_000, PeerBandwidthLimit::Hard, Some(4_000_000)),
    ] {
        pair.server.send(bandwidth(bytes, limit));
        pair.drive();
        let answers: Vec<_> = pair.server.messages().into_iter().map(|m| m.body).collect();
        let expected: Vec<_> = expected.into_iter().map(Body::WindowAckSize).collect();
        assert_eq!(answers, expected, "{bytes} {limit:?}");
    }
}

#[test]
fn pings_are_answered_with_their_own_number() {
    let mut pair = Pair::connected();
    let ping = Body::UserControl(UserControl::PingRequest(0xDEAD_BEEF));
    pair.client.send(Message::connection(ping.clone()));
    pair.drive();
    assert_eq!(
        pair.server.messages().remove(0).body,
        ping,
        "it comes out all the same"
    );
    let answer = Body::UserControl(UserControl::PingResponse(0xDEAD_BEEF));
    assert_eq!(pair.client.messages().remove(0).body, answer);
}
