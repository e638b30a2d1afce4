//! Connecting, publishing and playing, as far as the protocol goes.

use amf::Value;
use bytes::{Bytes, BytesMut};
use rtmp::chunk::{RawMessage, csid, frame};
use rtmp::connect::ConnectInfo;
use rtmp::message::type_id;
use rtmp::shared_object::{self, Event as SharedEvent};
use rtmp::status::{self, Code, Status};
use rtmp::{Body, Command, Data, Encoding, Limits, Message, SessionConfig, UserControl};

use crate::pair::Pair;

#[test]
fn a_client_connects() {
    let mut pair = Pair::new(SessionConfig::default(), SessionConfig::default());
    let info = ConnectInfo {
        transaction: 1.0,
        app: Some("live/room".into()),
        tc_url: Some("rtmp://localhost/live/room".into()),
        ..ConnectInfo::default()
    };
    // Sent before the handshake is done, as clients may write it: it is held back.
    pair.client.call(0, info.to_command());
    pair.drive();
    let connect = ConnectInfo::from_command(&pair.server.commands()[0]).unwrap();
    assert_eq!(connect, info);
    assert_eq!(connect.target().unwrap().instance, "room");

    let success = Status::new(Code::ConnectSuccess, "Connection succeeded.");
    let server = Value::object([("fmsVer", "FMS/3,5,1,525".into())]);
    pair.server
        .send(Message::connection(Body::WindowAckSize(2_500_000)));
    pair.server
        .send(Message::connection(Body::SetChunkSize(4096)));
    pair.server
        .call(0, status::connect_result(1.0, server, &success));
    pair.server.call(0, status::on_bw_done());
    pair.drive();
    let answers = pair.client.commands();
    let names: Vec<_> = answers.iter().map(|command| &*command.name).collect();
    assert_eq!(names, ["_result", "onBWDone"]);
    assert_eq!(
        answers[0].object.get("fmsVer").and_then(Value::as_str),
        Some("FMS/3,5,1,525")
    );
    let code = answers[0].arg(0).get("code").and_then(Value::as_str);
    assert_eq!(code, Some("NetConnection.Connect.Success"));
}

#[test]
fn a_client_publishes() {
    let mut pair = Pair::connected();
    pair.client
        .call(0, Command::new("createStream", 2.0, vec![]));
    pair.drive();
    let create = &pair.server.commands()[0];
    pair.server
        .call(0, status::result(create.transaction, 1.into()));
    pair.drive();
    assert_eq!(pair.client.commands()[0].arg(0), &Value::Number(1.0));

    pair.client.call(
        1,
        Command::new("publish", 0.0, vec!["a".into(), "live".into()]),
    );
    pair.drive();
    assert_eq!(pair.server.messages()[0].stream_id, 1);
    pair.server.send(Message::connection(Body::UserControl(
        UserControl::StreamBegin(1),
    )));
    pair.server.call(
        1,
        Status::new(Code::PublishStart, "a is now published.").on_status(),
    );
    pair.drive();
    assert_eq!(pair.client.messages().len(), 2);
}

#[test]
fn media_arrives_as_it_was_sent() {
    let mut pair = Pair::connected();
    pair.client
        .send(Message::connection(Body::SetChunkSize(60_000)));
    let sent = media();
    for message in &sent {
        pair.client.send(message.clone());
    }
    pair.drive();
    let received = pair.server.messages();
    assert!(matches!(received[0].body, Body::SetChunkSize(60_000)));
    assert_eq!(received.len(), sent.len() + 1);
    for (received, sent) in received[1..].iter().zip(&sent) {
        assert_eq!(
            (received.stream_id, received.timestamp),
            (sent.stream_id, sent.timestamp)
        );
        match (&received.body, &sent.body) {
            (Body::Data(received), Body::Data(sent)) => {
                assert_eq!(received.values, sent.values);
                assert!(!received.payload.is_empty());
            }
            (received, sent) => assert_eq!(received, sent),
        }
    }
}

/// Metadata, and audio and video whose times grow, repeat, jump back and wrap.
fn media() -> Vec<Message> {
    let metadata = Value::ecma_array([("width", 320.into()), ("height", 240.into())]);
    let values = vec!["@setDataFrame".into(), "onMetaData".into(), metadata];
    let mut messages = vec![Message::stream(
        1,
        Body::Data(Data::new(values, Encoding::Amf0)),
    )];
    for timestamp in [0, 23, 46, 46, 20, 0xFF_FFFF, 0x100_0010, u32::MAX, 5] {
        for (body, len) in [
            (Body::Audio as fn(Bytes) -> Body, 200),
            (Body::Video, 70_000),
        ] {
            let payload = Bytes::from(vec![timestamp as u8; len]);
            messages.push(Message {
                stream_id: 1,
                timestamp,
                body: body(payload),
            });
        }
        messages.push(Message {
            stream_id: 1,
            timestamp,
            body: Body::Audio(Bytes::new()),
        });
    }
    messages
}

