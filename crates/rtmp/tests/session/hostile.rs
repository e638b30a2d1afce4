//! Peers that want to cost more than they pay, or hope to confuse.

use bytes::BytesMut;
use rtmp::chunk::{MAX_MESSAGE_BYTES, Reader, frame};
use rtmp::{
    Command, Error, Event, Family, Input, Limit, Limits, Malformed, Millis, Misbehaved, Session,
    SessionConfig,
};

use crate::pair::Side;

/// A server that has shaken hands with a plain client.
fn open(limits: Limits) -> Side {
    let config = SessionConfig {
        limits,
        ..SessionConfig::default()
    };
    let mut server = Side::new(Session::server(config, [0; 32], Millis(0)));
    let mut hello = vec![0; 1 + 2 * 1536];
    hello[0] = 3;
    receive(&mut server, &hello).unwrap();
    server.wire.clear();
    server.events.clear();
    server
}

fn receive(side: &mut Side, bytes: &[u8]) -> Result<(), Error> {
    side.handle(Input::Receive {
        now: Millis(0),
        bytes,
    })
    .map(|_| ())
}

/// The basic header of type `format` in its three-byte form.
fn basic(format: u8, csid: u32) -> [u8; 3] {
    let [low, high] = ((csid - 64) as u16).to_le_bytes();
    [format << 6 | 1, low, high]
}

/// A full header and the first byte of a long message.
fn first_byte(csid: u32, type_id: u8, length: u32) -> Vec<u8> {
    let [_, a, b, c] = length.to_be_bytes();
    let mut bytes = basic(0, csid).to_vec();
    bytes.extend([0, 0, 0, a, b, c, type_id, 0, 0, 0, 0, 0x27]);
    bytes
}

#[test]
fn sixty_five_thousand_chunk_streams_with_one_byte_each_are_refused_at_the_limit() {
    let limits = Limits::default();
    let mut reader = Reader::new(limits);
    reader.set_chunk_size(1);
    let refused = (64..65_600).find_map(|csid| {
        let bytes = first_byte(csid, 9, 4 << 20);
        let refused = reader.read(&mut &bytes[..]).err();
        assert!(reader.partial_bytes() <= limits.partial_messages);
        refused.map(|error| (csid, error))
    });
    let (csid, error) = refused.expect("the peer was never stopped");
    assert_eq!(csid, 64 + 64);
    assert!(matches!(
        error,
        Error::Limit {
            which: Limit::PartialMessages,
            max: 64,
            ..
        }
    ));
}

#[test]
fn even_all_chunk_streams_at_once_hold_no_more_than_their_bytes() {
    let limits = Limits {
        chunk_streams: usize::MAX,
        partial_messages: usize::MAX,
        partial_bytes: 65_535,
        ..Limits::default()
    };
    let mut reader = Reader::new(limits);
    reader.set_chunk_size(1);
    // The reader looks chunk streams up one by one, so not every one of them here.
    for csid in 64..4000 {
        assert_eq!(
            reader.read(&mut &first_byte(csid, 9, 4 << 20)[..]),
            Ok(None)
        );
    }
    assert_eq!(reader.partial_bytes(), 4000 - 64);
}

#[test]
fn chunk_streams_that_carried_whole_messages_are_counted_too() {
    let mut server = open(Limits::default());
    let empty = |csid| [&basic(0, csid)[..], &[0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]].concat();
    for csid in 64..64 + 256 {
        receive(&mut server, &empty(csid)).unwrap();
    }
    let refused = receive(&mut server, &empty(64 + 256)).unwrap_err();
    assert!(matches!(
        refused,
        Error::Limit {
            which: Limit::ChunkStreams,
            max: 256,
            ..
        }
    ));
    assert_eq!(server.messages().len(), 256, "what came before is not lost");
}

#[test]
fn unfinished_messages_share_eight_mebibytes() {
    let mut reader = Reader::new(Limits::default());
    reader.set_chunk_size(1 << 20);
    let piece = vec![0; 1 << 20];
    let refused = (64..64 + 64).find_map(|csid| {
        let header = first_byte(csid, 9, 4 << 20);
        let bytes = [&header[..header.len() - 1], &piece].concat();
        reader
            .read(&mut &bytes[..])
            .err()
            .map(|error| (csid - 64, error))
    });
    let (held, error) = refused.expect("the peer was never stopped");
    assert_eq!(held, 8);
    assert!(matches!(
        error,
        Error::Limit {
            which: Limit::PartialBytes,
            ..
        }
    ));
}

