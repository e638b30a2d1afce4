//! The flood filter: how much one user sends, and what is to be done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::config::FloodRules;
use crate::id::UnixMillis;
use crate::store::BanTarget;

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Let it through.
    Pass,
    /// Drop it without a word: its sender was warned a moment ago.
    Drop,
    /// Drop it and warn its sender, who has so many warnings left.
    Warn(u32),
    /// Put its sender out.
    Kick,
}

/// What one user has sent lately.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flood {
    /// When all that was sent would be paid for, at one message per interval.
    paid_at: UnixMillis,
    seen: UnixMillis,
    /// The hash of the last text: texts may be long, and there are many users.
    last_text: u64,
    last_text_at: UnixMillis,
    repeats: u32,
    warnings: u32,
    warned_at: UnixMillis,
}

impl Flood {
    /// Takes in one message.
    pub(crate) fn take(&mut self, now: UnixMillis, text: &str, rules: &FloodRules) -> Verdict {
        if !rules.enabled {
            return Verdict::Pass;
        }
        if now < self.seen {
            // The clock was set back: nothing is known of how long ago anything was.
            self.paid_at = now;
            self.warned_at = now;
            self.last_text_at = now;
        }
        self.seen = now;
        let repeated = self.is_repeated(now, text, rules);
        if repeated || !self.has_credit(now, rules) {
            return self.offend(now, rules);
        }
        Verdict::Pass
    }

    fn has_credit(&mut self, now: UnixMillis, rules: &FloodRules) -> bool {
        let paid_at = self.paid_at.max(now).after(rules.interval_ms);
        let credit_ms = rules.interval_ms.saturating_mul(u64::from(rules.burst));
        let enough = paid_at.since(now) <= credit_ms;
        if enough {
            self.paid_at = paid_at;
        }
        enough
    }

    fn is_repeated(&mut self, now: UnixMillis, text: &str, rules: &FloodRules) -> bool {
        if rules.repeats == 0 {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        let recent = now.since(self.last_text_at) <= rules.repeats_within_ms;
        if hash == self.last_text && recent && self.repeats > 0 {
            self.repeats = self.repeats.saturating_add(1);
        } else {
            self.repeats = 1;
        }
        self.last_text = hash;
        self.last_text_at = now;
        self.repeats > rules.repeats
    }

    fn offend(&mut self, now: UnixMillis, rules: &FloodRules) -> Verdict {
        let ago = now.since(self.warned_at);
        if self.warnings > 0 && ago > rules.forget_ms {
            self.warnings = 0;
        }
        if self.warnings > 0 && ago < rules.grace_ms {
            return Verdict::Drop;
        }
        if self.warnings >= rules.warnings {
            return Verdict::Kick;
        }
        self.warnings += 1;
        self.warned_at = now;
        Verdict::Warn(rules.warnings - self.warnings)
    }
}

/// How often names and addresses have done something, over many connections.
#[derive(Default)]
pub(crate) struct Offenders {
    records: BTreeMap<BanTarget, (u32, UnixMillis)>,
    by_time: BTreeSet<(UnixMillis, BanTarget)>,
}

impl Offenders {
    /// Counts one offence, and tells how many there were within so much time before it. At most
    /// `max` offenders are remembered.
    pub(crate) fn record(
        &mut self,
        now: UnixMillis,
        who: &BanTarget,
        within_ms: u64,
        max: usize,
    ) -> u32 {
        let before = match self.records.remove(who) {
            Some((count, at)) => {
                self.by_time.remove(&(at, who.clone()));
                if now.since(at) <= within_ms { count } else { 0 }
            }
            None => 0,
        };
        while self.records.len() >= max.max(1) {
            let Some((_, oldest)) = self.by_time.pop_first() else {
                break;
            };
            self.records.remove(&oldest);
        }
        self.records
            .insert(who.clone(), (before.saturating_add(1), now));
        self.by_time.insert((now, who.clone()));
        before
    }

