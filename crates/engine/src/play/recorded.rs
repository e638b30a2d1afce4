//! Playing recordings: the server is asked whether there is one, then told what to send of it.

use std::collections::VecDeque;

use amf::Value;
use media::{Length, Window};
use rtmp::status::Code;
use rtmp::{Body, Command, Millis, UserControl};

use super::{Announce, Item, Playing, Source, Start};
use crate::client::{ClientId, NetStream};
use crate::effect::Effect;
use crate::instance::Instance;
use crate::name::StreamName;

/// Who wants to know of a recording.
#[derive(Debug)]
pub(crate) enum RecordingAsk {
    /// Who would play it on this message stream.
    Play(ClientId, u32),
    /// Who called `getStreamLength`.
    Length(ClientId, Command),
}

impl Playing {
    const fn is_recorded(&self) -> bool {
        matches!(self.source, Source::Recorded { .. })
    }

    /// Whether it is a recording that was sent to its end.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.source, Source::Recorded { is_over: true, .. })
    }

    /// Notes that a recording was sent to its end: its duration in ms.
    pub(super) fn end_recorded(&mut self) -> Option<u64> {
        match &mut self.source {
            Source::Recorded {
                is_over,
                duration_ms,
                ..
            } => {
                *is_over = true;
                Some(*duration_ms)
            }
            _ => None,
        }
    }
}

impl Item {
    /// What of the recording is played, from a time in ms on. The end stays where it is.
    fn window(&self, from_ms: u64) -> Window {
        let end_ms = |length: u32| self.start_ms.saturating_add(u64::from(length));
        let length = match self.length_ms {
            None => Length::All,
            Some(0) => Length::OneFrame,
            Some(length) => Length::Millis(end_ms(length).saturating_sub(from_ms)),
        };
        Window {
            start_ms: from_ms,
            length,
            is_exact: false,
        }
    }
}

impl Instance {
    /// Whether a recording is to be looked for.
    pub(super) fn may_be_recorded(&self, item: &Item) -> bool {
        let is_there = self.config.plays_recordings && item.name.played_file().is_ok();
        match item.start {
            Start::Recorded => true,
            Start::LiveOrRecorded => is_there && !self.is_published(&item.name),
            Start::Live => false,
        }
    }

    pub(super) fn look_for_recording(
        &mut self,
        now: Millis,
        (client, stream_id): (ClientId, u32),
        item: Item,
        queue: VecDeque<Item>,
        announce: Announce,
    ) {
        let file = item.name.played_file();
        self.plays += 1;
        let play = self.plays;
        let playing = Playing {
            play,
            item,
            source: Source::Sought(announce),
            queue,
            paused: false,
            give_up: None,
        };
        if let Some(stream) = self.stream_mut(client, stream_id) {
            *stream = NetStream::Playing(Box::new(playing));
        }
        let ask = RecordingAsk::Play(client, stream_id);
        self.recording_asks.insert(play, ask);
        match file {
            Ok(file) => self
                .effects
                .push_back(Effect::FindRecording { ask: play, file }),
            Err(_) => self.on_recording_found(now, play, None),
        }
    }

    /// The server has looked for a recording: its duration in ms, if it is there.
    pub(crate) fn on_recording_found(&mut self, now: Millis, ask: u64, found: Option<u64>) {
        match self.recording_asks.remove(&ask) {
            Some(RecordingAsk::Play(client, stream_id)) => {
                self.on_play_found(now, (client, stream_id), ask, found);
            }
            Some(RecordingAsk::Length(client, command)) if self.has_client(client) => {
                let seconds = found.unwrap_or(0) as f64 / 1000.0;
                self.reply(client, &command, Value::from(seconds));
            }
            _ => {}
        }
    }

    fn on_play_found(
        &mut self,
        now: Millis,
        (client, stream_id): (ClientId, u32),
        play: u64,
        found: Option<u64>,
    ) {
        let Some(playing) = self.playing(client, stream_id) else {
            return;
        };
        let Source::Sought(announce) = playing.source else {
            return;
        };
        // The stream may look for something else by now.
        if playing.play != play {
            return;
        }
        let paused = std::mem::take(&mut playing.paused);
        match found {
            Some(duration_ms) => {
                self.go_on_air(now, client, stream_id);
                self.start_recorded((client, stream_id), announce, duration_ms);
            }
            None if playing.item.start == Start::LiveOrRecorded => {
                let item = playing.item.clone();
                let queue = std::mem::take(&mut playing.queue);
                self.start_live(now, (client, stream_id), item, queue, announce);
            }
            None => return self.pass_over(now, client, stream_id),
        }
        if paused && let Some(playing) = self.playing(client, stream_id) {
            playing.paused = true;
            self.set_paused(client, stream_id, true, true);
        }
    }

