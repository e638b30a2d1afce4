//! A limit on bytes per second.

use rtmp::Millis;

/// The shortest stretch of bytes that is let through at once, and how much time's worth it is
/// on faster lines.
const STRETCH_BYTES: u64 = 1024;
const STRETCH_MS: u64 = 50;
/// The longest pause after a stretch, however slow the line: far shorter than the time in which
/// the peer must give a sign of life.
const LONGEST_PAUSE_S: u64 = 10;

/// Lets bytes through at a rate, and says when the next may go.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    /// 0 is no limit.
    per_second: u64,
    free_at_micros: u64,
}

impl Throttle {
    /// Changes the rate; 0 is no limit.
    pub(crate) fn set(&mut self, per_second: u64) {
        self.per_second = per_second;
        self.free_at_micros = 0;
    }

    /// Bytes have gone through.
    pub(crate) fn note(&mut self, now: Millis, bytes: u64) {
        let micros = bytes.saturating_mul(1_000_000);
        if let Some(cost) = micros.checked_div(self.per_second) {
            let from = self.free_at_micros.max(now.0.saturating_mul(1000));
            self.free_at_micros = from.saturating_add(cost);
        }
    }

    /// Until when nothing may go through; `None` if something may go now.
    pub(crate) fn closed_until(&self, now: Millis) -> Option<Millis> {
        let free_at = Millis(self.free_at_micros.div_ceil(1000));
        (self.per_second > 0 && free_at > now).then_some(free_at)
    }

    /// How many bytes may go through at once.
    pub(crate) fn stretch(&self) -> usize {
        match self.per_second {
            0 => usize::MAX,
            rate => {
                let shortest = STRETCH_BYTES.min(rate.saturating_mul(LONGEST_PAUSE_S));
                (rate.saturating_mul(STRETCH_MS) / 1000).max(shortest) as usize
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_through_at_the_rate() {
        let mut throttle = Throttle::default();
        throttle.note(Millis(0), 1 << 30);
        assert_eq!(throttle.closed_until(Millis(0)), None, "no limit");
        throttle.set(4000);
        let mut now = Millis(1000);
        let mut passed = 0;
        while now < Millis(11_000) {
            if let Some(at) = throttle.closed_until(now) {
                now = at;
                continue;
            }
            let bytes = throttle.stretch() as u64;
            throttle.note(now, bytes);
            passed += bytes;
        }
        assert!(
            (39_000..=42_000).contains(&passed),
            "{passed} bytes in 10 s"
        );
        throttle.set(0);
        assert_eq!(throttle.closed_until(now), None);
    }

    #[test]
    fn no_line_is_so_slow_that_it_pauses_for_long() {
        for rate in [1, 20, 1000, 1456, 100_000, u64::MAX] {
            let mut throttle = Throttle::default();
            throttle.set(rate);
            throttle.note(Millis(0), throttle.stretch() as u64);
            let pause = throttle.closed_until(Millis(0)).unwrap_or_default();
            assert!(pause <= Millis(10_000), "{pause:?} at {rate}");
        }
    }

    #[test]
    fn what_was_not_used_is_not_saved_up() {
        let mut throttle = Throttle::default();
        throttle.set(1000);
        throttle.note(Millis(60_000), 1000);
        assert_eq!(throttle.closed_until(Millis(60_000)), Some(Millis(61_000)));
    }
}
