//! Playing a recording: which of its tags a player gets, and when.
//!
//! A [`Playback`] is asked what comes [`next`](Playback::next): bytes of the file it wants to
//! be handed, a frame to send, a time to wait for, or the end. It reads no file and sees no
//! connection, so any number of them may share a file's pages and its index.
//!
//! A play that begins inside the file begins with the key frame at or before the place, and with
//! the codec headers that hold there. What lies before the place itself is either shown (the
//! play begins early) or, where it is to be exact, only sent to be decoded.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use flv::{Container, KeyframeIndex, Located, Read, Tag, TagKind, Walk, codec_header};
use rtmp::Millis;

/// How far apart, in ms of their times, sound and picture lie in a file at most: a play of some
/// length ends when what comes is so far past its end, though a track has not been seen there.
const INTERLEAVED_MS: u64 = 1000;
/// The largest payload that is played.
const MAX_PAYLOAD_BYTES: usize = 16 << 20;
/// How much earlier than it must a frame is sent, in ms, so that frames go out in batches: each
/// batch costs a wake-up and a write.
pub const BATCH_MS: u64 = 100;
/// Codec headers sent before the first frame, one for each track.
const MAX_HEADERS: usize = 64;

/// How much of a recording is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// To its end.
    All,
    /// One picture, or one sound where there are none.
    OneFrame,
    /// So many ms.
    Millis(u64),
}

/// What of a recording is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From where, in ms from the start of the file.
    pub start_ms: u64,
    /// How much.
    pub length: Length,
    /// Begins with the very frame, and not with the key frame before it.
    pub is_exact: bool,
}

/// A file as those who play it know it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What kind it is.
    pub container: Container,
    /// Its key frames.
    pub index: Arc<KeyframeIndex>,
    /// Where its first tag starts.
    pub first_tag: u64,
    /// What decoders need before the first frame, in order: the tags at the places of
    /// [`KeyframeIndex::headers`].
    pub headers: Arc<[Located]>,
    /// Whether there are pictures.
    pub has_video: bool,
    /// Whether there is sound.
    pub has_audio: bool,
}

/// What a tag is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// To be seen, heard or handled.
    Shown,
    /// To be decoded only: the place to begin is still to come.
    Leading,
    /// A codec header.
    Header,
}

/// A tag to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The tag as it is in the file.
    pub tag: Tag,
    /// Its time in the play, in ms from the start of the file. What leads up to the place to
    /// begin lies there.
    pub time_ms: u64,
    /// What it is sent for.
    pub role: Role,
}

/// What a [`Playback`] needs or gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Hand over these bytes, or more from there on, with [`Playback::take`].
    Read(Read),
    /// Send this.
    Send(Frame),
    /// Ask again at this time: the player has enough for now.
    Wait(Millis),
    /// Nothing until it goes on: it is paused.
    Paused,
    /// It is over.
    Ended,
}

/// What is done with the tags that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The last key frame at or before the place is looked for; so far it is this one.
    Seeking {
        position: u64,
        time_ms: u64,
    },
    /// They are played.
    Playing,
    Ended,
}

/// One play of one recording.
#[derive(Debug)]
pub struct Playback {
    file: Recorded,
    window: Window,
    stage: Stage,
    /// The time of the place in the file from which it is read.
    begins_ms: u64,
    walk: Walk,
    read: VecDeque<Located>,
    /// Codec headers that hold where the play begins, still to be sent.
    headers: VecDeque<Tag>,
    /// Those passed since the last key frame that was found.
    passed: VecDeque<Tag>,
    /// When which time of the file is shown; `None` before the first frame.
    clock: Option<(Millis, u64)>,
    /// The time of the file at which it is paused.
    paused_at: Option<u64>,
    /// How far a player is sent ahead, in ms; `None` sends all at once.
    ahead_ms: Option<u64>,
    /// Tracks that have been seen past the end of the window: sound, picture.
    past_end: (bool, bool),
}

impl Playback {
    /// A play that sends a player so many ms ahead of real time; `None` sends all at once, for
    /// recordings of data.
    pub fn new(file: Recorded, window: Window, ahead_ms: Option<u64>) -> Self {
        let mut playback = Self {
            walk: file.container.walk(file.first_tag, 0, MAX_PAYLOAD_BYTES),
            file,
            window,
            stage: Stage::Playing,
            begins_ms: 0,
            read: VecDeque::new(),
            headers: VecDeque::new(),
            passed: VecDeque::new(),
            clock: None,
            paused_at: None,
            ahead_ms,
            past_end: (false, false),
        };
        playback.begin(window.start_ms);
        playback
    }

