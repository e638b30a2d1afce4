//! However the same bytes are split, a session says the same.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use rtmp::chunk::{RawMessage, Reader, Writer, frame};
use rtmp::{Error, Event, Input, Limits, Millis, Session, SessionConfig};
use testkit::hex;

use crate::pair::Side;

/// What came of it: events, bytes answered, and the error if there was one. Acknowledgements
/// are left out by never asking for them.
type Outcome = (Vec<Event>, Vec<u8>, Option<Error>);

fn outcome<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut server = Side::new(Session::server(
        SessionConfig::default(),
        [4; 32],
        Millis(0),
    ));
    let mut pieces = pieces.into_iter();
    let error = pieces.find_map(|bytes| {
        server
            .handle(Input::Receive {
                now: Millis(1),
                bytes,
            })
            .err()
    });
    (server.events, server.wire, error)
}

/// Cuts `bytes` at the given places, taken modulo its length.
fn cut(bytes: &[u8], places: &[usize]) -> Vec<Vec<u8>> {
    let mut places: Vec<_> = places
        .iter()
        .map(|place| place % (bytes.len() + 1))
        .collect();
    places.sort_unstable();
    places.push(bytes.len());
    let mut pieces = Vec::new();
    let mut start = 0;
    for end in places {
        pieces.push(bytes[start..end].to_vec());
        start = end;
    }
    pieces
}

fn message() -> impl Strategy<Value = RawMessage> {
    let csid = prop_oneof![2_u32..8, Just(64), Just(400)];
    let timestamp = prop_oneof![0_u32..1000, 0xFF_FFF0..0x100_0010_u32, any::<u32>()];
    let body = prop_oneof![
        (Just(8_u8), prop::collection::vec(any::<u8>(), 0..300)),
        (Just(9), prop::collection::vec(any::<u8>(), 0..900)),
        (
            Just(1),
            (1_u32..2000).prop_map(|size| size.to_be_bytes().to_vec())
        ),
        (
            Just(4),
            any::<u32>().prop_map(|n| [&[0, 6][..], &n.to_be_bytes()].concat())
        ),
        (Just(18), Just(b"\x02\0\x01a\x05".to_vec())),
        (
            Just(20),
            Just(b"\x02\0\x01f\0\x3f\xf0\0\0\0\0\0\0\x05".to_vec())
        ),
        (
            Just(19),
            Just(b"\0\x01a\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0".to_vec())
        ),
    ];
    (csid, timestamp, body, 0_u32..3).prop_map(|(csid, timestamp, (type_id, body), stream_id)| {
        RawMessage {
            csid,
            timestamp,
            type_id,
            stream_id,
            payload: Bytes::from(body),
        }
    })
}

/// A client's bytes from the first one on.
fn stream(messages: &[RawMessage]) -> Vec<u8> {
    let mut bytes = BytesMut::from(&[3][..]);
    bytes.resize(1 + 2 * 1536, 0);
    let mut writer = Writer::new();
    for message in messages {
        writer.write(message, &mut bytes);
    }
    bytes.to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_split_gives_the_same(
        messages in prop::collection::vec(message(), 0..12),
        places in prop::collection::vec(any::<usize>(), 0..40),
        // Damage, so that errors are compared, too.
        damage in prop::option::of((any::<usize>(), any::<u8>())),
    ) {
        let mut bytes = stream(&messages);
        if let Some((place, byte)) = damage {
            let at = 1537 + place % (bytes.len() - 1537);
            bytes[at] = byte;
        }
        let whole = outcome([&bytes[..]]);
        if damage.is_none() {
            prop_assert_eq!(&whole.2, &None);
            prop_assert_eq!(whole.0.len(), 1 + messages.len());
        }
        let pieces = cut(&bytes, &places);
        prop_assert_eq!(&outcome(pieces.iter().map(Vec::as_slice)), &whole);
        prop_assert_eq!(&outcome(bytes.chunks(1)), &whole);
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..4000),
        shaken in any::<bool>(),
    ) {
        let mut all = if shaken { stream(&[]) } else { Vec::new() };
        all.extend(bytes);
        outcome([&all[..]]);
    }
}

/// One message on a chunk stream of its own, as its chunks.
fn chunks(csid: u32, timestamp: u32, payload: &[u8]) -> VecDeque<Vec<u8>> {
    let mut framed = BytesMut::new();
    frame(csid, timestamp, 9, 1, payload, 128, &mut framed);
    let extension = if timestamp >= 0xFF_FFFF { 4 } else { 0 };
    let first = (12 + extension + payload.len().min(128)).min(framed.len());
    let rest = framed.split_off(first);
    let rest = rest.chunks(1 + extension + 128).map(<[u8]>::to_vec);
    std::iter::once(framed.to_vec()).chain(rest).collect()
}

proptest! {
    #[test]
    fn interleaved_chunks_make_the_same_messages(
        messages in prop::collection::vec(
            (prop_oneof![0_u32..100, 0xFF_FFFE..0x100_0001_u32], 0_usize..1000),
            1..20,
        ),
        order in prop::collection::vec(any::<prop::sample::Index>(), 200),
    ) {
        let payload = |i: usize, len: usize| Bytes::from(vec![i as u8; len]);
        let mut waiting: Vec<_> = messages
            .iter()
            .enumerate()
            .map(|(i, &(timestamp, len))| (i, chunks(3 + i as u32, timestamp, &payload(i, len))))
            .collect();
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for index in order.iter().cycle() {
            if waiting.is_empty() {
                break;
            }
            let at = index.index(waiting.len());
            let (i, chunks) = &mut waiting[at];
            bytes.extend(chunks.pop_front().expect("finished messages are removed"));
            if chunks.is_empty() {
                let (timestamp, len) = messages[*i];
                expected.push((3 + *i as u32, timestamp, payload(*i, len)));
                waiting.remove(at);
            }
        }
        let mut reader = Reader::new(Limits::default());
        let (mut input, mut found) = (&bytes[..], Vec::new());
        while let Some(message) = reader.read(&mut input).expect("a chunk stream") {
            found.push((message.csid, message.timestamp, message.payload));
        }
        prop_assert_eq!(found, expected);
        prop_assert!(reader.is_at_rest());
    }
}

/// A type 3 chunk whose payload begins like the extended timestamp, in every split: the reader
/// must look ahead and give back what it took for a timestamp.
#[test]
fn lookahead_is_given_back() {
    let head = "04ffffff0000820901000000010000002727";
    for (tail, body_tail) in [
        // Repeated timestamp, then the last two bytes.
        ("c4010000002829", "2829"),
        // No repeated timestamp; the last two bytes are its beginning, and another chunk
        // stream follows.
        ("c40100050000000000010800000000af", "0100"),
        ("c40102050000000000010800000000af", "0102"),
    ] {
        let payload = "27".repeat(126);
        let mut bytes = stream(&[]);
        bytes.extend(hex::decode(&format!("{head}{payload}{tail}")).unwrap());
        let (events, _, error) = outcome([&bytes[..]]);
        assert_eq!(error, None, "{tail}");
        let Event::Message(message) = &events[1] else {
            panic!("{:?}", events[1])
        };
        let rtmp::Body::Video(video) = &message.body else {
            panic!("{message:?}")
        };
        assert_eq!(message.timestamp, 0x0100_0000);
        assert_eq!(hex::encode(&video[128..]), body_tail);
        assert_eq!(outcome(bytes.chunks(1)).0, events);
        for place in 3073..bytes.len() {
            let (a, b) = bytes.split_at(place);
            assert_eq!(outcome([a, b]).0, events, "split at {place}");
        }
    }
}
