//! Bodies of shared-object messages.

use bytes::Bytes;
use rtmp::message::type_id;
use rtmp::shared_object::{Event, Message};
use rtmp::{Body, Encoding, Limits};
use serde_json::Value as Json;
use testkit::vectors::is_ours;

use crate::expect::{bytes, list, number, pairs, same, text, value};

/// The body of this repository that is written in another way than it was read: in the AMF0 form no value is
/// written in AMF3.
const NOT_CANONICAL: &str = "request-change-avmplus";

pub(crate) fn check(vector: &Json) -> Result<(), String> {
    let type_id = match text(vector, "format")? {
        "so-amf0" => type_id::SHARED_OBJECT_AMF0,
        "so-amf3" => type_id::SHARED_OBJECT_AMF3,
        other => return Err(format!("unknown format {other:?}")),
    };
    let payload = bytes(vector, "hex")?;
    let found = decode(type_id, &payload);
    if vector["ok"] == false {
        return found.map_or(Ok(()), |message| Err(format!("accepted: {message:?}")));
    }
    let message = found?;
    check_value(&Body::SharedObject(message.clone()), &vector["value"])?;
    let again = message.encode().map_err(|error| error.to_string())?;
    let id = text(vector, "id")?;
    if is_ours("shared-object.json", "vectors", id) {
        same("same bytes", &(again == payload), &(id != NOT_CANONICAL))?;
    }
    same(
        "read again",
        &decode(type_id, &again)?.events,
        &unmarked(message.events),
    )
}

/// The events without the marks of values that came in AMF3, in the AMF0 form.
fn unmarked(mut events: Vec<Event>) -> Vec<Event> {
    for event in &mut events {
        if let Event::RequestChange(slots) = event {
            for (_, value) in slots {
                *value = value.plain().clone();
            }
        }
    }
    events
}

fn decode(type_id: u8, payload: &Bytes) -> Result<Message, String> {
    Message::decode(type_id, payload, &Limits::default()).map_err(|error| error.to_string())
}

/// Checks a message against its description in the vectors.
pub(crate) fn check_value(body: &Body, json: &Json) -> Result<(), String> {
    let Body::SharedObject(message) = body else {
        return Err(format!("not a shared object: {body:?}"));
    };
    let flags = list(json, "flags")?;
    let word = |index: usize| flags[index].as_u64().map(|word| word as u32);
    let amf3 = !json["lead"].is_null();
    let expected = Message {
        name: text(json, "name")?.into(),
        version: number(json, "version")?,
        flags: word(0).ok_or("no flags")?,
        reserved: word(1).ok_or("no flags")?,
        events: list(json, "events")?
            .iter()
            .map(event)
            .collect::<Result<_, _>>()?,
        encoding: if amf3 { Encoding::Amf3 } else { Encoding::Amf0 },
    };
    same("shared object", message, &expected)?;
    same(
        "persistent",
        &Some(message.is_persistent()),
        &json["persistent"].as_bool(),
    )
}

fn event(json: &Json) -> Result<Event, String> {
    let slots = || pairs(&json["props"]);
    let keys = || {
        let texts = list(json, "keys")?
            .iter()
            .map(|key| key.as_str().map(Into::into));
        texts
            .collect::<Option<Vec<_>>>()
            .ok_or("a key is no text".to_owned())
    };
    Ok(match number(json, "type")? {
        1 => Event::Use,
        2 => Event::Release,
        3 => Event::RequestChange(slots()?),
        4 => Event::Change(slots()?),
        5 => Event::Success(keys()?),
        6 => Event::SendMessage {
            handler: text(json, "handler")?.into(),
            args: list(json, "args")?
                .iter()
                .map(value)
                .collect::<Result<_, _>>()?,
        },
        7 => Event::Status {
            code: text(json, "code")?.into(),
            level: text(json, "level")?.into(),
        },
        8 => Event::Clear,
        9 => Event::Remove(keys()?),
        10 => Event::RequestRemove(keys()?),
        11 => Event::UseSuccess,
        12 => Event::SlotVersion {
            key: text(json, "key")?.into(),
            version: number(json, "u32")?,
        },
        13 => Event::ChangeEcho(slots()?),
        14 => Event::RequestClear,
        other => return Err(format!("unknown event {other}")),
    })
}