#[test]
fn a_message_over_its_limit_is_refused_at_the_header() {
    for (type_id, max) in [
        (8, 4 << 20),
        (9, 4 << 20),
        (22, 4 << 20),
        (20, 1 << 20),
        (1, 1 << 20),
    ] {
        let mut server = open(Limits::default());
        receive(&mut server, &first_byte(64, type_id, max)).unwrap();
        let mut server = open(Limits::default());
        let header = first_byte(64, type_id, max + 1);
        let refused = receive(&mut server, &header[..header.len() - 1]).unwrap_err();
        let which = if type_id < 8 || type_id == 20 {
            Limit::OtherMessageBytes
        } else {
            Limit::MediaMessageBytes
        };
        assert_eq!(
            refused,
            Error::Limit {
                which,
                max: max.into(),
                offset: 3073
            }
        );
    }
}

#[test]
fn a_message_cannot_change_its_length_or_type_halfway() {
    let start = first_byte(64, 9, 300);
    let start = [&start[..start.len() - 1], &[0x27; 128]].concat();
    // Types 1 and 2 go on with a message of the same length and type.
    let cases: [(&[u8], bool); 5] = [
        (&[0, 0, 9, 0, 1, 44, 9], true),
        (&[0, 0, 9, 0, 1, 45, 9], false),
        (&[0, 0, 9, 0, 0, 0, 9], false),
        (&[0, 0, 9, 0, 1, 44, 8], false),
        (&[0, 0, 9, 0xFF, 0xFF, 0xFF, 9], false),
    ];
    for (header, accepted) in cases {
        let mut server = open(Limits::default());
        receive(&mut server, &start).unwrap();
        let rest = [
            &basic(1, 64)[..],
            header,
            &[0x28; 128],
            &basic(3, 64),
            &[0x29; 44],
        ]
        .concat();
        let result = receive(&mut server, &rest);
        if accepted {
            result.unwrap();
            assert_eq!(
                server.messages()[0].timestamp,
                0,
                "the delta is not counted"
            );
        } else {
            let what = Misbehaved::MessageChanged { csid: 64 };
            assert_eq!(
                result,
                Err(Error::Misbehaved {
                    what,
                    offset: 3073 + 14 + 128
                })
            );
        }
    }
}

#[test]
fn nested_values_stop_at_the_depth_limit() {
    // A command with 70,000 arrays inside each other: two bytes of header, then the arrays.
    let mut payload = b"\x02\0\x01f".to_vec();
    for _ in 0..70_000 {
        payload.extend([0x0A, 0, 0, 0, 1]);
    }
    let mut bytes = BytesMut::new();
    frame(3, 0, 20, 0, &payload, 128, &mut bytes);
    let mut server = open(Limits::default());
    let refused = receive(&mut server, &bytes).unwrap_err();
    let Error::Amf {
        type_id: 20,
        source,
    } = refused
    else {
        panic!("{refused:?}")
    };
    assert!(matches!(
        source,
        amf::DecodeError::Limit { limit: "depth", .. }
    ));
}

#[test]
fn a_shared_object_message_has_a_bounded_number_of_items() {
    let limits = Limits {
        shared_object_items: 100,
        ..Limits::default()
    };
    let message = |clears: usize| {
        let mut payload = b"\0\x01a".to_vec();
        payload.extend([0; 12]);
        payload.extend([8, 0, 0, 0, 0].repeat(clears));
        let mut bytes = BytesMut::new();
        frame(3, 0, 19, 0, &payload, 128, &mut bytes);
        bytes
    };
    receive(&mut open(limits), &message(100)).unwrap();
    let refused = receive(&mut open(limits), &message(101)).unwrap_err();
    assert!(matches!(
        refused,
        Error::Limit {
            which: Limit::SharedObjectItems,
            max: 100,
            ..
        }
    ));
}

