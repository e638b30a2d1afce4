//! Bytes of a chunk stream and the messages in them.

use rtmp::chunk::{Disputed, RawMessage};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use testkit::hex;
use testkit::vectors::is_ours;

use crate::expect::{bytes, list, number, raw_message, read_chunks, same, text, written_again};

/// The vectors on which sources disagree or that only a lenient reader accepts, and the choice
/// they follow.
const CHOICES: [(&str, Disputed); 6] = [
    ("fmt3-after-fmt0-new-message", Disputed::Type3AfterType0),
    ("zero-length-fmt3", Disputed::Type3AfterType0),
    ("ext-ts-fmt1-delta", Disputed::ExtendedDelta),
    (
        "ext-ts-continuation-without-field",
        Disputed::ExtendedOnType3,
    ),
    ("librtmp-fmt1-first", Disputed::FirstHeaderType1),
    ("srs-ProtocolRecvExtTimeMessage3", Disputed::TimestampWidth),
];

pub(crate) fn check(vector: &Json) -> Result<(), String> {
    choice_is_named(vector)?;
    let input = bytes(vector, "hex")?;
    let chunk_size = number(vector, "chunk_size")?;
    for piece in [input.len(), 1, 7] {
        let found = read_chunks(&input, chunk_size, piece);
        if vector["ok"] == false {
            refused(vector, &found)?;
            continue;
        }
        let (messages, at_rest) = found.map_err(|error| error.to_string())?;
        same("at rest", &at_rest, &true)?;
        same_messages(&messages, list(vector, "messages")?)?;
        written_again(&messages, chunk_size)?;
    }
    Ok(())
}

fn choice_is_named(vector: &Json) -> Result<(), String> {
    let id = text(vector, "id")?;
    if !is_ours("chunk-stream.json", "vectors", id) {
        return Ok(());
    }
    let named = CHOICES
        .iter()
        .find(|(name, _)| *name == id)
        .map(|(_, choice)| choice.choice());
    let marks = ["disputed", "policy", "srs_timestamps"];
    let is_marked = marks.iter().any(|mark| !vector[mark].is_null());
    if is_marked != named.is_some() {
        return Err(format!(
            "disputed: {is_marked}, but the choice is {named:?}"
        ));
    }
    Ok(())
}

/// A bad vector gives an error, or stays incomplete if it is merely cut.
fn refused<T>(vector: &Json, found: &Result<(T, bool), rtmp::Error>) -> Result<(), String> {
    let expected = if text(vector, "why")? == "needs more bytes" {
        "incomplete"
    } else {
        "error"
    };
    let found = match found {
        Err(_) => "error",
        Ok((_, false)) => "incomplete",
        Ok((_, true)) => "accepted",
    };
    same("outcome", &found, &expected)
}

fn same_messages(found: &[RawMessage], expected: &[Json]) -> Result<(), String> {
    same("number of messages", &found.len(), &expected.len())?;
    for (message, json) in found.iter().zip(expected) {
        let payload = message.payload.clone();
        same("message", message, &raw_message(json, payload)?)?;
        same(
            "length",
            &(message.payload.len() as u32),
            &number(json, "len")?,
        )?;
        if json["payload"].is_null() || !json["sha256"].is_null() {
            let hash = hex::encode(&Sha256::digest(&message.payload));
            same("hash", &hash.as_str(), &text(json, "sha256")?)?;
        }
        if json["payload"].is_string() {
            same("payload", &message.payload, &bytes(json, "payload")?)?;
        }
    }
    Ok(())
}
