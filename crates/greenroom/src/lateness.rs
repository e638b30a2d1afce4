//! Whether a player that takes something, but too little, has been late for too long.
//!
//! Shared by players over RTMP and over HTTP. A skip puts a player at the newest key frame,
//! where it has everything for a moment; that makes it no faster, so it counts as up to date
//! again only when its last skip is some time ago.

use rtmp::Millis;

/// Since when a player has been late.
#[derive(Debug)]
pub(crate) struct Lateness {
    bound_ms: u64,
    since: Option<Millis>,
    last_skip: Option<Millis>,
}

impl Lateness {
    /// A player that may be late for `bound_ms`.
    pub(crate) fn new(bound_ms: u64) -> Self {
        Self {
            bound_ms,
            since: None,
            last_skip: None,
        }
    }

    /// There is more for the player than it takes.
    pub(crate) fn behind(&mut self, now: Millis) {
        self.since.get_or_insert(now);
    }

    /// The player was moved on because it lagged.
    pub(crate) fn skipped(&mut self, now: Millis) {
        self.last_skip = Some(now);
        self.behind(now);
    }

    /// The player has taken everything there is.
    pub(crate) fn up_to_date(&mut self, now: Millis) {
        let calm = self.bound_ms / 4;
        if self.last_skip.is_none_or(|at| now.since(at) >= calm) {
            self.since = None;
        }
    }

    /// When the player is given up if it stays late.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        self.since.map(|since| since + self.bound_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_that_catches_up_by_itself_starts_anew() {
        let mut lateness = Lateness::new(60_000);
        assert_eq!(lateness.deadline(), None);
        lateness.behind(Millis(1_000));
        lateness.behind(Millis(2_000));
        assert_eq!(lateness.deadline(), Some(Millis(61_000)));
        lateness.up_to_date(Millis(3_000));
        assert_eq!(lateness.deadline(), None);
        lateness.behind(Millis(4_000));
        assert_eq!(lateness.deadline(), Some(Millis(64_000)));
    }

    #[test]
    fn being_moved_on_is_not_catching_up() {
        let mut lateness = Lateness::new(60_000);
        lateness.behind(Millis(1_000));
        lateness.skipped(Millis(5_000));
        lateness.up_to_date(Millis(5_000));
        lateness.up_to_date(Millis(19_999));
        assert_eq!(lateness.deadline(), Some(Millis(61_000)));
        lateness.up_to_date(Millis(20_000));
        assert_eq!(lateness.deadline(), None);
    }
}
