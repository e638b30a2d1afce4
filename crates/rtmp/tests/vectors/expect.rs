//! Reading what a vector expects, and comparing with it.

use std::fmt::Debug;

use amf::Value;
use bytes::{Bytes, BytesMut};
use rtmp::chunk::{RawMessage, Reader};
use rtmp::{Error, Limits};
use serde_json::Value as Json;
use testkit::hex;

/// Says what differs, if `found` is not `expected`.
pub(crate) fn same<T: PartialEq + Debug + ?Sized>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, expected {expected:?}"))
}

pub(crate) fn text<'a>(json: &'a Json, key: &str) -> Result<&'a str, String> {
    json[key]
        .as_str()
        .ok_or_else(|| format!("the vector has no text {key:?}"))
}

pub(crate) fn number(json: &Json, key: &str) -> Result<u32, String> {
    let number = json[key].as_u64().and_then(|number| number.try_into().ok());
    number.ok_or_else(|| format!("the vector has no number {key:?}"))
}

pub(crate) fn list<'a>(json: &'a Json, key: &str) -> Result<&'a Vec<Json>, String> {
    json[key]
        .as_array()
        .ok_or_else(|| format!("the vector has no list {key:?}"))
}

pub(crate) fn bytes(json: &Json, key: &str) -> Result<Bytes, String> {
    Ok(hex::decode(text(json, key)?)?.into())
}

/// The fields every description of a message has.
pub(crate) fn raw_message(json: &Json, payload: Bytes) -> Result<RawMessage, String> {
    Ok(RawMessage {
        csid: number(json, "csid")?,
        timestamp: number(json, "ts")?,
        type_id: number(json, "type")? as u8,
        stream_id: number(json, "msid")?,
        payload,
    })
}

/// Reads all messages of `input`, handed over in pieces of `piece` bytes; also whether the
/// input ended where a message ends.
pub(crate) fn read_chunks(
    input: &[u8],
    chunk_size: u32,
    piece: usize,
) -> Result<(Vec<RawMessage>, bool), Error> {
    let mut reader = Reader::new(Limits::default());
    reader.set_chunk_size(chunk_size);
    let mut messages = Vec::new();
    for mut bytes in input.chunks(piece) {
        while let Some(message) = reader.read(&mut bytes)? {
            messages.push(message);
        }
        assert!(bytes.is_empty(), "the reader left bytes behind");
    }
    Ok((messages, reader.is_at_rest()))
}

/// Checks that messages survive being written, with header compression and without.
pub(crate) fn written_again(messages: &[RawMessage], chunk_size: u32) -> Result<(), String> {
    let mut writer = rtmp::chunk::Writer::new();
    writer.set_chunk_size(chunk_size);
    let (mut compressed, mut framed) = (BytesMut::new(), BytesMut::new());
    for m in messages {
        let size = writer.chunk_size() as usize;
        rtmp::chunk::frame(
            m.csid,
            m.timestamp,
            m.type_id,
            m.stream_id,
            &m.payload,
            size,
            &mut framed,
        );
        writer.write(m, &mut compressed);
    }
    for (what, bytes) in [("compressed", compressed), ("framed", framed)] {
        let again = read_chunks(&bytes, chunk_size, 64).map_err(|e| format!("{what}: {e}"))?;
        same(what, &again, &(messages.to_vec(), true))?;
    }
    Ok(())
}

/// The values of a list in the vectors' notation.
pub(crate) fn values(json: &Json) -> Result<Vec<Value>, String> {
    let list = json.as_array().ok_or("the vector's values are no list")?;
    list.iter().map(value).collect()
}

/// A value in the vectors' notation, as far as messages use it.
pub(crate) fn value(json: &Json) -> Result<Value, String> {
    Ok(match text(json, "t")? {
        "undefined" => Value::Undefined,
        "null" => Value::Null,
        "boolean" => json["v"].as_bool().ok_or("not a boolean")?.into(),
        "number" => json["v"].as_f64().ok_or("not a number")?.into(),
        "string" => text(json, "v")?.into(),
        "strict-array" => Value::array(values(&json["items"])?),
        "ecma-array" => {
            let count = number(json, "count")?;
            amf::EcmaArray::new(pairs(&json["props"])?)
                .with_count_hint(count)
                .into()
        }
        // An object of AMF3 keeps its members under "dyn".
        "object" if json["dyn"].is_array() => Value::object(pairs(&json["dyn"])?),
        "object" => Value::object(pairs(&json["props"])?),
        "avmplus" => value(&json["v"])?.in_amf3(),
        other => {
            return Err(format!(
                "a value of type {other:?} is not expected in messages"
            ));
        }
    })
}

/// Ordered names and values.
pub(crate) fn pairs(json: &Json) -> Result<Vec<(amf::Str, Value)>, String> {
    let list = json
        .as_array()
        .ok_or("the vector's properties are no list")?;
    let pair = |pair: &Json| {
        let key = pair[0].as_str().ok_or("a property has no name")?;
        Ok((key.into(), value(&pair[1])?))
    };
    list.iter().map(pair).collect()
}
