//! The order of messages per operation, held against what other servers send.
//!
//! Each entry of `sequences.json` is what one implementation sends in one operation. A small
//! world plays the operation and writes down what a client gets; every step of the entry has
//! to be there, in the entry's order. Steps of ours that the entry lacks are no fault. Where
//! we part from an entry a table says so and why.

use std::process::ExitCode;

use amf::Value as Amf;
use bytes::Bytes;
use engine::{
    ClientId, Effect, Host, Input, Instance, InstanceConfig, Millis, Origin, Output, SharedObjects,
    StreamName,
};
use libtest_mimic::{Arguments, Trial};
use media::{Entry, Kind, Marker, Reader, ReaderLimits, Ring, RingLimits, Weight};
use rtmp::connect::ConnectInfo;
use rtmp::shared_object::{self, Event};
use rtmp::{Body, Command, Data, Encoding, Message, UserControl};
use serde_json::Value;
use testkit::vectors;

const FILE: &str = "sequences.json";

/// Steps of an entry (operation, implementation) that we do not send, or not in that place.
const DEPARTURES: [(&str, &str, &[&str], &str); 14] = [
    (
        "seek",
        "nginx-rtmp",
        &["ucm stream-begin"],
        "Red5 and crtmpserver send it before Seek.Notify",
    ),
    (
        "play-recorded",
        "FMS VOD (log)",
        &["chunk-size"],
        "FlashCom and flazr send it first",
    ),
    (
        "play-recorded",
        "flazr",
        &["empty audio"],
        "flazr alone sends empty media at the start",
    ),
    (
        "play-recorded",
        "crtmpserver",
        &["abort"],
        "messages are written whole: there is none to abort",
    ),
    (
        "play-recorded",
        "nginx-rtmp",
        &["ucm is-recorded"],
        "all others send it first",
    ),
    (
        "end-of-recorded",
        "nginx-rtmp",
        &["ucm stream-eof"],
        "all others send it last",
    ),
    (
        "publish-appears-to-subscriber",
        "flazr (FMS-modelled)",
        &["2-byte empty video", "empty audio"],
        "flazr alone sends empty media; it is not the publisher's",
    ),
    (
        "publish-ends-for-subscriber",
        "crtmpserver",
        &["onStatus Play.Stop", "ucm stream-eof"],
        "the play does not end: it waits for the next publisher, as FlashCom's did",
    ),
    (
        "unpause",
        "SRS",
        &["ucm stream-begin"],
        "FMS and Red5 send it first",
    ),
    (
        "unpause",
        "Red5",
        &["ucm is-recorded"],
        "a live stream is not recorded",
    ),
    (
        "unpause",
        "flazr",
        &["ucm is-recorded", "empty audio"],
        "a live stream is not recorded; flazr alone sends empty media",
    ),
    (
        "so-use",
        "crtmpserver",
        &["so 8"],
        "the specification and Red5 send it behind use-success(11)",
    ),
    (
        "so-remove",
        "crtmpserver",
        &["so 9 to sender"],
        "the sender is told by success(5), as by Red5",
    ),
    (
        "publish",
        "flazr (FMS-modelled)",
        &["chunk-size", "ucm stream-begin"],
        "the chunk size is told on connect; RTMP 1.0 begins the stream before Publish.Start",
    ),
];

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let mut trials: Vec<Trial> = vectors::trials(FILE, "sequences", check);
    trials.push(Trial::test("sequences::tables_name_what_is_there", || {
        tables_name_what_is_there().map_err(Into::into)
    }));
    libtest_mimic::run(&args, trials).exit_code()
}

fn tables_name_what_is_there() -> Result<(), String> {
    let file = vectors::load(FILE);
    let entries = file["sequences"].as_array().ok_or("no sequences")?;
    for (operation, implementation, steps, why) in DEPARTURES {
        let named = |entry: &&Value| {
            entry["operation"] == operation && entry["implementation"] == implementation
        };
        let entry = entries.iter().find(named);
        let entry = entry.ok_or(format!("no {operation} of {implementation} ({why})"))?;
        let there = server_steps(entry)?;
        for step in steps {
            if !there.iter().any(|known| known == step) {
                return Err(format!("{operation} of {implementation} has no {step}"));
            }
        }
    }
    Ok(())
}

