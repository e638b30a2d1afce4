//! The ring: the recent past of one live stream, in order, with what a late player needs.
//!
//! Owns retention and the view of the current group of pictures. Knows nothing of players:
//! they come with cursors ([`Reader`](crate::Reader)) and find what is still there.

use std::collections::VecDeque;
use std::sync::Arc;

use amf::{Str, Value};
use bytes::Bytes;
use flv::Multitrack;
use rtmp::Millis;

use crate::entry::{Entry, Kind, Marker, Weight};

/// How much of a stream's past is kept.
#[derive(Clone, Copy, Debug)]
pub struct RingLimits {
    /// Whether the current group of pictures is kept for late players.
    pub gop_cache: bool,
    /// Payload bytes kept at most, whatever else is wished for. A group of pictures longer
    /// than this is not offered to late players; they wait for the next key frame.
    pub bytes: u64,
    /// Payload bytes kept for players that lag, besides the current group.
    pub window_bytes: u64,
    /// Milliseconds kept for players that lag, besides the current group.
    pub window_ms: u64,
    /// Entries kept at most: bounds what a flood of tiny messages may hold.
    pub entries: usize,
    /// Bytes of all kept codec headers together: a stream may have many tracks.
    pub header_bytes: usize,
    /// Data frames kept by `@setDataFrame`, by name.
    pub data_frames: usize,
    /// Bytes of all kept data frames together.
    pub data_frame_bytes: usize,
}

impl Default for RingLimits {
    fn default() -> Self {
        Self {
            gop_cache: true,
            bytes: 16 << 20,
            window_bytes: 2 << 20,
            window_ms: 3000,
            entries: 65_536,
            header_bytes: 1 << 20,
            data_frames: 32,
            data_frame_bytes: 256 << 10,
        }
    }
}

/// What [`Ring::append`] found the message to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Where it stands.
    pub seq: u64,
    /// The stream's description ([`StreamInfo`]) may have changed.
    pub described: bool,
}

/// What is known of a stream from its headers and metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamInfo {
    /// The video codec's name, once a video message has been seen.
    pub video: Option<&'static str>,
    /// The audio codec's name, once an audio message has been seen.
    pub audio: Option<&'static str>,
    /// Picture width in pixels.
    pub width: Option<u32>,
    /// Picture height in pixels.
    pub height: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HeaderKey {
    kind: Kind,
    track: u8,
    what: HeaderPart,
}

/// Headers that replace one another: a new codec configuration supersedes the old one of
/// the same track, but not its colour description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeaderPart {
    Codec,
    Description,
}

struct Class {
    weight: Weight,
    header: Option<HeaderKey>,
    codec: Option<&'static str>,
}

/// The recent past of one live stream.
#[derive(Debug)]
pub struct Ring {
    limits: RingLimits,
    entries: VecDeque<Arc<Entry>>,
    next_seq: u64,
    next_offset: u64,
    group: Option<u64>,
    headers: Vec<(HeaderKey, Arc<Entry>)>,
    data_frames: Vec<(Str, Arc<Entry>)>,
    info: StreamInfo,
    has_keys: bool,
    last_media: Option<Millis>,
    epoch: Option<u64>,
}

impl Ring {
    /// An empty ring of a stream that nobody publishes yet.
    pub fn new(limits: RingLimits) -> Self {
        Self {
            limits,
            entries: VecDeque::new(),
            next_seq: 0,
            next_offset: 0,
            group: None,
            headers: Vec::new(),
            data_frames: Vec::new(),
            info: StreamInfo::default(),
            has_keys: false,
            last_media: None,
            epoch: None,
        }
    }

    /// Appends an audio or video message.
    pub fn append_media(
        &mut self,
        now: Millis,
        kind: Kind,
        timestamp: u32,
        payload: Bytes,
    ) -> Appended {
        let class = classify(kind, &payload);
        self.last_media = Some(now);
        let described = self.describe_codec(kind, class.codec);
        let entry = self.push(now, timestamp, (kind, class.weight), payload);
        if let Some(key) = class.header {
            self.keep_header(key, entry.clone());
        }
        if class.weight == Weight::Key {
            self.has_keys = true;
            self.group = self.limits.gop_cache.then_some(entry.seq);
        }
        self.trim(now);
        Appended {
            seq: entry.seq,
            described,
        }
    }

    /// Appends a data message that goes to today's players only (`NetStream.send`).
    pub fn append_data(&mut self, now: Millis, kind: Kind, timestamp: u32, payload: Bytes) -> u64 {
        self.last_media = Some(now);
        let entry = self.push(now, timestamp, (kind, Weight::Required), payload);
        self.trim(now);
        entry.seq
    }

