//! What the script says to those who play a stream, and what it plays for them itself.

use amf::{Str, Value};
use rtmp::status::{Code, Status};
use rtmp::{Body, Data, Encoding, Message};

use super::ScriptedInstance;
use crate::effect::Effect;
use crate::name::StreamName;
use crate::scripting::{Problem, ScriptInput};
use crate::station::StationItem;

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

    /// Publishes something under a name.
    pub(super) fn play_on_station(&mut self, name: &StreamName, item: &StationItem) {
        if !self.instance.has_room_for_station(name) {
            let why = format!("{name} is not played: the script plays too many streams.");
            let mut status = Status::new(Code::PlayFailed, why);
            status.details = Some(name.as_str().into());
            return self.tell_station(name, status.to_value());
        }
        self.instance.play_on_station(self.now, name, item);
        self.take_effects();
    }

    pub(super) fn stop_station(&mut self, name: &StreamName) {
        self.instance.stop_station(self.now, name);
        self.take_effects();
    }

    /// Ends what has come to its end, once the script has been told so and played nothing more.
    pub(super) fn end_idle_stations(&mut self) {
        if self.deferred.is_empty() {
            self.instance.end_idle_stations(self.now);
            self.take_effects();
        }
    }

    /// Of what the studio is sent, the script is told the statuses of what plays. Its own
    /// publications it is told of like those of clients.
    pub(super) fn on_studio_message(&mut self, message: &Message) {
        let Some(name) = self.instance.station_of_player(message.stream_id).cloned() else {
            return;
        };
        let info = match &message.body {
            Body::Command(command) if &*command.name == "onStatus" => command.args.first(),
            Body::Data(data) if data.name() == Some("onPlayStatus") => data.values.get(1),
            _ => None,
        };
        if let Some(info) = info {
            self.tell_station(&name, info.clone());
        }
    }

    /// In a turn of its own: a script that plays again what cannot be played leaves others theirs.
    fn tell_station(&mut self, name: &StreamName, info: Value) {
        let stream = Str::from(name.as_str());
        self.defer(ScriptInput::StreamStatus { stream, info });
    }
}

fn written(values: Vec<Value>) -> Result<Data, rtmp::Error> {
    let mut data = Data::new(values, Encoding::Amf0);
    let message = Message::stream(0, Body::Data(data.clone()));
    data.payload = message.encode()?.payload;
    Ok(data)
}