    /// Goes on elsewhere. The end of the play stays where it was.
    pub fn seek(&mut self, to_ms: u64) {
        let end_ms = self.end_ms();
        self.window.start_ms = to_ms;
        if let (Length::Millis(_), Some(end_ms)) = (self.window.length, end_ms) {
            self.window.length = Length::Millis(end_ms.saturating_sub(to_ms));
        }
        self.begin(to_ms);
        if self.paused_at.is_some() {
            self.paused_at = Some(to_ms);
        }
    }

    /// Stops the clock, and sends nothing.
    pub fn pause(&mut self, now: Millis) {
        let at = self
            .clock
            .map_or(self.window.start_ms, |clock| shown_at(clock, now));
        self.paused_at.get_or_insert(at);
    }

    /// Goes on where it was paused.
    pub fn unpause(&mut self, now: Millis) {
        if let Some(at) = self.paused_at.take()
            && self.clock.is_some()
        {
            self.clock = Some((now, at));
        }
    }

    /// Sends the player so many ms ahead from now on.
    pub fn set_ahead(&mut self, ahead_ms: u64) {
        if let Some(ahead) = &mut self.ahead_ms {
            *ahead = ahead_ms;
        }
    }

    /// What comes next.
    pub fn next(&mut self, now: Millis) -> Next {
        loop {
            if self.paused_at.is_some() && self.stage != Stage::Ended {
                return Next::Paused;
            }
            if self.stage == Stage::Playing
                && let Some(tag) = self.headers.pop_front()
            {
                return Next::Send(Frame {
                    tag,
                    time_ms: self.first_ms(),
                    role: Role::Header,
                });
            }
            let found = match (self.stage, self.read.front()) {
                (Stage::Ended, _) => return Next::Ended,
                (_, Some(found)) => found,
                (_, None) => {
                    if let Some(read) = self.walk.wants() {
                        return Next::Read(read);
                    }
                    self.on_end_of_file();
                    continue;
                }
            };
            if let Stage::Seeking { .. } = self.stage {
                self.look_for_key_frame();
                continue;
            }
            let (role, time_ms) = self.role_of(found);
            if role == Some(Role::Shown)
                && let Some(at) = self.due(now, time_ms)
            {
                return Next::Wait(at);
            }
            let Some(found) = self.read.pop_front() else {
                continue;
            };
            self.note(&found);
            if let Some(role) = role {
                return Next::Send(self.send(now, found, time_ms, role));
            }
        }
    }

    /// Takes bytes of the file, from the wanted position on. Fewer than wanted are its end; what
    /// cannot be read is its end, too.
    pub fn take(&mut self, bytes: &Bytes) {
        let mut found = Vec::new();
        // The walk is over after an error, and what came before it is played.
        let _ = self.walk.read(bytes, &mut found);
        self.read.extend(found);
    }

    fn begin(&mut self, at_ms: u64) {
        self.read.clear();
        self.headers.clear();
        self.passed.clear();
        self.clock = None;
        self.past_end = (false, false);
        let keyframe = self.file.index.seek(at_ms);
        let keyframe = keyframe.filter(|found| found.time_ms <= at_ms && at_ms > 0);
        match keyframe {
            Some(found) => {
                let before = self.file.headers.iter();
                let before = before.take_while(|header| header.position < found.position);
                for header in before {
                    hold(&mut self.headers, &header.tag);
                }
                if self.file.has_video {
                    self.start_seeking(found.position, found.time_ms);
                } else {
                    self.play_from(found.position, found.time_ms);
                }
            }
            None if at_ms > 0 && self.file.has_video => {
                self.start_seeking(self.file.first_tag, 0);
            }
            None => self.play_from(self.file.first_tag, 0),
        }
    }

    fn start_seeking(&mut self, position: u64, time_ms: u64) {
        self.play_from(position, time_ms);
        self.stage = Stage::Seeking { position, time_ms };
    }

    fn play_from(&mut self, position: u64, time_ms: u64) {
        self.read.clear();
        self.begins_ms = time_ms;
        let container = &self.file.container;
        self.walk = container.walk(position, time_ms, MAX_PAYLOAD_BYTES);
        self.stage = Stage::Playing;
    }

    /// Looks at one tag. The index need not have every key frame.
    fn look_for_key_frame(&mut self) {
        let Stage::Seeking { position, time_ms } = self.stage else {
            return;
        };
        let Some(found) = self.read.pop_front() else {
            return;
        };
        if is_header(&found.tag) {
            hold(&mut self.passed, &found.tag);
            return;
        }
        if found.tag.kind != TagKind::Video {
            return;
        }
        if found.time_ms > self.window.start_ms {
            self.play_from(position, time_ms);
        } else if is_key_frame(&found.tag) {
            // What was passed on the way holds now.
            for header in self.passed.drain(..) {
                hold(&mut self.headers, &header);
            }
            self.stage = Stage::Seeking {
                position: found.position,
                time_ms: found.time_ms,
            };
        }
    }