fn check(entry: &Value) -> Result<(), String> {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    let (operation, implementation) = (text("operation"), text("implementation"));
    let ours = play(operation)?;
    let theirs = server_steps(entry)?;
    let departure = DEPARTURES
        .iter()
        .find(|(o, i, _, _)| (*o, *i) == (operation, implementation));
    let left_out = departure.map_or(&[][..], |(_, _, steps, _)| steps);
    let common: Vec<String> = theirs
        .iter()
        .filter(|step| !left_out.contains(&step.as_str()))
        .cloned()
        .collect();
    if common.is_empty() || !is_in_order(&common, &ours) {
        return Err(format!("wanted {common:#?}\namong {ours:#?}"));
    }
    if departure.is_some() && is_in_order(&theirs, &ours) {
        return Err(format!("{left_out:?} is sent after all: no departure"));
    }
    Ok(())
}

/// Whether all of `wanted` is among `seen`, in this order.
fn is_in_order(wanted: &[String], seen: &[String]) -> bool {
    let mut seen = seen.iter();
    wanted.iter().all(|step| seen.any(|ours| ours == step))
}

/// What the server sends in an entry, without the values.
fn server_steps(entry: &Value) -> Result<Vec<String>, String> {
    let steps = entry["steps"].as_array().ok_or("no steps")?;
    let sent = steps
        .iter()
        .filter_map(|step| step.as_str()?.strip_prefix("> "));
    Ok(sent.flat_map(steps_said).collect())
}

/// The steps that one step of an entry is: about shared objects, one for each event and for each
/// of those who get it.
fn steps_said(step: &str) -> Vec<String> {
    let Some(events) = step.strip_prefix("so ") else {
        return vec![without_values(step)];
    };
    let whom: &[&str] = if events.contains("to all") {
        &[" to sender", " to others"]
    } else if events.contains("to sender") {
        &[" to sender"]
    } else if events.contains("to others") {
        &[" to others"]
    } else {
        &[""]
    };
    let numbers = events.split('(').skip(1);
    let numbers = numbers.filter_map(|rest| Some(rest.split_once(')')?.0));
    numbers
        .flat_map(|number| whom.iter().map(move |whom| format!("so {number}{whom}")))
        .collect()
}

/// `ucm stream-begin 1` and the like: the words that say what it is.
fn without_values(step: &str) -> String {
    let words: Vec<&str> = step.split(' ').collect();
    let count = match words[..] {
        ["data", "onStatus" | "onPlayStatus", ..] | ["2-byte", ..] => 3,
        ["ucm" | "onStatus" | "data" | "empty" | "sequence", ..] => 2,
        _ => 1,
    };
    words[..count.min(words.len())].join(" ")
}

const PUBLISHER: ClientId = ClientId(1);
const PLAYER: ClientId = ClientId(2);

struct NoMedia;

impl Host for NoMedia {
    fn last_media(&self, _: &StreamName) -> Option<Millis> {
        None
    }
}

/// An instance, one stream's ring, and one player's place in it.
struct World {
    instance: Instance,
    ring: Ring,
    reader: Option<Reader>,
    /// Whose steps are written down.
    watched: ClientId,
    steps: Vec<String>,
    now: Millis,
    /// The number of the last question for a recording.
    asked: u64,
}

/// What the watched client gets in an operation.
fn play(operation: &str) -> Result<Vec<String>, String> {
    let plays_recordings = matches!(operation, "play-recorded" | "end-of-recorded" | "seek");
    let watched = match operation {
        "connect" | "publish" | "publish-fmle" | "unpublish-fmle" => PUBLISHER,
        _ => PLAYER,
    };
    let mut world = World::new(watched, plays_recordings);
    if operation == "connect" {
        world.connect(PUBLISHER);
        return Ok(world.steps);
    }
    world.connect(PUBLISHER);
    world.connect(PLAYER);
    world.call(PLAYER, 0, "createStream", &[]);
    world.steps.clear();
    match operation {
        "publish" => world.publish(),
        "publish-fmle" => {
            world.call(PUBLISHER, 0, "releaseStream", &["cam".into()]);
            world.call(PUBLISHER, 0, "FCPublish", &["cam".into()]);
            world.publish();
        }
        "unpublish-fmle" => {
            world.publish();
            world.steps.clear();
            world.call(PUBLISHER, 0, "FCUnpublish", &["cam".into()]);
        }
        "play-live" => {
            world.publish();
            world.feed();
            world.call(PLAYER, 1, "play", &["cam".into()]);
        }
        "play-live-waiting" => {
            world.call(PLAYER, 1, "play", &["cam".into()]);
            let silence = world.steps.last().map(String::as_str);
            if silence != Some("onStatus Play.Start") {
                return Err(format!("{silence:?} where nothing should follow"));
            }
            world.publish();
        }
        "publish-appears-to-subscriber" => {
            world.call(PLAYER, 1, "play", &["cam".into()]);
            world.steps.clear();
            world.publish();
            world.feed();
        }
        "publish-ends-for-subscriber" => {
            world.publish();
            world.call(PLAYER, 1, "play", &["cam".into()]);
            world.steps.clear();
            world.call(PUBLISHER, 1, "publish", &[false.into()]);
        }
        "pause" | "unpause" => {
            world.publish();
            world.call(PLAYER, 1, "play", &["cam".into()]);
            world.steps.clear();
            world.call(PLAYER, 1, "pause", &[true.into(), 0.0.into()]);
            if operation == "unpause" {
                world.feed();
                world.steps.clear();
                world.call(PLAYER, 1, "pause", &[false.into(), 0.0.into()]);
            }
        }
        "play-recorded" | "end-of-recorded" | "seek" => world.recorded(operation),
        "so-use" | "so-set" | "so-remove" | "so-send" => world.objects(operation),
        _ => return Err(format!("nobody knows how to play {operation:?}")),
    }
    Ok(world.steps)
}

