//! Stations: streams that the server itself publishes, made of what a script plays under their
//! names (`Stream.play`).
//!
//! The stations of an instance are streams of one client that has no connection, the
//! [`STUDIO`]. Each has two message streams there, one that publishes its name and one that
//! plays what the script wants, so all that clients may play, a station may play, with the same
//! playlist. What the studio is sent is what the script is told. It goes on the air when the
//! first item begins, and off the air when the script stops it, or has heard that the list is
//! over and played nothing more.

use std::collections::BTreeMap;

use amf::{Str, Value};
use rtmp::status::Code;
use rtmp::{Command, Millis};

use crate::client::{Client, ClientId, NetStream};
use crate::instance::Instance;
use crate::name::StreamName;
use crate::record::{How, Plan};

/// The client that stands for the server where it publishes and plays. It has no connection.
pub const STUDIO: ClientId = ClientId(u64::MAX);

/// What a script plays under the name of a stream: the arguments of `Stream.play`.
#[derive(Clone, Debug, PartialEq)]
pub struct StationItem {
    /// The name of the source, as the script wrote it.
    pub source: Str,
    /// From which second; -1 is live only, any other negative live or recorded.
    pub start: f64,
    /// For how many seconds; 0 is one frame, negative all of it.
    pub length: f64,
    /// 0 appends to the list, 1 begins it anew; 2 and 3 do the same with all of a recording at
    /// once.
    pub reset: f64,
}

/// The names of the stations, by the message stream that publishes them. The one behind it
/// plays.
pub(crate) type Stations = BTreeMap<u32, StreamName>;

impl StationItem {
    /// As a client would ask for it.
    fn command(&self, start: f64) -> Command {
        let millis = |seconds: f64| (seconds * 1000.0).floor();
        let length = if self.length < 0.0 {
            -1.0
        } else {
            millis(self.length)
        };
        let start = if start < 0.0 { start } else { millis(start) };
        let args = vec![
            Value::String(self.source.clone()),
            start.into(),
            length.into(),
            self.reset.into(),
        ];
        Command::new("play", 0.0, args)
    }
}

impl Instance {
    /// Plays something under a name.
    pub(crate) fn play_on_station(&mut self, now: Millis, name: &StreamName, item: &StationItem) {
        let Some(on_air) = self.station(name) else {
            return;
        };
        // Its own name can only be the recording of it.
        let may_be_recorded = item.start < 0.0 && (item.start + 1.0).abs() > f64::EPSILON;
        let own = may_be_recorded && self.is_written(name, &item.source);
        let start = if own { 0.0 } else { item.start };
        self.play(now, STUDIO, on_air + 1, &item.command(start));
    }

    /// The message stream that publishes the name, made if there may be one more.
    fn station(&mut self, name: &StreamName) -> Option<u32> {
        let known = self.stations.iter().find(|(_, known)| *known == name);
        if let Some((on_air, _)) = known {
            return Some(*on_air);
        }
        if self.stations.len() >= self.config.streams_per_connection {
            return None;
        }
        let writes = self.config.object_writes;
        let studio = self
            .clients
            .entry(STUDIO)
            .or_insert_with(|| Client::new(STUDIO, Box::default(), writes));
        let on_air = (1..)
            .step_by(2)
            .find(|id| !self.stations.contains_key(id))?;
        studio.streams.insert(on_air, NetStream::Idle);
        studio.streams.insert(on_air + 1, NetStream::Idle);
        self.stations.insert(on_air, name.clone());
        Some(on_air)
    }

    /// Whether a script may play something under this name, or already does.
    pub(crate) fn has_room_for_station(&self, name: &StreamName) -> bool {
        self.stations.len() < self.config.streams_per_connection
            || self.stations.values().any(|known| known == name)
    }

