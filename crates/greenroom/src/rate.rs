//! A token bucket: so many calls a second on average, so many at once.

use rtmp::Millis;

/// Grants calls at a rate.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_second: u64,
    most_thousandths: u64,
    thousandths: u64,
    filled_at: Millis,
}

impl Bucket {
    /// A full bucket; `per_second` 0 grants everything.
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let most_thousandths = u64::from(burst) * 1000;
        Self {
            per_second: u64::from(per_second),
            most_thousandths,
            thousandths: most_thousandths,
            filled_at: Millis::default(),
        }
    }

    /// Takes one call out, if there is one.
    pub(crate) fn take(&mut self, now: Millis) -> bool {
        if self.per_second == 0 {
            return true;
        }
        // One call a second is one thousandth a millisecond.
        let gained = now.since(self.filled_at).saturating_mul(self.per_second);
        self.thousandths = self
            .thousandths
            .saturating_add(gained)
            .min(self.most_thousandths);
        self.filled_at = now;
        let granted = self.thousandths >= 1000;
        if granted {
            self.thousandths -= 1000;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let mut bucket = Bucket::new(2, 3);
        let granted = |bucket: &mut Bucket, at| bucket.take(Millis(at));
        let first: Vec<bool> = (0..5).map(|_| granted(&mut bucket, 1000)).collect();
        assert_eq!(first, [true, true, true, false, false]);
        assert!(!granted(&mut bucket, 1499));
        assert!(granted(&mut bucket, 1500));
        assert!(!granted(&mut bucket, 1500));
        assert!(Bucket::new(0, 1).take(Millis(0)), "0 is no limit");
    }
}