/// The lengths of its event do not fit, or the value in it means nothing.
#[test]
fn a_shared_object_message_that_cannot_be_read_leaves_the_connection_open() {
    use rtmp::shared_object::Event as ObjectEvent;
    for event in [
        &b"\x03\0\0\0\x09\0\x01x"[..],
        b"\x03\0\0\0\x05\0\x03x\0\0",
        b"\x03\0\0\0\x04\0\x01x\x7f",
        b"\x03\0\0",
    ] {
        let mut payload = b"\0\x01a\0\0\0\x07".to_vec();
        payload.extend([0; 8]);
        payload.extend(event);
        let mut bytes = BytesMut::new();
        frame(3, 0, 19, 0, &payload, 128, &mut bytes);
        let mut session = open(Limits::default());
        receive(&mut session, &bytes).unwrap();
        let told = session.messages().pop().map(|message| message.body);
        let unreadable = vec![ObjectEvent::Unreadable];
        let expected = rtmp::shared_object::Message::new("a", 7, false, unreadable);
        assert_eq!(told, Some(rtmp::Body::SharedObject(expected)), "{event:?}");
    }
    // Without a name there is nothing to be answered.
    let mut bytes = BytesMut::new();
    frame(3, 0, 19, 0, b"\0\x09a", 128, &mut bytes);
    assert!(receive(&mut open(Limits::default()), &bytes).is_err());
}

/// What a session may have to hold between two polls.
const HELD_BYTES: usize = 2 << 20;

#[test]
fn one_read_brings_a_bounded_number_of_messages() {
    let limits = Limits::default();
    let max = limits.messages_at_once;
    assert!(max * size_of::<Event>() <= HELD_BYTES);
    // An empty sound, then the same again and again in a byte each.
    let mut empty = vec![4, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0];
    empty.extend(vec![0xC4; (64 << 10) - empty.len()]);
    // An aggregate of empty sounds, fifteen bytes each.
    let part = [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11];
    let payload = part.repeat((4 << 20) / part.len());
    let mut aggregate = BytesMut::new();
    frame(4, 0, 22, 1, &payload, 128, &mut aggregate);
    for bytes in [&empty[..], &aggregate] {
        let mut server = open(limits);
        let refused = receive(&mut server, bytes).unwrap_err();
        assert!(matches!(
            refused,
            Error::Limit {
                which: Limit::MessagesAtOnce,
                max: 8192,
                ..
            }
        ));
        assert_eq!(server.messages().len(), max, "and no more");
    }
    // In several reads as many may come as will.
    let mut server = open(limits);
    for bytes in empty.chunks(4096) {
        receive(&mut server, bytes).unwrap();
    }
}

#[test]
fn control_messages_that_are_cut_are_refused() {
    for (type_id, payload, malformed) in [
        (1, &[0, 0][..], Malformed::Control { type_id: 1 }),
        (1, &[0x80, 0, 0, 1], Malformed::Control { type_id: 1 }),
        (2, &[], Malformed::Control { type_id: 2 }),
        (3, &[1, 2, 3], Malformed::Control { type_id: 3 }),
        (4, &[0], Malformed::UserControl { event: 0xFFFF }),
        (4, &[0, 6, 1], Malformed::UserControl { event: 6 }),
        (
            4,
            &[0, 3, 0, 0, 0, 1, 0],
            Malformed::UserControl { event: 3 },
        ),
        (5, &[0], Malformed::Control { type_id: 5 }),
        (6, &[0, 0, 1], Malformed::Control { type_id: 6 }),
        (20, &[], Malformed::CommandName),
        (20, &[5], Malformed::CommandName),
        (17, &[9], Malformed::Lead { lead: 9 }),
        (16, &[3], Malformed::Lead { lead: 3 }),
        (19, &[0, 1, b'a', 0], Malformed::SharedObjectHeader),
        (22, &[8], Malformed::Aggregate),
    ] {
        let mut bytes = BytesMut::new();
        frame(2, 0, type_id, 0, payload, 128, &mut bytes);
        let refused = receive(&mut open(Limits::default()), &bytes).unwrap_err();
        let Error::Malformed { what, .. } = refused else {
            panic!("{type_id}: {refused:?}")
        };
        assert_eq!(what, malformed);
    }
}