    /// Stops what is played under a name: the name is free.
    pub(crate) fn stop_station(&mut self, now: Millis, name: &StreamName) {
        let known = self.stations.iter().find(|(_, known)| *known == name);
        let Some(on_air) = known.map(|(on_air, _)| *on_air) else {
            return;
        };
        let stop = Command::new("play", 0.0, vec![Value::Boolean(false)]);
        self.play(now, STUDIO, on_air + 1, &stop);
        // What it was told of the end is still to be passed on under its name.
        self.close_stream(now, STUDIO, on_air);
    }

    fn end_station(&mut self, now: Millis, on_air: u32) {
        self.close_stream(now, STUDIO, on_air + 1);
        self.close_stream(now, STUDIO, on_air);
        self.stations.remove(&on_air);
        if let Some(studio) = self.clients.get_mut(&STUDIO) {
            studio.streams.remove(&on_air);
            studio.streams.remove(&(on_air + 1));
        }
    }

    /// Takes stations off the air that have come to the end of their lists.
    pub(crate) fn end_idle_stations(&mut self, now: Millis) {
        let all: Vec<u32> = self.stations.keys().copied().collect();
        for on_air in all {
            let idle = match self.stream_mut(STUDIO, on_air + 1) {
                Some(NetStream::Playing(playing)) => playing.is_over(),
                _ => true,
            };
            if idle {
                self.end_station(now, on_air);
            }
        }
    }

    /// The instance ends, and its stations with it.
    pub(crate) fn end_stations(&mut self, now: Millis) {
        let all: Vec<u32> = self.stations.keys().copied().collect();
        for on_air in all {
            self.end_station(now, on_air);
        }
    }

    /// What the studio plays on a message stream begins: its station publishes from now on.
    /// Whoever had the name gives it up.
    pub(crate) fn go_on_air(&mut self, now: Millis, client: ClientId, stream_id: u32) {
        let Some(on_air) = (client == STUDIO).then_some(stream_id.wrapping_sub(1)) else {
            return;
        };
        let Some(name) = self.stations.get(&on_air).cloned() else {
            return;
        };
        if let Some(NetStream::Idle) = self.stream_mut(STUDIO, on_air) {
            let plan = self.plan(How::Live, &name).unwrap_or(Plan::None);
            self.publish_planned(now, (STUDIO, on_air), &name, plan);
        }
    }

    /// Whether this live stream is made of what the player itself publishes: it would hear
    /// itself for ever.
    pub(crate) fn hears_itself(
        &mut self,
        client: ClientId,
        stream_id: u32,
        source: &StreamName,
    ) -> bool {
        let own = self.stations.get(&stream_id.wrapping_sub(1)).cloned();
        let Some(own) = own.filter(|_| client == STUDIO) else {
            return false;
        };
        let mut source = Some(source.clone());
        // No way from station to station is longer than there are stations, unless it is a ring.
        for _ in 0..=self.stations.len() {
            let Some(name) = source.take() else {
                return false;
            };
            if name == own {
                return true;
            }
            let next = self.stations.iter().find(|(_, known)| **known == name);
            let Some(player) = next.map(|(on_air, _)| on_air + 1) else {
                return false;
            };
            source = self.live_source(STUDIO, player);
        }
        true
    }

    /// Tells the stations that play a stream of its publisher.
    pub(crate) fn notify_stations(&mut self, name: &StreamName, code: Code, text: &str) {
        let players: Vec<u32> = self.stations.keys().map(|on_air| on_air + 1).collect();
        for player in players {
            if self.live_source(STUDIO, player).as_ref() == Some(name) {
                let text = format!("{name} {text}");
                self.tell(STUDIO, player, code, text, Some(name.as_str()));
            }
        }
    }

    /// The station of one of the studio's message streams, if that plays.
    pub(crate) fn station_of_player(&self, stream_id: u32) -> Option<&StreamName> {
        let on_air = stream_id.checked_sub(1).filter(|id| id % 2 == 1)?;
        self.stations.get(&on_air)
    }
}
