//! Playing: what `play` asks for, playlists, pausing and selection.

mod recorded;

pub(crate) use recorded::RecordingAsk;

use std::collections::VecDeque;

use amf::Value;
use bytes::Bytes;
use media::{Selection, VideoSelection};
use rtmp::status::{self, Code, Status};
use rtmp::{Body, Command, Data, Encoding, Message, Millis, UserControl};

use crate::client::{ClientId, NetStream};
use crate::effect::Effect;
use crate::instance::Instance;
use crate::name::{RecordingFile, StreamName};

/// Where `play` looks for a stream (its `start` argument).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Live if it is published, else recorded, else wait for a publisher.
    LiveOrRecorded,
    /// Live only.
    Live,
    /// Recorded only, from so many ms.
    Recorded,
}

/// One thing to play.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    name: StreamName,
    start: Start,
    /// Where a recording begins, in ms.
    start_ms: u64,
    length_ms: Option<u32>,
    /// A recording is sent as fast as the client takes it.
    at_once: bool,
}

/// Where what is played comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// Not known yet: the server looks for a recording. Then the item is announced like this.
    Sought(Announce),
    /// The ring of a stream.
    Live,
    /// A recording.
    Recorded {
        file: RecordingFile,
        duration_ms: u64,
        /// It was sent to its end. The client may still seek in it.
        is_over: bool,
    },
}

/// What a stream plays.
#[derive(Debug)]
pub(crate) struct Playing {
    /// Its number in the instance.
    play: u64,
    item: Item,
    source: Source,
    queue: VecDeque<Item>,
    paused: bool,
    /// When a live item that nobody publishes gives way to the next.
    give_up: Option<Millis>,
}

/// How a new item announces itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announce {
    /// Play.Reset and Play.Start: the playlist begins anew.
    Reset,
    /// Play.Start alone: the next item of the list.
    Next,
    /// Unpause.Notify and Play.Start: the item goes on.
    Unpause,
    /// Seek.Notify and Play.Start: a recording goes on at this time, in ms.
    Seek(u64),
}

impl Start {
    /// Flash Player, ffmpeg and librtmp write milliseconds (-2000, -1000), GStreamer and
    /// scripts the bare codes -2 and -1; any other negative means -2.
    fn from_wire(start: f64) -> Self {
        const LIVE_CODE: i64 = -1;
        const LIVE_MILLIS: i64 = -1000;
        match start as i64 {
            _ if start >= 0.0 => Self::Recorded,
            LIVE_CODE | LIVE_MILLIS => Self::Live,
            _ => Self::LiveOrRecorded,
        }
    }
}

impl Instance {
    /// `play(name[, start[, length[, reset]]])`, or `play(false)` to end it.
    pub(crate) fn play(
        &mut self,
        now: Millis,
        client: ClientId,
        stream_id: u32,
        command: &Command,
    ) {
        if self.stream_mut(client, stream_id).is_none() {
            return self.refuse(
                client,
                stream_id,
                Code::StreamFailed,
                "No such stream.",
                None,
            );
        }
        let arg = |index: usize| command.args.get(index);
        if arg(0).and_then(Value::as_bool) == Some(false) {
            return self.stop_by_client(now, client, stream_id);
        }
        let written = arg(0).and_then(Value::as_str).unwrap_or_default();
        let start = arg(1).and_then(Value::as_f64).unwrap_or(-2.0);
        let length = arg(2).and_then(Value::as_f64).unwrap_or(-1.0);
        let length_ms = (length >= 0.0).then_some(length as u32);
        let (reset, at_once) = match arg(3) {
            Some(Value::Boolean(reset)) => (*reset, false),
            Some(value) => match value.as_f64() {
                Some(0.0) => (false, false),
                Some(2.0) => (false, true),
                Some(3.0) => (true, true),
                _ => (true, false),
            },
            None => (true, false),
        };
        match StreamName::parse(written, self.config.stream_name_bytes) {
            Ok(name) => {
                let item = Item {
                    name,
                    start: Start::from_wire(start),
                    start_ms: start as u64,
                    length_ms,
                    at_once,
                };
                self.play_item(now, client, stream_id, item, reset);
            }
            Err(error) => {
                let why = error.to_string();
                self.refuse(client, stream_id, Code::PlayFailed, &why, Some(written));
            }
        }
    }

