//! A token bucket: so many of something a second on average, so many at once.

use rtmp::Millis;

/// One grant, in the unit the bucket counts in: at one a second it gains one each millisecond.
const GRANT: i64 = 1000;

/// Grants something at a rate.
#[derive(Debug)]
pub struct Bucket {
    per_second: u64,
    most: i64,
    /// Below zero while what was granted at once is more than there was.
    left: i64,
    filled_at: Millis,
}

impl Bucket {
    /// A full bucket; `per_second` 0 grants everything.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let most = i64::from(burst) * GRANT;
        Self {
            per_second: u64::from(per_second),
            most,
            left: most,
            filled_at: Millis::default(),
        }
    }

    /// Whether there is one to take out.
    pub fn has_one(&self, now: Millis) -> bool {
        self.per_second == 0 || self.filled(now) >= GRANT
    }

    /// What is in it at this time.
    fn filled(&self, now: Millis) -> i64 {
        let gained = now.since(self.filled_at).saturating_mul(self.per_second);
        let gained = i64::try_from(gained).unwrap_or(i64::MAX);
        self.left.saturating_add(gained).min(self.most)
    }

    /// Takes one out, if there is one.
    pub fn take(&mut self, now: Millis) -> bool {
        self.take_many(now, 1)
    }

    /// Takes many out at once, if there is one at least: what cannot be taken apart is granted
    /// as a whole, and must be waited for afterwards.
    pub fn take_many(&mut self, now: Millis, count: usize) -> bool {
        if self.per_second == 0 || count == 0 {
            return true;
        }
        self.left = self.filled(now);
        self.filled_at = now;
        let granted = self.left >= GRANT;
        if granted {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.left = self.left.saturating_sub(count.saturating_mul(GRANT));
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

    #[test]
    fn what_comes_in_one_piece_is_granted_as_one_and_waited_for_afterwards() {
        let mut bucket = Bucket::new(10, 20);
        let now = Millis(1000);
        assert!(bucket.take_many(now, 50), "more than there are");
        assert!(!bucket.take(now));
        assert!(!bucket.take(Millis(4000)), "thirty are owed");
        assert!(bucket.take(Millis(4100)));
        assert!(bucket.take_many(now, 0), "nothing is always granted");
        assert!(Bucket::new(10, 20).take_many(now, usize::MAX));
    }
}