impl World {
    fn new(watched: ClientId, plays_recordings: bool) -> Self {
        Self {
            instance: Instance::new(
                InstanceConfig {
                    plays_recordings,
                    ..InstanceConfig::default()
                },
                Box::new(NoMedia),
                SharedObjects::unsaved(sharedobject::Config::default()),
            ),
            ring: Ring::new(RingLimits::default()),
            reader: None,
            watched,
            steps: Vec::new(),
            now: Millis(0),
            asked: 0,
        }
    }

    fn connect(&mut self, client: ClientId) {
        self.handle(Input::Connect {
            client,
            info: Box::new(ConnectInfo::default()),
            transaction: 1.0,
            origin: Origin::default(),
        });
    }

    fn call(&mut self, client: ClientId, stream_id: u32, name: &str, args: &[Amf]) {
        let command = Command::new(name, 2.0, args.to_vec());
        self.handle(Input::Command {
            client,
            stream_id,
            command,
        });
    }

    /// What happens to a shared object with a slot, which two clients use but for `so-use`.
    fn objects(&mut self, operation: &str) {
        let slot = || vec![("slot".into(), Amf::from(1.0))];
        self.object(PUBLISHER, Event::Use);
        self.object(PUBLISHER, Event::RequestChange(slot()));
        if operation == "so-use" {
            self.steps.clear();
            self.object(PLAYER, Event::Use);
            for step in &mut self.steps {
                *step = step.replace(" to others", "");
            }
            return;
        }
        self.object(PLAYER, Event::Use);
        self.steps.clear();
        let event = match operation {
            "so-set" => Event::RequestChange(slot()),
            "so-remove" => Event::RequestRemove(vec!["slot".into()]),
            _ => Event::SendMessage {
                handler: "hear".into(),
                args: vec![],
            },
        };
        self.object(PUBLISHER, event);
    }

    fn object(&mut self, client: ClientId, event: Event) {
        // Each is announced at once: the last announcement was long ago.
        self.now = self.now + 1000;
        let version = 1;
        let message = shared_object::Message::new("chat", version, false, vec![event]);
        self.handle(Input::SharedObject { client, message });
    }

    /// What happens to a recording that is played, seeked in, or over.
    fn recorded(&mut self, operation: &str) {
        self.call(PLAYER, 1, "play", &["cam".into()]);
        let (ask, found) = (self.asked, Some(5000));
        self.handle(Input::RecordingFound { ask, found });
        match operation {
            "seek" => {
                self.steps.clear();
                self.call(PLAYER, 1, "seek", &[1000.0.into()]);
            }
            "end-of-recorded" => {
                self.steps.clear();
                let (client, stream_id, play) = (PLAYER, 1, self.asked);
                self.handle(Input::PlayEnded {
                    client,
                    stream_id,
                    play,
                });
            }
            _ => {}
        }
    }

    fn publish(&mut self) {
        self.call(PUBLISHER, 0, "createStream", &[]);
        self.call(PUBLISHER, 1, "publish", &["cam".into(), "live".into()]);
    }

