//! What servers and clients were seen to send.

use rtmp::chunk::RawMessage;
use serde_json::Value as Json;
use testkit::vectors::is_ours;

use crate::expect::{bytes, list, raw_message, read_chunks, same, text, written_again};
use crate::messages::check_body;

/// A trace: messages one by one.
pub(crate) fn check_trace(trace: &Json) -> Result<(), String> {
    let described = list(trace, "messages")?;
    let exact = is_ours("traces.json", "traces", text(trace, "id")?);
    let mut messages = Vec::new();
    for json in described {
        let raw = raw_message(json, bytes(json, "payload")?)?;
        check_body(&raw, json, exact)?;
        messages.push(raw);
    }
    written_again(&messages, 128)
}

/// A capture: the bytes up to the first media message, and a description of all messages.
pub(crate) fn check_capture(capture: &Json) -> Result<(), String> {
    let described = list(capture, "messages")?;
    let input = bytes(capture, "raw_after_handshake_hex")?;
    let (messages, at_rest) = read_chunks(&input, 128, 11).map_err(|error| error.to_string())?;
    same("at rest", &at_rest, &true)?;
    let cut = described.iter().position(|json| json["cut"] == true);
    same(
        "number of messages",
        &messages.len(),
        &cut.unwrap_or(described.len()),
    )?;
    for (raw, json) in messages.iter().zip(described) {
        same("message", raw, &raw_message(json, bytes(json, "payload")?)?)?;
    }
    written_again(&messages, 128)?;
    let exact = is_ours("client-captures.json", "captures", text(capture, "id")?);
    described
        .iter()
        .try_for_each(|json| check_described(json, exact))
}

/// Media payloads are cut in the description, which does not matter for reading them.
fn check_described(json: &Json, exact: bool) -> Result<(), String> {
    let raw: RawMessage = raw_message(json, bytes(json, "payload")?)?;
    check_body(&raw, json, exact)
}