    fn play_item(
        &mut self,
        now: Millis,
        client: ClientId,
        stream_id: u32,
        item: Item,
        reset: bool,
    ) {
        if !self.may_read(client, item.name.path()) {
            let why = format!("No read access to {}.", item.name);
            let name = item.name.to_string();
            return self.refuse(client, stream_id, Code::PlayFailed, &why, Some(&name));
        }
        if item.start == Start::Recorded && !self.config.plays_recordings {
            return self.not_found(client, stream_id, &item.name);
        }
        let most = self.config.playlist_items;
        let name = item.name.to_string();
        match self.stream_mut(client, stream_id) {
            Some(NetStream::Playing(playing)) if !reset && !playing.is_over() => {
                if playing.queue.len() < most {
                    return playing.queue.push_back(item);
                }
                let why = format!("A playlist may hold {most} items.");
                self.refuse(client, stream_id, Code::PlayFailed, &why, Some(&name));
            }
            _ => {
                let announce = if reset {
                    Announce::Reset
                } else {
                    Announce::Next
                };
                self.close_stream(now, client, stream_id);
                let queue = VecDeque::new();
                self.start_item(now, (client, stream_id), item, queue, announce);
            }
        }
    }

    /// Begins an item: a recording is looked for where there may be one.
    fn start_item(
        &mut self,
        now: Millis,
        at: (ClientId, u32),
        item: Item,
        queue: VecDeque<Item>,
        announce: Announce,
    ) {
        if self.may_be_recorded(&item) {
            self.look_for_recording(now, at, item, queue, announce);
        } else {
            self.start_live(now, at, item, queue, announce);
        }
    }

    /// Tells the client what begins, in FlashCom's order, and lets it read the stream.
    fn start_live(
        &mut self,
        now: Millis,
        (client, stream_id): (ClientId, u32),
        item: Item,
        queue: VecDeque<Item>,
        announce: Announce,
    ) {
        if self.hears_itself(client, stream_id, &item.name) {
            return self.refuse_echo(now, (client, stream_id), &item.name, queue);
        }
        self.go_on_air(now, client, stream_id);
        let chunk_size = Body::SetChunkSize(self.config.chunk_size);
        self.send_control(client, chunk_size);
        self.announce((client, stream_id), &item.name, announce, false);
        let samples = self.may_sample(client, &item.name);
        let waits = item.start == Start::Live && !self.is_published(&item.name);
        let give_up = item
            .length_ms
            .filter(|_| waits)
            .map(|ms| now + u64::from(ms));
        self.give_ups
            .extend(give_up.map(|at| (at, client, stream_id)));
        let (name, length_ms) = (item.name.clone(), item.length_ms);
        self.plays += 1;
        let play = self.plays;
        let playing = Playing {
            play,
            item,
            source: Source::Live,
            queue,
            paused: false,
            give_up,
        };
        if let Some(stream) = self.stream_mut(client, stream_id) {
            *stream = NetStream::Playing(Box::new(playing));
        }
        let selection = self.selection(client, stream_id);
        self.effects.push_back(Effect::Play {
            client,
            stream_id,
            name,
            play,
            length_ms,
            selection,
            samples,
        });
    }

    /// Passes over a live stream that is made of what its player publishes.
    fn refuse_echo(
        &mut self,
        now: Millis,
        (client, stream_id): (ClientId, u32),
        name: &StreamName,
        mut queue: VecDeque<Item>,
    ) {
        let why = format!("{name} would play itself.");
        let details = Some(name.as_str());
        self.refuse(client, stream_id, Code::PlayFailed, &why, details);
        self.close_stream(now, client, stream_id);
        if let Some(item) = queue.pop_front() {
            self.start_item(now, (client, stream_id), item, queue, Announce::Next);
        }
    }

    /// The name of the live stream that is played on a message stream.
    pub(crate) fn live_source(&mut self, client: ClientId, stream_id: u32) -> Option<StreamName> {
        let playing = self.playing(client, stream_id)?;
        (playing.source == Source::Live).then(|| playing.item.name.clone())
    }

