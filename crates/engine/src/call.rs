//! Commands: what a client calls on its connection and its streams, and who answers.

use amf::Value;
use rtmp::connect::{ConnectInfo, caps_ex, codec_flags};
use rtmp::status::{self, Code, Status};
use rtmp::{Body, Command, Encoding, Millis, UserControl};

use crate::bandwidth;
use crate::client::{Client, ClientId, NetStream};
use crate::effect::Effect;
use crate::instance::Instance;

/// Who answers a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answerer {
    /// The server: the command is part of the protocol.
    Server,
    /// The script if it defines it, else the server.
    ScriptFirst,
    /// The script.
    Script,
}

/// Who answers the command of this name, in an instance that has a script.
pub(crate) fn answerer(name: &str) -> Answerer {
    match name {
        "createStream" | "deleteStream" | "closeStream" | "publish" | "play" | "play2"
        | "pause" | "pauseRaw" | "seek" | "receiveAudio" | "receiveVideo" | "receiveVideoFPS"
        | "_result" | "_error" | "onStatus" | "close" => Answerer::Server,
        "releaseStream" | "set_playlist" | "FCPublish" | "FCUnpublish" | "FCSubscribe"
        | "FCUnsubscribe" | "getStreamLength" | "checkBandwidth" | "_checkbw" => {
            Answerer::ScriptFirst
        }
        _ => Answerer::Script,
    }
}

/// What a caller is told whose method is not there.
pub(crate) fn not_found(name: &str) -> Status {
    Status::new(Code::CallFailed, format!("Method not found ({name})."))
}

impl Instance {
    /// Answers `connect` in the order of FMS 3: window, bandwidth, `StreamBegin` 0, chunk
    /// size, result.
    pub(crate) fn on_connect(
        &mut self,
        client: ClientId,
        info: Box<ConnectInfo>,
        transaction: f64,
    ) {
        let window = self.config.window_ack_bytes;
        let limit = rtmp::PeerBandwidthLimit::Dynamic;
        self.send_control(client, Body::WindowAckSize(window));
        self.send_control(
            client,
            Body::SetPeerBandwidth {
                bytes: window,
                limit,
            },
        );
        self.send_control(client, Body::UserControl(UserControl::StreamBegin(0)));
        self.send_control(client, Body::SetChunkSize(self.config.chunk_size));
        let accepted = self.accepted(client, &info, transaction);
        self.send_command(client, 0, accepted);
        if self.config.on_bw_done {
            self.send_command(client, 0, status::on_bw_done());
        }
        let writes = self.config.object_writes;
        self.clients
            .insert(client, Client::new(client, info, writes));
        let (down, up) = (self.config.bandwidth_down, self.config.bandwidth_up);
        if down.is_some() || up.is_some() {
            let limits = Effect::LimitBandwidth { client, down, up };
            self.effects.push_back(limits);
        }
    }

    fn accepted(&self, client: ClientId, info: &ConnectInfo, transaction: f64) -> Command {
        let version = self.config.server_version.as_str();
        let mut properties = vec![
            ("fmsVer", Value::from(version)),
            ("capabilities", Value::from(self.config.capabilities)),
            ("mode", Value::from(1.0)),
        ];
        properties.extend(enhanced_properties(info));
        let number = version
            .split_once('/')
            .map_or(version, |(_, number)| number);
        let encoding = match info.encoding() {
            Encoding::Amf0 => 0.0,
            Encoding::Amf3 => 3.0,
        };
        let status = Status::new(Code::ConnectSuccess, "Connection succeeded.")
            .with_client_id(client.to_string())
            .with("objectEncoding", Value::from(encoding))
            .with(
                "data",
                Value::ecma_array([("version", Value::from(number))]),
            );
        status::connect_result(transaction, Value::object(properties), &status)
    }

    pub(crate) fn on_command(
        &mut self,
        now: Millis,
        client: ClientId,
        stream_id: u32,
        command: &Command,
    ) {
        match &*command.name {
            "createStream" => self.create_stream(client, command),
            "deleteStream" => self.delete_stream(now, client, stream_id, command),
            "closeStream" => self.close_by_client(now, client, stream_id),
            "publish" => self.publish(now, client, stream_id, command),
            "play" => self.play(now, client, stream_id, command),
            "play2" => self.play2(now, client, stream_id, command),
            "pause" | "pauseRaw" => self.pause(client, stream_id, command),
            "seek" => self.seek(client, stream_id, command),
            "receiveAudio" => self.receive_audio(client, stream_id, command),
            "receiveVideo" | "receiveVideoFPS" => self.receive_video(client, stream_id, command),
            "releaseStream" | "set_playlist" => self.reply(client, command, Value::Null),
            "FCPublish" => self.fc_publish(client, command),
            "FCUnpublish" => self.fc_unpublish(now, client, command),
            "FCSubscribe" | "FCUnsubscribe" => self.fc_subscribe(client, command),
            "getStreamLength" => self.stream_length(client, command),
            "checkBandwidth" | "_checkbw" => self.start_check(now, client, command),
            "_result" | "_error" => self.on_answer(now, client, command),
            // Sent by clients on their way out or for the server's information only.
            "onStatus" | "close" => {}
            _ => self.refuse_call(client, command),
        }
    }

    /// Answers a command with `_result`, unless the client wants none (transaction 0).
    pub(crate) fn reply(&mut self, client: ClientId, command: &Command, value: Value) {
        if command.transaction != 0.0 {
            let result = status::result(command.transaction, value);
            self.send_command(client, 0, result);
        }
    }

    fn refuse_call(&mut self, client: ClientId, command: &Command) {
        if command.transaction == 0.0 {
            return;
        }
        let error = not_found(&command.name).error(command.transaction);
        self.send_command(client, 0, error);
    }