    pub(crate) fn forget(&mut self, who: &BanTarget) {
        if let Some((_, at)) = self.records.remove(who) {
            self.by_time.remove(&(at, who.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> FloodRules {
        FloodRules {
            burst: 3,
            interval_ms: 100,
            repeats: 0,
            warnings: 2,
            grace_ms: 50,
            forget_ms: 10_000,
            ..FloodRules::default()
        }
    }

    fn take(flood: &mut Flood, at: u64, rules: &FloodRules) -> Verdict {
        flood.take(UnixMillis(at), &at.to_string(), rules)
    }

    #[test]
    fn a_burst_passes_and_then_one_message_each_interval() {
        let mut flood = Flood::default();
        for at in [1000, 1000, 1000, 1100, 1200, 1300] {
            assert_eq!(take(&mut flood, at, &rules()), Verdict::Pass, "{at}");
        }
        assert_eq!(take(&mut flood, 1399, &rules()), Verdict::Warn(1));
        assert_eq!(take(&mut flood, 1400, &rules()), Verdict::Pass);
    }

    #[test]
    fn the_ladder_goes_from_warnings_to_a_kick() {
        let mut flood = Flood::default();
        let told: Vec<_> = (0..160).map(|at| take(&mut flood, at, &rules())).collect();
        assert_eq!(told[..3], [Verdict::Pass; 3]);
        assert_eq!(told[3], Verdict::Warn(1));
        assert!(told[4..53].iter().all(|verdict| *verdict == Verdict::Drop));
        assert_eq!(told[53], Verdict::Warn(0));
        assert_eq!(told[54], Verdict::Drop);
        let kicked = told.iter().position(|verdict| *verdict == Verdict::Kick);
        assert_eq!(
            told[100],
            Verdict::Pass,
            "a message each interval is no offence"
        );
        assert_eq!(kicked, Some(103));
    }

    #[test]
    fn warnings_are_forgotten() {
        let mut flood = Flood::default();
        let flood_at = |flood: &mut Flood, at| {
            let told = (0..4).map(|_| take(flood, at, &rules()));
            told.last().expect("four")
        };
        assert_eq!(flood_at(&mut flood, 1_000), Verdict::Warn(1));
        assert_eq!(flood_at(&mut flood, 5_000), Verdict::Warn(0));
        assert_eq!(flood_at(&mut flood, 15_001), Verdict::Warn(1));
    }

    #[test]
    fn without_warnings_the_first_offence_is_a_kick() {
        let rules = FloodRules {
            warnings: 0,
            burst: 1,
            ..rules()
        };
        let mut flood = Flood::default();
        assert_eq!(take(&mut flood, 5, &rules), Verdict::Pass);
        assert_eq!(take(&mut flood, 5, &rules), Verdict::Kick);
    }

    #[test]
    fn the_same_text_may_be_sent_only_so_often() {
        let rules = FloodRules {
            repeats: 2,
            repeats_within_ms: 1_000,
            burst: 100,
            ..rules()
        };
        let mut flood = Flood::default();
        let mut say = |at, text| flood.take(UnixMillis(at), text, &rules);
        assert_eq!(say(0, "hi"), Verdict::Pass);
        assert_eq!(say(1, "hi"), Verdict::Pass);
        assert_eq!(say(2, "ho"), Verdict::Pass);
        assert_eq!(say(3, "hi"), Verdict::Pass);
        assert_eq!(say(4, "hi"), Verdict::Pass);
        assert_eq!(say(5, "hi"), Verdict::Warn(1));
        assert_eq!(say(1_006, "hi"), Verdict::Pass, "long enough ago");
    }

    #[test]
    fn a_clock_set_back_makes_nobody_an_offender() {
        let mut flood = Flood::default();
        for at in [9_000, 9_000, 9_000, 100, 100] {
            assert_eq!(take(&mut flood, at, &rules()), Verdict::Pass, "{at}");
        }
    }

    #[test]
    fn a_filter_that_is_off_lets_everything_through() {
        let rules = FloodRules {
            enabled: false,
            ..rules()
        };
        let mut flood = Flood::default();
        assert!((0..100).all(|_| take(&mut flood, 0, &rules) == Verdict::Pass));
    }

    #[test]
    fn offenders_are_counted_forgotten_and_bounded() {
        let name = |text: &str| BanTarget::Name(text.into());
        let mut offenders = Offenders::default();
        let mut record = |at, who| offenders.record(UnixMillis(at), &name(who), 100, 2);
        assert_eq!(record(0, "a"), 0);
        assert_eq!(record(50, "a"), 1);
        assert_eq!(record(150, "a"), 2);
        assert_eq!(record(251, "a"), 0, "too long ago");
        assert_eq!(record(252, "b"), 0);
        assert_eq!(record(253, "c"), 0);
        assert_eq!(record(254, "a"), 0, "gave way to the newer ones");
        assert_eq!((offenders.records.len(), offenders.by_time.len()), (2, 2));
        offenders.forget(&name("c"));
        assert_eq!((offenders.records.len(), offenders.by_time.len()), (1, 1));
    }
}