    fn announce(
        &mut self,
        (client, stream_id): (ClientId, u32),
        name: &StreamName,
        announce: Announce,
        is_recorded: bool,
    ) {
        if is_recorded {
            let recorded = Body::UserControl(UserControl::StreamIsRecorded(stream_id));
            self.send_control(client, recorded);
        }
        let begin = Body::UserControl(UserControl::StreamBegin(stream_id));
        self.send_control(client, begin);
        let text = name.as_str();
        let opening = match announce {
            Announce::Reset => Some((Code::PlayReset, format!("Playing and resetting {text}."))),
            Announce::Unpause => Some((Code::UnpauseNotify, format!("Unpausing {text}."))),
            Announce::Seek(ms) => Some((
                Code::SeekNotify,
                format!("Seeking {ms} (stream ID: {stream_id})."),
            )),
            Announce::Next => None,
        };
        if let Some((code, why)) = opening {
            self.tell(client, stream_id, code, why, Some(text));
        }
        let why = format!("Started playing {text}.");
        self.tell(client, stream_id, Code::PlayStart, why, Some(text));
        if is_recorded || self.is_published(name) {
            let samples = self.may_sample(client, name);
            for data in data_start(samples, self.config.data_start) {
                self.send_data(client, stream_id, data);
            }
        }
    }

    fn stop_by_client(&mut self, now: Millis, client: ClientId, stream_id: u32) {
        let Some(playing) = self.playing(client, stream_id) else {
            return;
        };
        let name = playing.item.name.to_string();
        self.close_stream(now, client, stream_id);
        let why = format!("Stopped playing {name}.");
        self.tell(client, stream_id, Code::PlayStop, why, Some(&name));
    }

    /// `play2({streamName, oldStreamName, start, len, transition})`: a change of stream.
    pub(crate) fn play2(
        &mut self,
        now: Millis,
        client: ClientId,
        stream_id: u32,
        command: &Command,
    ) {
        let Some(options) = command.args.first() else {
            return;
        };
        let text = |key: &str| options.get(key).and_then(Value::as_str).unwrap_or_default();
        let (written, transition) = (text("streamName"), text("transition"));
        let name = StreamName::parse(written, self.config.stream_name_bytes);
        let number = |key: &str| options.get(key).and_then(Value::as_f64);
        let (Ok(name), true) = (name, self.stream_mut(client, stream_id).is_some()) else {
            let why = format!("Failed to play {written}; stream not found.");
            return self.refuse(client, stream_id, Code::PlayFailed, &why, Some(written));
        };
        let start = Start::from_wire(number("start").unwrap_or(-2.0));
        let length_ms = number("len")
            .filter(|len| *len >= 0.0)
            .map(|len| (len * 1000.0) as u32);
        let item = Item {
            name,
            start,
            start_ms: number("start").map_or(0, |start| (start * 1000.0) as u64),
            length_ms,
            at_once: false,
        };
        match transition {
            "stop" => self.stop_by_client(now, client, stream_id),
            "append" | "appendAndWait" => self.play_item(now, client, stream_id, item, false),
            "switch" | "swap" => self.switch(now, client, stream_id, item),
            _ => self.play_item(now, client, stream_id, item, true),
        }
    }

    fn switch(&mut self, now: Millis, client: ClientId, stream_id: u32, item: Item) {
        let name = item.name.to_string();
        let why = format!("Transitioning to {name}.");
        self.tell(client, stream_id, Code::PlayTransition, why, Some(&name));
        self.play_item(now, client, stream_id, item, true);
        let status = Status::new(Code::PlayTransitionComplete, "")
            .with("details", Value::from(name.as_str()));
        let data = status.on_play_status();
        self.send_data(client, stream_id, data);
    }