#[test]
fn data_is_passed_on_byte_for_byte() {
    let mut pair = Pair::connected();
    // A boolean that is not written as 1, which no writer of ours would repeat.
    let payload = Bytes::from_static(b"\x02\0\x01a\x01\x07");
    let data = Data {
        values: vec![],
        encoding: Encoding::Amf0,
        payload: payload.clone(),
    };
    pair.client.send(Message::stream(1, Body::Data(data)));
    pair.drive();
    let received = pair.server.messages().remove(0);
    let Body::Data(data) = &received.body else {
        panic!("not data: {received:?}")
    };
    assert_eq!(data.name(), Some("a"));
    assert_eq!(data.values[1], Value::Boolean(true));
    assert_eq!(data.payload, payload);
    pair.server.send(received);
    pair.drive();
    let Body::Data(data) = pair.client.messages().remove(0).body else {
        panic!("not data")
    };
    assert_eq!(data.payload, payload);
}

#[test]
fn amf3_clients_get_objects_in_amf3_and_scalars_in_amf0() {
    let mut pair = Pair::connected();
    let object = Value::object([("a", 1.into())]);
    let args = vec![object.clone(), "x".into(), Value::byte_array(&[1, 2])];
    let command = Command::new("call", 3.0, args).with_encoding(Encoding::Amf3);
    let message = Message::connection(Body::Command(command));
    assert_eq!(message.encode().unwrap().type_id, type_id::COMMAND_AMF3);
    pair.server.send(message);
    pair.drive();
    let command = pair.client.commands().remove(0);
    assert_eq!(command.encoding, Encoding::Amf3);
    assert_eq!(command.object, Value::Null);
    assert_eq!(command.arg(0), &object.in_amf3());
    assert_eq!(command.arg(1), &Value::from("x"));
    assert_eq!(command.arg(2).plain(), &Value::byte_array(&[1, 2]));
    assert_eq!(command.arg(3), &Value::Undefined);
}

#[test]
fn a_data_message_loses_its_name_and_nothing_else() {
    let name: &[u8] = b"@setDataFrame";
    let rest: &[u8] = b"\x02\0\x0aonMetaData\x08\0\0\0\x09\0\0\x09";
    let short: &[u8] = &[b"\x02\0\x0d", name].concat();
    let long: &[u8] = &[b"\x0c\0\0\0\x0d", name].concat();
    for (type_id, lead) in [(18, &b""[..]), (15, b"\0"), (15, b"")] {
        for head in [short, long] {
            // A long string without a lead is no AMF3 form that any peer sends.
            if type_id == 15 && lead.is_empty() && head[0] == 0x0c {
                continue;
            }
            let data = data_message(type_id, &[lead, head, rest].concat());
            assert_eq!(data.name(), Some("@setDataFrame"));
            assert_eq!(data.body_without_name().unwrap(), [lead, rest].concat());
        }
    }
    assert_eq!(data_message(18, b"\x05").body_without_name(), None);
    assert_eq!(data_message(18, b"").body_without_name(), None);
}

#[test]
fn a_name_in_amf3_that_is_referred_to_is_written_where_it_is_needed() {
    // The same text in AMF3 twice: the second time as a reference to the first.
    let data = data_message(15, b"\0\x11\x06\x03a\x11\x09\x03\x01\x06\0");
    let body = data.body_without_name().unwrap();
    let read = data_message(15, &body);
    assert_eq!(read.values, [Value::array(["a".into()]).in_amf3()]);
}

fn data_message(type_id: u8, payload: &[u8]) -> Data {
    let raw = RawMessage {
        csid: 5,
        timestamp: 0,
        type_id,
        stream_id: 1,
        payload: Bytes::copy_from_slice(payload),
    };
    let message = Message::decode(&raw, &Limits::default()).unwrap();
    let Body::Data(data) = message.body else {
        panic!("{message:?}")
    };
    data
}

#[test]
fn shared_objects_travel_in_both_forms() {
    for encoding in [Encoding::Amf0, Encoding::Amf3] {
        let mut pair = Pair::connected();
        let events = vec![
            SharedEvent::Use,
            SharedEvent::RequestChange(vec![("score".into(), 7.into())]),
            SharedEvent::SendMessage {
                handler: "hi".into(),
                args: vec![Value::Null],
            },
        ];
        let mut message = shared_object::Message::new("room/so", 4, true, events);
        message.encoding = encoding;
        pair.client
            .send(Message::connection(Body::SharedObject(message.clone())));
        pair.drive();
        assert_eq!(
            pair.server.messages().remove(0).body,
            Body::SharedObject(message)
        );
    }
}