#[test]
fn after_an_error_nothing_is_taken_and_nothing_is_lost() {
    let mut server = open(Limits::default());
    let mut bytes = BytesMut::new();
    frame(3, 0, 4, 0, &[0, 6, 0, 0, 0, 1], 128, &mut bytes);
    frame(3, 0, 1, 0, &[0, 0, 0, 0], 128, &mut bytes);
    frame(3, 0, 4, 0, &[0, 6, 0, 0, 0, 2], 128, &mut bytes);
    let refused = receive(&mut server, &bytes).unwrap_err();
    assert_eq!(refused.family(), Family::Misbehaved);
    assert_eq!(server.events.len(), 1, "the message before it");
    assert_eq!(server.wire.len(), 18, "and the answer to it");
    assert_eq!(receive(&mut server, &[0]), Err(refused.clone()));
    let command = Command::new("f", 0.0, vec![]);
    let message = rtmp::Message::connection(rtmp::Body::Command(command));
    assert_eq!(server.handle(Input::Send(message)), Err(refused));
    assert!(
        !server
            .events
            .iter()
            .any(|event| matches!(event, Event::HandshakeDone(_)))
    );
}

#[test]
fn a_message_of_ours_that_cannot_be_written_harms_nobody() {
    let mut server = open(Limits::default());
    let value = amf::Value::byte_array(&vec![0; 2 << 20]);
    let command = Command::new("f", 0.0, vec![value]).with_encoding(rtmp::Encoding::Amf3);
    let message = rtmp::Message::connection(rtmp::Body::Command(command));
    let refused = server.handle(Input::Send(message)).unwrap_err();
    assert_eq!(refused.family(), Family::Unsendable);
    assert!(server.wire.is_empty());
    server.call(0, Command::new("g", 0.0, vec![]));
    assert!(!server.wire.is_empty());
}

#[test]
fn what_we_write_keeps_to_the_configured_limits() {
    let text = "x".repeat(2000);
    for (output_bytes, fits) in [(1000, false), (4000, true)] {
        let amf = amf::Limits {
            output_bytes,
            ..amf::Limits::default()
        };
        let mut server = open(Limits {
            amf,
            ..Limits::default()
        });
        let command = Command::new("f", 0.0, vec![text.as_str().into()]);
        let message = rtmp::Message::connection(rtmp::Body::Command(command));
        let sent = server.handle(Input::Send(message));
        assert_eq!(sent.is_ok(), fits, "{output_bytes}");
    }
}

#[test]
fn a_message_of_ours_that_is_too_long_is_not_cut() {
    let mut server = open(Limits::default());
    let video = |len| rtmp::Message::stream(1, rtmp::Body::Video(vec![0; len].into()));
    let refused = server.handle(Input::Send(video(MAX_MESSAGE_BYTES + 1)));
    let error = Error::TooLong {
        type_id: 9,
        len: MAX_MESSAGE_BYTES + 1,
        max: MAX_MESSAGE_BYTES,
    };
    assert_eq!(refused, Err(error.clone()));
    assert_eq!(error.family(), Family::Unsendable);
    assert!(server.wire.is_empty());
    server
        .handle(Input::Send(video(MAX_MESSAGE_BYTES)))
        .unwrap();
    assert!(server.wire.len() > MAX_MESSAGE_BYTES);
}

#[test]
fn abort_frees_what_was_held() {
    let mut reader = Reader::new(Limits::default());
    let start = first_byte(64, 9, 300);
    let start = [&start[..start.len() - 1], &[0x27; 128]].concat();
    assert_eq!(reader.read(&mut &start[..]), Ok(None));
    assert_eq!(reader.partial_bytes(), 128);
    let mut abort = BytesMut::new();
    frame(2, 0, 2, 0, &64_u32.to_be_bytes(), 128, &mut abort);
    // Aborting twice, or a chunk stream nobody knows, does nothing.
    frame(2, 0, 2, 0, &64_u32.to_be_bytes(), 128, &mut abort);
    frame(2, 0, 2, 0, &99_u32.to_be_bytes(), 128, &mut abort);
    let mut input = &abort[..];
    for _ in 0..3 {
        assert_eq!(reader.read(&mut input).unwrap().unwrap().type_id, 2);
    }
    assert_eq!(reader.partial_bytes(), 0);
    assert!(reader.is_at_rest());
}