    fn on_end_of_file(&mut self) {
        match self.stage {
            Stage::Seeking { position, time_ms } => self.play_from(position, time_ms),
            _ => self.stage = Stage::Ended,
        }
    }

    /// What a tag is sent for, and its time; `None` if it is not sent.
    fn role_of(&self, found: &Located) -> (Option<Role>, u64) {
        let Window {
            start_ms, is_exact, ..
        } = self.window;
        let time_ms = found.time_ms;
        let is_early = time_ms < start_ms;
        let is_past = self.end_ms().is_some_and(|end_ms| time_ms >= end_ms);
        let role = match found.tag.kind {
            _ if is_header(&found.tag) => Some(Role::Header),
            TagKind::Unknown(_) => None,
            _ if is_past => None,
            _ if !is_early || (!is_exact && self.file.has_video) => Some(Role::Shown),
            TagKind::Video => Some(Role::Leading),
            _ => None,
        };
        let shown_ms = if role == Some(Role::Shown) {
            time_ms
        } else {
            time_ms.max(self.first_ms())
        };
        (role, shown_ms)
    }

    /// The time of what is sent first, such as headers: that of the key frame with which the play
    /// begins early, as far as it is known, or the place itself.
    #[must_use]
    pub fn first_ms(&self) -> u64 {
        let Window {
            start_ms, is_exact, ..
        } = self.window;
        if is_exact || !self.file.has_video {
            return start_ms;
        }
        self.begins_ms.min(start_ms)
    }

    /// When a frame of this time may be sent, if that is later.
    fn due(&self, now: Millis, time_ms: u64) -> Option<Millis> {
        let (since, shown_ms) = self.clock?;
        let ahead_ms = self.ahead_ms?;
        let due = Millis(since.0 + time_ms.saturating_sub(shown_ms + ahead_ms));
        (due.0 > now.0 + BATCH_MS).then_some(due)
    }

    fn send(&mut self, now: Millis, found: Located, time_ms: u64, role: Role) -> Frame {
        let is_media = matches!(found.tag.kind, TagKind::Audio | TagKind::Video);
        if role == Role::Shown && is_media {
            self.clock.get_or_insert((now, time_ms));
            let is_one = found.tag.kind == TagKind::Video || !self.file.has_video;
            if self.window.length == Length::OneFrame && is_one {
                self.stage = Stage::Ended;
            }
        }
        Frame {
            tag: found.tag,
            time_ms,
            role,
        }
    }

    /// Notes that a track has come past the end of the play.
    fn note(&mut self, found: &Located) {
        let Some(end_ms) = self.end_ms() else { return };
        if found.time_ms < end_ms {
            return;
        }
        self.past_end.0 |= found.tag.kind == TagKind::Audio;
        self.past_end.1 |= found.tag.kind == TagKind::Video;
        let audio_done = self.past_end.0 || !self.file.has_audio;
        let video_done = self.past_end.1 || !self.file.has_video;
        let is_media = matches!(found.tag.kind, TagKind::Audio | TagKind::Video);
        let is_far = is_media && found.time_ms >= end_ms.saturating_add(INTERLEAVED_MS);
        if (audio_done && video_done) || is_far {
            self.stage = Stage::Ended;
        }
    }

    fn end_ms(&self) -> Option<u64> {
        match self.window.length {
            Length::Millis(length) => Some(self.window.start_ms.saturating_add(length)),
            Length::All | Length::OneFrame => None,
        }
    }
}

fn shown_at((since, shown_ms): (Millis, u64), now: Millis) -> u64 {
    shown_ms + now.since(since)
}

fn is_header(tag: &Tag) -> bool {
    codec_header(tag.kind, &tag.payload).is_some()
}

/// Puts a codec header in the place of the one before it of its track.
fn hold(headers: &mut VecDeque<Tag>, header: &Tag) {
    let track = |tag: &Tag| codec_header(tag.kind, &tag.payload);
    headers.retain(|known| track(known) != track(header));
    if headers.len() < MAX_HEADERS {
        headers.push_back(header.clone());
    }
}

fn is_key_frame(tag: &Tag) -> bool {
    flv::video::parse(&tag.payload).is_ok_and(|header| header.is_key_frame())
}
