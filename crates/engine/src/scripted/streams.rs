//! What the script says to those who play a stream.

use amf::Value;
use rtmp::{Body, Data, Encoding, Message};

use super::ScriptedInstance;
use crate::effect::Effect;
use crate::name::StreamName;
use crate::scripting::Problem;

impl ScriptedInstance {
    /// Writes a data message for the players of a stream, in AMF0, which all of them read. What
    /// is too much for a message is reported and not sent.
    pub(super) fn send_to_stream(&mut self, name: StreamName, values: Vec<Value>) {
        let effect = match written(values) {
            Ok(data) => Effect::StreamSend { name, data },
            Err(error) => Effect::Problem(Box::new(Problem {
                code: "Application.Script.Warning".into(),
                description: format!("A message to the stream {name} is not sent: {error}."),
                ..Problem::default()
            })),
        };
        self.effects.push_back(effect);
    }
}

fn written(values: Vec<Value>) -> Result<Data, rtmp::Error> {
    let mut data = Data::new(values, Encoding::Amf0);
    let message = Message::stream(0, Body::Data(data.clone()));
    data.payload = message.encode()?.payload;
    Ok(data)
}