    /// Appends a data frame and keeps it for late players, as `@setDataFrame` asks.
    ///
    /// `name` is the handler (`onMetaData`), `body` the message without the
    /// `@setDataFrame` word. What exceeds the limits is passed on but not kept; then
    /// `described` tells nothing new.
    pub fn set_data_frame(
        &mut self,
        now: Millis,
        kind: Kind,
        timestamp: u32,
        (name, values): (Str, &[Value]),
        body: Bytes,
    ) -> Appended {
        self.last_media = Some(now);
        let entry = self.push(now, timestamp, (kind, Weight::Required), body);
        let described = &*name == "onMetaData" && self.describe_metadata(values);
        let seq = entry.seq;
        self.keep_data_frame(name, entry);
        self.trim(now);
        Appended { seq, described }
    }

    /// Forgets a kept data frame, as `@clearDataFrame` asks.
    pub fn clear_data_frame(&mut self, now: Millis, name: &str) {
        self.last_media = Some(now);
        self.data_frames.retain(|(kept, _)| &**kept != name);
    }

    /// Lets `append` add something that is not the publisher's own: it is no sign of life of it.
    pub fn on_behalf<R>(&mut self, append: impl FnOnce(&mut Self) -> R) -> R {
        let last_media = self.last_media;
        let appended = append(self);
        self.last_media = last_media;
        appended
    }

    /// Notes that a publisher came or went. Either forgets headers, kept data frames and the
    /// group of pictures: they belonged to the publisher before.
    pub fn append_marker(&mut self, now: Millis, marker: Marker) {
        self.epoch = (marker == Marker::Published).then_some(self.next_seq);
        self.group = None;
        self.headers.clear();
        self.data_frames.clear();
        self.info = StreamInfo::default();
        self.has_keys = false;
        self.last_media = None;
        self.push(
            now,
            0,
            (Kind::Marker(marker), Weight::Required),
            Bytes::new(),
        );
        self.trim(now);
    }

    /// Whether a publisher is there.
    pub fn is_published(&self) -> bool {
        self.epoch.is_some()
    }

    /// A number of the present publisher's own, to tell it from those before and after it.
    pub fn epoch(&self) -> Option<u64> {
        self.epoch
    }

    /// When the last message of this publisher arrived: audio, video or data.
    pub fn last_media(&self) -> Option<Millis> {
        self.last_media
    }

    /// The media time of the newest entry; 0 where nothing has come of this publisher yet.
    pub fn last_timestamp(&self) -> u32 {
        self.entries.back().map_or(0, |entry| entry.timestamp)
    }

    /// Codec names and picture size, as far as they are known.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// Whether the present publisher marks key frames. Where it does not, nothing is gained
    /// by waiting for one.
    pub fn has_keys(&self) -> bool {
        self.has_keys
    }

    /// The position behind the newest entry.
    pub fn head(&self) -> u64 {
        self.next_seq
    }

    /// Payload bytes appended in the ring's life.
    pub fn head_offset(&self) -> u64 {
        self.next_offset
    }

    /// The position of the oldest entry still held.
    pub fn tail(&self) -> u64 {
        self.next_seq - self.entries.len() as u64
    }

    /// Where the newest complete-so-far group of pictures starts, if it is held.
    pub fn group(&self) -> Option<u64> {
        self.group
    }