#[test]
fn media_framed_once_fits_between_the_sessions_own_messages() {
    let mut pair = Pair::connected();
    pair.server
        .send(Message::connection(Body::SetChunkSize(1000)));
    let body = |byte: u8| Bytes::from(vec![byte; 2500]);
    for round in 0..3 {
        let audio = Body::Audio(body(round));
        pair.server.send(Message {
            stream_id: 1,
            timestamp: 20,
            body: audio,
        });
        let mut framed = BytesMut::new();
        let size = pair.server.session.out_chunk_size() as usize;
        for (csid, type_id) in [(csid::AUDIO, type_id::AUDIO), (csid::VIDEO, type_id::VIDEO)] {
            frame(csid, 0x200_0000, type_id, 1, &body(9), size, &mut framed);
        }
        pair.server
            .session
            .note_framed_elsewhere(framed.len() as u64);
        pair.server.wire.extend_from_slice(&framed);
    }
    let sent = pair.server.wire.len() as u64;
    let before = pair.client.session.bytes_received();
    pair.drive();
    assert_eq!(pair.client.session.bytes_received(), before + sent);
    assert_eq!(pair.server.session.bytes_sent(), before + sent);
    let media = pair.client.messages();
    let found: Vec<_> = media[1..]
        .iter()
        .map(|m| (m.timestamp, m.body.clone()))
        .collect();
    let expected: Vec<_> = (0..3)
        .flat_map(|round| {
            [
                (20, Body::Audio(body(round))),
                (0x200_0000, Body::Audio(body(9))),
                (0x200_0000, Body::Video(body(9))),
            ]
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn aggregates_come_apart_unless_asked_otherwise() {
    let inner = [
        &b"\x09\0\0\x02\0\0\x0a\0\0\0\0\x17\x01\0\0\0\x0d"[..],
        b"\x08\0\0\x01\0\0\x0f\0\0\0\0\xaf\0\0\0\x0c",
    ]
    .concat();
    let aggregate = Body::Aggregate(inner.into());
    let message = Message {
        stream_id: 3,
        timestamp: 1000,
        body: aggregate,
    };
    for split_aggregates in [true, false] {
        let config = SessionConfig {
            split_aggregates,
            ..SessionConfig::default()
        };
        let mut pair = Pair::new(SessionConfig::default(), config);
        pair.client.send(message.clone());
        pair.drive();
        let received = pair.server.messages();
        if !split_aggregates {
            assert_eq!(received, std::slice::from_ref(&message));
            continue;
        }
        let video = Body::Video(Bytes::from_static(b"\x17\x01"));
        let audio = Body::Audio(Bytes::from_static(b"\xaf"));
        assert_eq!(
            received,
            [
                Message {
                    stream_id: 3,
                    timestamp: 1000,
                    body: video
                },
                Message {
                    stream_id: 3,
                    timestamp: 1005,
                    body: audio
                },
            ]
        );
    }
}

#[test]
fn commands_of_sloppy_clients_are_understood() {
    let encoded = |values: &[Value]| amf::amf0::encode_all(values).unwrap();
    let object = Value::object([("a", 1.into())]);
    for (values, expected) in [
        // Gnash leaves the null command object out.
        (
            vec!["f".into(), 2.into(), "x".into(), 7.into()],
            Command::new("f", 2.0, vec!["x".into(), 7.into()]),
        ),
        (vec!["f".into()], Command::new("f", 0.0, vec![])),
        (
            vec!["f".into(), Value::Undefined],
            Command::new("f", 0.0, vec![]),
        ),
        (
            vec!["f".into(), 2.into(), object.clone(), 1.into()],
            Command::new("f", 2.0, vec![1.into()]).with_object(object.clone()),
        ),
    ] {
        let mut pair = Pair::connected();
        let payload = encoded(&values).into();
        pair.client.send(Message::connection(Body::Unknown {
            type_id: 20,
            payload,
        }));
        pair.drive();
        let mut command = pair.server.commands().remove(0);
        if command.object.is_undefined() {
            command.object = Value::Null;
        }
        assert_eq!(command, expected);
    }
    let gnash = Command::new("f", 1.0, vec![2.into()]).with_object(object.clone());
    assert_eq!(
        gnash.values().cloned().collect::<Vec<_>>(),
        [object, 2.into()]
    );
}
