//! The clock of a file: wrapping 32-bit timestamps put on one line that does not wrap.
//!
//! RTMP and FLV times have 32 bits and wrap after 49.7 days; a publisher may start anywhere,
//! and may start its clock anew. A recording's own time begins where it is told to and goes on.

/// Milliseconds that a timestamp may step back within a stream: tracks are not sent in exact
/// order. What lies further back is a clock that was started anew.
const STEP_BACK_MS: u64 = 10_000;

/// Places the timestamps of one publisher on the line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// Nothing lies before this.
    start_ms: u64,
    /// The newest timestamp of audio or video, and its time.
    media: Option<(u32, u64)>,
    /// The same of data, while there is no media to go by.
    data: Option<(u32, u64)>,
    end_ms: u64,
}

impl Timeline {
    /// A line whose first timestamp, whatever it is, lies at `start_ms`.
    pub(crate) const fn starting_at(start_ms: u64) -> Self {
        Self {
            start_ms,
            media: None,
            data: None,
            end_ms: start_ms,
        }
    }

    /// The line of a file that is read: its timestamps are its times, as far as they go.
    pub(crate) const fn of_file(time_ms: u64) -> Self {
        Self {
            start_ms: 0,
            media: Some((time_ms as u32, time_ms)),
            data: None,
            end_ms: time_ms,
        }
    }

    /// The latest time so far.
    pub(crate) const fn end_ms(&self) -> u64 {
        self.end_ms
    }

    /// The time of an audio or video message.
    pub(crate) fn media(&mut self, timestamp: u32) -> u64 {
        let time = match self.media {
            Some(last) => self.place(last, timestamp),
            // What came before had a clock of its own.
            None => self.end_ms,
        };
        self.media = Some((timestamp, time));
        self.reach(time)
    }

    /// The time of a data message. Senders put any time into these, often zero; so they never
    /// move the clock of the media, and one that is nowhere near it lies at the newest media.
    pub(crate) fn data(&mut self, timestamp: u32) -> u64 {
        let time = match (self.media, self.data) {
            (Some(last), _) => self.place(last, timestamp),
            (None, Some(last)) => {
                let time = self.place(last, timestamp);
                self.data = Some((timestamp, time));
                time
            }
            (None, None) => {
                self.data = Some((timestamp, self.start_ms));
                self.start_ms
            }
        };
        self.reach(time)
    }

    fn place(&self, (last, time): (u32, u64), timestamp: u32) -> u64 {
        let step = i64::from(timestamp.wrapping_sub(last) as i32);
        let back = step.min(0).unsigned_abs();
        if back > STEP_BACK_MS {
            return time;
        }
        time.saturating_add_signed(step).max(self.start_ms)
    }

    fn reach(&mut self, time: u64) -> u64 {
        self.end_ms = self.end_ms.max(time);
        time
    }
}

#[cfg(test)]
mod tests {
    use super::Timeline;

    #[test]
    fn the_first_timestamp_is_the_start_and_wraps_go_on() {
        let mut line = Timeline::starting_at(5000);
        assert_eq!(line.media(u32::MAX - 10), 5000);
        assert_eq!(line.media(u32::MAX), 5010);
        assert_eq!(line.media(29), 5040);
        // A track that lags a little keeps its place; nothing lies before the start.
        assert_eq!(line.media(9), 5020);
        assert_eq!(line.media(u32::MAX - 5000), 5000);
        assert_eq!(line.end_ms(), 5040);
    }

    #[test]
    fn more_than_two_wraps_of_the_clock_are_counted() {
        let mut line = Timeline::starting_at(0);
        let step = 1 << 30;
        let times: Vec<_> = (0_u64..10)
            .map(|at| line.media((at * step) as u32))
            .collect();
        let even: Vec<_> = (0..10).map(|at| at * step).collect();
        assert_eq!(times, even);
    }

    #[test]
    fn a_clock_that_starts_anew_goes_on_from_where_it_was() {
        let mut line = Timeline::starting_at(0);
        line.media(1_000_000);
        assert_eq!(line.media(1_060_000), 60_000);
        assert_eq!(line.media(0), 60_000);
        assert_eq!(line.media(40), 60_040);
    }

    #[test]
    fn data_does_not_move_the_clock() {
        let mut line = Timeline::starting_at(0);
        assert_eq!(line.data(0), 0);
        assert_eq!(line.media(7_000_000), 0);
        assert_eq!(line.media(7_000_500), 500);
        assert_eq!(line.data(0), 500, "a time from nowhere");
        assert_eq!(line.data(7_000_480), 480);
        assert_eq!(line.data(7_002_000), 2000);
        assert_eq!(line.media(7_000_540), 540);
    }

    #[test]
    fn data_alone_keeps_its_own_time() {
        let mut line = Timeline::starting_at(100);
        assert_eq!(line.data(4000), 100);
        assert_eq!(line.data(5500), 1600);
        assert_eq!(line.media(9_999_999), 1600);
    }
}
