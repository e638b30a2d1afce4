//! The times of a stream that is made of several, one behind the other.
//!
//! Every source begins where the one before has ended, one frame later, so players notice no
//! seam. Where nothing came for long, the stream's time goes on with the clock.

use rtmp::Millis;

/// How far behind the clock a stream may be before its time jumps, in ms.
const MAX_BEHIND_MS: i64 = 2_000;
/// How far apart two frames are where that is not known, in ms.
const FRAME_MS: i64 = 40;
/// The longest distance between two frames that is kept at a seam, in ms.
const MAX_FRAME_MS: i64 = 100;

/// The clock of such a stream.
#[derive(Debug, Default)]
pub struct Splice {
    /// When the stream was at 0.
    began: Option<Millis>,
    /// The latest time given so far.
    last: Option<i64>,
    /// The distance of the two latest times.
    step: Option<i64>,
    /// Where the present source begins.
    start: i64,
    /// The last time of the source, and what it became.
    at: Option<(u32, i64)>,
}

impl Splice {
    /// The next message is the first of a new source.
    pub fn begin(&mut self, now: Millis) {
        let passed = now.since(*self.began.get_or_insert(now)) as i64;
        self.start = match self.last {
            None => 0,
            Some(last) => {
                let next = last + self.step.unwrap_or(FRAME_MS).clamp(1, MAX_FRAME_MS);
                if passed - next > MAX_BEHIND_MS {
                    passed
                } else {
                    next
                }
            }
        };
        self.at = None;
    }

    /// What a time of the source, in ms, is in the stream. Both wrap.
    pub fn time(&mut self, source: u32) -> u32 {
        let at = match self.at {
            None => self.start,
            Some((before, at)) => {
                // Tracks may step back a little, but not behind the seam.
                let moved = i64::from(source.wrapping_sub(before) as i32);
                (at + moved).max(self.start)
            }
        };
        self.at = Some((source, at));
        if self.last.is_none_or(|last| at > last) {
            self.step = self.last.map(|last| at - last);
            self.last = Some(at);
        }
        at as u32
    }

    /// How far the stream is behind the clock at the seam, in ms: so much of the source is due
    /// at once.
    pub fn behind(&self, now: Millis) -> u64 {
        let passed = self.began.map_or(0, |began| now.since(began) as i64);
        (passed - self.start).clamp(0, MAX_BEHIND_MS) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_begins_a_frame_after_the_one_before() {
        let mut splice = Splice::default();
        splice.begin(Millis(1_000));
        assert_eq!([500, 520, 540].map(|ms| splice.time(ms)), [0, 20, 40]);
        splice.begin(Millis(1_050));
        assert_eq!([0, 40].map(|ms| splice.time(ms)), [60, 100]);
        assert_eq!(splice.behind(Millis(1_070)), 10);
    }

    #[test]
    fn tracks_may_step_back_but_not_behind_the_seam() {
        let mut splice = Splice::default();
        splice.begin(Millis(0));
        assert_eq!([0, 80, 60].map(|ms| splice.time(ms)), [0, 80, 60]);
        splice.begin(Millis(80));
        assert_eq!([100, 90, 140].map(|ms| splice.time(ms)), [160, 160, 210]);
    }

    #[test]
    fn a_long_silence_is_time_as_well() {
        let mut splice = Splice::default();
        splice.begin(Millis(0));
        splice.time(0);
        splice.begin(Millis(10_000));
        assert_eq!(splice.time(7), 10_000);
        assert_eq!(splice.behind(Millis(10_000)), 0);
    }

    #[test]
    fn times_wrap() {
        let mut splice = Splice::default();
        splice.begin(Millis(0));
        assert_eq!([u32::MAX - 9, 10].map(|ms| splice.time(ms)), [0, 20]);
    }
}