    /// `pause(flag, ms)`; without a flag it toggles.
    ///
    /// Disputed: to go on, FMS (by flazr, which is modelled on it) sends the block that began
    /// the play again, with `Unpause.Notify` in the place of `Play.Reset`; Red5 sends the part
    /// up to `Unpause.Notify`, also with `StreamBegin` first; SRS sends `StreamBegin` last. We
    /// do as FMS, without the empty audio message that flazr has there.
    pub(crate) fn pause(&mut self, client: ClientId, stream_id: u32, command: &Command) {
        let Some(playing) = self.playing(client, stream_id) else {
            return;
        };
        let wanted = command
            .args
            .first()
            .and_then(Value::as_bool)
            .unwrap_or(!playing.paused);
        let is_sought = matches!(playing.source, Source::Sought(_));
        let changed = std::mem::replace(&mut playing.paused, wanted) != wanted;
        // What is still looked for is paused when it has been found.
        if !is_sought {
            self.set_paused(client, stream_id, wanted, changed);
        }
    }

    /// Tells of a pause or its end. A recording's pause holds before it is told, so that
    /// nothing follows.
    fn set_paused(&mut self, client: ClientId, stream_id: u32, paused: bool, changed: bool) {
        let Some(playing) = self.playing(client, stream_id) else {
            return;
        };
        let name = playing.item.name.clone();
        let is_recorded = playing.source != Source::Live;
        let order = Effect::Pause {
            client,
            stream_id,
            paused,
        };
        if paused {
            let (early, late) = if is_recorded {
                (Some(order), None)
            } else {
                (None, Some(order))
            };
            self.effects.extend(early.filter(|_| changed));
            let text = format!("Pausing {name}.");
            let named = Some(name.as_str());
            self.tell(client, stream_id, Code::PauseNotify, text, named);
            let end = Body::UserControl(UserControl::StreamEof(stream_id));
            self.send_control(client, end);
            self.effects.extend(late.filter(|_| changed));
        } else {
            let at = (client, stream_id);
            self.announce(at, &name, Announce::Unpause, is_recorded);
            self.effects.extend(changed.then_some(order));
        }
    }

    pub(crate) fn receive_audio(&mut self, client: ClientId, stream_id: u32, command: &Command) {
        let wanted = command
            .args
            .first()
            .and_then(Value::as_bool)
            .unwrap_or(true);
        self.select(client, stream_id, |selection| selection.audio = wanted);
    }

    /// `receiveVideo(flag)`, or a number of frames a second.
    pub(crate) fn receive_video(&mut self, client: ClientId, stream_id: u32, command: &Command) {
        let video = match command.args.first() {
            Some(Value::Boolean(false)) => VideoSelection::None,
            Some(value) => match value.as_f64() {
                Some(fps) if fps > 0.0 => VideoSelection::FramesPerSecond(fps),
                Some(_) => VideoSelection::None,
                None => VideoSelection::All,
            },
            None => VideoSelection::All,
        };
        self.select(client, stream_id, |selection| selection.video = video);
    }

    /// Holds for what the stream plays now and for all it plays later.
    fn select(&mut self, client: ClientId, stream_id: u32, change: impl FnOnce(&mut Selection)) {
        if self.stream_mut(client, stream_id).is_none() {
            return;
        }
        let mut selection = self.selection(client, stream_id);
        change(&mut selection);
        if let Some(here) = self.clients.get_mut(&client) {
            here.selections.insert(stream_id, selection);
        }
        if self.playing(client, stream_id).is_some() {
            self.effects.push_back(Effect::Select {
                client,
                stream_id,
                selection,
            });
        }
    }

    /// Lets the client read no more of what it plays, and waits for no publisher of it.
    pub(crate) fn end_play(&mut self, client: ClientId, stream_id: u32, playing: &Playing) {
        if let Some(at) = playing.give_up {
            self.give_ups.remove(&(at, client, stream_id));
        }
        self.effects.push_back(Effect::Stop { client, stream_id });
    }

    /// The length of a play is over. By the time this is known the stream may play
    /// something else.
    pub(crate) fn on_play_ended(
        &mut self,
        now: Millis,
        client: ClientId,
        stream_id: u32,
        play: u64,
    ) {
        let playing = self.playing(client, stream_id);
        if playing.is_some_and(|playing| playing.play == play && !playing.is_over()) {
            self.finish_item(now, client, stream_id);
        }
    }

    /// The next item, or the end.
    fn finish_item(&mut self, now: Millis, client: ClientId, stream_id: u32) {
        if !self.advance(now, client, stream_id) {
            self.complete(now, client, stream_id);
        }
    }

