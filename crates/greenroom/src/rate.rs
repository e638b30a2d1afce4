//! Which commands of a client are counted, and a token bucket: so many calls a second on
//! average, so many at once.

use rtmp::{Command, Millis};

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

    /// Whether there is a call to take out.
    pub(crate) fn has_one(&self, now: Millis) -> bool {
        self.per_second == 0 || self.filled(now) >= 1000
    }

    /// What is in it at this time.
    fn filled(&self, now: Millis) -> u64 {
        // One call a second is one thousandth a millisecond.
        let gained = now.since(self.filled_at).saturating_mul(self.per_second);
        let filled = self.thousandths.saturating_add(gained);
        filled.min(self.most_thousandths)
    }

    /// Takes one call out, if there is one.
    pub(crate) fn take(&mut self, now: Millis) -> bool {
        if self.per_second == 0 {
            return true;
        }
        self.thousandths = self.filled(now);
        self.filled_at = now;
        let granted = self.thousandths >= 1000;
        if granted {
            self.thousandths -= 1000;
        }
        granted
    }
}

/// Whether a command is one of the calls that are granted at a rate. What ends something is
/// none: refused, it would leave a stream behind that nobody can end. Nor is an answer.
pub(crate) fn counts(command: &Command) -> bool {
    match &*command.name {
        "deleteStream" | "closeStream" | "FCUnpublish" | "_result" | "_error" => false,
        "publish" | "play" => command.arg(0).as_bool() != Some(false),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use amf::Value;

    use super::*;

    #[test]
    fn what_ends_something_or_answers_is_no_call() {
        let of = |name: &str, args: Vec<Value>| counts(&Command::new(name, 0.0, args));
        for name in [
            "deleteStream",
            "closeStream",
            "FCUnpublish",
            "_result",
            "_error",
        ] {
            assert!(!of(name, vec![]), "{name}");
        }
        for name in ["publish", "play"] {
            assert!(!of(name, vec![false.into()]), "{name}(false)");
            assert!(of(name, vec!["cam".into()]), "{name}");
            assert!(of(name, vec![]), "{name}()");
        }
        assert!(of("createStream", vec![]));
    }

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
