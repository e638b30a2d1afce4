//! A player's place in a ring, and what the player gets from there.
//!
//! Owns everything that differs from player to player: the cursor, what it wants to
//! receive, pausing, the play length, and what happens when it lags. A player that is up to
//! date and wants everything is *plain*: its next bytes are the same as everybody's, and
//! the server may send it a shared batch without asking the reader ([`Reader::follow`]).

use std::sync::Arc;

use rtmp::Millis;

use crate::entry::{Entry, Kind, Weight};
use crate::ring::Ring;

/// How far a player may lag before it skips.
#[derive(Clone, Copy, Debug)]
pub struct ReaderLimits {
    /// Payload bytes a player may be behind.
    pub lag_bytes: u64,
    /// Milliseconds a player may be behind.
    pub lag_ms: u64,
}

impl Default for ReaderLimits {
    fn default() -> Self {
        Self {
            lag_bytes: 2 << 20,
            lag_ms: 3000,
        }
    }
}

/// Which pictures a player wants (`receiveVideo`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VideoSelection {
    /// All of them.
    All,
    /// None.
    None,
    /// At most this many a second on average, chosen so that they can be decoded: frames
    /// that nothing depends on are left out first, then the ends of groups. Pictures that all
    /// need the one before stand still from the cut to the next key frame.
    FramesPerSecond(f64),
}

/// What a player wants to receive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selection {
    /// Whether audio is wanted (`receiveAudio`).
    pub audio: bool,
    /// Which pictures are wanted (`receiveVideo`).
    pub video: VideoSelection,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            audio: true,
            video: VideoSelection::All,
        }
    }
}

/// What a player missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReaderStats {
    /// Times the player lagged past its bound and was moved on.
    pub skips: u64,
    /// Entries it missed by that.
    pub skipped_entries: u64,
    /// Payload bytes it missed by that.
    pub skipped_bytes: u64,
}

/// A player's place in a ring.
#[derive(Debug)]
pub struct Reader {
    limits: ReaderLimits,
    cursor: u64,
    /// Markers before the first read count from here on.
    joined: u64,
    /// Lag is counted from here on: what was in the ring when the player joined or was
    /// moved is a gift, not a debt.
    owed_since: Millis,
    owed_offset: u64,
    started: bool,
    need_key: bool,
    selection: Selection,
    thin: Thinning,
    paused_at: Option<u64>,
    length_ms: Option<u32>,
    first_timestamp: Option<u32>,
    finished: bool,
    stats: ReaderStats,
}

impl Reader {
    /// A reader that will start with the kept data frames, the codec headers and the
    /// current group of pictures, as they are when it first reads.
    ///
    /// `length_ms` ends it after that much stream time; 0 means one frame.
    pub fn new(limits: ReaderLimits, length_ms: Option<u32>) -> Self {
        Self {
            limits,
            cursor: 0,
            joined: u64::MAX,
            owed_since: Millis::default(),
            owed_offset: 0,
            started: false,
            need_key: false,
            selection: Selection::default(),
            thin: Thinning::default(),
            paused_at: None,
            length_ms,
            first_timestamp: None,
            finished: false,
            stats: ReaderStats::default(),
        }
    }

    /// A reader that takes everything from `seq` on as it came, markers too, and skips only what
    /// the ring holds no more.
    pub fn of_everything(seq: u64) -> Self {
        let limits = ReaderLimits {
            lag_bytes: u64::MAX,
            lag_ms: u64::MAX,
        };
        Self {
            cursor: seq,
            started: true,
            ..Self::new(limits, None)
        }
    }

    /// Tells the player of markers and data from `seq` on, however long after that it first
    /// reads: without it a publisher that comes in between would not be announced, and what is
    /// sent to the stream meanwhile would be lost on a player that was told that it plays.
    pub fn joined_at(&mut self, seq: u64) {
        self.joined = seq;
    }

    /// What it missed so far.
    pub fn stats(&self) -> ReaderStats {
        self.stats
    }

    /// Whether its play length is over; nothing more will come.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether everything up to the ring's head has been taken.
    pub fn is_caught_up(&self, ring: &Ring) -> bool {
        self.finished || (self.started && self.cursor >= ring.head())
    }

    /// Takes over a batch from `from` to `to` that was sent to all plain players.
    ///
    /// True if this player is plain and stands at `from`: then it is at `to` now. If not,
    /// nothing has changed and [`Reader::read`] must be used.
    pub fn follow(&mut self, from: u64, to: u64) -> bool {
        let plain = self.started
            && self.cursor == from
            && !self.need_key
            && !self.finished
            && self.paused_at.is_none()
            && self.length_ms.is_none()
            && self.selection == Selection::default();
        if plain {
            self.cursor = to;
        }
        plain
    }

    /// Changes what the player wants to receive. Pictures that were off come back with the
    /// next key frame.
    pub fn select(&mut self, selection: Selection) {
        if self.selection.video == VideoSelection::None && selection.video != VideoSelection::None {
            self.need_key = true;
        }
        self.selection = selection;
        self.thin = Thinning::default();
    }