    fn complete(&mut self, now: Millis, client: ClientId, stream_id: u32) {
        let Some(playing) = self.playing(client, stream_id) else {
            return;
        };
        let name = playing.item.name.to_string();
        let length_ms = u64::from(playing.item.length_ms.unwrap_or(0));
        let recorded = playing.end_recorded();
        let seconds = recorded.unwrap_or(length_ms) as f64 / 1000.0;
        if recorded.is_some() {
            let message = Message::stream(stream_id, Body::Audio(Bytes::new()));
            self.effects.push_back(Effect::Send { client, message });
        } else {
            self.close_stream(now, client, stream_id);
        }
        let status = Status::new(Code::PlayComplete, "").with("duration", Value::from(seconds));
        let data = status.on_play_status();
        self.send_data(client, stream_id, data);
        let why = format!("Stopped playing {name}.");
        self.tell(client, stream_id, Code::PlayStop, why, Some(&name));
        let end = Body::UserControl(UserControl::StreamEof(stream_id));
        self.send_control(client, end);
    }

    /// Goes to the next item of the playlist; false if there is none.
    fn advance(&mut self, now: Millis, client: ClientId, stream_id: u32) -> bool {
        let Some(playing) = self.playing(client, stream_id) else {
            return true;
        };
        let Some(item) = playing.queue.pop_front() else {
            return false;
        };
        let queue = std::mem::take(&mut playing.queue);
        self.close_stream(now, client, stream_id);
        let status =
            Status::new(Code::PlaySwitch, "").with("details", Value::from(item.name.as_str()));
        let data = status.on_play_status();
        self.send_data(client, stream_id, data);
        self.start_item(now, (client, stream_id), item, queue, Announce::Next);
        true
    }

    /// A stream has lost its publisher: players with more in their list go on to it, the
    /// others stay and wait for the next publisher.
    pub(crate) fn advance_players_of(&mut self, now: Millis, name: &StreamName) {
        for (client, stream_id) in
            self.players(|playing| playing.source == Source::Live && playing.item.name == *name)
        {
            self.advance(now, client, stream_id);
        }
    }

    pub(crate) fn on_play_timeout(&mut self, now: Millis) {
        while let Some((at, client, stream_id)) = self.give_ups.first().copied() {
            if at > now {
                break;
            }
            self.give_ups.pop_first();
            let Some(playing) = self.playing(client, stream_id) else {
                continue;
            };
            // The stream may play something else by now.
            if playing.give_up.take_if(|due| *due == at).is_none() {
                continue;
            }
            let name = playing.item.name.clone();
            if !self.is_published(&name) {
                self.finish_item(now, client, stream_id);
            }
        }
    }

    pub(crate) fn next_play_timeout(&self) -> Option<Millis> {
        self.give_ups.first().map(|(at, _, _)| *at)
    }

    fn players(&self, which: impl Fn(&Playing) -> bool) -> Vec<(ClientId, u32)> {
        let mut found = Vec::new();
        for client in self.clients.values() {
            for (stream_id, stream) in &client.streams {
                if matches!(stream, NetStream::Playing(playing) if which(playing)) {
                    found.push((client.id, *stream_id));
                }
            }
        }
        found.sort_unstable();
        found
    }

    fn playing(&mut self, client: ClientId, stream_id: u32) -> Option<&mut Playing> {
        match self.stream_mut(client, stream_id)? {
            NetStream::Playing(playing) => Some(playing),
            _ => None,
        }
    }

    fn selection(&self, client: ClientId, stream_id: u32) -> Selection {
        let here = self.clients.get(&client);
        here.and_then(|here| here.selections.get(&stream_id))
            .copied()
            .unwrap_or_default()
    }
}

/// The data messages before the first media of a live stream: what players may do with the
/// raw samples, and that data begins.
pub fn data_start(sample_access: (bool, bool), announce: bool) -> Vec<Data> {
    let (audio, video) = sample_access;
    let access = [
        "|RtmpSampleAccess".into(),
        Value::from(audio),
        Value::from(video),
    ];
    let access = Data::new(access.into(), Encoding::Amf0);
    if announce {
        vec![access, status::data_start()]
    } else {
        vec![access]
    }
}
