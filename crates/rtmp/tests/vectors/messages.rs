//! One whole message per vector, and what its body says.

use rtmp::chunk::RawMessage;
use rtmp::message::split_aggregate;
use rtmp::{Body, Command, Data, Limits, Message, UserControl};
use serde_json::Value as Json;

use crate::expect::{
    bytes, list, number, raw_message, read_chunks, same, text, values, written_again,
};

pub(crate) fn check(vector: &Json) -> Result<(), String> {
    if text(vector, "format")? == "aggregate-body" {
        return bad_aggregate(vector);
    }
    let chunk_size = number(vector, "chunk_size")?;
    let (mut found, at_rest) =
        read_chunks(&bytes(vector, "hex")?, chunk_size, 5).map_err(|error| error.to_string())?;
    same("at rest", &at_rest, &true)?;
    same("number of messages", &found.len(), &1)?;
    written_again(&found, chunk_size)?;
    let raw = found.remove(0);
    let json = &vector["message"];
    same(
        "message",
        &raw,
        &raw_message(json, bytes(json, "payload")?)?,
    )?;
    check_body(&raw, vector)
}

/// Checks what `json` says about the body, and that the body is written again byte for byte.
pub(crate) fn check_body(raw: &RawMessage, json: &Json) -> Result<(), String> {
    let message = Message::decode(raw, &Limits::default()).map_err(|error| error.to_string())?;
    let header = (message.stream_id, message.timestamp, message.body.type_id());
    same(
        "header",
        &header,
        &(raw.stream_id, raw.timestamp, raw.type_id),
    )?;
    if !json["u32"].is_null() {
        same(
            "number",
            &control_number(&message.body),
            &Some(number(json, "u32")?),
        )?;
    }
    if !json["user_control"].is_null() {
        check_user_control(&message.body, &json["user_control"])?;
    }
    if !json["amf0"].is_null() {
        same(
            "values",
            &body_values(&message.body),
            &Some(values(&json["amf0"])?),
        )?;
    }
    if !json["aggregate"].is_null() {
        check_aggregate(raw, list(json, "aggregate")?)?;
    }
    if !json["shared_object"].is_null() {
        crate::shared_objects::check_value(&message.body, &json["shared_object"])?;
    }
    if json["audio"].is_object() != matches!(message.body, Body::Audio(_))
        && json["kind"].is_string()
    {
        return Err(format!("not audio as expected: {:?}", message.body));
    }
    let again = fresh(message).encode().map_err(|error| error.to_string())?;
    same("body written again", &again.payload, &raw.payload)
}

/// The same message without the bytes a data message remembers.
fn fresh(mut message: Message) -> Message {
    if let Body::Data(data) = &mut message.body {
        *data = Data::new(std::mem::take(&mut data.values), data.encoding);
    }
    message
}

fn control_number(body: &Body) -> Option<u32> {
    match body {
        Body::SetChunkSize(number)
        | Body::Abort(number)
        | Body::Acknowledgement(number)
        | Body::WindowAckSize(number) => Some(*number),
        _ => None,
    }
}

/// All values of a command or data message, in the order of the wire.
fn body_values(body: &Body) -> Option<Vec<amf::Value>> {
    match body {
        Body::Data(data) => Some(data.values.clone()),
        Body::Command(Command {
            name,
            transaction,
            object,
            args,
            ..
        }) => {
            let mut values = vec![name.into(), (*transaction).into(), object.clone()];
            values.extend_from_slice(args);
            Some(values)
        }
        _ => None,
    }
}

fn check_user_control(body: &Body, json: &Json) -> Result<(), String> {
    let Body::UserControl(control) = body else {
        return Err(format!("not a user control message: {body:?}"));
    };
    same(
        "event",
        &u32::from(control.event()),
        &number(json, "event")?,
    )?;
    let expected = match control {
        UserControl::SetBufferLength { .. } => UserControl::SetBufferLength {
            stream_id: number(json, "stream_id")?,
            millis: number(json, "buffer_ms")?,
        },
        UserControl::StreamBegin(_) => UserControl::StreamBegin(number(json, "stream_id")?),
        UserControl::StreamDry(_) => UserControl::StreamDry(number(json, "stream_id")?),
        UserControl::StreamIsRecorded(_) => {
            UserControl::StreamIsRecorded(number(json, "stream_id")?)
        }
        UserControl::BufferEmpty(_) => UserControl::BufferEmpty(number(json, "stream_id")?),
        UserControl::PingRequest(_) => UserControl::PingRequest(number(json, "timestamp")?),
        UserControl::PingResponse(_) => UserControl::PingResponse(number(json, "timestamp")?),
        UserControl::Unknown { event, .. } => UserControl::Unknown {
            event: *event,
            data: bytes(json, "data_hex")?,
        },
        other => return Err(format!("no vector was expected to have {other:?}")),
    };
    same("user control", control, &expected)
}

fn check_aggregate(raw: &RawMessage, expected: &[Json]) -> Result<(), String> {
    let found: Result<Vec<_>, _> = split_aggregate(raw).collect();
    let found = found.map_err(|error| error.to_string())?;
    same("number of inner messages", &found.len(), &expected.len())?;
    for (inner, json) in found.iter().zip(expected) {
        let expected = RawMessage {
            csid: raw.csid,
            timestamp: number(json, "ts")?,
            type_id: number(json, "type")? as u8,
            stream_id: raw.stream_id,
            payload: bytes(json, "payload")?,
        };
        same("inner message", inner, &expected)?;
    }
    Ok(())
}

fn bad_aggregate(vector: &Json) -> Result<(), String> {
    let payload = bytes(vector, "hex")?;
    let raw = RawMessage {
        csid: 4,
        timestamp: 0,
        type_id: 22,
        stream_id: 1,
        payload,
    };
    match split_aggregate(&raw).collect::<Result<Vec<_>, _>>() {
        Err(_) => Ok(()),
        Ok(messages) => Err(format!("accepted: {messages:?}")),
    }
}