    /// What the player wants to receive.
    pub fn selection(&self) -> Selection {
        self.selection
    }

    /// Stops audio, video and data. Markers still come.
    pub fn pause(&mut self) {
        self.paused_at.get_or_insert(self.cursor);
    }

    /// Goes on at the live edge: with the newest key frame, or where the pause began if
    /// that is newer.
    pub fn unpause(&mut self, now: Millis, ring: &Ring, out: &mut Vec<Arc<Entry>>) {
        let Some(paused_at) = self.paused_at.take() else {
            return;
        };
        let resume = match ring.group() {
            Some(group) => group.max(paused_at),
            None => ring.head(),
        };
        let missed = |entry: &&Arc<Entry>| entry.seq >= paused_at && entry.seq < resume;
        out.extend(ring.preamble().filter(missed).cloned());
        self.need_key = ring.has_keys() && ring.get(resume).is_none_or(|e| e.seq != resume);
        self.cursor = resume;
        self.restart_lag(now, ring);
    }

    /// Takes what comes next, up to about `max_bytes` of payload, into `out`.
    ///
    /// Returns true if the player had to be moved on because it lagged past its bound.
    pub fn read(
        &mut self,
        now: Millis,
        ring: &Ring,
        max_bytes: usize,
        out: &mut Vec<Arc<Entry>>,
    ) -> bool {
        if self.finished {
            return false;
        }
        if !self.started {
            self.start(now, ring, out);
        }
        let skipped = self.lags(now, ring);
        if skipped {
            self.skip(now, ring, out);
        }
        let mut bytes = 0;
        for entry in ring.since(self.cursor) {
            if bytes >= max_bytes {
                break;
            }
            if self.is_past_length(entry) {
                self.finished = true;
                break;
            }
            self.cursor = entry.seq + 1;
            if self.wants(entry) {
                bytes += entry.payload.len();
                out.push(entry.clone());
                self.note_delivered(entry);
            }
        }
        skipped
    }

    /// The markers not taken yet, for a player that leaves the stream: it is to know what
    /// happened before, but gets no more media. Afterwards nothing comes.
    pub fn take_markers(&mut self, ring: &Ring, out: &mut Vec<Arc<Entry>>) {
        if !self.finished {
            let from = if self.started {
                self.cursor
            } else {
                self.joined
            };
            let left = ring.since(from);
            out.extend(left.filter(|entry| is_marker(entry)).cloned());
        }
        self.finished = true;
    }

    fn start(&mut self, now: Millis, ring: &Ring, out: &mut Vec<Arc<Entry>>) {
        self.started = true;
        self.cursor = ring.group().unwrap_or(ring.head());
        self.need_key = ring.group().is_none() && ring.has_keys();
        let cursor = self.cursor;
        let is_before = |entry: &&Arc<Entry>| entry.seq < cursor;
        let is_kept = |entry: &Entry| ring.preamble().any(|kept| kept.seq == entry.seq);
        let is_wanted =
            |entry: &&Arc<Entry>| is_marker(entry) || (is_data(entry) && !is_kept(entry));
        let before = ring.since(self.joined).take_while(is_before);
        out.extend(before.filter(is_wanted).cloned());
        out.extend(ring.preamble().filter(is_before).cloned());
        self.restart_lag(now, ring);
    }

    fn restart_lag(&mut self, now: Millis, ring: &Ring) {
        self.owed_since = now;
        self.owed_offset = ring.head_offset();
    }

    fn lags(&self, now: Millis, ring: &Ring) -> bool {
        if self.cursor >= ring.head() || self.paused_at.is_some() {
            return false;
        }
        let Some(next) = ring.get(self.cursor) else {
            return true;
        };
        let bytes = ring.head_offset() - next.offset.max(self.owed_offset).min(ring.head_offset());
        let millis = now.since(next.arrived.max(self.owed_since));
        bytes > self.limits.lag_bytes || millis > self.limits.lag_ms
    }

    /// Moves to the newest key frame, or to the head to wait for the next one, taking along
    /// what must not be missed.
    fn skip(&mut self, now: Millis, ring: &Ring, out: &mut Vec<Arc<Entry>>) {
        let head = ring.head();
        let target = ring
            .group()
            .filter(|group| *group > self.cursor)
            .unwrap_or(head);
        self.need_key = target == head && ring.has_keys();
        let from = self.cursor;
        let gone = |entry: &&Arc<Entry>| entry.seq >= from && entry.seq < ring.tail();
        out.extend(ring.preamble().filter(gone).cloned());
        let mut skipped_bytes = ring.get(from.max(ring.tail())).map_or(0, |e| e.offset);
        skipped_bytes = ring.get(target).map_or(ring.head_offset(), |e| e.offset) - skipped_bytes;
        for entry in ring.since(from).take_while(|entry| entry.seq < target) {
            if entry.weight == Weight::Required {
                out.push(entry.clone());
            }
        }
        self.stats.skips += 1;
        self.stats.skipped_entries += target - from;
        self.stats.skipped_bytes += skipped_bytes;
        self.cursor = target;
        self.restart_lag(now, ring);
    }

