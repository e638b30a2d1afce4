//! Messages as lines.

use amf::Value;
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
        Body::SharedObject(so) => format!("so {} {:?}", so.name.as_str(), so.events),
        Body::UserControl(event) => format!("{event:?}"),
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