    /// A recording is not there: the next item, or the end of the list.
    fn pass_over(&mut self, now: Millis, client: ClientId, stream_id: u32) {
        let Some(playing) = self.playing(client, stream_id) else {
            return;
        };
        let name = playing.item.name.clone();
        self.not_found(client, stream_id, &name);
        if !self.advance(now, client, stream_id) {
            self.close_stream(now, client, stream_id);
        }
    }

    pub(super) fn not_found(&mut self, client: ClientId, stream_id: u32, name: &StreamName) {
        let why = format!("Failed to play {name}; stream not found.");
        let code = Code::PlayStreamNotFound;
        self.refuse(client, stream_id, code, &why, Some(name.as_str()));
    }

    fn start_recorded(
        &mut self,
        (client, stream_id): (ClientId, u32),
        announce: Announce,
        duration_ms: u64,
    ) {
        let chunk_size = Body::SetChunkSize(self.config.chunk_size);
        self.send_control(client, chunk_size);
        let Some(playing) = self.playing(client, stream_id) else {
            return;
        };
        let Ok(file) = playing.item.name.played_file() else {
            return;
        };
        playing.source = Source::Recorded {
            file,
            duration_ms,
            is_over: false,
        };
        let (name, from_ms) = (playing.item.name.clone(), playing.item.start_ms);
        let from_ms = if playing.item.start == Start::Recorded {
            from_ms
        } else {
            0
        };
        self.announce((client, stream_id), &name, announce, true);
        self.send_recorded(client, stream_id, from_ms);
    }

    /// Orders what is left of a recording from a time in ms on.
    fn send_recorded(&mut self, client: ClientId, stream_id: u32, from_ms: u64) {
        let selection = self.selection(client, stream_id);
        let Some(playing) = self.playing(client, stream_id) else {
            return;
        };
        let Source::Recorded { file, .. } = &playing.source else {
            return;
        };
        let order = Effect::PlayRecorded {
            client,
            stream_id,
            file: file.clone(),
            play: playing.play,
            window: playing.item.window(from_ms),
            at_once: playing.item.at_once,
            selection,
        };
        self.effects.push_back(order);
    }

    /// `seek(ms)`: a recording goes on at the key frame there or before.
    pub(crate) fn seek(&mut self, client: ClientId, stream_id: u32, command: &Command) {
        let number = self.plays + 1;
        let ms = command.args.first().and_then(Value::as_f64).unwrap_or(0.0) as u64;
        let playing = self.playing(client, stream_id);
        let Some(playing) = playing.filter(|playing| playing.is_recorded()) else {
            let why = "A live stream cannot be searched.";
            return self.refuse(client, stream_id, Code::SeekFailed, why, None);
        };
        playing.play = number;
        if let Source::Recorded { is_over, .. } = &mut playing.source {
            *is_over = false;
        }
        let (name, paused) = (playing.item.name.clone(), playing.paused);
        self.plays = number;
        // Nothing from before the seek comes behind its statuses.
        self.effects.push_back(Effect::Stop { client, stream_id });
        let end = Body::UserControl(UserControl::StreamEof(stream_id));
        self.send_control(client, end);
        self.announce((client, stream_id), &name, Announce::Seek(ms), true);
        self.send_recorded(client, stream_id, ms);
        if paused {
            self.effects.push_back(Effect::Pause {
                client,
                stream_id,
                paused,
            });
        }
    }

    /// `getStreamLength(name)`: seconds; 0 for what is not recorded, or not for this client.
    pub(crate) fn stream_length(&mut self, client: ClientId, command: &Command) {
        let written = command.args.first().and_then(Value::as_str);
        let most = self.config.stream_name_bytes;
        let name = StreamName::parse(written.unwrap_or_default(), most).ok();
        let name = name.filter(|name| self.may_read(client, name.path()));
        let file = name.and_then(|name| name.played_file().ok());
        let file = file.filter(|_| self.config.plays_recordings && command.transaction != 0.0);
        let Some(file) = file else {
            return self.reply(client, command, Value::from(0.0));
        };
        self.plays += 1;
        let ask = self.plays;
        let wanted = RecordingAsk::Length(client, command.clone());
        self.recording_asks.insert(ask, wanted);
        self.effects.push_back(Effect::FindRecording { ask, file });
    }
}