    fn wants(&mut self, entry: &Entry) -> bool {
        let paused = self.paused_at.is_some();
        match (entry.kind, entry.weight) {
            (Kind::Marker(_), _) => {
                self.need_key = false;
                true
            }
            (Kind::Audio | Kind::Video, Weight::Required) | (Kind::Data | Kind::DataAmf3, _) => {
                !paused
            }
            (Kind::Audio, _) => self.selection.audio && !paused,
            (Kind::Video, weight) => !paused && self.wants_picture(entry, weight),
        }
    }

    fn wants_picture(&mut self, entry: &Entry, weight: Weight) -> bool {
        let key = weight == Weight::Key;
        match self.selection.video {
            VideoSelection::None => return false,
            VideoSelection::All => {}
            VideoSelection::FramesPerSecond(fps) => {
                if !self.thin.passes(fps, entry.timestamp, weight) {
                    return false;
                }
            }
        }
        if self.need_key && !key {
            return false;
        }
        self.need_key = false;
        true
    }

    fn is_past_length(&self, entry: &Entry) -> bool {
        let (Some(length), Some(first)) = (self.length_ms, self.first_timestamp) else {
            return false;
        };
        let media = matches!(entry.kind, Kind::Audio | Kind::Video);
        // Serial arithmetic: timestamps wrap, and may step back a little between tracks.
        let elapsed = entry.timestamp.wrapping_sub(first) as i32;
        media && entry.weight != Weight::Required && elapsed >= 0 && elapsed as u32 >= length
    }

    fn note_delivered(&mut self, entry: &Entry) {
        let media = matches!(entry.kind, Kind::Audio | Kind::Video);
        if !media || entry.weight == Weight::Required {
            return;
        }
        self.first_timestamp.get_or_insert(entry.timestamp);
        if self.length_ms == Some(0) {
            self.finished = true;
        }
    }
}

fn is_data(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Data | Kind::DataAmf3)
}

fn is_marker(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Marker(_))
}

/// Thins a stream to a frame rate so that what is left can be decoded.
///
/// Frames are paid for with credit that grows with the stream's time, a second's worth at
/// most. Frames that nothing depends on are left out anywhere and so keep an even pace. A
/// frame that later ones need cannot be left out alone: once one is, nothing more of its
/// group can be shown. So a stream whose every frame needs the one before, and which has more
/// of them than the rate, shows the start of each group and then stands until the next key
/// frame; where key frames are rare that is long, and nothing but encoding anew would help.
/// Key frames come however little credit there is, but never at more than the rate.
#[derive(Debug, Default)]
struct Thinning {
    credit: f64,
    /// When the credit was last brought up to date.
    at: Option<u32>,
    last_key: Option<u32>,
    last_passed: Option<u32>,
    cut: bool,
}

impl Thinning {
    fn passes(&mut self, fps: f64, timestamp: u32, weight: Weight) -> bool {
        /// How much of the even distance must have passed since the frame before: less than
        /// all of it, because timestamps are whole milliseconds and tremble.
        const EVEN: f64 = 0.9;
        if fps.is_nan() || fps <= 0.0 {
            return false;
        }
        self.earn(fps, timestamp);
        let paid = self.credit >= 1.0;
        // One is left for the next frame that is needed.
        let to_spare = self.credit >= 2.0;
        let distance = 1000.0 / fps;
        let passes = match weight {
            Weight::Key => paid || elapsed(self.last_key, timestamp) >= distance,
            Weight::Disposable => {
                !self.cut && to_spare && elapsed(self.last_passed, timestamp) >= distance * EVEN
            }
            _ => !self.cut && paid,
        };
        if weight != Weight::Disposable {
            self.cut = !passes;
        }
        if passes {
            self.credit = (self.credit - 1.0).max(-fps.max(1.0));
            self.last_passed = Some(timestamp);
        }
        if passes && weight == Weight::Key {
            self.last_key = Some(timestamp);
        }
        passes
    }

    fn earn(&mut self, fps: f64, timestamp: u32) {
        /// A whole frame's worth is not to be missed by a rounding error.
        const ROUNDING: f64 = 1e-9;
        self.credit = match self.at {
            None => fps.max(1.0),
            some => {
                let earned = elapsed(some, timestamp) * fps / 1000.0;
                (self.credit + earned + ROUNDING).min(fps.max(2.0))
            }
        };
        self.at = Some(timestamp);
    }
}

/// Milliseconds of stream time since `from`; timestamps wrap, and a step back is no time.
fn elapsed(from: Option<u32>, to: u32) -> f64 {
    from.map_or(f64::INFINITY, |from| {
        f64::from((to.wrapping_sub(from) as i32).max(0))
    })
}
