//! Status objects and the commands that carry them to a client.
//!
//! A status is what a client is told about a connection, a stream or a call: a code, its level,
//! a description and a few more properties. The codes are in [`Code`], never in literals.

mod code;

use amf::{Str, Value};

pub use code::{Code, Level, UnknownCode};

use crate::message::{Command, Data, Encoding};

/// One status object.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What happened.
    pub code: Code,
    /// How bad it is; the code's own level unless changed.
    pub level: Level,
    /// The same in words, for people.
    pub description: Str,
    /// What it is about: the stream's name, for stream codes.
    pub details: Option<Str>,
    /// The id of the client it is about: a text since FMS 3, a number before.
    pub client_id: Option<Value>,
    /// More properties, after the documented ones and in this order.
    pub extra: Vec<(Str, Value)>,
}

impl Status {
    /// A status with the level of its code and nothing but a description.
    pub fn new(code: Code, description: impl Into<Str>) -> Self {
        Self {
            code,
            level: code.level(),
            description: description.into(),
            details: None,
            client_id: None,
            extra: Vec::new(),
        }
    }

    /// The same with another level.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The same about the stream `name`.
    #[must_use]
    pub fn with_details(mut self, name: impl Into<Str>) -> Self {
        self.details = Some(name.into());
        self
    }

    /// The same about the client `id`.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<Value>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// The same with one more property.
    #[must_use]
    pub fn with(mut self, name: impl Into<Str>, value: impl Into<Value>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// The object on the wire: level, code, description, details, clientid, then the rest, the
    /// order in which Flash Media Server sends them.
    pub fn to_value(&self) -> Value {
        let mut props = Vec::with_capacity(5 + self.extra.len());
        let text = |text: &'static str| Value::String(Str::from_static(text));
        props.push((Str::from_static("level"), text(self.level.as_str())));
        props.push((Str::from_static("code"), text(self.code.as_str())));
        props.push((Str::from_static("description"), (&self.description).into()));
        if let Some(details) = &self.details {
            props.push((Str::from_static("details"), details.into()));
        }
        if let Some(client_id) = &self.client_id {
            props.push((Str::from_static("clientid"), client_id.clone()));
        }
        props.extend(self.extra.iter().cloned());
        Value::object(props)
    }

    /// The command `onStatus`, which goes out on the message stream it is about, or on 0 for
    /// the connection (RTMP 1.0 §7.2.2).
    pub fn on_status(&self) -> Command {
        Command::new(Str::from_static("onStatus"), 0.0, vec![self.to_value()])
    }

    /// The data message `onPlayStatus`, which tells about playlists and the end of recordings.
    pub fn on_play_status(&self) -> Data {
        let values = vec![
            Value::String(Str::from_static("onPlayStatus")),
            self.to_value(),
        ];
        Data::new(values, Encoding::Amf0)
    }

    /// The answer that refuses the call `transaction`.
    pub fn error(&self, transaction: f64) -> Command {
        error(transaction, self.to_value())
    }
}

/// The answer `_result` to the call `transaction`: no command object, one value.
pub fn result(transaction: f64, value: Value) -> Command {
    Command::new(Str::from_static("_result"), transaction, vec![value])
}

/// The answer `_error` to the call `transaction`: no command object, one value.
pub fn error(transaction: f64, value: Value) -> Command {
    Command::new(Str::from_static("_error"), transaction, vec![value])
}

/// The answer that accepts `connect`: the server's properties and the information object
/// (RTMP 1.0 §7.2.1.1).
pub fn connect_result(transaction: f64, properties: Value, information: &Status) -> Command {
    result(transaction, information.to_value()).with_object(properties)
}

/// The call `onBWDone`, which players expect after connecting; encoders answer it by asking for
/// a bandwidth check. It wants no answer.
pub fn on_bw_done() -> Command {
    Command::new(Str::from_static("onBWDone"), 0.0, Vec::new())
}

/// The data message that announces media: `onStatus` with a code and no level, as Flash Media
/// Server sends it.
pub fn data_start() -> Data {
    let code = Value::String(Str::from_static(Code::DataStart.as_str()));
    let information = Value::object([(Str::from_static("code"), code)]);
    let values = vec![Value::String(Str::from_static("onStatus")), information];
    Data::new(values, Encoding::Amf0)
}

#[cfg(test)]
mod tests {
    use super::{Code, Status};
    use amf::Value;

    #[test]
    fn properties_are_in_the_documented_order() {
        let status = Status::new(Code::PlayStart, "Started playing a.")
            .with_client_id("abc")
            .with("isFastPlay", false)
            .with_details("a");
        let value = status.to_value();
        let names: Vec<_> = value
            .props()
            .unwrap()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "level",
                "code",
                "description",
                "details",
                "clientid",
                "isFastPlay"
            ]
        );
        assert_eq!(
            value.get("code").and_then(Value::as_str),
            Some("NetStream.Play.Start")
        );
        assert_eq!(value.get("level").and_then(Value::as_str), Some("status"));
    }

    #[test]
    fn on_status_wants_no_answer() {
        let command = Status::new(Code::PlayStop, "").on_status();
        assert_eq!((&*command.name, command.transaction), ("onStatus", 0.0));
        assert_eq!(command.object, Value::Null);
        assert_eq!(command.args.len(), 1);
    }
}
