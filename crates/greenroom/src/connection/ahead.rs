//! How far a session may post ahead of its instance.
//!
//! Commands that a client has sent together are posted together, in their order, so that session
//! and instance need not wake each other for each. What comes back of them waits in one queue of
//! bounded length, so only so many are under way, and only one where posts lead to much.

/// What may come back of one post where several are under way.
const LIGHT: usize = 64;
/// More than these save nothing any more.
const MOST: usize = 16;

/// Counts the posts that have not been answered.
#[derive(Debug)]
pub(super) struct Ahead {
    most: usize,
    unanswered: usize,
    /// Orders since the last post was answered.
    orders: usize,
}

impl Ahead {
    /// `orders` is how many orders may wait.
    pub(super) fn new(orders: usize) -> Self {
        Self {
            most: (orders / LIGHT).clamp(1, MOST),
            unanswered: 0,
            orders: 0,
        }
    }

    /// Posts that have not been answered.
    pub(super) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Whether every post has been answered.
    pub(super) fn is_idle(&self) -> bool {
        self.unanswered == 0
    }

    /// Whether one more may be posted.
    pub(super) fn has_room(&self) -> bool {
        self.unanswered < self.most
    }

    pub(super) fn post(&mut self) {
        self.unanswered += 1;
    }

    /// An order has come that is not the answer to a post.
    pub(super) fn order(&mut self) {
        self.orders += 1;
    }

    /// The answer to a post has come.
    pub(super) fn answer(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
        if std::mem::take(&mut self.orders) > LIGHT {
            self.most = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_posts_are_under_way() {
        for (orders, most) in [(64, 1), (256, 4), (1_024, 16), (1_000_000, 16)] {
            let mut ahead = Ahead::new(orders);
            for posted in 0..most {
                assert!(ahead.has_room(), "{posted} of {most}");
                ahead.post();
            }
            assert!(!ahead.has_room(), "{most}");
            ahead.answer();
            assert!(ahead.has_room());
            assert_eq!(ahead.unanswered(), most - 1);
        }
    }

    #[test]
    fn posts_that_lead_to_much_are_made_one_by_one() {
        let mut ahead = Ahead::new(1_024);
        for _ in 0..LIGHT {
            ahead.order();
        }
        ahead.post();
        ahead.answer();
        ahead.post();
        assert!(ahead.has_room(), "that was not much");
        for _ in 0..=LIGHT {
            ahead.order();
        }
        ahead.answer();
        assert!(ahead.has_room());
        ahead.post();
        assert!(!ahead.has_room());
    }
}
