//! Messages as lines.

use std::slice;

use amf::{Str, Value};
use rtmp::shared_object::{self, Event};
use rtmp::{Body, Command, Message};

/// What a message says, in one line: a test then reads like a protocol trace.
pub(crate) fn message_line(message: &Message) -> String {
    let on = match message.stream_id {
        0 => String::new(),
        id => format!("[{id}] "),
    };
    on + &match &message.body {
        Body::Command(command) => command_line(command),
        Body::Data(data) => format!("data {}", values(&data.values)),
        Body::SharedObject(so) => object_line(so),
        Body::UserControl(event) => format!("{event:?}"),
        other => format!("{other:?}"),
    }
}

/// `so NAME vVERSION`, and each event in a word.
fn object_line(so: &shared_object::Message) -> String {
    let events = so.events.iter().map(event_words);
    let events = events.collect::<Vec<_>>().join(", ");
    format!("so {} v{}: {events}", so.name.as_str(), so.version)
}

fn event_words(event: &Event) -> String {
    let slots = |slots: &[(Str, Value)]| {
        let slot =
            |(key, value): &(Str, Value)| format!(" {key}={}", values(slice::from_ref(value)));
        slots.iter().map(slot).collect::<String>()
    };
    let keys = |keys: &[Str]| format!(" {}", keys.join(" "));
    match event {
        Event::Change(changed) => format!("change{}", slots(changed)),
        Event::Success(taken) => format!("success{}", keys(taken)),
        Event::Remove(gone) => format!("remove{}", keys(gone)),
        Event::Status { code, .. } => code.as_str().to_owned(),
        Event::SendMessage { handler, args } => format!("send {handler} {}", values(args)),
        other => format!("{other:?}"),
    }
}

fn command_line(command: &Command) -> String {
    let tx = match command.transaction {
        0.0 => String::new(),
        tx => format!(" {tx}"),
    };
    let status = command
        .args
        .first()
        .and_then(|status| status.get("code"))
        .is_some();
    let args = if status {
        status_line(&command.args[0])
    } else {
        values(&command.args)
    };
    format!("{}{tx} {args}", command.name.as_str())
}

/// The code without its first word, and the description.
fn status_line(status: &Value) -> String {
    let text = |key: &str| {
        status
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let code = text("code");
    let code = code.split_once('.').map_or("", |(_, rest)| rest);
    format!("{} {code}: {}", text("level"), text("description"))
}

fn values(values: &[Value]) -> String {
    let shown = values.iter().map(|value| match value {
        Value::String(text) if text.len() > 100 => format!("{} bytes", text.len()),
        Value::String(text) => text.as_str().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Undefined => "undefined".into(),
        Value::Null => "null".into(),
        other => other
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or("object")
            .to_owned(),
    });
    shown.collect::<Vec<_>>().join(" ")
}