    fn create_stream(&mut self, client: ClientId, command: &Command) {
        let limit = self.config.streams_per_connection;
        let Some(here) = self.clients.get_mut(&client) else {
            return;
        };
        if here.streams.len() >= limit {
            let text = format!("A connection may have {limit} streams.");
            let error = Status::new(Code::CallFailed, text).error(command.transaction);
            return self.send_command(client, 0, error);
        }
        let stream_id = here.free_stream_id();
        here.streams.insert(stream_id, NetStream::Idle);
        self.forget_recordings_of(client, stream_id);
        self.reply(client, command, Value::from(f64::from(stream_id)));
    }

    /// Clients name the stream by number, or (GStreamer 1.22) by its name, in which case the
    /// stream it came on is meant.
    fn delete_stream(&mut self, now: Millis, client: ClientId, stream_id: u32, command: &Command) {
        let named = command.args.first().and_then(Value::as_f64);
        let stream_id = named.map_or(stream_id, |number| number as u32);
        self.close_by_client(now, client, stream_id);
        if let Some(here) = self.clients.get_mut(&client) {
            here.streams.remove(&stream_id);
            here.selections.remove(&stream_id);
        }
    }

    fn close_by_client(&mut self, now: Millis, client: ClientId, stream_id: u32) {
        let published = match self.stream_mut(client, stream_id) {
            Some(NetStream::Publishing(name)) => Some(name.clone()),
            _ => None,
        };
        self.close_stream(now, client, stream_id);
        if let Some(name) = published {
            self.tell_unpublished(client, stream_id, &name);
        }
    }

    fn fc_publish(&mut self, client: ClientId, command: &Command) {
        if let Some(here) = self.clients.get_mut(&client) {
            here.fc_publish = true;
        }
        self.reply(client, command, Value::Undefined);
    }

    fn fc_unpublish(&mut self, now: Millis, client: ClientId, command: &Command) {
        let written = command
            .args
            .first()
            .and_then(Value::as_str)
            .unwrap_or_default();
        let status = Status::new(Code::UnpublishSuccess, written.to_owned()).to_value();
        let told = Command::new("onFCUnpublish", 0.0, vec![status]);
        self.send_command(client, 0, told);
        self.reply(client, command, Value::Undefined);
        let streams = self.clients.get(&client).map(|here| &here.streams);
        let published = streams
            .into_iter()
            .flatten()
            .find_map(|(id, stream)| match stream {
                NetStream::Publishing(name) if self.is_written(name, written) => Some(*id),
                _ => None,
            });
        if let Some(stream_id) = published {
            self.close_by_client(now, client, stream_id);
        }
    }

    fn fc_subscribe(&mut self, client: ClientId, command: &Command) {
        let written = command
            .args
            .first()
            .and_then(Value::as_str)
            .unwrap_or_default();
        let (answer, code) = match &*command.name {
            "FCSubscribe" => ("onFCSubscribe", Code::PlayStart),
            _ => ("onFCUnsubscribe", Code::PlayStop),
        };
        let status = Status::new(code, written.to_owned()).to_value();
        self.send_command(client, 0, Command::new(answer, 0.0, vec![status]));
    }

    fn on_answer(&mut self, now: Millis, client: ClientId, command: &Command) {
        bandwidth::on_answer(self, now, client, command);
    }
}

/// What the server says of itself to a client that has shown it speaks Enhanced RTMP: it
/// forwards every codec and every track untouched (Enhanced RTMP v2, "Enhancing
/// NetConnection connect Command").
fn enhanced_properties(info: &ConnectInfo) -> Vec<(&'static str, Value)> {
    let speaks = !info.four_cc_list.is_empty()
        || !info.audio_four_cc_info.is_empty()
        || !info.video_four_cc_info.is_empty()
        || info.caps_ex != 0;
    if !speaks {
        return Vec::new();
    }
    let any = Value::object([("*", Value::from(f64::from(codec_flags::FORWARD)))]);
    let capabilities = caps_ex::MULTITRACK | caps_ex::MOD_EX | caps_ex::TIMESTAMP_NANO_OFFSET;
    vec![
        ("fourCcList", Value::array(["*".into()])),
        ("videoFourCcInfoMap", any.clone()),
        ("audioFourCcInfoMap", any),
        ("capsEx", Value::from(f64::from(capabilities))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InstanceConfig, Output, SharedObjects, StreamName};

    struct Nothing;

    impl crate::Host for Nothing {
        fn last_media(&self, _: &StreamName) -> Option<Millis> {
            None
        }
    }

    /// Whether the server has an answer of its own to the command.
    fn is_known(name: &str) -> bool {
        let mut instance = Instance::new(
            InstanceConfig::default(),
            Box::new(Nothing),
            SharedObjects::unsaved(sharedobject::Config::default()),
        );
        let client = ClientId(1);
        instance.on_connect(client, Box::default(), 1.0);
        instance.effects.clear();
        let command = Command::new(name, 2.0, vec![]);
        instance.on_command(Millis(0), client, 0, &command);
        loop {
            match instance.poll() {
                Output::Effect(effect) if format!("{effect:?}").contains("Method not found") => {
                    return false;
                }
                Output::Effect(_) => {}
                Output::Timeout(_) => return true,
            }
        }
    }

    #[test]
    fn what_is_said_to_be_the_servers_is_answered_by_it() {
        for name in [
            "createStream",
            "play2",
            "FCPublish",
            "releaseStream",
            "_checkbw",
            "_result",
        ] {
            assert!(
                answerer(name) != Answerer::Script && is_known(name),
                "{name}"
            );
        }
        for name in ["chat", "toString", "createstream"] {
            assert!(
                answerer(name) == Answerer::Script && !is_known(name),
                "{name}"
            );
        }
    }
}
