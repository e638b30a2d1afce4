//! A set of users in the order in which they came, and the list of them that events share.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::id::UserId;

/// Users, each once. The shared list is made when it is first asked for after a change, so many
/// events to the same users are one list.
#[derive(Default)]
pub(crate) struct Crowd {
    ids: Vec<UserId>,
    set: FxHashSet<UserId>,
    shared: Option<Arc<[UserId]>>,
}

impl Crowd {
    /// Adds a user at the end; does nothing if it is there.
    pub(crate) fn push(&mut self, user: UserId) {
        if self.set.insert(user) {
            self.ids.push(user);
            self.shared = None;
        }
    }

    /// Takes a user out, and tells which place it had.
    pub(crate) fn remove(&mut self, user: UserId) -> Option<usize> {
        if !self.set.remove(&user) {
            return None;
        }
        self.shared = None;
        let place = self.ids.iter().position(|id| *id == user)?;
        self.ids.remove(place);
        Some(place)
    }

    pub(crate) fn contains(&self, user: UserId) -> bool {
        self.set.contains(&user)
    }

    pub(crate) fn place(&self, user: UserId) -> Option<usize> {
        if !self.contains(user) {
            return None;
        }
        self.ids.iter().position(|id| *id == user)
    }

    pub(crate) fn as_slice(&self) -> &[UserId] {
        &self.ids
    }

    /// The list as it is now.
    pub(crate) fn share(&mut self) -> Arc<[UserId]> {
        let ids = &self.ids;
        self.shared
            .get_or_insert_with(|| Arc::from(ids.as_slice()))
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_made_once_per_change() {
        let mut crowd = Crowd::default();
        for id in [3, 1, 2, 1] {
            crowd.push(UserId(id));
        }
        let list = crowd.share();
        assert_eq!(*list, [UserId(3), UserId(1), UserId(2)]);
        assert!(Arc::ptr_eq(&list, &crowd.share()));
        assert_eq!(crowd.remove(UserId(1)), Some(1));
        assert_eq!(crowd.remove(UserId(1)), None);
        assert_eq!(*crowd.share(), [UserId(3), UserId(2)]);
        assert_eq!(
            *list,
            [UserId(3), UserId(1), UserId(2)],
            "what was said stays"
        );
        assert_eq!(
            (crowd.place(UserId(2)), crowd.place(UserId(1))),
            (Some(1), None)
        );
    }
}