    /// The publisher sends what an encoder sends first.
    fn feed(&mut self) {
        let now = Millis(0);
        let (name, body) = ("onMetaData".into(), Bytes::from_static(b"metadata"));
        self.ring
            .set_data_frame(now, Kind::Data, 0, (name, &[]), body);
        for video in [&[0x17, 0, 0, 0, 0][..], &[0x17, 1, 0, 0, 0]] {
            let payload = Bytes::copy_from_slice(video);
            self.ring.append_media(now, Kind::Video, 0, payload);
        }
        self.read();
    }

    fn handle(&mut self, input: Input) {
        self.instance.handle(self.now, input);
        while let Output::Effect(effect) = self.instance.poll() {
            self.carry_out(effect);
        }
    }

    /// What the server does for an effect, as far as the client sees it.
    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send { client, message } if client == self.watched => {
                self.steps.push(step(&message));
            }
            Effect::SharedObject { client, update } => {
                let message = update.message(Encoding::Amf0);
                let whom = if client == PUBLISHER {
                    "sender"
                } else {
                    "others"
                };
                let steps = message.events.iter().map(Event::kind);
                self.steps
                    .extend(steps.map(|kind| format!("so {kind} to {whom}")));
            }
            Effect::FindRecording { ask, .. } => self.asked = ask,
            // The file begins with its metadata.
            Effect::PlayRecorded { .. } => {
                let file = ["data onMetaData", "media"];
                self.steps.extend(file.map(str::to_owned));
            }
            Effect::Mark { marker, .. } => {
                self.ring.append_marker(Millis(0), marker);
                self.read();
            }
            Effect::Play { .. } => {
                self.reader = Some(Reader::new(ReaderLimits::default(), None));
                self.read();
            }
            Effect::Pause { paused, .. } => {
                let mut entries = Vec::new();
                match &mut self.reader {
                    Some(reader) if paused => reader.pause(),
                    Some(reader) => reader.unpause(Millis(0), &self.ring, &mut entries),
                    None => {}
                }
                self.read();
            }
            _ => {}
        }
    }

    fn read(&mut self) {
        let Some(reader) = &mut self.reader else {
            return;
        };
        let mut entries = Vec::new();
        reader.read(Millis(0), &self.ring, usize::MAX, &mut entries);
        for entry in entries {
            self.steps.extend(steps_of(&entry));
        }
    }
}

/// An entry of the ring as a player gets it: a marker becomes a status, and a new publisher is
/// followed by the data messages of a start.
fn steps_of(entry: &Entry) -> Vec<String> {
    match (entry.kind, entry.weight) {
        (Kind::Marker(Marker::Unpublished), _) => vec!["onStatus Play.UnpublishNotify".into()],
        (Kind::Marker(Marker::Published), _) => {
            let config = InstanceConfig::default();
            let start = engine::data_start((false, false), config.data_start);
            let start = start.iter().map(data_step);
            let notice = "onStatus Play.PublishNotify".to_owned();
            std::iter::once(notice).chain(start).collect()
        }
        (Kind::Data | Kind::DataAmf3, _) => vec!["data onMetaData".into()],
        (_, Weight::Required) => vec!["sequence headers".into()],
        _ => vec!["media".into()],
    }
}

/// A message in the words of the vectors, without the values.
fn step(message: &Message) -> String {
    match &message.body {
        Body::WindowAckSize(_) => "window-ack".into(),
        Body::SetPeerBandwidth { .. } => "peer-bandwidth".into(),
        Body::SetChunkSize(_) => "chunk-size".into(),
        Body::UserControl(UserControl::StreamIsRecorded(_)) => "ucm is-recorded".into(),
        Body::Audio(payload) if payload.is_empty() => "empty audio".into(),
        Body::UserControl(UserControl::StreamBegin(_)) => "ucm stream-begin".into(),
        Body::UserControl(UserControl::StreamEof(_)) => "ucm stream-eof".into(),
        Body::Data(data) => data_step(data),
        Body::Command(command) if &*command.name == "onStatus" => {
            format!("onStatus {}", code(command.arg(0)))
        }
        Body::Command(command) => (*command.name).to_owned(),
        other => format!("{other:?}"),
    }
}

fn data_step(data: &Data) -> String {
    let name = data.name().unwrap_or_default();
    match data.values.get(1) {
        Some(status) if status.get("code").is_some() => format!("data {name} {}", code(status)),
        _ => format!("data {name}"),
    }
}

/// `NetStream.Play.Start` without its first word.
fn code(status: &Amf) -> &str {
    let code = status.get("code").and_then(Amf::as_str).unwrap_or_default();
    code.split_once('.').map_or(code, |(_, rest)| rest)
}