    /// The entry at `seq`, if it is held.
    pub fn get(&self, seq: u64) -> Option<&Arc<Entry>> {
        let index = seq.checked_sub(self.tail())?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    /// The entries from `seq` on, or from the oldest held.
    pub fn since(&self, seq: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let skip = seq
            .saturating_sub(self.tail())
            .min(self.entries.len() as u64);
        self.entries.iter().skip(skip as usize)
    }

    /// Kept data frames and codec headers, in the order a late player gets them: data
    /// first, then the configuration of each track, as they came.
    pub fn preamble(&self) -> impl Iterator<Item = &Arc<Entry>> {
        let data = self.data_frames.iter().map(|(_, entry)| entry);
        data.chain(self.headers.iter().map(|(_, entry)| entry))
    }

    /// Payload bits per second over what is held, for display.
    pub fn bits_per_second(&self) -> u64 {
        let (Some(first), Some(last)) = (self.entries.front(), self.entries.back()) else {
            return 0;
        };
        let millis = last.arrived.since(first.arrived);
        ((self.next_offset - first.offset) * 8 * 1000)
            .checked_div(millis)
            .unwrap_or(0)
    }

    fn push(
        &mut self,
        now: Millis,
        timestamp: u32,
        what: (Kind, Weight),
        payload: Bytes,
    ) -> Arc<Entry> {
        let len = payload.len() as u64;
        let (seq, offset) = (self.next_seq, self.next_offset);
        let entry = Arc::new(Entry::new(seq, offset, now, timestamp, what, payload));
        self.next_seq += 1;
        self.next_offset += len;
        self.entries.push_back(entry.clone());
        entry
    }

    /// One that does not fit goes to those present only. What it replaces is forgotten all
    /// the same: it describes nothing that comes now.
    fn keep_header(&mut self, key: HeaderKey, entry: Arc<Entry>) {
        self.headers.retain(|(known, _)| *known != key);
        let headers = self.headers.iter().map(|(_, kept)| kept.payload.len());
        let held: usize = headers.sum();
        if held + entry.payload.len() <= self.limits.header_bytes {
            self.headers.push((key, entry));
        }
    }

    fn keep_data_frame(&mut self, name: Str, entry: Arc<Entry>) {
        self.data_frames.retain(|(kept, _)| *kept != name);
        let held: usize = self
            .data_frames
            .iter()
            .map(|(_, kept)| kept.payload.len())
            .sum();
        let fits = held + entry.payload.len() <= self.limits.data_frame_bytes;
        if fits && self.data_frames.len() < self.limits.data_frames {
            self.data_frames.push((name, entry));
        }
    }

    fn describe_codec(&mut self, kind: Kind, codec: Option<&'static str>) -> bool {
        let known = match kind {
            Kind::Audio => &mut self.info.audio,
            _ => &mut self.info.video,
        };
        let changed = codec.is_some() && *known != codec;
        if changed {
            *known = codec;
        }
        changed
    }

    fn describe_metadata(&mut self, values: &[Value]) -> bool {
        let number = |name: &str| {
            let value = values.iter().find_map(|value| value.get(name))?.as_f64()?;
            (value.is_finite() && value > 0.0).then_some(value as u32)
        };
        let size = (number("width"), number("height"));
        let changed = size != (self.info.width, self.info.height);
        (self.info.width, self.info.height) = size;
        changed
    }

    fn trim(&mut self, now: Millis) {
        while let Some(front) = self.entries.front() {
            let held = self.next_offset - front.offset;
            let in_group = self.group.is_some_and(|start| front.seq >= start);
            let in_window = held <= self.limits.window_bytes
                && now.since(front.arrived) <= self.limits.window_ms;
            let over = held > self.limits.bytes || self.entries.len() > self.limits.entries;
            if !over && (in_group || in_window) {
                break;
            }
            if self.group == Some(front.seq) {
                self.group = None;
            }
            self.entries.pop_front();
        }
    }
}

fn classify(kind: Kind, payload: &[u8]) -> Class {
    match kind {
        Kind::Video => classify_video(payload),
        _ => classify_audio(payload),
    }
}

/// A payload that cannot be read is passed on untouched, as the least of its kind: the
/// server does not judge codecs (every FLV codec passes through).
fn classify_video(payload: &[u8]) -> Class {
    let Ok(header) = flv::video::parse(payload) else {
        return Class {
            weight: Weight::Disposable,
            header: None,
            codec: None,
        };
    };
    let part = match header.packet {
        flv::video::PacketKind::Metadata => Some(HeaderPart::Description),
        _ if header.is_sequence_header() => Some(HeaderPart::Codec),
        _ => None,
    };
    let weight = if header.packet == flv::video::PacketKind::Empty {
        Weight::Disposable
    } else if part.is_some() || !header.is_frames() {
        Weight::Required
    } else if header.is_key_frame() {
        Weight::Key
    } else if header.is_disposable() {
        Weight::Disposable
    } else {
        Weight::Inter
    };
    let codec = (header.codec != flv::video::Codec::None).then(|| header.codec.name());
    Class {
        weight,
        header: key(Kind::Video, header.multitrack, part),
        codec,
    }
}

fn classify_audio(payload: &[u8]) -> Class {
    let Ok(header) = flv::audio::parse(payload) else {
        return Class {
            weight: Weight::Audio,
            header: None,
            codec: None,
        };
    };
    let part = match header.packet {
        flv::audio::PacketKind::MultichannelConfig => Some(HeaderPart::Description),
        _ if header.is_sequence_header() => Some(HeaderPart::Codec),
        _ => None,
    };
    let weight = if part.is_some() {
        Weight::Required
    } else {
        Weight::Audio
    };
    let codec = (header.codec != flv::audio::Codec::None).then(|| header.codec.name());
    Class {
        weight,
        header: key(Kind::Audio, header.multitrack, part),
        codec,
    }
}

/// The place of a header among those kept. A message with many tracks counts as its first.
fn key(kind: Kind, tracks: Option<Multitrack>, part: Option<HeaderPart>) -> Option<HeaderKey> {
    let track = tracks.map_or(0, |tracks| tracks.first_track_id);
    part.map(|what| HeaderKey { kind, track, what })
}
